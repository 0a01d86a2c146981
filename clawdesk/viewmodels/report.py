"""A task as a report to hand on: Markdown that reads as plain text too.

Text from guests, repositories and people is quoted so that it stays text: nothing in it becomes a
heading, a link or a picture where the report is rendered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from clawdesk.domain.model import FINAL, Record, Task
from clawdesk.ports.repository import Diff
from clawdesk.viewmodels.costs import spent_words, step_words
from clawdesk.viewmodels.lane import lane_of
from clawdesk.viewmodels.lane_marks import BLOCKS, STILL, Mark, MarkKind
from clawdesk.viewmodels.language import tr
from clawdesk.viewmodels.words import duration, plural, size

LINE_CHARS_MAX = 300
FILES_MAX = 200
LOG_LINES_MAX = 40
_ACTIVE = set("\\`*_{}[]<>()#+-!|~&$")


@dataclass(frozen=True, slots=True)
class Around:
    """What the report says beside the task itself.

    Args:
        diff: everything the task changed since its start; None = it could not be read.
        log: the last lines of its output, oldest first.
    """

    now_ms: int
    offset_ms: int = 0
    diff: Diff | None = None
    log: tuple[str, ...] = ()
    no_checkpoint: bool = False


def quoted(text: str, limit: int = LINE_CHARS_MAX) -> str:
    """One line of foreign text that Markdown leaves alone; control characters are shown."""
    line = " ".join(text[: 4 * limit].split())
    line = line if len(line) <= limit else line[: limit - 1] + "…"
    shown = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in line)
    return "".join(f"\\{c}" if c in _ACTIVE else c for c in shown)


def report(task: Task, around: Around) -> str:
    """The whole report."""
    parts = [
        _head(task, around),
        _section("What ran", _steps(task, around)),
        _section(tr("Model calls"), _model_calls(task)),
        _section("Checkpoints", _checkpoints(task, around)),
        _section("Decisions", _decisions(task, around)),
        _section("Waits", _waits(task, around)),
        _section("Changes since its start", _changes(around)),
        _section("Last output", _output(around.log)),
    ]
    return "\n".join(parts).rstrip() + "\n"


def file_name(task: Task) -> str:
    """What the report's file is called unless a person says otherwise."""
    plain = "".join(c if c.isascii() and c.isalnum() else "-" for c in task.definition.name[:60])
    return f"{plain.strip('-') or 'task'}-{task.id[-6:].lower()}.md"


def _section(title: str, lines: Iterable[str]) -> str:
    found = list(lines)
    return "\n".join([f"## {title}", "", *(found or ["None."]), ""])


def _at(ms: int, around: Around) -> str:
    return f"{datetime.fromtimestamp((ms + around.offset_ms) / 1000, UTC):%Y-%m-%d %H:%M:%S}"


def _head(task: Task, around: Around) -> str:
    need = task.definition.machine
    lines = [f"# {quoted(task.title, 120)}", ""]
    ended = next((r.at_ms for r in reversed(task.records) if r.event == "finished"), 0)
    facts = [
        ("Task", task.id),
        ("Process", quoted(task.definition.name)),
        ("Project", quoted(task.project)),
        ("State", task.phase.value + (f": {quoted(task.finish_text)}" if task.finish_text else "")),
        ("Submitted", _at(task.submitted_at_ms, around)),
        ("Ended", _at(ended, around) if ended else ""),
        ("Attempts", str(task.attempt)),
        ("Machine", f"{need.cpu_count} CPU, {need.memory_mib} MiB"),
        ("Network", quoted(", ".join(need.network)) or "none"),
        ("Model", quoted(task.definition.model)),
        ("Variables", quoted(", ".join(f"{k}={v}" for k, v in task.settings))),
        ("Forked from", _origin(task)),
        ("Merged into", quoted(task.merged_into)),
        ("Ref", f"refs/clawdesk/tasks/{task.id}"),
        ("Report of", _at(around.now_ms, around)),
    ]
    lines += [f"- {key}: {value}" for key, value in facts if value]
    return "\n".join([*lines, ""])


def _origin(task: Task) -> str:
    origin = task.forked_from
    return f"{origin.task}, checkpoint {origin.ordinal}" if origin is not None else ""


def _marks(task: Task, around: Around) -> tuple[Mark, ...]:
    return lane_of(task, around.now_ms).order


def _steps(task: Task, around: Around) -> Iterator[str]:
    for number, step in enumerate(task.steps, 1):
        yield f"{number}. {quoted(step.name)}: {quoted(step.run)}"
        for mark in _marks(task, around):
            if mark.kind in BLOCKS and mark.number == number:
                left = ", left behind by a restore" if mark.row else ""
                word = {MarkKind.STEP: "ran", MarkKind.RUNNING: "runs since"}.get(mark.kind)
                took = duration(mark.end_ms - mark.start_ms)
                yield f"   - {_at(mark.start_ms, around)}: {word or mark.kind.value} {took}{left}"


def _model_calls(task: Task) -> Iterator[str]:
    if not task.spending.steps:
        return
    yield f"- {tr('all steps: {spent}', spent=spent_words(task.spending.total))}"
    for step in task.spending.steps:
        yield f"- {step_words(replace(step, name=quoted(step.name, 80)))}"


def _checkpoints(task: Task, around: Around) -> Iterator[str]:
    if task.checkpoints:
        yield "| # | time | step | files | lines | machine | approved | commit |"
        yield "|---|---|---|---|---|---|---|---|"
    for c in task.checkpoints:
        kept = size(c.snapshot.bytes) if c.snapshot is not None else "files only"
        word = "yes" if c.approved else "before a restore" if c.safety else ""
        stat = c.diffstat
        yield (
            f"| {c.ordinal} | {_at(c.at_ms, around)} | {quoted(c.step_name, 60)} | {stat.files} "
            f"| +{stat.added} -{stat.removed} | {kept} | {word} | {c.commit[:12]} |"
        )


def _decisions(task: Task, around: Around) -> Iterator[str]:
    for record in task.records:
        if record.event == "decision":
            yield _decision(record, around)
        elif record.event == "restored":
            ordinal = record.fields.get("ordinal", 0)
            where = f"checkpoint {ordinal}" if ordinal else "the start"
            yield f"- {_at(record.at_ms, around)}: restored to {where}"
        elif record.event == "merged":
            yield f"- {_at(record.at_ms, around)}: merged into {_field(record, 'branch')}"


def _decision(record: Record, around: Around) -> str:
    who = " ".join(p for p in (_field(record, "actor"), _via(record)) if p)
    ordinal = record.fields.get("ordinal")
    what = f" checkpoint {ordinal}" if ordinal else ""
    said = _field(record, "note") or _field(record, "text")
    note = f": “{said}”" if said else ""
    by = f" by {who}" if who else ""
    return f"- {_at(record.at_ms, around)}: {_field(record, 'verdict')}{what}{by}{note}"


def _via(record: Record) -> str:
    channel = _field(record, "channel")
    return f"via {channel}" if channel else ""


def _field(record: Record, name: str) -> str:
    value = record.fields.get(name)
    return quoted(value) if isinstance(value, str) else ""


def _waits(task: Task, around: Around) -> Iterator[str]:
    for mark in _marks(task, around):
        person = mark.kind in {MarkKind.NEED_ANSWER, MarkKind.NEED_APPROVAL}
        if mark.kind in STILL or person or mark.kind is MarkKind.PARKED:
            yield f"- {_at(mark.start_ms, around)}: {quoted(mark.text) or 'waited'}"
    if task.reason is not None and task.phase not in FINAL:
        frees = f" Freed by: {quoted(task.reason.frees)}" if task.reason.frees else ""
        yield f"- now: {quoted(task.reason.text)}{frees}"


def _changes(around: Around) -> Iterator[str]:
    diff = around.diff
    if diff is None:
        if not around.no_checkpoint:
            yield "They could not be read."
        return
    for file in diff.files[:FILES_MAX]:
        risk = ", would run on your machine after a merge" if file.runs_on_host else ""
        yield f"- {file.status} {quoted(file.path)} +{file.added} -{file.removed}{risk}"
    if diff.files[FILES_MAX:]:
        yield f"- and {len(diff.files) - FILES_MAX} more"
    if diff.files:
        stat = diff.stat
        yield ""
        yield f"{plural(stat.files, 'file')}, +{stat.added} -{stat.removed} lines."


def _output(log: tuple[str, ...]) -> Iterator[str]:
    for line in log[-LOG_LINES_MAX:]:
        shown = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in line[:LINE_CHARS_MAX])
        yield f"    {shown}"
