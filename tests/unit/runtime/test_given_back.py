"""A machine that is being given back stands still while it is saved; one that stays goes on."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from clawdesk.domain.model import Phase, Snapshot, Task
from clawdesk.ports.errors import MachineError, RepositoryError
from clawdesk.runtime.plane import Plane
from tests.support.guest_fake import FakeStep
from tests.support.plane_world import PROJECT, JoinedMachines, PlaneWorld, until

TASK = 'title = "Works"\n[[steps]]\nname = "one"\nrun = "works"\n'


class Scene:
    """A task in the middle of its step; `stood` = how its machine stood at each snapshot."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.on, self.stood = asyncio.Event(), list[bool]()
        take = JoinedMachines.snapshot

        async def takes(
            machines: JoinedMachines, machine: str, task: str, ordinal: int
        ) -> Snapshot:
            self.stood.append(machines.machines[machine].suspended)
            return await take(machines, machine, task, ordinal)

        async def works(_step: FakeStep) -> int:
            await self.on.wait()
            return 0

        monkeypatch.setattr(JoinedMachines, "snapshot", takes)
        self.world = PlaneWorld(folder, {"work": TASK}, {"works": works})

    async def begin(self) -> tuple[Plane, str]:
        plane = await self.world.open()
        task = await plane.submit(PROJECT, "work")
        await until(plane, task, lambda t: t.phase is Phase.RUNNING and t.step_running)
        await plane._performer.drain()
        return plane, task

    async def stays(self, plane: Plane, task: str) -> None:
        """It is asked for its machine, stands still for it, and keeps it."""
        outcome = await plane.yield_now(task, channel="t")
        assert not outcome.ok
        await until(plane, task, lambda t: t.phase is Phase.RUNNING)
        await plane._performer.drain()
        await self.end(plane, task)
        assert self.stood[0]

    async def end(self, plane: Plane, task: str) -> Task:
        """It runs, in a machine that does, to its end."""
        (machine,) = self.world.machines.machines.values()
        assert not machine.suspended
        self.on.set()
        done = await until(plane, task, lambda t: t.phase is Phase.DONE)
        await plane.close()
        return done


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(tmp_path, monkeypatch)


async def test_it_stands_still_while_it_is_saved(scene: Scene) -> None:
    plane, _ = await scene.begin()
    await plane.close()
    assert scene.stood == [True]
    assert scene.world.machines.machines == {}


async def test_it_runs_while_it_is_saved_where_it_goes_on(scene: Scene) -> None:
    await scene.end(*await scene.begin())
    assert scene.stood == [False]


async def test_one_whose_memory_could_not_be_kept_goes_on(scene: Scene) -> None:
    plane, task = await scene.begin()
    scene.world.machines.fail_next("snapshot", MachineError("The disk is full.", code="no_space"))
    await scene.stays(plane, task)


async def test_one_whose_going_could_not_be_recorded_goes_on(scene: Scene) -> None:
    plane, task = await scene.begin()
    scene.world.project.fail("append", RepositoryError("The disk is full.", code="no_space"))
    await scene.stays(plane, task)
