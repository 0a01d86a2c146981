"""M1 to M4: machines started, warmed, frozen and thawed, beside QEMU and libvirt alone.

The bare calls use the same files and the same connection; ours and theirs take turns, so that both
meet the same noise.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import libvirt

from clawdesk.adapters.libvirt import disks
from clawdesk.adapters.libvirt.domain_xml import DomainIdentity, renamed, snapshot_xml
from clawdesk.adapters.libvirt.image import find_image
from clawdesk.adapters.libvirt.image_disk import blank_disk
from clawdesk.adapters.libvirt.machines import LibvirtMachines
from clawdesk.adapters.libvirt.opening import open_machines
from clawdesk.adapters.libvirt.workplace import Workplace
from clawdesk.domain.model import MachineNeed
from clawdesk.ports.machines import MachineSpec
from tests.bench import raw_qemu
from tests.bench.rows import Row, row

NEED = MachineNeed(memory_mib=256, disk_mib=512)
BARE_FLAGS = (
    libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_LIVE
    | libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_NO_METADATA
    | libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_REUSE_EXT
)


def measure(n: int) -> Iterator[Row]:
    """All four rows; needs the guest image (`clawdesk images build base`)."""
    yield from asyncio.run(_measure(n))


@asynccontextmanager
async def machines() -> AsyncIterator[tuple[LibvirtMachines, Workplace, Path]]:
    """An adapter with a home of its own, which disappears with it. One a process: libvirt's
    embedded driver keeps the first directory it was given."""
    home = Path(tempfile.mkdtemp(prefix="cdb-"))
    home.chmod(0o711)
    (home / "r").mkdir(mode=0o711)
    ours = await open_machines(home=home, runtime=home / "r")
    assert isinstance(ours, LibvirtMachines)
    try:
        yield ours, await ours._use(), home
        for left in await ours.owned():
            await ours.destroy(left.machine)
    finally:
        await ours.close()
        shutil.rmtree(home, ignore_errors=True)


def use_templates(ours: LibvirtMachines, wanted: bool) -> None:
    ours.settings = replace(ours.settings, warm=wanted)


def spec(home: Path, number: int) -> MachineSpec:
    """A task of its own for each sample, with an empty workspace."""
    tar = home / "workspace.tar"
    tar.write_bytes(bytes(10240))
    return MachineSpec(task=f"B{number:025}", attempt=1, need=NEED, workspace=tar)


async def _measure(n: int) -> list[Row]:
    cold, raw, warm = [], [], []
    async with machines() as (ours, place, home):
        use_templates(ours, False)
        support = await ours.support()
        image = find_image("base")
        if image is None or not support.ready:
            raise RuntimeError(support.problem or "the guest image is not built")
        for number in range(n):
            started = await ours.start(spec(home, number))
            cold.append(started.boot_ms)
            await ours.discard(spec(home, number).task)
            folder = home / f"raw{number}"
            raw.append(
                await asyncio.to_thread(
                    raw_qemu.boot_ms,
                    image,
                    folder,
                    blank_disk(NEED.disk_mib),
                    memory_mib=NEED.memory_mib,
                    accelerator=support.accelerator,
                )
            )
        frozen = await _freezing(n, ours, place, home)
        use_templates(ours, True)
        await ours.warm(NEED)
        for number in range(n):
            started = await ours.start(spec(home, number))
            assert started.warm, "the template was not used"
            warm.append(started.boot_ms)
            await ours.discard(spec(home, number).task)
    first = row("M1 machine, cold", cold, "ms", beside=raw, ratio_to="raw QEMU", goal="<= 1.5")
    second = row("M2 machine, warm", warm, "ms", beside=cold, ratio_to="M1", goal="<= 0.25")
    return [first, second, *frozen]


class Clock:
    """When a machine's CPUs stopped and went on, by libvirt's events."""

    def __init__(self, place: Workplace) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopped = 0.0
        self._pauses: asyncio.Queue[float] = asyncio.Queue()
        place.connection.on_lifecycle(self._tell)

    def _tell(self, machine: str, event: int, detail: int) -> None:
        now = time.monotonic()
        if event == libvirt.VIR_DOMAIN_EVENT_SUSPENDED:
            self._stopped = now
        elif event == libvirt.VIR_DOMAIN_EVENT_RESUMED:
            pause_ms = (now - self._stopped) * 1000
            self._loop.call_soon_threadsafe(self._pauses.put_nowait, pause_ms)

    async def pause_ms(self) -> float:
        return await self._pauses.get()


async def _freezing(n: int, ours: LibvirtMachines, place: Workplace, home: Path) -> list[Row]:
    pauses, bare_pauses, thaws, bare_thaws = [], [], [], []
    clock = Clock(place)
    for number in range(n):
        task = spec(home, 100 + number).task
        machine = (await ours.start(spec(home, 100 + number))).machine
        saved = await ours.snapshot(machine, task, 1)
        pauses.append(saved.pause_ms)
        await clock.pause_ms()
        await ours.digest(saved)  # so that no checksum is made while the next call is timed
        domain = place.connection.libvirt.lookupByName(machine)
        folder = place.layout.task(task) / "layers"
        # Made beforehand, because QEMU's account may not make files here.
        disks.create_overlay(folder / "bare.qcow2", Path(place.roster.get(machine).overlay))
        place.layout.give(folder / "bare.qcow2")
        xml = snapshot_xml(folder / "bare-memory", folder / "bare.qcow2")
        await asyncio.to_thread(domain.snapshotCreateXML, xml, BARE_FLAGS)
        bare_pauses.append(await clock.pause_ms())
        await ours.destroy(machine)
        began = time.monotonic()
        again = await ours.restore(task, 1, saved)
        thaws.append((time.monotonic() - began) * 1000)
        await ours.destroy(again.machine)
        record = place.freezer.find(saved.id)
        thaw = _bare_thaw(place, task, Path(record.memory), record.layers[-1], record.workspace)
        bare_thaws.append(await asyncio.to_thread(thaw))
        await ours.discard(task)
    return [
        row(
            "M3 checkpoint, guest stands still",
            pauses,
            "ms",
            beside=bare_pauses,
            ratio_to="bare live external snapshot",
            goal="<= 1.5",
        ),
        row(
            "M4 roll back",
            thaws,
            "ms",
            beside=bare_thaws,
            ratio_to="bare restore of the same files",
            goal="<= 1.5",
        ),
    ]


def _bare_thaw(
    place: Workplace, task: str, memory: Path, layer: str, workspace: str
) -> Callable[[], float]:
    """A restore by libvirt alone, with everything it needs prepared beforehand."""
    virt = place.connection.libvirt
    overlay = place.layout.task(task) / "layers" / "bare-thaw.qcow2"
    disks.create_overlay(overlay, Path(layer))
    place.layout.give(overlay)
    saved = virt.saveImageGetXMLDesc(str(memory), 0)
    # Libvirt alone cannot give a saved domain another name.
    name, domain_uuid = (
        str(ElementTree.fromstring(saved).findtext(tag)) for tag in ("name", "uuid")
    )
    identity = DomainIdentity(
        name=name,
        uuid=domain_uuid,
        owner=place.layout.owner(),
        role="probe",
        task=task,
        attempt=1,
        overlay=overlay,
        workspace=Path(workspace),
        channel=place.layout.channel(name),
    )
    xml = renamed(saved, identity)

    def thaw() -> float:
        began = time.monotonic()
        virt.restoreFlags(str(memory), xml, libvirt.VIR_DOMAIN_SAVE_RUNNING)
        took_ms = (time.monotonic() - began) * 1000
        virt.lookupByName(name).destroy()
        return took_ms

    return thaw
