"""The way out of a machine: the real guest program's proxy, the host's judgement, real sockets."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from clawdesk.adapters.libvirt import channel_tunnels
from clawdesk.domain.network import Reach
from tests.support.way_out import WayOut, way_out

ALLOWED = "allowed.example.org"


@dataclass
class Outside:
    """A server that stands for the internet; it answers with what it was sent, until `bye`."""

    port: int = 0
    reads: bool = True
    echoes: bool = True
    got: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    heads: list[bytes] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.reads:
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            await self.over.wait()
            writer.transport.abort()
            return
        with contextlib.suppress(ConnectionError):
            while content := await reader.read(65536):
                self.heads.append(content)
                self.got.set()
                if not self.echoes:
                    continue
                writer.write(content)
                await writer.drain()
                if content.endswith((b"bye\n", b"\r\n\r\n")):
                    break
        writer.close()
        self.left.set()


@dataclass
class Place(WayOut):
    """A guest that may reach a server here."""

    outside: Outside = field(default_factory=Outside)


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    outside = Outside()
    server = await asyncio.start_server(outside.serve, "127.0.0.1", 0)
    outside.port = server.sockets[0].getsockname()[1]
    reach = Reach((f"{ALLOWED}:{outside.port}", f"*.below.example.org:{outside.port}"))
    async with way_out(reach) as found:
        yield Place(found.channels, found.session, found.proxy, found.looked_up, outside=outside)
    outside.over.set()
    server.close()
    await server.wait_closed()


async def test_bytes_go_both_ways_through_a_tunnel(place: Place) -> None:
    first, writer = await place.ask(f"CONNECT {ALLOWED}:{place.outside.port} HTTP/1.1")
    assert first == b"HTTP/1.1 200 Connection established\r\n"
    assert await place.reader.readline() == b"\r\n"
    content = bytes(range(256)) * 4000 + b"bye\n"
    writer.write(content)
    assert await place.reader.read(-1) == content
    writer.close()
    used = await place.told()
    assert (used.host, used.port, used.refused) == (ALLOWED, place.outside.port, "")
    assert (used.sent_bytes, used.received_bytes) == (len(content), len(content))
    assert place.looked_up == [ALLOWED]


async def test_plain_http_is_written_as_the_server_wants_it(place: Place) -> None:
    host = f"www.below.example.org:{place.outside.port}"
    head = f"GET http://{host}/a?b HTTP/1.1\r\nHost: {host}\r\nProxy-Authorization: x\r\nX: 1"
    first, writer = await place.ask(head)
    assert first == b"GET /a?b HTTP/1.1\r\n"  # the server here answers with what it got
    rest = await place.reader.read(-1)
    assert rest == f"Host: {host}\r\nX: 1\r\nConnection: close\r\n\r\n".encode()
    writer.close()


@pytest.mark.parametrize(
    "target",
    [
        "other.example.org:443",
        f"{ALLOWED}:1",
        f"{ALLOWED}.evil.com:443",
        "127.0.0.1:80",
        "localhost:80",
        "169.254.169.254:80",
        "0x7f000001:80",
        "below.example.org:443",
    ],
)
async def test_nothing_else_is_looked_up_or_reached(place: Place, target: str) -> None:
    first, writer = await place.ask(f"CONNECT {target} HTTP/1.1")
    assert first == b"HTTP/1.1 403 Forbidden\r\n"
    assert f"may not reach {target}" in (await place.reader.read(-1)).decode()
    writer.close()
    used = await place.told()
    assert "it may reach: allowed.example.org" in used.refused
    assert place.looked_up == []


@pytest.mark.parametrize("between", ["\0", "\n", "\x1b"])
async def test_a_name_that_ends_early_is_not_let_out(place: Place, between: str) -> None:
    """Whoever looks it up could take its beginning for the whole, and a log its end for a line."""
    host = f"evil.com{between}Network_all_well.below.example.org"
    first, writer = await place.ask(f"CONNECT {host}:{place.outside.port} HTTP/1.1")
    assert first == b"HTTP/1.1 403 Forbidden\r\n"
    writer.close()
    used = await place.told()
    assert used.host.isprintable()
    assert used.refused.isprintable()
    assert place.looked_up == []


@pytest.mark.parametrize(
    "head",
    [
        "CONNECT [::1]:80 HTTP/1.1",
        f"CONNECT user@{ALLOWED}:443 HTTP/1.1",
        f"CONNECT {ALLOWED} HTTP/1.1",
        f"CONNECT {ALLOWED}:99999 HTTP/1.1",
        "GET /etc/passwd HTTP/1.1",
        f"GET http://u:p@{ALLOWED}/ HTTP/1.1",
        "nonsense",
    ],
)
async def test_tricks_are_bad_requests(place: Place, head: str) -> None:
    first, writer = await place.ask(head)
    assert first == b"HTTP/1.1 400 Bad Request\r\n"
    writer.close()
    assert place.looked_up == []


async def test_a_program_that_leaves_ends_its_connection(place: Place) -> None:
    _, writer = await place.ask(f"CONNECT {ALLOWED}:{place.outside.port} HTTP/1.1")
    writer.close()
    async with asyncio.timeout(10):
        await place.outside.left.wait()
    assert (await place.told()).refused == ""


async def test_what_only_sends_is_not_idle(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long upload hears nothing until its end; a connection on which nothing moves is ended."""
    monkeypatch.setattr(channel_tunnels, "_IDLE_S_MAX", 1.0)
    place.outside.echoes = False
    first, writer = await place.ask(f"CONNECT {ALLOWED}:{place.outside.port} HTTP/1.1")
    assert first.startswith(b"HTTP/1.1 200")
    await place.reader.readline()
    loop = asyncio.get_running_loop()
    until = loop.time() + 1.4
    while loop.time() < until:
        place.outside.got.clear()
        writer.write(b"x" * 100)
        async with asyncio.timeout(10):
            await place.outside.got.wait()
    assert not place.reader.at_eof()
    async with asyncio.timeout(10):
        assert await place.reader.read(-1) == b""
    writer.close()


async def test_an_end_that_reads_nothing_does_not_keep_the_host(place: Place) -> None:
    """What was sent fills every buffer on the way; hanging up must not wait until it is read."""
    place.outside.reads = False
    first, writer = await place.ask(f"CONNECT {ALLOWED}:{place.outside.port} HTTP/1.1")
    assert first.startswith(b"HTTP/1.1 200")
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(1):
            while True:
                writer.write(bytes(1 << 20))
                await writer.drain()
    assert writer.transport.get_write_buffer_size() > 0
    async with asyncio.timeout(10):
        await place.session.close()
    writer.transport.abort()


async def test_a_new_connection_of_the_host_breaks_what_was_open(place: Place) -> None:
    """As after a restore: the machine's connections are gone, its programs see that."""
    first, writer = await place.ask(f"CONNECT {ALLOWED}:{place.outside.port} HTTP/1.1")
    assert first.startswith(b"HTTP/1.1 200")
    await place.reader.readline()
    await place.channels.connect("m", token="t", start=False)
    async with asyncio.timeout(10):
        assert await place.reader.read(-1) == b""
    writer.close()


async def test_a_machine_without_network_reaches_nothing(place: Place) -> None:
    session = await place.channels.connect("m", token="t", start=False)
    place.session = session
    first, writer = await place.ask(f"CONNECT {ALLOWED}:{place.outside.port} HTTP/1.1")
    assert first == b"HTTP/1.1 403 Forbidden\r\n"
    assert "it may reach: none" in (await place.told()).refused
    writer.close()
