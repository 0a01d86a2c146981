"""A task with a key on a plane of fakes: its way out has the key, and nothing inside does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from clawdesk.domain.model import FINAL, Phase, Task
from clawdesk.domain.network import Key
from clawdesk.ports.errors import PortError
from clawdesk.ports.guest import NetworkUsed
from clawdesk.runtime.watch import Parts
from tests.support.guest_fake import FakeStep
from tests.support.plane_world import PROJECT, PlaneWorld, own_policy, until

VALUE = "s3cret-value-of-ann"
HOST = "api.example.org"
TASK = f"""
[machine]
memory_mib = 256
network = ["{HOST}"]
[[keys]]
host = "{HOST}"
secret = "API_TOKEN"
[[steps]]
name = "ask"
run = "ask"
"""
POLICY = f'[network]\nallow = ["{HOST}"]\n[keys]\nallow = ["API_TOKEN@{HOST}"]\n'
seen: list[Key] = []


class Kept:
    """A keyring with one secret."""

    async def values(self, names: Iterable[str]) -> Mapping[str, str]:
        assert tuple(names) == ("API_TOKEN",)
        return {"API_TOKEN": VALUE}


class World(PlaneWorld):
    def parts(self) -> Parts:
        return replace(super().parts(), secrets=Kept())


async def ask(step: FakeStep) -> int:
    assert VALUE not in repr(step.environment)
    assert "API_TOKEN" not in step.environment
    seen[:] = step.machine.network.keys
    step.machine.tell(NetworkUsed(HOST, 443, 10, 20, keys=("API_TOKEN",)))
    step.print(f"it said {VALUE}\n")
    return 0


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    tables = POLICY.replace("[network]", "[defaults.network]").replace("[keys]", "[defaults.keys]")
    own_policy(tmp_path, monkeypatch, tables)
    made = World(tmp_path, {"ask": TASK}, {"ask": ask})
    made.project.user_commits({".clawdesk/project.toml": POLICY})
    return made


def ended(task: Task) -> bool:
    return task.phase in FINAL


async def test_the_way_out_has_the_key_and_the_machine_has_not(world: World) -> None:
    plane = await world.open()
    task = await until(plane, await plane.submit(PROJECT, "ask"), ended)
    assert task.phase is Phase.DONE, task.finish_text
    [key] = seen
    assert (key.host, key.port, key.tls_port) == (HOST, 80, 443)
    assert (key.header, key.words) == ("Authorization", f"Bearer {VALUE}")
    lines = "\n".join(line.text for line in await plane.log_lines(task.id))
    assert f"Network: {HOST}:443 with API_TOKEN, 10 bytes sent, 20 received." in lines
    assert "it said [secret API_TOKEN]" in lines, "should it come in on another way, it is hidden"
    assert task.checkpoints[-1].beside.network == (f"{HOST}:443 with API_TOKEN (1)",)
    assert task.checkpoints[-1].why_files_only == "", "its snapshots hold nothing of it"
    await plane.close()


async def test_a_task_whose_key_is_not_granted_is_not_begun(world: World) -> None:
    world.project.user_commits({".clawdesk/project.toml": POLICY.partition("[keys]")[0]})
    plane = await world.open()
    asks = r"asks for API_TOKEN@api\.example\.org, which \[keys\] allow does not hold"
    with pytest.raises(PortError, match=asks):
        await plane.submit(PROJECT, "ask")
    await plane.close()
