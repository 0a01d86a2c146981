"""Tasks to records and back: what is committed of a task, and the task its commits tell of.

Pure. `as_fields` makes JSON values of any value of the model; `task_of` reads a whole history. A
task that ran when the plane died has lost its worker (ADR-006): it starts again from its beginning.
A task at rest goes on from its snapshot.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from clawdesk.domain.forking import origin_fields, shown_fields
from clawdesk.domain.model import (
    FINAL,
    MachineId,
    Phase,
    Record,
    Task,
)
from clawdesk.domain.moves import PROMPT
from clawdesk.domain.replacing import replace
from clawdesk.domain.retelling import retell
from clawdesk.domain.spending import spent_fields
from clawdesk.domain.values import UnreadableHistoryError, as_fields, from_fields

SCHEMA = 1
AGE_MS_MAX = 30 * 86_400_000
"""A clock that was wrong once must not decide the order for ever."""


def submission(task: Task) -> Record:
    """The first record of a task: everything needed to run it again.

    One that is submitted once more has used models before, which stays in the audit trail.
    """
    bare = replace(task, records=(), deferred=(), reason=None)
    fields = {"schema": SCHEMA, "task": as_fields(bare), **spent_fields(task.spending.steps)}
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
        task = retell(task, record)
    trail = (replace(shown, commit=story[0].commit), *story[1:])
    return replace(task, machine="", leaving="", rounds=_rounds(task), records=trail)


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
        # A decision that may not have reached the guest; a prompt begins with a machine of its own.
        return read_task.resume_outcome not in ("", PROMPT)
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
