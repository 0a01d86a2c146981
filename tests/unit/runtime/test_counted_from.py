"""What a checkpoint is built on, and what it is compared with: nothing lost, nothing let past."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from clawdesk.domain.model import FINAL, Kind, Phase, Task
from clawdesk.domain.replay import read
from clawdesk.runtime.plane import Plane
from tests.support.guest_fake import FakeStep
from tests.support.plane_world import PROJECT, PlaneWorld, until

OURS = ".clawdesk/tasks/new.toml"
TASK = """
title = "Write"
[[steps]]
name = "one"
run = "{first}"
[[steps]]
name = "two"
run = "{second}"
"""


async def writes_a(step: FakeStep) -> int:
    step.files["a.txt"] = b"first"
    return 0


async def asks(step: FakeStep) -> int:
    await step.ask("Go on?")
    return 0


async def writes_b(step: FakeStep) -> int:
    step.files["b.txt"] = b"second"
    return 0


async def edits_ours_and_asks(step: FakeStep) -> int:
    step.files[OURS] = b"title = 'x'\n"
    await step.ask("Go on?")
    return 0


async def edits_ours_and_waits(step: FakeStep) -> int:
    step.files[OURS] = b"title = 'x'\n"
    reply = await step.checkpoint()
    step.files["heard.txt"] = str(reply.get("feedback", "")).encode()
    return 0


SCRIPTS = {
    "writes_a": writes_a,
    "writes_b": writes_b,
    "asks": asks,
    "edits_ours_and_asks": edits_ours_and_asks,
    "edits_ours_and_waits": edits_ours_and_waits,
}


def world_of(folder: Path, first: str, second: str) -> PlaneWorld:
    text = TASK.format(first=first, second=second)
    return PlaneWorld(folder, {"write": text}, SCRIPTS)


def clarifies(task: Task) -> bool:
    return task.request is not None and task.request.kind is Kind.CLARIFY


def approves(task: Task) -> bool:
    return task.request is not None and task.request.kind is Kind.APPROVE


def ended(task: Task) -> bool:
    return task.phase in FINAL


async def files_at(plane: Plane, task: Task, ordinal: int) -> set[str]:
    return {file.path for file in (await plane.diff(task.id, 0, ordinal)).files}


def damage_all(world: PlaneWorld, task: Task) -> None:
    """From now on every return is one without memory."""
    for checkpoint in task.checkpoints:
        if checkpoint.snapshot is not None:
            world.machines.damage(checkpoint.snapshot)


def asks_again(after: Task) -> Callable[[Task], bool]:
    return lambda task: clarifies(task) and task.next_ordinal > after.next_ordinal


async def test_files_from_before_a_return_without_memory_stay(tmp_path: Path) -> None:
    world = world_of(tmp_path, "writes_a", "asks")
    plane = await world.open()
    task_id = await plane.submit(PROJECT, "write")
    task = await until(plane, task_id, clarifies)
    damage_all(world, task)
    assert (await plane.restore(task_id, 1, channel="t")).ok
    task = await until(plane, task_id, asks_again(task))
    first = task.checkpoint(1)
    assert first is not None
    assert task.base == first.commit, "the machine began with the checkpoint's own files"
    [history] = await plane._projects.repository(PROJECT).histories()
    assert read(history.records).base == first.commit, "as the next start will know"
    assert task.request is not None
    assert (await plane.answer(task_id, task.request.id, "yes", channel="t")).ok
    task = await until(plane, task_id, ended)
    assert task.phase is Phase.DONE
    assert await files_at(plane, task, task.checkpoints[-1].ordinal) == {"a.txt"}
    await plane.close()


async def test_a_machine_brought_back_with_memory_keeps_its_beginning(tmp_path: Path) -> None:
    world = world_of(tmp_path, "writes_a", "writes_b")
    plane = await world.open()
    task_id = await plane.submit(PROJECT, "write")
    await until(plane, task_id, ended)
    assert (await plane.restore(task_id, 1, channel="t")).ok
    task = await until(plane, task_id, lambda t: ended(t) and t.next_ordinal > 3)
    assert task.base == task.start_commit
    assert await files_at(plane, task, 3) == {"a.txt", "b.txt"}
    await plane.close()


async def test_after_a_restart_as_well(tmp_path: Path) -> None:
    world = world_of(tmp_path, "writes_a", "asks")
    plane = await world.open()
    task_id = await plane.submit(PROJECT, "write")
    task = await until(plane, task_id, clarifies)
    await plane.close()
    damage_all(world, task)
    plane = await world.open()
    assert task.request is not None
    assert (await plane.answer(task_id, task.request.id, "yes", channel="t")).ok
    task = await until(plane, task_id, asks_again(task))
    assert task.request is not None
    assert (await plane.answer(task_id, task.request.id, "yes", channel="t")).ok
    task = await until(plane, task_id, ended)
    assert await files_at(plane, task, task.checkpoints[-1].ordinal) == {"a.txt"}
    await plane.close()


async def test_a_question_lets_nothing_past_approval(tmp_path: Path) -> None:
    world = world_of(tmp_path, "edits_ours_and_asks", "writes_b")
    plane = await world.open()
    task_id = await plane.submit(PROJECT, "write")
    task = await until(plane, task_id, clarifies)
    assert task.request is not None
    answer = await plane.answer(task_id, task.request.id, "yes", channel="t")
    assert answer.ok, "a question is answered as a question"
    task = await until(plane, task_id, approves)
    assert task.request is not None
    assert OURS in task.request.why
    diff = await plane.diff(task_id, None, task.request.ordinal)
    assert [file.path for file in diff.files] == [OURS], "what is approved is what is shown"
    await plane.close()


async def test_a_rejection_lets_nothing_past_approval(tmp_path: Path) -> None:
    world = world_of(tmp_path, "edits_ours_and_waits", "writes_b")
    plane = await world.open()
    task_id = await plane.submit(PROJECT, "write")
    task = await until(plane, task_id, approves)
    assert task.request is not None
    rejected = await plane.reject(task_id, 1, task.request.digest, channel="t", note="not this")
    assert rejected.ok
    task = await until(plane, task_id, lambda t: approves(t) and t.request.ordinal > 1)  # type: ignore[union-attr]
    diff = await plane.diff(task_id, None, 2)
    assert {file.path for file in diff.files} == {OURS, "heard.txt"}
    await plane.close()


async def test_going_back_compares_with_where_it_went_back_to(tmp_path: Path) -> None:
    world = world_of(tmp_path, "writes_a", "writes_b")
    plane = await world.open()
    task_id = await plane.submit(PROJECT, "write")
    await until(plane, task_id, ended)
    assert (await plane.restore(task_id, 1, channel="t")).ok
    await until(plane, task_id, lambda t: ended(t) and t.next_ordinal > 3)
    diff = await plane.diff(task_id, None, 3)
    assert [file.path for file in diff.files] == ["b.txt"], "not compared with what was left behind"
    await plane.close()
