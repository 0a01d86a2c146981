"""What the Fabric tells of its peers, as the client reads it; an older Fabric knows of none."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from clawdesk.adapters.fabric_client import FabricClient
from clawdesk.adapters.fabric_figures import peering_of
from clawdesk.ports.errors import InferenceError
from clawdesk.ports.models import Loan, Peer, Peering, PeerOffer, Served
from clawdesk.ports.pairing import OPEN, PeerInvitation, PeerWish
from tests.support.fabric_docker import short_place

TOLD: dict[str, Any] = {
    "listening": "0.0.0.0:7443",
    "fingerprint": "sha256:cd",
    "invitation": {
        "id": "i-1",
        "state": "open",
        "until": 1_764_000_600,
        "address": "box.example:7443",
        "name": "desk",
        "models": ["coder"],
        "calls": 2,
        "peer": "",
    },
    "peers": [
        {
            "name": "lab2",
            "fingerprint": "sha256:ab",
            "state": "here",
            "last_seen_s": 3.7,
            "address": "lab2.example:7443",
            "lent": {"models": ["coder"], "calls": 2, "in_flight": 1},
            "served": [{"model": "coder", "running": 1, "waiting": 2}],
            "offers": [{"model": "qwen", "calls": 4}],
            "borrowed_in_flight": 1,
            "why": "",
        },
        {
            "name": "nas",
            "fingerprint": "sha256:ef",
            "state": "away",
            "last_seen_s": 871.2,
            "address": None,
            "lent": {"models": [], "calls": 0, "in_flight": 0},
            "offers": [],
            "borrowed_in_flight": 0,
            "why": "it does not answer",
        },
    ],
}
READ = Peering(
    "0.0.0.0:7443",
    "sha256:cd",
    (
        Peer(
            "lab2",
            "sha256:ab",
            "here",
            0,
            "lab2.example:7443",
            Loan(("coder",), 2, 1),
            (PeerOffer("qwen", 4),),
            1,
            served=(Served("coder", 1, 2),),
        ),
        Peer("nas", "sha256:ef", "away", 840, why="it does not answer"),
    ),
    PeerInvitation("i-1", OPEN, 1_764_000_600, "box.example:7443", "desk", ("coder",), 2),
)


def test_peers_are_read_with_times_that_stay_for_a_while() -> None:
    assert peering_of(TOLD) == READ
    assert peering_of({"listening": None, "fingerprint": None, "peers": []}) == Peering()


@pytest.mark.parametrize(
    "told",
    [
        {"peers": "many"},
        {"peers": [{"name": 3}]},
        {"peers": [{"name": "a", "last_seen_s": "long"}]},
        {"peers": [{"name": "a", "lent": {"models": 3}}]},
        {"invitation": {"id": "i-1"}},
        {"invitation": {"id": "i-1", "state": "open", "until": "soon", "address": "a:1"}},
    ],
)
def test_peers_told_otherwise_are_not_guessed(told: dict[str, Any]) -> None:
    with pytest.raises(InferenceError, match="tells of peers otherwise"):
        peering_of(told)


class Stub:
    """Answers as a Fabric that is paired; `asked` = what was wanted of it.

    `peers` = what it tells of them; None = it is an older one that knows no such path.
    """

    def __init__(self) -> None:
        self.peers: dict[str, Any] | None = TOLD
        self.asked: list[tuple[str, Any]] = []

    async def answer(self, request: web.Request) -> web.Response:
        target = request.path
        if request.method == "POST" and self.peers is None:
            error = {"message": "Not Found", "code": "not_found"}
            return web.json_response({"error": error}, status=404)
        if request.method == "POST":
            self.asked.append((target, await request.json()))
            return web.json_response({"token": "t"})
        if target == "/fabric/v1/peers" and self.peers is None:
            error = {"message": "Not Found", "code": "not_found"}
            return web.json_response({"error": error}, status=404)
        if target == "/fabric/v1/peers":
            return web.json_response(self.peers)
        return web.json_response({"protocol": 2, "version": "0.1.0", "models": []})

    @asynccontextmanager
    async def serving(self, path: Path) -> AsyncIterator[Stub]:
        app = web.Application()
        app.router.add_route("*", "/{target:.*}", self.answer)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.UnixSite(runner, str(path)).start()
        yield self
        await runner.cleanup()


@pytest.fixture
def place() -> Iterator[Path]:
    with short_place() as folder:
        yield folder / "f.sock"


@pytest.fixture
async def client(place: Path) -> AsyncIterator[FabricClient]:
    made = FabricClient(socket=place, spawn=False)
    yield made
    await made.close()


async def test_the_figures_tell_of_peers_and_one_is_revoked_by_name(
    client: FabricClient, place: Path
) -> None:
    async with Stub().serving(place) as fabric:
        assert await client.peers() == READ
        assert (await client.figures()).peering == READ
        assert (await client.status()).peering is None, "they were not asked for"
        await client.revoke_peer("lab2")
        assert fabric.asked == [("/fabric/v1/peers/lab2/revoke", {})]


async def test_a_token_reaches_peers_only_where_that_was_asked(
    client: FabricClient, place: Path
) -> None:
    async with Stub().serving(place) as fabric:
        for peers in (False, True):
            await client.token(project="p", task="t", attempt=1, models=("lab2/q",), peers=peers)
        assert ["peers" in asked for _, asked in fabric.asked] == [False, True]


async def test_peers_that_are_told_otherwise_are_not_known_and_named(
    client: FabricClient, place: Path
) -> None:
    stub = Stub()
    stub.peers = {"peers": 3}
    async with stub.serving(place):
        found = await client.figures()
        assert found.peering is None
        assert "peers" in found.unread


async def test_no_fabric_has_no_peers_to_tell_of(client: FabricClient) -> None:
    with pytest.raises(InferenceError, match="does not run"):
        await client.peers()


async def test_an_older_fabric_has_no_peers(client: FabricClient, place: Path) -> None:
    """Its answer to a path that it does not know breaks nothing else."""
    stub = Stub()
    stub.peers = None
    async with stub.serving(place):
        found = await client.figures()
        assert found.peering == Peering()
        assert "peers" not in found.unread


async def test_what_another_version_tells_of_invitations_is_not_guessed(
    client: FabricClient, place: Path
) -> None:
    async with Stub().serving(place):
        for call in (
            client.invite_peer(PeerWish(), ""),
            client.read_invitation("clawdesk-peer:x"),
            client.join_peer("clawdesk-peer:x", PeerWish()),
        ):
            with pytest.raises(InferenceError, match="of another version"):
                await call


async def test_an_older_fabric_that_cannot_read_an_invitation_is_named_as_one(
    client: FabricClient, place: Path
) -> None:
    stub = Stub()
    stub.peers = None
    async with stub.serving(place):
        for call in (client.read_invitation("clawdesk-peer:x"), client.withdraw_invitation()):
            with pytest.raises(InferenceError, match="of another version"):
                await call


async def test_what_is_wished_is_what_is_sent(client: FabricClient, place: Path) -> None:
    wish = PeerWish("desk", ("coder",), 2)
    fields = {"name": "desk", "models": ["coder"], "calls": 2}
    async with Stub().serving(place) as fabric:
        for call in (client.invite_peer(wish, "a:1"), client.join_peer("word", wish)):
            with pytest.raises(InferenceError):
                await call
        await client.listen_for_peers("")
        await client.withdraw_invitation()
        await client.stop_joining()
        assert fabric.asked == [
            ("/fabric/v1/peers/invite", {**fields, "address": "a:1"}),
            ("/fabric/v1/peers/join", {**fields, "invitation": "word"}),
            ("/fabric/v1/peers/listen", {"address": ""}),
            ("/fabric/v1/peers/withdraw", {}),
            ("/fabric/v1/peers/call-off", {}),
        ]
