"""Two Fabrics that lend each other models, over real TLS: calls, limits, and how they end."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from clawdesk_fabric import peers
from clawdesk_fabric.__main__ import main
from clawdesk_fabric.model import CallClass, Phase
from clawdesk_fabric.peers_identity import open_identity
from clawdesk_fabric.specs import UpstreamSource
from clawdesk_fabric.tickets import Ticket
from tests.support.fabric_peers import BORROWED, Two, identity_of, knocking, strangers, view
from tests.support.fabric_world import ASK, MODEL, World, catalog, spec

CHAT = "/v1/chat/completions"


@pytest.fixture
async def two(short_folder: Path) -> AsyncIterator[Two]:
    async with strangers(short_folder) as made:
        yield made


async def hold(two: Two) -> None:
    """Have the lender's model loaded, and keep every answer of it until its gate is opened."""
    assert (await two.lender.chat())[0] == 200
    two.engine.latest[MODEL].gate.clear()


async def rest_of(answer: aiohttp.ClientResponse) -> bytes:
    """The stream to its end, which must come."""
    async with asyncio.timeout(20):
        return await answer.content.read()


async def until_here(world: World, state: str = "here") -> dict[str, Any]:
    async with asyncio.timeout(20):
        while True:
            peer = await view(world)
            if peer["state"] == state:
                return peer
            await world.fabric.change()


async def test_a_borrowed_model_answers_as_one_of_ours(two: Two) -> None:
    await two.pair()
    status, answer = await two.borrower.chat(model=BORROWED)
    assert (status, answer["choices"][0]["message"]["content"]) == (200, "A cat.")
    assert two.engine.latest[MODEL].bodies[0]["model"] == MODEL
    peer = await view(two.borrower)
    assert (peer["state"], peer["offers"]) == ("here", [{"model": MODEL, "calls": 2}])
    lent = (await view(two.lender))["lent"]
    assert lent == {"models": [MODEL], "calls": 2, "in_flight": 0}
    assert (await two.borrower.control("status"))["models"][1]["name"] == BORROWED
    (call,) = (await two.borrower.control("calls?task=t"))["calls"]
    assert (call["model"], call["outcome"], call["place"]) == (BORROWED, "ok", "elsewhere")
    shares = two.lender.fabric.state.shares
    assert shares["peer:borrower"].in_flight == 0, "its calls are counted as a project's"


async def test_a_stream_comes_through_as_it_is_made(two: Two) -> None:
    await two.pair()
    await hold(two)
    async with two.borrower.post(CHAT, {**ASK, "model": BORROWED, "stream": True}) as answer:
        assert b" cat" not in await answer.content.readany()
        peer, lender = await view(two.borrower), await view(two.lender)
        assert (peer["borrowed_in_flight"], lender["lent"]["in_flight"]) == (1, 1)
        two.engine.latest[MODEL].gate.set()
        assert (await rest_of(answer)).endswith(b"data: [DONE]\n\n")


async def test_no_more_is_taken_from_the_lender_than_the_client_reads(two: Two) -> None:
    await two.pair()
    await hold(two)
    model, made = two.engine.latest[MODEL], 0

    def words() -> Iterator[str]:
        nonlocal made
        while True:
            made += 1
            yield "x" * 65_536

    model.words = words()  # type: ignore[assignment]
    model.gate.set()
    async with two.borrower.post(CHAT, {**ASK, "model": BORROWED, "stream": True}) as answer:
        await answer.content.readany()
        before = -1
        async with asyncio.timeout(60):
            while made != before:  # it made nothing in the last second: every buffer is full
                before = made
                for _ in range(4):
                    await two.borrower.fabric.change()
        assert made * 65_536 < 64 * 2**20


async def test_what_is_granted_counts_from_the_next_look(two: Two) -> None:
    await two.pair(calls=1)
    assert (await two.borrower.chat(model=BORROWED))[0] == 200
    await two.lender.control("peers/borrower/lend", {"models": [MODEL], "calls": 7})
    replica = two.borrower.fabric.state.replicas[BORROWED]
    await two.borrower.until(lambda: replica.slots == 7)
    await two.lender.control("peers/borrower/lend", {"models": [], "calls": 1})
    await two.borrower.until(lambda: BORROWED not in two.borrower.fabric.catalog.models)
    assert (await two.borrower.chat(model=BORROWED))[1]["error"]["code"] == "model_not_found"


async def test_a_client_that_leaves_ends_the_call_at_the_lender(two: Two) -> None:
    await two.pair()
    await hold(two)
    async with two.borrower.post(CHAT, {**ASK, "model": BORROWED, "stream": True}) as answer:
        await answer.content.readany()
    model = two.engine.latest[MODEL]
    await model.until(lambda: model.in_flight == 0)
    await two.borrower.until(lambda: not two.borrower.fabric.state.calls)


async def test_a_task_may_hold_a_borrowed_model_and_a_person_may_load_it(two: Two) -> None:
    await two.pair()
    wish = {"task": "t", "model": BORROWED, "project": "p"}
    await two.borrower.control("leases", wish)
    await two.borrower.until(lambda: two.borrower.fabric.state.leases["t"].granted_ms is not None)
    socket = f"--socket={two.borrower.socket}"
    for command in ("load", "pin", "unpin", "unload"):
        assert await asyncio.to_thread(main, [command, BORROWED, socket]) == 0
    assert two.borrower.fabric.state.replicas[BORROWED].phase is Phase.ABSENT
    assert two.engine.models == {}, "none of it starts anything at the lender"


async def test_who_may_not_use_peers_is_told_the_rule(two: Two) -> None:
    await two.pair()
    allowed = two.borrower.token
    two.borrower.token = await two.borrower.new_token(project="p", task="t")
    status, answer = await two.borrower.chat(model=BORROWED)
    assert (status, answer["error"]["code"]) == (403, "peers_not_allowed")
    assert "`[peers] use`" in answer["error"]["message"]
    assert await models_of(two.borrower) == [MODEL]
    two.borrower.token = allowed
    assert await models_of(two.borrower) == [MODEL, BORROWED]
    two.borrower.token = await two.borrower.new_token(peers=True, models=[MODEL])
    assert (await two.borrower.chat(model=BORROWED))[1]["error"]["code"] == "model_not_found"


async def models_of(world: World) -> list[str]:
    async with world.session.get("http://localhost/v1/models", headers=world.headers()) as answer:
        return [entry["id"] for entry in (await answer.json())["data"]]


# -- what a peer can reach -----------------------------------------------------------------------


async def test_a_peer_reaches_lent_models_and_nothing_else(two: Two) -> None:
    await two.pair(models=())
    async with knocking(two, identity_of(two.borrower)) as peer:
        assert (await peer.ask("GET", "/v1/models"))[1]["data"] == []
        status, answer, _ = await peer.chat()
        assert (status, answer["error"]["code"]) == (404, "model_not_found")
        for method, path in (
            ("GET", "/fabric/v1/status"),
            ("GET", "/fabric/v1/peers"),
            ("POST", "/fabric/v1/tokens"),
            ("POST", "/fabric/v1/exit"),
            ("POST", "/fabric/v1/peers/borrower/lend"),
            ("GET", "/metrics"),
            ("GET", "/healthz"),
        ):
            body: Any = {} if method == "POST" else None
            assert (await peer.ask(method, path, body))[0] == 404, path
        refused = await peer.ask("GET", "/v1/models", Host="localhost")
        assert refused[1]["error"]["code"] == "misdirected_request"
        await two.lender.control("peers/borrower/lend", {"models": [MODEL], "calls": 1})
        assert (await peer.chat())[0] == 200


async def test_a_peer_takes_no_more_than_it_was_granted(two: Two) -> None:
    await two.pair(calls=1)
    await hold(two)
    model = two.engine.latest[MODEL]
    async with knocking(two, identity_of(two.borrower)) as peer:
        first = asyncio.create_task(peer.chat())
        await model.until(lambda: model.in_flight == 1)
        status, answer, wait_s = await peer.chat()
        assert (status, answer["error"]["type"], wait_s) == (429, "rate_limit_error", "5")
        model.gate.set()
        assert (await first)[0] == 200
        assert (await peer.chat())[0] == 200
        assert (await peer.chat(n=2))[1]["error"]["param"] == "n"


async def test_a_peer_that_asks_very_often_is_answered_later(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    await two.pair()
    monkeypatch.setattr(peers, "REQUESTS_PER_S", 10)
    monkeypatch.setattr(peers, "BURST", 1)
    loop = asyncio.get_running_loop()
    async with knocking(two, identity_of(two.borrower)) as peer:
        begun = loop.time()
        for _ in range(6):
            assert (await peer.ask("GET", "/v1/models"))[0] == 200
        assert loop.time() - begun > 0.4


async def test_headers_and_tokens_raise_nobody(two: Two) -> None:
    await two.pair()
    await hold(two)
    two.engine.latest[MODEL].gate.clear()
    async with knocking(two, identity_of(two.borrower)) as peer:
        raising = {"X_Clawdesk_Priority": "900", "Authorization": f"Bearer {two.lender.token}"}
        body = {**ASK, "stream": False}
        asked = asyncio.create_task(peer.ask("POST", CHAT, body, **raising))
        await two.lender.until(lambda: bool(two.lender.fabric.state.calls))
        (call,) = two.lender.fabric.state.calls.values()
        found = (call.project, call.call_class.value, call.priority)
        assert found == ("peer:borrower", "peer", 0)
        two.engine.latest[MODEL].gate.set()
        await asked


async def test_strangers_are_not_let_in(two: Two, tmp_path: Path) -> None:
    await two.pair()
    for identity in (open_identity(tmp_path), None):
        async with knocking(two, identity) as stranger:
            with pytest.raises(aiohttp.ClientError):
                await stranger.ask("GET", "/v1/models")
    await two.invite()  # now who shows nothing is let in, to pair and for nothing else
    async with knocking(two, None) as stranger:
        status, answer, _ = await stranger.ask("GET", "/v1/models")
        assert (status, answer["error"]["code"]) == (403, "origin_refused")
        assert (await stranger.chat())[0] == 403
    async with knocking(two, open_identity(tmp_path)) as stranger:
        with pytest.raises(aiohttp.ClientError):
            await stranger.ask("GET", "/v1/models")


async def test_an_older_tls_is_not_spoken(two: Two) -> None:
    await two.pair()
    tls = identity_of(two.borrower).calling(identity_of(two.lender).certificate)
    tls.minimum_version = tls.maximum_version = ssl.TLSVersion.TLSv1_2
    door = two.lender.server.peers
    assert door is not None
    host, _, port = door.listening.rpartition(":")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await asyncio.open_connection(host, int(port), ssl=tls)


async def test_a_token_may_name_what_a_peer_that_is_not_heard_of_lends(two: Two) -> None:
    await two.pair()
    assert (await two.borrower.control("tokens", {"models": ["lender/other"]})).get("token")
    answer = await two.borrower.control("tokens", {"models": ["nobody/other"]})
    assert answer["error"]["code"] == "model_not_found"


async def test_only_what_runs_here_can_be_lent(two: Two) -> None:
    await two.pair()
    elsewhere = spec(name="big", source=UpstreamSource("https://host/v1", "big", ()), weights=None)
    two.borrower.fabric.catalog = catalog(spec(), elsewhere)
    for name, code in (
        (BORROWED, "invalid_request"),
        ("gpt-9", "model_not_found"),
        ("big", "invalid_request"),
    ):
        answer = await two.borrower.control("peers/lender/lend", {"models": [name], "calls": 1})
        assert answer["error"]["code"] == code


# -- ends ----------------------------------------------------------------------------------------


@pytest.mark.expect_log("failed midway: lender", "peer lender is away")
@pytest.mark.parametrize("who", ["lender", "borrower"])
async def test_revoking_ends_a_stream_at_once(two: Two, who: str) -> None:
    await two.pair()
    await hold(two)
    async with two.borrower.post(CHAT, {**ASK, "model": BORROWED, "stream": True}) as answer:
        await answer.content.readany()
        if who == "lender":
            await two.lender.control("peers/borrower/revoke", {})
        else:
            await two.borrower.control("peers/lender/revoke", {})
        rest = (await rest_of(answer)).decode()
    error = json.loads(rest.strip().removeprefix("data: "))["error"]
    assert error["code"] == "peer_lost"
    assert "lender" in error["message"]
    model = two.engine.latest[MODEL]
    await model.until(lambda: model.in_flight == 0)
    if who == "borrower":
        assert (await two.borrower.chat(model=BORROWED))[1]["error"]["code"] == "model_not_found"
        assert (await two.borrower.control("peers"))["peers"] == []
    else:
        peer = await until_here(two.borrower, "away")
        assert "pair the two anew" in peer["why"]
        async with knocking(two, identity_of(two.borrower)) as former:
            with pytest.raises(aiohttp.ClientError):
                await former.ask("GET", "/v1/models")


async def test_a_revoked_peer_that_stays_is_sent_away_with_its_calls(two: Two) -> None:
    await two.pair()
    await hold(two)
    async with knocking(two, identity_of(two.borrower)) as former:
        body, headers = {**ASK, "stream": True}, {"Host": "peer"}
        async with former.session.post(former.base + CHAT, json=body, headers=headers) as answer:
            await answer.content.readany()
            await two.lender.control("peers/borrower/revoke", {})
            with pytest.raises(aiohttp.ClientError):
                await rest_of(answer)
    model = two.engine.latest[MODEL]
    await model.until(lambda: model.in_flight == 0)


@pytest.mark.expect_log("lender does not answer at 127")
async def test_calls_to_a_peer_that_is_away_fail_at_once(two: Two) -> None:
    await two.pair()
    two.lender.server.ask_exit()
    peer = await until_here(two.borrower, "away")
    assert peer["why"] == f"lender does not answer at {peer['address']}: Connection refused"
    status, answer = await two.borrower.chat(model=BORROWED)
    assert (status, answer["error"]["code"]) == (502, "peer_lost")
    assert "clawdesk-fabric peers list" in answer["error"]["message"]
    assert await models_of(two.borrower) == [MODEL]


@pytest.mark.expect_log("a call of its owner's own needs", "lender ended its answer")
async def test_our_own_calls_never_wait_for_a_peers(two: Two) -> None:
    await two.pair()
    await hold(two)
    model = two.engine.latest[MODEL]
    ask = {**ASK, "model": BORROWED, "stream": True}
    async with two.borrower.post(CHAT, ask) as first, two.borrower.post(CHAT, ask) as second:
        await model.until(lambda: model.in_flight == 2)
        ours = asyncio.create_task(two.lender.chat())
        # Both slots were a peer's; the newest of its calls made way before any was answered.
        rest = (await rest_of(second)).decode()
        await model.until(lambda: len(model.bodies) == 4)
        assert rest.count('"error"') == 1
        assert "a call of its owner's own needs" in rest
        assert model.in_flight == 2
        model.gate.set()
        assert (await ours)[0] == 200
        assert (await rest_of(first)).endswith(b"data: [DONE]\n\n")


@pytest.mark.expect_log("a call of its owner's own needs", "is not to be had now")
async def test_a_call_that_made_way_may_be_made_again(two: Two) -> None:
    await two.pair(calls=1)
    await hold(two)
    model = two.engine.latest[MODEL]
    theirs = asyncio.create_task(two.borrower.chat(model=BORROWED))
    await model.until(lambda: model.in_flight == 1)
    ours = [asyncio.create_task(two.lender.chat()) for _ in range(2)]
    status, answer = await theirs
    assert (status, answer["error"]["code"]) == (503, "no_capacity")
    assert "a call of its owner's own needs" in answer["error"]["message"]
    model.gate.set()
    assert [(await call)[0] for call in ours] == [200, 200]
    assert (await two.borrower.chat(model=BORROWED))[0] == 200


async def test_what_is_lent_no_longer_is_said_before_it_is_heard_of(short_folder: Path) -> None:
    async with strangers(short_folder, look_s=60) as two:
        await two.pair()
        await two.lender.control("peers/borrower/lend", {"models": [], "calls": 1})
        status, answer = await two.borrower.chat(model=BORROWED)
        assert (status, answer["error"]["code"]) == (404, "model_not_found")
        assert "is lent no longer" in answer["error"]["message"]


@pytest.mark.expect_log("a call of its owner's own needs", "is not to be had now")
async def test_a_call_that_has_to_make_way_before_it_began_does_not_begin(
    short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with strangers(short_folder, slots=1) as two:
        await two.pair()
        await hold(two)
        fabric, model = two.lender.fabric, two.engine.latest[MODEL]
        first = asyncio.create_task(two.lender.chat())
        await model.until(lambda: model.in_flight == 1)
        theirs = asyncio.create_task(two.borrower.chat(model=BORROWED))
        await two.lender.until(lambda: fabric.state.waiting_count == 1)
        leave, ours = fabric.leave, list[Ticket]()

        def leave_and_come(ticket: Ticket, **said: Any) -> None:
            leave(ticket, **said)  # the peer's call has its seat now, and has not woken yet
            if not ours:
                agent = CallClass.AGENT
                ours.append(
                    fabric.admit(MODEL, project="p", task="t", call_class=agent, priority=0)
                )

        monkeypatch.setattr(fabric, "leave", leave_and_come)
        model.gate.set()
        assert (await first)[0] == 200
        assert (await theirs)[1]["error"]["code"] == "no_capacity"
        await ours[0].seat
        assert len(model.bodies) == 2, "the peer's call never reached the model"
        leave(ours[0], succeeded=False)
