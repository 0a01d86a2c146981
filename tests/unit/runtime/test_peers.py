"""Tasks with a model of another machine: who may, who waits, and what becomes of a lost peer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from clawdesk.domain.events import RulesChanged
from clawdesk.domain.model import FINAL, Lease, Phase, Task
from clawdesk.domain.rules import ProjectRules, Rules
from clawdesk.ports.errors import InferenceError, PortError
from clawdesk.ports.inference import FabricStatus, LeaseNews, LeaseWish
from clawdesk.ports.models import Peer, Peering, PeerOffer
from clawdesk.runtime.plane import Plane
from tests.support.guest_fake import FakeStep
from tests.support.inference_fake import EchoInference
from tests.support.plane_world import PROJECT, PlaneWorld, own_policy, until

TASK = '[models]\ndefault = "lab2/qwen"\n[[steps]]\nname = "one"\nrun = "one"\n'
FILE = ".clawdesk/project.toml"
LETS = '[peers]\nuse = "trusted"\n'
HERE = Peer("lab2", "ab", "here", 0, "lab2.example:7443", offers=(PeerOffer("qwen", 2),))
AWAY = replace(HERE, state="away", last_seen_s=840, why="it does not answer")


class Paired(EchoInference):
    """A Fabric that is paired with who stands in `peering`; None = there is no Fabric."""

    def __init__(self) -> None:
        super().__init__()
        self.peering: Peering | None = Peering(peers=(HERE,))
        self.tokens: list[bool] = []
        self.revoked: list[str] = []

    async def ensure_up(self) -> FabricStatus:
        return await self.figures()

    async def status(self) -> FabricStatus:
        return await self.figures()

    async def figures(self) -> FabricStatus:
        if self.peering is None:
            return FabricStatus(False, problem="the model service does not run")
        return FabricStatus(True, "0.1.0", peering=self.peering)

    async def peers(self) -> Peering:
        if self.peering is None:
            raise InferenceError("the model service does not run", mend="clawdesk-fabric serve")
        return self.peering

    async def revoke_peer(self, name: str) -> None:
        self.revoked.append(name)
        self.peering = Peering()

    async def ask_lease(self, wish: LeaseWish) -> LeaseNews:
        raise AssertionError(f"a peer's model is not leased here: {wish}")

    async def token(
        self,
        *,
        project: str,
        task: str,
        attempt: int,
        models: tuple[str, ...],
        peers: bool = False,
    ) -> str:
        self.tokens.append(peers)
        return f"token-of-{task}"


class World(PlaneWorld):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder, {"borrow": TASK}, {"one": self.one})
        self.fabric = self.inference = Paired()
        self.goes_on = asyncio.Event()
        self.goes_on.set()
        self.runs = asyncio.Event()
        self.project.user_commits({FILE: LETS})

    async def one(self, step: FakeStep) -> int:
        self.runs.set()
        await self.goes_on.wait()
        return 0


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    own_policy(tmp_path, monkeypatch, '[defaults.peers]\nuse = "trusted"\n')
    return World(tmp_path)


@pytest.fixture
async def plane(world: World) -> AsyncIterator[Plane]:
    made = await world.open()
    yield made
    world.goes_on.set()
    await made.close()


async def submit(plane: Plane) -> str:
    return await plane.submit(PROJECT, "borrow")


def ended(task: Task) -> bool:
    return task.phase in FINAL


def waits_for_its_peer(task: Task) -> bool:
    return task.reason is not None and task.reason.code == "peer_away"


async def test_while_its_peer_is_here_a_task_starts_without_a_lease(
    plane: Plane, world: World
) -> None:
    task = await submit(plane)
    done = await until(plane, task, ended)
    assert done.phase is Phase.DONE
    assert world.fabric.tokens == [True]


async def test_a_task_whose_peer_is_away_waits_with_the_reason_and_starts_when_it_is_back(
    plane: Plane, world: World
) -> None:
    world.fabric.peering = Peering(peers=(AWAY,))
    task = await submit(plane)
    waiting = await until(plane, task, waits_for_its_peer)
    assert waiting.phase is Phase.QUEUED
    told = await plane.why(task)
    assert told is not None
    assert told.text == "peer lab2 is away, last seen 14 m ago"
    world.fabric.peering = Peering(peers=(replace(AWAY, last_seen_s=900),))
    await plane.check_environment()
    longer = await until(plane, task, lambda t: t.reason is not None and "15 m" in t.reason.text)
    assert longer.phase is Phase.QUEUED
    world.fabric.peering = Peering(peers=(HERE,))
    await plane.check_environment()
    assert (await until(plane, task, ended)).phase is Phase.DONE


async def test_a_peer_that_is_lost_is_told_in_the_log_and_the_model_is_asked_for_anew(
    plane: Plane, world: World
) -> None:
    world.goes_on.clear()
    task = await submit(plane)
    await until(plane, task, lambda t: t.phase is Phase.RUNNING and t.lease is Lease.GRANTED)
    world.fabric.peering = Peering(peers=(AWAY,))
    await plane.check_environment()
    lost = await until(plane, task, lambda t: t.lease is Lease.WAITS)
    assert lost.phase is Phase.RUNNING
    assert [r.event for r in lost.records if r.event.startswith("lease")] == [
        "lease_granted",
        "lease_ended",
    ]
    log = [line.text for line in await plane.log_lines(task)]
    assert any("peer lab2 is away, last seen 14 m ago" in text for text in log)
    world.fabric.peering = Peering(peers=(HERE,))
    await plane.check_environment()
    await until(plane, task, lambda t: t.lease is Lease.GRANTED)
    assert any("Peer lab2 is back" in line.text for line in await plane.log_lines(task))
    world.goes_on.set()
    assert (await until(plane, task, ended)).phase is Phase.DONE


@pytest.mark.parametrize(
    "peering",
    [Peering(), Peering(peers=(replace(HERE, offers=()),)), None],
    ids=["nobody is paired", "it lends no such model", "no Fabric"],
)
async def test_a_peer_that_cannot_come_keeps_nobody_waiting(
    plane: Plane, world: World, peering: Peering | None
) -> None:
    """As with a model that this machine does not know: the task runs, its calls say why."""
    world.fabric.peering = Peering(peers=(AWAY,))
    task = await submit(plane)
    await until(plane, task, waits_for_its_peer)
    world.fabric.peering = peering
    await plane.check_environment()
    assert (await until(plane, task, ended)).phase is Phase.DONE


async def test_figures_that_came_too_late_change_nothing(plane: Plane, world: World) -> None:
    world.goes_on.clear()
    task = await submit(plane)
    await until(plane, task, lambda t: t.lease is Lease.GRANTED)
    plane._looked(FabricStatus(True, "0.1.0", unread="peers"))
    world.goes_on.set()
    done = await until(plane, task, ended)
    assert [r.event for r in done.records].count("lease_granted") == 1, "it was never lost"


@pytest.mark.parametrize(
    ("file", "mend"),
    [("", ".clawdesk/project.toml"), ('[peers]\nuse = "never"\n', ".clawdesk/project.toml")],
)
async def test_a_project_that_did_not_ask_is_refused_with_rule_and_file(
    plane: Plane, world: World, file: str, mend: str
) -> None:
    world.project.user_commits({FILE: file})
    with pytest.raises(PortError) as caught:
        await submit(plane)
    assert "lab2/qwen is on another machine" in caught.value.what
    assert f"[peers] use in {mend}" in caught.value.what
    assert caught.value.code == "peers"


async def test_the_users_own_rule_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own_policy(tmp_path, monkeypatch, '[defaults.peers]\nuse = "never"\n')
    plane = await World(tmp_path).open()
    try:
        with pytest.raises(PortError, match=r"in your own policy\.toml is"):
            await submit(plane)
    finally:
        await plane.close()


async def test_without_a_rule_of_the_users_the_project_waits_for_trust(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_policy(tmp_path, monkeypatch, "")
    world = World(tmp_path)
    plane = await world.open()
    try:
        task = await submit(plane)
        held = await until(plane, task, lambda t: t.reason is not None)
        assert held.reason is not None
        assert held.reason.code == "untrusted"
        assert "its prompts may leave this machine" in held.reason.text
        assert world.fabric.tokens == []
        assert (await plane.trust(PROJECT, held.policy_digest)).ok
        assert (await until(plane, task, ended)).phase is Phase.DONE
    finally:
        await plane.close()


async def test_a_right_that_was_taken_away_meanwhile_is_not_in_the_token(
    plane: Plane, world: World
) -> None:
    world.fabric.peering = Peering(peers=(AWAY,))
    task = await submit(plane)
    await until(plane, task, waits_for_its_peer)
    rules = Rules(defaults=ProjectRules(peers="never"))
    plane._kernel.post(RulesChanged(1, rules, frozenset()))
    world.fabric.peering = Peering(peers=(HERE,))
    await plane.check_environment()
    await until(plane, task, ended)
    assert world.fabric.tokens == [False]


async def test_a_revoked_peer_is_gone_from_the_figures_at_once(plane: Plane, world: World) -> None:
    outcome = await plane.revoke_peer("lab2")
    assert outcome.ok
    assert world.fabric.revoked == ["lab2"]
    fabric = plane.environment.fabric
    assert fabric is not None
    assert fabric.peering == Peering()
    (deed,) = await plane.deeds()
    assert (deed.kind, deed.text) == ("revoked", outcome.text)
