"""Micro-VMs: start, pause, snapshot, restore, destroy."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from clawdesk.domain.model import MachineId, MachineNeed, Snapshot, TaskId


@dataclass(frozen=True, slots=True)
class MachineSupport:
    """What this host can do; every text is meant for the user's eyes."""

    ready: bool
    uri: str
    accelerator: str  # "kvm" | "tcg"
    accelerator_note: str  # e.g. why KVM is not used
    versions: dict[str, str]  # {"libvirt": "9.0.0", "qemu": "7.2.22", "snapshots": "live (...)"}
    confined: bool  # QEMU runs unprivileged
    problem: str = ""  # why not ready
    mend: str = ""  # the command that mends it
    snapshots_note: str = ""  # why machines stand still longer than they could at a snapshot
    snapshots_mend: str = ""  # the command after which that is tried again


@dataclass(frozen=True, slots=True)
class MachineSpec:
    """A machine to start for one attempt of a task.

    Args:
        workspace: tar file shown to the guest as a read-only disk.
        base: the commit that tar was made of.
        layer: name of the image layer its disk begins with, "" = none.
    """

    task: TaskId
    attempt: int
    need: MachineNeed
    workspace: Path
    base: str = ""
    layer: str = ""


@dataclass(frozen=True, slots=True)
class StartedMachine:
    """`boot_ms` counts from the call to a guest whose channel can be connected."""

    machine: MachineId
    boot_ms: float
    accelerator: str
    warm: bool


@dataclass(frozen=True, slots=True)
class Layer:
    """What a set-up leaves on a machine's disk, for machines of one guest image and disk size."""

    name: str
    ready: bool


@dataclass(frozen=True, slots=True)
class OwnedMachine:
    """A running machine with our owner id, found at start.

    Args:
        base: as its MachineSpec said; of a restored one, what its snapshot's machine began with.
    """

    machine: MachineId
    task: TaskId
    attempt: int
    accelerator: str = ""
    base: str = ""


@dataclass(frozen=True, slots=True)
class SnapshotUse:
    """The disk space one snapshot occupies; files are sparse, so it is less than their length.

    Args:
        bytes: of files that it alone needs: what forgetting it frees.
        shared_bytes: of files it needs that other snapshots, machines or templates need too.
        at_ms: when it was taken; of a shared one, when the first was.
        memory: names the file with the guest's memory, which forks share; "" = not told.
        memory_bytes: of that file, shared or not.
    """

    id: str
    task: TaskId
    ordinal: int
    bytes: int
    shared_bytes: int
    at_ms: int
    memory: str = ""
    memory_bytes: int = 0


@dataclass(frozen=True, slots=True)
class ImageUse:
    """The disk space of one guest image, and what stands on it.

    Args:
        at_ms: when it was built.
        whole: False = a build of it is under way, or was cut off.
        current: this program starts machines from it.
        snapshots: how many snapshots cannot go on without it.
        machines: how many machines run on it.
    """

    id: str
    name: str
    bytes: int
    at_ms: int
    whole: bool = True
    current: bool = False
    snapshots: int = 0
    machines: int = 0

    @property
    def spare(self) -> bool:
        """Whether nothing is lost without it: it would be built again."""
        return not (self.current or self.snapshots or self.machines)


@dataclass(frozen=True, slots=True)
class DiskUse:
    """The disk space of all machine files.

    Args:
        snapshots: every snapshot, oldest first.
        snapshots_bytes: of files that any snapshot needs, each counted once; not of templates.
        machines_bytes: of files that only machines need.
        templates_bytes: of warm templates; they come back when removed.
        total_bytes: all of these, with images and layers, records, checksums and files in the
            making.
        free_bytes: what this user may still write to the file system of `home`.
        images_bytes: of guest images, also those that an older version made.
        layers_bytes: of what set-ups of images have written.
        images: each guest image, oldest first.
    """

    snapshots: tuple[SnapshotUse, ...]
    snapshots_bytes: int
    machines_bytes: int
    templates_bytes: int
    total_bytes: int
    free_bytes: int
    home: str
    images_bytes: int = 0
    layers_bytes: int = 0
    images: tuple[ImageUse, ...] = ()


class Machines(Protocol):
    """Every call may raise MachineError; each is safe to repeat."""

    async def support(self) -> MachineSupport: ...

    async def start(self, spec: MachineSpec) -> StartedMachine:
        """Boot a machine under a fresh name (from a warm template where one fits)."""
        ...

    async def find_layer(self, need: MachineNeed, digest: str) -> Layer:
        """The layer of that content for such machines.

        Args:
            digest: of everything it is made of, beside the guest image and the disk's size.
        """
        ...

    async def start_builder(self, need: MachineNeed, set_up: Path) -> StartedMachine:
        """Boot a machine that serves no task, to set a layer up in it.

        It ends with this program, and is never told by `owned` or `on_lost`.

        Args:
            set_up: tar file shown to the guest as a read-only disk.
        """
        ...

    async def keep_layer(self, machine: MachineId, layer: str, about: str) -> None:
        """End a builder whose guest has synced, and make its disk that layer. All or nothing.

        Args:
            about: what it holds, one line for a list.
        """
        ...

    async def suspend(self, machine: MachineId) -> None:
        """Stop the virtual CPUs; a suspended machine stays suspended."""
        ...

    async def resume(self, machine: MachineId) -> None: ...

    async def snapshot(self, machine: MachineId, task: TaskId, ordinal: int) -> Snapshot:
        """Live external snapshot of memory and disk.

        Raises:
            MachineError: code `no_space` when disk runs short; the machine goes on untouched.
        """
        ...

    async def restore(self, task: TaskId, attempt: int, snapshot: Snapshot) -> StartedMachine:
        """Start the snapshot under a fresh name, on a fresh overlay. The snapshot stays as it was.

        Raises:
            SnapshotDamagedError: files missing or checksum differs; nothing was started.
        """
        ...

    async def share(self, snapshot: Snapshot, task: TaskId, ordinal: int) -> Snapshot:
        """Give another task a snapshot of its own that stands on the same files; nothing is copied.

        It can be restored for that task, and outlives the first one. The same call again yields
        the same snapshot.

        Raises:
            SnapshotDamagedError: the snapshot is gone, or files of it are missing.
        """
        ...

    async def forget(self, snapshot: Snapshot) -> None:
        """Remove one snapshot; files stay as long as another snapshot or a machine needs them.

        Unknown snapshot: nothing.
        """
        ...

    async def disk_use(self) -> DiskUse:
        """How much disk machine files occupy, cheap enough for every checkpoint."""
        ...

    async def remove_images(self, ids: Collection[str]) -> tuple[ImageUse, ...]:
        """Remove those of these guest images that are still spare; returns which went.

        Raises:
            MachineError: code `busy` while one of them is built; nothing was removed.
        """
        ...

    async def destroy(self, machine: MachineId) -> None:
        """End a machine and remove what only it used; snapshots stay. Unknown machine: nothing."""
        ...

    async def discard(self, task: TaskId) -> None:
        """Remove every file of a task: snapshots, layers, workspace disk.

        Files that snapshots or machines of other tasks need stay until the last of those goes.
        """
        ...

    async def owned(self) -> list[OwnedMachine]: ...

    def on_lost(self, tell: Callable[[MachineId, str], None]) -> None:
        """Call `tell(machine, why)` (from any thread) when a machine ends without `destroy`."""
        ...

    async def close(self) -> None:
        """Let go of libvirt; running machines go on."""
        ...
