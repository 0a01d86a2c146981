"""What steps and a person's shells may take of a machine: memory and processes, by a control group.

Everything that is not this program runs in one group whose limits lie below what the machine has.
So where an agent takes all there is, the kernel ends programs of the group, and this program can
still answer, make the work durable, and tell of it. It is no lock: steps are root.
"""

import contextlib
import os

FOLDER = "/sys/fs/cgroup"
"""Where `init` mounts control groups (version 2)."""
_NAME = "steps"
_RESERVE_BYTES = 24 << 20
_RESERVE_BYTES_MAX = 192 << 20
_RESERVE_PART = 16
"""Kept from the group: so much, and a sixteenth of the machine, for what this program starts to
unpack and compare a workspace, which grows with the number of files."""


class Bounds:
    """The group. What cannot be made is told where a step begins, by the OSError of `join`.

    Args:
        folder: where control groups are mounted, "" = nothing is bounded, outside a machine.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._group = f"{folder}/{_NAME}" if folder else ""
        self._problem: OSError | None = None
        if folder:
            try:
                self._make(folder)
            except OSError as error:
                self._problem = error

    def _make(self, folder: str) -> None:
        _write(f"{folder}/cgroup.subtree_control", "+memory +pids")
        os.makedirs(self._group, exist_ok=True)
        # `memory.oom.group` stays 0: the kernel ends the program that took most, as a rule what an
        # agent ran and not the agent, which then reads of it and can do otherwise.
        _write(f"{self._group}/memory.max", str(memory_max_bytes(_read("/proc/meminfo"))))
        _write(f"{self._group}/memory.swap.max", "0")
        # The kernel's own limit would have this program fork no more either.
        _write(f"{self._group}/pids.max", str(int(_read("/proc/sys/kernel/threads-max")) * 3 // 4))

    def join(self) -> None:
        """This process and all it starts are of the group. Raises OSError."""
        if self._problem is not None:
            raise self._problem
        if self._group:
            _write(f"{self._group}/cgroup.procs", "0")

    def enter(self, errors: int = 2) -> None:
        """As `join`; where that fails, a descriptor is told and what follows goes on unbounded."""
        try:
            self.join()
        except OSError as error:
            line = f"clawdesk: nothing bounds what this takes of the machine's memory: {error}\n"
            os.write(errors, line.encode())

    def leave(self) -> None:
        """What this process starts from here on is of the group no more; what it started stays."""
        if self._group and self._problem is None:
            # The group above has no limits that could refuse it; and the step has begun by now.
            with contextlib.suppress(OSError):
                _write(f"{self._folder}/cgroup.procs", "0")

    def killed(self) -> int:
        """How many programs of the group the kernel has ended for want of memory so far."""
        if not self._group or self._problem is not None:
            return 0
        try:
            return killed_in(_read(f"{self._group}/memory.events"))
        except OSError:
            return 0


def memory_max_bytes(meminfo: str) -> int:
    """What the group may take, by /proc/meminfo as it is before any step; at least half of that.

    >>> memory_max_bytes("MemTotal: 226304 kB\\nMemAvailable: 184320 kB\\n") >> 20
    142
    """
    rows = (line.split() for line in meminfo.splitlines())
    sizes = {row[0]: int(row[1]) << 10 for row in rows}
    reserve = _RESERVE_BYTES + sizes["MemTotal:"] // _RESERVE_PART
    free = sizes["MemAvailable:"]
    return max(free - min(reserve, _RESERVE_BYTES_MAX), free // 2)


def killed_in(memory_events: str) -> int:
    """The count of `oom_kill` in a group's memory.events.

    >>> killed_in("low 0\\noom 2\\noom_kill 1\\noom_group_kill 0\\n")
    1
    """
    rows = (line.split() for line in memory_events.splitlines())
    return next((int(row[1]) for row in rows if row[0] == "oom_kill"), 0)


def _read(path: str) -> str:
    with open(path) as source:
        return source.read()


def _write(path: str, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)
