"""A task's image layer: built before its machine starts, once; shown, given up, failing plainly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from clawdesk.domain.images import ImagePlan, parse_image, set_up_steps
from clawdesk.domain.model import FINAL, Phase, Task
from clawdesk.ports.errors import MachineError, PortError
from clawdesk.ports.guest import NetworkUsed
from clawdesk.ports.inference import LeaseNews, LeaseWish
from clawdesk.runtime.places import config_dir
from clawdesk.runtime.plane import Plane
from tests.support.guest_fake import FakeStep
from tests.support.inference_fake import EchoInference
from tests.support.plane_world import PROJECT, PlaneWorld, until

TASK = '[machine]\nmemory_mib = 256\n[[steps]]\nname = "one"\nrun = "one"\n'
WITH_MODEL = f'models.default = "coder"\n{TASK}'
IMAGE = 'pypi = ["requests"]\nscript = "set-up.sh"\n'
STEPS = [step.command for step in set_up_steps(ImagePlan(parse_image(IMAGE)))]
PIP, SCRIPT = STEPS[1], STEPS[2]
RULES = '[defaults.network]\nallow = ["a.example"]\nown = ["10.1.0.0/16"]\n'
Script = Callable[[FakeStep], Awaitable[int]]


async def well(step: FakeStep) -> int:
    step.print("did it\n")
    return 0


@asynccontextmanager
async def opened(tmp_path: Path, image: str = IMAGE, **scripts: Script) -> AsyncIterator[World]:
    """A plane whose project has an image file. `pip` and `script` are what those steps do."""
    given: dict[str, Script] = {**dict.fromkeys(STEPS, well), "one": well}
    given |= {{"pip": PIP, "script": SCRIPT}[name]: script for name, script in scripts.items()}
    world = PlaneWorld(tmp_path, {"write": TASK}, given)
    world.project.user_commits({
        ".clawdesk/image.toml": image,
        ".clawdesk/project.toml": '[network]\nallow = ["a.example"]\n',
        "set-up.sh": "true",
    })  # fmt: skip
    config_dir().mkdir(parents=True, exist_ok=True)
    (config_dir() / "policy.toml").write_text(RULES)
    opened = World(world, await world.open())
    try:
        yield opened
    finally:
        await opened.plane.close()


class World:
    def __init__(self, fakes: PlaneWorld, plane: Plane) -> None:
        self.fakes = fakes
        self.plane = plane

    async def submit(self) -> str:
        return await self.plane.submit(PROJECT, "write")

    async def end(self, task: str) -> Task:
        return await until(self.plane, task, lambda t: t.phase in FINAL)

    async def log(self, task: str) -> list[str]:
        return [line.text for line in await self.plane.log_lines(task)]

    def made(self, call: str) -> int:
        return [name for name, _ in self.fakes.machines.calls].count(call)


async def test_it_is_built_before_the_first_machine_and_found_by_the_second(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        first = await world.submit()
        assert (await world.end(first)).phase is Phase.DONE
        second = await world.submit()
        assert (await world.end(second)).phase is Phase.DONE
        assert world.made("start_builder") == world.made("keep_layer") == 1
        assert world.fakes.set_ups.contents == [{"set-up.sh": b"true"}]
        assert "did it" in await world.log(first)
        assert not any("image" in line for line in await world.log(second))
        builder = next(iter(world.fakes.guests.machines.values()))
        assert builder.network.hosts == ("a.example",)
        assert builder.network.own_networks == ("10.1.0.0/16",)


async def test_two_tasks_wait_for_one_build_and_say_for_what(tmp_path: Path) -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    async def slow(step: FakeStep) -> int:
        begun.set()
        await go.wait()
        return 0

    async with opened(tmp_path, pip=slow) as world:
        tasks = [await world.submit(), await world.submit()]
        await begun.wait()
        for task in tasks:
            waiting = await until(world.plane, task, lambda t: t.reason is not None)
            assert waiting.phase is Phase.STARTING
            assert waiting.reason is not None
            assert waiting.reason.code == "image"
            assert waiting.reason.text.startswith("Its image is being built: ")
        go.set()
        for task in tasks:
            assert (await world.end(task)).phase is Phase.DONE
        assert world.made("start_builder") == 1


class OneModel(EchoInference):
    """Grants whatever is asked for, and tells who holds it."""

    def __init__(self) -> None:
        super().__init__()
        self.holders: set[str] = set()
        self.grants = 0
        self.changed = asyncio.Event()

    async def ask_lease(self, wish: LeaseWish) -> LeaseNews:
        self.holders.add(wish.task)
        self.grants += 1
        return await super().ask_lease(wish)

    async def release_lease(self, task: str) -> None:
        self.holders.discard(task)
        self.changed.set()


async def test_a_task_holds_no_model_while_its_image_is_built(tmp_path: Path) -> None:
    begun, go, fabric = asyncio.Event(), asyncio.Event(), OneModel()

    async def slow(step: FakeStep) -> int:
        begun.set()
        await go.wait()
        return 0

    async with opened(tmp_path, pip=slow) as world:
        await world.plane.close()
        world.fakes.project.user_commits({".clawdesk/tasks/write.toml": WITH_MODEL})
        world.plane = Plane(replace(world.fakes.parts(), inference=fabric))
        await world.plane.start()
        await world.plane.open_project(PROJECT)
        task = await world.submit()
        await asyncio.wait_for(begun.wait(), 10)
        await asyncio.wait_for(fabric.changed.wait(), 10)
        assert fabric.holders == set()
        assert world.plane.state.tasks[task].phase is Phase.STARTING
        go.set()
        assert (await world.end(task)).phase is Phase.DONE
        assert fabric.grants == 2
        assert (fabric.holders, world.made("start_builder")) == (set(), 1)


async def test_a_set_up_that_fails_says_which_step_and_is_not_tried_again(tmp_path: Path) -> None:
    async def refused(step: FakeStep) -> int:
        step.machine.tell(
            NetworkUsed("b.example", 443, 0, 0, "the task may not reach b.example:443")
        )
        step.print("no matching distribution\n", "err")
        step.machine.killed = 1
        return 3

    async with opened(tmp_path, pip=refused) as world:
        task = await world.end(await world.submit())
        assert task.phase is Phase.FAILED
        for words in (
            "Python packages ended with 3. Memory ran out: the machine has",
            "no matching distribution",
            "may not reach b.example",
            "Mend .clawdesk/image.toml",
        ):
            assert words in task.finish_text
        assert world.made("start_builder") == 1
        assert world.made("keep_layer") == 0
        assert world.fakes.machines.machines == {}
        assert list(tmp_path.glob("workspaces/*")) == []


async def test_the_last_task_that_is_cancelled_ends_the_build(tmp_path: Path) -> None:
    begun = asyncio.Event()

    async def endless(step: FakeStep) -> int:
        begun.set()
        await asyncio.Event().wait()
        return 0

    async with opened(tmp_path, script=endless) as world:
        task = await world.submit()
        await begun.wait()
        await world.plane.cancel(task, channel="test")
        assert (await world.end(task)).phase is Phase.CANCELLED
        assert world.fakes.machines.machines == {}
        assert world.fakes.machines.layers == set()


async def test_a_plane_that_is_closed_meanwhile_waits_for_nothing_and_begins_anew(
    tmp_path: Path,
) -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    async def slow(step: FakeStep) -> int:
        begun.set()
        await go.wait()
        return 0

    async with opened(tmp_path, pip=slow) as world:
        task = await world.submit()
        await begun.wait()
        async with asyncio.timeout(20):
            await world.plane.close()
        assert world.fakes.machines.machines == {}
        go.set()
        world.plane = await world.fakes.open()
        assert (await world.end(task)).phase is Phase.DONE


async def test_a_machine_that_is_lost_meanwhile_is_tried_once_more(tmp_path: Path) -> None:
    tries = 0

    async def once_lost(step: FakeStep) -> int:
        nonlocal tries
        tries += 1
        if tries == 1:
            step.machine.die()
        return 0

    async with opened(tmp_path, pip=once_lost) as world:
        assert (await world.end(await world.submit())).phase is Phase.DONE
        assert tries == 2


async def test_a_disk_that_is_full_leaves_no_layer(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        for _ in range(2):
            full = MachineError("The disk is full.", code="no_space")
            world.fakes.machines.fail_next("keep_layer", full)
        task = await world.end(await world.submit())
        assert (task.phase, "The disk is full" in task.finish_text) == (Phase.FAILED, True)
        assert world.fakes.machines.machines == {}


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ('pypi = ["a"]\nnetwork = ["b.example"]\n', "image.toml asks for b.example, which"),
        ('pypi = ["-r"]\n', ".clawdesk/image.toml:1: pypi: found"),
        ('script = "missing.sh"\n', "There is no missing.sh"),
    ],
)
async def test_what_cannot_be_built_is_not_begun(tmp_path: Path, image: str, expected: str) -> None:
    async with opened(tmp_path, image) as world:
        with pytest.raises(PortError) as refused:
            await world.submit()
        assert expected in refused.value.what


async def test_packages_without_any_network_are_refused_before_a_task_exists(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as world:
        world.fakes.project.user_commits({".clawdesk/project.toml": ""})
        with pytest.raises(PortError, match="its project may reach no host") as refused:
            await world.submit()
        assert "[network] allow" in refused.value.mend
        assert not world.plane.state.tasks
        assert world.made("start_builder") == 0


async def test_an_image_that_is_there_needs_no_network(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        assert (await world.end(await world.submit())).phase is Phase.DONE
        world.fakes.project.user_commits({".clawdesk/project.toml": ""})
        assert (await world.end(await world.submit())).phase is Phase.DONE


async def test_where_nobody_could_look_the_build_says_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        world.fakes.project.user_commits({".clawdesk/project.toml": ""})
        world.fakes.machines.fail_next("find_layer", MachineError("no libvirt"))
        task = await world.end(await world.submit())
        assert task.phase is Phase.FAILED
        assert "its project may reach no host" in task.finish_text
        assert world.made("start_builder") == 0
