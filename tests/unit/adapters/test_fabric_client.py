"""The Fabric's client against a real Fabric process part (in this loop) with a fake engine."""

from __future__ import annotations

import asyncio
import fcntl
import json
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from time import monotonic
from types import SimpleNamespace

import pytest

from clawdesk.adapters import fabric_client
from clawdesk.adapters.fabric_client import FabricClient
from clawdesk.adapters.fabric_figures import use_of
from clawdesk.ports.errors import InferenceError
from clawdesk.ports.inference import LeaseWish, ModelResponse
from clawdesk.runtime.clock import SystemClock
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
    assert [model.name for model in status.models] == [MODEL]


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


async def test_what_a_call_used_is_known_by_its_name(world: World, client: FabricClient) -> None:
    token = await token_of(client)
    response = await client.call(token, "POST", CHAT, JSON, BODY)
    name = {k.lower(): v for k, v in response.headers.items()}["x-clawdesk-call"]
    await read(response)
    use = await client.account(name)
    assert use is not None
    assert (use.name, use.measured, use.failed, use.place) == (name, True, False, "processors")
    assert (use.gpu_ms, use.tokens_in, use.cost_micro) == (0, None, None)


@pytest.mark.expect_log("no call of this name")
async def test_a_call_nobody_knows_is_no_error(world: World, client: FabricClient) -> None:
    assert await client.account("00000000-1") is None
    assert await client.account("../status") is None


def test_an_account_told_otherwise_is_not_guessed() -> None:
    assert use_of("c", {"outcome": "ok", "tokens_in": "many"}) is None


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


async def test_a_call_says_why_no_other_fabric_starts(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: FabricClient) -> None:
        raise InferenceError("it did not start: models.toml is not TOML", mend="its log is x")

    monkeypatch.setattr(FabricClient, "_spawn", refuse)
    client = FabricClient(socket=place)
    with pytest.raises(InferenceError) as caught:
        await client.call("t", "POST", CHAT, JSON, BODY)
    assert "cannot be reached" in caught.value.what
    assert "models.toml is not TOML" in caught.value.what
    assert caught.value.mend == "its log is x"
    await client.close()


async def test_a_folder_that_the_system_refuses_is_a_status_and_no_failure_of_ours(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place.parent / "clawdesk").write_text("where its log would go")
    monkeypatch.setenv("XDG_STATE_HOME", str(place.parent))
    client = FabricClient(socket=place)
    status = await client.ensure_up()
    assert not status.version
    assert f"{place.parent / 'clawdesk'} cannot be used" in status.problem
    wish = LeaseWish("t", "p", MODEL, "agent")
    with pytest.raises(InferenceError, match="cannot be used"):
        await client.ask_lease(wish)
    await client.close()


@pytest.mark.parametrize("becomes", ["gone", "listening"])
async def test_one_that_has_the_place_and_does_not_listen_is_waited_for(
    place: Path, monkeypatch: pytest.MonkeyPatch, becomes: str
) -> None:
    """A killed Fabric whose process is still ending, or one that somebody just started."""
    looked = threading.Event()
    started: list[Path] = []
    holder = place.with_name(place.name + ".lock").open("ab")
    fcntl.flock(holder, fcntl.LOCK_EX)
    listener = socket.socket(socket.AF_UNIX)

    def look(_: float) -> None:
        if looked.is_set():
            return
        looked.set()
        if becomes == "gone":
            holder.close()
        else:
            listener.bind(str(place))
            listener.listen()

    monkeypatch.setattr(fabric_client, "time", SimpleNamespace(sleep=look, monotonic=monotonic))
    monkeypatch.setattr(FabricClient, "_spawn_alone", lambda _, path: started.append(path))
    client = FabricClient(socket=place)
    await asyncio.to_thread(client._spawn)
    assert looked.is_set(), "it did not wait"
    assert started == ([place] if becomes == "gone" else [])
    listener.close()
    holder.close()
    await client.close()


async def test_shutting_down_waits_until_it_is_gone(place: Path, client: FabricClient) -> None:
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(running(FakeEngine(place.parent), place))
        await client.shut_down()
        assert not place.exists()


async def test_what_a_person_does_shows_in_the_figures(
    world: World, client: FabricClient, engine: FakeEngine
) -> None:
    now_s = SystemClock().now_ms() // 1000
    await client.load_model(MODEL)
    await client.pin_model(MODEL, True)
    await client.set_weight("/p", 3.0)
    await client.set_budget("/p", 2.5, 1000)
    await client.reserve_model(MODEL, "/p", 0, now_s + 600)
    await client.ask_lease(LeaseWish("01T", "/p", MODEL, "agent"))
    found = await client.figures()
    (model,) = found.models
    assert (model.phase, model.pinned, model.reserved_for, model.leases) == ("ready", True, "/p", 1)
    assert [device.id for device in found.devices] == ["host"]
    assert [hold.model for hold in found.devices[0].holds] == [MODEL]
    assert [(h.task, h.model) for h in found.queue.holders] == [("01T", MODEL)]
    (use,) = [use for use in found.queue.projects if use.project == "/p"]
    assert use.budget is not None
    assert (use.budget.gpu_hours, use.budget.tokens, use.weight) == (2.5, 1000, 3.0)
    (window,) = found.queue.windows
    assert 590 <= window.until_s - now_s <= 610
    await client.end_reservation(window.id)
    await client.pin_model(MODEL, False)
    assert not (await client.figures()).models[0].pinned
    await client.release_lease("01T")
    await client.unload_model(MODEL)
    found = await client.figures()
    assert (found.models[0].phase, found.models[0].pinned, found.queue.windows) == (
        "absent",
        False,
        (),
    )
    assert found.unread == ""


async def test_a_refusal_carries_the_fabrics_words(world: World, client: FabricClient) -> None:
    with pytest.raises(InferenceError, match="no model 'other'"):
        await client.load_model("other")
    with pytest.raises(InferenceError, match="`until` must be after `from`"):
        await client.reserve_model(MODEL, "", 20, 10)
    with pytest.raises(InferenceError, match=r"no model .a/\.\./b"):
        await client.pin_model("a/../b", True)


async def test_the_queue_tells_who_waits_and_why(
    world: World, client: FabricClient, engine: FakeEngine
) -> None:
    await client.load_model(MODEL)
    model = engine.latest[MODEL]
    model.gate.clear()
    token = await token_of(client)
    calls = [asyncio.ensure_future(client.call(token, "POST", CHAT, JSON, BODY)) for _ in range(2)]
    await world.until(lambda: world.fabric.state.waiting_count == 1)
    (waiter,) = (await client.figures()).queue.waiting
    assert (waiter.model, waiter.project, waiter.task) == (MODEL, "p", "01T")
    assert (waiter.position, waiter.code) == (1, "slots_busy")
    assert waiter.text
    model.gate.set()
    for call in calls:
        await read(await call)
