"""Calls that come too fast to be told one by one: what they used is told of all of them."""

from __future__ import annotations

import asyncio
import time

import pytest

from clawdesk.adapters.libvirt import channel_told
from clawdesk.adapters.libvirt.channel_calls import Listener
from clawdesk.adapters.libvirt.channel_told import Ended, Teller
from clawdesk.ports.guest import ModelCalled, ModelsUsed
from tests.support.inference_fake import EchoInference

Told = ModelCalled | ModelsUsed


class Heard:
    """What is told, and a way to wait for it."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self._more = asyncio.Event()
        self.teller = Teller(EchoInference(), self._hear)

    def _hear(self, told: Told) -> None:
        self.told.append(told)
        self._more.set()

    def names(self) -> list[str]:
        return [use.name for told in self.told for use in told.uses]

    async def of(self, calls: int) -> None:
        """Return once so many calls are accounted for."""
        async with asyncio.timeout(20):
            while len(self.names()) < calls:
                self._more.clear()
                await self._more.wait()

    def call(self) -> None:
        self.teller.over(Ended(Listener(b"{}"), 200, time.monotonic()))


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three calls are told one by one, and then no more."""
    monkeypatch.setattr(channel_told, "_TOLD_PER_S", 1e-6)
    monkeypatch.setattr(channel_told, "_TOLD_BURST", 3)
    monkeypatch.setattr(channel_told, "_GATHER_S", 0.05)


@pytest.mark.usefixtures("slow")
async def test_none_is_lost_and_none_is_told_twice() -> None:
    heard = Heard()
    for _ in range(80):
        heard.call()
    await heard.of(80)
    assert len(set(heard.names())) == 80
    assert [type(told) for told in heard.told] == [ModelCalled] * 3 + [ModelsUsed]
    heard.call()
    await heard.of(81)  # also one that comes later
    await heard.teller.close()


@pytest.mark.usefixtures("slow")
async def test_a_flood_is_told_in_parts_of_bounded_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_told, "_GATHER_S", 3600.0)
    heard = Heard()
    for _ in range(1_000):
        heard.call()
    await heard.of(3 + 3 * channel_told._USES_MAX)
    assert max(len(told.uses) for told in heard.told) == channel_told._USES_MAX
    await heard.teller.close()
