"""Rows M1 to M4 of performance.md: machines beside raw QEMU and bare libvirt, in one run.

"First message" is the guest's greeting on its channel in every row, measured by the same client.
"""

from __future__ import annotations

import asyncio
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from clawdesk.adapters.libvirt import disks
from clawdesk.adapters.libvirt.channel import GuestChannels
from clawdesk.adapters.libvirt.domain_xml import DomainIdentity, claim_of, renamed
from clawdesk.adapters.libvirt.machines import LibvirtMachines
from clawdesk.adapters.libvirt.records import SavedRecord
from clawdesk.adapters.libvirt.workplace import Workplace
from clawdesk.domain.model import MachineNeed
from clawdesk.ports.machines import MachineSpec
from tests.bench.rows import Row, row
from tests.support import libvirt_real as real
from tests.support.guest_qemu import QemuGuest
from tests.support.libvirt_guest import NoInference, guests_of, workspace_tar

TASK = "01JBENCH000000000000000001"


@dataclass
class Samples:
    """Milliseconds, one list a column."""

    raw: list[float] = field(default_factory=list)
    cold: list[float] = field(default_factory=list)
    warm: list[float] = field(default_factory=list)
    pause: list[float] = field(default_factory=list)
    bare_pause: list[float] = field(default_factory=list)
    call: list[float] = field(default_factory=list)
    bare_call: list[float] = field(default_factory=list)
    back: list[float] = field(default_factory=list)
    bare_back: list[float] = field(default_factory=list)


def measure(n: int) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        tar = workspace_tar(Path(folder), {"a.txt": b"a"})
        found = asyncio.run(_all(n, tar))
    yield row(
        "M1 machine, cold: start to first message",
        found.cold,
        "ms",
        beside=found.raw,
        ratio_to="raw QEMU, same kernel, image, memory",
        goal="at most 1.5 times (then 1.25)",
    )
    yield row(
        "M2 machine, warm: start to first message",
        found.warm,
        "ms",
        beside=found.cold,
        ratio_to="M1",
        goal="at most 0.25 times (then 0.15)",
    )
    yield row(
        "M3 checkpoint: the guest stands still",
        found.pause,
        "ms",
        beside=found.bare_pause,
        ratio_to="bare live external snapshot",
        goal="at most 1.5 times (then 1.2), 60 ms",
    )
    yield row(
        "M3 checkpoint: whole call",
        found.call,
        "ms",
        beside=found.bare_call,
        ratio_to="bare live external snapshot",
    )
    yield row(
        "M4 roll back: to first message, checksums verified",
        found.back,
        "ms",
        beside=found.bare_back,
        ratio_to="bare restore of the same files",
        goal="at most 1.5 times (then 1.2)",
    )


async def _all(n: int, tar: Path) -> Samples:
    found = Samples()
    async with real.real_machines("bench", warm=False) as machines, guests_of(machines) as guests:
        await machines.support()
        for _ in range(n):
            found.raw.append(await _raw())
            found.cold.append(await _started(machines, guests, tar))
    async with real.real_machines("bench") as machines, guests_of(machines) as guests:
        await machines.warm(real.NEED)
        for _ in range(n):
            found.warm.append(await _started(machines, guests, tar))
        for _ in range(n):
            await _checkpoint(machines, guests, tar, found)
    return found


async def _raw() -> float:
    """Boot by QEMU alone to the greeting."""
    with tempfile.TemporaryDirectory() as folder:
        guest = QemuGuest(real.image(), Path(folder))
        channels = GuestChannels(lambda _machine: guest.socket, NoInference())
        begun = time.monotonic()
        guest.start()
        try:
            pause = threading.Event()
            while not guest.socket.exists():
                await asyncio.to_thread(pause.wait, 0.005)
            await channels.connect("raw", token="", start=False)
            return (time.monotonic() - begun) * 1000
        finally:
            await channels.close()
            guest.close()


async def _started(machines: LibvirtMachines, guests: GuestChannels, tar: Path) -> float:
    begun = time.monotonic()
    started = await machines.start(MachineSpec(TASK, 1, _need(), tar))
    guest = await guests.connect(started.machine, token="", start=False)
    took = (time.monotonic() - begun) * 1000
    await guest.close()
    await machines.discard(TASK)
    return took


async def _checkpoint(
    machines: LibvirtMachines, guests: GuestChannels, tar: Path, found: Samples
) -> None:
    """One machine, frozen by us and bare in turn, then brought back by us and bare in turn."""
    started = await machines.start(MachineSpec(TASK, 1, _need(), tar))
    guest = await guests.connect(started.machine, token="", start=True)
    place = machines._workplace
    assert place is not None
    bare_pause, bare_call = await asyncio.to_thread(_bare_snapshot, place, started.machine)
    found.bare_pause.append(bare_pause)
    found.bare_call.append(bare_call)
    snapshot = await machines.snapshot(started.machine, TASK, 1)
    await machines.digest(snapshot)
    found.pause.append(snapshot.pause_ms)
    found.call.append(snapshot.snapshot_ms)
    await guest.close()
    await machines.destroy(started.machine)
    begun = time.monotonic()
    again = await machines.restore(TASK, 1, snapshot)
    guest = await guests.connect(again.machine, token="", start=False)
    found.back.append((time.monotonic() - begun) * 1000)
    await guest.close()
    await machines.destroy(again.machine)
    saved = place.shelf.find(snapshot.id)
    found.bare_back.append(await _bare_restore(place, saved, guests))
    await machines.discard(TASK)


def _bare_snapshot(place: Workplace, machine: str) -> tuple[float, float]:
    """libvirt's call and nothing else; the chain is told to our records afterwards."""
    from dataclasses import replace

    record = place.roster.get(machine)
    overlay = Path(record.overlay).with_name(f"{machine}-bare.qcow2")
    disks.create_overlay(overlay, Path(record.overlay))
    place.layout.give(overlay)
    memory = overlay.with_name("bare-memory")
    pause = place.domains.freeze(machine, memory, overlay)
    memory.unlink()
    layers = (*record.layers, record.overlay)
    place.roster.put(replace(record, overlay=str(overlay), layers=layers))
    return pause.pause_ms, pause.call_ms


async def _bare_restore(place: Workplace, saved: SavedRecord, guests: GuestChannels) -> float:
    """`virsh restore` of the same memory file under its own name, on an overlay made before."""
    virt = place.connection.libvirt
    overlay = Path(saved.layers[-1]).with_name("bare-restore.qcow2")
    disks.create_overlay(overlay, Path(saved.layers[-1]))
    place.layout.give(overlay)
    old = virt.saveImageGetXMLDesc(saved.memory, 0)
    claim = claim_of(old)
    assert claim is not None
    xml = renamed(old, _same(old, saved, overlay, place))
    # Somebody must collect its process at the end; that is all it has of us.
    place.watcher.expect(
        saved.machine, lambda: place.connection.pid_of(saved.machine), lambda _name, _why: None
    )
    begun = time.monotonic()
    await asyncio.to_thread(virt.restoreFlags, saved.memory, xml, 0)
    guest = await guests.connect(saved.machine, token="", start=False)
    took = (time.monotonic() - begun) * 1000
    await guest.close()
    await asyncio.to_thread(place.domains.destroy, saved.machine)
    place.layout.channel(saved.machine).unlink(missing_ok=True)
    place.connection.log_of(saved.machine).unlink(missing_ok=True)
    return took


def _same(old: str, saved: SavedRecord, overlay: Path, place: Workplace) -> DomainIdentity:
    """The identity it has already; only the overlay is another."""
    return DomainIdentity(
        name=saved.machine,
        uuid=old.split("<uuid>")[1].split("</uuid>", maxsplit=1)[0],
        owner=place.layout.owner(),
        role="probe",
        task=saved.task,
        attempt=1,
        overlay=overlay,
        workspace=Path(saved.workspace),
        channel=place.layout.channel(saved.machine),
    )


def _need() -> MachineNeed:
    return real.NEED
