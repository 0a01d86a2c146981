"""Image layers: disks that a set-up has written to, kept for machines that begin with them.

    HOME/layers/NAME.GENERATION/disk.qcow2   the disk, alone: what it was made on is merged into it
    HOME/layers/NAME.GENERATION/about        what was put into it, one line

A layer is what strangers' programs have written, so nothing here looks inside: no file system of it
is ever mounted or mended on the host. It appears whole or not at all, and one that is built again
has another path: a template made on the first never meets the second. All calls block.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
from pathlib import Path

from clawdesk.adapters.libvirt import disks
from clawdesk.adapters.libvirt.domains import Domains
from clawdesk.adapters.libvirt.image import GuestImage
from clawdesk.adapters.libvirt.kept_layers import ABOUT, DISK
from clawdesk.adapters.libvirt.launch import Launcher
from clawdesk.adapters.libvirt.layout import Layout
from clawdesk.adapters.libvirt.records import durable
from clawdesk.adapters.libvirt.roster import Roster
from clawdesk.ports.errors import MachineError
from clawdesk.ports.machines import Layer


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
        return Layer(name, bool(self._built(name)))

    def disk(self, name: str) -> Path:
        """Its disk. Raises MachineError `no_layer`."""
        built = self._built(name)
        if not built:
            raise MachineError(
                "The image layer of this task was removed meanwhile.",
                mend="Run the task again; the layer is built anew.",
                code="no_layer",
            )
        return built[-1]

    def keep(self, machine: str, name: str, about: str) -> None:
        """End a machine; its disk becomes the layer. Raises MachineError, OSError."""
        folder = self._layout.layers() / f"{name}.{secrets.token_hex(4)}"
        part = folder.with_name(f".{folder.name}.part")
        try:
            with self._roster.alone(machine):
                record = self._roster.get(machine)
                self._roster.ending(machine)
                self._domains.destroy(machine)
                part.mkdir(mode=0o700)
                disks.flatten(part / DISK, Path(record.overlay))
            (part / DISK).chmod(0o440)
            disks.seal(part / DISK)
            durable(part / ABOUT, about)
            for path in (part, part / DISK):
                self._layout.give(path)
            part.rename(folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)
            self._launcher.end(machine)

    def sweep(self) -> None:
        """Remove what an earlier process had only begun."""
        for part in self._layout.layers().glob(".*.part"):
            shutil.rmtree(part, ignore_errors=True)

    def _built(self, name: str) -> list[Path]:
        """Its disks, of which the last is used: two projects may have built it at once."""
        return sorted(self._layout.layers().glob(f"{name}.*/{DISK}"))
