"""The way in: makes the Machines adapter, or one that says what is missing.

Nothing here imports libvirt at once, so that a program without it still starts and can say so.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Protocol

from clawdesk.adapters.libvirt.image import GuestImage, find_image
from clawdesk.adapters.libvirt.image_disk import blank_disk
from clawdesk.adapters.libvirt.layout import runtime_folder
from clawdesk.adapters.libvirt.places import machine_home
from clawdesk.domain.model import MachineId, MachineNeed, Snapshot, TaskId
from clawdesk.ports.errors import MachineError
from clawdesk.ports.machines import (
    DiskUse,
    ImageUse,
    Layer,
    Machines,
    MachineSpec,
    MachineSupport,
    OwnedMachine,
    StartedMachine,
)


class ChannelledMachines(Machines, Protocol):
    """Machines whose channels can be found; what the channel's adapter is given."""

    def pids(self) -> tuple[int, ...]:
        """Process ids of our machines, to tell their memory from others'."""
        ...

    def socket_path(self, machine: MachineId) -> Path:
        """The Unix socket of a running machine's channel."""
        ...


async def open_machines(
    *,
    home: Path | None = None,
    runtime: Path | None = None,
    find: Callable[[str], GuestImage | None] = find_image,
    blank: Callable[[int], Path] = blank_disk,
    warm: bool = True,
) -> ChannelledMachines:
    """The machines of this host. Opens nothing yet; `support()` does, and never raises.

    Args:
        home: machine files, `machine_home()` by default.
        runtime: folder of the channels' sockets, `runtime_folder()` by default.
        warm: start tasks from templates, and make those in the background.
    Raises:
        MachineError: the runtime folder is not private to this user.
    """
    home = home or machine_home()
    runtime = runtime or runtime_folder()
    if not os.access(home, os.W_OK | os.X_OK):
        return AbsentMachines(
            MachineError(
                f"The folder of machine files, {home}, cannot be written; no machine can start.",
                mend="Make it a folder that you may write to, or name another one by "
                "CLAWDESK_DATA_DIR.",
                code="no_home",
            )
        )
    try:
        from clawdesk.adapters.libvirt.machines import LibvirtMachines
        from clawdesk.adapters.libvirt.workplace import Settings
    except ImportError as error:
        return AbsentMachines(
            MachineError(
                f"Python's libvirt module is missing ({error}); no machine can start.",
                mend="sudo apt-get install --no-install-recommends libvirt-daemon "
                "libvirt-daemon-driver-qemu libvirt-dev pkg-config gcc && "
                "pip install 'clawdesk[plane]'",
                code="no_libvirt",
            )
        )
    driver = Path(os.environ.get("CLAWDESK_LIBVIRT_DIR", "") or home / "embed")
    return LibvirtMachines(Settings(home, driver, runtime, find, blank, warm=warm))


class AbsentMachines:
    """Machines on a host that cannot have any: `support` says why, everything else raises it."""

    def __init__(self, why: MachineError) -> None:
        self._why = why

    async def support(self) -> MachineSupport:
        why = self._why
        return MachineSupport(False, "", "tcg", "", {}, False, why.what, why.mend)

    async def start(self, spec: MachineSpec) -> StartedMachine:
        raise self._why

    async def find_layer(self, need: MachineNeed, digest: str) -> Layer:
        raise self._why

    async def start_builder(self, need: MachineNeed, set_up: Path) -> StartedMachine:
        raise self._why

    async def keep_layer(self, machine: MachineId, layer: str, about: str) -> None:
        raise self._why

    async def suspend(self, machine: MachineId) -> None:
        raise self._why

    async def resume(self, machine: MachineId) -> None:
        raise self._why

    async def snapshot(self, machine: MachineId, task: TaskId, ordinal: int) -> Snapshot:
        raise self._why

    async def restore(self, task: TaskId, attempt: int, snapshot: Snapshot) -> StartedMachine:
        raise self._why

    async def share(self, snapshot: Snapshot, task: TaskId, ordinal: int) -> Snapshot:
        raise self._why

    async def forget(self, snapshot: Snapshot) -> None:
        """There is none to remove."""

    async def disk_use(self) -> DiskUse:
        raise self._why

    async def remove_images(self, ids: Collection[str]) -> tuple[ImageUse, ...]:
        raise self._why

    async def destroy(self, machine: MachineId) -> None:
        """There is none to end."""

    async def discard(self, task: TaskId) -> None:
        """There is nothing to remove."""

    async def owned(self) -> list[OwnedMachine]:
        return []

    def on_lost(self, tell: Callable[[MachineId, str], None]) -> None:
        """No machine, none lost."""

    def pids(self) -> tuple[int, ...]:
        return ()

    def socket_path(self, machine: MachineId) -> Path:
        raise self._why

    async def close(self) -> None:
        """Nothing is open."""
