"""The rows of the task list and the counts of its filters, from the plane's state.

Pure: a state and a time in, frozen rows out. Rows keep the order of submission, so that nothing
moves under the pointer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from clawdesk.domain.model import FINAL, Kind, Phase, Record, Request, Task, TaskId
from clawdesk.viewmodels.amounts import moment, rejected_to
from clawdesk.viewmodels.checkpoints import rejected_back
from clawdesk.viewmodels.lane import lane_of
from clawdesk.viewmodels.lane_marks import Lane
from clawdesk.viewmodels.language import counted, tr
from clawdesk.viewmodels.phases import Family, Group, PhaseLook, look, wants_trust
from clawdesk.viewmodels.told import told
from clawdesk.viewmodels.words import duration, first_line

KEPT_CHARS_MAX = 60
_CHOSEN = frozenset({"kept", "passed_over", "restored"})


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One task as a row: names, lane, state. `reason` is never cut; the painter elides it.

    Args:
        subtitle: second line under the name: who works, an agent or steps, and its priority.
        state: first line of the state column, e.g. "Running step 4".
        reason: second line of the state column: why or since when.
        steps: numbers below the state: (current, total).
        depth: how many forks lie between it and the task its family goes back to.
        origin: of a fork, the task it comes from; `origin_ordinal` the checkpoint there, 0 = start.
    """

    id: TaskId
    project: str
    title: str
    subtitle: str
    state: str
    icon: str
    family: Family
    group: Group
    reason: str
    lane: Lane
    steps: tuple[int, int]
    final: bool
    can_merge: bool
    can_cancel: bool
    depth: int = 0
    origin: TaskId = ""
    origin_ordinal: int = 0

    @property
    def spoken(self) -> str:
        """What a screen reader says of the row."""
        return f"{self.title}, {self.state}, {self.reason}" if self.reason else self.spoken_short

    @property
    def spoken_short(self) -> str:
        return f"{self.title}, {self.state}"


def _priority_word(priority: int) -> str:
    if priority == 0:
        return tr("priority normal")
    if priority > 0:
        return tr("priority high ({priority:+d})", priority=priority)
    return tr("priority low ({priority:+d})", priority=priority)


def _subtitle(task: Task) -> str:
    chosen = _chosen(task)
    words = _origin_words(task)
    if chosen is not None and chosen.event == "kept":
        return tr("kept · {words}", words=words)
    return words


def _origin_words(task: Task) -> str:
    if task.forked_from is not None:
        ordinal = task.forked_from.ordinal
        where = tr("at {ordinal}", ordinal=ordinal) if ordinal else tr("at the start")
        return tr("fork {where} · {priority}", where=where, priority=_priority_word(task.priority))
    agent, steps = task.definition.agent, len(task.steps)
    works = agent.kind if agent is not None else counted(steps, "{count} step", "{count} steps")
    return f"{works} · {_priority_word(task.priority)}"


def waits_since(task: Task) -> int:
    """When the present wait began: the request, the last end of an attempt, or the submission."""
    if task.request is not None:
        return task.request.at_ms
    for record in reversed(task.records):
        if record.event in {"attempt_ended", "submitted"}:
            return record.at_ms
    return task.submitted_at_ms


def _step_since(task: Task) -> int:
    """When the present step began; 0 = not known."""
    began = (r.at_ms for r in reversed(task.records) if r.event == "step_started")
    return next(began, 0)


def _step_name(task: Task) -> str:
    if task.step_name:
        return first_line(task.step_name, 60)
    steps = task.steps
    return steps[task.step_index].name if 0 <= task.step_index < len(steps) else ""


def _running_texts(task: Task, now_ms: int) -> tuple[str, str]:
    state = tr("Running step {number}", number=task.step_index + 1)
    parts = [_step_name(task)]
    if task.round > 1:
        parts.append(tr("round {round}", round=task.round))
    since = _step_since(task)
    if since:
        parts.append(tr("{time} in", time=duration(now_ms - since)))
    if task.yielding is not None:
        state = tr("Yielding")
        parts = [tr("leaves at its next checkpoint"), told(task.yielding.why)]
    return state, " · ".join(p for p in parts if p)


def _held_texts(task: Task, now_ms: int) -> tuple[str, str]:
    request = task.request
    if request is None or task.deciding is not None:
        return tr("Applying the decision"), tr("being written to Git")
    if request.kind is Kind.CLARIFY:
        waited = tr("waiting {time}", time=duration(now_ms - request.at_ms))
        return tr("Answer a question"), f"{waited} · {first_line(request.question, 80)}"
    doing = tr("Approve checkpoint {ordinal}", ordinal=request.ordinal)
    return doing, waiting_words(task, request, now_ms)


def waiting_words(task: Task, request: Request, now_ms: int) -> str:
    """How long it waits, what ends the wait by itself, and what of this machine waits with it."""
    parts = tr("waiting {time}", time=duration(now_ms - request.at_ms))
    limit_s, ends = task.policy.timeout_s, task.policy.on_timeout == "reject"
    if request.kind is Kind.APPROVE and limit_s and ends:
        parts += tr(" · rejected by itself after {time}", time=duration(limit_s * 1000))
    return f"{parts} · {tr('machine stands still') if task.machine else tr('memory freed')}"


def _chosen(task: Task) -> Record | None:
    """What a person last chose among its forks; None = nothing, or it went on since."""
    last = next((r for r in reversed(task.records) if r.event in _CHOSEN), None)
    return last if last is not None and last.event != "restored" else None


def _kept_instead(task: Task) -> str:
    chosen = _chosen(task)
    if chosen is None or chosen.event != "passed_over":
        return ""
    kept = first_line(str(chosen.fields.get("title", "")), KEPT_CHARS_MAX)
    return tr("{task} was kept instead", task=kept)


def _end_texts(task: Task, now_ms: int, offset_ms: int) -> tuple[str, str]:
    kept = _kept_instead(task)
    ended = next((r.at_ms for r in reversed(task.records) if r.event == "finished"), 0)
    at = f" {moment(ended, now_ms, offset_ms)}" if ended else ""
    if task.phase is Phase.DONE:
        if task.merged_into:
            return tr("Done"), tr("merged into {branch}", branch=task.merged_into)
        return tr("Done"), kept or tr("finished{at} · not merged yet", at=at)
    if task.phase is Phase.FAILED:
        why = first_line(told(task.finish_text)) or tr("ended{at}", at=at)
        return tr("Failed in step {number}", number=task.step_index + 1), why
    word = tr(look(task).word)
    return word, kept or first_line(told(task.finish_text)) or tr("ended{at}", at=at)


def state_texts(task: Task, now_ms: int, offset_ms: int = 0) -> tuple[str, str]:
    """The two lines of the state column: what, and why or since when."""
    if task.phase in FINAL:
        return _end_texts(task, now_ms, offset_ms)
    if task.phase is Phase.HELD:
        return _held_texts(task, now_ms)
    if task.phase is Phase.RUNNING:
        return _running_texts(task, now_ms)
    reason = told(task.reason.text) if task.reason is not None else ""
    if wants_trust(task):
        waits = tr("waiting {time}", time=duration(now_ms - waits_since(task)))
        return tr("Trust its project's policy"), f"{waits} · {reason}"
    if task.phase is Phase.QUEUED:
        frees = f" · {told(task.reason.frees)}" if task.reason and task.reason.frees else ""
        waits = tr("Waiting {time}", time=duration(now_ms - waits_since(task)))
        return waits, (reason or tr("in the queue")) + frees
    fallback = {
        Phase.STARTING: tr("its machine boots"),
        Phase.SNAPSHOTTING: tr("checkpoint {ordinal} is taken", ordinal=task.next_ordinal - 1),
        Phase.RESTORING: tr("back to checkpoint {ordinal}", ordinal=task.resume_from)
        if task.resume_from is not None
        else tr("back to a checkpoint"),
        Phase.RELEASING: tr("its machine is given back"),
        Phase.UNKNOWN: tr("its machine is looked for after a restart"),
    }
    back = task.phase in {Phase.STARTING, Phase.RESTORING} and rejected_back(task)
    went = rejected_to(task.tip_ordinal) if back else fallback.get(task.phase, "")
    return tr(look(task).word), reason or went


def row_of(
    task: Task, now_ms: int, offset_ms: int = 0, *, lane: Lane | None = None, depth: int = 0
) -> TaskRow:
    """One task as a row; `lane` where it has been read already."""
    origin = task.forked_from
    shown: PhaseLook = look(task)
    state, reason = state_texts(task, now_ms, offset_ms)
    return TaskRow(
        id=task.id,
        project=task.project,
        title=task.title,
        subtitle=_subtitle(task),
        state=state,
        icon=shown.icon,
        family=shown.family,
        group=shown.group,
        reason=reason,
        lane=lane if lane is not None else lane_of(task, now_ms),
        steps=(min(task.step_index + 1, len(task.steps)), len(task.steps)),
        final=task.phase in FINAL,
        can_merge=task.phase is Phase.DONE and bool(task.checkpoints),
        can_cancel=task.phase not in FINAL and task.finish is None,
        depth=depth,
        origin=origin.task if origin is not None else "",
        origin_ordinal=origin.ordinal if origin is not None else 0,
    )


def found(rows: Iterable[TaskRow], words: str) -> list[TaskRow]:
    """The rows that hold every one of the words, in name, state, reason or id."""
    wanted = words.casefold().split()
    if not wanted:
        return list(rows)

    def holds(row: TaskRow) -> bool:
        text = " ".join((row.title, row.subtitle, row.state, row.reason, row.id)).casefold()
        return all(word in text for word in wanted)

    return [row for row in rows if holds(row)]


def counts(tasks: Iterable[Task]) -> dict[Group, int]:
    """How many tasks each filter holds, in the filters' order."""
    found = dict.fromkeys(Group, 0)
    for task in tasks:
        found[look(task).group] += 1
    return found
