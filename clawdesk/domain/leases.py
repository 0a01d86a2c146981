"""A task's hold on its model, beside its machine: both are given in one step, or neither is.

A task that names a model asks the Fabric for a lease when there is room for its machine, and starts
in the step in which the lease is granted; a lease that comes when the room is gone is given back at
once. It is held while the task works, and by nobody who waits for a person, or for its image: that
takes minutes without a model. One that was asked back is given at the next boundary; the task goes
on, and asks anew.
"""

from __future__ import annotations

from clawdesk.domain import effects as do
from clawdesk.domain.lease_events import (
    LeaseAskedBack,
    LeaseEnded,
    LeaseGranted,
    LeaseRefused,
    LeaseWaits,
)
from clawdesk.domain.model import Lease, Phase, Task
from clawdesk.domain.moves import Turn
from clawdesk.domain.scheduling.resources import COMING

WORKING = frozenset({Phase.STARTING, Phase.RESTORING, Phase.RUNNING, Phase.SNAPSHOTTING})
"""Phases in which a task may hold a lease."""
HELD = frozenset({Lease.GRANTED, Lease.ASKED_BACK})
_GOES_ON_WITHOUT = frozenset({Phase.QUEUED, Phase.STARTING, Phase.RESTORING, Phase.RUNNING})
_BELONGS_TO = {Lease.REFUSED: _GOES_ON_WITHOUT, Lease.LATER: COMING}
"""Phases in which a task may stand so; in another it is as if it had never asked."""
_ASKS_ANEW = frozenset({Phase.STARTING, Phase.RESTORING, Phase.RUNNING})
"""Where one that was lost or given back is asked for again; nobody gets here without the first."""
_OPEN = frozenset({Lease.ASKED, Lease.WAITS}) | HELD


def ask(turn: Turn, task: Task) -> None:
    """Ask for the task's model; the task waits or works meanwhile."""
    turn.put(task, lease=Lease.ASKED)
    turn.do(do.AskLease(task.id))


def granted(turn: Turn, task: Task, event: LeaseGranted) -> None:
    if task.lease in (Lease.ASKED, Lease.WAITS):
        reason = None if task.phase is Phase.QUEUED else task.reason
        task = turn.put(task, lease=Lease.GRANTED, reason=reason, told_refused=False)
        turn.note(task, "lease_granted", model=task.definition.model)
    elif task.lease not in HELD:
        turn.do(do.ReleaseLease(task.id))  # nobody waits for it any longer


def waits(turn: Turn, task: Task, event: LeaseWaits) -> None:
    """It leaves the queue of machines until the model can be had: others go before it."""
    if task.lease not in (Lease.ASKED, Lease.WAITS):
        return
    reason = event.reason if task.phase is Phase.QUEUED else task.reason
    turn.put(task, lease=Lease.WAITS, reason=reason)


def refused(turn: Turn, task: Task, event: LeaseRefused) -> None:
    """What can still work does: the task goes on without, and its calls fail with the reason."""
    if task.lease in _OPEN:
        reason = None if task.phase is Phase.QUEUED else task.reason
        # It asks anew at each step; the user is told once, until the model is to be had again.
        if not task.told_refused:
            turn.do(do.Notify(task.id, f"No model for it: {event.why}"))
        task = _noted_end(turn, task)
        turn.put(task, lease=Lease.REFUSED, reason=reason, told_refused=True)


def asked_back(turn: Turn, task: Task, event: LeaseAskedBack) -> None:
    """Also the first answer of a Fabric that knew the lease from the plane before this one."""
    if task.lease in (Lease.ASKED, Lease.WAITS):  # it has held it since before this plane
        task = turn.note(task, "lease_granted", model=task.definition.model)
    if task.lease in (Lease.ASKED, Lease.WAITS, Lease.GRANTED):
        turn.put(task, lease=Lease.ASKED_BACK)


def put_off(turn: Turn, task: Task) -> Task:
    """Its image is to be built first: the model is given back, or no longer asked for."""
    if not task.definition.model:
        return task
    if task.lease in _OPEN:
        turn.do(do.ReleaseLease(task.id))
        task = _noted_end(turn, task)
    return turn.put(task, lease=Lease.LATER)


def ended(turn: Turn, task: Task, event: LeaseEnded) -> None:
    if task.lease in _OPEN:
        turn.put(_noted_end(turn, task), lease=Lease.NONE)


def _noted_end(turn: Turn, task: Task) -> Task:
    """The timeline shows how long a model was held; no restart needs it."""
    return turn.note(task, "lease_ended") if task.lease in HELD else task


def queue_again(turn: Turn) -> None:
    """Before planning: who queues again, its image ready or its lease asked back, asks anew."""
    for task_id in sorted(turn.touched):
        task = turn.state.tasks[task_id]
        if task.phase is not Phase.QUEUED:
            continue
        if task.lease is Lease.ASKED_BACK:
            turn.do(do.ReleaseLease(task.id))
            turn.put(_noted_end(turn, task), lease=Lease.NONE)
        elif task.lease is Lease.LATER:
            turn.put(task, lease=Lease.NONE)


def settle(turn: Turn) -> None:
    """At the end of a step: nobody holds a lease who may not, and who works without one asks."""
    for task_id in sorted(turn.touched):
        task = turn.state.tasks[task_id]
        if not task.definition.model:
            continue
        if task.lease in _OPEN and not _may_hold(turn, task):
            turn.do(do.ReleaseLease(task.id))
            turn.put(_noted_end(turn, task), lease=Lease.NONE)
        elif task.lease in _BELONGS_TO and task.phase not in _BELONGS_TO[task.lease]:
            turn.put(task, lease=Lease.NONE)  # asked anew when it goes on
        elif task.lease is Lease.NONE and task.phase in _ASKS_ANEW:
            ask(turn, task)


def _may_hold(turn: Turn, task: Task) -> bool:
    if task.phase in WORKING:
        return not (task.lease is Lease.ASKED_BACK and task.phase is Phase.SNAPSHOTTING)
    # Who may not start does not stand in the Fabric's line, and has another reason to wait.
    may_start = task.wish is None and task.project not in turn.state.paused
    return task.phase is Phase.QUEUED and task.lease not in HELD and may_start
