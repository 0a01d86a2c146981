"""Tasks to records and back: what is committed of a task, and the task its commits tell of.

Pure. `as_fields` makes JSON values of any value of the model; `task_of` reads a whole history. A
task that ran when the plane died has lost its worker (ADR-006): it starts again from its beginning.
A task at rest goes on from its snapshot.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from clawdesk.domain import moves
from clawdesk.domain.forking import origin_fields, shown_fields
from clawdesk.domain.model import (
    FINAL,
    Amendment,
    Checkpoint,
    DiffStat,
    MachineId,
    Phase,
    Record,
    Request,
    Task,
    Verdict,
)
from clawdesk.domain.replacing import replace

Value = TypeVar("Value")
SCHEMA = 1
AGE_MS_MAX = 30 * 86_400_000
"""A clock that was wrong once must not decide the order for ever."""


class UnreadableHistoryError(ValueError):
    """A task's commits do not tell a story this version understands."""


def as_fields(value: object) -> Any:
    """JSON values (dicts, lists, strings, numbers) of a value of the model."""
    return msgspec.to_builtins(value)


def from_fields(fields: object, kind: type[Value]) -> Value:
    """The inverse of `as_fields`. Raises UnreadableHistoryError."""
    try:
        return msgspec.convert(fields, kind)
    except (msgspec.ValidationError, TypeError) as error:
        raise UnreadableHistoryError(f"{kind.__name__}: {error}") from error


def submission(task: Task) -> Record:
    """The first record of a task: everything needed to run it again."""
    bare = replace(task, records=(), deferred=(), reason=None)
    fields = {"schema": SCHEMA, "task": as_fields(bare)}
    if task.forked_from is not None:
        fields["fork"] = origin_fields(task)
    return Record("submitted", task.submitted_at_ms, fields)


def task_of(records: Iterable[Record]) -> Task:
    """A task from its committed records, oldest first, whose machine is gone."""
    return at_rest(read(records))


def read(records: Iterable[Record]) -> Task:
    """Rebuild a task as its commits tell of it: RUNNING where its machine was last seen to run.

    Raises:
        UnreadableHistoryError: not written by us, or by a newer version.
    """
    story = list(records)
    if not story or story[0].event != "submitted":
        raise UnreadableHistoryError("the first commit is not a submission")
    if int(story[0].fields.get("schema", 0)) > SCHEMA:
        raise UnreadableHistoryError("written by a newer ClawDesk")
    task = from_fields(story[0].fields.get("task"), Task)
    shown = Record("submitted", story[0].at_ms, shown_fields(task))
    for record in story[1:]:
        task = _apply(task, record)
    trail = (replace(shown, commit=story[0].commit), *story[1:])
    return replace(task, machine="", leaving="", rounds=_rounds(task), records=trail)


def _apply(task: Task, record: Record) -> Task:
    fields = record.fields
    match record.event:
        case "checkpoint":
            return _with_checkpoint(task, record)
        case "requested":
            request = from_fields(fields.get("value"), Request)
            checkpoints = tuple(
                replace(c, approval_reason=request.why) if c.ordinal == request.ordinal else c
                for c in task.checkpoints
            )
            return replace(task, request=request, phase=Phase.HELD, checkpoints=checkpoints)
        case "decision":
            return _decided(task, record)
        case "restored":
            ordinal = int(fields.get("ordinal", 0))
            return replace(
                _standing_at(task, ordinal),
                request=None,
                resume_from=ordinal,
                resume_outcome="",
                phase=Phase.QUEUED,
                finish_text="",
                feedback=str(fields.get("feedback", "")) or task.feedback,
            )
        case "yielded":
            return replace(
                task,
                phase=Phase.QUEUED,
                request=None,
                resume_from=int(fields.get("ordinal", task.tip_ordinal)),
                resume_outcome="",
                preemptions=task.preemptions + 1,
            )
        case "attempt_ended":
            return replace(task, attempt=int(fields.get("attempt", task.attempt)) + 1)
        case "finished":
            status = Phase(str(fields.get("status", "failed")))
            text = str(fields.get("text", ""))
            task = replace(task, phase=status, request=None, finish_text=text)
        case "merged":
            task = replace(task, merged_into=str(fields.get("branch", "")))
        case "started" | "resumed":
            task = _standing_at(task, int(fields.get("ordinal", 0)))
            task = replace(task, base=_base(task, memory=fields.get("memory") is not False))
            task = replace(
                task, phase=Phase.RUNNING, request=None, resume_from=None, resume_outcome=""
            )
    return task


def _standing_at(task: Task, ordinal: int) -> Task:
    """Its machine was brought to that checkpoint (0 = the start)."""
    checkpoint = task.checkpoint(ordinal)
    if checkpoint is None:
        return replace(task, tip_ordinal=0, step_index=0, step_name="")
    return replace(
        task,
        tip_ordinal=ordinal,
        step_index=checkpoint.step_index,
        step_name=checkpoint.step_name,
        round=checkpoint.round,
    )


def _base(task: Task, *, memory: bool) -> str:
    """What the machine that was brought to the task's tip began with."""
    checkpoint = task.checkpoint(task.tip_ordinal)
    if checkpoint is None:
        return ""
    return checkpoint.base if memory else checkpoint.commit


def _with_checkpoint(task: Task, record: Record) -> Task:
    checkpoint = from_fields(record.fields.get("value"), Checkpoint)
    checkpoint = replace(
        checkpoint,
        commit=record.commit,
        tree=str(record.fields.get("tree", checkpoint.tree)),
        digest=str(record.fields.get("digest", checkpoint.digest)),
        diffstat=from_fields(record.fields.get("diffstat", {}), DiffStat),
        approval_reason=str(record.fields.get("approval", "")),
        not_taken=tuple(str(name) for name in record.fields.get("refused", ())),
        approved=bool(checkpoint.amends) and not record.fields.get("approval"),
    )
    return replace(
        task,
        checkpoints=(*task.checkpoints, checkpoint),
        tip_ordinal=checkpoint.ordinal,
        next_ordinal=checkpoint.ordinal + 1,
        step_index=checkpoint.step_index,
        step_name=checkpoint.step_name,
        round=checkpoint.round,
        phase=Phase.RUNNING,
        request=None,
        resume_from=None,
        resume_outcome="",
    )


def _decided(task: Task, record: Record) -> Task:
    """A decision whose consequence may not have been carried out yet."""
    request, fields = task.request, record.fields
    if request is None or request.id != fields.get("request"):
        return task
    verdict, note = Verdict(str(fields.get("verdict"))), str(fields.get("note", ""))
    task = replace(task, request=None, phase=Phase.QUEUED, resume_from=request.ordinal)
    if verdict is Verdict.ANSWERED:
        text = str(fields.get("text", ""))
        return replace(task, resume_outcome="answered", resume_text=text)
    if verdict is Verdict.APPROVED:
        checkpoints = tuple(
            replace(c, approved=True) if c.ordinal == request.ordinal else c
            for c in task.checkpoints
        )
        return replace(task, checkpoints=checkpoints, resume_outcome="continue", feedback="")
    if verdict is Verdict.AMENDED:
        told = amendment_of(fields).feedback(note)
        outcome, text = moves.AMEND, record.commit
        return replace(task, resume_outcome=outcome, resume_text=text, feedback=told)
    task = replace(task, feedback=note)
    if request.guest_request:
        return replace(task, resume_outcome="rejected", resume_text=note)
    checkpoint = task.checkpoint(request.ordinal)
    index = checkpoint.step_index if checkpoint else 0
    return replace(task, resume_from=moves.before_step(task, index))


def amendment_of(fields: dict[str, Any]) -> Amendment:
    """The amendment in the fields of a decision."""
    return Amendment(
        str(fields.get("tree", "")),
        tuple(map(str, fields.get("left_out", ()))),
        tuple(map(str, fields.get("edited", ()))),
        int(fields.get("more", 0)),
    )


def at_rest(task: Task) -> Task:
    """What a task without a machine waits for."""
    if task.phase in FINAL or (task.phase is Phase.HELD and _can_wait(task)):
        return task
    if task.phase is Phase.RUNNING:
        # Its worker died with the plane, or is destroyed as an orphan: ADR-006.
        attempt = task.attempt + 1
        first = task.beginning or None
        return replace(task, phase=Phase.QUEUED, attempt=attempt, resume_from=first, rounds=())
    return replace(task, phase=Phase.QUEUED)


def _can_wait(task: Task) -> bool:
    request = task.request
    return request is not None and task.checkpoint(request.ordinal) is not None


def _rounds(task: Task) -> tuple[int, ...]:
    rounds = [0] * len(task.steps)
    for checkpoint in task.checkpoints:
        if checkpoint.step_index < len(rounds):
            index = checkpoint.step_index
            rounds[index] = max(rounds[index], checkpoint.round)
    return tuple(rounds)


@dataclass(frozen=True, slots=True)
class Alive:
    """A machine that outlived the plane before this one."""

    machine: MachineId
    attempt: int
    accelerator: str = ""
    base: str = ""  # the commit its workspace began with, as the machine itself knows; "" = unknown


@dataclass(frozen=True, slots=True)
class Recovery:
    """A task as it enters a new plane.

    `task.phase` UNKNOWN: its machine lives and is to be adopted; `task.leaving`: a machine of its
    lives that is to be released. `lost_attempt`: the attempt that ends with this, 0 = none.
    """

    task: Task
    lost_attempt: int = 0

    def ends_attempt(self, at_ms: int, why: str) -> tuple[Record, ...]:
        """What Git must be told first; the last one has the start tree again."""
        if not self.lost_attempt:
            return ()
        return (
            Record("attempt_ended", at_ms, {"attempt": self.lost_attempt, "why": why}),
            Record(
                "restored",
                at_ms,
                {"ordinal": self.task.beginning, "actor": "clawdesk", "channel": "plane"},
            ),
        )


def recover(read_task: Task, alive: Alive | None) -> Recovery:
    """What becomes of a task when a plane begins, with the machine of its that still lives."""
    if alive is not None and may_adopt(read_task) and alive.attempt == read_task.attempt:
        adopted = replace(
            read_task,
            phase=Phase.UNKNOWN,
            machine=alive.machine,
            accelerator=alive.accelerator,
            base=alive.base or read_task.base,
        )
        return Recovery(adopted)
    task = replace(at_rest(read_task), leaving=alive.machine if alive is not None else "")
    if lost_worker(read_task):
        return Recovery(replace(task, tip_ordinal=task.beginning), read_task.attempt)
    return Recovery(task)


def lost_worker(read_task: Task) -> bool:
    """Whether a task without its machine loses its attempt: the caller records that in Git."""
    return read_task.phase is Phase.RUNNING


def may_adopt(read_task: Task) -> bool:
    """Whether a machine of the task that still lives is the one it goes on in.

    Not where the machine was being left: going back, yielding, or waiting for a person with a
    snapshot to come back from.
    """
    if read_task.phase is Phase.RUNNING:
        return True
    if read_task.phase is Phase.QUEUED:
        return bool(read_task.resume_outcome)  # a decision that may not have reached the guest
    if read_task.phase is not Phase.HELD or read_task.request is None:
        return False
    checkpoint = read_task.checkpoint(read_task.request.ordinal)
    return checkpoint is not None and checkpoint.snapshot is None


def waited_for_a_machine_ms(task: Task, at_ms: int) -> int:
    """How long a recovered task has aged: since its submission, without waiting for a person."""
    held_ms, since_ms = 0, None
    for record in task.records:
        if record.event == "requested":
            since_ms = record.at_ms
        elif since_ms is not None:
            held_ms += max(0, record.at_ms - since_ms)
            since_ms = None
    if since_ms is not None:
        held_ms += max(0, at_ms - since_ms)
    return max(0, min(at_ms - task.submitted_at_ms - held_ms, AGE_MS_MAX))
