"""What every implementation of the Machines port keeps; runs on the fake and on the real one."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from clawdesk.adapters.libvirt.machines import LibvirtMachines
from clawdesk.domain.model import MachineNeed, Snapshot
from clawdesk.ports.errors import MachineError, SnapshotDamagedError
from clawdesk.ports.machines import ImageUse, Machines, MachineSpec, OwnedMachine
from tests.support.machines_fake import FakeMachines

TASK = "01JCONTRACT000000000000001"
BASE = "c0ffee"
OTHER = "01JCONTRACT000000000000002"
OLD_IMAGE = f"base-{'0' * 16}-{'1' * 16}"


@dataclass
class Kit:
    """An implementation, and how to hurt it."""

    machines: Machines
    need: MachineNeed
    tar: Path
    kill: Callable[[str], None]
    damage: Callable[[Snapshot], None]
    old_image: Callable[[], str]
    """Leaves a guest image that no machine is started from any more; returns its id."""

    def spec(self, task: str = TASK, attempt: int = 1) -> MachineSpec:
        return MachineSpec(task, attempt, self.need, self.tar, BASE)


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.e2e)])
async def kit(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Kit]:
    tar = tmp_path / "workspace.tar"
    tar.write_bytes(bytes(10240))
    if request.param == "fake":
        fake = FakeMachines()

        def forgotten() -> str:
            fake.images.append(ImageUse(OLD_IMAGE, "base", 4096, 1))
            return OLD_IMAGE

        yield Kit(fake, MachineNeed(), tar, fake.lose, fake.damage, forgotten)
        return
    from tests.support import libvirt_real as real

    async with real.real_machines() as machines:

        def kill(machine: str) -> None:
            for process in real.qemu_processes(machines.settings):
                if machine in " ".join(process.cmdline()):
                    os.kill(process.pid, signal.SIGKILL)

        def damage(snapshot: Snapshot) -> None:
            home = machines.settings.home
            memory = home / "tasks" / TASK / "snapshots" / snapshot.id / "memory"
            memory.chmod(0o600)
            with memory.open("r+b") as out:
                out.seek(snapshot.bytes // 2)
                flipped = bytes(255 - byte for byte in out.read(64))
                out.seek(snapshot.bytes // 2)
                out.write(flipped)

        def left_behind() -> str:
            folder = machines.settings.home / "images" / OLD_IMAGE
            folder.mkdir(parents=True)
            (folder / "root.squashfs").write_bytes(bytes(4096))
            return OLD_IMAGE

        yield Kit(machines, real.NEED, tar, kill, damage, left_behind)
        await machines.discard(TASK)
        await machines.discard(OTHER)


async def test_support_says_what_is_there(kit: Kit) -> None:
    support = await kit.machines.support()
    assert support.ready, support.problem
    assert support.accelerator in {"kvm", "tcg"}
    assert support.uri
    assert support.versions
    assert support.confined


async def test_a_machine_starts_under_a_fresh_name_and_is_owned_until_destroyed(kit: Kit) -> None:
    first = await kit.machines.start(kit.spec())
    second = await kit.machines.start(kit.spec(attempt=2))
    assert first.machine != second.machine
    assert first.boot_ms > 0
    assert sorted(await kit.machines.owned(), key=lambda m: m.attempt) == [
        OwnedMachine(first.machine, TASK, 1, first.accelerator, BASE),
        OwnedMachine(second.machine, TASK, 2, second.accelerator, BASE),
    ]
    await kit.machines.destroy(first.machine)
    assert [m.machine for m in await kit.machines.owned()] == [second.machine]
    await kit.machines.destroy(second.machine)
    assert await kit.machines.owned() == []


async def test_destroy_may_be_repeated_and_an_unknown_machine_is_nothing(kit: Kit) -> None:
    started = await kit.machines.start(kit.spec())
    await kit.machines.destroy(started.machine)
    await kit.machines.destroy(started.machine)
    await kit.machines.destroy("cd-nobody-1-00000000")
    await kit.machines.destroy("../../etc/passwd")


async def test_suspend_and_resume_may_be_repeated(kit: Kit) -> None:
    started = await kit.machines.start(kit.spec())
    await kit.machines.suspend(started.machine)
    await kit.machines.suspend(started.machine)
    await kit.machines.resume(started.machine)
    await kit.machines.resume(started.machine)


async def test_calls_on_a_machine_that_is_gone_say_so(kit: Kit) -> None:
    started = await kit.machines.start(kit.spec())
    await kit.machines.destroy(started.machine)
    for call in (kit.machines.suspend, kit.machines.resume):
        with pytest.raises(MachineError) as caught:
            await call(started.machine)
        assert caught.value.code == "gone"
    with pytest.raises(MachineError) as caught:
        await kit.machines.snapshot(started.machine, TASK, 1)
    assert caught.value.code == "gone"


async def test_a_snapshot_leaves_the_machine_running_and_is_restored_beside_it(kit: Kit) -> None:
    started = await kit.machines.start(kit.spec())
    first = await kit.machines.snapshot(started.machine, TASK, 1)
    second = await kit.machines.snapshot(started.machine, TASK, 2)
    assert first.id != second.id
    assert first.bytes > 0
    assert 0 < first.pause_ms <= first.snapshot_ms
    restored = await kit.machines.restore(TASK, 2, first)
    assert {m.machine: m.base for m in await kit.machines.owned()}[restored.machine] == BASE
    assert restored.machine != started.machine
    names = {m.machine for m in await kit.machines.owned()}
    assert names == {started.machine, restored.machine}


async def test_a_suspended_machine_can_be_snapshotted_and_stays_suspended(kit: Kit) -> None:
    started = await kit.machines.start(kit.spec())
    await kit.machines.suspend(started.machine)
    snapshot = await kit.machines.snapshot(started.machine, TASK, 1)
    assert snapshot.pause_ms == 0
    await kit.machines.resume(started.machine)
    restored = await kit.machines.restore(TASK, 1, snapshot)
    assert restored.machine != started.machine


async def test_snapshots_outlive_their_machine_and_are_restored_in_any_order(kit: Kit) -> None:
    started = await kit.machines.start(kit.spec())
    snapshots = [await kit.machines.snapshot(started.machine, TASK, n) for n in (1, 2, 3)]
    await kit.machines.destroy(started.machine)
    for number in (2, 0, 1):
        restored = await kit.machines.restore(TASK, 1, snapshots[number])
        await kit.machines.destroy(restored.machine)


async def test_a_damaged_snapshot_is_refused_and_nothing_starts(kit: Kit) -> None:
    started = await kit.machines.start(kit.spec())
    snapshot = await kit.machines.snapshot(started.machine, TASK, 1)
    again = await kit.machines.restore(TASK, 1, snapshot)  # its checksums are made by now
    await kit.machines.destroy(again.machine)
    kit.damage(snapshot)
    with pytest.raises(SnapshotDamagedError):
        await kit.machines.restore(TASK, 1, snapshot)
    assert [m.machine for m in await kit.machines.owned()] == [started.machine]


async def test_two_forks_of_a_snapshot_run_beside_the_machine_it_was_taken_of(kit: Kit) -> None:
    started = await kit.machines.start(kit.spec())
    snapshot = await kit.machines.snapshot(started.machine, TASK, 1)
    shared = await kit.machines.share(snapshot, OTHER, 3)
    assert shared.id.startswith(f"{OTHER}.3.")
    assert shared == replace(snapshot, id=shared.id)
    assert await kit.machines.share(snapshot, OTHER, 3) == shared
    forks = [await kit.machines.restore(OTHER, attempt, shared) for attempt in (1, 2)]
    assert sorted((m.task, m.attempt) for m in await kit.machines.owned()) == [
        (TASK, 1),
        (OTHER, 1),
        (OTHER, 2),
    ]
    assert len({started.machine, *(fork.machine for fork in forks)}) == 3


@pytest.mark.parametrize("gone", [TASK, OTHER])
async def test_of_a_task_and_its_fork_either_outlives_the_other(kit: Kit, gone: str) -> None:
    started = await kit.machines.start(kit.spec())
    snapshot = await kit.machines.snapshot(started.machine, TASK, 1)
    shared = await kit.machines.share(snapshot, OTHER, 1)
    await kit.machines.discard(gone)
    left, lost, task = (shared, snapshot, OTHER) if gone == TASK else (snapshot, shared, TASK)
    restored = await kit.machines.restore(task, 2, left)
    assert restored.machine in {m.machine for m in await kit.machines.owned()}
    with pytest.raises(SnapshotDamagedError):
        await kit.machines.restore(gone, 2, lost)
    await kit.machines.discard(task)
    use = await kit.machines.disk_use()
    assert (use.snapshots, use.snapshots_bytes) == ((), 0)


async def test_a_snapshot_that_is_gone_is_not_shared(kit: Kit) -> None:
    started = await kit.machines.start(kit.spec())
    snapshot = await kit.machines.snapshot(started.machine, TASK, 1)
    await kit.machines.forget(snapshot)
    with pytest.raises(SnapshotDamagedError):
        await kit.machines.share(snapshot, OTHER, 1)


async def test_the_middle_of_three_snapshots_is_forgotten_alone(kit: Kit) -> None:
    started = await kit.machines.start(kit.spec())
    first, middle, third = [
        await kit.machines.snapshot(started.machine, TASK, n) for n in (1, 2, 3)
    ]
    await kit.machines.forget(middle)
    await kit.machines.forget(middle)
    await kit.machines.forget(replace(middle, id="01JNOBODY.1.00000000"))
    await kit.machines.destroy(started.machine)
    for snapshot in (first, third):
        restored = await kit.machines.restore(TASK, 1, snapshot)
        await kit.machines.destroy(restored.machine)
    with pytest.raises(SnapshotDamagedError):
        await kit.machines.restore(TASK, 1, middle)


async def test_a_machine_outlives_the_snapshot_it_was_restored_from(kit: Kit) -> None:
    started = await kit.machines.start(kit.spec())
    snapshot = await kit.machines.snapshot(started.machine, TASK, 1)
    shared = await kit.machines.share(snapshot, OTHER, 1)
    fork = await kit.machines.restore(OTHER, 1, shared)
    await kit.machines.forget(shared)
    await kit.machines.discard(TASK)
    again = await kit.machines.snapshot(fork.machine, OTHER, 2)
    await kit.machines.destroy(fork.machine)
    assert await kit.machines.restore(OTHER, 2, again)


async def test_disk_use_says_what_forgetting_a_snapshot_frees(kit: Kit) -> None:
    before = await kit.machines.disk_use()
    assert before.snapshots == ()
    started = await kit.machines.start(kit.spec())
    taken = [await kit.machines.snapshot(started.machine, TASK, n) for n in (1, 2)]
    shared = await kit.machines.share(taken[0], OTHER, 5)
    running = await kit.machines.disk_use()
    assert running.machines_bytes > 0
    parts = running.snapshots_bytes + running.machines_bytes + running.templates_bytes
    assert parts <= running.total_bytes
    await kit.machines.destroy(started.machine)
    # A checksum makes its file durable, which may take a block more: all of them before the looks.
    if isinstance(kit.machines, LibvirtMachines):
        for one in taken:
            await kit.machines.digest(one)
    use = await kit.machines.disk_use()
    assert [(s.task, s.ordinal) for s in use.snapshots if s.id != shared.id] == [
        (TASK, 1),
        (TASK, 2),
    ]
    found = {s.id: s for s in use.snapshots}
    assert found[shared.id].ordinal == 5
    assert found[shared.id].at_ms == found[taken[0].id].at_ms < found[taken[1].id].at_ms
    # Neither of the two that share a memory file would free it; the other would free its own.
    assert found[shared.id].bytes == found[taken[0].id].bytes == 0
    assert found[shared.id].shared_bytes > 0
    assert found[taken[1].id].bytes > 0
    assert use.free_bytes > 0
    assert use.home
    await kit.machines.forget(taken[1])
    after = await kit.machines.disk_use()
    assert use.snapshots_bytes - after.snapshots_bytes == found[taken[1].id].bytes
    await kit.machines.forget(shared)
    after = await kit.machines.disk_use()
    assert [s.id for s in after.snapshots] == [taken[0].id]
    assert after.snapshots[0].bytes > 0


async def test_a_guest_image_that_nothing_stands_on_is_removed(kit: Kit) -> None:
    started = await kit.machines.start(kit.spec())
    old = kit.old_image()
    found = {image.id: image for image in (await kit.machines.disk_use()).images}
    assert found[old].spare
    assert found[old].bytes > 0
    assert await kit.machines.remove_images(["base-none", ""]) == ()
    assert [image.id for image in await kit.machines.remove_images([old])] == [old]
    assert old not in {image.id for image in (await kit.machines.disk_use()).images}
    assert await kit.machines.remove_images([old]) == ()
    # What runs, and what is started from now on, goes on without it.
    snapshot = await kit.machines.snapshot(started.machine, TASK, 1)
    await kit.machines.destroy(started.machine)
    assert await kit.machines.restore(TASK, 2, snapshot)


async def test_a_layer_is_kept_from_a_builder_that_serves_no_task(kit: Kit) -> None:
    layer = await kit.machines.find_layer(kit.need, "d1")
    assert not layer.ready
    assert (await kit.machines.find_layer(kit.need, "d2")).name != layer.name
    larger = replace(kit.need, disk_mib=kit.need.disk_mib * 2)
    assert (await kit.machines.find_layer(larger, "d1")).name != layer.name
    with pytest.raises(MachineError) as refused:
        await kit.machines.start(replace(kit.spec(), layer=layer.name))
    assert refused.value.code == "no_layer"
    builder = await kit.machines.start_builder(kit.need, kit.tar)
    assert await kit.machines.owned() == []
    await kit.machines.keep_layer(builder.machine, layer.name, "words")
    assert (await kit.machines.find_layer(kit.need, "d1")).ready
    with pytest.raises(MachineError):
        await kit.machines.keep_layer(builder.machine, layer.name, "words")
    # Machines begin with it, are snapshotted and come back.
    started = await kit.machines.start(replace(kit.spec(), layer=layer.name))
    taken = await kit.machines.snapshot(started.machine, TASK, 1)
    await kit.machines.destroy(started.machine)
    back = await kit.machines.restore(TASK, 1, taken)
    assert [m.machine for m in await kit.machines.owned()] == [back.machine]


async def test_a_builder_that_is_given_up_leaves_no_layer(kit: Kit) -> None:
    builder = await kit.machines.start_builder(kit.need, kit.tar)
    await kit.machines.destroy(builder.machine)
    assert not (await kit.machines.find_layer(kit.need, "d3")).ready


async def test_discard_removes_a_task_and_nobody_else(kit: Kit) -> None:
    mine = await kit.machines.start(kit.spec())
    other = await kit.machines.start(kit.spec(OTHER))
    snapshot = await kit.machines.snapshot(mine.machine, TASK, 1)
    await kit.machines.discard(TASK)
    await kit.machines.discard(TASK)
    assert [m.machine for m in await kit.machines.owned()] == [other.machine]
    with pytest.raises(SnapshotDamagedError):
        await kit.machines.restore(TASK, 1, snapshot)


async def test_a_lost_machine_is_told_once_within_two_seconds_and_a_destroyed_one_never(
    kit: Kit,
) -> None:
    told: list[tuple[str, str]] = []
    heard = asyncio.Event()
    loop = asyncio.get_running_loop()

    def tell(machine: str, why: str) -> None:
        told.append((machine, why))
        loop.call_soon_threadsafe(heard.set)

    kit.machines.on_lost(tell)
    kept = await kit.machines.start(kit.spec())
    lost = await kit.machines.start(kit.spec(attempt=2))
    kit.kill(lost.machine)
    await asyncio.wait_for(heard.wait(), 2.0)
    await kit.machines.destroy(lost.machine)
    await kit.machines.destroy(kept.machine)
    assert [machine for machine, _ in told] == [lost.machine]
    assert told[0][1]
