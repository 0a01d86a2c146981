"""Micro-VMs: start, pause, snapshot, restore, destroy."""

from __future__ import annotations

from collections.abc import Callable
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


@dataclass(frozen=True, slots=True)
class MachineSpec:
    """A machine to start for one attempt of a task.

    Args:
        workspace: tar file shown to the guest as a read-only disk.
    """

    task: TaskId
    attempt: int
    need: MachineNeed
    workspace: Path


@dataclass(frozen=True, slots=True)
class StartedMachine:
    """`boot_ms` counts from the call to a guest whose channel can be connected."""

    machine: MachineId
    boot_ms: float
    accelerator: str
    warm: bool


@dataclass(frozen=True, slots=True)
class OwnedMachine:
    """A running machine with our owner id, found at start."""

    machine: MachineId
    task: TaskId
    attempt: int
    accelerator: str = ""


class Machines(Protocol):
    """Every call may raise MachineError; each is safe to repeat."""

    async def support(self) -> MachineSupport: ...

    async def start(self, spec: MachineSpec) -> StartedMachine:
        """Boot a machine under a fresh name (from a warm template where one fits)."""
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

    async def destroy(self, machine: MachineId) -> None:
        """End a machine and remove what only it used; snapshots stay. Unknown machine: nothing."""
        ...

    async def discard(self, task: TaskId) -> None:
        """Remove every file of a task: snapshots, layers, workspace disk."""
        ...

    async def owned(self) -> list[OwnedMachine]: ...

    def on_lost(self, tell: Callable[[MachineId, str], None]) -> None:
        """Call `tell(machine, why)` (from any thread) when a machine ends without `destroy`."""
        ...

    async def close(self) -> None:
        """Let go of libvirt; running machines go on."""
        ...
