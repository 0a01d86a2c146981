"""The fast path of a machine's snapshot: the guest runs on while its memory is being written.

The guest stands still only until its disk has moved to the overlay and QEMU has write-protected
its memory (capability `background-snapshot`, which needs userfaultfd); then it runs, and every
page is saved before the guest changes it. The file is a save image like libvirt's own. It decides
nothing: whether this host can do it is the probe's word, what follows a failure its caller's.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import libvirt

from clawdesk.adapters.libvirt.domain_xml import disk_snapshot_xml
from clawdesk.adapters.libvirt.domains import Domains
from clawdesk.adapters.libvirt.monitor import Monitor, Progress
from clawdesk.adapters.libvirt.save_image import pack_header
from clawdesk.adapters.libvirt.standstill import Pause
from clawdesk.ports.errors import MachineError

CAPABILITY = "background-snapshot"
_DISK_FLAGS = (
    libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY
    | libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_NO_METADATA
    | libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_REUSE_EXT
)
_XML_FLAGS = libvirt.VIR_DOMAIN_XML_MIGRATABLE | libvirt.VIR_DOMAIN_XML_SECURE
_DESCRIPTOR = "clawdesk-memory"
_LOOK_S = 0.02
_NEWS_S = 0.25
_CANCEL_S = 5.0


class BackgroundSnapshots:
    """Snapshots of the machines of one connection.

    Args:
        still_s_max: a guest that stands still for longer is let go, and the snapshot fails.
        whole_s_max: so long may the file take, while the guest runs.
    """

    def __init__(
        self,
        virt: libvirt.virConnect,
        domains: Domains,
        *,
        still_s_max: float = 3.0,
        whole_s_max: float = 60.0,
    ) -> None:
        self._virt = virt
        self._domains = domains
        self._still_s_max = still_s_max
        self._whole_s_max = whole_s_max

    def freeze(
        self, machine: str, memory: Path, overlay: Path, wanted: Callable[[], object]
    ) -> Pause:
        """Snapshot a running machine; returns when its memory file is whole. Blocks.

        A failure leaves the guest running, with the disk on `overlay` or still where it was:
        libvirt knows. The machine must not be given another command meanwhile, but may be ended.

        Args:
            memory: the file to make.
            overlay: empty and prepared; what the guest writes to from now on.
            wanted: asked again and again; raises when nobody waits for the snapshot any more.
        Raises:
            MachineError: QEMU refuses or fails; codes `refused`, `slow`, `no_space`, `gone`, ...
            libvirt.libvirtError: libvirt did.
        """
        monitor = Monitor(self._virt, machine)
        domain = self._virt.lookupByName(machine)
        with _save_image(memory, domain.XMLDesc(_XML_FLAGS)) as descriptor, monitor.told():
            monitor.can(CAPABILITY, True)
            try:
                monitor.give(_DESCRIPTOR, descriptor)
                return self._taken(monitor, domain, overlay, wanted)
            finally:
                # Left on, it would change libvirt's own next migration of this machine as well.
                with suppress(MachineError):
                    monitor.can(CAPABILITY, False)

    def _taken(
        self,
        monitor: Monitor,
        domain: libvirt.virDomain,
        overlay: Path,
        wanted: Callable[[], object],
    ) -> Pause:
        machine = domain.name()
        begun = self._domains.standstill.begin(machine)
        try:
            domain.suspend()
            domain.snapshotCreateXML(disk_snapshot_xml(overlay), _DISK_FLAGS)
            monitor.do("migrate", uri=f"fd:{_DESCRIPTOR}")
            self._let_go(monitor, domain)
            self._finish(monitor, wanted)
        except BaseException:
            _give_up(monitor, domain)
            raise
        return self._domains.standstill.pause(machine, begun, (time.monotonic() - begun) * 1000)

    def _let_go(self, monitor: Monitor, domain: libvirt.virDomain) -> None:
        """Have the guest run again, but never before its memory is protected.

        A guest that ran in between would have written to the overlay what the frozen disk lacks
        and its saved memory believes written. QEMU 7.2 starts the guest itself; a newer one puts
        it back as it was, so a page written is the sign, and the start is ours.
        """
        deadline = time.monotonic() + self._still_s_max
        while not self._domains.standstill.wait_for_resumed(domain.name(), _LOOK_S):
            progress = monitor.progress()
            if progress.is_over or progress.pages:
                break
            if time.monotonic() > deadline:
                raise MachineError(
                    f"QEMU did not protect the memory within {self._still_s_max:g} s", code="slow"
                )
        _run(domain)

    def _finish(self, monitor: Monitor, wanted: Callable[[], object]) -> None:
        deadline = time.monotonic() + self._whole_s_max
        while not (progress := monitor.progress()).is_over:
            wanted()
            if time.monotonic() > deadline:
                raise MachineError(
                    f"The memory file was not whole within {self._whole_s_max:g} s", code="slow"
                )
            monitor.wait_for_news(_NEWS_S)
        if progress.status != "completed":
            raise _failure(progress)


@contextmanager
def _save_image(path: Path, xml: str) -> Iterator[int]:
    """A descriptor at which QEMU's stream makes a save image of the file."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, pack_header(xml, b""))
        yield descriptor
    finally:
        os.close(descriptor)


def _give_up(monitor: Monitor, domain: libvirt.virDomain) -> None:
    """End the migration and have the guest run; what has ended already needs neither."""
    with suppress(MachineError):
        monitor.do("closefd", fdname=_DESCRIPTOR)  # refused once the migration has taken it
    with suppress(MachineError):
        monitor.do("migrate_cancel")
        deadline = time.monotonic() + _CANCEL_S
        while monitor.progress().status in {"setup", "active", "cancelling"}:
            if time.monotonic() > deadline:
                break
            monitor.wait_for_news(_LOOK_S)
    with suppress(libvirt.libvirtError):
        _run(domain)


def _run(domain: libvirt.virDomain) -> None:
    if domain.state()[0] != libvirt.VIR_DOMAIN_PAUSED:
        return
    try:
        domain.resume()
    except libvirt.libvirtError:
        # QEMU may have started it between the look and the call.
        if domain.state()[0] != libvirt.VIR_DOMAIN_RUNNING:
            raise


def _failure(progress: Progress) -> MachineError:
    why = progress.why or progress.status
    if "No space left" in why:
        return MachineError(
            "The snapshot's memory could not be written: the disk is full.",
            mend="Free disk space.",
            code="no_space",
        )
    return MachineError(f"QEMU did not finish the memory file: {why}", code="failed")
