"""Keys on the way out: the real guest program's proxy, TLS to a server with a certificate."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from clawdesk.domain.keys import key_of
from clawdesk.domain.network import Reach
from clawdesk.domain.processes import KeySpec
from tests.support.certificates import Authority
from tests.support.way_out import WayOut, way_out

HOST = "api.example.org"
VALUE = "s3cret-value-of-ann"
OK = b"HTTP/1.1 200 OK\r\n"


@dataclass
class Service:
    """A service elsewhere: keeps what it was sent, answers by the path."""

    shows: ssl.SSLContext
    port: int = 0
    heads: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    may_go_on: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await writer.start_tls(self.shows)
            await self.answer(reader, writer)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        self.over.set()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        self.heads.append(head)
        found = [line for line in head.split("\r\n") if line.startswith("Content-Length: ")]
        self.bodies.append(await reader.readexactly(int(found[0][16:]) if found else 0))
        path = head.split(" ")[1]
        if path == "/echo":
            writer.write(OK + b"\r\n" + head.encode())
        elif path == "/away":
            writer.write(b"HTTP/1.1 302 Found\r\nLocation: https://other.example.org/\r\n\r\n")
        elif path == "/events":
            writer.write(OK + b"Content-Type: text/event-stream\r\n\r\ndata: one\n\n")
            await writer.drain()
            await self.may_go_on.wait()
            writer.write(b"data: two\n\n")
        else:
            writer.write(OK + b"\r\nhello")
        await writer.drain()


@dataclass
class Keyed:
    """A guest whose task has a key for the service."""

    way: WayOut
    service: Service

    async def ask(
        self, path: str, more: str = "", body: bytes = b"", *, method: str = "GET"
    ) -> bytes:
        """What a program in the machine gets for a plain request through the proxy."""
        place = f"{HOST}:{self.service.port}"
        head = f"{method} http://{place}{path} HTTP/1.1\r\nHost: {place}{more}"
        first, writer = await self.way.ask(head, body)
        rest = await self.way.reader.read(-1)
        writer.close()
        return first + rest


@asynccontextmanager
async def keyed(shows: ssl.SSLContext, trust: ssl.SSLContext) -> AsyncIterator[Keyed]:
    service = Service(shows)
    server = await asyncio.start_server(service.serve, "127.0.0.1", 0)
    service.port = server.sockets[0].getsockname()[1]
    place = f"{HOST}:{service.port}"
    reach = Reach((place,), keys=(key_of(KeySpec(place, "API_TOKEN"), VALUE),))
    try:
        async with way_out(reach, trust) as way:
            yield Keyed(way, service)
    finally:
        service.may_go_on.set()
        server.close()
        await server.wait_closed()
    if way.looked_up:
        await service.over.wait()


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
async def found(authority: Authority, tmp_path: Path) -> AsyncIterator[Keyed]:
    async with keyed(authority.server(HOST, tmp_path), authority.trusted()) as opened:
        yield opened


async def test_the_key_is_added_here_and_the_service_gets_it_over_tls(found: Keyed) -> None:
    body = b'{"a": 1}'
    more = f"\r\nauthorization: Bearer none\r\nContent-Length: {len(body)}"
    answer = await found.ask("/v1/a?b", more, body, method="POST")
    assert answer == OK + b"\r\nhello"
    [head] = found.service.heads
    assert head.startswith("POST /v1/a?b HTTP/1.1\r\n")
    assert head.lower().count("authorization:") == 1
    assert f"\r\nAuthorization: Bearer {VALUE}\r\n" in head
    assert found.service.bodies == [body]
    used = await found.way.told()
    assert (used.host, used.port, used.keys, used.refused) == (
        HOST,
        found.service.port,
        ("API_TOKEN",),
        "",
    )
    assert used.place == f"{HOST}:{found.service.port} with API_TOKEN"
    assert VALUE not in repr(used)


async def test_an_answer_streams_while_it_is_made(found: Keyed) -> None:
    place = f"{HOST}:{found.service.port}"
    first, writer = await found.way.ask(f"GET http://{place}/events HTTP/1.1\r\nHost: {place}")
    assert first == OK
    async with asyncio.timeout(20):
        await found.way.reader.readuntil(b"data: one\n\n")
        found.service.may_go_on.set()
        assert await found.way.reader.read(-1) == b"data: two\n\n"
    writer.close()


async def test_a_redirect_is_the_programs_own_business(found: Keyed) -> None:
    answer = await found.ask("/away")
    assert answer.startswith(b"HTTP/1.1 302 Found\r\nLocation: https://other.example.org/")
    assert len(found.service.heads) == 1
    assert found.way.looked_up == [HOST]


async def test_an_answer_that_holds_the_key_is_broken_off(found: Keyed) -> None:
    answer = await found.ask("/echo")
    assert VALUE.encode() not in answer
    used = await found.way.told()
    assert "its answer holds the secret API_TOKEN" in used.refused
    assert VALUE not in used.refused


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ("\r\nHost: other.example.org", "more than one Host header"),
        ("\r\nContent-Length: 1\r\nContent-Length: 2", "its length is said more than once"),
        ("\r\nX: a\rAuthorization: mine", "a malformed header"),
    ],
)
async def test_tricks_never_reach_the_service(found: Keyed, more: str, why: str) -> None:
    answer = await found.ask("/", more, b"ab")
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert answer.endswith(f"{why}\n".encode())
    used = await found.way.told()
    assert used.refused == f"{HOST}:{found.service.port}: {why}"
    assert used.keys == ()
    assert found.service.heads == []


async def test_another_host_in_the_header_or_a_user_in_the_address_is_refused(found: Keyed) -> None:
    place = f"{HOST}:{found.service.port}"
    for target, host, why in (
        (place, "other.example.org", b"names another host than api.example.org"),
        (f"ann:pw@{place}", place, b"not a host and a port"),
        (f"other.example.org:{found.service.port}", place, b"may not reach other.example.org"),
    ):
        first, writer = await found.way.ask(f"GET http://{target}/ HTTP/1.1\r\nHost: {host}")
        assert first[9:12] in (b"400", b"403"), first
        assert why in await found.way.reader.read(-1)
        writer.close()
    assert found.service.heads == []


async def test_a_tunnel_to_that_port_is_no_way_around(found: Keyed) -> None:
    """What comes through it is read as a plain request as well: TLS of its own is none."""
    first, writer = await found.way.ask(f"CONNECT {HOST}:{found.service.port} HTTP/1.1")
    assert first.startswith(b"HTTP/1.1 200")
    writer.write(b"\x16\x03\x01\x00\x05hello\r\n\r\n")
    assert b"not a plain HTTP/1.1 request" in await found.way.reader.read(-1)
    writer.close()
    assert found.service.heads == []


async def test_a_host_that_does_not_prove_its_name_gets_nothing(
    authority: Authority, tmp_path: Path
) -> None:
    wrong = {
        "Hostname mismatch": (authority.server("other.example.org", tmp_path), authority),
        "certificate has expired": (authority.server(HOST, tmp_path, days=-1), authority),
        "unable to get local issuer": (Authority().server(HOST, tmp_path), authority),
    }
    for why, (shows, trusted) in wrong.items():
        async with keyed(shows, trusted.trusted()) as found:
            answer = await found.ask("/")
            assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n")
            assert b"its certificate is not accepted" in answer
            used = await found.way.told()
            assert why in used.refused
            assert found.service.heads == []
