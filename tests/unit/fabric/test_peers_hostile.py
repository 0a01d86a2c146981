"""A paired machine that answers as it likes: it costs a sentence, never a hang or a redirect."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from clawdesk_fabric import peers_asking
from clawdesk_fabric.peers_identity import Identity, open_identity
from clawdesk_fabric.peers_kept import Peer, PeerFile
from clawdesk_fabric.peers_pairing import Invitation
from clawdesk_fabric.server import owner_id
from tests.support.fabric_engine import FakeEngine
from tests.support.fabric_peers import view
from tests.support.fabric_world import ASK, World, running

OFFER = {"id": "m", "calls": 2, "endpoints": ["chat/completions"], "context": 64}
Write = Callable[[bytes], Awaitable[None]]


def told(value: Any, status: str = "200 OK", more: str = "") -> bytes:
    body = json.dumps(value).encode()
    kind = "Content-Type: application/json\r\n"
    return f"HTTP/1.1 {status}\r\n{kind}{more}Content-Length: {len(body)}\r\n\r\n".encode() + body


@dataclass(slots=True)
class Hostile:
    """Speaks TLS as the peer it is, and then whatever the test puts here.

    Args:
        models: the answer to who asks what it lends; after the first one that was good.
        calls: what it does with a call.
    """

    models: bytes = told({"data": [OFFER]})
    calls: Callable[[Write], Awaitable[None]] | None = None
    asked: list[str] = field(default_factory=list)
    heads: str = ""
    left: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def write(text: bytes) -> None:
            writer.write(text)
            await writer.drain()

        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.asked.append(head.split("\r\n")[0])
            self.heads += head.lower()
            if head.startswith("GET /v1/models "):
                await write(self.models)
                if not self.models:  # it says nothing, until the other side has had enough
                    await reader.read()
            elif self.calls is not None:
                await self.calls(write)
        except (OSError, asyncio.IncompleteReadError):
            self.left.set()
        finally:
            writer.close()


@asynccontextmanager
async def met(folder: Path, hostile: Hostile) -> AsyncIterator[World]:
    """A Fabric that was paired with it."""
    theirs: Identity = open_identity(folder / "theirs")
    state, path = folder / "state", folder / "f.sock"
    place = state / f"peers-{owner_id(path)}"
    ours = open_identity(place)
    tls = theirs.listening([ours.certificate], strangers=False)
    server = await asyncio.start_server(hostile.serve, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    PeerFile(place / "peers.json").keep(Peer("lab", theirs.certificate, f"127.0.0.1:{port}"))
    try:
        engine = FakeEngine(folder)
        async with running(engine, path, state_folder=state, look_s=0.05) as world:
            world.token = await world.new_token(peers=True)
            yield world
    finally:
        server.close()


async def until(world: World, state: str) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while True:
            peer = await view(world)
            if peer["state"] == state:
                return peer
            await world.fabric.change()


async def endless(write: Write) -> None:
    while True:
        await write(b"X-More: and more\r\n")


@pytest.mark.expect_log("peer lab is away", "call again later")
@pytest.mark.parametrize(
    ("models", "why"),
    [
        (b"nonsense\r\n\r\n", "no HTTP"),
        (told({"data": [OFFER]})[:-9] + b"nonsense!", "no JSON"),
        (told([]), "no list of lent models"),
        (told({"data": 7}), "no list of lent models"),
        (told({"data": [OFFER] * 65}), "no list of lent models"),
        (told({"data": [{**OFFER, "id": "../../x"}]}), "no list of lent models"),
        (told({"data": [{**OFFER, "id": "a/b"}]}), "no list of lent models"),
        (told({"data": [{**OFFER, "calls": 10**9}]}), "no list of lent models"),
        (told({"data": [{**OFFER, "calls": True}]}), "no list of lent models"),
        (told({"data": [{**OFFER, "endpoints": "embeddings"}]}), "no list of lent models"),
        (told({"data": "x" * 100_000}), "more than 65536 bytes"),
        (told({}, "302 Found", "Location: https://127.0.0.1:1/v1/models\r\n"), "status 302"),
        (told({}, "403 Forbidden"), "revoked"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000 + b"\r\n", "no HTTP"),
        (told(json.loads("[" * 60 + "]" * 60)), "no list of lent models"),
    ],
)
async def test_a_wrong_list_of_models_is_told_and_nothing_of_it_is_offered(
    short_folder: Path, models: bytes, why: str
) -> None:
    hostile = Hostile(models)
    async with met(short_folder, hostile) as world:
        async with asyncio.timeout(20):
            while not (peer := await view(world))["why"].count(why):
                await world.fabric.change()
        assert (peer["state"], peer["offers"]) == ("never", [])
        assert "lab/m" not in world.fabric.catalog.models
        status, answer = await world.chat(model="lab/m")
        assert (status, answer["error"]["code"]) == (502, "peer_lost"), "it may lend that"
    assert set(hostile.asked) == {"GET /v1/models HTTP/1.1"}, "nothing was followed"


@pytest.mark.expect_log("peer lab is away")
async def test_one_that_says_nothing_is_away_and_holds_up_nobody(
    short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers_asking, "ANSWER_S_MAX", 0.2)
    async with met(short_folder, Hostile(b"")) as world:
        async with asyncio.timeout(20):
            while not (peer := await view(world))["why"]:
                await world.fabric.change()
        assert "lab" in peer["why"]
        assert (await world.chat())[0] == 200


def _welcome(**changes: Any) -> Callable[[Identity, Invitation, str], bytes]:
    def made(theirs: Identity, invitation: Invitation, guest: str) -> bytes:
        right = {"proof": invitation.proof("welcome", guest), "certificate": theirs.certificate}
        return told({**right, **changes})

    return made


@pytest.mark.expect_log("wrongly", "no JSON", "bytes", "peer lab is away")
@pytest.mark.parametrize(
    ("answer", "is_paired"),
    [
        (_welcome(), True),
        (_welcome(proof="0" * 64), False),
        (_welcome(proof=None), False),
        (_welcome(certificate="nonsense"), False),
        (lambda *_: told(7), False),
        (lambda *_: told({"proof": "x" * 100_000}), False),
        (lambda *_: b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{]", False),
        (lambda *_: told({}, "302 Found", "Location: https://127.0.0.1:1/\r\n"), False),
    ],
)
async def test_who_answers_an_invitation_wrongly_is_not_trusted(
    short_folder: Path, answer: Callable[[Identity, Invitation, str], bytes], is_paired: bool
) -> None:
    theirs = open_identity(short_folder / "theirs")
    guests: list[str] = []

    async def answers(write: Write) -> None:
        await write(answer(theirs, invitation, guests[0]))

    hostile = Hostile(told({"data": []}), calls=answers)
    tls = theirs.listening([], strangers=True)
    server = await asyncio.start_server(hostile.serve, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    invitation = Invitation(f"127.0.0.1:{port}", theirs.fingerprint, "s" * 43)
    state = short_folder / "state"
    path = short_folder / "f.sock"
    try:
        async with running(FakeEngine(short_folder), path, state_folder=state) as world:
            assert world.server.peers is not None
            guests.append(world.server.peers.identity().fingerprint)
            body = {"invitation": invitation.text(), "name": "lab"}
            found = await world.control("peers/join", body)
            assert ("peer" in found) is is_paired, found
            assert len((await world.control("peers"))["peers"]) == is_paired
    finally:
        server.close()


async def redirects(write: Write) -> None:
    await write(told({}, "307 Temporary Redirect", "Location: https://127.0.0.1:1/\r\n"))


async def lies(write: Write) -> None:
    await write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nok")


async def is_no_object(write: Write) -> None:
    await write(told([1, 2]))


async def heads_for_ever(write: Write) -> None:
    await write(b"HTTP/1.1 200 OK\r\n")
    await endless(write)


async def hangs_up(write: Write) -> None:
    await write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{")


async def says_nothing(write: Write) -> None:
    """Closes at once."""


@pytest.mark.expect_log("lab", "redirect")
@pytest.mark.parametrize(
    ("calls", "code"),
    [
        (redirects, "model_failed"),
        (lies, "model_failed"),
        (is_no_object, "model_failed"),
        (heads_for_ever, "peer_lost"),
        (hangs_up, "peer_lost"),
        (says_nothing, "peer_lost"),
    ],
)
async def test_a_wrong_answer_ends_the_call_with_an_error_and_is_asked_for_once(
    short_folder: Path, calls: Callable[[Write], Awaitable[None]], code: str
) -> None:
    hostile = Hostile(calls=calls)
    async with met(short_folder, hostile) as world:
        await until(world, "here")
        async with asyncio.timeout(20):
            status, answer = await world.chat(model="lab/m")
        assert (status, answer["error"]["code"]) == (502, code)
        assert "lab" in answer["error"]["message"]
    for ours in ("authorization", "bearer", "x-clawdesk", "cookie"):
        assert ours not in hostile.heads
    assert [line for line in hostile.asked if "models" not in line] == [
        "POST /v1/chat/completions HTTP/1.1"
    ]


@pytest.mark.expect_log("peer lab is away", "failed midway", "lab did not answer")
async def test_a_stream_that_stands_still_ends_when_its_peer_is_silent(
    short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where its cable was pulled: no packet says that the connection is gone."""
    monkeypatch.setattr(peers_asking, "ANSWER_S_MAX", 0.2)
    silent = asyncio.Event()

    async def stands_still(write: Write) -> None:
        await write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: {}\n\n")
        await silent.wait()

    hostile = Hostile(told({"data": [{**OFFER, "calls": 1}]}), calls=stands_still)
    async with met(short_folder, hostile) as world:
        await until(world, "here")
        body = {**ASK, "model": "lab/m", "stream": True}
        async with world.post("/v1/chat/completions", body) as answer:
            await answer.content.readany()
            waiting = asyncio.create_task(world.chat(model="lab/m"))
            await world.until(lambda: world.fabric.state.waiting_count == 1)
            hostile.models = b""
            async with asyncio.timeout(20):
                rest = (await answer.content.read()).decode()
        error = json.loads(rest.strip().removeprefix("data: "))["error"]
        assert error["code"] == "peer_lost"
        async with asyncio.timeout(20):
            assert (await waiting)[1]["error"]["code"] == "peer_lost"
        silent.set()
