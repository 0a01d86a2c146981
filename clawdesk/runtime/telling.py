"""Model calls of a guest as lines of its task's log.

Texts are hostile: each line of theirs is indented behind one of ours, so that none looks like it.
"""

from __future__ import annotations

from datetime import UTC, datetime

from clawdesk.domain.secrets import Veil
from clawdesk.domain.spending import GPU
from clawdesk.ports.guest import ModelCalled
from clawdesk.runtime.log_lines import INDENT

_LINES_MAX = 20
_TEXT_CHARS_MAX = 4_000


def model_lines(called: ModelCalled, at_ms: int, veil: Veil, *, brief: bool) -> str:
    """A model call: when it ended, how long it took, its tokens, and what was said.

    Args:
        at_ms: its end; shown in UTC, as these lines are kept.
        veil: hides secrets, before anything is cut: half a value is one too.
        brief: the agent tells itself what it and the model say: the first line only.
    """
    when = datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    counts = ((called.tokens_in, "tokens in"), (called.tokens_out, "tokens out"))
    facts = [
        f"{called.took_ms / 1000:.1f} s",
        *(f"{n:,} {what}" for n, what in counts if n is not None),
    ]
    facts += _gpu(called)
    facts += [f"{called.untold} more before it"] if called.untold else []
    failed = not 200 <= called.status < 300
    verb = f"failed with {called.status}" if failed else "answered"
    model = " ".join(veil.hide_text(called.model).split()) or "a model"
    first = f"[model] {model} {verb}, {when}: {', '.join(facts)}"
    if brief and not failed:
        return first
    lines = [first]
    if not brief:
        lines += _said("asked:", veil.hide_text(called.asked))
    lines += _said("why:" if failed else "said:", veil.hide_text(called.answer))
    return "\n".join(lines)


def _gpu(called: ModelCalled) -> list[str]:
    used = called.uses[-1] if called.uses else None
    if used is None or used.place != GPU or used.gpu_ms is None:
        return []
    return [f"{used.gpu_ms / 1000:.1f} GPU-seconds"]


def _said(what: str, text: str) -> list[str]:
    words = text[:_TEXT_CHARS_MAX].splitlines()
    while words and not words[-1].strip():
        words.pop()
    if not words:
        return []
    more = (
        [f"{INDENT}[... {len(words) - _LINES_MAX} more lines]"] if len(words) > _LINES_MAX else []
    )
    shown = [f"{INDENT}{INDENT}{line}" for line in words[1:_LINES_MAX]]
    return [f"{INDENT}{what} {words[0]}", *shown, *more]
