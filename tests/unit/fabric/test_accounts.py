"""What each call used, told to whoever made it: tokens, time, GPU time, and cost where stated."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clawdesk.adapters.fabric_client import FabricClient
from clawdesk_fabric import events, order
from clawdesk_fabric.accounts import KEPT_MAX, Accounts, account, place_of
from clawdesk_fabric.metrics import CallRecord
from clawdesk_fabric.specs import Price
from clawdesk_fabric.usage import Usage
from tests.support.fabric_core import call, does, gpu_state, host_state, up
from tests.support.fabric_engine import FakeEngine
from tests.support.fabric_world import ASK, MODEL, World, catalog, running, spec

PRICE = Price(2.0, 10.0, "EUR")


def record(used: Usage | None = None, outcome: str = "ok") -> CallRecord:
    return CallRecord("m", "agent", "p", outcome, 5, used)


def test_calls_of_one_replica_share_its_gpu_time() -> None:
    state = gpu_state(1, m=4)
    does(state, call(1, at_ms=0), call(2, at_ms=0))
    up(state, "m", 1_000)
    first, second = state.calls[1], state.calls[2]
    assert order.gpu_ms(state, first, 1_000) == 0, "loading is nobody's call"
    does(state, events.TimePassed(1_500))
    assert order.gpu_ms(state, first, 2_000) == 500
    does(state, events.CallEnded(2_000, 1, True))
    assert 1 not in state.gpu_ms
    assert order.gpu_ms(state, second, 2_300) == 800
    assert place_of(state, second, 2_300) == ("gpu", 800)


def test_a_call_on_processors_has_no_gpu_time() -> None:
    state = host_state("m")
    does(state, call(1, at_ms=0))
    up(state, "m", 1_000)
    does(state, events.TimePassed(9_000))
    assert place_of(state, state.calls[1], 9_000) == ("processors", 0)


def test_a_cost_is_told_only_with_a_price_and_counted_tokens() -> None:
    used, gpu = Usage(1_000, 50, 10, 2_000), ("gpu", 1_900)
    told = account("r-1", record(used), gpu, PRICE)
    assert (told["cost_micro"], told["currency"]) == (2_500, "EUR")
    assert (told["tokens_in"], told["tokens_out"], told["model_ms"]) == (1_000, 50, 2_000)
    without = account("r-1", record(used), gpu, None)
    assert (without["cost_micro"], without["currency"]) == (None, "")
    silent = account("r-1", record(Usage(0, 0, 10, 2_000)), ("elsewhere", None), PRICE)
    assert (silent["tokens_in"], silent["cost_micro"], silent["gpu_ms"]) == (None, None, None)
    assert account("r-1", record(), gpu, PRICE)["model_ms"] == 0


def test_names_are_of_one_process_and_few_are_kept() -> None:
    kept, other = Accounts(), Accounts()
    assert kept.number_of(kept.name_of(7)) == 7
    assert kept.number_of(other.name_of(7)) is None
    for name in ("", "7", f"{kept.name_of(7)}x", f"{kept.name_of(7)}{'0' * 30}"):
        assert kept.number_of(name) is None
    for number in range(KEPT_MAX + 10):
        kept.keep(number, f"task {number % 2}", {"number": number})
    assert kept.find(9) is None
    assert kept.find(10) == {"number": 10}
    of_one = [account["number"] for account in kept.of_task("task 1")]
    assert of_one == list(range(11, KEPT_MAX + 10, 2))
    assert kept.of_task("") == []


async def of_chat(world: World, **changes: Any) -> Any:
    async with world.post("/v1/chat/completions", {**ASK, **changes}) as answer:
        name = answer.headers["X-Clawdesk-Call"]
        await answer.read()
    return await world.control(f"calls/{name}")


async def test_a_call_is_accounted_for_by_the_name_its_answer_carries(world: World) -> None:
    for stream in (False, True):
        told = await of_chat(world, stream=stream)
        assert (told["model"], told["outcome"], told["place"]) == (MODEL, "ok", "processors")
        assert (told["gpu_ms"], told["tokens_in"], told["cost_micro"]) == (0, None, None)


@pytest.mark.expect_log("engine says no", "answered with status")
async def test_a_call_that_failed_and_one_whose_client_left_are_too(
    world: World, engine: FakeEngine
) -> None:
    await world.fabric.load(MODEL)
    model = engine.latest[MODEL]
    model.status = 500
    assert (await of_chat(world))["outcome"] == "model_failed"
    model.status = 200
    model.gate.clear()
    leaving = asyncio.create_task(of_chat(world, stream=True))
    await model.until(lambda: model.in_flight == 1)
    (number,) = world.fabric.state.calls
    name = world.server._calls.accounts.name_of(number)
    asked = asyncio.create_task(world.control(f"calls/{name}"))  # while it goes on
    leaving.cancel()
    with suppress(asyncio.CancelledError):
        await leaving
    assert (await asked)["outcome"] == "client_left"
    model.gate.set()


async def test_the_calls_of_a_task_are_told_to_who_was_not_there(
    world: World, short_folder: Path
) -> None:
    client = FabricClient(socket=short_folder / "f.sock", spawn=False)
    assert await client.accounts("nobody's") == ()
    assert (await world.control("calls"))["error"]["code"] == "invalid_request"
    told = [await of_chat(world, stream=stream) for stream in (True, False)]
    task = "t"
    uses = await client.accounts(task)
    assert [use.name for use in uses] == [call["call"] for call in told]
    assert all(use.by_fabric and use.measured and not use.failed for use in uses)
    assert uses == tuple([await client.account(use.name) for use in uses])
    assert await FabricClient(socket=short_folder / "none", spawn=False).accounts(task) == ()


@pytest.mark.expect_log("no call of this name")
async def test_a_call_nobody_knows(world: World) -> None:
    assert (await world.control("calls/0badcafe-1"))["error"]["code"] == "not_found"


async def test_the_price_is_the_users(engine: FakeEngine, short_folder: Path) -> None:
    known = catalog(replace(spec(), price=PRICE))
    async with running(engine, short_folder / "f.sock", known) as world:
        assert (await of_chat(world))["cost_micro"] is None, "the model counted no tokens"
