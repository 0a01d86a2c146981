"""OpenAI's own Python client, unchanged, against a Fabric on its TCP port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI

from clawdesk_fabric.entries import ENDPOINTS
from clawdesk_fabric.errors import EngineError
from tests.support import openai_model
from tests.support.fabric_world import MODEL, World, catalog, running, spec
from tests.support.raw_engine import STREAM_HEAD, RawEngine

MESSAGES: Any = [{"role": "user", "content": "What is on the mat?"}]
TOOLS: Any = [{"type": "function", "function": {"name": "weather", "parameters": {}}}]


@pytest.fixture
async def engine(short_folder: Path) -> RawEngine:
    return RawEngine(short_folder, openai_model.answer)


@pytest.fixture
async def world(engine: RawEngine, short_folder: Path) -> AsyncIterator[World]:
    known = catalog(spec(endpoints=ENDPOINTS), spec(name="other"))
    async with running(engine, short_folder / "f.sock", known, port=0) as made:
        yield made


def client_of(world: World, token: str = "", **more: Any) -> AsyncOpenAI:
    base = f"http://127.0.0.1:{world.server.port}/v1"
    return AsyncOpenAI(base_url=base, api_key=token or world.token, max_retries=0, **more)


@pytest.fixture
async def client(world: World) -> AsyncIterator[AsyncOpenAI]:
    async with client_of(world) as made:
        yield made


async def test_chat_with_usage(world: World, client: AsyncOpenAI) -> None:
    answer = await client.chat.completions.create(model=MODEL, messages=MESSAGES)
    assert answer.choices[0].message.content == "A cat."
    assert answer.usage is not None
    assert answer.usage.total_tokens == 10


async def test_a_stream_with_its_usage(client: AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(
        model=MODEL, messages=MESSAGES, stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]
    said = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert said == "A cat."
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 3


async def test_tools_json_and_logprobs_pass_through(client: AsyncOpenAI) -> None:
    called = await client.chat.completions.create(model=MODEL, messages=MESSAGES, tools=TOOLS)
    (call,) = called.choices[0].message.tool_calls or []
    assert call.type == "function"
    assert (call.function.name, call.function.arguments) == ("weather", '{"place": "Bern"}')
    formed = await client.chat.completions.create(
        model=MODEL, messages=MESSAGES, response_format={"type": "json_object"}
    )
    assert formed.choices[0].message.content == '{"animal": "cat"}'
    logged = await client.chat.completions.create(
        model=MODEL, messages=MESSAGES, logprobs=True, top_logprobs=1
    )
    assert logged.choices[0].logprobs is not None
    assert [token.token for token in logged.choices[0].logprobs.content or []] == ["A", " cat", "."]


async def test_completions_and_embeddings(client: AsyncOpenAI) -> None:
    whole = await client.completions.create(model=MODEL, prompt="On the mat is")
    assert whole.choices[0].text == "A cat."
    stream = await client.completions.create(model=MODEL, prompt="On the mat is", stream=True)
    assert "".join([chunk.choices[0].text async for chunk in stream]) == "A cat."
    vectors = await client.embeddings.create(model=MODEL, input=["a", "b"], encoding_format="float")
    assert [entry.embedding for entry in vectors.data] == [[0.25, -0.5]] * 2


async def test_a_token_sees_and_uses_its_own_models_only(world: World) -> None:
    token = await world.new_token(models=["other"])
    async with client_of(world, token) as client:
        assert [model.id async for model in client.models.list()] == ["other"]
        assert (await client.models.retrieve("other")).owned_by == "clawdesk"
        with pytest.raises(openai.NotFoundError) as raised:
            await client.models.retrieve(MODEL)
        assert raised.value.code == "model_not_found"
        with pytest.raises(openai.NotFoundError) as raised:
            await client.chat.completions.create(model=MODEL, messages=MESSAGES)
        assert (raised.value.code, raised.value.param) == ("model_not_found", "model")
        assert MODEL not in raised.value.message.replace(f"'{MODEL}'", "")


async def test_each_refusal_raises_the_clients_own_error(world: World, client: AsyncOpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as bad:
        await client.chat.completions.create(model=MODEL, messages=MESSAGES, n=0)
    assert (bad.value.code, bad.value.param) == ("invalid_request", "n")
    assert bad.value.type == "invalid_request_error"
    async with client_of(world, "wrong") as stranger:
        with pytest.raises(openai.AuthenticationError) as unknown:
            await stranger.models.list()
        assert unknown.value.code == "invalid_api_key"


async def test_a_full_queue_is_a_rate_limit(engine: RawEngine, short_folder: Path) -> None:
    known = catalog(spec(), waiting_max=1)
    engine.start_gate.clear()
    async with (
        running(engine, short_folder / "f.sock", known, port=0) as world,
        client_of(world) as client,
    ):
        waiting = asyncio.create_task(world.chat())
        await world.until(lambda: world.fabric.state.waiting_count == 1)
        with pytest.raises(openai.RateLimitError) as full:
            await client.chat.completions.create(model=MODEL, messages=MESSAGES)
        assert full.value.code == "queue_full"
        assert int(full.value.response.headers["Retry-After"]) > 0
        engine.start_gate.set()
        assert (await waiting)[0] == 200


@pytest.mark.expect_log("no room", "failed")
async def test_no_capacity_is_a_server_error(
    world: World, client: AsyncOpenAI, engine: RawEngine
) -> None:
    engine.refuse_start = EngineError("no room on any GPU", code="no_capacity")
    with pytest.raises(openai.InternalServerError) as none:
        await client.chat.completions.create(model=MODEL, messages=MESSAGES)
    assert (none.value.status_code, none.value.code) == (503, "no_capacity")


@pytest.mark.expect_log("broke off")
async def test_a_stream_that_breaks_raises(
    world: World, engine: RawEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clawdesk_fabric.runtime.LOST_TEXT_S_MAX", 0.01)
    await world.fabric.load(MODEL)

    async def break_off(connection: Any) -> None:
        await connection.send(STREAM_HEAD, b'data: {"choices": []}\n\n')

    engine.script = break_off
    async with client_of(world) as client:
        stream = await client.chat.completions.create(model=MODEL, messages=MESSAGES, stream=True)
        with pytest.raises(openai.APIError, match="broke off"):
            async for _ in stream:
                pass


async def test_leaving_a_stream_frees_the_model(world: World, client: AsyncOpenAI) -> None:
    await world.fabric.load(MODEL)
    stream = await client.chat.completions.create(model=MODEL, messages=MESSAGES, stream=True)
    await anext(aiter(stream))
    await stream.close()
    async with asyncio.timeout(10):
        await world.until(lambda: not world.fabric.state.calls)
