"""A real gateway with a chat on a loopback Bot API, and people before it, for several tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from clawdesk.ports.channel import ChannelState
from clawdesk.runtime.plane import Plane
from tests.support.channel_world import ChannelWorld
from tests.support.openclaw_peer import Peer
from tests.support.openclaw_real import RealGateway, need_openclaw
from tests.support.telegram_fake import FakeTelegram


def marks() -> list[pytest.MarkDecorator]:
    """Of a file of tests that share one gateway, and its loop."""
    threads = "the loop's own threads live as long as the gateway of all tests"
    return [
        pytest.mark.e2e,
        pytest.mark.asyncio(loop_scope="module"),
        pytest.mark.leaves_threads(threads),
    ]


@dataclass
class Stage:
    """The gateway with its chat, and a person's page on it."""

    gateway: RealGateway
    telegram: FakeTelegram

    @asynccontextmanager
    async def page(self) -> AsyncIterator[Peer]:
        peer = await Peer(self.gateway.address, self.gateway.token).open()
        try:
            yield peer
        finally:
            await peer.close()


@asynccontextmanager
async def real_stage(senders: list[str] | None = None) -> AsyncIterator[Stage]:
    """The two, started.

    Args:
        senders: who may type `/clawdesk` to our plugin; None = it is not put in.
    """
    need_openclaw()
    telegram = await FakeTelegram().start()
    gateway = RealGateway(telegram.address, senders)
    try:
        await gateway.start()
        yield Stage(gateway, telegram)
    finally:
        await gateway.close()
        await telegram.close()


@asynccontextmanager
async def opened(world: ChannelWorld, stage: Stage, address: str = "") -> AsyncIterator[Plane]:
    """A plane that is connected to the gateway.

    Args:
        address: of a wire between the two; "" = none.
    """
    plane = await world.open()
    try:
        outcome = await plane.add_channel(address or stage.gateway.address, stage.gateway.token)
        assert outcome.ok, outcome.text
        yield plane
    finally:
        await plane.close()


def state_of(plane: Plane) -> ChannelState:
    return plane.environment.channel.status.state
