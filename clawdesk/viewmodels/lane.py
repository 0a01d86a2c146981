"""A task's records as marks on its timeline lane (design/ui.md 4.3).

Reads the audit trail oldest first; a field that is missing leaves its mark out or plain, never
fails. Row 0 is the work that counts; row 1 is work that a restore left behind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field, replace

from clawdesk.domain.model import FINAL, Checkpoint, Kind, Phase, Record, Task
from clawdesk.viewmodels.amounts import recorded, where
from clawdesk.viewmodels.checkpoints import by_rejection
from clawdesk.viewmodels.lane_marks import NO_CARD, POINTS, Lane, Mark, MarkKind, Past
from clawdesk.viewmodels.language import counted, marked, tr
from clawdesk.viewmodels.phases import look
from clawdesk.viewmodels.told import told
from clawdesk.viewmodels.words import duration, first_line


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
    """Draws one lane while reading the records.

    `worked_from`: since when it works, where no record says that a step began (they are not kept
    over a restart); a checkpoint then closes the step it names.
    """

    task: Task
    marks: list[Mark] = field(default_factory=list)
    step: _Open | None = None
    worked_from: int | None = None
    waiting_from: int | None = None
    yielded: Mark | None = None
    need: Mark | None = None
    lease: Mark | None = None
    cards: Mapping[int, int] = field(default_factory=dict)  # start of a lease in ms: its GPU
    asked_to_leave: str = ""
    places: dict[int, int] = field(default_factory=dict)  # ordinal: place in `marks`
    known: dict[int, Checkpoint] = field(default_factory=dict)

    def end_wait(self, at_ms: int) -> None:
        if self.yielded is not None:
            away = duration(at_ms - self.yielded.start_ms)
            text = f"{self.yielded.text} {tr('It was away for {time}.', time=away)}"
            self.marks.append(replace(self.yielded, end_ms=at_ms, text=text))
        elif self.waiting_from is not None and at_ms > self.waiting_from:
            waited = duration(at_ms - self.waiting_from)
            text = tr("Waited {time}.", time=waited)
            self.marks.append(Mark(MarkKind.WAITING, self.waiting_from, at_ms, text=text))
        self.waiting_from = self.yielded = None

    def end_step(self, at_ms: int, kind: MarkKind = MarkKind.STEP, *, keep: bool = True) -> None:
        step, self.step = self.step, None
        if step is None or (not keep and not step.sure) or at_ms < step.at_ms:
            return
        self.marks.append(_step_mark(step, at_ms, kind))

    def end_need(self, at_ms: int, verdict: str) -> None:
        if self.need is None:
            return
        waited = duration(at_ms - self.need.start_ms)
        text = tr("Waited {time} for you: {verdict}.", time=waited, verdict=verdict)
        self.marks.append(replace(self.need, end_ms=at_ms, label="", text=text))
        self.need = None

    def submitted(self, record: Record) -> None:
        self.waiting_from = record.at_ms
        origin = self.task.forked_from
        if origin is not None:
            shared = self.task.checkpoint(origin.ordinal)
            text = marked("Forked from {where} of the lane above, files only.")
            if shared is not None and shared.snapshot:
                text = marked("Forked from {where} of the lane above, with its machine.")
            said = tr(text, where=where(origin.ordinal))
            self.marks.append(
                Mark(MarkKind.FORK, record.at_ms, record.at_ms, origin.ordinal, text=said)
            )

    def started(self, record: Record) -> None:
        self.end_wait(record.at_ms)
        self.worked_from = record.at_ms

    def step_started(self, record: Record) -> None:
        self.end_wait(record.at_ms)
        self.end_step(record.at_ms, keep=False)
        index = _whole(record, "index")
        self.step = _Open(
            record.at_ms, index, _text(record, "name"), _whole(record, "round", 1), True
        )

    def part_started(self, record: Record) -> None:
        """The step goes on under another name."""
        round_, index = _whole(record, "round", 1), _whole(record, "index")
        if self.step is None and self.worked_from is not None:
            self.step = _Open(self.worked_from, index, "", round_, True)
        self.end_step(record.at_ms, keep=self.need is None)
        self.step = _Open(record.at_ms, index, _text(record, "name"), round_, True)

    def checkpoint(self, record: Record) -> None:
        step, since_ms = self.step, self.worked_from
        if step is None and since_ms is not None:
            name, index = _text(record, "step"), _whole(record, "step_index")
            self.step = _Open(since_ms, index, name, _whole(record, "round", 1), True)
        self.end_step(record.at_ms)
        ordinal = _whole(record, "ordinal")
        self.places[ordinal] = len(self.marks)
        self.marks.append(_checkpoint_mark(self.known.get(ordinal), record, ordinal))
        self.worked_from = record.at_ms
        if step is not None:  # a checkpoint inside a step: the step may go on
            self.step = replace(step, at_ms=record.at_ms, sure=False)

    def requested(self, record: Record) -> None:
        step = self.step
        self.end_step(record.at_ms, keep=False)
        self.worked_from = None
        asks = record.fields.get("kind") == Kind.CLARIFY
        question = first_line(_text(record, "question"), 60)
        ordinal = _whole(record, "ordinal")
        self.need = Mark(
            MarkKind.NEED_ANSWER if asks else MarkKind.NEED_APPROVAL,
            record.at_ms,
            record.at_ms,
            number=ordinal,
            label=question if asks else tr("approve {ordinal}", ordinal=ordinal),
            text=tr("It asks: {question}", question=question)
            if asks
            else tr("Checkpoint {ordinal} waits for approval.", ordinal=ordinal),
        )
        self.step = replace(step, sure=False) if step is not None else None

    def decision(self, record: Record) -> None:
        verdict = _text(record, "verdict")
        ordinal = self.need.number if self.need is not None else 0
        said = recorded(verdict or "decided")
        if verdict == "asked_back":
            said = f"{said}, “{first_line(_text(record, 'text'), 60)}”"
        self.end_need(record.at_ms, said)
        self.worked_from = record.at_ms
        if verdict in {"approved", "amended"} and ordinal:
            self._approve(ordinal)
        if self.step is not None:
            self.step = replace(self.step, at_ms=record.at_ms, sure=False)

    def _approve(self, ordinal: int) -> None:
        place = self.places.get(ordinal)
        if place is not None and self.marks[place].kind is not MarkKind.STAR:
            mark = self.marks[place]
            text = f"{mark.text.removesuffix('.')}, {tr('approved')}."
            self.marks[place] = replace(mark, kind=MarkKind.STAR, text=text)

    def yield_asked(self, record: Record) -> None:
        self.asked_to_leave = _text(record, "why")

    def yielded_place(self, record: Record) -> None:
        """It left for another task; it waits from here, and why is known."""
        self.end_step(record.at_ms, keep=False)
        self.worked_from = None
        why = told(_text(record, "why") or self.asked_to_leave).rstrip(".")
        reason = f": {why}" if why else ""
        text = tr(
            "Gave its machine back at {where}{reason}.",
            where=tr("checkpoint {ordinal}", ordinal=_whole(record, "ordinal")),
            reason=reason,
        )
        at_ms = record.at_ms
        self.yielded = Mark(MarkKind.YIELDED, at_ms, at_ms, label=tr("yielded"), text=text)
        self.asked_to_leave = ""

    def parked(self, record: Record) -> None:
        why = told(_text(record, "why")).rstrip(".")
        text = tr("Its memory was given back; its snapshot waits for you.")
        if why:
            text = tr("Its memory was given back: {why}; its snapshot waits for you.", why=why)
        self.marks.append(Mark(MarkKind.PARKED, record.at_ms, record.at_ms, text=text))

    def lease_granted(self, record: Record) -> None:
        self.lease_ended(record)
        model = first_line(_text(record, "model"), 80)
        card = self.cards.get(record.at_ms, NO_CARD)
        self.lease = Mark(MarkKind.LEASE, record.at_ms, record.at_ms, card, label=model)

    def lease_ended(self, record: Record) -> None:
        lease, self.lease = self.lease, None
        if lease is not None:
            text = tr(
                "Held the model {model} for {time}.",
                model=_on_card(lease),
                time=duration(record.at_ms - lease.start_ms),
            )
            self.marks.append(replace(lease, end_ms=record.at_ms, text=text))

    def restored(self, record: Record) -> None:
        ordinal = _whole(record, "ordinal")
        self.end_need(record.at_ms, tr("withdrawn by a restore"))
        self.end_wait(record.at_ms)
        self.end_step(record.at_ms, keep=False)
        self.worked_from = None
        place = self.places.get(ordinal)
        back_ms = self.marks[place].end_ms if place is not None else self.task.submitted_at_ms
        self.marks = [_left_behind(m, back_ms, ordinal) for m in self.marks]
        said = marked("Restored to {where}; what came after is kept as a branch.")
        if by_rejection(record):
            said = marked("Rejected, so back to {where}; what came after is kept as a branch.")
        text = tr(said, where=where(ordinal))
        self.marks.append(Mark(MarkKind.RESTORE, record.at_ms, back_ms, ordinal, text=text))

    def attempt_ended(self, record: Record) -> None:
        self.end_need(record.at_ms, tr("withdrawn"))
        self.end_step(record.at_ms, MarkKind.LOST, keep=False)
        self.worked_from = None
        self.waiting_from = record.at_ms

    def finished(self, record: Record) -> None:
        status, at_ms = _text(record, "status"), record.at_ms
        self.end_need(at_ms, tr("withdrawn"))
        self.end_wait(at_ms)
        self.lease_ended(record)
        failed = status == "failed"
        self.end_step(at_ms, MarkKind.FAILED if failed else MarkKind.STEP, keep=failed)
        if failed and not any(m.kind is MarkKind.FAILED for m in self.marks):
            text = first_line(told(_text(record, "text"))) or tr("Failed.")
            self.marks.append(Mark(MarkKind.FAILED, at_ms, at_ms, text=text))

    def live(self, now_ms: int) -> tuple[Mark, ...]:
        """What has begun and not ended, as it reaches to the present; changes nothing."""
        found: list[Mark] = []
        if self.lease is not None:
            text = tr(
                "Held the model {model} since {time}.",
                model=_on_card(self.lease),
                time=duration(now_ms - self.lease.start_ms),
            )
            end_ms = max(now_ms, self.lease.start_ms)
            found.append(replace(self.lease, end_ms=end_ms, text=text))
        state = self._live_state(now_ms)
        return (*found, state) if state is not None else tuple(found)

    def _live_state(self, now_ms: int) -> Mark | None:
        task = self.task
        if self.need is not None and task.request is not None:
            waited = duration(now_ms - self.need.start_ms)
            text = f"{self.need.text} {tr('Waiting {time}.', time=waited)}"
            return replace(self.need, end_ms=max(now_ms, self.need.start_ms), text=text)
        if task.phase in {Phase.RUNNING, Phase.SNAPSHOTTING}:
            step = self.step
            if step is None and self.worked_from is not None:
                name = task.step_name
                step = _Open(self.worked_from, task.step_index, name, task.round, True)
            if step is None or now_ms < step.at_ms:
                return None
            return _step_mark(step, now_ms, MarkKind.RUNNING)
        if task.phase not in {Phase.QUEUED, Phase.STARTING, Phase.RESTORING}:
            return None
        reason = told(task.reason.text) if task.reason is not None else ""
        if self.yielded is not None:
            since = self.yielded.start_ms
            text = f"{self.yielded.text} {reason}".rstrip()
            return replace(self.yielded, end_ms=max(now_ms, since), text=text)
        since = self.waiting_from if self.waiting_from is not None else self._last_ms()
        if task.phase is not Phase.QUEUED:
            reason = reason or tr(look(task).word).lower()
        return Mark(MarkKind.WAITING, since, max(now_ms, since), label=reason, text=reason)

    def _last_ms(self) -> int:
        return max((max(m.start_ms, m.end_ms) for m in self.marks),
                   default=self.task.submitted_at_ms)  # fmt: skip


def _on_card(lease: Mark) -> str:
    """The model of a lease, and the GPU it is on where that is known."""
    if lease.number < 0:
        return lease.label
    return tr("{model} on GPU {number}", model=lease.label, number=lease.number)


_STEP_TEXTS = {
    MarkKind.STEP: marked("Step {number} {name} ended after {time}."),
    MarkKind.RUNNING: marked("Step {number} {name} runs since {time}."),
    MarkKind.FAILED: marked("Step {number} {name} failed after {time}."),
    MarkKind.LOST: marked("Step {number} {name} was lost after {time}."),
}


def _step_mark(step: _Open, at_ms: int, kind: MarkKind) -> Mark:
    again = f", {tr('round {round}', round=step.round)}" if step.round > 1 else ""
    took, number = duration(at_ms - step.at_ms), step.index + 1
    text = tr(_STEP_TEXTS[kind], number=number, name=f"{step.name}{again}", time=took)
    text = text.replace("  ", " ")
    return Mark(kind, step.at_ms, at_ms, number=number, label=step.name, text=text)


def _left_behind(mark: Mark, back_ms: int, ordinal: int) -> Mark:
    """The mark, moved to the abandoned branch when it lies after the restored checkpoint."""
    if mark.start_ms < back_ms or mark.kind in {MarkKind.RESTORE, MarkKind.LEASE, MarkKind.FORK}:
        return mark
    if mark.kind in POINTS and mark.number == ordinal:
        return mark
    return replace(mark, row=1)


def _checkpoint_mark(known: Checkpoint | None, record: Record, ordinal: int) -> Mark:
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
    parts = [
        tr("Checkpoint {ordinal}", ordinal=ordinal),
        counted(files, "{count} file changed", "{count} files changed"),
        tr("files only") if files_only else tr("machine and files"),
    ]
    if bool(record.fields.get("safety")):
        parts.append(tr("made before a restore"))
    if kind is MarkKind.STAR:
        parts.append(tr("approved"))
    return Mark(kind, record.at_ms, record.at_ms, number=ordinal, text=", ".join(parts) + ".")


_READ: dict[str, Callable[[_Pen, Record], None]] = {
    "submitted": _Pen.submitted,
    "started": _Pen.started,
    "step_started": _Pen.step_started,
    "part_started": _Pen.part_started,
    "checkpoint": _Pen.checkpoint,
    "requested": _Pen.requested,
    "decision": _Pen.decision,
    "restored": _Pen.restored,
    "resumed": _Pen.started,
    "yield_asked": _Pen.yield_asked,
    "yielded": _Pen.yielded_place,
    "parked": _Pen.parked,
    "lease_granted": _Pen.lease_granted,
    "lease_ended": _Pen.lease_ended,
    "attempt_ended": _Pen.attempt_ended,
    "finished": _Pen.finished,
}


def _read(task: Task, cards: Mapping[int, int]) -> tuple[_Pen, Past]:
    pen = _Pen(task, cards=cards, known={c.ordinal: c for c in task.checkpoints})
    for record in task.records:
        read = _READ.get(record.event)
        if read is not None:
            read(pen, record)
    if not any(r.event == "submitted" for r in task.records[:1]) and task.phase is Phase.QUEUED:
        pen.waiting_from = task.submitted_at_ms
    return pen, Past(pen.marks)


def lane_of(task: Task, now_ms: int) -> Lane:
    """The marks of a task up to `now_ms` (ms since the epoch)."""
    return _lane(task, *_read(task, {}), now_ms)


def _lane(task: Task, pen: _Pen, past: Past, now_ms: int) -> Lane:
    live = pen.live(now_ms) if task.phase not in FINAL else ()
    reached = max((m.end_ms for m in live), default=past.end_ms)
    end_ms = max(past.end_ms, reached) if past.marks or live else now_ms
    return Lane(past, live, task.submitted_at_ms, end_ms)


class LaneBook:
    """Lanes of many tasks; records are read again only where a task has changed.

    A task is a value that is replaced at every change, so the same object has the same past.

    Args:
        card_of: the number of the GPU a model is on now; None = on none, or not known. Records do
            not say, so it is noted while a lease is held.
    """

    def __init__(self, card_of: Callable[[str], int | None] = lambda _: None) -> None:
        self._card_of = card_of
        self._read: dict[str, tuple[Task, _Pen, Past]] = {}
        self._cards: dict[str, dict[int, int]] = {}

    def lane(self, task: Task, now_ms: int) -> Lane:
        """As `lane_of`."""
        known = self._read.get(task.id)
        if known is None or known[0] is not task:
            known = self._read[task.id] = (task, *_read(task, self._cards.get(task.id, {})))
        pen = known[1]
        if pen.lease is not None and pen.lease.number == NO_CARD:
            card = self._card_of(pen.lease.label)
            if card is not None:
                self._cards.setdefault(task.id, {})[pen.lease.start_ms] = card
                pen.lease = replace(pen.lease, number=card)
        return _lane(task, pen, known[2], now_ms)

    def keep_only(self, tasks: Set[str]) -> None:
        """Forget lanes of tasks that are gone."""
        for gone in self._read.keys() - tasks:
            del self._read[gone]
            self._cards.pop(gone, None)
