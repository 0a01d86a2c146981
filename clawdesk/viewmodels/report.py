"""A task as a report to hand on: Markdown that reads as plain text too.

Text from guests, repositories and people is quoted so that it stays text: nothing in it becomes a
heading, a link or a picture where the report is rendered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from clawdesk.domain.memory_size import memory_size
from clawdesk.domain.model import FINAL, Record, Task
from clawdesk.domain.spending import Spent
from clawdesk.ports.repository import Diff
from clawdesk.viewmodels.amounts import and_more, files, recorded, rejected_to, where, whole
from clawdesk.viewmodels.checkpoints import by_rejection
from clawdesk.viewmodels.costs import spent_at, spent_words, step_words, used_words
from clawdesk.viewmodels.diffs import file_title
from clawdesk.viewmodels.lane import lane_of
from clawdesk.viewmodels.lane_marks import BLOCKS, STILL, Mark, MarkKind
from clawdesk.viewmodels.language import marked, tr
from clawdesk.viewmodels.phases import PHASE_LOOKS
from clawdesk.viewmodels.told import told
from clawdesk.viewmodels.words import duration, size

LINE_CHARS_MAX = 300
FILES_MAX = 200
LOG_LINES_MAX = 40
_RAN = {
    MarkKind.STEP: marked("ran {time}"),
    MarkKind.RUNNING: marked("runs since {time}"),
    MarkKind.FAILED: marked("failed {time}"),
    MarkKind.LOST: marked("lost {time}"),
}
_STATUSES = {
    "added": marked("added"),
    "deleted": marked("deleted"),
    "modified": marked("modified"),
    "renamed": marked("renamed"),
    "mode": marked("mode changed"),
}
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
        *([_section(tr("What the agent was told"), _told(task))] if _told(task) else []),
        _section(tr("What ran"), _steps(task, around)),
        _section(tr("Model calls"), _model_calls(task)),
        _section(tr("Checkpoints"), _checkpoints(task, around)),
        _section(tr("Decisions"), _decisions(task, around)),
        _section(tr("Waits"), _waits(task, around)),
        _section(tr("Changes since its start"), _changes(around)),
        _section(tr("Last output"), _output(around.log)),
    ]
    return "\n".join(parts).rstrip() + "\n"


def file_name(task: Task) -> str:
    """What the report's file is called unless a person says otherwise."""
    name = task.definition.name or task.title
    plain = "".join(c if c.isascii() and c.isalnum() else "-" for c in name[:60])
    return f"{plain.strip('-') or 'task'}-{task.id[-6:].lower()}.md"


def _section(title: str, lines: Iterable[str]) -> str:
    found = list(lines)
    return "\n".join([f"## {title}", "", *(found or [tr("None.")]), ""])


def _at(ms: int, around: Around) -> str:
    return f"{datetime.fromtimestamp((ms + around.offset_ms) / 1000, UTC):%Y-%m-%d %H:%M:%S}"


def _head(task: Task, around: Around) -> str:
    need = task.definition.machine
    lines = [f"# {quoted(task.title, 120)}", ""]
    ended = next((r.at_ms for r in reversed(task.records) if r.event == "finished"), 0)
    facts = [
        (tr("Task"), task.id),
        (tr("Process"), quoted(task.definition.name) or tr("from a prompt")),
        (tr("Project"), quoted(task.project)),
        (tr("State"), _state(task)),
        (tr("Submitted"), _at(task.submitted_at_ms, around)),
        (tr("Ended"), _at(ended, around) if ended else ""),
        (tr("Attempts"), str(task.attempt)),
        (tr("Machine"), f"{need.cpu_count} CPU, {memory_size(need.memory_mib)}"),
        (tr("Network"), quoted(", ".join(need.network)) or tr("none")),
        (tr("Model"), quoted(task.definition.model)),
        (tr("Variables"), quoted(", ".join(f"{k}={v}" for k, v in task.settings))),
        (tr("Forked from"), _origin(task)),
        (tr("Merged into"), quoted(task.merged_into)),
        (tr("Ref"), f"refs/clawdesk/tasks/{task.id}"),
        (tr("Report of"), _at(around.now_ms, around)),
    ]
    lines += [f"- {key}: {value}" for key, value in facts if value]
    return "\n".join([*lines, ""])


def _origin(task: Task) -> str:
    origin = task.forked_from
    if origin is None:
        return ""
    return f"{origin.task}, {tr('checkpoint {ordinal}', ordinal=origin.ordinal)}"


def _state(task: Task) -> str:
    word = tr(PHASE_LOOKS[task.phase].word).lower()
    return f"{word}: {quoted(told(task.finish_text))}" if task.finish_text else word


def _told(task: Task) -> tuple[str, ...]:
    """The prompt as it is, every line of it."""
    agent = task.definition.agent
    return tuple(_code(agent.prompt.splitlines())) if agent is not None else ()


def _code(lines: Iterable[str]) -> Iterator[str]:
    """Lines of foreign text that Markdown shows as they are."""
    for line in lines:
        shown = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in line)
        yield f"    {shown}"


def _marks(task: Task, around: Around) -> tuple[Mark, ...]:
    return lane_of(task, around.now_ms).order


def _steps(task: Task, around: Around) -> Iterator[str]:
    for number, step in enumerate(task.steps, 1):
        yield f"{number}. {quoted(step.name)}: {quoted(step.run)}"
        for mark in _marks(task, around):
            if mark.kind in BLOCKS and mark.number == number:
                left = f", {tr('left behind by a restore')}" if mark.row else ""
                took = tr(_RAN[mark.kind], time=duration(mark.end_ms - mark.start_ms))
                yield f"   - {_at(mark.start_ms, around)}: {took}{left}"


def _model_calls(task: Task) -> Iterator[str]:
    if not task.spending.steps:
        return
    yield f"- {tr('all steps: {spent}', spent=spent_words(task.spending.total))}"
    for step in task.spending.steps:
        yield f"- {step_words(replace(step, name=quoted(step.name, 80)))}"


def _checkpoints(task: Task, around: Around) -> Iterator[str]:
    if task.checkpoints:
        heads = "#", tr("time"), tr("step"), tr("files"), tr("lines"), tr("machine"), tr("approved")
        yield f"| {' | '.join((*heads, 'commit', tr('used since the one before')))} |"
        yield "|---|---|---|---|---|---|---|---|---|"
    used = spent_at(task)
    for c in task.checkpoints:
        kept = size(c.snapshot.bytes) if c.snapshot is not None else tr("files only")
        word = tr("yes") if c.approved else tr("before a restore") if c.safety else ""
        stat = c.diffstat
        yield (
            f"| {c.ordinal} | {_at(c.at_ms, around)} | {quoted(c.step_name, 60)} | {stat.files} "
            f"| +{stat.added} -{stat.removed} | {kept} | {word} | {c.commit[:12]} "
            f"| {used_words(used.get(c.ordinal, Spent()))} |"
        )


def _decisions(task: Task, around: Around) -> Iterator[str]:
    for record in task.records:
        if record.event == "decision":
            yield _decision(record, around)
        elif record.event == "restored":
            ordinal = whole(record, "ordinal")
            went = tr("restored to {where}", where=where(ordinal))
            said = rejected_to(ordinal) if by_rejection(record) else went
            yield f"- {_at(record.at_ms, around)}: {said}"
        elif record.event == "merged":
            said = tr("merged into {branch}", branch=_field(record, "branch"))
            yield f"- {_at(record.at_ms, around)}: {said}"
        elif record.event == "unmerged":
            said = tr("taken out of {branch} again", branch=_field(record, "branch"))
            yield f"- {_at(record.at_ms, around)}: {said}"


def _decision(record: Record, around: Around) -> str:
    who = " ".join(p for p in (_field(record, "actor"), _via(record)) if p)
    ordinal = record.fields.get("ordinal")
    verdict = str(record.fields.get("verdict", ""))
    what = quoted(recorded(verdict))
    if isinstance(ordinal, int) and ordinal:
        at = tr("{verdict} at {where}", verdict=what, where=where(ordinal))
        what = at if verdict == "asked_back" else f"{what} {where(ordinal)}"
    said = _field(record, "note") or _field(record, "text")
    note = f": “{said}”" if said else ""
    what = tr("{verdict} by {who}", verdict=what, who=who) if who else what
    return f"- {_at(record.at_ms, around)}: {what}{note}"


def _via(record: Record) -> str:
    channel = _field(record, "channel")
    return tr("via {channel}", channel=channel) if channel else ""


def _field(record: Record, name: str) -> str:
    value = record.fields.get(name)
    return quoted(value) if isinstance(value, str) else ""


def _waits(task: Task, around: Around) -> Iterator[str]:
    for mark in _marks(task, around):
        person = mark.kind in {MarkKind.NEED_ANSWER, MarkKind.NEED_APPROVAL}
        if mark.kind in STILL or person or mark.kind is MarkKind.PARKED:
            yield f"- {_at(mark.start_ms, around)}: {quoted(mark.text) or tr('waited')}"
    if task.reason is not None and task.phase not in FINAL:
        line = tr("now: {why}", why=quoted(told(task.reason.text)))
        if task.reason.frees:
            line += f" {tr('Freed by: {what}', what=quoted(told(task.reason.frees)))}"
        yield f"- {line}"


def _changes(around: Around) -> Iterator[str]:
    diff = around.diff
    if diff is None:
        if not around.no_checkpoint:
            yield tr("They could not be read.")
        return
    for file in diff.files[:FILES_MAX]:
        line = f"- {_status(file.status)} {quoted(file_title(file))} +{file.added} -{file.removed}"
        risk = tr("would run on your machine after a merge")
        yield f"{line}, {risk}" if file.runs_on_host else line
    if diff.files[FILES_MAX:]:
        yield f"- {and_more(len(diff.files) - FILES_MAX)}"
    if diff.files:
        stat = diff.stat
        yield ""
        yield tr(
            "{files}, +{added} -{removed} lines.",
            files=files(stat.files),
            added=stat.added,
            removed=stat.removed,
        )


def _status(status: str) -> str:
    return tr(_STATUSES[status]) if status in _STATUSES else status


def _output(log: tuple[str, ...]) -> Iterator[str]:
    yield from _code(line[:LINE_CHARS_MAX] for line in log[-LOG_LINES_MAX:])
