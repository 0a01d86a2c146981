"""A task's records as marks on its timeline lane (design/ui.md 4.3).

Reads the audit trail oldest first; a field that is missing leaves its mark out or plain, never
fails. Row 0 is the work that counts; row 1 is work that a restore left behind.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from clawdesk.domain.model import FINAL, Kind, Phase, Record, Task
from clawdesk.viewmodels.words import duration, first_line, plural


class MarkKind(StrEnum):
    """What a mark is drawn as."""

    STEP = "step"
    RUNNING = "running"
    FAILED = "failed"
    LOST = "lost"
    DISC = "disc"  # checkpoint of machine and files
    RING = "ring"  # files only
    STAR = "star"  # approved
    NEED_APPROVAL = "need_approval"
    NEED_ANSWER = "need_answer"
    WAITING = "waiting"
    RESTORE = "restore"  # from start_ms back to end_ms


POINTS = frozenset({MarkKind.DISC, MarkKind.RING, MarkKind.STAR})
BLOCKS = frozenset({MarkKind.STEP, MarkKind.RUNNING, MarkKind.FAILED, MarkKind.LOST})
NEEDS = frozenset({MarkKind.NEED_APPROVAL, MarkKind.NEED_ANSWER})


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark; times in ms since the epoch, `end_ms == start_ms` for a point.

    Args:
        number: the step's number from 1, or the checkpoint's ordinal.
        label: short text drawn on or beside the mark.
        text: the whole sentence for hover, focus and screen readers.
        row: 0 = the lane, 1 = the abandoned branch under it.
    """

    kind: MarkKind
    start_ms: int
    end_ms: int
    number: int = 0
    label: str = ""
    text: str = ""
    row: int = 0


@dataclass(frozen=True, slots=True)
class Lane:
    """Marks in the order of drawing; `rows` is 1, or 2 with an abandoned branch."""

    marks: tuple[Mark, ...]
    start_ms: int
    end_ms: int
    rows: int = 1


def _whole(record: Record, name: str, fallback: int = 0) -> int:
    value = record.fields.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else fallback


def _text(record: Record, name: str) -> str:
    value = record.fields.get(name)
    return value if isinstance(value, str) else ""


@dataclass(slots=True)
class _Open:
    """A stretch that has begun and not ended; `sure` is False for "perhaps the step goes on"."""

    at_ms: int
    index: int
    name: str
    round: int
    sure: bool


@dataclass(slots=True)
class _Pen:
    """Draws one lane while reading the records."""

    task: Task
    marks: list[Mark] = field(default_factory=list)
    step: _Open | None = None
    waiting_from: int | None = None
    need: Mark | None = None
    failed: bool = False

    def end_wait(self, at_ms: int) -> None:
        if self.waiting_from is not None and at_ms > self.waiting_from:
            waited = duration(at_ms - self.waiting_from)
            self.marks.append(
                Mark(MarkKind.WAITING, self.waiting_from, at_ms, text=f"Waited {waited}.")
            )
        self.waiting_from = None

    def end_step(self, at_ms: int, kind: MarkKind = MarkKind.STEP, *, keep: bool = True) -> None:
        step, self.step = self.step, None
        if step is None or (not keep and not step.sure) or at_ms < step.at_ms:
            return
        word = {
            MarkKind.STEP: "ended after",
            MarkKind.RUNNING: "runs since",
            MarkKind.FAILED: "failed after",
            MarkKind.LOST: "was lost after",
        }[kind]
        again = f", round {step.round}" if step.round > 1 else ""
        text = (
            f"Step {step.index + 1} {step.name}{again} {word} {duration(at_ms - step.at_ms)}."
        ).replace("  ", " ")
        self.marks.append(
            Mark(kind, step.at_ms, at_ms, number=step.index + 1, label=step.name, text=text)
        )

    def end_need(self, at_ms: int, verdict: str) -> None:
        if self.need is None:
            return
        waited = duration(at_ms - self.need.start_ms)
        self.marks.append(
            replace(self.need, end_ms=at_ms, label="", text=f"Waited {waited} for you: {verdict}.")
        )
        self.need = None

    def submitted(self, record: Record) -> None:
        self.waiting_from = record.at_ms

    def started(self, record: Record) -> None:
        self.end_wait(record.at_ms)

    def step_started(self, record: Record) -> None:
        self.end_wait(record.at_ms)
        self.end_step(record.at_ms, keep=False)
        index = _whole(record, "index")
        self.step = _Open(
            record.at_ms, index, _text(record, "name"), _whole(record, "round", 1), True
        )

    def checkpoint(self, record: Record) -> None:
        step = self.step
        self.end_step(record.at_ms)
        ordinal = _whole(record, "ordinal")
        self.marks.append(_checkpoint_mark(self.task, record, ordinal))
        if step is not None:  # a checkpoint inside a step: the step may go on
            self.step = replace(step, at_ms=record.at_ms, sure=False)

    def requested(self, record: Record) -> None:
        step = self.step
        self.end_step(record.at_ms, keep=False)
        asks = record.fields.get("kind") == Kind.CLARIFY
        question = first_line(_text(record, "question"), 60)
        ordinal = _whole(record, "ordinal")
        self.need = Mark(
            MarkKind.NEED_ANSWER if asks else MarkKind.NEED_APPROVAL,
            record.at_ms,
            record.at_ms,
            number=ordinal,
            label=question if asks else f"approve {ordinal}",
            text=f"It asks: {question}" if asks else f"Checkpoint {ordinal} waits for approval.",
        )
        self.step = replace(step, sure=False) if step is not None else None

    def decision(self, record: Record) -> None:
        verdict = _text(record, "verdict")
        ordinal = self.need.number if self.need is not None else 0
        self.end_need(record.at_ms, verdict or "decided")
        if verdict == "approved" and ordinal:
            self._approve(ordinal)
        if self.step is not None:
            self.step = replace(self.step, at_ms=record.at_ms, sure=False)

    def _approve(self, ordinal: int) -> None:
        for place, mark in enumerate(self.marks):
            if mark.kind in POINTS and mark.number == ordinal:
                text = mark.text.replace(".", ", approved.", 1)
                self.marks[place] = replace(mark, kind=MarkKind.STAR, text=text)

    def restored(self, record: Record) -> None:
        ordinal = _whole(record, "ordinal")
        self.end_need(record.at_ms, "withdrawn by a restore")
        self.end_wait(record.at_ms)
        self.end_step(record.at_ms, keep=False)
        target = next((m for m in self.marks if m.kind in POINTS and m.number == ordinal), None)
        back_ms = target.end_ms if target is not None else self.task.submitted_at_ms
        self.marks = [_left_behind(m, back_ms, ordinal) for m in self.marks]
        text = f"Restored to checkpoint {ordinal}; what came after is kept as a branch."
        self.marks.append(Mark(MarkKind.RESTORE, record.at_ms, back_ms, ordinal, text=text))

    def attempt_ended(self, record: Record) -> None:
        self.end_need(record.at_ms, "withdrawn")
        self.end_step(record.at_ms, MarkKind.LOST, keep=False)
        self.waiting_from = record.at_ms

    def finished(self, record: Record) -> None:
        status = _text(record, "status")
        self.end_need(record.at_ms, "withdrawn")
        self.end_wait(record.at_ms)
        self.failed = status == "failed"
        self.end_step(
            record.at_ms, MarkKind.FAILED if self.failed else MarkKind.STEP, keep=self.failed
        )
        if self.failed and not any(m.kind is MarkKind.FAILED for m in self.marks):
            text = first_line(_text(record, "text")) or "Failed."
            self.marks.append(Mark(MarkKind.FAILED, record.at_ms, record.at_ms, text=text))

    def until_now(self, now_ms: int) -> None:
        """What has begun and not ended reaches to the present."""
        task = self.task
        if self.need is not None and task.request is not None:
            waited = duration(now_ms - self.need.start_ms)
            text = f"{self.need.text} Waiting {waited}."
            self.marks.append(replace(self.need, end_ms=max(now_ms, self.need.start_ms), text=text))
            return
        if task.phase in {Phase.RUNNING, Phase.SNAPSHOTTING} and self.step is not None:
            self.end_step(now_ms, MarkKind.RUNNING)
        elif task.phase in {Phase.QUEUED, Phase.STARTING, Phase.RESTORING}:
            since = self.waiting_from
            if since is None:
                since = max((m.end_ms for m in self.marks), default=task.submitted_at_ms)
            reason = task.reason.text if task.reason is not None else ""
            if task.phase is not Phase.QUEUED:
                reason = reason or f"{task.phase.value}"
            self.marks.append(
                Mark(MarkKind.WAITING, since, max(now_ms, since), label=reason, text=reason)
            )


def _left_behind(mark: Mark, back_ms: int, ordinal: int) -> Mark:
    """The mark, moved to the abandoned branch when it lies after the restored checkpoint."""
    if mark.start_ms < back_ms or mark.kind is MarkKind.RESTORE:
        return mark
    if mark.kind in POINTS and mark.number == ordinal:
        return mark
    return replace(mark, row=1)


def _checkpoint_mark(task: Task, record: Record, ordinal: int) -> Mark:
    known = task.checkpoint(ordinal)
    files_only = bool(record.fields.get("files_only")) or (
        known is not None and known.snapshot is None
    )
    kind = MarkKind.RING if files_only else MarkKind.DISC
    if known is not None and known.approved:
        kind = MarkKind.STAR
    stat = record.fields.get("diffstat")
    files = stat.get("files") if isinstance(stat, dict) else None
    if not isinstance(files, int):
        files = known.diffstat.files if known is not None else 0
    parts = [f"Checkpoint {ordinal}", plural(files, "file") + " changed"]
    parts.append("files only" if files_only else "machine and files")
    if bool(record.fields.get("safety")):
        parts.append("made before a restore")
    if kind is MarkKind.STAR:
        parts.append("approved")
    return Mark(kind, record.at_ms, record.at_ms, number=ordinal, text=", ".join(parts) + ".")


_READ: dict[str, Callable[[_Pen, Record], None]] = {
    "submitted": _Pen.submitted,
    "started": _Pen.started,
    "step_started": _Pen.step_started,
    "checkpoint": _Pen.checkpoint,
    "requested": _Pen.requested,
    "decision": _Pen.decision,
    "restored": _Pen.restored,
    "attempt_ended": _Pen.attempt_ended,
    "finished": _Pen.finished,
}


def lane_of(task: Task, now_ms: int) -> Lane:
    """The marks of a task up to `now_ms` (ms since the epoch)."""
    pen = _Pen(task)
    for record in task.records:
        read = _READ.get(record.event)
        if read is not None:
            read(pen, record)
    if not any(r.event == "submitted" for r in task.records) and task.phase is Phase.QUEUED:
        pen.waiting_from = task.submitted_at_ms
    if task.phase not in FINAL:
        pen.until_now(now_ms)
    marks = tuple(pen.marks)
    end_ms = max((max(m.start_ms, m.end_ms) for m in marks), default=now_ms)
    rows = 2 if any(m.row for m in marks) else 1
    return Lane(marks, task.submitted_at_ms, end_ms, rows)
