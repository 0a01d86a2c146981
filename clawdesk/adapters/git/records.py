"""Audit records as commit messages, and back: a subject, one line of JSON, trailers.

Pure. The JSON line is what the control plane reads after a restart; the subject and the trailers
repeat parts of it for people and for `git log --grep`. The trailers are never read back.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from clawdesk.domain.model import Record, TaskId
from clawdesk.domain.spending import spent_in, total_of
from clawdesk.ports.errors import RepositoryError

BODY_BYTES_MAX = 64 * 1024
SCHEMA = 1
TASK_REFS = "refs/clawdesk/tasks/"
LOG_REFS = "refs/clawdesk/logs/"
BACKUP_REFS = "refs/clawdesk/backup/"
META_REF = "refs/clawdesk/meta"

_TRAILER_CHARS_MAX = 200
# Trailer: the fields that may hold it, first found wins.
_TRAILERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Attempt", ("attempt",)),
    ("Step", ("step", "step_name")),
    ("Checkpoint", ("ordinal", "checkpoint")),
    ("Snapshot", ("snapshot",)),
    ("Request", ("request_id", "request")),
    ("Digest", ("digest",)),
    ("Decision", ("verdict", "decision")),
    ("Actor", ("actor",)),
    ("Channel", ("channel",)),
)


def encode(task: TaskId, record: Record) -> str:
    """The commit message of a record.

    Raises:
        RepositoryError: code `too_large`, the JSON is over 64 KiB.
    """
    body = json.dumps(
        {"event": record.event, "at_ms": record.at_ms, "fields": record.fields},
        sort_keys=True,
        separators=(",", ":"),
    )
    if len(body) > BODY_BYTES_MAX:
        raise RepositoryError(
            f"The record of “{record.event}” has {len(body)} bytes; at most {BODY_BYTES_MAX} fit.",
            code="too_large",
            mend="Shorten the text and try again.",
        )
    spent = _spent_trailers(record.fields)
    trailers = [("Task", task), *_trailers(record.fields), *spent, ("Event", record.event)]
    lines = [f"Clawdesk-{name}: {text}" for name, text in trailers]
    return "\n".join([_subject(record), "", body, "", *lines, ""])


def decode(message: str, commit: str) -> Record | None:
    """The record in a commit message; None when it is none of ours."""
    for line in message.split("\n")[1:]:
        if line.startswith("{"):
            return _decode_body(line, commit)
    return None


def task_of(message: str) -> TaskId:
    """The task a commit belongs to, "" when it is none of ours."""
    prefix = "Clawdesk-Task: "
    for line in reversed(message.split("\n")):
        if line.startswith(prefix):
            return line[len(prefix) :]
    return ""


class _Body(msgspec.Struct):
    event: str
    at_ms: int
    fields: dict[str, Any]


_BODY = msgspec.json.Decoder(_Body)


def _decode_body(line: str, commit: str) -> Record | None:
    try:
        # Eight times as quick as `json`, which a start beside 70,000 records is glad of.
        quick = _BODY.decode(line)
        return Record(quick.event, quick.at_ms, quick.fields, commit)
    except (msgspec.DecodeError, ValueError, RecursionError):
        pass  # it takes neither lone surrogates nor NaN, which `json` writes
    try:
        body: Any = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(body, dict):
        return None
    event, at_ms, fields = body.get("event"), body.get("at_ms"), body.get("fields")
    if isinstance(event, str) and isinstance(at_ms, int) and isinstance(fields, dict):
        return Record(event, at_ms, fields, commit)
    return None


def _trailers(fields: dict[str, Any]) -> list[tuple[str, str]]:
    found = []
    for name, keys in _TRAILERS:
        for key in keys:
            value = fields.get(key)
            if isinstance(value, dict):
                value = value.get("id")
            if value not in (None, "") and not isinstance(value, dict | list):
                found.append((name, one_line(str(value))))
                break
    return found


def _spent_trailers(fields: dict[str, Any]) -> list[tuple[str, str]]:
    """What the task's model calls used until then, as numbers that `git log` can list."""
    steps = spent_in(fields)
    if not steps:
        return []
    spent = total_of(steps)
    found = [
        ("Model-Calls", str(spent.calls)),
        ("Tokens-In", str(spent.tokens_in)),
        ("Tokens-Out", str(spent.tokens_out)),
        ("Model-Seconds", f"{spent.model_ms / 1000:.1f}"),
    ]
    if spent.on_gpu or spent.on_processors:
        found.append(("GPU-Seconds", f"{spent.gpu_ms / 1000:.1f}"))
    # Calls of which these sums do not know: neither is a 0 that was measured.
    untold = {
        "Calls-Uncounted": spent.uncounted,
        "Calls-Unmeasured": spent.unmeasured,
        "Calls-Elsewhere": spent.elsewhere,
    }
    found += [(name, str(count)) for name, count in untold.items() if count]
    costs = [f"{micro / 1e6:.6f} {one_line(currency)}" for currency, micro in spent.costs]
    return found + [("Cost", cost) for cost in costs]


def _subject(record: Record) -> str:
    fields = record.fields
    parts = [f"clawdesk: {one_line(record.event)}"]
    ordinal, step = fields.get("ordinal"), fields.get("step")
    if isinstance(ordinal, int):
        parts.append(str(ordinal))
    if isinstance(step, str) and step:
        parts.append(f"({one_line(step)})")
    return " ".join(parts)


def one_line(text: str) -> str:
    """Text as one printable line, so that it can forge neither a trailer nor a JSON line."""
    flat = "".join(char if char.isprintable() else " " for char in text).strip()
    return flat[:_TRAILER_CHARS_MAX]
