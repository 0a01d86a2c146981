"""Snapshots under the user's cap, with a whole plane on fakes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from clawdesk.domain.model import FINAL, Phase, Snapshot, Task
from clawdesk.domain.retention import GIB
from clawdesk.domain.rules import Rules
from clawdesk.ports.errors import MachineError
from clawdesk.ports.machines import DiskUse, ImageUse
from clawdesk.runtime import retention
from clawdesk.runtime.plane import Plane
from tests.support import machines_fake
from tests.support.guest_fake import FakeStep
from tests.support.patience import NET_S
from tests.support.plane_world import PROJECT, PlaneWorld, until

STEPS = "".join(f'[[steps]]\nname = "s{n}"\nrun = "adds"\n' for n in range(4))
TASK = f'title = "Add"\n[machine]\nmemory_mib = 256\n{STEPS}checkpoint = "approve"\n'


async def adds(step: FakeStep) -> int:
    step.files[f"{len(step.files)}.txt"] = b"x"
    return 0


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PlaneWorld:
    monkeypatch.setattr(machines_fake, "SNAPSHOT_BYTES", GIB * 4 // 10)
    return PlaneWorld(tmp_path, {"add": TASK}, {"adds": adds})


def held(task: Task) -> bool:
    return task.phase is Phase.HELD


def ended(task: Task) -> bool:
    return task.phase in FINAL


async def with_cap(plane: Plane, gib: int) -> None:
    plane.state.rules = Rules(snapshot_gib_max=gib)


def with_machine(task: Task) -> list[int]:
    return [c.ordinal for c in task.checkpoints if c.snapshot is not None]


async def test_the_oldest_go_first_and_their_checkpoints_keep_files(world: PlaneWorld) -> None:
    plane = await world.open()
    await with_cap(plane, 1)
    task_id = await plane.submit(PROJECT, "add")
    task = await until(plane, task_id, held)
    await plane._retention.enforce()
    task = plane.state.tasks[task_id]
    assert with_machine(task) == [3, 4]
    assert (await plane.disk_use()).snapshots_bytes <= GIB
    assert "all snapshots have 1 GiB at most" in task.checkpoints[0].why_files_only
    await plane.close()
    plane = await world.open()
    again = plane.state.tasks[task_id]
    assert with_machine(again) == [3, 4], "Git knows it too"
    assert (await plane.restore(task_id, 1, channel="t")).ok
    task = await until(plane, task_id, lambda t: held(t) and t.next_ordinal > 5)
    resumed = [r for r in task.records if r.event == "resumed"]
    assert "GiB at most" in resumed[-1].fields["note"]
    await plane.close()


@pytest.fixture
def looks(world: PlaneWorld, monkeypatch: pytest.MonkeyPatch) -> asyncio.Queue[None]:
    """One for each look; the second until the next one never passes."""
    monkeypatch.setattr(retention, "REST_S", 3600.0)
    disk_use, found = world.machines.disk_use, asyncio.Queue[None]()

    async def counted() -> DiskUse:
        found.put_nowait(None)
        return await disk_use()

    monkeypatch.setattr(world.machines, "disk_use", counted)
    return found


async def test_quick_checkpoints_are_not_each_followed_by_a_look_at_every_file(
    world: PlaneWorld, looks: asyncio.Queue[None]
) -> None:
    plane = await world.open()
    task_id = await plane.submit(PROJECT, "add")
    assert len(with_machine(await until(plane, task_id, held))) == 4
    assert looks.qsize() == 1, "at the beginning"
    await plane.close()


async def test_a_full_cap_is_looked_at_without_a_wait(
    world: PlaneWorld, looks: asyncio.Queue[None]
) -> None:
    plane = await world.open()
    await with_cap(plane, 1)
    await looks.get()
    plane._retention.taken(Snapshot("one", 0.0, 0.0, 2 * GIB))
    await asyncio.wait_for(looks.get(), NET_S)
    await plane.close()


async def test_what_is_gone_back_to_meanwhile_is_kept(
    world: PlaneWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two are given up, one after the other; a person goes back to the second during the first."""
    plane = await world.open()
    task_id = await plane.submit(PROJECT, "add")
    await until(plane, task_id, held)
    await with_cap(plane, 1)
    forget, given_up = world.machines.forget, list[str]()

    async def slowly(snapshot: Snapshot) -> None:
        given_up.append(snapshot.id)
        if len(given_up) == 1:
            assert (await plane.restore(task_id, 2, channel="t")).ok
        await forget(snapshot)

    monkeypatch.setattr(world.machines, "forget", slowly)
    await plane._retention.enforce()
    task = await until(plane, task_id, lambda t: any(r.event == "resumed" for r in t.records))
    (resumed,) = [r for r in task.records if r.event == "resumed"]
    assert (resumed.fields["ordinal"], resumed.fields["memory"]) == (2, True)
    second = task.checkpoints[1].snapshot
    assert second is not None
    assert second.id not in given_up
    await plane.close()


async def test_where_all_are_needed_a_checkpoint_holds_files_only(world: PlaneWorld) -> None:
    plane = await world.open()
    first = await plane.submit(PROJECT, "add")
    await until(plane, first, held)
    second = await plane.submit(PROJECT, "add")
    await until(plane, second, held)
    await with_cap(plane, 1)
    third = await plane.submit(PROJECT, "add")
    task = await until(plane, third, held)
    assert with_machine(task) == []
    assert "needed by tasks that go on" in task.checkpoints[-1].why_files_only
    assert with_machine(plane.state.tasks[first]) == [4]
    assert with_machine(plane.state.tasks[second]) == [4]
    await plane.close()


async def test_a_disk_that_cannot_be_measured_stops_nothing(world: PlaneWorld) -> None:
    plane = await world.open()
    notices: list[str] = []
    plane.subscribe(lambda change: notices.extend(change.notices))
    await with_cap(plane, 1)
    for _ in range(3):
        world.machines.fail_next("disk_use", MachineError("Not readable.", code="disk"))
    task_id = await plane.submit(PROJECT, "add")
    await until(plane, task_id, held)
    assert len([text for text in notices if "Not readable." in text]) <= 1
    await plane.close()


async def test_a_clean_up_is_called_off_between_two_tasks(
    world: PlaneWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    plane = await world.open()
    ids = [await plane.submit(PROJECT, "add") for _ in range(2)]
    for task_id in ids:
        task = await until(plane, task_id, held)
        assert task.request is not None
        await plane.approve(task_id, 4, task.request.digest, channel="t")
        await until(plane, task_id, ended)
    discard = world.machines.discard

    async def last(task: str) -> None:
        await discard(task)
        await plane.stop_prune()

    monkeypatch.setattr(world.machines, "discard", last)
    assert "Called off." in (await plane.prune(0)).text
    kept = [with_machine(plane.state.tasks[task_id]) for task_id in ids]
    assert sorted(map(bool, kept)) == [False, True]
    monkeypatch.undo()
    assert "ended tasks: 1." in (await plane.prune(0)).text
    await plane.close()


async def test_prune_and_merge_say_what_became_of_the_machines(world: PlaneWorld) -> None:
    plane = await world.open()
    task_id = await plane.submit(PROJECT, "add")
    task = await until(plane, task_id, held)
    assert task.request is not None
    await plane.approve(task_id, 4, task.request.digest, channel="t")
    await until(plane, task_id, ended)
    assert "ended tasks: 1." in (await plane.prune(0)).text
    assert (await plane.prune(0)).text == "No ended task has a snapshot that old."
    task = plane.state.tasks[task_id]
    assert with_machine(task) == []
    assert task.checkpoints[0].why_files_only == "Its machine was removed by prune."
    assert world.machines.kept(task_id) == []
    await plane.close()
    plane = await world.open()
    assert with_machine(plane.state.tasks[task_id]) == []
    await plane.close()


async def test_old_guest_images_go_and_what_stays_is_said(world: PlaneWorld) -> None:
    plane = await world.open()
    mib = 1 << 20
    world.machines.images = [
        ImageUse("old", "base", 300 * mib, 1),
        ImageUse("older", "base", 200 * mib, 1),
        ImageUse("now", "base", 100 * mib, 2, current=True),
    ]
    told = await plane.remove_images(("old", "now"))
    assert told.ok
    assert told.text == "Removed guest images: 1, 300 MiB. The others are gone, or needed by now."
    assert [image.id for image in (await plane.disk_use()).images] == ["older", "now"]
    again = await plane.remove_images(("old",))
    assert not again.ok
    assert again.text == "No guest image was removed: each is gone, or needed by now."
    world.machines.fail_next("remove_images", MachineError("It is being built.", code="busy"))
    refused = await plane.remove_images(("older",))
    assert (refused.ok, refused.text) == (False, "It is being built.")
    assert (await plane.remove_images(("older",))).text == "Removed guest images: 1, 200 MiB."
    assert [deed.kind for deed in await plane.deeds()] == ["pruned", "pruned"]
    await plane.close()
