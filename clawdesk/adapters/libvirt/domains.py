"""Domains by name: define, wait, freeze, thaw, end. Blocking calls, run in the adapter's pool.

Domains are transient: everything needed to start one again stands in our own records, so when a
domain ends libvirt keeps nothing of it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import libvirt

from clawdesk.adapters.libvirt.connection import Connection, explain, is_missing
from clawdesk.adapters.libvirt.domain_xml import (
    DomainClaim,
    channel_is_open,
    claim_of,
    disk_source,
    snapshot_xml,
)
from clawdesk.adapters.libvirt.standstill import Pause, Standstill
from clawdesk.ports.errors import MachineError

_SNAPSHOT_FLAGS = (
    libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_LIVE
    | libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_NO_METADATA
    # The overlay is made before, by us: it costs no pause, and belongs to QEMU's account.
    | libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_REUSE_EXT
)
DISK_FLAGS = (
    libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY
    | libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_NO_METADATA
    | libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_REUSE_EXT
)
_EVENT_S = 2.0
_LOOK_S = 0.02
_IDLE_LOOK_S = 0.1
_IDLE_LOOKS_MAX = 30
_IDLE_SHARE = 0.15
_LOOKS_TWICE = 10_000_000
"""10.0.0: the oldest libvirt seen to do so (Ubuntu 24.04)."""
Ended = Callable[[str, int], None]
"""(machine, VIR_DOMAIN_EVENT_STOPPED detail), on libvirt's event thread."""


class Domains:
    """All domains of one connection."""

    def __init__(self, connection: Connection, ended: Ended) -> None:
        self._connection = connection
        self._ended = ended
        self.standstill = Standstill()
        connection.on_lifecycle(self._lifecycle)

    def create(self, xml: str, machine: str) -> None:
        """Start a domain; on return its channel's socket accepts connections."""
        try:
            self._connection.libvirt.createXML(xml, 0)
        except libvirt.libvirtError as error:
            raise _start_error(machine, error) from error

    def opens_to_restore(self) -> int:
        """How often libvirt opens what it restores: 9.0 once, 10.0 and 11.3 a second time."""
        return 2 if self._connection.twice(self._version) >= _LOOKS_TWICE else 1

    def _version(self) -> int:
        return int(self._connection.libvirt.getLibVersion())

    def restore(self, image: Path, machine: str) -> None:
        """Start a domain from a save image (or a FIFO that yields one)."""
        try:
            self._connection.libvirt.restoreFlags(str(image), None, libvirt.VIR_DOMAIN_SAVE_RUNNING)
        except libvirt.libvirtError as error:
            raise _start_error(machine, error) from error

    def wait_for_guest(self, machine: str, within_s: float) -> None:
        """Return once the guest's program has opened the channel.

        libvirt tells this in the domain's XML only, so it is looked up.

        Raises:
            MachineError: it ended, or did not in time (code `no_guest`).
        """
        deadline = time.monotonic() + within_s
        pause = threading.Event()
        while not channel_is_open(self._xml(machine)):
            if time.monotonic() > deadline:
                raise MachineError(
                    f"The guest did not come up within {within_s:g} s.",
                    mend="Run: clawdesk doctor",
                    code="no_guest",
                )
            pause.wait(_LOOK_S)

    def wait_until_idle(self, machine: str) -> None:
        """Return once the virtual CPUs have nothing to do, or after three seconds anyway."""
        domain = self._lookup(machine)
        pause = threading.Event()
        before_ns = domain.info()[4]
        for _ in range(_IDLE_LOOKS_MAX):
            pause.wait(_IDLE_LOOK_S)
            now_ns = domain.info()[4]
            if now_ns - before_ns < _IDLE_SHARE * _IDLE_LOOK_S * 1e9:
                return
            before_ns = now_ns

    def is_running(self, machine: str) -> bool:
        """Whether its virtual CPUs run now. Raises MachineError `gone`."""
        return bool(self._lookup(machine).state()[0] == libvirt.VIR_DOMAIN_RUNNING)

    def overlay_of(self, machine: str) -> str:
        """Path of the file its disk is written to now. Raises MachineError `gone`."""
        return disk_source(self._xml(machine), "vdb")

    def suspend(self, machine: str) -> None:
        def suspend() -> None:
            domain = self._lookup(machine)
            if domain.state()[0] != libvirt.VIR_DOMAIN_PAUSED:
                domain.suspend()

        self._connection.twice(suspend)

    def resume(self, machine: str) -> None:
        def resume() -> None:
            domain = self._lookup(machine)
            if domain.state()[0] == libvirt.VIR_DOMAIN_PAUSED:
                domain.resume()

        self._connection.twice(resume)

    def freeze(self, machine: str, memory: Path, overlay: Path) -> Pause:
        """Take a live external snapshot; from then on the machine writes to `overlay`."""
        domain = self._lookup(machine)
        was_running = self.is_running(machine)
        begun = self.standstill.begin(machine)
        domain.snapshotCreateXML(snapshot_xml(memory, overlay), _SNAPSHOT_FLAGS)
        call_ms = (time.monotonic() - begun) * 1000
        if not was_running:
            return Pause(0.0, call_ms)
        self.standstill.wait_for_resumed(machine, _EVENT_S)
        return self.standstill.pause(machine, begun, call_ms)

    def looks(self, machine: str) -> int:
        """How often QEMU looked for changed pages in the last snapshot that libvirt wrote."""
        stats = self._lookup(machine).jobStats(libvirt.VIR_DOMAIN_JOB_STATS_COMPLETED)
        return int(stats.get("memory_iteration", 0))

    def may_stand_still(self, machine: str, most_ms: int) -> None:
        """QEMU stops the guest once what is left of a live snapshot would take so long."""
        self._lookup(machine).migrateSetMaxDowntime(most_ms, 0)

    def merge_down(self, machine: str) -> None:
        """Pull everything below into the machine's overlay, while it runs; returns when done."""
        domain = self._lookup(machine)
        domain.blockPull("vdb", 0, 0)
        pause = threading.Event()
        while domain.blockJobInfo("vdb"):
            pause.wait(_LOOK_S)

    def destroy(self, machine: str) -> None:
        """End a domain; one that is gone already is no error."""
        try:
            self._connection.twice(lambda: self._connection.libvirt.lookupByName(machine).destroy())
        except libvirt.libvirtError as error:
            if not is_missing(error):
                raise MachineError(f"{machine} could not be ended: {explain(error)}") from error

    def claims(self) -> dict[str, DomainClaim]:
        """Every running domain that carries a claim of ours or of another ClawDesk."""
        found: dict[str, DomainClaim] = {}
        active = libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE
        for domain in self._connection.twice(
            lambda: self._connection.libvirt.listAllDomains(active)
        ):
            with suppress(libvirt.libvirtError):  # it may end while we ask
                claim = claim_of(domain.XMLDesc())
                if claim is not None:
                    found[domain.name()] = claim
        return found

    def _lookup(self, machine: str) -> libvirt.virDomain:
        try:
            return self._connection.libvirt.lookupByName(machine)
        except libvirt.libvirtError as error:
            if not is_missing(error):
                raise  # libvirt does not answer, which says nothing of the machine
            raise MachineError(f"There is no machine {machine} any more.", code="gone") from error

    def _xml(self, machine: str) -> str:
        text: str = self._connection.twice(lambda: self._lookup(machine).XMLDesc())
        return text

    def _lifecycle(self, machine: str, event: int, detail: int) -> None:
        self.standstill.hear(machine, event)
        if event == libvirt.VIR_DOMAIN_EVENT_STOPPED:
            self._ended(machine, detail)


def _start_error(machine: str, error: libvirt.libvirtError) -> MachineError:
    return MachineError(
        f"{machine} could not be started: {explain(error)}",
        mend="Run: clawdesk doctor",
        code="not_started",
    )
