"""Real machines, real guest: going back, damage, loss, leftovers, confinement."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from clawdesk.adapters.libvirt.channel import ChannelSession, GuestChannels
from clawdesk.adapters.libvirt.disks import SpaceRule
from clawdesk.adapters.libvirt.machines import LibvirtMachines
from clawdesk.adapters.libvirt.templates import Blueprint, Templates
from clawdesk.domain.model import Snapshot
from clawdesk.ports.errors import MachineError, SnapshotDamagedError
from clawdesk.ports.machines import MachineSpec, StartedMachine
from tests.support import libvirt_real as real
from tests.support.libvirt_guest import guests_of, shell, workspace_tar

pytestmark = pytest.mark.e2e
TASK = "01JMACHINES000000000000001"
OTHER = "01JMACHINES000000000000002"
# The nonce is on a memory file system, and known to a background process; a reboot has neither.
FRESH_NONCE = (
    "head -c 16 /dev/urandom | od -An -tx1 > /dev/shm/nonce; "
    "head -c 100000 /dev/urandom > secret.bin; sync; cat /dev/shm/nonce; sha256sum secret.bin"
)
RECALL = "cat /dev/shm/nonce; sha256sum secret.bin"
BUSY = "while True: pass"
BACKGROUND = "setsid sleep 100000 < /dev/null > /dev/null 2>&1 & echo $! > /dev/shm/pid"
# All of 64 MiB again and again, faster than a disk takes it.
WRITES = """\
cat > /dev/shm/writes.py << 'EOF'
memory, value = bytearray(64 << 20), 0
while True:
    value = (value + 1) % 256
    memory[::4096] = bytes([value]) * (len(memory) // 4096)
    open("/dev/shm/began", "w").write("x")
EOF
setsid python3 /dev/shm/writes.py < /dev/null > /dev/null 2>&1 & echo $! > /dev/shm/pid"""
BACKGROUND_LIVES = "kill -0 $(cat /dev/shm/pid) && echo lives"


@pytest.fixture(scope="module")
def tar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return workspace_tar(tmp_path_factory.mktemp("work"), {"hello.txt": b"hello from the host\n"})


@dataclass
class Lost:
    """Hears of lost machines."""

    told: list[tuple[str, str]]
    news: asyncio.Event

    async def hear(self, machine: str, within_s: float) -> str:
        async def wait() -> str:
            while True:
                for name, why in self.told:
                    if name == machine:
                        return why
                self.news.clear()
                await self.news.wait()

        return await asyncio.wait_for(wait(), within_s)


def listen(machines: LibvirtMachines) -> Lost:
    lost = Lost([], asyncio.Event())
    loop = asyncio.get_running_loop()

    def tell(machine: str, why: str) -> None:
        lost.told.append((machine, why))
        loop.call_soon_threadsafe(lost.news.set)

    machines.on_lost(tell)
    return lost


def qemu_pid(machines: LibvirtMachines, machine: str) -> int:
    for process in real.qemu_processes(machines.settings):
        if machine in " ".join(process.cmdline()):
            return process.pid
    raise AssertionError(f"{machine} has no process")


def kill(machines: LibvirtMachines, machine: str) -> None:
    os.kill(qemu_pid(machines, machine), signal.SIGKILL)


async def started(
    machines: LibvirtMachines, guests: GuestChannels, tar: Path, task: str = TASK
) -> tuple[StartedMachine, ChannelSession]:
    machine = await machines.start(MachineSpec(task, 1, real.NEED, tar))
    return machine, await guests.connect(machine.machine, token="", start=True)


async def restored(
    machines: LibvirtMachines, guests: GuestChannels, snapshot: Snapshot
) -> tuple[StartedMachine, ChannelSession]:
    machine = await machines.restore(TASK, 1, snapshot)
    return machine, await guests.connect(machine.machine, token="", start=False)


async def test_its_clock_goes_by_a_counter_and_not_by_ticks(tar: Path) -> None:
    """A guest that had to measure its counter on a busy host failed as a rule."""
    busy = [await asyncio.create_subprocess_exec(sys.executable, "-c", BUSY) for _ in range(3)]
    try:
        async with real.real_machines() as machines, guests_of(machines) as guests:
            _, guest = await started(machines, guests, tar)
            source = await shell(guest, "cat /sys/devices/system/clocksource/*/current_clocksource")
            assert source in ("tsc", "tsc-early", "kvm-clock")
            lines = "import time; print(*{time.monotonic_ns() % 4_000_000 for _ in range(99)})"
            moments = (await shell(guest, f"python3 -c '{lines}'")).split()
            assert len(moments) > 50, "its clock stands between ticks"
    finally:
        for one in busy:
            one.kill()
            await one.wait()


async def test_three_cycles_of_checkpoint_kill_and_roll_back(tar: Path) -> None:
    async with real.real_machines() as machines, guests_of(machines) as guests:
        lost = listen(machines)
        machine, guest = await started(machines, guests, tar)
        await shell(guest, BACKGROUND)
        taken: list[tuple[Snapshot, str]] = []
        for ordinal in (1, 2, 3):
            remembered = await shell(guest, FRESH_NONCE)
            assert await guest.quiesce()
            taken.append((await machines.snapshot(machine.machine, TASK, ordinal), remembered))
            await guest.unquiesce()
            assert await shell(guest, FRESH_NONCE) != remembered
            await guest.close()
            kill(machines, machine.machine)
            await lost.hear(machine.machine, 2.0)
            await machines.destroy(machine.machine)
            machine, guest = await restored(machines, guests, taken[-1][0])
            assert await shell(guest, RECALL) == remembered
            assert await shell(guest, BACKGROUND_LIVES) == "lives"
        for number in (1, 0, 2, 0):
            snapshot, remembered = taken[number]
            before, (machine, guest) = machine, await restored(machines, guests, snapshot)
            await machines.destroy(before.machine)
            assert await shell(guest, RECALL) == remembered
            assert await shell(guest, BACKGROUND_LIVES) == "lives"


async def test_two_machines_from_one_template_at_once_are_apart(tmp_path: Path) -> None:
    tars = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        tars.append(workspace_tar(tmp_path / name, {"who.txt": name.encode()}))
    async with real.real_machines() as machines, guests_of(machines) as guests:
        await machines.warm(real.NEED)
        first, second = await asyncio.gather(
            started(machines, guests, tars[0], TASK), started(machines, guests, tars[1], OTHER)
        )
        assert first[0].warm
        assert second[0].warm
        # Each sees its own workspace disk, not the template's nor the other's.
        assert await shell(first[1], "cat who.txt") == "one"
        assert await shell(second[1], "cat who.txt") == "two"
        draws = {
            await shell(guest, "head -c 16 /dev/urandom | od -An -tx1")
            for _, guest in (first, second)
        }
        assert len(draws) == 2, "two machines drew the same random bytes"
        await shell(first[1], "echo changed > who.txt; sync")
        assert await shell(second[1], "cat who.txt") == "two"


async def test_the_guest_has_no_network_card_and_qemu_no_rights(tar: Path) -> None:
    async with real.real_machines() as machines, guests_of(machines) as guests:
        machine, guest = await started(machines, guests, tar)
        assert await shell(guest, "ls /sys/class/net") == "lo"
        assert await shell(guest, "ls /dev/kvm /dev/vsock 2>/dev/null; true") == ""
        pid = qemu_pid(machines, machine.machine)
        status = dict(
            line.split(":\t", 1)
            for line in Path(f"/proc/{pid}/status").read_text().splitlines()
            if ":\t" in line
        )
        assert "0" not in status["Uid"].split()
        assert int(status["CapEff"], 16) == 0
        assert status["NoNewPrivs"] == "1"
        assert status["Seccomp"] == "2"
        emulated = machine.accelerator == "tcg"
        assert status["THP_enabled"] == ("0" if emulated else "1"), "memory is spared, see M6"
        moved = await shell(guest, "cat /proc/sys/kernel/randomize_va_space")
        assert moved == ("0" if emulated else "2"), "translated code is used again, see M5"
        assert (await machines.support()).confined


async def test_its_processor_runs_what_programs_are_built_for_now(tar: Path) -> None:
    """Without x86-64-v2 programs made with Bun, and newer NumPy, die of an illegal instruction."""
    async with real.real_machines() as machines, guests_of(machines) as guests:
        _, guest = await started(machines, guests, tar)
        assert "x86-64-v2 (supported" in await shell(guest, "/lib64/ld-linux-x86-64.so.2 --help")


async def test_process_1_interrupts_no_program_in_its_words(tar: Path) -> None:
    """Each switch between programs makes an emulator forget; what it starts is as any program."""
    async with real.real_machines() as machines, guests_of(machines) as guests:
        _, guest = await started(machines, guests, tar)
        lines = "import os; print(*(os.sched_getscheduler(pid) for pid in (1, 0)))"
        first, own = map(int, (await shell(guest, f"python3 -c '{lines}'")).split())
        assert first == os.SCHED_BATCH
        assert own == os.SCHED_OTHER


@pytest.mark.parametrize("victim", ["memory", "layer", "record", "workspace"])
async def test_a_snapshot_that_misses_or_changed_a_file_is_never_started(
    tar: Path, victim: str
) -> None:
    async with real.real_machines() as machines:
        machine = await machines.start(MachineSpec(TASK, 1, real.NEED, tar))
        snapshot = await machines.snapshot(machine.machine, TASK, 1)
        assert len(await machines.digest(snapshot)) == 64
        folder = machines.settings.home / "tasks" / TASK
        path = {
            "memory": folder / "snapshots" / snapshot.id / "memory",
            "layer": folder / "layers" / f"{machine.machine}.qcow2",
            "record": folder / "snapshots" / snapshot.id / "record.json",
            "workspace": folder / "workspaces" / f"{machine.machine}.raw",
        }[victim]
        if victim == "memory":
            path.chmod(0o600)
            with path.open("r+b") as out:
                out.seek(snapshot.bytes // 3)
                out.write(b"\xff" * 8)
        else:
            path.unlink()
        with pytest.raises(SnapshotDamagedError) as caught:
            await machines.restore(TASK, 1, snapshot)
        assert caught.value.mend
        assert [m.machine for m in await machines.owned()] == [machine.machine]


async def test_without_disk_space_the_machine_goes_on_untouched(tar: Path) -> None:
    full = SpaceRule(free_bytes_min=1 << 60)
    async with real.real_machines(space=full) as machines, guests_of(machines) as guests:
        machine, guest = await started(machines, guests, tar)
        with pytest.raises(MachineError) as caught:
            await machines.snapshot(machine.machine, TASK, 1)
        assert caught.value.code == "no_space"
        assert await shell(guest, "cat hello.txt") == "hello from the host"


async def test_a_kernel_panic_is_a_lost_machine(tar: Path) -> None:
    async with real.real_machines() as machines, guests_of(machines) as guests:
        lost = listen(machines)
        machine, guest = await started(machines, guests, tar)
        with contextlib.suppress(AssertionError):  # the step never ends
            await shell(guest, "echo c > /proc/sysrq-trigger")
        assert await lost.hear(machine.machine, 5.0)


async def test_a_long_chain_of_layers_is_merged(tar: Path) -> None:
    async with real.real_machines(layers_max=3) as machines, guests_of(machines) as guests:
        machine, guest = await started(machines, guests, tar)
        taken = []
        for ordinal in range(1, 8):
            remembered = await shell(guest, FRESH_NONCE)
            taken.append((await machines.snapshot(machine.machine, TASK, ordinal), remembered))
        for number in (6, 0, 3):
            snapshot, remembered = taken[number]
            place = machines.settings.home / "tasks" / TASK / "snapshots" / snapshot.id
            layers = (place / "record.json").read_text().count(".qcow2") // 2
            assert layers <= 4
            copy, guest = await restored(machines, guests, snapshot)
            assert await shell(guest, RECALL) == remembered
            await machines.destroy(copy.machine)


async def test_a_guest_that_writes_without_end_is_saved_as_it_was(tar: Path) -> None:
    """Under emulation a second pass of its memory can be torn; such a snapshot is taken again."""
    async with real.real_machines() as machines, guests_of(machines) as guests:
        machine, guest = await started(machines, guests, tar)
        remembered = await shell(guest, FRESH_NONCE)
        await shell(guest, WRITES)
        await shell(guest, "until [ -s /dev/shm/began ]; do sleep 0.05; done")
        for ordinal in range(1, 6):
            snapshot = await machines.snapshot(machine.machine, TASK, ordinal)
            copy, again = await restored(machines, guests, snapshot)
            assert await shell(again, RECALL) == remembered
            assert await shell(again, BACKGROUND_LIVES) == "lives"
            await machines.destroy(copy.machine)


async def test_a_damaged_template_is_made_anew(tar: Path) -> None:
    async with real.real_machines("damaged") as machines:
        await machines.warm(real.NEED)
        (memory,) = machines.settings.home.glob("templates/*/*/memory")
        memory.chmod(0o600)
        with memory.open("r+b") as out:
            out.seek(1 << 20)
            out.write(b"\xff" * 4096)
        cold = await machines.start(MachineSpec(TASK, 1, real.NEED, tar))
        assert not cold.warm
        await machines.warm(real.NEED)
        warm = await machines.start(MachineSpec(TASK, 1, real.NEED, tar))
        assert warm.warm


async def test_the_first_start_leaves_a_template_though_clawdesk_ends_at_once(tar: Path) -> None:
    async with real.real_machines("first") as machines, guests_of(machines) as guests:
        machine, guest = await started(machines, guests, tar, TASK)
        assert not machine.warm, "its template was made first"
        assert await shell(guest, "cat hello.txt") == "hello from the host"
    async with real.real_machines("first") as machines, guests_of(machines) as guests:
        machine, guest = await started(machines, guests, tar, TASK)
        assert machine.warm
        assert await shell(guest, "cat hello.txt") == "hello from the host"


async def test_a_template_that_cannot_be_made_costs_one_start_its_speed(
    tar: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def full(self: Templates, blueprint: Blueprint) -> None:
        asked.append(threading.current_thread().name)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Templates, "make", full)
    async with real.real_machines("unmade") as machines:
        for attempt in (1, 2):
            machine = await machines.start(MachineSpec(TASK, attempt, real.NEED, tar))
            assert not machine.warm
            await machines.destroy(machine.machine)
    starts = [name for name in asked if name.startswith("machines_")]
    assert len(starts) == 1, asked
    assert len(asked) > 1, "in the background it is tried again"


async def test_a_task_discarded_while_its_template_is_made_gets_no_machine(tar: Path) -> None:
    async with real.real_machines("discarded") as machines:
        await machines.support()
        call = asyncio.create_task(machines.start(MachineSpec(TASK, 1, real.NEED, tar)))
        await until(lambda: bool(real.qemu_processes(machines.settings)))
        await machines.discard(TASK)
        with pytest.raises(MachineError) as caught:
            await call
        assert caught.value.code == "called_off"
        assert not real.qemu_processes(machines.settings)
        assert list(machines.settings.home.glob("templates/*/*/ready")), "for the next one"


async def test_a_start_nobody_waits_for_leaves_nothing(tar: Path) -> None:
    async with real.real_machines(warm=False) as machines:
        await machines.support()
        call = asyncio.create_task(machines.start(MachineSpec(TASK, 1, real.NEED, tar)))
        await until(lambda: bool(real.qemu_processes(machines.settings)))
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await until(lambda: not real.qemu_processes(machines.settings))


@pytest.mark.alone
async def test_a_task_discarded_while_its_machine_starts_is_gone(tar: Path) -> None:
    async with real.real_machines(warm=False) as machines:
        await machines.support()
        call = asyncio.create_task(machines.start(MachineSpec(TASK, 1, real.NEED, tar)))
        await until(lambda: bool(real.qemu_processes(machines.settings)))
        async with asyncio.timeout(15):
            await machines.discard(TASK)
            with pytest.raises(MachineError):
                await call
        assert await machines.owned() == []


async def test_a_guest_that_does_not_come_up_is_ended(tar: Path) -> None:
    async with real.real_machines(warm=False, start_s_max=0.2) as machines:
        with pytest.raises(MachineError) as caught:
            await machines.start(MachineSpec(TASK, 1, real.NEED, tar))
        assert caught.value.code == "no_guest"
        assert real.qemu_processes(machines.settings) == []


async def until(true: Callable[[], bool], within_s: float = 20.0) -> None:
    """Look again and again: the kernel tells nobody when a process appears."""
    pause = threading.Event()
    async with asyncio.timeout(within_s):
        while not true():
            await asyncio.to_thread(pause.wait, 0.02)
