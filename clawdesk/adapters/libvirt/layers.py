"""Image layers: disks that a set-up has written to, kept for machines that begin with them.

    HOME/layers/NAME/disk.qcow2        the disk, alone: whatever it was made on is merged into it

A layer is what strangers' programs have written, so nothing here looks inside: no file system of it
is ever mounted or mended on the host. It appears whole or not at all. All calls block.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from clawdesk.adapters.libvirt import disks
from clawdesk.adapters.libvirt.domains import Domains
from clawdesk.adapters.libvirt.image import GuestImage
from clawdesk.adapters.libvirt.launch import Launcher
from clawdesk.adapters.libvirt.layout import Layout
from clawdesk.adapters.libvirt.roster import Roster
from clawdesk.ports.errors import MachineError
from clawdesk.ports.machines import Layer

_DISK = "disk.qcow2"


class Layers:
    """Layers of one home."""

    def __init__(
        self, layout: Layout, launcher: Launcher, domains: Domains, roster: Roster
    ) -> None:
        self._layout = layout
        self._launcher = launcher
        self._domains = domains
        self._roster = roster

    def find(self, image: GuestImage, disk_mib: int, digest: str) -> Layer:
        """The layer of that content on that image and a disk of that size."""
        told = f"{image.digest} {disk_mib} {digest}"
        name = hashlib.sha256(told.encode()).hexdigest()[:24]
        return Layer(name, self._path(name).exists())

    def disk(self, name: str) -> Path:
        """Its disk. Raises MachineError `no_layer`."""
        path = self._path(name)
        if not path.exists():
            raise MachineError(
                "The image layer of this task was removed meanwhile.",
                mend="Run the task again; the layer is built anew.",
                code="no_layer",
            )
        return path

    def keep(self, machine: str, name: str) -> None:
        """End a machine; its disk becomes the layer. Raises MachineError, OSError."""
        folder = self._path(name).parent
        part = folder.with_name(f".{name}.{machine}.part")
        try:
            with self._roster.alone(machine):
                record = self._roster.get(machine)
                self._roster.ending(machine)
                self._domains.destroy(machine)
                part.mkdir(mode=0o700)
                disks.flatten(part / _DISK, Path(record.overlay))
            (part / _DISK).chmod(0o440)
            disks.seal(part / _DISK)
            for path in (part, part / _DISK):
                self._layout.give(path)
            if not folder.exists():
                part.rename(folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)
            self._launcher.end(machine)

    def sweep(self) -> None:
        """Remove what an earlier process had only begun."""
        for part in self._layout.layers().glob(".*.part"):
            shutil.rmtree(part, ignore_errors=True)

    def _path(self, name: str) -> Path:
        return self._layout.layers() / name / _DISK
