"""What a machine takes of the host, as (CPUs, MiB of memory, machine slots)."""

from __future__ import annotations

from collections.abc import Iterable

from clawdesk.domain.model import Capacity, Phase, Task

Need = tuple[int, int, int]
MEMORY = "MiB of memory"
NAMES = ("CPUs", MEMORY, "machine slots")
NOTHING: Need = (0, 0, 0)
COMING = frozenset({Phase.STARTING, Phase.RESTORING})
"""Phases in which a machine was asked for and is not there."""


def need_of(task: Task) -> Need:
    machine = task.definition.machine
    return (machine.cpu_count, machine.memory_mib, 1)


def of_capacity(capacity: Capacity) -> Need:
    return (capacity.cpu_count, capacity.memory_mib, capacity.machines)


def plus(a: Need, b: Need) -> Need:
    return (a[0] + b[0], a[1] + b[1], a[2] + b[2])


def minus(a: Need, b: Need) -> Need:
    return (a[0] - b[0], a[1] - b[1], a[2] - b[2])


def fits(need: Need, room: Need) -> bool:
    return need[0] <= room[0] and need[1] <= room[1] and need[2] <= room[2]


def holds_machine(task: Task) -> bool:
    """True while the task occupies CPU and memory of this host."""
    return task.phase in COMING or bool(task.machine or task.leaving)


def in_use(tasks: Iterable[Task]) -> Capacity:
    """Sum of what machines occupy; a phase that may still own one counts in full."""
    total = NOTHING
    for task in tasks:
        if holds_machine(task):
            total = plus(total, need_of(task))
    return Capacity(*total)
