"""A project that asks for more waits until the user trusts exactly what they were shown."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from itertools import cycle
from pathlib import Path

import pytest

from clawdesk.cli import context, main
from clawdesk.domain import policy
from clawdesk.domain.model import FINAL, Phase, PriorityClass, Task
from clawdesk.ports.errors import PortError
from clawdesk.ports.telemetry import HostLoad
from clawdesk.runtime import watch
from clawdesk.runtime.api import Change, PlaneApi
from clawdesk.runtime.client import PlaneClient
from clawdesk.runtime.places import config_dir
from clawdesk.runtime.plane import Plane
from clawdesk.runtime.server import PlaneServer
from clawdesk.runtime.trust import TRUST_FILE
from tests.support.guest_fake import FakeStep
from tests.support.plane_world import PROJECT, CountingClock, PlaneWorld, until

TASK = '[machine]\nmemory_mib = 256\n[[steps]]\nname = "one"\nrun = "one"\n'
WANTS = 'weight = 3\n[priority]\ndefault_class = "interactive"\n'
FILE = ".clawdesk/project.toml"


async def one(step: FakeStep) -> int:
    step.files["a.txt"] = b"first"
    return 0


@pytest.fixture
def world(tmp_path: Path) -> PlaneWorld:
    made = PlaneWorld(tmp_path, {"write": TASK}, {"one": one})
    commit(made, WANTS)
    return made


def commit(world: PlaneWorld, text: str) -> str:
    """The project's file in HEAD from now on; returns its digest."""
    world.project.user_commits({FILE: text})
    return policy.digest(text.encode())


def write_rules(text: str) -> None:
    config_dir().mkdir(parents=True, exist_ok=True)
    (config_dir() / "policy.toml").write_text(text)


def waits(task: Task) -> bool:
    return task.reason is not None and task.reason.code == "untrusted"


def ended(task: Task) -> bool:
    return task.phase in FINAL


async def test_it_waits_until_trusted_then_runs(world: PlaneWorld) -> None:
    plane = await world.open()
    task_id = await plane.submit(PROJECT, "write")
    task = await until(plane, task_id, waits)
    assert task.policy_digest == policy.digest(WANTS.encode())
    assert len(task.policy_asks) == 2
    assert task.priority_class is PriorityClass.INTERACTIVE
    view = await plane.project_policy(PROJECT)
    assert [line for line, _ in view.asks] == [1, 3]
    assert (view.trusted, view.digest) == (False, task.policy_digest)
    assert (await plane.trust(PROJECT, view.digest)).ok
    assert (await until(plane, task_id, ended)).phase is Phase.DONE
    assert (await plane.project_policy(PROJECT)).trusted
    await plane.close()


async def test_trust_outlives_the_plane_and_is_taken_back(world: PlaneWorld) -> None:
    plane = await world.open()
    assert (await plane.trust(PROJECT, policy.digest(WANTS.encode()))).ok
    await plane.close()
    plane = await world.open()
    assert (await until(plane, await plane.submit(PROJECT, "write"), ended)).phase is Phase.DONE
    assert (await plane.untrust(PROJECT)).ok
    await until(plane, await plane.submit(PROJECT, "write"), waits)
    await plane.close()


async def test_a_changed_file_asks_again_and_is_not_trusted_unseen(world: PlaneWorld) -> None:
    plane = await world.open()
    shown = await plane.project_policy(PROJECT)
    commit(world, WANTS + "[approval]\npaths = []\n")
    refused = await plane.trust(PROJECT, shown.digest)
    assert not refused.ok
    assert "is not what was shown any more" in refused.text
    assert plane.state.trusted == frozenset()
    assert not (config_dir() / TRUST_FILE).exists()
    assert (await plane.trust(PROJECT, (await plane.project_policy(PROJECT)).digest)).ok
    commit(world, WANTS)
    await until(plane, await plane.submit(PROJECT, "write"), waits)
    await plane.close()


async def test_a_waiting_task_is_trusted_by_what_it_started_with(world: PlaneWorld) -> None:
    plane = await world.open()
    task_id = await plane.submit(PROJECT, "write")
    commit(world, "weight = 50\n")
    view = await plane.project_policy(PROJECT, task_id)
    assert view.digest == policy.digest(WANTS.encode())
    assert (await plane.trust(PROJECT, view.digest)).ok
    assert (await until(plane, task_id, ended)).phase is Phase.DONE
    assert not (await plane.project_policy(PROJECT)).trusted
    await plane.close()


async def test_the_users_rules_bound_and_grant(world: PlaneWorld) -> None:
    write_rules(
        '[defaults]\nweight_max = 2\nclass_max = "agent"\napproval = { paths = ["a.txt"] }\n'
    )
    plane = await world.open()
    task_id = await plane.submit(PROJECT, "write")
    task = await until(plane, task_id, lambda t: t.phase is Phase.HELD)
    assert task.policy_asks == ()
    assert task.policy.weight == 2.0
    assert task.priority_class is PriorityClass.AGENT
    assert "approval of changes in a.txt" in task.checkpoints[-1].approval_reason
    await plane.close()


async def test_rules_that_change_hold_at_once_and_break_no_running_task(
    world: PlaneWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "TICK_S", 0.01)
    write_rules("[defaults]\nweight_max = 3\nclass_max = 'interactive'\n")
    go_on = asyncio.Event()

    async def slow(step: FakeStep) -> int:
        await go_on.wait()
        step.files["a.txt"] = b"slow"
        return 0

    world.guests.scripts["one"] = slow
    plane = await world.open()
    running = await plane.submit(PROJECT, "write")
    before = await until(plane, running, lambda t: t.phase is Phase.RUNNING)
    write_rules("[host]\nmachines_max = 1\n")
    await until(plane, running, lambda _: plane.state.rules.machines_max == 1)
    waiting = await plane.submit(PROJECT, "write")
    await until(plane, waiting, waits)
    assert plane.state.rules.machines_max == plane.state.capacity.machines == 1
    after = plane.state.tasks[running]
    assert (after.phase, after.machine) == (Phase.RUNNING, before.machine)
    go_on.set()
    assert (await until(plane, running, ended)).phase is Phase.DONE
    write_rules("[defaults]\nweight_max = 3\nclass_max = 'interactive'\n")
    assert (await until(plane, waiting, ended)).phase is Phase.DONE
    await plane.close()


async def test_a_mistake_is_said_and_changes_nothing(
    world: PlaneWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "TICK_S", 0.01)
    write_rules("[host]\nmachines_max = 2\n")
    plane = await world.open()
    told: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def tell(change: Change) -> None:
        if change.notices and not told.done():
            told.set_result(change.notices[0])

    plane.subscribe(tell)
    write_rules("[host]\nmachines_max = 200\nmachine = 1\n")
    assert "policy.toml:3: host.machine: found a key nobody knows" in await told
    assert plane.state.rules.machines_max == 2
    checks = {str(check["name"]): check for check in await plane.doctor()}
    assert checks["policy"]["state"] == "limited"
    assert "host.machine" in str(checks["policy"]["why"])
    await plane.close()


async def test_ticks_come_from_the_steady_clock(
    world: PlaneWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = cycle((0, 86_400_000))
    monkeypatch.setattr(watch, "TICK_S", 0.01)
    monkeypatch.setattr(CountingClock, "now_ms", lambda _: 1_000_000 + next(days))
    plane = await world.open()
    task_id = await plane.submit(PROJECT, "write")
    await until(plane, task_id, lambda _: plane.state.steady_ms >= 20)
    assert plane.state.steady_ms < 1_000, "a wall clock that jumps is no time that passed"
    await plane.close()


async def test_a_full_disk_stops_starting_and_room_resumes(
    world: PlaneWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "TICK_S", 0.01)
    commit(world, "")
    free_mib = 1_000

    class Disk:
        async def sample(self) -> HostLoad:
            return HostLoad(
                1.0, 2, 1_000, 8_000, free_mib, disk_total_mib=100_000, disk_path="/data"
            )

        async def close(self) -> None:
            pass

    monkeypatch.setattr("tests.support.plane_world.StillTelemetry", Disk)
    plane = await world.open()
    task_id = await plane.submit(PROJECT, "write")
    reason = plane.state.tasks[task_id].reason
    assert reason is not None
    assert (reason.code, "The disk of /data has 1.0 GiB free" in reason.text) == ("no_space", True)
    free_mib = 20_000
    assert (await until(plane, task_id, ended)).phase is Phase.DONE
    await plane.close()


async def test_trust_over_the_socket(world: PlaneWorld, tmp_path: Path) -> None:
    plane = await world.open()
    server = PlaneServer(plane, tmp_path / "p.sock")
    await server.start()
    client = await PlaneClient.connect(tmp_path / "p.sock")
    task_id = await client.submit(PROJECT, "write")
    await until(client, task_id, waits)
    view = await client.project_policy(PROJECT, task_id)
    assert view == await plane.project_policy(PROJECT, task_id)
    assert (await client.trust(PROJECT, view.digest)).ok
    await until(client, task_id, ended)
    assert (await client.untrust(PROJECT)).ok
    await client.close()
    await server.close()
    await plane.close()


# -- the command -----------------------------------------------------------------------------------
@pytest.fixture
def command(world: PlaneWorld, monkeypatch: pytest.MonkeyPatch) -> PlaneWorld:
    """`clawdesk` on the fakes."""

    @contextlib.asynccontextmanager
    async def fake_plane(*, drive: bool = True) -> AsyncIterator[PlaneApi]:
        plane = Plane(world.parts(), drive=drive)
        await plane.start()
        yield plane
        await plane.close()

    monkeypatch.setattr(context, "open_plane", fake_plane)
    return world


def test_the_command_shows_asks_and_keeps(
    command: PlaneWorld, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    assert main.run(["trust", PROJECT]) == 2
    shown = capsys.readouterr()
    assert f"{PROJECT}/{FILE}" in shown.out
    assert "line 1: weight 3" in shown.out
    assert "line 3: class interactive" in shown.out
    assert "no terminal" in shown.err
    assert main.run(["trust", PROJECT, "--json"]) == 0
    assert '"trusted": false' in capsys.readouterr().out
    assert main.run(["trust", PROJECT, "--yes"]) == 0
    assert "Trusted:" in capsys.readouterr().out
    assert main.run(["trust", PROJECT]) == 0
    assert "It is trusted." in capsys.readouterr().out
    assert main.run(["trust", PROJECT, "--revoke"]) == 0
    assert "not trusted any more" in capsys.readouterr().out
    assert main.run(["trust", PROJECT, "--yes", "--json"]) == 0
    assert '"trusted": true' in capsys.readouterr().out
    commit(command, "weight = 1\n")
    assert main.run(["trust", PROJECT]) == 0
    assert "needs no trust" in capsys.readouterr().out


def test_the_command_asks_on_a_terminal(
    command: PlaneWorld, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", type("Terminal", (), {"isatty": lambda self: True})())
    monkeypatch.setattr("builtins.input", lambda prompt: "")
    assert main.run(["trust", PROJECT]) == 3
    assert "Not trusted" in capsys.readouterr().out

    def changed_meanwhile(prompt: str) -> str:
        commit(command, "weight = 90\n")
        return "y"

    monkeypatch.setattr("builtins.input", changed_meanwhile)
    assert main.run(["trust", PROJECT]) == 1
    assert "is not what was shown any more" in capsys.readouterr().err
    monkeypatch.setattr("builtins.input", lambda prompt: "y")
    assert main.run(["trust", PROJECT]) == 0


REACHES = '[machine]\nmemory_mib = 256\nnetwork = ["files.example.org"]\n'
REACHES += '[[steps]]\nname = "one"\nrun = "one"\n'


async def test_a_task_that_may_not_reach_its_host_is_not_begun(tmp_path: Path) -> None:
    world = PlaneWorld(tmp_path, {"fetch": REACHES}, {"one": one})
    plane = await world.open()
    with pytest.raises(PortError, match="asks for files") as caught:
        await plane.submit(PROJECT, "fetch")
    assert caught.value.code == "network"
    assert ".clawdesk/project.toml" in caught.value.mend
    commit(world, '[network]\nallow = ["*.example.org"]\n')
    write_rules('[defaults.network]\nallow = ["other.example.org"]\n')
    await plane.close()
    plane = await world.open()
    with pytest.raises(PortError, match="asks for files"):
        await plane.submit(PROJECT, "fetch")
    await plane.close()


async def test_a_project_that_wants_network_waits_for_trust(tmp_path: Path) -> None:
    told: list[str] = []

    async def step(step: FakeStep) -> int:
        told.append(step.environment["CLAWDESK_NETWORK"])
        return 0

    world = PlaneWorld(tmp_path, {"fetch": REACHES}, {"one": step})
    digest = commit(world, '[network]\nallow = ["*.example.org"]\n')
    plane = await world.open()
    task_id = await plane.submit(PROJECT, "fetch")
    task = await until(plane, task_id, waits)
    assert task.policy_asks == ("network access to *.example.org",)
    assert (await plane.trust(PROJECT, digest)).ok
    await until(plane, task_id, ended)
    assert told == ["files.example.org"]
    await plane.close()
