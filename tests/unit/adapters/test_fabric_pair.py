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
from clawdesk.ports.pairing import FOLLOWED, OPEN, WITHDRAWN, PeerWish
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


@pytest.fixture
async def lender(two: Two) -> AsyncIterator[FabricClient]:
    made = FabricClient(socket=two.lender.socket, spawn=False)
    yield made
    await made.close()


async def state(lender: FabricClient) -> str:
    found = (await lender.peers()).invitation
    return "" if found is None else found.state


async def test_two_are_paired_by_what_the_sheets_ask_for(
    client: FabricClient, lender: FabricClient
) -> None:
    assert (await lender.peers()).invitation is None
    made = await lender.invite_peer(PeerWish("desk", (MODEL,), 2), "")
    told = (await lender.peers()).invitation
    assert told is not None
    assert (told.id, told.state, told.until_s) == (made.id, OPEN, made.until_s)
    assert (told.name, told.models, told.calls) == ("desk", (MODEL,), 2)
    read = await client.read_invitation(made.text)
    assert (read.address, read.fingerprint) == (made.address, made.fingerprint)
    assert (read.until_s, read.known_as) == (made.until_s, "")
    assert await client.join_peer(made.text, PeerWish("box")) == "box"
    peer = await the_peer(client)
    assert (peer.name, peer.state, peer.offers) == ("box", "here", (PeerOffer(MODEL, 2),))
    told = (await lender.peers()).invitation
    assert told is not None
    assert (told.state, told.peer) == (FOLLOWED, "desk")
    assert (await client.read_invitation(made.text)).known_as == "box"


async def test_a_refusal_is_the_fabrics_own_sentence_and_its_next_step_apart(
    client: FabricClient, lender: FabricClient
) -> None:
    made = await lender.invite_peer(PeerWish(), "")
    await lender.withdraw_invitation()
    assert await state(lender) == WITHDRAWN
    with pytest.raises(InferenceError) as refused:
        await client.join_peer(made.text, PeerWish())
    assert refused.value.what == (
        "the other machine refused: the invitation was used, is too old, or is not its latest"
    )
    assert refused.value.mend == "ask there for a new one: clawdesk-fabric peers pair"
    with pytest.raises(InferenceError, match=r"^this is this machine's own invitation$"):
        await lender.read_invitation(made.text)
    with pytest.raises(InferenceError, match=r"^this is no invitation"):
        await client.read_invitation("hello")
    assert made.text not in f"{made!r}"


@pytest.mark.expect_log("does not listen")
async def test_where_it_listens_is_chosen_and_turned_off(client: FabricClient) -> None:
    with pytest.raises(InferenceError, match=r"^this Fabric does not listen"):
        await client.invite_peer(PeerWish(), "")
    await client.listen_for_peers("127.0.0.1:0")
    assert (await client.peers()).listening.startswith("127.0.0.1:")
    await client.listen_for_peers("")
    assert (await client.peers()).listening == ""


async def test_what_is_lent_is_changed_later(
    two: Two, client: FabricClient, lender: FabricClient
) -> None:
    await two.pair()
    (peer,) = (await lender.peers()).peers
    assert peer.lent == Loan((MODEL,), 2, 0)
    await lender.lend_to_peer(PeerWish(peer.name, (MODEL,), 3))
    assert (await lender.peers()).peers[0].lent == Loan((MODEL,), 3, 0)
    await lender.lend_to_peer(PeerWish(peer.name))
    assert (await lender.peers()).peers[0].lent == Loan((), 1, 0)
    refused = await ask(client, peers=True)
    assert refused.status >= 400
    await read(refused)
    for wish in (PeerWish("no/body", (MODEL,)), PeerWish(peer.name, ("no-model",))):
        with pytest.raises(InferenceError, match=r"^there is no "):
            await lender.lend_to_peer(wish)


async def test_what_runs_elsewhere_is_not_for_lending(two: Two, client: FabricClient) -> None:
    await two.pair()
    models = {model.name: model.lendable for model in (await client.status()).models}
    assert models == {MODEL: True, BORROWED: False}


async def test_a_request_that_a_fabric_does_not_know_says_that_it_is_of_another_version(
    client: FabricClient,
) -> None:
    with pytest.raises(InferenceError, match="of another version"):
        await client._asked("what-comes-later", {})
