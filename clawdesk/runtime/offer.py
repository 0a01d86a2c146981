"""What this host gives to machines: from its load, the user's rules, and what machines hold now.

Memory that other programs use is never planned with, and no machine starts on a disk that runs
full. Both answers are steady: an offer falls at once and rises after a few samples.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from clawdesk.domain.model import Capacity, Reason
from clawdesk.domain.rules import Rules
from clawdesk.ports.telemetry import HostLoad

RESERVE_MIB_MIN = 2048
"""Memory the desktop keeps where the user does not say: this, or a quarter, whichever is more."""
BOUND_MIB_MIN = 512
MARGIN_MIB = 512
"""Of the memory that is free at the moment, this much stays free."""
STEP_MIB = 64
RISE_SAMPLES = 3
FREE_MIB_MIN = 5 * 1024
FREE_SHARE_MIN = 0.10
"""Free space under which no machine starts; the same rule refuses machine snapshots."""
RESUME_MIB = 1024
"""Starting goes on with this much more, so that it does not stop again at once."""


def bound_mib(memory_total_mib: int, reserve_mib: int | None) -> int:
    """Memory that machines may have at most, all together, whatever is free at the moment.

    Args:
        reserve_mib: what the user's rules keep for the desktop; None = they do not say.
    """
    if reserve_mib is not None:
        return max(0, memory_total_mib - reserve_mib)
    return max(BOUND_MIB_MIN, memory_total_mib - max(RESERVE_MIB_MIN, memory_total_mib // 4))


def capacity_of(load: HostLoad, rules: Rules, used: Capacity) -> Capacity:
    """What this host offers at this moment.

    Args:
        used: what machines hold by their definitions; where their real use was not measured, all
            of it counts as used.
    """
    bound = bound_mib(load.memory_total_mib, rules.reserve_memory_mib)
    ours = used.memory_mib if load.machines_mib is None else load.machines_mib
    available = load.memory_total_mib - load.memory_used_mib
    there = max(0, ours + available - MARGIN_MIB)
    return Capacity(
        cpu_count=max(1, load.cpu_count),
        memory_mib=min(bound, there),
        machines=rules.machines_max,
    )


def no_space(load: HostLoad, *, stopped: bool) -> Reason | None:
    """Why no machine starts on this disk, None when there is room; `stopped`: none started now."""
    if not load.disk_total_mib:
        return None  # nobody looked at the disk
    needed = max(FREE_MIB_MIN, int(load.disk_total_mib * FREE_SHARE_MIN))
    needed += RESUME_MIB if stopped else 0
    if load.disk_free_mib >= needed:
        return None
    return Reason(
        "no_space",
        f"The disk of {load.disk_path} has {load.disk_free_mib / 1024:.1f} GiB free; machines "
        f"start with at least {needed / 1024:.1f} GiB.",
        "free space there, e.g. by `clawdesk prune`; waiting tasks then start by themselves",
        (("free_mib", load.disk_free_mib), ("needed_mib", needed), ("path", load.disk_path)),
    )


class Offer:
    """The offer over time."""

    def __init__(self) -> None:
        self._memory = 0
        self._seen: deque[int] = deque(maxlen=RISE_SAMPLES)
        self._no_space: Reason | None = None

    def take(self, load: HostLoad, rules: Rules, used: Capacity) -> Capacity:
        """The offer after one more sample.

        Never less than what machines hold: a host that shrinks only starts nothing more.
        """
        now = capacity_of(load, rules, used)
        memory = now.memory_mib // STEP_MIB * STEP_MIB
        first = not self._seen
        self._seen.append(memory)
        risen = len(self._seen) == RISE_SAMPLES and min(self._seen) > self._memory
        if first or memory < self._memory:
            self._memory = memory
        elif risen:
            self._memory = min(self._seen)
        return replace(
            now,
            cpu_count=max(now.cpu_count, used.cpu_count),
            memory_mib=max(self._memory, used.memory_mib),
            machines=max(now.machines, used.machines),
        )

    def no_space(self, load: HostLoad) -> Reason | None:
        """Why no machine starts on this disk, None when there is room."""
        self._no_space = no_space(load, stopped=self._no_space is not None)
        return self._no_space
