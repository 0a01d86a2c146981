"""A live snapshot whose memory QEMU writes into a pipe of ours.

libvirt's own call puts a program of its own between QEMU and the file, which copies all of it once
more and takes a processor for that long. Here QEMU's migration goes to a descriptor that it was
handed, and libvirt takes the disk's snapshot while the guest stands still at its end, as it does in
its own call. The file is a save image like libvirt's own. Nothing of it needs to be undone: where
writing fails, or whoever reads is gone, QEMU gives the migration up and the guest runs on.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import libvirt

from clawdesk.adapters.libvirt.checksums import Sum
from clawdesk.adapters.libvirt.connection import Connection
from clawdesk.adapters.libvirt.domain_xml import disk_snapshot_xml
from clawdesk.adapters.libvirt.domains import DISK_FLAGS, Domains
from clawdesk.adapters.libvirt.monitor import MEMORY_FILE, NEWS_S, SPEED_MIB_S, Monitor
from clawdesk.adapters.libvirt.save_image import PIPE_BYTES, SET_PIPE_SIZE, header_of
from clawdesk.adapters.libvirt.standstill import Pause
from clawdesk.adapters.libvirt.stream_file import StreamFile
from clawdesk.ports.errors import MachineError

_END_S = 10.0
_GOING = frozenset({"setup", "active", "device", "cancelling"})


@dataclass(slots=True)
class Written:
    """A memory file and what is known of it.

    Args:
        digest: of the file, as `checksums.of`.
        is_slow: whether the disk took it slower than the kernel's cache would have.
        looks: how often QEMU looked for pages that had changed meanwhile.
    """

    pause: Pause
    digest: str
    is_slow: bool
    looks: int


class PipedSnapshots:
    """Snapshots of the machines of one connection."""

    def __init__(self, connection: Connection, domains: Domains) -> None:
        self._connection = connection
        self._domains = domains

    def freeze(self, machine: str, memory: Path, overlay: Path, *, past_cache: bool) -> Written:
        """Snapshot a machine; from then on it writes to `overlay`. Blocks.

        A failure leaves the machine as it was, with the disk on `overlay` or where it was (libvirt
        knows), and no file.

        Args:
            memory: the file to make.
            past_cache: as for `StreamFile`.
        Raises:
            MachineError: QEMU refuses (`refused`) or fails; `gone` when the machine has ended.
            OSError: the file has no room or cannot be made.
            libvirt.libvirtError: libvirt refuses.
        """
        virt = self._connection.libvirt
        monitor, domain = Monitor(virt, machine), virt.lookupByName(machine)
        if monitor.do("query-block-jobs"):
            # QEMU would let the disk go at the end of the migration, beneath what works on it.
            raise MachineError("The machine's disk is being merged.", code="merging")
        was_running = self._domains.is_running(machine)
        standstill = self._domains.standstill
        begun = standstill.begin(machine)
        header = header_of(domain)
        try:
            with _received(memory, header, past_cache=past_cache) as came, monitor.told():
                came.hand_to(monitor)
                looks = _migrated(monitor, domain)
                domain.snapshotCreateXML(disk_snapshot_xml(overlay), DISK_FLAGS)
                if was_running:
                    self._domains.resume(machine)
        except BaseException:
            if was_running:
                self._go_on(machine)
            raise
        call_ms = (monotonic() - begun) * 1000
        pause = standstill.pause(machine, begun, call_ms) if was_running else Pause(0.0, call_ms)
        return Written(pause, came.digest, came.is_slow, looks)

    def _go_on(self, machine: str) -> None:
        """Whatever failed, the guest runs; nobody reads its migration any more, so that ends.

        It may be libvirt's daemon that is gone, which begins anew for this.
        """
        with suppress(MachineError, libvirt.libvirtError):  # the machine may have ended
            monitor, deadline = Monitor(self._connection.libvirt, machine), monotonic() + _END_S
            with monitor.told():
                while monitor.progress().status in _GOING and monotonic() < deadline:
                    monitor.wait_for_news(NEWS_S)
            self._domains.resume(machine)


def _migrated(monitor: Monitor, domain: libvirt.virDomain) -> int:
    """How often QEMU looked for changed pages until the guest stood still, its memory written."""
    try:
        domain.migrateSetMaxSpeed(SPEED_MIB_S, 0)
        monitor.do("migrate", uri=f"fd:{MEMORY_FILE}")
    except BaseException:
        with suppress(MachineError):
            monitor.do("closefd", fdname=MEMORY_FILE)  # refused where it was taken all the same
        raise
    while not (progress := monitor.progress()).is_over:
        monitor.wait_for_news(NEWS_S)
    if progress.status != "completed":
        why = progress.why or progress.status
        raise MachineError(f"QEMU did not write the memory: {why}", code="failed")
    return progress.looks


class _Coming:
    """A memory file that is on its way."""

    def __init__(self, writer: int) -> None:
        self._writer = writer
        self.digest = ""
        self.is_slow = False

    def hand_to(self, monitor: Monitor) -> None:
        """QEMU gets an end of the pipe of its own; ours stays open until all is over."""
        monitor.give(MEMORY_FILE, self._writer)


@contextmanager
def _received(memory: Path, header: bytes, *, past_cache: bool) -> Iterator[_Coming]:
    """While inside, what is written to the pipe goes into the file, which is whole on leaving.

    It is not durable yet. Where anything fails, inside or here, there is no file. A failure to
    write it is raised before whatever else failed because of it.
    """
    target = StreamFile(memory, past_cache=past_cache)
    try:
        total = Sum()
        reader, writer = os.pipe2(os.O_CLOEXEC)
        with suppress(OSError):  # a bigger pipe is only faster, and a user may be out of them
            fcntl.fcntl(reader, SET_PIPE_SIZE, PIPE_BYTES)
        came = _Coming(writer)
        with _moved(reader, writer, target, total):
            os.write(writer, header)
            yield came
        target.end(target.bytes)
        came.digest, came.is_slow = total.text(), target.is_slow
    except BaseException:
        memory.unlink(missing_ok=True)
        raise
    finally:
        target.close()


@contextmanager
def _moved(reader: int, writer: int, target: StreamFile, total: Sum) -> Iterator[None]:
    """While inside, a thread moves what comes through the pipe into the file."""
    given_up = threading.Event()

    def move() -> None:
        try:
            target.take(reader, total.update, given_up)
        finally:
            os.close(reader)  # where the disk is full, QEMU is told by its next write

    with ThreadPoolExecutor(1, thread_name_prefix="snapshot-receive") as pool:
        moving = pool.submit(move)
        try:
            try:
                yield
            except BaseException:
                # Whoever still writes is not waited for; a byte wakes the thread.
                given_up.set()
                with suppress(OSError):
                    os.write(writer, b"\0")
                raise
            finally:
                os.close(writer)
        except BaseException as error:
            if (failure := moving.exception()) is not None:
                raise failure from error  # a full disk is what mattered
            raise
        moving.result()
