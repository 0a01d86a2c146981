"""Who gets a machine, and the reason for every wait.

A simple order for now: priority, then who came first. `plan` is pure: same tasks and capacity, same
answer, whatever their order in the map. It never looks past the first task that does not fit, so
that a big one is not starved by small ones behind it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from clawdesk.domain.model import Capacity, Phase, PlaneState, Reason, Task, TaskId
from clawdesk.domain.policy import untrusted

_COMING = frozenset({Phase.STARTING, Phase.RESTORING})


@dataclass(frozen=True, slots=True)
class Yield:
    """`victim` is to leave at its next checkpoint, so that `for_task` can start."""

    victim: TaskId
    for_task: TaskId
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """`start` in order; `reasons` for every queued task that does not start."""

    start: tuple[TaskId, ...]
    reasons: dict[TaskId, Reason]
    yields: tuple[Yield, ...] = ()
    parks: tuple[TaskId, ...] = ()
    keeps: tuple[TaskId, ...] = ()
    blocked: TaskId | None = None


def holds_machine(task: Task) -> bool:
    """True while the task occupies CPU and memory of this host."""
    return task.phase in _COMING or bool(task.machine or task.leaving)


def in_use(tasks: Iterable[Task]) -> Capacity:
    """Sum of what machines occupy; a phase that may still own one counts in full."""
    holding = [task.definition.machine for task in tasks if holds_machine(task)]
    return Capacity(
        cpu_count=sum(need.cpu_count for need in holding),
        memory_mib=sum(need.memory_mib for need in holding),
        machines=len(holding),
    )


def plan(state: PlaneState) -> Plan:
    """Decide who starts now."""
    queued = sorted(
        (task for task in state.tasks.values() if task.phase is Phase.QUEUED and task.wish is None),
        key=lambda task: (-task.priority, task.seq, task.id),
    )
    if not queued:
        return Plan((), {})
    if state.environment is not None:
        return Plan((), {task.id: state.environment for task in queued})
    used = in_use(state.tasks.values())
    cpu, memory, machines = used.cpu_count, used.memory_mib, used.machines
    start: list[TaskId] = []
    reasons: dict[TaskId, Reason] = {}
    blocked: Task | None = None
    for rank, task in enumerate(queued, start=1):
        need = task.definition.machine
        free = Capacity(
            cpu_count=state.capacity.cpu_count - cpu,
            memory_mib=state.capacity.memory_mib - memory,
            machines=state.capacity.machines - machines,
        )
        refusal = _refusal(task, free, state)
        if blocked is None and refusal is None:
            start.append(task.id)
            cpu += need.cpu_count
            memory += need.memory_mib
            machines += 1
        elif refusal is not None and refusal.code in ("too_big", "untrusted"):
            # A task that cannot start blocks nobody; it waits until the host, it or trust changes.
            reasons[task.id] = refusal
        else:
            reasons[task.id] = refusal or _behind(rank, blocked)
            blocked = blocked or task
    return Plan(tuple(start), reasons)


def _behind(rank: int, blocked: Task | None) -> Reason:
    title = blocked.title if blocked else "another task"
    return Reason("rank", f"number {rank} in the queue, behind {title}", f"{title} starts")


def _refusal(task: Task, free: Capacity, state: PlaneState) -> Reason | None:
    if distrust := untrusted(task, state.trusted):
        return distrust
    need, capacity = task.definition.machine, state.capacity
    for what, wanted, left, total in (
        ("MiB of memory", need.memory_mib, free.memory_mib, capacity.memory_mib),
        ("CPUs", need.cpu_count, free.cpu_count, capacity.cpu_count),
        ("machine slots", 1, free.machines, capacity.machines),
    ):
        if wanted > total:
            return Reason(
                "too_big",
                f"needs {wanted} {what}, this host gives {total} to machines",
                "a smaller [machine] table in the task file, or a larger host",
            )
        if wanted > left:
            holders = sorted(t.title for t in state.tasks.values() if holds_machine(t))
            names = ", ".join(holders[:3]) + (" and others" if len(holders) > 3 else "")
            return Reason(
                "capacity",
                f"needs {wanted} {what}, {max(0, left)} of {total} are free; held by {names}",
                f"{names} ends, or waits for you",
            )
    return None
