"""Brings machines into the world, by booting or by thawing a frozen one, and takes them out.

Every machine has a fresh name, a fresh overlay and a record on disk written before it starts, so
that whatever happens its files are found again. All calls block.
"""

from __future__ import annotations

import logging
import re
import secrets
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from clawdesk.adapters.libvirt import disks
from clawdesk.adapters.libvirt.connection import Connection
from clawdesk.adapters.libvirt.domain_xml import (
    DomainIdentity,
    DomainShape,
    disk_source,
    domain_xml,
    renamed,
)
from clawdesk.adapters.libvirt.domains import Domains
from clawdesk.adapters.libvirt.layout import Layout
from clawdesk.adapters.libvirt.records import (
    MachineRecord,
    SavedRecord,
    read_machine,
    write_machine,
)
from clawdesk.adapters.libvirt.roster import Roster
from clawdesk.adapters.libvirt.save_image import fed_through
from clawdesk.adapters.libvirt.shelf import Shelf
from clawdesk.adapters.libvirt.watcher import ProcessWatcher
from clawdesk.ports.errors import MachineError, SnapshotDamagedError

_log = logging.getLogger(__name__)
_NAME = re.compile(r"cd-(?:[0-9a-z]+|-)-\d+-[0-9a-f]{8}")


@dataclass(frozen=True, slots=True)
class Purpose:
    """Whom a machine serves. `role` is "task", "template" or "probe".

    Args:
        base: the commit its workspace disk is made of; "" where it gets none of its own.
    """

    role: str
    task: str
    attempt: int
    base: str = ""


class Launcher:
    """Starts and ends machines of one connection.

    Args:
        ended: told the machine and the reason when a QEMU process is gone.
        layers_max: longest chain of disk layers a thawed machine may stand on.
    """

    def __init__(
        self,
        layout: Layout,
        connection: Connection,
        domains: Domains,
        roster: Roster,
        *,
        shelf: Shelf,
        watcher: ProcessWatcher,
        ended: Callable[[str, str], None],
        layers_max: int = 30,
    ) -> None:
        self._layout = layout
        self._connection = connection
        self._domains = domains
        self._roster = roster
        self._shelf = shelf
        self._watcher = watcher
        self._ended = ended
        self._layers_max = layers_max
        self._owner = layout.owner()

    def boot(
        self, shape: DomainShape, purpose: Purpose, *, base: Path, image: str, tar: Path | None
    ) -> MachineRecord:
        """Start a machine from its kernel; returns when QEMU runs, before the guest is up.

        Args:
            base: empty disk below its overlay.
            tar: what its workspace disk begins with.
        """
        folder = self._shelf.open_task(purpose.task)
        name = self._fresh_name(purpose)
        workspace = self.write_workspace(folder, name, tar)
        record = MachineRecord(
            machine=name,
            role=purpose.role,
            task=purpose.task,
            attempt=purpose.attempt,
            overlay=str(folder / "layers" / f"{name}.qcow2"),
            layers=(str(base),),
            workspace=str(workspace),
            accelerator=shape.accelerator,
            image=image,
            base=purpose.base,
        )
        xml = domain_xml(shape, self._identity(record))
        return self._started(record, lambda: self._domains.create(xml, name))

    def thaw(
        self,
        saved: SavedRecord,
        purpose: Purpose,
        tar: Path | None,
        check: Callable[[], object] | None = None,
    ) -> MachineRecord:
        """Start a frozen machine under a fresh name; its frozen files stay as they are.

        Args:
            tar: a workspace disk of its own begins with this; None keeps the frozen one's.
            check: raises where the frozen files are damaged. It runs while QEMU reads the memory,
                on a thread of its own; the guest runs only once it has returned.
        """
        if check is not None and len(saved.layers) >= self._layers_max:
            check()  # they are copied into one before QEMU reads anything
        folder = self._shelf.open_task(purpose.task)
        name = self._fresh_name(purpose)
        workspace = Path(saved.workspace)
        if tar is not None:
            workspace = self.write_workspace(folder, name, tar)
        record = MachineRecord(
            machine=name,
            role=purpose.role,
            task=purpose.task,
            attempt=purpose.attempt,
            overlay=str(folder / "layers" / f"{name}.qcow2"),
            layers=self._bounded(saved.layers, folder, name),
            workspace=str(workspace),
            accelerator=saved.accelerator,
            image=saved.image,
            base=saved.base if tar is None else purpose.base,
        )
        identity = self._identity(record)

        def run() -> None:
            with ThreadPoolExecutor(1, thread_name_prefix="verify") as pool:
                checked = pool.submit(check or (lambda: None))
                try:
                    self._restore(Path(saved.memory), identity, checked)
                except (MachineError, ValueError) as error:
                    checked.result()  # what is wrong with the files says more than QEMU does
                    if isinstance(error, MachineError):
                        raise
                    raise SnapshotDamagedError(
                        f"The memory file of the snapshot is not usable: {error}.",
                        mend="Go back to an earlier checkpoint, or run the task again.",
                        code="damaged",
                    ) from error

        return self._started(record, run)

    def _restore(self, memory: Path, identity: DomainIdentity, checked: Future[object]) -> None:
        fifo = self._layout.fifo(identity.name)

        def sound() -> bool:
            return checked.exception() is None

        opens = self._domains.opens_to_restore()
        with fed_through(fifo, memory, lambda xml: renamed(xml, identity), sound, opens=opens):
            self._domains.restore(fifo, identity.name)

    def write_workspace(self, folder: Path, name: str, tar: Path | None) -> Path:
        """A workspace disk that belongs to one machine and to its snapshots."""
        size = disks.workspace_bytes(tar.stat().st_size if tar is not None else 0)
        path = folder / "workspaces" / f"{name}.raw"
        disks.write_workspace(path, tar, size)
        self._layout.give(path)
        return path

    def adopt(self, record: MachineRecord) -> None:
        """Take up a machine that an earlier process of ours has started."""
        domain = self._connection.libvirt.lookupByName(record.machine)
        overlay = disk_source(domain.XMLDesc(), "vdb")
        if overlay and overlay != record.overlay:
            # The process died between a snapshot and its note: the old overlay has frozen.
            layers = (*record.layers, record.overlay)
            record = replace(record, overlay=overlay, layers=layers)
            write_machine(self._layout.machine(record.task, record.machine), record)
        self._roster.put(record)
        self._expect(record.machine)
        self._settle(record.machine)

    def end(self, machine: str) -> None:
        """Destroy a machine and remove what only it used. A machine nobody knows is no error."""
        known = self._roster.find(machine) or self._written(machine)
        if known is None:
            return
        self._roster.ending(machine)
        with self._roster.alone(machine):
            self._domains.destroy(machine)
            self._clean(self._roster.find(machine) or known)
        self._roster.forget(machine)

    def _written(self, machine: str) -> MachineRecord | None:
        """The record of a machine this process did not start."""
        if not _NAME.fullmatch(machine):
            return None
        for path in self._layout.machine_records():
            if path.stem == machine:
                try:
                    return read_machine(path)
                except ValueError:
                    path.unlink(missing_ok=True)
        return None

    def _started(self, record: MachineRecord, run: Callable[[], None]) -> MachineRecord:
        path = self._layout.machine(record.task, record.machine)
        overlay = Path(record.overlay)
        try:
            write_machine(path, record)
            disks.create_overlay(overlay, Path(record.layers[-1]))
            self._layout.give(overlay)
            self._expect(record.machine)
            run()
            self._roster.put(record)
            self._settle(record.machine)
        except BaseException as error:
            self._roster.ending(record.machine)
            self._domains.destroy(record.machine)
            self._watcher.settle(record.machine)
            self._clean(record)
            self._roster.forget(record.machine)
            if isinstance(error, OSError):
                raise disks.disk_error(f"{record.machine} could not be started", error) from error
            raise
        return record

    def _expect(self, machine: str) -> None:
        self._watcher.expect(machine, lambda: self._connection.pid_of(machine), self._ended)

    def _settle(self, machine: str) -> None:
        if not self._watcher.settle(machine):
            self._ended(machine, "QEMU ended right after its start")

    def _clean(self, record: MachineRecord) -> None:
        self._layout.channel(record.machine).unlink(missing_ok=True)
        self._layout.fifo(record.machine).unlink(missing_ok=True)
        self._connection.log_of(record.machine).unlink(missing_ok=True)
        self._shelf.drop(
            self._layout.machine(record.task, record.machine),
            (record.overlay, *record.layers, record.workspace),
        )

    def _bounded(self, layers: tuple[str, ...], folder: Path, name: str) -> tuple[str, ...]:
        """The chain itself, or one file with its content when it has grown too long."""
        if len(layers) < self._layers_max:
            return layers
        flat = folder / "layers" / f"{name}-flat.qcow2"
        try:
            disks.flatten(flat, Path(layers[-1]))
        except MachineError:
            disks.remove(flat)
            raise
        self._layout.give(flat)
        return (str(flat),)

    def _fresh_name(self, purpose: Purpose) -> str:
        return f"cd-{purpose.task.lower()}-{purpose.attempt}-{secrets.token_hex(4)}"

    def _identity(self, record: MachineRecord) -> DomainIdentity:
        return DomainIdentity(
            name=record.machine,
            uuid=str(uuid.uuid4()),
            owner=self._owner,
            role=record.role,
            task=record.task,
            attempt=record.attempt,
            overlay=Path(record.overlay),
            workspace=Path(record.workspace),
            channel=self._layout.channel(record.machine),
        )
