"""Machines in memory, with the promises of ports/machines.py and none of the weight.

Deterministic: names count up, times are fixed, nothing runs by itself. Faults are asked for
beforehand (`fail_next`) or made happen at once (`lose`, `damage`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count

from clawdesk.domain.model import MachineId, Snapshot, TaskId
from clawdesk.ports.errors import MachineError, SnapshotDamagedError
from clawdesk.ports.machines import MachineSpec, MachineSupport, OwnedMachine, StartedMachine


@dataclass
class FakeMachine:
    """`memory` stands for everything a guest remembers; tests read and write it."""

    name: MachineId
    task: TaskId
    attempt: int
    memory: dict[str, str] = field(default_factory=dict)
    suspended: bool = False


@dataclass
class _Kept:
    task: TaskId
    memory: dict[str, str]
    damaged: bool = False


class FakeMachines:
    """Implements Machines.

    Args:
        boot_ms: what a cold start reports; a warm one and a restore report a tenth.
    """

    def __init__(self, *, boot_ms: float = 100.0) -> None:
        self.machines: dict[MachineId, FakeMachine] = {}
        self.calls: list[tuple[str, str]] = []
        self.ready = True
        self.closed = False
        self._boot_ms = boot_ms
        self._kept: dict[str, _Kept] = {}
        self._failures: dict[str, list[MachineError]] = {}
        self._tell: list[Callable[[MachineId, str], None]] = []
        self._number = count(1)
        self._started = 0

    # What tests make happen

    def fail_next(self, call: str, error: MachineError) -> None:
        """The next `call` ("start", "snapshot", "restore", ...) raises `error` and does nothing."""
        self._failures.setdefault(call, []).append(error)

    def lose(self, machine: MachineId, why: str = "QEMU was killed by signal 9") -> None:
        """A machine ends by itself."""
        del self.machines[machine]
        for tell in self._tell:
            tell(machine, why)

    def damage(self, snapshot: Snapshot) -> None:
        """Its files do not match their checksum any more."""
        self._kept[snapshot.id].damaged = True

    def kept(self, task: TaskId) -> list[str]:
        """Ids of a task's snapshots."""
        return [snapshot for snapshot, kept in self._kept.items() if kept.task == task]

    # The port

    async def support(self) -> MachineSupport:
        problem = "" if self.ready else "There is no libvirt in this test."
        return MachineSupport(
            self.ready, "fake:///", "tcg", "a fake", {"fake": "1"}, True, problem, ""
        )

    async def start(self, spec: MachineSpec) -> StartedMachine:
        self._begin("start", spec.task)
        warm = self._started > 0
        self._started += 1
        return self._run(spec.task, spec.attempt, {}, warm=warm)

    async def suspend(self, machine: MachineId) -> None:
        self._begin("suspend", machine)
        self._get(machine).suspended = True

    async def resume(self, machine: MachineId) -> None:
        self._begin("resume", machine)
        self._get(machine).suspended = False

    async def snapshot(self, machine: MachineId, task: TaskId, ordinal: int) -> Snapshot:
        self._begin("snapshot", machine)
        found = self._get(machine)
        snapshot_id = f"{task}.{ordinal}.{next(self._number):08x}"
        self._kept[snapshot_id] = _Kept(task, dict(found.memory))
        pause_ms = 0.0 if found.suspended else 5.0
        return Snapshot(snapshot_id, pause_ms=pause_ms, snapshot_ms=20.0, bytes=1 << 20)

    async def restore(self, task: TaskId, attempt: int, snapshot: Snapshot) -> StartedMachine:
        self._begin("restore", task)
        kept = self._kept.get(snapshot.id)
        if kept is None or kept.damaged:
            raise SnapshotDamagedError("The snapshot is damaged.", code="damaged")
        return self._run(task, attempt, dict(kept.memory), warm=True)

    async def share(self, snapshot: Snapshot, task: TaskId, ordinal: int) -> Snapshot:
        self._begin("share", task)
        kept = self._kept.get(snapshot.id)
        if kept is None:
            raise SnapshotDamagedError("The snapshot is damaged.", code="damaged")
        snapshot_id = f"{task}.{ordinal}.{next(self._number):08x}"
        self._kept[snapshot_id] = _Kept(task, dict(kept.memory), kept.damaged)
        return replace(snapshot, id=snapshot_id)

    async def destroy(self, machine: MachineId) -> None:
        self._begin("destroy", machine)
        self.machines.pop(machine, None)

    async def discard(self, task: TaskId) -> None:
        self._begin("discard", task)
        for machine in [m for m in self.machines.values() if m.task == task]:
            del self.machines[machine.name]
        for snapshot in self.kept(task):
            del self._kept[snapshot]

    async def owned(self) -> list[OwnedMachine]:
        self._begin("owned", "")
        return [OwnedMachine(m.name, m.task, m.attempt, "tcg") for m in self.machines.values()]

    def on_lost(self, tell: Callable[[MachineId, str], None]) -> None:
        self._tell.append(tell)

    async def close(self) -> None:
        self.closed = True

    def _begin(self, call: str, about: str) -> None:
        self.calls.append((call, about))
        waiting = self._failures.get(call)
        if waiting:
            raise waiting.pop(0)

    def _get(self, machine: MachineId) -> FakeMachine:
        if machine not in self.machines:
            raise MachineError(f"There is no machine {machine} any more.", code="gone")
        return self.machines[machine]

    def _run(
        self, task: TaskId, attempt: int, memory: dict[str, str], *, warm: bool
    ) -> StartedMachine:
        name = f"cd-{task.lower()}-{attempt}-{next(self._number):08x}"
        self.machines[name] = FakeMachine(name, task, attempt, memory)
        return StartedMachine(name, self._boot_ms / (10 if warm else 1), "tcg", warm)
