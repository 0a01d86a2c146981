"""The Fabric's client against two real Fabrics that are paired over real TLS."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from clawdesk.adapters.fabric_client import FabricClient
from clawdesk.ports.errors import InferenceError
from clawdesk.ports.inference import ModelResponse
from clawdesk.ports.models import Loan, Peer, Peering, PeerOffer
from tests.support.fabric_docker import short_place
from tests.support.fabric_peers import BORROWED, Two, strangers
from tests.support.fabric_world import ASK, MODEL

JSON = {"Content-Type": "application/json"}
CHAT = "/v1/chat/completions"


@pytest.fixture
async def two() -> AsyncIterator[Two]:
    with short_place() as folder:
        async with strangers(Path(folder)) as made:
            yield made


@pytest.fixture
async def client(two: Two) -> AsyncIterator[FabricClient]:
    """Of the one that borrows."""
    made = FabricClient(socket=two.borrower.socket, spawn=False)
    yield made
    await made.close()


async def the_peer(client: FabricClient) -> Peer:
    (peer,) = (await client.peers()).peers
    return peer


async def ask(client: FabricClient, *, peers: bool) -> ModelResponse:
    token = await client.token(project="p", task="t", attempt=1, models=(BORROWED,), peers=peers)
    body = json.dumps({**ASK, "model": BORROWED}).encode()
    return await client.call(token, "POST", CHAT, JSON, body)


async def read(response: ModelResponse) -> str:
    return b"".join([chunk async for chunk in response.chunks]).decode()


async def test_a_fabric_that_is_paired_with_nobody_says_so(client: FabricClient) -> None:
    assert await client.peers() == Peering()


async def test_both_sides_tell_what_is_borrowed_and_lent(two: Two, client: FabricClient) -> None:
    await two.pair()
    peer = await the_peer(client)
    assert (peer.name, peer.state, peer.last_seen_s) == ("lender", "here", 0)
    assert peer.offers == (PeerOffer(MODEL, 2),)
    assert len(peer.fingerprint) == 64
    other = FabricClient(socket=two.lender.socket, spawn=False)
    found = (await other.figures()).peering
    assert found is not None
    assert found.listening.startswith("127.0.0.1:")
    assert found.peers[0].lent == Loan((MODEL,), 2, 0)
    assert peer.fingerprint == found.fingerprint
    assert "peers" not in (await client.figures()).unread
    await other.close()


@pytest.mark.expect_log("[peers] use")
async def test_only_a_token_that_was_asked_so_reaches_a_peer(
    two: Two, client: FabricClient
) -> None:
    await two.pair()
    answer = await ask(client, peers=True)
    assert answer.status == 200
    assert "A cat." in await read(answer)
    refused = await ask(client, peers=False)
    assert refused.status >= 400
    assert "[peers] use" in await read(refused)


async def test_a_revoked_peer_is_gone_from_both(two: Two, client: FabricClient) -> None:
    await two.pair()
    await client.revoke_peer("lender")
    assert (await client.peers()).peers == ()
    with pytest.raises(InferenceError, match="there is no model"):
        await ask(client, peers=True)
