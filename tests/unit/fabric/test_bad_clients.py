"""Clients that stall, vanish, never read or come in crowds: bounded, and the slot is free again."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from clawdesk_fabric import call_limits
from tests.support.fabric_engine import FakeEngine
from tests.support.fabric_world import ASK, MODEL, World, catalog, running, spec
from tests.support.raw_engine import STREAM_HEAD, Connection, RawEngine

TARGET = "/v1/chat/completions"
Pipe = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def request(world: World, body: bytes, *more: str, host: str = "localhost") -> bytes:
    lines = [
        f"POST {TARGET} HTTP/1.1",
        f"Host: {host}",
        "Content-Type: application/json",
        f"Authorization: Bearer {world.token}",
        *(more or (f"Content-Length: {len(body)}",)),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@asynccontextmanager
async def connected(world: World, *, tcp: bool = False) -> AsyncIterator[Pipe]:
    if tcp:
        reader, writer = await asyncio.open_connection("127.0.0.1", world.server.port)
    else:
        reader, writer = await asyncio.open_unix_connection(str(world.socket))
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def ended(reader: asyncio.StreamReader) -> bytes:
    """Everything until the Fabric ends the connection, one way or the other."""
    text = b""
    with suppress(ConnectionError):
        async with asyncio.timeout(10):
            while part := await reader.read(65536):
                text += part
    return text


async def raw(world: World, text: bytes, *, tcp: bool = False) -> tuple[int, dict[str, Any]]:
    """Status and error of a request written byte by byte as given."""
    async with connected(world, tcp=tcp) as (reader, writer):
        writer.write(text)
        head = await reader.readuntil(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
        body = await reader.readexactly(int(fields[b"content-length"]))
    return int(head.split()[1]), json.loads(body)["error"]


async def test_a_body_that_does_not_arrive_is_408(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_limits, "BODY_S_MAX", 0.05)
    status, error = await raw(world, request(world, b'{"mod', "Content-Length: 5000"))
    assert (status, error["code"]) == (408, "request_timeout")
    assert not world.fabric.counts["calls"]


@pytest.mark.parametrize("tcp", [False, True])
async def test_a_connection_that_says_nothing_is_dropped(
    world: World, monkeypatch: pytest.MonkeyPatch, tcp: bool
) -> None:
    monkeypatch.setattr(call_limits, "HEAD_S_MAX", 0.05)
    async with connected(world, tcp=tcp) as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nHost: local")
        assert await ended(reader) == b""
    # One that has spoken is kept, also after that time.
    assert (await world.chat())[0] == 200


async def test_one_connection_too_many_is_closed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_limits, "CONNECTIONS_MAX", 2)
    async with (
        connected(world, tcp=True),
        connected(world, tcp=True),
        connected(world, tcp=True) as (reader, _),
    ):
        assert await ended(reader) == b""
    # The Unix socket has its own count.
    assert (await world.control("status"))["version"]


async def test_a_client_that_vanishes_in_its_body_leaves_nothing(world: World) -> None:
    bodies = world.server._bodies
    async with connected(world) as (_, writer):
        writer.write(request(world, b'{"mod', "Content-Length: 5000"))
        async with asyncio.timeout(10):
            while not bodies.held_bytes:
                await asyncio.sleep(0)
    async with asyncio.timeout(10):
        while bodies.held_bytes:
            await asyncio.sleep(0)
    assert not world.fabric.counts["calls"]


async def test_bodies_held_at_once_are_bounded(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_limits, "BODIES_BYTES_MAX", 10)
    async with world.post(TARGET, ASK) as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (429, "too_many")
        assert int(answer.headers["Retry-After"]) > 0
    # One without a length counts as the longest it may be.
    chunked = request(world, b"0\r\n\r\n", "Transfer-Encoding: chunked")
    assert (await raw(world, chunked))[0] == 429


async def test_a_length_beyond_the_limit_is_refused_before_it_is_read(world: World) -> None:
    status, error = await raw(world, request(world, b"", "Content-Length: 99999999999"))
    assert (status, error["code"]) == (413, "request_too_large")
    chunk = b"186a1\r\n" + b" " * 100_001 + b"\r\n0\r\n\r\n"
    status, error = await raw(world, request(world, chunk, "Transfer-Encoding: chunked"))
    assert (status, error["code"]) == (413, "request_too_large")


async def test_a_compressed_body_is_not_opened(world: World) -> None:
    bomb = gzip.compress(b" " * 90_000)
    more = (f"Content-Length: {len(bomb)}", "Content-Encoding: gzip")
    status, error = await raw(world, request(world, bomb, *more))
    assert (status, error["code"]) == (415, "unsupported_media_type")


async def flood(connection: Connection) -> None:
    await connection.send(STREAM_HEAD)
    while True:
        await connection.send(b"data: " + b"x" * 65536 + b"\n\n")


@pytest.mark.parametrize("tcp", [False, True])
async def test_a_client_that_never_reads_holds_little_and_is_dropped(
    short_folder: Path, monkeypatch: pytest.MonkeyPatch, tcp: bool
) -> None:
    monkeypatch.setattr(call_limits, "CLIENT_STALL_S_MAX", 0.2)
    engine = RawEngine(short_folder, flood)
    async with (
        running(engine, short_folder / "f.sock", catalog(spec(slots=1)), port=0) as world,
        connected(world, tcp=tcp) as (reader, writer),
    ):
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        host = f"127.0.0.1:{world.server.port}" if tcp else "localhost"
        body = json.dumps({**ASK, "stream": True}).encode()
        writer.write(request(world, body, host=host))
        async with asyncio.timeout(20):
            await engine.ended.wait()
        # Nobody kept for it what the model went on to say; the kernel's own buffers are the most.
        assert engine.connections[0].written < 32 * 1024 * 1024
        await world.until(lambda: not world.fabric.state.calls)
        # Nor is it waited for any longer: its connection is gone while it still does not read.
        http = world.server._listeners[int(tcp)][1].server
        assert http is not None
        await world.until(lambda: not http.connections)
        writer.transport.resume_reading()  # type: ignore[attr-defined]
        await ended(reader)


async def test_a_long_answer_that_is_not_read_frees_its_slot_at_once(
    world: World, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_limits, "CLIENT_STALL_S_MAX", 0.2)
    await world.fabric.load(MODEL)
    engine.latest[MODEL].words = ["x" * 8_000_000]
    async with connected(world) as (reader, writer):
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(request(world, json.dumps(ASK).encode()))
        await world.until(lambda: len(world.fabric.state.calls) == 1)
        await world.until(lambda: not world.fabric.state.calls)
        http = world.server._listeners[0][1].server
        assert http is not None
        await world.until(lambda: not http.connections)
        writer.transport.resume_reading()  # type: ignore[attr-defined]
        assert len(await ended(reader)) < 8_000_000


NOT_OURS = ["evil.example", "localhost.evil.example", "127.0.0.1", "127.0.0.1.evil.example:{port}"]


@pytest.mark.parametrize("host", [*NOT_OURS, "localhost", "[::1]:{port}", "0.0.0.0:{port}", ""])
async def test_a_name_that_was_bound_to_this_machine_is_not_answered(
    world: World, host: str
) -> None:
    """DNS rebinding: the browser believes that it speaks to its own page's server."""
    port = str(world.server.port)
    body = json.dumps(ASK).encode()
    text = request(world, body, host=host.replace("{port}", port))
    status, error = await raw(world, text, tcp=True)
    assert (status, error["code"]) == (421, "misdirected_request")
    assert not world.fabric.counts["calls"]


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (["Origin: http://localhost:{port}"], 403),
        (["Origin: null"], 403),
        (["Origin: "], 403),
        (["Sec-Fetch-Site: cross-site"], 403),
        (["Sec-Fetch-Site: same-origin"], 403),
    ],
)
async def test_a_web_page_reaches_nothing(world: World, lines: list[str], status: int) -> None:
    """Also when it somehow has the token."""
    port = str(world.server.port)
    body = json.dumps(ASK).encode()
    more = [line.replace("{port}", port) for line in lines]
    length = f"Content-Length: {len(body)}"
    text = request(world, body, length, *more, host=f"127.0.0.1:{port}")
    got, error = await raw(world, text, tcp=True)
    assert got == status
    assert error["message"]
    assert not world.fabric.counts["calls"]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_what_a_page_may_send_without_asking_is_refused(world: World, kind: str) -> None:
    """text/plain and forms need no preflight; JSON does, and no preflight is ever answered."""
    headers = world.headers(**{"Content-Type": kind})
    async with world.session.post(f"http://localhost{TARGET}", data=b"{}", headers=headers) as it:
        assert it.status == 415
    async with world.session.options(f"http://localhost{TARGET}", headers=world.headers()) as it:
        assert it.status == 405
        assert not [name for name in it.headers if name.startswith("Access-Control")]


@pytest.mark.parametrize(
    "text",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: x\r\n" % n for n in range(5000)) + b"\r\n",
        b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_400_and_fills_no_log(world: World, text: bytes) -> None:
    async with connected(world) as (reader, writer):
        writer.write(text)
        assert (await ended(reader)).startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 "))
    assert (await world.chat())[0] == 200


async def test_a_deadline_ends_a_call_that_waits(world: World, engine: FakeEngine) -> None:
    engine.start_gate.clear()
    headers = world.headers(**{"X-Clawdesk-Deadline-Ms": "50"})
    async with world.post(TARGET, ASK, headers=headers) as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (504, "deadline")
        # Else clients of OpenAI would send it again by themselves.
        assert answer.headers["x-should-retry"] == "false"
    assert not world.fabric.state.calls
    engine.start_gate.set()


@pytest.mark.parametrize("stream", [False, True])
async def test_a_deadline_ends_a_call_at_the_model(
    world: World, engine: FakeEngine, stream: bool
) -> None:
    await world.fabric.load(MODEL)
    model = engine.latest[MODEL]
    model.gate.clear()
    headers = world.headers(**{"X-Clawdesk-Deadline-Ms": "100"})
    async with world.post(TARGET, {**ASK, "stream": stream}, headers=headers) as answer:
        assert answer.status == (200 if stream else 504)
        assert b"the deadline of this call passed" in await answer.content.read()
    await model.until(lambda: model.in_flight == 0)
    assert not world.fabric.state.calls


@pytest.mark.parametrize("text", ["", "0", "-5", "soon", "1e3", "٣", "9" * 30, "86400001"])
async def test_a_malformed_deadline_is_400(world: World, text: str) -> None:
    status, error = await raw(
        world,
        request(
            world,
            json.dumps(ASK).encode(),
            f"Content-Length: {len(json.dumps(ASK))}",
            f"X-Clawdesk-Deadline-Ms: {text}",
        ),
    )
    assert (status, error["param"]) == (400, "X-Clawdesk-Deadline-Ms")


async def test_comments_come_at_most_four_times_a_second(
    world: World, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clawdesk_fabric.relay.FIRST_COMMENT_S", 0.0)
    engine.start_gate.clear()
    loop = asyncio.get_running_loop()
    async with world.post(TARGET, {**ASK, "stream": True}) as answer:
        arrived: list[float] = []
        (ticket,) = world.fabric._tickets.values()
        while len(arrived) < 3:
            line = await answer.content.readline()
            if line.startswith(b": queued"):
                arrived.append(loop.time())
            ticket.news.set()  # as if the queue had moved
        assert min(b - a for a, b in pairwise(arrived)) > 0.2
        engine.start_gate.set()
        await answer.content.read()
