"""A task's records as sentences, for people who read them one after the other."""

from __future__ import annotations

from collections.abc import Callable

from clawdesk.domain.model import Record
from clawdesk.viewmodels.amounts import files, recorded, rejected_to, where, whole
from clawdesk.viewmodels.checkpoints import by_rejection
from clawdesk.viewmodels.language import tr
from clawdesk.viewmodels.told import told
from clawdesk.viewmodels.words import first_line, short_duration, size

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


def _where(record: Record, name: str = "ordinal") -> str:
    return where(whole(record, name))


def _because(record: Record, name: str = "why") -> str:
    why = told(_text(record, name)).rstrip(".")
    return f": {why}" if why else ""


def _submitted(record: Record) -> str:
    parent, definition = _text(record, "forked_from"), _text(record, "definition")
    said = tr("submitted as {definition}", definition=definition)
    said = said if definition else tr("submitted from a prompt")
    if not parent:
        return said
    return tr(
        "{submitted}, a fork from {where} of {task}",
        submitted=said,
        where=_where(record, "forked_ordinal"),
        task=parent,
    )


def _started(record: Record) -> str:
    boot = whole(record, "boot_ms")
    took = short_duration(boot)
    said = tr("machine started in {time}", time=took) if boot else tr("machine started")
    return f"{said}, {tr('emulated')}" if _text(record, "accelerator") == "tcg" else said


def _resumed(record: Record) -> str:
    has = tr("with its memory") if record.fields.get("memory") else tr("with its files only")
    said = tr("machine stands at {where} again, {with_what}", where=_where(record), with_what=has)
    return f"{said}{_because(record, 'note')}"


def _step(record: Record) -> str:
    turn = whole(record, "round")
    said = tr(
        "step {number} begins: {name}",
        number=whole(record, "index") + 1,
        name=_text(record, "name"),
    )
    return f"{said}, {tr('round {round}', round=turn)}" if turn > 1 else said


def _checkpoint(record: Record) -> str:
    stat = record.fields.get("diffstat")
    counts = stat if isinstance(stat, dict) else {}
    lines = f"+{counts.get('added', 0)} -{counts.get('removed', 0)}"
    kept = whole(record, "bytes")
    only = f"{tr('files only')}{_because(record, 'why_files_only')}"
    has = tr("machine {size}", size=size(kept)) if kept else only
    parts = [f"{files(int(counts.get('files', 0)))} {lines}", has]
    if record.fields.get("safety"):
        parts.append(tr("made safe before going back"))
    step, place = _text(record, "step"), _where(record)
    if step:
        place = tr("{where} in {step}", where=place, step=step)
    return f"{place}: {', '.join(parts)}"


def _requested(record: Record) -> str:
    question = _text(record, "question")
    if question:
        return tr("asks you: {question}", question=question)
    return tr("{where} waits for your approval", where=_where(record))


def _decision(record: Record) -> str:
    by = " ".join(p for p in (_text(record, "actor"), _text(record, "channel")) if p)
    said = _text(record, "note") or _text(record, "text")
    words = recorded(_text(record, "verdict"))
    words = tr("{verdict} by {who}", verdict=words, who=by) if by else words
    return f"{words}: {said}" if said else words


def _restored(record: Record) -> str:
    prompt = _text(record, "prompt")
    if by_rejection(record):
        return rejected_to(whole(record, "ordinal"))
    if not prompt:
        return tr("goes back to {where}", where=_where(record))
    return tr(
        "goes back to {where}, where the agent is told: {prompt}",
        where=_where(record),
        prompt=prompt,
    )


def _removed(record: Record) -> str:
    ordinals = record.fields.get("ordinals")
    listed = ", ".join(str(o) for o in ordinals) if isinstance(ordinals, list) else ""
    said = tr("snapshots of checkpoints {ordinals} given up", ordinals=listed)
    return f"{said}{_because(record)}"


def _ended(record: Record) -> str:
    return f"{tr('attempt {number} ended', number=whole(record, 'attempt'))}{_because(record)}"


def _finished(record: Record) -> str:
    return f"{recorded(_text(record, 'status'))}{_because(record, 'text')}"


def _yielded(record: Record) -> str:
    return f"{tr('gave its machine back at {where}', where=_where(record))}{_because(record)}"


def _forked(record: Record) -> str:
    return tr("{task} forked from {where}", task=_text(record, "task"), where=_where(record))


def _asked_back(record: Record) -> str:
    return f"{tr('asked to give its machine back')}{_because(record)}"


def _not_made(record: Record) -> str:
    return f"{tr('a checkpoint could not be made')}{_because(record)}"


_TELL: dict[str, Callable[[Record], str]] = {
    "submitted": _submitted,
    "started": _started,
    "resumed": _resumed,
    "adopted": lambda _: tr("its machine outlived the plane and was taken up again"),
    "step_started": _step,
    "part_started": lambda r: tr("works at: {name}", name=_text(r, "name")),
    "checkpoint": _checkpoint,
    "requested": _requested,
    "decision": _decision,
    "restored": _restored,
    "forked": _forked,
    "kept": lambda _: tr("kept; its other forks end"),
    "passed_over": lambda r: tr("{task} was kept instead", task=_text(r, "title")),
    "checkpoint_failed": _not_made,
    "yield_asked": _asked_back,
    "yielded": _yielded,
    "parked": lambda r: f"{tr('memory given back')}{_because(r)}",
    "lease_granted": lambda r: tr("holds the model {model}", model=_text(r, "model")),
    "lease_ended": lambda _: tr("gave the model back"),
    "attempt_ended": _ended,
    "snapshots_removed": _removed,
    "merged": lambda r: tr("merged into {branch}", branch=_text(r, "branch")),
    "finished": _finished,
}
