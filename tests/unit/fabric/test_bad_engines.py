"""Engines that crash, hang, lie or never stop: the client hears why, and the slot is free again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from clawdesk_fabric import call_limits, forward, relay
from clawdesk_fabric.call_limits import CallLimits
from clawdesk_fabric.model import CallClass
from tests.support.fabric_world import ASK, World, catalog, running, spec
from tests.support.raw_engine import HEAD, STREAM_HEAD, Connection, RawEngine, Script, json_answer

STREAM = {**ASK, "stream": True}
GOOD = json_answer(b'{"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3}}')
EVENT = b'data: {"choices": [{"delta": {"content": "A"}}]}\n\n'
REDIRECT = b"HTTP/1.1 %s Go\r\nLocation: /v1/x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
CHUNK_BYTES = 64 * 1024


@pytest.fixture(autouse=True)
def _no_wait_for_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """No container ends here, so there is nothing to wait for when a connection breaks."""
    monkeypatch.setattr("clawdesk_fabric.runtime.LOST_TEXT_S_MAX", 0.01)


@asynccontextmanager
async def world_of(folder: Path, script: Script) -> AsyncIterator[tuple[World, RawEngine]]:
    """A model with one slot that does as the script says."""
    engine = RawEngine(folder, script)
    async with running(engine, folder / "f.sock", catalog(spec(slots=1)), port=0) as world:
        yield world, engine


def saying(answer: bytes) -> Script:
    async def script(connection: Connection) -> None:
        await connection.send(answer)

    return script


async def refused(world: World, body: dict[str, Any] = ASK) -> dict[str, Any]:
    """The error of a call that must fail; its slot must be free afterwards."""
    async with world.post("/v1/chat/completions", body) as answer:
        error: dict[str, Any] = (await answer.json())["error"]
        assert answer.status == 502
    assert error["code"] == "model_failed"
    assert not world.fabric.state.calls
    return error


def bombs() -> dict[str, bytes]:
    lines = b"".join(b"X-%d: x\r\n" % n for n in range(100_000))
    return {
        "not HTTP": b"\x16\x03\x01 hello\r\n\r\n",
        "nothing": b"",
        "half a head": b"HTTP/1.1 200 OK\r\nContent-",
        "not JSON": json_answer(b"<html>I am fine</html>"),
        "no text": json_answer(b'{"a": "\xff"}'),
        "a list": json_answer(b"[]"),
        "deep": json_answer(b'{"a": ' + b"[" * 90_000 + b"]" * 90_000 + b"}"),
        "another type": json_answer(b"{}", b"text/html"),
        "compressed": HEAD % b"application/json" + b"Content-Encoding: gzip\r\n\r\n{}",
        "many headers": HEAD % b"application/json" + lines + b"\r\n{}",
        "a long header": HEAD % b"application/json" + b"X: " + b"x" * 2_000_000 + b"\r\n\r\n{}",
        "a lying length": HEAD % b"application/json" + b"Content-Length: 99\r\n\r\n{}",
        "a negative length": HEAD % b"application/json" + b"Content-Length: -1\r\n\r\n{}",
        "two lengths": HEAD % b"application/json"
        + b"Content-Length: 2\r\nContent-Length: 9\r\n\r\n{}",
        "a bad chunk": HEAD % b"application/json"
        + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n",
        "elsewhere": REDIRECT % b"307",
        "elsewhere, by GET": REDIRECT % b"302",
        "another key": b"HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\n{}",
    }


@pytest.mark.expect_log("POST /v1/chat/completions: smollm2-135m")
@pytest.mark.parametrize("kind", bombs())
async def test_nonsense_is_502_and_the_next_call_is_served(short_folder: Path, kind: str) -> None:
    async with world_of(short_folder, saying(bombs()[kind])) as (world, engine):
        error = await refused(world)
        assert error["message"].startswith("smollm2-135m ")
        assert len(engine.connections) == 1, "a redirect was followed"
        engine.script = saying(GOOD)
        assert (await world.chat())[0] == 200


@pytest.mark.parametrize("odd", [b'"\\ud83d"', b"NaN", b"1" + b"0" * 400])
async def test_an_answer_that_is_nearly_json_passes_as_it_is(
    short_folder: Path, odd: bytes
) -> None:
    body = b'{"choices": [], "odd": ' + odd + b', "usage": {"prompt_tokens": 7}}'
    async with world_of(short_folder, saying(json_answer(body))) as (world, _):
        async with world.post("/v1/chat/completions", ASK) as answer:
            assert (answer.status, await answer.read()) == (200, body)
        assert world.fabric.state.shares["p"].tokens == 7


@pytest.mark.expect_log("more than 1000 bytes")
async def test_an_answer_without_end_is_cut(
    short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forward, "ANSWER_BYTES_MAX", 1000)

    async def script(connection: Connection) -> None:
        await connection.send(HEAD % b"application/json" + b"\r\n{")
        while True:
            await connection.send(b" " * CHUNK_BYTES)

    async with world_of(short_folder, script) as (world, engine):
        await refused(world)
        await engine.ended.wait()


@pytest.mark.expect_log("failed midway: smollm2-135m sent more than")
async def test_a_stream_without_end_is_cut_and_says_so(
    short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "STREAM_BYTES_MAX", 1_000_000)

    async def script(connection: Connection) -> None:
        await connection.send(STREAM_HEAD)
        while True:
            await connection.send(EVENT * 1000)

    async with world_of(short_folder, script) as (world, engine):
        async with world.post("/v1/chat/completions", STREAM) as answer:
            text = await answer.content.read()
        assert b"sent more than 1000000 bytes" in text[-500:]
        assert len(text) < 1_001_000
        await engine.ended.wait()
        await world.until(lambda: not world.fabric.state.calls)


async def hang(connection: Connection) -> None:
    await connection.gone()


async def hang_midway(connection: Connection) -> None:
    await connection.send(STREAM_HEAD, EVENT)
    await connection.gone()


async def never_stop(connection: Connection) -> None:
    await connection.send(STREAM_HEAD)
    while True:
        await connection.send(EVENT)
        await asyncio.sleep(0)


@pytest.mark.expect_log("sent nothing for", "still answering")
@pytest.mark.parametrize(
    ("script", "limits", "said"),
    [
        (hang, CallLimits(quiet_s=0.05, total_s=60), "sent nothing for 0.05 s"),
        (hang_midway, CallLimits(quiet_s=0.05, total_s=60), "sent nothing for 0.05 s"),
        (never_stop, CallLimits(quiet_s=60, total_s=0.05), "still answering after 0.05 s"),
    ],
)
async def test_a_limit_of_the_calls_class_ends_a_hanging_model(
    short_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    script: Script,
    limits: CallLimits,
    said: str,
) -> None:
    monkeypatch.setattr(relay, "LIMITS", {**call_limits.LIMITS, CallClass.BATCH: limits})
    async with world_of(short_folder, script) as (world, engine):
        world.token = await world.new_token(**{"class": "batch"})
        async with world.post("/v1/chat/completions", STREAM) as answer:
            text = (await answer.content.read()).decode()
        assert said in text
        assert "the limit of class batch" in text
        assert '"code": "model_failed"' in text
        # The model has been told, too: its connection was closed.
        await engine.ended.wait()
        assert not world.fabric.state.calls


@pytest.mark.expect_log("broke off", "ended before")
@pytest.mark.parametrize("ending", [b"", b"data: {", EVENT], ids=["nothing", "half", "event"])
async def test_a_stream_that_ends_too_early_ends_with_an_error_event(
    short_folder: Path, ending: bytes
) -> None:
    async with world_of(short_folder, saying(STREAM_HEAD + EVENT + ending)) as (world, _):
        async with world.post("/v1/chat/completions", STREAM) as answer:
            text = await answer.content.read()
        last = text.rstrip().split(b"\n")[-1]
        assert last.startswith(b'data: {"error": {"message": "smollm2-135m broke off')
        assert not world.fabric.state.calls


async def test_text_that_looks_like_the_end_is_not_taken_for_it(short_folder: Path) -> None:
    looks = b'data: {"choices": [{"delta": {"content": "data: [DONE]"}}]}\n\n'
    whole = STREAM_HEAD + looks + b"data: [DONE]\n\n"
    async with (
        world_of(short_folder, saying(whole)) as (world, _),
        world.post("/v1/chat/completions", STREAM) as answer,
    ):
        assert await answer.content.read() == looks + b"data: [DONE]\n\n"


async def test_the_end_of_a_stream_needs_no_space_after_its_colon(short_folder: Path) -> None:
    """A space there is optional in event streams, and Spring's server writes none."""
    whole = STREAM_HEAD + b'data:{"choices": []}\n\ndata:[DONE]\n\n'
    async with (
        world_of(short_folder, saying(whole)) as (world, _),
        world.post("/v1/chat/completions", STREAM) as answer,
    ):
        assert await answer.content.read() == b'data:{"choices": []}\n\ndata:[DONE]\n\n'


async def test_a_context_that_is_too_long_has_openais_code(short_folder: Path) -> None:
    body = (
        b'{"error": {"code": 400, "message": "the request exceeds the available context size",'
        b' "type": "exceed_context_size_error", "n_prompt_tokens": 9000, "n_ctx": 2048}}'
    )
    head = b"HTTP/1.1 400 No\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    async with world_of(short_folder, saying(head % len(body) + body)) as (world, _):
        status, answer = await world.chat()
    assert status == 400
    assert answer["error"]["code"] == "context_length_exceeded"
    assert answer["error"]["type"] == "invalid_request_error"
    assert "exceeds the available context size" in answer["error"]["message"]


async def test_no_header_of_a_model_reaches_the_client(short_folder: Path) -> None:
    text = GOOD.replace(b"\r\n\r\n", b"\r\nSet-Cookie: a=b\r\nLocation: x\r\nServer: s\r\n\r\n")
    async with world_of(short_folder, saying(text)) as (world, engine):
        async with world.post(
            "/v1/chat/completions", ASK, headers=world.headers(Cookie="c=d", **{"X-Own": "e"})
        ) as answer:
            assert not {"Set-Cookie", "Location"} & set(answer.headers)
            assert int(answer.headers["X-Clawdesk-Wait-Ms"]) >= 0
            assert answer.headers["X-Clawdesk-Call"].endswith("-1")
        sent = engine.connections[0].request.lower()
    # Nor does the client's token, or any other header of it, reach the model.
    assert b"accept-encoding: identity" in sent
    for name in (b"authorization", b"cookie", b"x-own", b"cdk-"):
        assert name not in sent
