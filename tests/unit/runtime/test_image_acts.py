"""Hosts for images of catalog agents: asked once, used for those alone, taken back."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from clawdesk.domain.agents import KINDS, shell_of
from clawdesk.domain.from_prompt import TaskPrompt, definition_from
from clawdesk.domain.images import ImagePlan, set_up_steps, with_kind
from clawdesk.domain.model import FINAL, Phase, Task
from clawdesk.domain.network import Reach
from clawdesk.domain.package_sources import NPM, PYPI, PackageSource
from clawdesk.domain.policy_file import parse_rules
from clawdesk.ports.errors import MachineError, PortError
from clawdesk.ports.guest import NetworkUsed
from clawdesk.runtime.client import PlaneClient
from clawdesk.runtime.places import config_dir, plane_socket
from clawdesk.runtime.plane import Plane
from clawdesk.runtime.server import PlaneServer
from tests.support.guest_fake import FakeStep
from tests.support.plane_world import PROJECT, PlaneWorld, until

KIND = KINDS["mini-swe-agent"]
ASKED = TaskPrompt("Mend it.", KIND.name, model="coder")
WANTED = Reach(("py.example", "files.example", "npm.example"), ("10.1.2.3",))
STEPS = [step.command for step in set_up_steps(with_kind(ImagePlan(), KIND))]
Script = Callable[[FakeStep], Awaitable[int]]


async def well(step: FakeStep) -> int:
    return 0


def agents_command() -> str:
    definition = definition_from(ASKED)
    assert definition.agent is not None
    return shell_of(definition.agent, definition.steps[0].run, "")


def world_of(tmp_path: Path, **scripts: Script) -> PlaneWorld:
    """A project without any `.clawdesk`; `pip` is what that step of a set-up does."""
    given: dict[str, Script] = dict.fromkeys([*STEPS, agents_command()], well)
    if "pip" in scripts:
        given[STEPS[1]] = scripts["pip"]
    return PlaneWorld(tmp_path, {}, given)


@pytest.fixture
def world(tmp_path: Path) -> PlaneWorld:
    return world_of(tmp_path)


@pytest.fixture
async def plane(world: PlaneWorld) -> AsyncIterator[Plane]:
    opened = await world.open()
    yield opened
    await opened.close()


def policy() -> Path:
    return config_dir() / "policy.toml"


async def allow(plane: Plane) -> None:
    done = await plane.allow_catalog(WANTED.hosts, WANTED.own_networks)
    assert done.ok, done.text


async def ended(plane: Plane, task: str) -> Task:
    def over(task: Task) -> bool:
        return task.phase in FINAL or task.phase is Phase.HELD

    return await until(plane, task, over)


async def test_a_prompt_alone_is_refused_then_allowed_then_built(
    world: PlaneWorld, plane: Plane
) -> None:
    with pytest.raises(PortError, match="may be set up from no host") as refused:
        await plane.submit(PROJECT, ASKED)
    assert "clawdesk images allow" in refused.value.mend
    await allow(plane)
    task = await ended(plane, await plane.submit(PROJECT, ASKED))
    assert task.phase is Phase.HELD, task.finish_text
    builder, machine = list(world.guests.machines.values())
    assert builder.network == WANTED, "exactly what was allowed"
    assert machine.network == Reach(), "the task itself reaches nothing"
    assert set(task.policy.network_allow) == set()


async def test_the_image_of_a_project_never_uses_it(world: PlaneWorld, plane: Plane) -> None:
    await allow(plane)
    for text, more in (
        ('pypi = ["evil"]\n', {}),
        ('network = ["py.example"]\n', {}),
        ('npm = ["evil"]\n', {}),
        ('files = ["notes.txt"]\n', {}),
        ('script = "set-up.sh"\n', {"set-up.sh": "curl https://py.example"}),
    ):
        world.project.user_commits({".clawdesk/image.toml": text, **more})
        assert (await plane.project_policy(PROJECT)).own_image
        with pytest.raises(PortError) as refused:
            await plane.submit(PROJECT, ASKED)
        assert "[network] allow" in refused.value.sentence, text
    world.project.user_commits({".clawdesk/image.toml": None})
    assert not (await plane.project_policy(PROJECT)).own_image
    assert not [call for call, _ in world.machines.calls if call == "start_builder"]


async def test_a_script_alone_is_run_and_reaches_nothing(
    world: PlaneWorld, plane: Plane, tmp_path: Path
) -> None:
    """Without packages it needs no network: the rule gives it none."""
    task_file = '[[steps]]\nname = "one"\nrun = "true"\n'
    world.project.user_commits({
        ".clawdesk/image.toml": 'script = "set-up.sh"\n',
        ".clawdesk/tasks/t.toml": task_file,
        "set-up.sh": "curl https://py.example",
    })  # fmt: skip
    await allow(plane)
    await ended(plane, await plane.submit(PROJECT, "t"))
    builder = next(iter(world.guests.machines.values()))
    assert builder.network == Reach()


async def test_a_mirror_that_is_not_allowed_any_more_names_the_command(tmp_path: Path) -> None:
    async def pip(step: FakeStep) -> int:
        step.machine.tell(NetworkUsed("other.example", 443, 0, 0, "may not reach other.example"))
        return 1

    world = world_of(tmp_path, pip=pip)
    plane = await world.open()
    try:
        await allow(plane)
        task = await ended(plane, await plane.submit(PROJECT, ASKED))
        assert "may not reach other.example" in task.finish_text
        assert "clawdesk images allow" in task.finish_text
        assert ".clawdesk/image.toml" not in task.finish_text
    finally:
        await plane.close()


async def test_it_is_taken_back_and_what_is_built_stays(world: PlaneWorld, plane: Plane) -> None:
    assert (await plane.take_back_catalog()).text.startswith("No host was allowed")
    await allow(plane)
    await ended(plane, await plane.submit(PROJECT, ASKED))
    assert (await plane.take_back_catalog()).ok
    assert parse_rules(policy().read_text()).catalog == Reach()
    await ended(plane, await plane.submit(PROJECT, ASKED))
    assert [call for call, _ in world.machines.calls].count("start_builder") == 1
    with pytest.raises(PortError, match="may be set up from no host"):
        await plane.submit(PROJECT, TaskPrompt("p", "gptme", model="m"))
    deeds = await plane.deeds()
    assert [deed.kind for deed in deeds] == ["images", "images"]
    assert "py.example, files.example, npm.example" in deeds[0].text
    assert "nowhere any more" in deeds[1].text


@pytest.mark.parametrize(
    ("hosts", "own"),
    [
        (("py.example", "evil.example"), ("10.1.2.3",)),
        (WANTED.hosts, ("10.0.0.0/8",)),
        (WANTED.hosts, ()),
        ((), ()),
    ],
)
async def test_only_what_this_computer_is_set_to_is_written(
    plane: Plane, hosts: tuple[str, ...], own: tuple[str, ...]
) -> None:
    refused = await plane.allow_catalog(hosts, own)
    assert not refused.ok
    assert "is not what was shown any more" in refused.text
    assert not policy().exists()
    assert not await plane.deeds()


async def test_what_is_shown_is_what_there_is(world: PlaneWorld, plane: Plane) -> None:
    policy().parent.mkdir(parents=True, exist_ok=True)
    policy().write_text("[host]\nmachines_max = 3\n")
    before = await plane.catalog_access()
    assert (before.hosts, before.own, before.line) == ((), (), 0)
    assert (before.path, before.built) == (str(policy()), ())
    assert [source.name for source in before.sources] == [PYPI, NPM]
    await allow(plane)
    after = await plane.catalog_access()
    assert (after.hosts, after.own) == (WANTED.hosts, WANTED.own_networks)
    assert policy().read_text().splitlines()[after.line - 1] == "[images.catalog]"
    rules = {rule.key: rule for rule in (await plane.user_rules()).rules}
    shown = rules["images.catalog.allow"]
    assert (shown.value, shown.source) == (", ".join(WANTED.hosts), "user")
    assert json.dumps(WANTED.hosts[0]) in policy().read_text().splitlines()[shown.line - 1]
    await ended(plane, await plane.submit(PROJECT, ASKED))
    assert (await plane.catalog_access()).built == (KIND.name,)
    world.machines.fail_next("find_layer", MachineError("no libvirt"))
    assert (await plane.catalog_access()).built is None


async def test_a_file_with_a_mistake_is_left_alone(world: PlaneWorld, plane: Plane) -> None:
    policy().parent.mkdir(parents=True, exist_ok=True)
    policy().write_text("[host]\nmachines_max = 0\n")
    refused = await plane.allow_catalog(WANTED.hosts, WANTED.own_networks)
    assert not refused.ok
    assert "machines_max: found 0" in refused.text
    assert policy().read_text() == "[host]\nmachines_max = 0\n"
    world.set_ups.found = (PackageSource(PYPI, problem="pip is broken"),)
    assert not (await plane.allow_catalog((), ())).ok


async def test_a_client_asks_for_it_over_the_socket(plane: Plane) -> None:
    server = PlaneServer(plane, plane_socket())
    await server.start()
    client = await PlaneClient.connect(plane_socket())
    try:
        shown = await client.catalog_access()
        assert shown == await plane.catalog_access()
        assert (await client.allow_catalog(WANTED.hosts, WANTED.own_networks)).ok
        assert (await client.catalog_access()).hosts == WANTED.hosts
        assert (await client.take_back_catalog()).ok
        assert not parse_rules(policy().read_text()).catalog.hosts
    finally:
        await client.close()
        await server.close()
