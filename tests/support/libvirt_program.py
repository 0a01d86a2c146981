"""A small program over the machines adapter, for tests that kill it or run it as another user.

PLACE start TASK TAR    starts a machine, lets it remember a word, says its name, waits
PLACE adopt TASK        says what it owns and what the guest remembers, then ends all
PLACE daemon TASK TAR   the same across the death of libvirt's daemon, twice
PLACE round TASK TAR    the whole round: start, snapshot, kill, restore, end
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from clawdesk.adapters.libvirt.disks import SpaceRule
from clawdesk.adapters.libvirt.image import GuestImage
from clawdesk.adapters.libvirt.machines import LibvirtMachines
from clawdesk.adapters.libvirt.workplace import Settings
from clawdesk.domain.model import MachineNeed
from clawdesk.ports.machines import MachineSpec
from tests.support.libvirt_guest import guests_of, shell

NEED = MachineNeed(memory_mib=256, disk_mib=512)
KEEP = "echo still here > /dev/shm/word"
RECALL = "cat /dev/shm/word"


def image() -> GuestImage:
    folder = Path(os.environ["IMAGE"])
    note = json.loads((folder / "image.json").read_text())
    return GuestImage(
        name="base",
        digest=note["digest"],
        kernel=folder / "vmlinux",
        initrd=folder / "initrd",
        root=folder / "root.squashfs",
        guest_cmdline=note["cmdline"],
    )


def machines_at(place: Path) -> LibvirtMachines:
    runtime = place / "r"
    runtime.mkdir(mode=0o700, exist_ok=True)
    return LibvirtMachines(
        Settings(
            home=place / "home",
            driver=Path(os.environ.get("CLAWDESK_LIBVIRT_DIR", "/nonexistent")),
            runtime=runtime,
            find_image=lambda _name: image(),
            blank_disk=lambda _mib: Path(os.environ["BLANK"]),
            space=SpaceRule(0, 0.0),
            warm=False,
        )
    )


def say(**fields: object) -> None:
    print(json.dumps(fields), flush=True)


async def start(machines: LibvirtMachines, task: str, tar: str) -> None:
    async with guests_of(machines) as guests:
        started = await machines.start(MachineSpec(task, 1, NEED, Path(tar)))
        guest = await guests.connect(started.machine, token="", start=True)
        await shell(guest, KEEP)
        say(machine=started.machine)
        await asyncio.Event().wait()  # until we are killed


async def adopt(machines: LibvirtMachines, task: str) -> None:
    async with guests_of(machines) as guests:
        owned = await machines.owned()
        guest = await guests.connect(owned[0].machine, token="", start=False)
        say(
            owned=[[m.machine, m.task, m.attempt] for m in owned],
            remembered=await shell(guest, RECALL),
        )
    await machines.discard(task)
    say(owned=[m.machine for m in await machines.owned()])


async def whole_round(machines: LibvirtMachines, task: str, tar: str) -> None:
    lost: list[str] = []
    heard = asyncio.Event()
    loop = asyncio.get_running_loop()

    def tell(machine: str, _why: str) -> None:
        lost.append(machine)
        loop.call_soon_threadsafe(heard.set)

    machines.on_lost(tell)
    support = await machines.support()
    async with guests_of(machines) as guests:
        first = await machines.start(MachineSpec(task, 1, NEED, Path(tar)))
        guest = await guests.connect(first.machine, token="", start=True)
        await shell(guest, KEEP)
        snapshot = await machines.snapshot(first.machine, task, 1)
        await shell(guest, "echo changed > /dev/shm/word")
        await guest.close()
        os.kill(_pid_of(first.machine), signal.SIGKILL)
        await asyncio.wait_for(heard.wait(), 5)
        again = await machines.restore(task, 1, snapshot)
        guest = await guests.connect(again.machine, token="", start=False)
        remembered = await shell(guest, RECALL)
    await machines.discard(task)
    say(
        uri=support.uri,
        confined=support.confined,
        problem=support.problem,
        remembered=remembered,
        lost=lost == [first.machine],
    )


async def without_daemon(machines: LibvirtMachines, task: str, tar: str) -> None:
    """A machine runs, then stands still, while the session's daemon is killed."""
    lost: list[str] = []
    heard = asyncio.Event()
    loop = asyncio.get_running_loop()

    def tell(machine: str, _why: str) -> None:
        lost.append(machine)
        loop.call_soon_threadsafe(heard.set)

    machines.on_lost(tell)
    async with guests_of(machines) as guests:
        first = await machines.start(MachineSpec(task, 1, NEED, Path(tar)))
        guest = await guests.connect(first.machine, token="", start=True)
        await shell(guest, KEEP)
        _kill_daemon()
        while_gone = await shell(guest, RECALL)
        snapshot = await machines.snapshot(first.machine, task, 1)
        await machines.suspend(first.machine)
        _kill_daemon()
        owned = [found.machine for found in await machines.owned()]
        await machines.resume(first.machine)
        after = await shell(guest, RECALL)
        lost_by_us = list(lost)
        await guest.close()
        _kill_daemon()
        await machines.destroy(first.machine)
        again = await machines.restore(task, 1, snapshot)
        guest = await guests.connect(again.machine, token="", start=False)
        restored = await shell(guest, RECALL)
        _kill_daemon()
        os.kill(_pid_of(again.machine), signal.SIGKILL)
        await asyncio.wait_for(heard.wait(), 5)
    await machines.discard(task)
    say(
        while_gone=while_gone,
        owned=owned == [first.machine],
        after=after,
        lost=lost_by_us,
        lost_at_last=lost == [again.machine],
        restored=restored,
    )


def _kill_daemon() -> None:
    """The session's daemon of this user and this XDG_RUNTIME_DIR, by the file it wrote."""
    pidfile = Path(os.environ["XDG_RUNTIME_DIR"]) / "libvirt" / "libvirtd.pid"
    os.kill(int(pidfile.read_text()), signal.SIGKILL)


def _pid_of(machine: str) -> int:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                words = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if b"qemu-system" in words and machine.encode() in words:
                return int(folder.name)
    raise AssertionError(f"{machine} has no process")


async def main() -> None:
    place, call, *words = sys.argv[1:]
    machines = machines_at(Path(place))
    try:
        match call:
            case "start":
                await start(machines, *words)
            case "adopt":
                await adopt(machines, *words)
            case "daemon":
                await without_daemon(machines, *words)
            case "round":
                await whole_round(machines, *words)
    finally:
        await machines.close()


if __name__ == "__main__":
    asyncio.run(main())
