"""What must hold after every step, in tests and in production; a breach ends the session loudly."""

from __future__ import annotations

from collections.abc import Iterable

from clawdesk.domain import leases
from clawdesk.domain.model import FINAL, Lease, Phase, PlaneState, Task, TaskId


class BrokenInvariantError(AssertionError):
    """A bug in the control plane: the state contradicts itself."""


def check(state: PlaneState, touched: Iterable[TaskId]) -> None:
    """Check the touched tasks (all others are as they were)."""
    for task_id in touched:
        task = state.tasks[task_id]
        for broken in _faults(task):
            raise BrokenInvariantError(f"{task.id} ({task.phase}): {broken}")


def _faults(task: Task) -> Iterable[str]:
    if task.phase in (Phase.RUNNING,) and not task.machine:
        yield "runs without a machine"
    if task.phase in FINAL and task.machine:
        yield "ended but still owns a machine"
    if task.phase is Phase.QUEUED and task.machine:
        yield "queued but still owns a machine"
    if task.phase is Phase.HELD and task.request is None:
        yield "held, but nothing is asked of anybody"
    if task.request is not None and task.phase not in (Phase.HELD, Phase.UNKNOWN):
        yield "asks somebody while it is not held"
    if task.lease in leases.HELD and task.phase not in leases.WORKING:
        yield "holds a model while it does not work"
    needs_model = bool(task.definition.model)
    if needs_model and task.lease is Lease.NONE and task.phase is Phase.STARTING:
        yield "starts without having asked for its model"
    if task.deciding is not None and task.request is None:
        yield "a decision without a request"
    if task.finish is not None and task.phase in FINAL:
        yield "an end is still being carried out after the end"
    ordinals = [checkpoint.ordinal for checkpoint in task.checkpoints]
    if ordinals != sorted(set(ordinals)):
        yield "checkpoint ordinals do not grow"
    if ordinals and ordinals[-1] >= task.next_ordinal:
        yield "an ordinal would be used twice"


def total_use(state: PlaneState) -> None:
    """Machines never exceed the host's offer (checked by tests after every step)."""
    from clawdesk.domain.scheduling import in_use

    used = in_use(state.tasks.values())
    for name in ("cpu_count", "memory_mib", "machines"):
        if getattr(used, name) > getattr(state.capacity, name):
            raise BrokenInvariantError(f"{name} over capacity: {used} of {state.capacity}")
