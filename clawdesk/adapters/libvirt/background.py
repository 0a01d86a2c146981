"""The fast path of a machine's snapshot: the guest runs on while its memory is being written.

The guest stands still only until its disk has moved to the overlay and QEMU has write-protected
its memory (capability `background-snapshot`, which needs userfaultfd); then it runs, and every
page is saved before the guest changes it. The file is a save image like libvirt's own.

Once protected, the memory must be written to the end: QEMU 7.2 drops the protection only when it
completes, so a cancelled or failed migration leaves a guest that stops at its next write for good,
and often a QEMU that answers nothing more (seen with 7.2.22). So nothing is cancelled here, the
file's room is reserved before, and a guest caught all the same is ended rather than left to hang.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import libvirt

from clawdesk.adapters.libvirt.connection import Connection
from clawdesk.adapters.libvirt.domain_xml import disk_snapshot_xml
from clawdesk.adapters.libvirt.domains import DISK_FLAGS, Domains
from clawdesk.adapters.libvirt.monitor import MEMORY_FILE, NEWS_S, SPEED_MIB_S, Monitor, Progress
from clawdesk.adapters.libvirt.save_image import header_of
from clawdesk.adapters.libvirt.standstill import Pause
from clawdesk.ports.errors import MachineError

_log = logging.getLogger(__name__)
CAPABILITY = "background-snapshot"
_GUARD = "[userfaultfd]"
_LOOK_S = 0.02
_ANSWER_S = 30.0
"""QEMU answers within milliseconds; one that does not for so long is caught in its own snapshot."""
_STREAM_SHARE = 1 / 256
"""What QEMU's stream adds to the pages: eight bytes each, and a little."""
_STREAM_BYTES = 64 << 20


class BackgroundSnapshots:
    """Snapshots of the machines of one connection."""

    def __init__(self, connection: Connection, domains: Domains) -> None:
        self._connection = connection
        self._domains = domains

    def freeze(
        self, machine: str, memory: Path, overlay: Path, wanted: Callable[[], object]
    ) -> Pause:
        """Snapshot a running machine; returns when its memory file is whole. Blocks.

        A failure leaves the guest running, with the disk on `overlay` or still where it was
        (libvirt knows), or the machine ended. It must be given no other command meanwhile.

        Args:
            memory: the file to make.
            overlay: empty and prepared; what the guest writes to from now on.
            wanted: asked again and again; raises when the machine is being ended.
        Raises:
            MachineError: QEMU refuses or fails; `gone` when the machine has ended.
            OSError: the file has no room or cannot be made; the guest has not stood still.
            libvirt.libvirtError: libvirt refuses.
        """
        virt = self._connection.libvirt
        monitor = Monitor(virt, machine)
        domain = virt.lookupByName(machine)
        with _save_image(memory, domain) as descriptor, monitor.told():
            monitor.can(CAPABILITY, True)
            try:
                monitor.give(MEMORY_FILE, descriptor)
                return self._taken(monitor, domain, overlay, wanted)
            finally:
                # Left on, it would change libvirt's own next migration of this machine as well.
                with suppress(MachineError):
                    monitor.can(CAPABILITY, False)

    def settle(self, machine: str) -> None:
        """Make sure that no snapshot begun by an earlier process is under way or has effect.

        Raises:
            MachineError: one is still being written (`busy`), or the machine is `gone`.
        """
        monitor = Monitor(self._connection.libvirt, machine)
        if monitor.progress().status in {"setup", "active"}:
            raise MachineError("An earlier snapshot is still being written.", code="busy")
        monitor.can(CAPABILITY, False)

    def _taken(
        self,
        monitor: Monitor,
        domain: libvirt.virDomain,
        overlay: Path,
        wanted: Callable[[], object],
    ) -> Pause:
        machine = domain.name()
        standstill = self._domains.standstill
        begun = standstill.begin(machine)
        try:
            domain.migrateSetMaxSpeed(SPEED_MIB_S, 0)
            domain.suspend()
            domain.snapshotCreateXML(disk_snapshot_xml(overlay), DISK_FLAGS)
            monitor.do("migrate", uri=f"fd:{MEMORY_FILE}")
            self._let_go(monitor, domain)
        except BaseException:
            with suppress(MachineError):
                monitor.do("closefd", fdname=MEMORY_FILE)  # refused once a migration has taken it
            with suppress(libvirt.libvirtError):
                _run(domain)
            raise
        self._finish(monitor, domain, wanted)
        return standstill.pause(machine, begun, (time.monotonic() - begun) * 1000)

    def _let_go(self, monitor: Monitor, domain: libvirt.virDomain) -> None:
        """Have the guest run again, but never before its memory is protected.

        A guest that ran in between would have written to the overlay what the frozen disk lacks
        and its saved memory believes written. QEMU 7.2 starts the guest itself; a newer one puts
        it back as it was, so a page written is the sign, and the start is ours.
        """
        while not self._domains.standstill.wait_for_resumed(domain.name(), _LOOK_S):
            progress = _look(monitor, domain)
            if progress.is_over or progress.pages:
                break
        _run(domain)

    def _finish(
        self, monitor: Monitor, domain: libvirt.virDomain, wanted: Callable[[], object]
    ) -> None:
        while not (progress := _look(monitor, domain)).is_over:
            wanted()
            monitor.wait_for_news(NEWS_S)
        if progress.status == "completed":
            return
        why = progress.why or progress.status
        if self._is_caught(domain.name()):
            _end(domain, why)
            raise MachineError(f"The machine was lost in its snapshot: {why}", code="gone")
        raise MachineError(f"QEMU did not write the memory: {why}", code="failed")

    def _is_caught(self, machine: str) -> bool:
        """Whether QEMU still holds the guest's memory protected, by the descriptor it does so."""
        try:
            entries = list(Path(f"/proc/{self._connection.pid_of(machine)}/fd").iterdir())
        except OSError:
            return True  # nobody can say that it runs
        return any(_GUARD in _target(entry) for entry in entries)


@contextmanager
def _save_image(path: Path, domain: libvirt.virDomain) -> Iterator[int]:
    """A descriptor at which QEMU's stream makes a save image of the file.

    The longest stream has its room beforehand, and what it did not need is given back.
    """
    header = header_of(domain)
    memory_bytes = domain.maxMemory() * 1024
    room_bytes = len(header) + int(memory_bytes * (1 + _STREAM_SHARE)) + _STREAM_BYTES
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.posix_fallocate(descriptor, 0, room_bytes)
        os.write(descriptor, header)
        yield descriptor
        # QEMU writes at the position that this descriptor shares.
        os.ftruncate(descriptor, os.lseek(descriptor, 0, os.SEEK_CUR))
    finally:
        os.close(descriptor)


def _look(monitor: Monitor, domain: libvirt.virDomain) -> Progress:
    """How the migration goes. A QEMU that gives no answer is ended: libvirt would wait for ever."""
    unheard = threading.Timer(_ANSWER_S, _end, (domain, "QEMU does not answer"))
    unheard.start()
    try:
        return monitor.progress()
    finally:
        unheard.cancel()
        unheard.join()


def _end(domain: libvirt.virDomain, why: str) -> None:
    _log.warning("%s is ended: its memory could not be saved: %s", domain.name(), why)
    with suppress(libvirt.libvirtError):
        domain.destroy()


def _target(entry: Path) -> str:
    try:
        return str(entry.readlink())
    except OSError:
        return ""  # closed since the folder was listed


def _run(domain: libvirt.virDomain) -> None:
    if domain.state()[0] != libvirt.VIR_DOMAIN_PAUSED:
        return
    try:
        domain.resume()
    except libvirt.libvirtError:
        # QEMU may have started it between the look and the call.
        if domain.state()[0] != libvirt.VIR_DOMAIN_RUNNING:
            raise
