"""The fast path of snapshots on real machines: proven, refused, interrupted.

QEMU needs userfaultfd, which most kernels keep from unprivileged accounts. That is a setting of the
whole host, so no test touches it unasked: those that need it run where vm.unprivileged_userfaultfd
is 1 already, or where CLAWDESK_TEST_USERFAULTFD=1 lets root set it for their time. The refusal is
tested everywhere else.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import secrets
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clawdesk.adapters.libvirt import background
from clawdesk.adapters.libvirt.background import BackgroundSnapshots
from clawdesk.adapters.libvirt.background_choice import OPEN_SETTING, SWITCH
from clawdesk.adapters.libvirt.background_probe import BackgroundProbe
from clawdesk.adapters.libvirt.channel import GuestChannels
from clawdesk.adapters.libvirt.layout import RECORD
from clawdesk.adapters.libvirt.machines import LibvirtMachines
from clawdesk.adapters.libvirt.monitor import Monitor, Progress
from clawdesk.adapters.libvirt.records import read_saved
from clawdesk.adapters.libvirt.standstill import Pause
from clawdesk.adapters.libvirt.workplace import Workplace
from clawdesk.domain.model import Snapshot
from clawdesk.ports.errors import MachineError
from clawdesk.ports.machines import MachineSpec
from tests.support import libvirt_real as real
from tests.support.libvirt_guest import guests_of, shell, workspace_tar

# A setting of the whole host: what runs beside would snapshot another way.
pytestmark = [pytest.mark.e2e, pytest.mark.alone]
TASK = "01JBACKGRN0000000000000001"
SETTING = Path("/proc/sys/vm/unprivileged_userfaultfd")
ALLOWED = "CLAWDESK_TEST_USERFAULTFD"
FRESH_NONCE = (
    "head -c 16 /dev/urandom | od -An -tx1 > /dev/shm/nonce; "
    "head -c 100000 /dev/urandom > secret.bin; sync; cat /dev/shm/nonce; sha256sum secret.bin"
)
RECALL = "cat /dev/shm/nonce; sha256sum secret.bin"
# Grows by one line at every turn, in a file and in memory; a torn snapshot shows as a difference.
BUSY = (
    "setsid sh -c 'n=0; while :; do n=$((n+1)); echo $n >> /dev/shm/count; echo $n >> count; "
    "done' < /dev/null > /dev/null 2>&1 & echo $! > /dev/shm/pid"
)
STILL_COUNTS = (
    "kill -0 $(cat /dev/shm/pid); a=$(wc -l < count); while [ $(wc -l < count) -le $a ]; do :; "
    "done; kill $(cat /dev/shm/pid); d=$(($(wc -l < /dev/shm/count) - $(wc -l < count))); "
    "test $d -ge 0 && test $d -le 1; awk '$1 != NR { exit 1 }' count && echo whole"
)


@pytest.fixture(scope="module")
def tar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return workspace_tar(tmp_path_factory.mktemp("work"), {"hello.txt": b"hello\n"})


@pytest.fixture(autouse=True)
def _for_emulated_machines_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, "on")


@pytest.fixture
def userfaultfd() -> Iterator[None]:
    """Open to QEMU's account while inside."""
    before = SETTING.read_text()
    if before.strip() == "1":
        yield
        return
    if os.environ.get(ALLOWED) != "1":
        pytest.skip(f"{SETTING} is {before.strip()}; {ALLOWED}=1 lets root's tests set it to 1")
    SETTING.write_text("1\n")
    try:
        yield
    finally:
        SETTING.write_text(before)


@asynccontextmanager
async def machines_at(home: str) -> AsyncIterator[tuple[LibvirtMachines, Workplace]]:
    async with real.real_machines(home, warm=False) as machines:
        await machines.support()
        place = machines._workplace
        assert place is not None
        yield machines, place


async def proven(place: Workplace) -> bool:
    """What the probe says of a machine as the tests use them."""
    image = place.image("base")
    plan = place.blueprint(real.NEED, image, place.acceleration(image).name)
    return await asyncio.to_thread(place.prove_background, plan)


def quickly(place: Workplace) -> None:
    """Have the fast path taken as if a probe had passed."""
    place.capture._may_hurry = lambda _accelerator: True


async def started(machines: LibvirtMachines, guests: GuestChannels, tar: Path) -> tuple[str, Any]:
    machine = await machines.start(MachineSpec(TASK, 1, real.NEED, tar))
    return machine.machine, await guests.connect(machine.machine, token="", start=True)


async def restored(
    machines: LibvirtMachines, guests: GuestChannels, snapshot: Snapshot
) -> tuple[str, Any]:
    machine = await machines.restore(TASK, 1, snapshot)
    return machine.machine, await guests.connect(machine.machine, token="", start=False)


def is_background(machines: LibvirtMachines, snapshot: Snapshot) -> bool:
    """Whether the memory was written by the fast path: a live one is summed as it comes."""
    folder = machines.settings.home / "tasks" / TASK / "snapshots" / snapshot.id
    return read_saved(folder / RECORD).memory_sum == ""


def left_over(machines: LibvirtMachines) -> list[str]:
    task = machines.settings.home / "tasks" / TASK
    return [path.name for path in task.glob("snapshots/.*")]


async def test_the_probe_passes_with_userfaultfd_and_is_remembered(
    userfaultfd: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with machines_at("bgyes") as (machines, place):
        assert "not tried yet" in (await machines.support()).versions["snapshots"]
        assert await proven(place)
        assert (await machines.support()).versions["snapshots"] == "background"
    with monkeypatch.context() as patch:
        patch.setattr(BackgroundProbe, "run", lambda *_: pytest.fail("probed again"))
        async with machines_at("bgyes") as (_machines, place):
            assert await proven(place)


@pytest.mark.skipif(SETTING.read_text().strip() != "0", reason="userfaultfd is open to all here")
async def test_without_userfaultfd_the_probe_refuses_and_snapshots_are_live(tar: Path) -> None:
    async with machines_at("bgno") as (machines, place), guests_of(machines) as guests:
        assert not await proven(place)
        support = await machines.support()
        assert support.versions["snapshots"].startswith("live (background refused: QEMU refuses")
        assert "userfaultfd" in support.snapshots_note
        assert support.snapshots_mend == OPEN_SETTING
        machine, guest = await started(machines, guests, tar)
        remembered = await shell(guest, FRESH_NONCE)
        snapshot = await machines.snapshot(machine, TASK, 1)
        assert not is_background(machines, snapshot)
        await guest.close()
        await machines.destroy(machine)
        _machine, guest = await restored(machines, guests, snapshot)
        assert await shell(guest, RECALL) == remembered


@pytest.mark.parametrize("victim", ["snapshotted", "restored"])
async def test_a_guest_that_hangs_afterwards_makes_the_probe_refuse(
    userfaultfd: None, victim: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with machines_at(f"bg{victim}") as (machines, place):
        monkeypatch.setattr("clawdesk.adapters.libvirt.background_probe.ALIVE_S", 3.0)
        if victim == "snapshotted":
            whole = BackgroundSnapshots.freeze

            def freeze(self: BackgroundSnapshots, machine: str, *words: Any) -> Pause:
                pause = whole(self, machine, *words)
                place.domains.suspend(machine)
                return pause

            monkeypatch.setattr(BackgroundSnapshots, "freeze", freeze)
        else:
            restore = place.domains.restore

            def hang(image: Path, machine: str) -> None:
                restore(image, machine)
                if probing:
                    place.domains.suspend(machine)
                probing.append(machine)

            probing: list[str] = []
            image = place.image("base")
            plan = place.blueprint(real.NEED, image, place.acceleration(image).name)
            await asyncio.to_thread(place.templates.make, plan)
            monkeypatch.setattr(place.domains, "restore", hang)
        assert not await proven(place)
        assert "hangs" in (await machines.support()).versions["snapshots"]
        assert real.qemu_processes(machines.settings) == []


async def test_roll_backs_in_any_order_find_files_memory_and_processes(
    userfaultfd: None, tar: Path
) -> None:
    async with machines_at("bg") as (machines, place), guests_of(machines) as guests:
        quickly(place)
        machine, guest = await started(machines, guests, tar)
        await shell(guest, BUSY)
        taken: list[tuple[Snapshot, str]] = []
        for ordinal in (1, 2, 3):
            remembered = await shell(guest, FRESH_NONCE)
            taken.append((await machines.snapshot(machine, TASK, ordinal), remembered))
            assert await shell(guest, FRESH_NONCE) != remembered
        assert all(is_background(machines, snapshot) for snapshot, _ in taken)
        for number in (0, 2, 1, 0):
            snapshot, remembered = taken[number]
            await guest.close()
            await machines.destroy(machine)
            machine, guest = await restored(machines, guests, snapshot)
            assert await shell(guest, RECALL) == remembered
            assert await shell(guest, STILL_COUNTS) == "whole"


async def test_a_suspended_machine_stays_suspended(userfaultfd: None, tar: Path) -> None:
    async with machines_at("bg") as (machines, place), guests_of(machines) as guests:
        quickly(place)
        machine, guest = await started(machines, guests, tar)
        await machines.suspend(machine)
        snapshot = await machines.snapshot(machine, TASK, 1)
        assert snapshot.pause_ms == 0
        assert not place.domains.is_running(machine)
        await machines.resume(machine)
        assert await shell(guest, "cat hello.txt") == "hello"


def _giving(opened: Callable[[], tuple[int, ...]]) -> Callable[[Monitor, str, int], None]:
    """Hands QEMU another file than the memory's."""
    give = Monitor.give

    def other(self: Monitor, name: str, _descriptor: int) -> None:
        descriptors = opened()
        _held.extend(descriptors)
        give(self, name, descriptors[-1])

    return other


_held: list[int] = []


@pytest.fixture(autouse=True)
def _close_held() -> Iterator[None]:
    yield
    while _held:
        os.close(_held.pop())


class Refusing(Monitor):
    """The disk has moved; then QEMU takes no migration."""

    def do(self, command: str, **arguments: object) -> Any:
        return super().do("no-such" if command == "migrate" else command, **arguments)


class Forgetful(Monitor):
    """Nothing has happened yet when QEMU is not given the file."""

    def do(self, command: str, **arguments: object) -> Any:
        if command == "migrate":
            arguments = {"uri": "fd:unknown"}
        return super().do(command, **arguments)


@pytest.mark.parametrize("broken", [Refusing, Forgetful])
async def test_when_it_fails_the_snapshot_is_a_live_one_and_the_guest_goes_on(
    userfaultfd: None,
    tar: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    broken: type[Monitor],
) -> None:
    caplog.set_level(logging.INFO, "clawdesk.adapters.libvirt.capture")
    async with machines_at("bg") as (machines, place), guests_of(machines) as guests:
        quickly(place)
        machine, guest = await started(machines, guests, tar)
        await shell(guest, BUSY)
        remembered = await shell(guest, FRESH_NONCE)
        with monkeypatch.context() as patch:
            patch.setattr(background, "Monitor", broken)
            snapshot = await machines.snapshot(machine, TASK, 1)
        assert "no background snapshot, so a live one" in caplog.text
        assert not is_background(machines, snapshot)
        assert left_over(machines) == []
        # Neither the failed attempt nor the live one keeps the next from the fast path.
        again = await machines.snapshot(machine, TASK, 2)
        assert is_background(machines, again)
        assert await shell(guest, STILL_COUNTS) == "whole"
        for used in (snapshot, again):
            await guest.close()
            await machines.destroy(machine)
            machine, guest = await restored(machines, guests, used)
            assert await shell(guest, RECALL) == remembered
            assert await shell(guest, STILL_COUNTS) == "whole"


async def test_on_a_full_disk_the_guest_does_not_even_stand_still(
    userfaultfd: None, tar: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with machines_at("bg") as (machines, place), guests_of(machines) as guests:
        quickly(place)
        machine, guest = await started(machines, guests, tar)
        remembered = await shell(guest, FRESH_NONCE)

        def full(descriptor: int, _offset: int, _length: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        with monkeypatch.context() as patch:
            patch.setattr(os, "posix_fallocate", full)
            patch.setattr(place.domains, "freeze", lambda *_: pytest.fail("a second attempt"))
            patch.setattr(Monitor, "can", lambda *_: pytest.fail("QEMU was asked"))
            with pytest.raises(MachineError) as caught:
                await machines.snapshot(machine, TASK, 1)
        assert caught.value.code == "no_space"
        assert left_over(machines) == []
        assert await shell(guest, RECALL) == remembered


def _no_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe takes the head of the stream; once the guest runs, its reader goes away."""
    monkeypatch.setattr(Monitor, "give", _giving(os.pipe))
    news = Monitor.wait_for_news

    def hang_up(self: Monitor, within_s: float) -> None:
        if len(_held) == 2:
            os.close(_held.pop(0))
        news(self, within_s)

    monkeypatch.setattr(Monitor, "wait_for_news", hang_up)


def _unwritable(monkeypatch: pytest.MonkeyPatch) -> None:
    """No write succeeds, and QEMU's own thread is caught: it answers nothing any more."""
    monkeypatch.setattr(background, "_ANSWER_S", 4.0)
    monkeypatch.setattr(Monitor, "give", _giving(lambda: (os.open("/dev/full", os.O_WRONLY),)))


@pytest.mark.expect_log("its memory could not be saved")
@pytest.mark.parametrize("broken", [_no_reader, _unwritable])
async def test_a_guest_caught_by_a_failed_write_is_lost_and_not_left_to_hang(
    userfaultfd: None,
    tar: Path,
    monkeypatch: pytest.MonkeyPatch,
    broken: Callable[[pytest.MonkeyPatch], None],
) -> None:
    async with machines_at("bg") as (machines, place), guests_of(machines) as guests:
        quickly(place)
        lost: list[str] = []
        heard = asyncio.Event()
        loop = asyncio.get_running_loop()

        def tell(machine: str, _why: str) -> None:
            lost.append(machine)
            loop.call_soon_threadsafe(heard.set)

        machines.on_lost(tell)
        machine, guest = await started(machines, guests, tar)
        await shell(guest, BUSY)
        broken(monkeypatch)
        with pytest.raises(MachineError) as caught:
            await machines.snapshot(machine, TASK, 1)
        assert caught.value.code == "gone"
        await asyncio.wait_for(heard.wait(), 10)
        assert lost == [machine]
        assert real.qemu_processes(machines.settings) == []
        assert left_over(machines) == []


@pytest.mark.parametrize("end", ["killed", "destroyed"])
async def test_a_machine_that_ends_meanwhile_leaves_no_snapshot(
    userfaultfd: None, tar: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    async with machines_at("bg") as (machines, place), guests_of(machines) as guests:
        quickly(place)
        machine, _guest = await started(machines, guests, tar)
        pid = place.connection.pid_of(machine)
        assert pid is not None
        loop = asyncio.get_running_loop()
        destroying: list[Any] = []

        def end_it(*_words: object) -> None:
            if end == "killed":
                os.kill(pid, signal.SIGKILL)
            elif not destroying:
                destroying.append(asyncio.run_coroutine_threadsafe(machines.destroy(machine), loop))

        progress = Monitor.progress

        def never_over(self: Monitor) -> Progress:
            return replace(progress(self), status="active")

        monkeypatch.setattr(Monitor, "progress", never_over)
        monkeypatch.setattr(Monitor, "wait_for_news", end_it)
        async with asyncio.timeout(20):
            with pytest.raises(MachineError) as caught:
                await machines.snapshot(machine, TASK, 1)
            for call in destroying:
                await asyncio.wrap_future(call)
        assert caught.value.code == "gone"
        assert left_over(machines) == []
        await machines.destroy(machine)
        folder = machines.settings.home / "tasks" / TASK
        # The disk had moved, so what it wrote before is a layer of the task; the rest is gone.
        layers = [path.name for path in folder.glob("layers/*")]
        assert layers in ([], [f"{machine}.qcow2"])
        assert list(folder.glob("snapshots/*")) == []


async def test_closing_while_it_probes_ends_the_probe_and_teaches_nothing(
    userfaultfd: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = f"bg{secrets.token_hex(2)}"
    async with machines_at(home) as (machines, place):
        frozen = asyncio.Event()
        loop = asyncio.get_running_loop()
        whole = BackgroundSnapshots.freeze

        def freeze(self: BackgroundSnapshots, *words: Any) -> Pause:
            loop.call_soon_threadsafe(frozen.set)
            return whole(self, *words)

        monkeypatch.setattr(BackgroundSnapshots, "freeze", freeze)
        probing = asyncio.create_task(proven(place))
        await asyncio.wait_for(frozen.wait(), 60)
        await asyncio.to_thread(place.close)
        assert not await probing
        assert not place.choice.settled(place.acceleration(place.image("base")).name)
        assert real.qemu_processes(machines.settings) == []
