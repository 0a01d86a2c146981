"""Machines in memory, with the promises of ports/machines.py and none of the weight.

Deterministic: names count up, times are fixed, nothing runs by itself. Faults are asked for
beforehand (`fail_next`) or made happen at once (`lose`, `damage`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

from clawdesk.domain.model import MachineId, MachineNeed, Snapshot, TaskId
from clawdesk.ports.errors import MachineError, SnapshotDamagedError
from clawdesk.ports.machines import (
    DiskUse,
    ImageUse,
    Layer,
    MachineSpec,
    MachineSupport,
    OwnedMachine,
    SnapshotUse,
    StartedMachine,
)

SNAPSHOT_BYTES = 1 << 20
"""What the files of a snapshot occupy; of a template and a machine it is the same."""


@dataclass
class FakeMachine:
    """`memory` stands for everything a guest remembers; tests read and write it."""

    name: MachineId
    task: TaskId
    attempt: int
    memory: dict[str, str] = field(default_factory=dict)
    base: str = ""
    suspended: bool = False


@dataclass(eq=False)
class _Files:
    """What stands on the disk for one moment of a machine; snapshots that share it are equal."""

    memory: dict[str, str]
    base: str
    at_ms: int
    damaged: bool = False


@dataclass
class _Kept:
    task: TaskId
    ordinal: int
    files: _Files


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
        self.free_bytes = 100 << 30
        self.images: list[ImageUse] = []
        self._boot_ms = boot_ms
        self.layers: set[str] = set()
        self._kept: dict[str, _Kept] = {}
        self._failures: dict[str, list[MachineError]] = {}
        self._tell: list[Callable[[MachineId, str], None]] = []
        self._number = count(1)
        self._moment = count(1000, 1000)
        self._started = 0

    # What tests make happen

    def fail_next(self, call: str, error: MachineError) -> None:
        """The next `call` ("start", "snapshot", "restore", ...) raises `error` and does nothing."""
        self._failures.setdefault(call, []).append(error)

    def forgive(self, call: str) -> None:
        """Failures of that call that did not happen yet will not."""
        self._failures.pop(call, None)

    def lose(self, machine: MachineId, why: str = "QEMU was killed by signal 9") -> None:
        """A machine ends by itself."""
        del self.machines[machine]
        for tell in self._tell:
            tell(machine, why)

    def damage(self, snapshot: Snapshot) -> None:
        """Its files do not match their checksum any more."""
        self._kept[snapshot.id].files.damaged = True

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
        if spec.layer and spec.layer not in self.layers:
            raise MachineError("The image layer of this task was removed.", code="no_layer")
        warm = self._started > 0
        self._started += 1
        return self._run(spec.task, spec.attempt, {}, spec.base, warm=warm)

    async def find_layer(self, need: MachineNeed, digest: str) -> Layer:
        self._begin("find_layer", digest)
        name = f"{digest[:12]}-{need.disk_mib}"
        return Layer(name, name in self.layers)

    async def start_builder(self, need: MachineNeed, set_up: Path) -> StartedMachine:
        self._begin("start_builder", "-")
        return self._run("-", 0, {}, "", warm=True)

    async def keep_layer(self, machine: MachineId, layer: str, about: str) -> None:
        self._begin("keep_layer", layer)
        self._get(machine)
        del self.machines[machine]
        self.layers.add(layer)

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
        files = _Files(dict(found.memory), found.base, at_ms=next(self._moment))
        self._kept[snapshot_id] = _Kept(task, ordinal, files)
        pause_ms = 0.0 if found.suspended else 5.0
        return Snapshot(snapshot_id, pause_ms=pause_ms, snapshot_ms=20.0, bytes=SNAPSHOT_BYTES)

    async def restore(self, task: TaskId, attempt: int, snapshot: Snapshot) -> StartedMachine:
        self._begin("restore", task)
        files = self._whole(snapshot)
        if files.damaged:
            raise SnapshotDamagedError("The snapshot is damaged.", code="damaged")
        return self._run(task, attempt, dict(files.memory), files.base, warm=True)

    async def share(self, snapshot: Snapshot, task: TaskId, ordinal: int) -> Snapshot:
        self._begin("share", snapshot.id)
        files = self._whole(snapshot)
        shared = replace(snapshot, id=f"{task}.{ordinal}.{snapshot.id.rpartition('.')[2]}")
        self._kept[shared.id] = _Kept(task, ordinal, files)
        return shared

    async def forget(self, snapshot: Snapshot) -> None:
        self._begin("forget", snapshot.id)
        self._kept.pop(snapshot.id, None)

    async def disk_use(self) -> DiskUse:
        self._begin("disk_use", "")
        named = Counter(id(kept.files) for kept in self._kept.values())
        snapshots = [
            SnapshotUse(
                id=snapshot,
                task=kept.task,
                ordinal=kept.ordinal,
                bytes=SNAPSHOT_BYTES if named[id(kept.files)] == 1 else 0,
                shared_bytes=SNAPSHOT_BYTES if named[id(kept.files)] > 1 else 0,
                at_ms=kept.files.at_ms,
                memory=str(id(kept.files)),
                memory_bytes=SNAPSHOT_BYTES,
            )
            for snapshot, kept in self._kept.items()
        ]
        parts = (
            SNAPSHOT_BYTES * len(named),
            SNAPSHOT_BYTES * len(self.machines),
            SNAPSHOT_BYTES if self._started else 0,
        )
        images = tuple(self._stood_on(image) for image in self.images)
        return DiskUse(
            tuple(sorted(snapshots, key=lambda use: use.at_ms)),
            *parts,
            total_bytes=sum(parts),
            free_bytes=self.free_bytes,
            home="/fake",
            images_bytes=sum(image.bytes for image in images),
            images=images,
        )

    def _stood_on(self, image: ImageUse) -> ImageUse:
        """All that is here was started from the one image that is current."""
        if not image.current:
            return image
        return replace(image, snapshots=len(self._kept), machines=len(self.machines))

    async def remove_images(self, ids: Collection[str]) -> tuple[ImageUse, ...]:
        self._begin("remove_images", " ".join(ids))
        gone = [image for image in self.images if image.id in ids and image.spare]
        self.images = [image for image in self.images if image not in gone]
        return tuple(gone)

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
        return [
            OwnedMachine(m.name, m.task, m.attempt, "tcg", m.base)
            for m in self.machines.values()
            if m.task != "-"
        ]

    def on_lost(self, tell: Callable[[MachineId, str], None]) -> None:
        self._tell.append(tell)

    async def close(self) -> None:
        self.closed = True

    def _begin(self, call: str, about: str) -> None:
        self.calls.append((call, about))
        waiting = self._failures.get(call)
        if waiting:
            raise waiting.pop(0)

    def _whole(self, snapshot: Snapshot) -> _Files:
        """Missing files show at once, changed ones only when they are read."""
        if snapshot.id not in self._kept:
            raise SnapshotDamagedError("The snapshot is damaged.", code="damaged")
        return self._kept[snapshot.id].files

    def _get(self, machine: MachineId) -> FakeMachine:
        if machine not in self.machines:
            raise MachineError(f"There is no machine {machine} any more.", code="gone")
        return self.machines[machine]

    def _run(
        self, task: TaskId, attempt: int, memory: dict[str, str], base: str, *, warm: bool
    ) -> StartedMachine:
        name = f"cd-{task.lower()}-{attempt}-{next(self._number):08x}"
        self.machines[name] = FakeMachine(name, task, attempt, memory, base)
        return StartedMachine(name, self._boot_ms / (10 if warm else 1), "tcg", warm)
