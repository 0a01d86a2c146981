"""Answers through a real OpenClaw gateway, with its real Telegram plugin and a Bot API on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from clawdesk.domain.model import FINAL, Phase
from clawdesk.runtime.plane import Plane
from tests.support.channel_world import CANARY, ChannelWorld, connected, decision, delivered, mark
from tests.support.openclaw_peer import Peer
from tests.support.openclaw_real import RealGateway, need_openclaw
from tests.support.plane_world import until
from tests.support.telegram_fake import FakeTelegram

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]


@dataclass
class Stage:
    """The gateway with its chat, and a person's page on it."""

    gateway: RealGateway
    telegram: FakeTelegram

    async def page(self) -> Peer:
        return await Peer(self.gateway.address, self.gateway.token).open()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage() -> AsyncIterator[Stage]:
    need_openclaw()
    telegram = await FakeTelegram().start()
    gateway = RealGateway(telegram.address)
    try:
        await gateway.start()
        yield Stage(gateway, telegram)
    finally:
        await gateway.close()
        await telegram.close()


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ChannelWorld]:
    for variable in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    yield ChannelWorld(tmp_path)


async def set_up(world: ChannelWorld, stage: Stage) -> Plane:
    plane = await world.open()
    outcome = await plane.add_channel(stage.gateway.address, stage.gateway.token)
    assert outcome.ok, outcome.text
    await connected(plane)
    return plane


async def test_a_tap_in_the_chat_approves_and_the_chat_saw_no_line_of_the_change(
    stage: Stage, world: ChannelWorld
) -> None:
    plane = await set_up(world, stage)
    try:
        task = await world.submit(plane, "write")
        await delivered(plane, task.id)
        shown = await stage.telegram.message(lambda m: mark(task) in m["text"])
        stage.telegram.tap(shown, "Allow Once")
        task = await until(plane, task.id, lambda t: t.phase in FINAL)
        assert task.phase is Phase.DONE
        told = decision(task).fields
        assert (told["verdict"], told["channel"], told["seen"]) == (
            "approved",
            "openclaw",
            "summary",
        )
        assert decision(task).commit
        assert not [
            m for m in stage.telegram.sent if CANARY in m["text"] or "a line of" in m["text"]
        ]
    finally:
        await plane.close()
