"""A task's records as sentences, for people who read them one after the other."""

from __future__ import annotations

from collections.abc import Callable

from clawdesk.domain.model import Record
from clawdesk.viewmodels.words import first_line, plural, short_duration, size

LINE_CHARS_MAX = 200


def sentence(record: Record) -> str:
    """What happened; an event nobody here knows is named with its plain fields."""
    tell = _TELL.get(record.event)
    if tell is not None:
        return tell(record)
    facts = [
        f"{key} {value}" for key, value in record.fields.items() if isinstance(value, str | int)
    ]
    return f"{record.event.replace('_', ' ')} {', '.join(facts)}".rstrip()[:LINE_CHARS_MAX]


def _text(record: Record, name: str) -> str:
    value = record.fields.get(name)
    return first_line(value, LINE_CHARS_MAX) if isinstance(value, str) else ""


def _whole(record: Record, name: str) -> int:
    value = record.fields.get(name)
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0


def _where(record: Record, name: str = "ordinal") -> str:
    ordinal = _whole(record, name)
    return f"checkpoint {ordinal}" if ordinal else "the start"


def _because(record: Record, name: str = "why") -> str:
    why = _text(record, name).rstrip(".")
    return f": {why}" if why else ""


def _submitted(record: Record) -> str:
    parent = _text(record, "forked_from")
    origin = f" from {_where(record, 'forked_ordinal')} of {parent}" if parent else ""
    return f"submitted as {_text(record, 'definition')}{', a fork' if parent else ''}{origin}"


def _started(record: Record) -> str:
    boot = _whole(record, "boot_ms")
    how = _text(record, "accelerator")
    took = f" in {short_duration(boot)}" if boot else ""
    return f"machine started{took}{', emulated' if how == 'tcg' else ''}"


def _resumed(record: Record) -> str:
    has = "with its memory" if record.fields.get("memory") else "with its files only"
    return f"machine stands at {_where(record)} again, {has}{_because(record, 'note')}"


def _step(record: Record) -> str:
    again = f", round {_whole(record, 'round')}" if _whole(record, "round") > 1 else ""
    return f"step {_whole(record, 'index') + 1} begins: {_text(record, 'name')}{again}"


def _checkpoint(record: Record) -> str:
    stat = record.fields.get("diffstat")
    counts = stat if isinstance(stat, dict) else {}
    files = plural(int(counts.get("files", 0)), "file")
    lines = f"+{counts.get('added', 0)} -{counts.get('removed', 0)}"
    kept = _whole(record, "bytes")
    has = f"machine {size(kept)}" if kept else f"files only{_because(record, 'why_files_only')}"
    safety = ", made safe before going back" if record.fields.get("safety") else ""
    step = _text(record, "step")
    after = f" in {step}" if step else ""
    return f"{_where(record)}{after}: {files} {lines}, {has}{safety}"


def _requested(record: Record) -> str:
    question = _text(record, "question")
    return f"asks you: {question}" if question else f"{_where(record)} waits for your approval"


def _decision(record: Record) -> str:
    by = " ".join(p for p in (_text(record, "actor"), _text(record, "channel")) if p)
    said = _text(record, "note") or _text(record, "text")
    return f"{_text(record, 'verdict')}{f' by {by}' if by else ''}{f': {said}' if said else ''}"


def _prompted(record: Record) -> str:
    prompt = _text(record, "prompt")
    return f", where the agent is told: {prompt}" if prompt else ""


def _removed(record: Record) -> str:
    ordinals = record.fields.get("ordinals")
    listed = ", ".join(str(o) for o in ordinals) if isinstance(ordinals, list) else ""
    return f"snapshots of checkpoints {listed} given up{_because(record)}"


_TELL: dict[str, Callable[[Record], str]] = {
    "submitted": _submitted,
    "started": _started,
    "resumed": _resumed,
    "adopted": lambda r: "its machine outlived the plane and was taken up again",
    "step_started": _step,
    "part_started": lambda r: f"works at: {_text(r, 'name')}",
    "checkpoint": _checkpoint,
    "requested": _requested,
    "decision": _decision,
    "restored": lambda r: f"goes back to {_where(r)}{_prompted(r)}",
    "forked": lambda r: f"{_text(r, 'task')} forked from {_where(r)}",
    "checkpoint_failed": lambda r: f"a checkpoint could not be made{_because(r)}",
    "yield_asked": lambda r: f"asked to give its machine back{_because(r)}",
    "yielded": lambda r: f"gave its machine back at {_where(r)}{_because(r)}",
    "parked": lambda r: f"memory given back{_because(r)}",
    "lease_granted": lambda r: f"holds the model {_text(r, 'model')}",
    "lease_ended": lambda r: "gave the model back",
    "attempt_ended": lambda r: f"attempt {_whole(r, 'attempt')} ended{_because(r)}",
    "snapshots_removed": _removed,
    "merged": lambda r: f"merged into {_text(r, 'branch')}",
    "finished": lambda r: f"{_text(r, 'status')}{_because(r, 'text')}",
}
