"""Projects that vanish or that somebody else holds, over a whole plane on fakes."""

from __future__ import annotations

import asyncio
from copy import copy
from pathlib import Path

import pytest

from clawdesk.domain.model import Phase, Task
from clawdesk.ports.errors import RepositoryError
from clawdesk.runtime.plane import Plane
from tests.support.guest_fake import FakeStep
from tests.support.plane_world import PROJECT, PlaneWorld, until

TIDY = '[[steps]]\nname = "s"\nrun = "true"\ncheckpoint = "approve"\n'
HOLDER = "another ClawDesk holds it: process 7 of user bob on desk"


async def end_well(step: FakeStep) -> int:
    return 0


@pytest.fixture
def world(tmp_path: Path) -> PlaneWorld:
    return PlaneWorld(tmp_path, {"tidy": TIDY}, {"true": end_well})


async def reason_code(plane: Plane, task: str, code: str) -> Task:
    def wanted(t: Task) -> bool:
        return t.reason is not None and t.reason.code == code

    return await until(plane, task, wanted)


async def test_tasks_of_a_folder_that_is_gone_wait_and_go_on(world: PlaneWorld) -> None:
    plane = await world.open()
    world.machines.ready = False
    await plane.check_environment()
    task = await plane.submit(PROJECT, "tidy")
    world.project.gone = True
    world.machines.ready = True
    await plane.check_environment()  # it would start now, and cannot
    waiting = await reason_code(plane, task, "project_unavailable")
    assert waiting.phase is Phase.QUEUED
    assert waiting.reason is not None
    assert "not there any more" in waiting.reason.text
    assert "open it where it is now" in waiting.reason.frees
    world.project.gone = False
    await plane._project_watch.look()
    await until(plane, task, lambda t: t.phase is Phase.HELD)
    await plane.close()


async def test_a_project_of_somebody_else_is_shown_and_taken_over_when_free(
    world: PlaneWorld,
) -> None:
    first = await world.open()
    held = await first.submit(PROJECT, "tidy")
    await until(first, held, lambda t: t.phase is Phase.HELD)
    world.machines.ready = False
    await first.check_environment()
    queued = await first.submit(PROJECT, "tidy")
    await first.close()
    world.machines.ready = True
    commits = len(world.project.commits)
    world.project.held_by = HOLDER
    second = await world.open()
    assert second.state.tasks[held].phase is Phase.HELD
    waiting = await reason_code(second, queued, "read_only")
    assert waiting.reason is not None
    assert "process 7 of user bob" in waiting.reason.text
    assert second.projects[PROJECT].read_only == HOLDER
    outcome = await second.cancel(held, channel="test")
    assert not outcome.ok
    assert "process 7 of user bob" in outcome.text
    with pytest.raises(RepositoryError):
        await second.submit(PROJECT, "tidy")
    assert len(world.project.commits) == commits, "the second writes nothing"
    world.project.held_by = ""
    await second._project_watch.look()
    await until(second, queued, lambda t: t.phase is Phase.HELD)
    assert second.projects[PROJECT].read_only == ""
    assert (await second.cancel(held, channel="test")).ok
    await second.close()


async def test_a_task_that_runs_elsewhere_is_not_ended(world: PlaneWorld) -> None:
    """What another plane runs is neither restarted nor written about."""
    began, never = asyncio.Event(), asyncio.Event()

    async def hang(step: FakeStep) -> int:
        began.set()
        await never.wait()
        return 0

    world = PlaneWorld(world.folder, {"tidy": TIDY}, {"true": hang})
    first = await world.open()
    task = await first.submit(PROJECT, "tidy")
    await began.wait()
    await until(first, task, lambda t: t.phase is Phase.RUNNING)
    commits = len(world.project.commits)
    world.project.held_by = HOLDER
    world.machines.machines, mine = {}, world.machines.machines
    second = await world.open()
    seen = second.state.tasks[task]
    assert seen.phase is Phase.UNKNOWN
    assert seen.machine == ""
    assert len(world.project.commits) == commits
    await second.close()
    world.project.held_by, world.machines.machines = "", mine
    await first.cancel(task, channel="test")
    await first.close()


async def test_a_project_that_was_moved_goes_on_where_it_is_opened(world: PlaneWorld) -> None:
    """As its tasks say while it is gone; also one whose machine runs on meanwhile."""
    plane = await world.open()
    held = await plane.submit(PROJECT, "tidy")
    before = await until(plane, held, lambda t: t.phase is Phase.HELD)
    assert before.machine
    world.machines.ready = False
    await plane.check_environment()
    queued = await plane.submit(PROJECT, "tidy")
    moved = copy(world.project)
    moved.path, world.project.gone = "/projects/moved", True
    world.repositories.projects[moved.path] = moved
    await plane._project_watch.look()
    await reason_code(plane, queued, "project_unavailable")
    await plane.open_project(moved.path)
    assert {task.project for task in plane.state.tasks.values()} == {moved.path}
    assert set(plane.projects) == {moved.path}
    assert plane.state.tasks[held].machine == before.machine
    request = plane.state.tasks[held].request
    assert request is not None
    assert (await plane.approve(held, request.ordinal, request.digest, channel="t")).ok
    await until(plane, held, lambda t: t.phase is Phase.DONE)
    world.machines.ready = True
    await plane.check_environment()
    await until(plane, queued, lambda t: t.phase is Phase.HELD)
    await plane.close()


async def test_a_copy_of_a_project_leaves_the_tasks_where_they_are(world: PlaneWorld) -> None:
    plane = await world.open()
    held = await plane.submit(PROJECT, "tidy")
    await until(plane, held, lambda t: t.phase is Phase.HELD)
    copied = copy(world.project)
    copied.path = "/projects/copy"
    world.repositories.projects[copied.path] = copied
    await plane.open_project(copied.path)
    assert plane.state.tasks[held].project == PROJECT
    assert set(plane.projects) == {PROJECT, copied.path}
    await plane.close()
