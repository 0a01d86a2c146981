"""Freezes machines: takes live external snapshots, seals and verifies them, bounds their chains.

A snapshot is two immutable files, memory and the disk layer that froze with it, plus a record.
Checksums are made off the pause path and compared before every use. All calls block.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import libvirt

from clawdesk.adapters.host import boot_id
from clawdesk.adapters.libvirt import disks
from clawdesk.adapters.libvirt.capture import Capture, Taken
from clawdesk.adapters.libvirt.connection import explain
from clawdesk.adapters.libvirt.domain_xml import image_files
from clawdesk.adapters.libvirt.domains import Domains
from clawdesk.adapters.libvirt.layout import MEMORY, RECORD, Layout
from clawdesk.adapters.libvirt.records import (
    SavedRecord,
    read_saved,
    write_machine,
    write_saved,
)
from clawdesk.adapters.libvirt.roster import Roster
from clawdesk.adapters.libvirt.save_image import read_header
from clawdesk.adapters.libvirt.sealing import Later, Sealer
from clawdesk.adapters.libvirt.shelf import Shelf, expect_files
from clawdesk.adapters.libvirt.standstill import Pause
from clawdesk.ports.errors import MachineError, SnapshotDamagedError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Frozen:
    """A snapshot just taken."""

    saved: SavedRecord
    pause: Pause


class Freezer:
    """Snapshots of the machines of one connection.

    Args:
        later: runs a call in the background, one at a time.
        sealing: the same for checksums, on a thread that may wait.
        capture: how the memory and the disk of a machine are frozen.
        layers_max: a running machine on a longer chain gets it merged into its overlay.
    """

    def __init__(
        self,
        layout: Layout,
        domains: Domains,
        roster: Roster,
        later: Later,
        sealing: Later,
        *,
        shelf: Shelf,
        capture: Capture,
        qemu: str,
        space: disks.SpaceRule,
        layers_max: int = 30,
    ) -> None:
        self._layout = layout
        self._domains = domains
        self._roster = roster
        self._later = later
        self._shelf = shelf
        self._capture = capture
        self._qemu = qemu
        self._space = space
        self._layers_max = layers_max
        self.sealer = Sealer(self._settle, sealing)

    def snapshot(self, machine: str, task: str, ordinal: int) -> Frozen:
        """Freeze a task's machine, which goes on. Raises MachineError, e.g. `no_space`."""
        snapshot_id = f"{task}.{ordinal}.{secrets.token_hex(4)}"
        folder = self._layout.snapshot(snapshot_id)
        with self._roster.alone(machine):
            frozen = self.freeze(machine, folder, snapshot_id, task=task, ordinal=ordinal)
        self.sealer.add(frozen.saved)
        if len(frozen.saved.layers) >= self._layers_max:
            self._later(lambda: self._merge(machine))
        return frozen

    def freeze(
        self, machine: str, folder: Path, saved_id: str, *, task: str, ordinal: int
    ) -> Frozen:
        """Freeze a machine into a folder that appears complete or not at all."""
        record = self._roster.get(machine)
        self._space.check(self._layout.home)
        part = _part(folder)
        try:
            part.mkdir(mode=0o700, parents=True)
            self._layout.give(part)
            taken = self._capture.take(record, part / MEMORY)
            saved = self._saved(taken, folder, saved_id, task=task, ordinal=ordinal)
            write_saved(part / RECORD, saved)
            part.rename(folder)
        except (OSError, MachineError, libvirt.libvirtError) as error:
            shutil.rmtree(part, ignore_errors=True)
            raise _snapshot_error(machine, error) from error
        return Frozen(saved, taken.pause)

    def seal(self, saved: SavedRecord) -> str:
        """Checksum every file of a snapshot; returns one digest over all of them."""
        return _total([disks.seal(Path(path), _known(saved, path)) for path in sorted(saved.sizes)])

    def take_up(self) -> None:
        """Seal what a process that died had not sealed yet."""
        here = boot_id()
        for path in self._layout.saved_records():
            try:
                saved = read_saved(path)
            except (OSError, ValueError):
                continue  # whoever wants to restore it is told
            if saved.boot == here:
                self.sealer.add(saved, at_rest=True)

    def _settle(self, saved: SavedRecord) -> None:
        try:
            self.seal(saved)
        except OSError as error:
            _log.info("snapshot %s has no checksum: %s", saved.id, error)

    def verify(self, saved: SavedRecord) -> str:
        """Compare every file with its checksum. Raises SnapshotDamagedError; see `disks.verify`."""
        expect_files(saved)
        here = saved.boot in {"", boot_id()}
        digest = _total(
            [
                disks.verify(Path(path), size, here=here, known=_known(saved, path))
                for path, size in sorted(saved.sizes.items())
            ]
        )
        if not _has_its_image(Path(saved.memory)):
            raise SnapshotDamagedError(
                "The snapshot is damaged: the guest image its machine runs on was removed.",
                mend="Run the task again.",
                code="damaged",
            )
        return digest

    def _saved(
        self, taken: Taken, folder: Path, saved_id: str, *, task: str, ordinal: int
    ) -> SavedRecord:
        record = taken.record
        memory = _part(folder) / MEMORY
        for path in (memory, Path(record.layers[-1])):
            path.chmod(0o440)
        sizes = {path: Path(path).stat().st_size for path in record.layers}
        sizes[str(folder / MEMORY)] = memory.stat().st_size
        return SavedRecord(
            id=saved_id,
            task=task,
            ordinal=ordinal,
            machine=record.machine,
            memory=str(folder / MEMORY),
            layers=record.layers,
            workspace=record.workspace,
            sizes=sizes,
            accelerator=record.accelerator,
            image=record.image,
            qemu=self._qemu,
            base=record.base,
            boot=boot_id(),
            memory_sum=taken.memory_sum,
        )

    def _merge(self, machine: str) -> None:
        """Pull a long chain into the running machine's overlay; failing that, it stays long."""
        try:
            with self._roster.alone(machine):
                record = self._roster.get(machine)
                self._domains.merge_down(machine)
                merged = replace(record, layers=())
                self._roster.put(merged)
                write_machine(self._layout.machine(record.task, machine), merged)
            self._shelf.collect(record.layers)
        except (MachineError, OSError, libvirt.libvirtError) as error:
            _log.info("%s keeps its long chain of disk layers: %s", machine, error)


def _known(saved: SavedRecord, path: str) -> str:
    """The checksum of one of its files where whoever wrote it knows, else ""."""
    return saved.memory_sum if path == saved.memory else ""


def _has_its_image(memory: Path) -> bool:
    """A newer image does not replace the one a machine was started from; that one is still read."""
    try:
        xml = read_header(memory).xml
    except ValueError:
        return True  # Whoever thaws it says what is wrong with the file.
    return all(path.exists() for path in image_files(xml))


def _part(folder: Path) -> Path:
    """Where a snapshot's folder is filled before it appears."""
    return folder.with_name(f".{folder.name}.part")


def _total(digests: list[str]) -> str:
    return hashlib.sha256(" ".join(digests).encode()).hexdigest()


def _snapshot_error(machine: str, error: Exception) -> MachineError:
    if isinstance(error, MachineError):
        return error
    if isinstance(error, OSError):
        return disks.disk_error(f"The snapshot of {machine} could not be written", error)
    assert isinstance(error, libvirt.libvirtError)
    words = explain(error)
    full = "No space left" in words
    return MachineError(
        f"The snapshot of {machine} failed: {words}.",
        mend="Free disk space." if full else "",
        code="no_space" if full else "snapshot_failed",
    )
