"""Calls on kept connections, which go past aiohttp's router: answered as on the usual way, and no
bound of HTTP is lost on it."""

from __future__ import annotations

import asyncio
import json
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from aiohttp import web

from clawdesk_fabric import call_limits, short_way
from tests.support.fabric_world import ASK, World, running
from tests.support.raw_engine import Connection, RawEngine, json_answer
from tests.unit.fabric.test_bad_clients import TARGET, Pipe, connected, ended, request

BODY = json.dumps(ASK).encode()


async def one(reader: asyncio.StreamReader) -> tuple[bytes, dict[bytes, bytes], bytes]:
    """Status line, headers and body of one answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")[:-2]
    fields = dict(line.lower().split(b": ", 1) for line in lines)
    return first, fields, await reader.readexactly(int(fields[b"content-length"]))


async def asked(pipe: Pipe, text: bytes) -> tuple[bytes, dict[bytes, bytes], bytes]:
    pipe[1].write(text)
    return await one(pipe[0])


@pytest.mark.parametrize("tcp", [False, True])
async def test_one_connection_carries_call_after_call_past_the_router(
    short_folder: Path, tcp: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    routed = []
    resolve = web.UrlDispatcher.resolve

    async def noted(router: web.UrlDispatcher, request: web.Request) -> web.UrlMappingMatchInfo:
        routed.append(request.path)
        return await resolve(router, request)

    async def answer(connection: Connection) -> None:
        await connection.send(json_answer(b'{"choices": [1]}'))

    engine = RawEngine(short_folder, answer)  # its model has no router of its own
    async with running(engine, short_folder / "s.sock", port=0) as world:
        host = f"127.0.0.1:{world.server.port}" if tcp else "localhost"
        names = set()
        monkeypatch.setattr(web.UrlDispatcher, "resolve", noted)
        async with connected(world, tcp=tcp) as pipe:
            for _ in range(3):
                first, fields, body = await asked(pipe, request(world, BODY, host=host))
                assert first == b"HTTP/1.1 200 OK"
                assert fields[b"content-type"] == b"application/json"
                assert int(fields[b"x-clawdesk-wait-ms"]) >= 0
                assert parsedate_to_datetime(fields[b"date"].decode()).tzinfo is not None
                assert json.loads(body)["choices"]
                names.add(fields[b"x-clawdesk-call"])
            # The route is still there for all that is no call.
            pipe[1].write(f"GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            assert (await one(pipe[0]))[0] == b"HTTP/1.1 200 OK"
        assert len(names) == 3
        assert routed == ["/healthz"]
        assert not world.fabric.state.calls


async def test_calls_that_come_at_once_are_answered_in_their_order(world: World) -> None:
    wrong = json.dumps({**ASK, "n": 0}).encode()
    async with connected(world) as (reader, writer):
        writer.write(request(world, BODY) + request(world, wrong) + request(world, BODY))
        found = [await one(reader) for _ in range(3)]
    assert [first.split()[1] for first, _, _ in found] == [b"200", b"400", b"200"]


@pytest.mark.parametrize(
    ("version", "more", "stays"),
    [
        ("1.1", (), True),
        ("1.1", ("Connection: close",), False),
        ("1.0", (), False),
        ("1.0", ("Connection: keep-alive",), True),
    ],
)
async def test_the_connection_stays_where_the_client_wants_it(
    world: World, version: str, more: tuple[str, ...], stays: bool
) -> None:
    text = request(world, BODY, f"Content-Length: {len(BODY)}", *more)
    text = text.replace(b"HTTP/1.1", f"HTTP/{version}".encode(), 1)
    async with connected(world) as (reader, writer):
        writer.write(text)
        first, fields, body = await one(reader)
        assert first.split()[1] == b"200"
        assert json.loads(body)["choices"]
        if stays:
            assert fields.get(b"connection", b"keep-alive") == b"keep-alive"
            writer.write(text)
            assert (await one(reader))[0] == first
        else:
            assert await ended(reader) == b""


async def test_who_wants_to_be_asked_for_the_body_first_is_asked(world: World) -> None:
    head = request(world, b"", f"Content-Length: {len(BODY)}", "Expect: 100-continue")
    async with connected(world) as (reader, writer):
        writer.write(head)
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(BODY)
        assert (await one(reader))[0] == b"HTTP/1.1 200 OK"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", TARGET + "?a=b", b"200"),
        ("POST", "http://localhost" + TARGET, b"200"),
        ("POST", TARGET.upper(), b"404"),
        ("POST", TARGET + "/", b"404"),
        ("PUT", TARGET, b"405"),
        ("HEAD", TARGET, b"405"),
    ],
)
@pytest.mark.expect_log("an unknown path|PUT|HEAD")
async def test_other_spellings_go_the_usual_way(
    world: World, method: str, path: str, status: bytes
) -> None:
    text = request(world, BODY).replace(f"POST {TARGET}".encode(), f"{method} {path}".encode(), 1)
    async with connected(world) as (reader, writer):
        writer.write(text)
        assert (await reader.readline()).split()[1] == status


LENGTH = f"Content-Length: {len(BODY)}"


@pytest.mark.expect_log("Error handling request|error handling")
@pytest.mark.parametrize(
    "lines",
    [
        (LENGTH, "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked", LENGTH),
        (LENGTH, "Content-Length: 5"),
        (LENGTH, LENGTH),
        ("Content-Length: +5",),
        ("Content-Length: 5, 5",),
        ("Content-Length: 0x10",),
        ("Transfer-Encoding: chunked, identity",),
        ("Transfer-Encoding: xchunked",),
        (LENGTH, "X-Long: " + "x" * 20_000),
        (LENGTH, *(f"X-{number}: {'y' * 100}" for number in range(2_000))),
        (LENGTH, "X-Bare: a\nX-Hidden: b"),
        (LENGTH, "X-Nul: a\0b"),
        (LENGTH, "X Space: a"),
        (LENGTH, "X-Folded: a\r\n b"),
    ],
)
async def test_what_two_readers_could_read_differently_is_400_and_ends_the_connection(
    world: World, lines: tuple[str, ...]
) -> None:
    """Nor does what follows it on the connection become a request."""
    hidden = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    async with connected(world) as (reader, writer):
        writer.write(request(world, BODY, *lines) + hidden)
        text = await ended(reader)
    assert text.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400")), text[:200]
    assert text.count(b"\r\nDate: ") == 1
    assert not world.fabric.state.calls
    assert world.fabric.counts["calls"] == 0


@pytest.mark.parametrize("half", [False, True])
async def test_a_client_that_leaves_while_its_call_is_at_the_model_frees_the_slot(
    short_folder: Path, half: bool
) -> None:
    """One that only says no more has left likewise: who waits for an answer keeps its side open."""
    heard, gone = asyncio.Event(), asyncio.Event()

    async def wait(connection: Connection) -> None:
        heard.set()
        await connection.gone()
        gone.set()

    async with running(RawEngine(short_folder, wait), short_folder / "s.sock") as world:
        async with connected(world) as (_, writer), asyncio.timeout(10):
            writer.write(request(world, BODY))
            await heard.wait()
            if half:
                writer.write_eof()
            else:
                writer.transport.abort()
            await gone.wait()
        await world.until(lambda: not world.fabric.state.calls)


async def test_a_body_that_comes_byte_by_byte_is_cut_on_a_kept_connection_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connected(world) as pipe:
        assert (await asked(pipe, request(world, BODY)))[0] == b"HTTP/1.1 200 OK"
        monkeypatch.setattr(call_limits, "BODY_S_MAX", 0.05)
        first, _, _ = await asked(pipe, request(world, b'{"mod', LENGTH))
    assert first.split()[1] == b"408"


@pytest.mark.parametrize("count", [10, short_way.WRITE_AT_ONCE_BYTES, 3_000_000])
async def test_an_answer_of_any_length_arrives_as_it_was(short_folder: Path, count: int) -> None:
    said = b'{"data": "%s"}' % (b"x" * count)

    async def answer(connection: Connection) -> None:
        await connection.send(json_answer(said))

    engine = RawEngine(short_folder, answer)
    async with running(engine, short_folder / "s.sock") as world, connected(world) as pipe:
        for _ in range(2):
            first, _, body = await asked(pipe, request(world, BODY))
            assert first == b"HTTP/1.1 200 OK"
            assert body == said
