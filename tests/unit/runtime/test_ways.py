"""Going back, and back again: which work a task stands on then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from clawdesk.domain.model import FINAL, Phase, Task
from clawdesk.ports.errors import PortError
from clawdesk.ports.repository import MergeOutcome
from clawdesk.runtime.plane import Plane
from tests.support.guest_fake import FakeStep
from tests.support.plane_world import PROJECT, PlaneWorld, until
from tests.support.repository_fake import FakeRepository

TASK = """
[[steps]]
name = "one"
run = "one"
[[steps]]
name = "two"
run = "two"
checkpoint = "approve"
"""


@pytest.fixture
def world(tmp_path: Path) -> PlaneWorld:
    tries = count(1)

    async def one(step: FakeStep) -> int:
        step.files["a.txt"] = f"try {next(tries)}".encode()
        return 0

    async def two(step: FakeStep) -> int:
        step.files["b.txt"] = b"by " + step.files["a.txt"]
        return 0

    return PlaneWorld(tmp_path, {"write": TASK}, {"one": one, "two": two})


def held_at(ordinal: int) -> Callable[[Task], bool]:
    def held(task: Task) -> bool:
        return task.phase is Phase.HELD and task.tip_ordinal == ordinal

    return held


def ended(task: Task) -> bool:
    return task.phase in FINAL


async def test_work_that_was_gone_back_to_is_merged(world: PlaneWorld) -> None:
    plane = await world.open()
    task_id = await plane.submit(PROJECT, "write")
    await until(plane, task_id, held_at(2))
    assert (await plane.restore(task_id, 0, channel="t")).ok
    await until(plane, task_id, held_at(4))
    # The first try was better after all.
    assert (await plane.restore(task_id, 2, channel="t")).ok
    task = await until(plane, task_id, held_at(2))
    assert task.request is not None
    assert (await plane.approve(task_id, 2, task.request.digest, channel="t")).ok
    await until(plane, task_id, ended)
    await plane.merge(task_id)
    work = {path: content for path, (_, content) in world.project.work.items()}
    assert (work.get("a.txt"), work.get("b.txt")) == (b"try 1", b"by try 1")
    await plane.close()


async def test_a_rejected_step_begins_again_on_its_own_way(world: PlaneWorld) -> None:
    plane = await world.open()
    task_id = await plane.submit(PROJECT, "write")
    await until(plane, task_id, held_at(2))
    assert (await plane.restore(task_id, 0, channel="t")).ok
    await until(plane, task_id, held_at(4))
    assert (await plane.restore(task_id, 2, channel="t")).ok
    task = await until(plane, task_id, held_at(2))
    assert task.request is not None
    assert (await plane.reject(task_id, 2, task.request.digest, channel="t", note="no")).ok
    task = await until(plane, task_id, held_at(5))
    back = [r.fields["ordinal"] for r in task.records if r.event == "restored"]
    assert back == [0, 2, 1]
    await plane.close()


async def test_the_next_plane_knows_what_going_back_took_with_it(world: PlaneWorld) -> None:
    plane = await world.open()
    task_id = await plane.submit(PROJECT, "write")
    task = await until(plane, task_id, held_at(2))
    assert task.request is not None
    digest = task.request.digest
    assert (await plane.approve(task_id, 2, digest, channel="t", note="well done")).ok
    await until(plane, task_id, ended)
    await plane.merge(task_id)
    assert (await plane.restore(task_id, 0, channel="t")).ok
    before = await until(plane, task_id, held_at(4))
    await plane.close()
    plane = await world.open()
    after = plane.state.tasks[task_id]
    assert (before.merged_into, before.feedback) == ("", "")
    assert (after.merged_into, after.feedback) == ("", "")
    await plane.close()


async def done(plane: Plane) -> str:
    task_id = await plane.submit(PROJECT, "write")
    task = await until(plane, task_id, held_at(2))
    assert task.request is not None
    assert (await plane.approve(task_id, 2, task.request.digest, channel="t")).ok
    await until(plane, task_id, ended)
    return task_id


async def test_two_at_once_one_goes_back_and_one_merges(world: PlaneWorld) -> None:
    plane = await world.open()
    task_id = await done(plane)
    going = asyncio.ensure_future(plane.restore(task_id, 1, channel="t"))
    await asyncio.sleep(0)
    with pytest.raises(PortError, match="just changing"):
        await plane.merge(task_id)
    assert (await going).ok
    assert "a.txt" not in world.project.work, "less than the whole work was merged"
    await plane.close()


async def test_two_at_once_one_merges_and_one_goes_back(
    world: PlaneWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    plane = await world.open()
    task_id = await done(plane)
    made, goes_on = asyncio.Event(), asyncio.Event()
    merge = FakeRepository.merge

    async def slow(self: FakeRepository, *args: Any, **more: Any) -> MergeOutcome:
        outcome = await merge(self, *args, **more)
        made.set()
        await goes_on.wait()
        return outcome

    monkeypatch.setattr(FakeRepository, "merge", slow)
    merging = asyncio.ensure_future(plane.merge(task_id))
    await made.wait()
    assert (await plane.restore(task_id, 1, channel="t")).ok
    goes_on.set()
    assert (await merging).branch == "main"
    before = await until(plane, task_id, held_at(3))
    await plane.close()
    plane = await world.open()
    after = plane.state.tasks[task_id]
    assert (before.merged_into, after.merged_into) == ("", ""), "the work of now is not merged"
    await plane.close()
