"""A small program over the machines adapter, for tests that kill it or run it as another user.

PLACE start TASK TAR    starts a machine, lets it remember a word, says its name, waits
PLACE adopt TASK        says what it owns and what the guest remembers, then ends all
PLACE daemon TASK TAR   the same across the death of libvirt's daemon, twice
PLACE midst TASK TAR    that daemon dies in the middle of a start, and of a snapshot
PLACE round TASK TAR    the whole round: start, snapshot, kill, restore, end
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from clawdesk.adapters.libvirt.disks import SpaceRule
from clawdesk.adapters.libvirt.image import GuestImage
from clawdesk.adapters.libvirt.machines import LibvirtMachines
from clawdesk.adapters.libvirt.workplace import Settings
from clawdesk.domain.model import MachineNeed
from clawdesk.ports.errors import MachineError
from clawdesk.ports.machines import MachineSpec
from tests.support.libvirt_guest import guests_of, shell

NEED = MachineNeed(memory_mib=256, disk_mib=512)
KEEP = "echo still here > /dev/shm/word"
RECALL = "cat /dev/shm/word"
FILL = "head -c 100000000 /dev/urandom > /dev/shm/fill"
"""So that a snapshot takes long enough to be met in its middle."""
LOOK_S = 0.002
MEETINGS_MAX = 5


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
        status = Path(f"/proc/{_pid_of(first.machine)}/status").read_text()
        os.kill(_pid_of(first.machine), signal.SIGKILL)
        await asyncio.wait_for(heard.wait(), 5)
        again = await machines.restore(task, 1, snapshot)
        guest = await guests.connect(again.machine, token="", start=False)
        remembered = await shell(guest, RECALL)
    await machines.discard(task)
    say(
        small_pages="THP_enabled:\t0" in status,
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


async def in_the_midst(machines: LibvirtMachines, task: str, tar: str) -> None:
    """What each call says, and what works afterwards, with a daemon that begins anew."""
    home = machines.settings.home
    sockets = machines.settings.runtime
    await machines.support()
    async with guests_of(machines) as guests:
        start_said = await _killed_under(
            machines.start(MachineSpec(task, 1, NEED, Path(tar))),
            lambda: any(sockets.glob("*.sock")),
        )
        left = _qemu_of(str(home))
        started = await machines.start(MachineSpec(task, 2, NEED, Path(tar)))
        guest = await guests.connect(started.machine, token="", start=True)
        await shell(guest, f"{KEEP}; {FILL}")
        memory = f"tasks/{task}/snapshots/.*/memory"
        for ordinal in range(1, MEETINGS_MAX):  # a quick one may be over before it is met
            before = set(home.glob(f"tasks/{task}/snapshots/*"))
            snapshot_said = await _killed_under(
                machines.snapshot(started.machine, task, ordinal),
                lambda: any(home.glob(memory)),
            )
            if snapshot_said:
                break
        torn = [path.name for path in home.glob(f"tasks/{task}/snapshots/*") if path not in before]
        went_on = await shell(guest, RECALL)
        snapshot = await machines.snapshot(started.machine, task, MEETINGS_MAX)
        await guest.close()
        await machines.destroy(started.machine)
        again = await machines.restore(task, 2, snapshot)
        guest = await guests.connect(again.machine, token="", start=False)
        restored = await shell(guest, RECALL)
    await machines.discard(task)
    _kill_daemon()
    theirs = Path(os.environ["XDG_RUNTIME_DIR"]) / "libvirt"
    theirs.chmod(0)  # no daemon can begin there
    gone = await machines.support()
    theirs.chmod(0o700)
    back = await machines.support()
    say(
        gone=[gone.ready, gone.problem, gone.mend],
        back=back.ready,
        start_said=start_said,
        left=left,
        snapshot_said=snapshot_said,
        torn=torn,
        went_on=went_on,
        restored=restored,
    )


async def _killed_under(call: Awaitable[object], begun: Callable[[], bool]) -> str:
    """Kill the daemon once the call has `begun`; the reason it gives, "" = it succeeded."""
    pending = asyncio.ensure_future(call)
    while not begun() and not pending.done():
        await asyncio.wait({pending}, timeout=LOOK_S)  # nobody tells of its middle
    _kill_daemon()
    try:
        await pending
    except MachineError as error:
        return error.sentence
    return ""


def _kill_daemon() -> None:
    """The session's daemon of this user and this XDG_RUNTIME_DIR, by the file it wrote."""
    pidfile = Path(os.environ["XDG_RUNTIME_DIR"]) / "libvirt" / "libvirtd.pid"
    os.kill(int(pidfile.read_text()), signal.SIGKILL)


def _pid_of(machine: str) -> int:
    for pid in _qemu_of(machine):
        return pid
    raise AssertionError(f"{machine} has no process")


def _qemu_of(word: str) -> list[int]:
    """Processes of QEMU whose command line has `word`."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                words = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if b"qemu-system" in words and word.encode() in words:
                found.append(int(folder.name))
    return found


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
            case "midst":
                await in_the_midst(machines, *words)
            case "round":
                await whole_round(machines, *words)
    finally:
        await machines.close()


if __name__ == "__main__":
    asyncio.run(main())
