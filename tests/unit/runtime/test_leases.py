"""The plane's leases on a Fabric that answers in its own time: told once, renewed, given back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace

import pytest

from clawdesk.domain.lease_events import (
    LeaseAskedBack,
    LeaseEnded,
    LeaseGranted,
    LeaseRefused,
    LeaseWaits,
)
from clawdesk.ports.errors import InferenceError
from clawdesk.ports.inference import LeaseNews, LeaseStatus, LeaseWish
from clawdesk.runtime import leases as runtime_leases
from clawdesk.runtime.leases import Leases
from tests.sim.hall import task_of
from tests.support.inference_fake import EchoInference
from tests.support.plane_world import CountingClock


def waiting(task: str, why: str) -> LeaseNews:
    return LeaseNews(task, LeaseStatus.WAITING, "memory", why, "a lease is given back")


class SlowFabric(EchoInference):
    """Leases stand as the test says; a watch returns when one differs."""

    def __init__(self) -> None:
        super().__init__()
        self.stands: dict[str, LeaseStatus] = {}
        self.changed = asyncio.Condition()
        self.is_gone = False
        self.watches = 0

    async def ask_lease(self, wish: LeaseWish) -> LeaseNews:
        if self.is_gone:
            raise InferenceError("no Fabric", mend="clawdesk-fabric serve")
        status = self.stands.setdefault(wish.task, LeaseStatus.WAITING)
        return LeaseNews(wish.task, status, "memory", "no room", "a lease is given back")

    async def watch_leases(
        self, known: Mapping[str, LeaseStatus], wait_s: float
    ) -> tuple[LeaseNews, ...]:
        self.watches += 1

        def now() -> dict[str, LeaseStatus]:
            return {task: self.stands.get(task, LeaseStatus.ENDED) for task in known}

        async with self.changed:
            self.changed.notify_all()
            await self.changed.wait_for(lambda: self.is_gone or now() != dict(known))
        if self.is_gone:
            raise InferenceError("the Fabric is gone")
        return tuple(
            waiting(task, "no room")
            if status is LeaseStatus.WAITING
            else LeaseNews(task, status, text="why")
            for task, status in now().items()
        )

    async def release_lease(self, task: str) -> None:
        self.stands.pop(task, None)

    async def say(self, task: str, status: LeaseStatus) -> None:
        async with self.changed:
            self.stands[task] = status
            self.changed.notify_all()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10), self.changed:
            await self.changed.wait_for(condition)


class Bench:
    def __init__(self) -> None:
        self.fabric = SlowFabric()
        self.heard: asyncio.Queue[object] = asyncio.Queue()
        self.broken: list[BaseException] = []
        self.remarks: list[tuple[str, str]] = []
        self.leases = Leases(
            self.fabric,
            self.heard.put_nowait,
            CountingClock(),
            self.broken.append,
            lambda task, text: self.remarks.append((task, text)),
        )

    async def ask(self, name: str) -> None:
        task = task_of(name)
        named = replace(task, definition=replace(task.definition, model="coder"))
        await self.leases.ask(named)

    async def next(self) -> object:
        return await asyncio.wait_for(self.heard.get(), 10)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    made = Bench()
    yield made
    await made.leases.close()
    assert made.broken == []
    assert made.heard.empty()


async def test_a_lease_that_waits_is_told_with_its_reason_and_later_granted(bench: Bench) -> None:
    await bench.ask("a")
    waits = await bench.next()
    assert isinstance(waits, LeaseWaits)
    assert (waits.reason.code, waits.reason.text) == ("memory", "no room")
    await bench.fabric.say("a", LeaseStatus.GRANTED)
    assert isinstance(await bench.next(), LeaseGranted)
    await bench.fabric.say("a", LeaseStatus.ASKED_BACK)
    assert isinstance(await bench.next(), LeaseAskedBack)


async def test_a_second_lease_is_renewed_with_the_first_at_once(bench: Bench) -> None:
    await bench.ask("a")
    await bench.next()
    await bench.fabric.until(lambda: bench.fabric.watches == 1)
    await bench.ask("b")
    await bench.next()
    await bench.fabric.until(lambda: bench.fabric.watches == 2)
    await bench.fabric.say("b", LeaseStatus.GRANTED)
    granted = await bench.next()
    assert isinstance(granted, LeaseGranted)
    assert granted.task == "b"


async def test_nothing_is_told_of_a_lease_that_was_given_back(bench: Bench) -> None:
    await bench.ask("a")
    await bench.next()
    await bench.leases.release("a")
    assert bench.fabric.stands == {}


async def test_a_fabric_that_dies_ends_all_leases(bench: Bench) -> None:
    await bench.ask("a")
    await bench.next()
    await bench.fabric.until(lambda: bench.fabric.watches == 1)
    bench.fabric.is_gone = True
    await bench.fabric.say("a", LeaseStatus.GRANTED)
    ended = await bench.next()
    assert isinstance(ended, LeaseEnded)
    await bench.ask("a")
    refused = await bench.next()
    assert isinstance(refused, LeaseRefused)
    assert "No Fabric" in refused.why


async def test_of_many_leases_each_is_renewed_in_its_turn(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Fabric refuses a request of more than 1,000; that would look as if it were gone."""
    monkeypatch.setattr(runtime_leases, "AT_ONCE_MAX", 2)
    renewed: list[tuple[set[str], float]] = []
    watch = bench.fabric.watch_leases

    async def watched(known: Mapping[str, LeaseStatus], wait_s: float) -> tuple[LeaseNews, ...]:
        renewed.append((set(known), wait_s))
        if len(renewed) > 20:
            return await watch(known, wait_s)  # waits for news
        return tuple(waiting(task, "no room") for task in known)

    names = {f"t{number}" for number in range(5)}
    for name in sorted(names):
        await bench.ask(name)
        await bench.next()
    monkeypatch.setattr(bench.fabric, "watch_leases", watched)
    await bench.leases.release("t0")
    await bench.fabric.until(lambda: len(renewed) > 20)
    assert all(len(asked) <= 2 for asked, _ in renewed)
    assert set().union(*(asked for asked, _ in renewed[-2:])) == names - {"t0"}
    assert renewed[-1][1] == runtime_leases.WATCH_S / 2


async def test_a_lease_that_waits_on_tells_its_new_reason_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Fabric answers at the end of each watch; what was told first may be long untrue."""
    watched = 0
    watch = bench.fabric.watch_leases

    async def answers(known: Mapping[str, LeaseStatus], wait_s: float) -> tuple[LeaseNews, ...]:
        nonlocal watched
        watched += 1
        if watched > 3:
            return await watch(known, wait_s)
        return (waiting("a", "a person's model has the memory"),)

    monkeypatch.setattr(bench.fabric, "watch_leases", answers)
    await bench.ask("a")
    first, second = await bench.next(), await bench.next()
    assert isinstance(first, LeaseWaits)
    assert isinstance(second, LeaseWaits)
    assert first.reason.text == "no room"
    assert second.reason.text == "a person's model has the memory"
    await bench.fabric.until(lambda: watched > 3)
