"""Forks on real machines: two tasks on one snapshot's files, and what outlives what."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from clawdesk.adapters.libvirt.channel import ChannelSession, GuestChannels
from clawdesk.adapters.libvirt.machines import LibvirtMachines
from clawdesk.domain.model import Snapshot
from clawdesk.ports.machines import MachineSpec, StartedMachine
from tests.support import libvirt_real as real
from tests.support.libvirt_guest import guests_of, shell, workspace_tar

pytestmark = pytest.mark.e2e
PARENT = "01JPARENT0000000000000001"
FORK = "01JFORK000000000000000001"
OTHER = "01JFORK000000000000000002"
# Memory (a file system in it, and a process), the machine's own disk, and the workspace disk.
REMEMBER = (
    "head -c 16 /dev/urandom | od -An -tx1 > /dev/shm/nonce; "
    "head -c 100000 /dev/urandom > secret.bin; sync; "
    "setsid sleep 100000 < /dev/null > /dev/null 2>&1 & echo $! > /dev/shm/pid"
)
RECALL = (
    "cat /dev/shm/nonce hello.txt; sha256sum secret.bin; kill -0 $(cat /dev/shm/pid) && echo lives"
)
CHANGE = "echo changed > /dev/shm/nonce; echo changed > secret.bin; sync"


@pytest.fixture(scope="module")
def tar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return workspace_tar(tmp_path_factory.mktemp("work"), {"hello.txt": b"hello from the host\n"})


async def started(
    machines: LibvirtMachines, guests: GuestChannels, tar: Path
) -> tuple[StartedMachine, ChannelSession]:
    machine = await machines.start(MachineSpec(PARENT, 1, real.NEED, tar))
    return machine, await guests.connect(machine.machine, token="", start=True)


async def restored(
    machines: LibvirtMachines, guests: GuestChannels, task: str, snapshot: Snapshot
) -> tuple[StartedMachine, ChannelSession]:
    machine = await machines.restore(task, 1, snapshot)
    return machine, await guests.connect(machine.machine, token="", start=False)


async def frozen(
    machines: LibvirtMachines, guest: ChannelSession, machine: str, ordinal: int
) -> Snapshot:
    assert await guest.quiesce()
    snapshot = await machines.snapshot(machine, PARENT, ordinal)
    await guest.unquiesce()
    return snapshot


async def test_two_forks_and_their_parent_run_at_once_and_apart(tar: Path) -> None:
    async with real.real_machines() as machines, guests_of(machines) as guests:
        parent, guest = await started(machines, guests, tar)
        await shell(guest, REMEMBER)
        remembered = await shell(guest, RECALL)
        snapshot = await frozen(machines, guest, parent.machine, 1)
        await machines.digest(snapshot)
        await shell(guest, CHANGE)

        async def fork(task: str) -> tuple[StartedMachine, ChannelSession]:
            shared = await machines.share(snapshot, task, 1)
            return await restored(machines, guests, task, shared)

        begun = time.monotonic()
        (_, first), (_, second) = await asyncio.gather(fork(FORK), fork(OTHER))
        print(f"two forks at once: {(time.monotonic() - begun) * 1000:.0f} ms to both guests")
        assert await shell(first, RECALL) == remembered
        assert await shell(second, RECALL) == remembered
        # Each goes its own way; none sees what another writes, in memory or on disk.
        await shell(first, "echo first > /dev/shm/nonce; echo first > secret.bin; sync")
        assert await shell(second, RECALL) == remembered
        assert await shell(guest, "cat /dev/shm/nonce secret.bin") == "changed\nchanged"
        assert await shell(first, "cat /dev/shm/nonce secret.bin") == "first\nfirst"


async def test_a_fork_goes_on_when_its_parent_is_discarded(tar: Path) -> None:
    async with real.real_machines() as machines, guests_of(machines) as guests:
        parent, guest = await started(machines, guests, tar)
        await shell(guest, REMEMBER)
        remembered = await shell(guest, RECALL)
        snapshot = await frozen(machines, guest, parent.machine, 1)
        later = await frozen(machines, guest, parent.machine, 2)
        shared = await machines.share(snapshot, FORK, 1)
        fork, guest = await restored(machines, guests, FORK, shared)
        await machines.discard(PARENT)
        assert not (machines.settings.home / "tasks" / PARENT / "snapshots" / later.id).exists()
        assert await shell(guest, RECALL) == remembered
        # A snapshot of the fork stands on layers of the parent; so does what is restored of it.
        await shell(guest, CHANGE)
        again = await machines.snapshot(fork.machine, FORK, 2)
        await machines.destroy(fork.machine)
        await machines.forget(shared)
        _, guest = await restored(machines, guests, FORK, again)
        assert await shell(guest, "cat /dev/shm/nonce secret.bin") == "changed\nchanged"
        await machines.discard(FORK)
        assert list(machines.settings.home.glob("tasks/*")) == []


async def test_a_parent_goes_back_after_its_fork_is_discarded(tar: Path) -> None:
    async with real.real_machines() as machines, guests_of(machines) as guests:
        parent, guest = await started(machines, guests, tar)
        await shell(guest, REMEMBER)
        remembered = await shell(guest, RECALL)
        snapshot = await frozen(machines, guest, parent.machine, 1)
        await shell(guest, CHANGE)
        shared = await machines.share(snapshot, FORK, 1)
        await restored(machines, guests, FORK, shared)
        await machines.discard(FORK)
        assert await shell(guest, "cat /dev/shm/nonce secret.bin") == "changed\nchanged"
        await machines.destroy(parent.machine)
        _, guest = await restored(machines, guests, PARENT, snapshot)
        assert await shell(guest, RECALL) == remembered


async def test_long_chains_are_merged_under_forks_and_forgotten_layers_go(tar: Path) -> None:
    async with real.real_machines(layers_max=3) as machines, guests_of(machines) as guests:
        parent, guest = await started(machines, guests, tar)
        taken: list[tuple[Snapshot, str]] = []
        await shell(guest, REMEMBER)
        for ordinal in range(1, 6):
            await shell(guest, f"echo {ordinal} > /dev/shm/nonce; echo {ordinal} >> secret.bin")
            remembered = await shell(guest, RECALL)
            taken.append((await frozen(machines, guest, parent.machine, ordinal), remembered))
        shared = await machines.share(taken[3][0], FORK, 1)
        for number in (0, 2, 3):
            await machines.forget(taken[number][0])
        _, fork = await restored(machines, guests, FORK, shared)
        assert await shell(fork, RECALL) == taken[3][1]
        await machines.destroy(parent.machine)
        for number in (4, 1):
            back, guest = await restored(machines, guests, PARENT, taken[number][0])
            assert await shell(guest, RECALL) == taken[number][1]
            await machines.destroy(back.machine)
        await machines.discard(FORK)
        for number in (1, 4):
            await machines.forget(taken[number][0])
        layers = machines.settings.home / "tasks" / PARENT / "layers"
        assert list(layers.iterdir()) == []


async def test_the_next_start_tidies_up_and_hurts_nobody(tar: Path) -> None:
    """As after a kill between a record and its files; the machine runs on all the time."""
    async with real.real_machines() as machines, guests_of(machines) as guests:
        parent, guest = await started(machines, guests, tar)
        await shell(guest, REMEMBER)
        remembered = await shell(guest, RECALL)
        kept = await frozen(machines, guest, parent.machine, 1)
        cut = await frozen(machines, guest, parent.machine, 2)
        shared = await machines.share(kept, FORK, 1)
        await guest.close()
        home = machines.settings.home
        snapshots = home / "tasks" / PARENT / "snapshots"
        for snapshot in (kept, cut):
            (snapshots / snapshot.id / "record.json").unlink()
        stray = home / "tasks" / PARENT / "layers" / "stray.qcow2"
        stray.write_bytes(b"stray")
        await machines.close()
        async with real.real_machines() as again, guests_of(again) as channels:
            assert [m.machine for m in await again.owned()] == [parent.machine]
            assert not (snapshots / cut.id).exists()
            assert not stray.exists()
            guest = await channels.connect(parent.machine, token="", start=False)
            assert await shell(guest, RECALL) == remembered
            _, fork = await restored(again, channels, FORK, shared)
            assert await shell(fork, RECALL) == remembered
