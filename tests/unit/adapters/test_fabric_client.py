"""The Fabric's client against a real Fabric process part (in this loop) with a fake engine."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from clawdesk.adapters.fabric_client import FabricClient
from clawdesk.ports.errors import InferenceError
from clawdesk.ports.inference import ModelResponse
from tests.support.fabric_docker import short_place
from tests.support.fabric_engine import FakeEngine
from tests.support.fabric_world import ASK, MODEL, World, catalog, running, spec

JSON = {"Content-Type": "application/json"}
BODY = json.dumps(ASK).encode()
CHAT = "/v1/chat/completions"


@pytest.fixture
def place() -> Iterator[Path]:
    with short_place() as folder:
        yield folder / "f.sock"


@pytest.fixture
async def engine(place: Path) -> FakeEngine:
    return FakeEngine(place.parent)


@pytest.fixture
async def world(engine: FakeEngine, place: Path) -> AsyncIterator[World]:
    async with running(engine, place, catalog(spec(slots=1))) as made:
        yield made


@pytest.fixture
async def client(place: Path) -> AsyncIterator[FabricClient]:
    made = FabricClient(socket=place, spawn=False)
    yield made
    await made.close()


async def token_of(client: FabricClient) -> str:
    return await client.token(project="p", task="01T", attempt=1, models=(MODEL,))


async def read(response: ModelResponse) -> bytes:
    return b"".join([chunk async for chunk in response.chunks])


async def test_status_is_what_the_fabric_says(world: World, client: FabricClient) -> None:
    status = await client.ensure_up()
    assert (status.ready, status.engine, status.problem) == (True, "fake 1", "")
    assert [model["name"] for model in status.models] == [MODEL]


async def test_no_fabric_is_a_status_not_an_error(client: FabricClient) -> None:
    status = await client.ensure_up()
    assert not status.ready
    assert status.problem
    assert status.mend == "clawdesk-fabric serve"
    with pytest.raises(InferenceError):
        await token_of(client)


async def test_a_call_is_forwarded_with_the_tasks_token(
    world: World, client: FabricClient, engine: FakeEngine
) -> None:
    token = await token_of(client)
    headers = {**JSON, "Authorization": "Bearer clawdesk", "Host": "evil", "Origin": "http://x"}
    response = await client.call(token, "POST", CHAT, headers, BODY)
    assert response.status == 200
    assert b"A cat." in await read(response)
    assert engine.latest[MODEL].bodies == [ASK]
    listed = await client.call(token, "GET", "/v1/models", {}, b"")
    assert json.loads(await read(listed))["data"][0]["id"] == MODEL


async def test_a_call_may_be_awaited_on_another_threads_loop(
    world: World, client: FabricClient
) -> None:
    token = await token_of(client)
    got: list[bytes] = []

    async def call() -> None:
        got.append(await read(await client.call(token, "POST", CHAT, JSON, BODY)))

    thread = threading.Thread(target=lambda: asyncio.run(call()))
    thread.start()
    await asyncio.to_thread(thread.join)
    assert b"A cat." in got[0]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/fabric/v1/tokens"),
        ("POST", "/v1/../fabric/v1/tokens"),
        ("POST", "/v1/%2e%2e/fabric/v1/exit"),
        ("GET", "/metrics"),
        ("DELETE", "/v1/models"),
        ("POST", "http://elsewhere/v1/models"),
        ("POST", ""),
    ],
)
async def test_a_guest_reaches_model_calls_only(
    world: World, client: FabricClient, method: str, path: str
) -> None:
    response = await client.call(await token_of(client), method, path, JSON, b"{}")
    assert response.status == 404
    assert json.loads(await read(response))["error"]["code"] == "not_found"
    assert len(world.server._tokens) == 2  # the world's and ours


async def test_closing_an_answer_early_frees_the_slot(
    world: World, client: FabricClient, engine: FakeEngine
) -> None:
    await world.fabric.load(MODEL)
    model = engine.latest[MODEL]
    model.gate.clear()
    body = json.dumps({**ASK, "stream": True}).encode()
    response = await client.call(await token_of(client), "POST", CHAT, JSON, body)
    assert b'"A"' in await anext(response.chunks)
    await response.chunks.aclose()  # type: ignore[attr-defined]
    await world.until(lambda: not world.fabric.state.calls)
    await model.until(lambda: model.in_flight == 0)


async def test_an_answer_that_nobody_reads_can_be_closed(
    world: World, client: FabricClient
) -> None:
    response = await client.call(await token_of(client), "POST", CHAT, JSON, BODY)
    await response.chunks.aclose()  # type: ignore[attr-defined]
    await world.until(lambda: not world.fabric.state.calls)


async def test_a_token_outlives_a_restart_of_the_fabric(place: Path, client: FabricClient) -> None:
    known = catalog(spec(slots=1))
    async with running(FakeEngine(place.parent), place, known):
        token = await token_of(client)
    async with running(FakeEngine(place.parent), place, known) as second:
        calls = [client.call(token, "POST", CHAT, JSON, BODY) for _ in range(3)]
        answers = [await read(r) for r in await asyncio.gather(*calls)]
        assert all(b"A cat." in answer for answer in answers)
        await client.revoke(token)
        response = await client.call(token, "POST", CHAT, JSON, BODY)
        assert response.status == 401
        await read(response)
        assert second.fabric.counts["calls"] == 3


async def test_a_fabric_that_is_gone_is_an_inference_error(
    place: Path, client: FabricClient
) -> None:
    async with running(FakeEngine(place.parent), place):
        token = await token_of(client)
    with pytest.raises(InferenceError) as caught:
        await client.call(token, "POST", CHAT, JSON, BODY)
    assert caught.value.code == "not_running"
    await client.revoke(token)  # nothing to do, nothing raised


async def test_shutting_down_waits_until_it_is_gone(place: Path, client: FabricClient) -> None:
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(running(FakeEngine(place.parent), place))
        await client.shut_down()
        assert not place.exists()
