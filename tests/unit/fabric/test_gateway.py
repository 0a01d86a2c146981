"""The gateway on a real socket, against an engine that does as the test says."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from clawdesk_fabric import events
from clawdesk_fabric.errors import EngineError
from clawdesk_fabric.leases import Reservation
from clawdesk_fabric.model import EngineView, Phase
from clawdesk_fabric.server import AlreadyRunningError, Options, Server
from tests.support.fabric_engine import FakeEngine, FakeModel
from tests.support.fabric_world import ASK, MODEL, World, catalog, running

STREAM = {**ASK, "stream": True}


async def loaded(world: World, engine: FakeEngine) -> FakeModel:
    await world.fabric.load(MODEL)
    return engine.latest[MODEL]


async def test_the_first_call_starts_the_model_and_is_answered(
    world: World, engine: FakeEngine
) -> None:
    status, answer = await world.chat(temperature=0.5)
    assert status == 200
    assert answer["choices"][0]["message"]["content"] == "A cat."
    # What the client sent reaches the model unchanged.
    assert engine.latest[MODEL].bodies == [{**ASK, "temperature": 0.5}]


async def test_first_calls_at_once_load_the_model_once(world: World, engine: FakeEngine) -> None:
    answers = await asyncio.gather(*(world.chat() for _ in range(3)))
    assert [status for status, _ in answers] == [200] * 3
    assert world.fabric.counts["starts"] == 1
    assert engine.latest[MODEL].in_flight_max <= 2


async def test_a_stream_comes_through_as_it_is_made(world: World, engine: FakeEngine) -> None:
    model = await loaded(world, engine)
    model.gate.clear()
    async with world.post("/v1/chat/completions", STREAM) as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        first = await answer.content.readline()
        assert b'"A"' in first  # while the model still holds back the rest
        model.gate.set()
        rest = await answer.content.read()
    assert rest.endswith(b"data: [DONE]\n\n")


async def test_a_client_that_leaves_frees_its_slot_at_once(
    world: World, engine: FakeEngine
) -> None:
    model = await loaded(world, engine)
    model.gate.clear()
    leaving = asyncio.create_task(world.chat())
    staying = asyncio.create_task(world.chat())
    waiting = asyncio.create_task(world.chat())
    await model.until(lambda: model.in_flight == 2)
    await world.until(lambda: world.fabric.state.waiting_count == 1)
    leaving.cancel()
    # The slot goes to the one that waited, and the model has been told that the client left.
    await world.until(lambda: world.fabric.state.waiting_count == 0)
    await model.until(lambda: len(model.bodies) == 3 and model.in_flight == 2)
    assert model.in_flight_max == 2
    model.gate.set()
    assert [status for status, _ in await asyncio.gather(staying, waiting)] == [200, 200]
    with suppress(asyncio.CancelledError):
        await leaving


async def test_a_client_that_leaves_the_queue_is_never_forwarded(
    world: World, engine: FakeEngine
) -> None:
    model = await loaded(world, engine)
    model.gate.clear()
    busy = [asyncio.create_task(world.chat()) for _ in range(2)]
    await model.until(lambda: model.in_flight == 2)
    leaving = asyncio.create_task(world.chat())
    await world.until(lambda: world.fabric.state.waiting_count == 1)
    leaving.cancel()
    await world.until(lambda: world.fabric.state.waiting_count == 0)
    model.gate.set()
    await asyncio.gather(*busy)
    assert len(model.bodies) == 2
    with suppress(asyncio.CancelledError):
        await leaving


async def test_a_full_queue_answers_429_with_retry_after(world: World, engine: FakeEngine) -> None:
    model = await loaded(world, engine)
    model.gate.clear()
    calls = [asyncio.create_task(world.chat()) for _ in range(5)]
    await world.until(lambda: world.fabric.state.waiting_count == 3)
    async with world.post("/v1/chat/completions", ASK) as answer:
        assert answer.status == 429
        assert int(answer.headers["Retry-After"]) > 0
        assert (await answer.json())["error"]["code"] == "queue_full"
    model.gate.set()
    assert {status for status, _ in await asyncio.gather(*calls)} == {200}


async def test_a_queued_stream_hears_its_place_and_reason(
    world: World, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clawdesk_fabric.relay.FIRST_COMMENT_S", 0.01)
    model = await loaded(world, engine)
    model.gate.clear()
    busy = [asyncio.create_task(world.chat()) for _ in range(2)]
    await model.until(lambda: model.in_flight == 2)
    async with world.post("/v1/chat/completions", STREAM) as answer:
        assert answer.status == 200
        comment = (await answer.content.readline()).decode()
        assert comment.startswith(": queued position=1 code=slots_busy reason=all 2 slots")
        assert answer.headers["X-Clawdesk-Position"] == "1"
        assert answer.headers["X-Clawdesk-Reason"] == "slots_busy"
        model.gate.set()
        assert (await answer.content.read()).endswith(b"data: [DONE]\n\n")
    await asyncio.gather(*busy)
    async with world.post("/v1/chat/completions", STREAM) as answer:
        assert not {"X-Clawdesk-Position", "X-Clawdesk-Reason"} & answer.headers.keys()


async def test_a_whole_answer_says_what_it_waited_for(world: World, engine: FakeEngine) -> None:
    model = await loaded(world, engine)
    model.gate.clear()
    busy = [asyncio.create_task(world.chat()) for _ in range(2)]
    await model.until(lambda: model.in_flight == 2)
    waits = asyncio.create_task(world.post("/v1/chat/completions", ASK).__aenter__())
    await world.until(lambda: any(ticket.told for ticket in world.fabric._tickets.values()))
    model.gate.set()
    answer = await waits
    assert answer.headers["X-Clawdesk-Reason"] == "slots_busy"
    assert "X-Clawdesk-Position" not in answer.headers
    assert int(answer.headers["X-Clawdesk-Wait-Ms"]) > 0
    await asyncio.gather(*busy, answer.read())


@pytest.mark.expect_log("no model for this", "failed")
async def test_a_queued_stream_that_is_refused_ends_with_an_error_event(
    world: World, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clawdesk_fabric.relay.FIRST_COMMENT_S", 0.01)
    engine.start_gate.clear()
    engine.refuse_start = EngineError("no model for this processor", permanent=True)
    async with world.post("/v1/chat/completions", STREAM) as answer:
        assert b"code=loading" in await answer.content.readline()
        engine.start_gate.set()
        rest = await answer.content.read()
    assert b'"code": "model_failed"' in rest
    assert b"no model for this processor" in rest


@pytest.mark.expect_log("out of memory", "failed")
async def test_a_model_that_dies_is_502_with_its_last_lines(
    world: World, engine: FakeEngine
) -> None:
    model = await loaded(world, engine)
    model.gate.clear()
    call = asyncio.create_task(world.chat())
    await model.until(lambda: model.in_flight == 1)
    await engine.kill(MODEL, "ran out of memory; its last lines: ggml_abort")
    status, answer = await call
    assert status == 502
    assert answer["error"]["code"] == "model_failed"
    assert "ggml_abort" in answer["error"]["message"]
    # The next call starts it anew.
    assert (await world.chat())[0] == 200


@pytest.mark.expect_log("out of memory", "failed")
async def test_a_stream_whose_model_dies_ends_with_an_error_event(
    world: World, engine: FakeEngine
) -> None:
    model = await loaded(world, engine)
    model.gate.clear()
    async with world.post("/v1/chat/completions", STREAM) as answer:
        await answer.content.readline()
        await engine.kill(MODEL, "ran out of memory")
        rest = await answer.content.read()
    assert b'"code": "model_failed"' in rest
    assert b"ran out of memory" in rest


@pytest.mark.expect_log("answered with status 500")
@pytest.mark.parametrize(
    ("engine_status", "status", "code"), [(400, 400, "invalid_request"), (500, 502, "model_failed")]
)
async def test_the_engines_own_errors_get_our_shape(
    world: World, engine: FakeEngine, engine_status: int, status: int, code: str
) -> None:
    (await loaded(world, engine)).status = engine_status
    got, answer = await world.chat()
    assert (got, answer["error"]["code"]) == (status, code)
    assert "engine says no" in answer["error"]["message"]


@pytest.mark.expect_log("Docker is not installed")
async def test_without_an_engine_503_says_why_and_it_comes_back_by_itself(
    world: World, engine: FakeEngine
) -> None:
    mend = "sudo apt-get install docker.io"
    engine.change(EngineView(False, "", "Docker is not installed", mend))
    async with world.post("/v1/chat/completions", ASK) as answer:
        assert answer.status == 503
        assert "Retry-After" in answer.headers
        error = (await answer.json())["error"]
    assert error["code"] == "no_capacity"
    assert "Docker is not installed" in error["message"]
    assert mend in error["message"]
    assert (await world.control("status"))["engine"]["mend"] == mend
    engine.change(EngineView(True, "fake 1"))
    assert (await world.chat())[0] == 200


MALFORMED: list[tuple[bytes, str]] = [
    (b"", "not JSON"),
    (b"{", "not JSON"),
    (b"[]", "JSON object"),
    (b'"text"', "JSON object"),
    (b"\xff\xfe", "not JSON"),
    (b'{"model": NaN}', "not JSON"),
    (b"[" * 90_000, "nested"),
    (b'{"messages": [{}]}', "`model`"),
    (b'{"model": 7, "messages": [{}]}', "`model`"),
    (b'{"model": "x"}', "`messages`"),
    (b'{"model": "x", "messages": {"role": "user"}}', "`messages`"),
    (b'{"model": "x", "messages": [{"role": "user"}], "stream": "yes"}', "`stream`"),
]


@pytest.mark.parametrize(("body", "said"), MALFORMED)
async def test_a_malformed_body_is_400_and_says_what_is_wrong(
    world: World, body: bytes, said: str
) -> None:
    headers = world.headers(**{"Content-Type": "application/json"})
    async with world.session.post(
        "http://localhost/v1/chat/completions", data=body, headers=headers
    ) as answer:
        assert answer.status == 400
        error = (await answer.json())["error"]
    assert error["code"] == "invalid_request"
    assert error["type"] == "invalid_request_error"
    assert said in error["message"]


async def test_an_oversized_body_is_413(world: World) -> None:
    status, answer = await world.chat(messages=[{"role": "user", "content": "x" * 200_000}])
    assert (status, answer["error"]["code"]) == (413, "request_too_large")


async def status_and_code(call: Any) -> tuple[int, str]:
    async with call as answer:
        return answer.status, (await answer.json())["error"]["code"]


async def test_only_exact_hosts_no_origins_and_only_json(world: World) -> None:
    target = "/v1/chat/completions"

    async def tried(**headers: str) -> tuple[int, str]:
        named = {k.replace("_", "-"): v for k, v in headers.items()}
        return await status_and_code(world.post(target, ASK, headers=world.headers(**named)))

    assert await tried(Host="evil.example") == (421, "misdirected_request")
    assert await tried(Host="localhost.evil.example") == (421, "misdirected_request")
    assert await tried(Host="localhost:1") == (421, "misdirected_request")
    assert await tried(Origin="null") == (403, "origin_refused")
    assert await tried(Origin="http://localhost") == (403, "origin_refused")
    assert await tried(Sec_Fetch_Site="cross-site") == (403, "origin_refused")
    assert await tried(Content_Type="text/plain") == (415, "unsupported_media_type")


async def test_a_token_is_needed_and_bounds_what_it_may_call(world: World) -> None:
    target = "/v1/chat/completions"
    for headers in ({}, {"Authorization": "Bearer nope"}, {"Authorization": "Basic x"}):
        got = await status_and_code(world.post(target, ASK, headers=headers))
        assert got == (401, "invalid_api_key")
    assert await status_and_code(world.post(target, {**ASK, "model": "gpt-9"})) == (
        404,
        "model_not_found",
    )
    answer = await world.control("tokens", {"models": ["gpt-9"]})
    assert answer["error"]["code"] == "model_not_found"
    revoked = world.token
    assert await world.control("tokens/revoke", {"token": revoked}) == {"revoked": True}
    assert await status_and_code(world.post(target, ASK)) == (401, "invalid_api_key")


async def test_models_lists_what_the_token_may_use(world: World) -> None:
    async with world.session.get("http://localhost/v1/models", headers=world.headers()) as answer:
        listed = await answer.json()
    assert [entry["id"] for entry in listed["data"]] == [MODEL]


async def test_an_endpoint_the_model_lacks_is_refused(world: World) -> None:
    call = world.post("/v1/embeddings", {"model": MODEL, "input": "x"})
    assert await status_and_code(call) == (400, "endpoint_not_supported")


async def test_the_port_answers_calls_but_no_control(world: World) -> None:
    base = f"http://127.0.0.1:{world.server.port}"
    async with aiohttp.ClientSession() as session:
        async with session.post(
            f"{base}/v1/chat/completions", json=ASK, headers=world.headers()
        ) as answer:
            assert answer.status == 200
        async with session.get(f"{base}/healthz") as answer:
            assert answer.status == 200
        for target in ("status", "queue"):
            got = await status_and_code(session.get(f"{base}/fabric/v1/{target}"))
            assert got == (404, "not_found")
        got = await status_and_code(session.post(f"{base}/fabric/v1/tokens", json={}))
        assert got == (404, "not_found")
        assert await status_and_code(session.get(f"{base}/metrics")) == (401, "invalid_api_key")


async def test_the_queue_explains_every_waiting_call(world: World, engine: FakeEngine) -> None:
    engine.start_gate.clear()
    world.token = await world.new_token(project="notes", task="01T", **{"class": "batch"})
    call = asyncio.create_task(world.chat())
    await world.until(lambda: world.fabric.state.waiting_count == 1)
    (waiting,) = (await world.control("queue"))["waiting"]
    assert (waiting["project"], waiting["task"], waiting["class"]) == ("notes", "01T", "batch")
    assert waiting["position"] == 1
    assert waiting["reason"]["code"] == "loading"
    assert "warming up" in waiting["reason"]["text"]
    engine.start_gate.set()
    assert (await call)[0] == 200


async def test_metrics_and_status_agree(world: World) -> None:
    await world.chat()
    async with world.session.get("http://localhost/metrics") as answer:
        text = await answer.text()
    assert "clawdesk_fabric_calls_total 1" in text
    assert f'clawdesk_fabric_ready{{model="{MODEL}"}} 1' in text
    (model,) = (await world.control("status"))["models"]
    assert (model["phase"], model["in_flight"], model["slots"]) == ("ready", 0, 2)
    assert model["container"] == "fake-1"


async def test_unload_and_load_by_name(world: World) -> None:
    assert (await world.control(f"models/{MODEL}/load", {}))["models"][0]["phase"] == "ready"
    assert (await world.control(f"models/{MODEL}/unload", {}))["models"][0]["phase"] == "absent"
    assert (await world.control("models/gpt-9/load", {}))["error"]["code"] == "model_not_found"
    assert world.fabric.state.replicas[MODEL].phase is Phase.ABSENT


async def test_a_fabric_nobody_uses_exits_by_itself(engine: FakeEngine, short_folder: Path) -> None:
    options = Options(short_folder / "idle.sock", idle_exit_s=0.05)
    async with asyncio.timeout(10):
        await Server(catalog(), engine, options).run()
    assert not options.socket.exists()


async def test_a_fabric_with_a_window_to_come_stays(engine: FakeEngine, short_folder: Path) -> None:
    server = Server(catalog(), engine, Options(short_folder / "kept.sock", idle_exit_s=0.05))
    serving = asyncio.create_task(server.run())
    await server.listening.wait()
    now_ms = server.fabric.now_ms()
    server.fabric.reserve(Reservation("r", MODEL, "", now_ms + 3_600_000, now_ms + 7_200_000))
    for _ in range(3):
        await server.fabric.change()  # ticks, each longer than the limit
    assert not serving.done()
    server.fabric.post(events.ReservationEnded(server.fabric.now_ms(), "r"))
    await asyncio.wait_for(serving, 10)


async def test_one_socket_has_one_fabric(world: World, engine: FakeEngine) -> None:
    with pytest.raises(AlreadyRunningError):
        await Server(catalog(), engine, Options(world.socket)).run()
    assert (await world.chat())[0] == 200


@pytest.mark.expect_log("shutting down")
async def test_leaving_lets_calls_in_flight_end_and_refuses_the_rest(
    world: World, engine: FakeEngine
) -> None:
    model = await loaded(world, engine)
    model.gate.clear()
    served = [asyncio.create_task(world.chat()) for _ in range(2)]
    await model.until(lambda: model.in_flight == 2)
    waiting = asyncio.create_task(world.chat())
    await world.until(lambda: world.fabric.state.waiting_count == 1)
    assert await world.control("exit", {}) == {"exiting": True}
    status, answer = await waiting
    assert (status, answer["error"]["code"]) == (503, "no_capacity")
    model.gate.set()
    assert [status for status, _ in await asyncio.gather(*served)] == [200, 200]


@pytest.mark.expect_log("broke", "unexpected", "the Fabric failed")
async def test_a_broken_rule_ends_the_fabric_loudly(engine: FakeEngine, short_folder: Path) -> None:
    async def break_it() -> None:
        async with running(engine, short_folder / "b.sock") as world:
            await world.fabric.load(MODEL)
            # More calls than it has slots.
            world.fabric.state.replicas[MODEL].in_flight.update(dict.fromkeys(range(90, 99), 0))
            status, answer = await world.chat()
            answered.append((status, answer["error"]["code"]))
        raise AssertionError("it went on")

    answered: list[tuple[int, str]] = []
    with pytest.raises(RuntimeError, match="broke"):
        await break_it()
    assert answered == [(500, "internal_error")]
