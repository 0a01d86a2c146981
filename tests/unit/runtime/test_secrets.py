"""A task with a secret on a plane of fakes: it gets the value, and the value stays nowhere."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from clawdesk.domain.model import FINAL, Phase, Task
from clawdesk.domain.moves import GIVE_UP, KNEW_SECRETS, TELL
from clawdesk.ports.errors import PortError
from clawdesk.runtime.plane import Plane
from clawdesk.runtime.watch import Parts
from tests.support.guest_fake import FakeStep
from tests.support.plane_world import PROJECT, PlaneWorld, own_policy, until

VALUE = "s3cret-value-of-ann"
TASK = """
title = "Deploy"
secrets = ["DEPLOY_KEY"]
[machine]
memory_mib = 256
[[steps]]
name = "one"
run = "one"
[[steps]]
name = "two"
run = "two"
"""
POLICY = '[secrets]\nallow = ["DEPLOY_KEY"]\n'
seen: list[str] = []


class Kept:
    """A keyring with one secret."""

    async def values(self, names: Iterable[str]) -> Mapping[str, str]:
        return dict.fromkeys(names, VALUE)


class World(PlaneWorld):
    def parts(self) -> Parts:
        return replace(super().parts(), secrets=Kept())


async def one(step: FakeStep) -> int:
    seen.append(step.environment["DEPLOY_KEY"])
    step.print(f"using {VALUE[:5]}")
    step.print(f"{VALUE[5:]} now\n")
    if "secret" in step.machine.feedback:
        step.files["key.txt"] = b"nothing"
        step.machine.skipped = (f"{VALUE}.sock: neither a file nor a symbolic link",)
    else:
        step.files["key.txt"] = f"key = {VALUE}\n".encode()
    return 0


async def two(step: FakeStep) -> int:
    await step.checkpoint(message=f"with {VALUE}")
    return 0


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    grant = f'[projects."{PROJECT}".secrets]\nallow = ["DEPLOY_KEY"]\n'
    own_policy(tmp_path, monkeypatch, grant)
    made = World(tmp_path, {"deploy": TASK}, {"one": one, "two": two})
    made.project.user_commits({".clawdesk/project.toml": POLICY})
    return made


def held(task: Task) -> bool:
    return task.phase is Phase.HELD


def ended(task: Task) -> bool:
    return task.phase in FINAL


async def played(world: World) -> tuple[Plane, Task]:
    plane = await world.open()
    task = await plane.submit(PROJECT, "deploy")
    return plane, await until(plane, task, lambda t: held(t) or ended(t))


async def test_a_value_in_a_file_holds_the_task_until_the_task_took_it_out(world: World) -> None:
    plane, task = await played(world)
    assert seen[-1] == VALUE
    assert task.request is not None, task.finish_text
    assert "The value of the secret DEPLOY_KEY stands in key.txt" in task.request.question
    assert not task.checkpoints, "nothing was kept"
    assert (await plane.answer(task.id, "retry", TELL, channel="t")).ok
    task = await until(plane, task.id, ended)
    assert task.phase is Phase.DONE, task.finish_text
    assert world.machines.kept(task.id) == [], "a snapshot with the value in its memory was kept"
    assert {c.why_files_only for c in task.checkpoints} == {KNEW_SECRETS}
    lines = "\n".join(line.text for line in await plane.log_lines(task.id))
    assert "using [secret DEPLOY_KEY] now" in lines
    assert [c.message for c in task.checkpoints if c.message] == ["with [secret DEPLOY_KEY]"]
    words = "[secret DEPLOY_KEY].sock: neither a file nor a symbolic link"
    assert task.checkpoints[-1].not_taken[-1] == words
    await plane.close()
    plane = await world.open()
    assert all(c.snapshot is None for c in plane.state.tasks[task.id].checkpoints)
    await plane.close()
    assert VALUE not in repr(vars(world.project)), "Git has it"


async def test_closing_waits_for_no_machine_that_only_a_person_can_move(world: World) -> None:
    plane, task = await played(world)
    async with asyncio.timeout(20):
        await plane.close()
    assert task.machine in world.guests.machines, "the next start takes it up"


async def test_giving_up_ends_the_task_and_keeps_nothing(world: World) -> None:
    plane, task = await played(world)
    assert (await plane.answer(task.id, "retry", GIVE_UP, channel="t")).ok
    task = await until(plane, task.id, ended)
    assert (task.phase, len(task.checkpoints)) == (Phase.FAILED, 0)
    assert "DEPLOY_KEY" in task.finish_text
    await plane.close()


async def test_a_task_that_asks_for_more_than_it_may_have_is_not_begun(world: World) -> None:
    world.project.user_commits({".clawdesk/project.toml": ""})
    plane = await world.open()
    with pytest.raises(PortError, match="secrets"):
        await plane.submit(PROJECT, "deploy")
    await plane.close()
