"""What a person sees of pairing before, while and after it happens: no secret, and a way back."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from clawdesk_fabric import peers_joining, peers_pairing
from clawdesk_fabric.__main__ import main
from clawdesk_fabric.peers_pairing import LIFE_S, TRIES_MAX, Invitation, Inviting, parse_invitation
from tests.support.fabric_peers import BORROWED, Two, identity_of, strangers, view
from tests.support.fabric_world import ASK, MODEL

HOST, GUEST, OTHER = "a" * 64, "b" * 64, "c" * 64


@pytest.fixture
async def two(short_folder: Path) -> AsyncIterator[Two]:
    async with strangers(short_folder) as made:
        yield made


@contextmanager
def silent() -> Iterator[str]:
    """An address where somebody takes connections and never says a word."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield f"127.0.0.1:{listening.getsockname()[1]}"


async def standing(two: Two) -> str:
    return str((await two.lender.control("peers"))["invitation"]["state"])


# -- the value ------------------------------------------------------------------------------------


def test_an_invitation_tells_its_end_and_one_of_an_older_fabric_none() -> None:
    made = Inviting(HOST).invite("host:7000", 0, 1_764_000_000)
    assert parse_invitation(made.text()).until_s == 1_764_000_000
    assert parse_invitation(replace(made, until_s=0).text()).until_s == 0


@pytest.mark.parametrize("until", [-1, True, "soon", 2**50])
def test_an_end_that_is_no_time_makes_it_no_invitation(until: object) -> None:
    text = replace(Invitation("h:1", HOST, "s" * 43), until_s=until).text()  # type: ignore[arg-type]
    with pytest.raises(Exception, match="no invitation"):
        parse_invitation(text)


@pytest.mark.parametrize("address", ["0.0.0.0:7000", "[::]:7000"])
async def test_an_address_at_which_nobody_can_come_is_not_named(two: Two, address: str) -> None:
    answer = await two.lender.control("peers/invite", {"address": address})
    assert answer["error"]["code"] == "invalid_request"
    assert "stands for all addresses" in answer["error"]["message"]
    assert (await two.lender.control("peers"))["invitation"] is None


def test_its_secret_is_never_in_how_it_is_printed() -> None:
    made = Inviting(HOST).invite("host:7000", 0)
    assert made.secret not in f"{made!r} {made}"


def test_how_it_ended_is_told_apart() -> None:
    inviting = Inviting(HOST)
    assert inviting.standing(0) == "over", "there was none"
    made = inviting.invite("host:7000", 0)
    assert inviting.standing(1) == "open"
    assert inviting.standing(LIFE_S) == "over"
    inviting.withdraw(LIFE_S)
    assert inviting.standing(LIFE_S) == "over", "what has run out is not withdrawn any more"
    inviting.withdraw(1)
    assert inviting.standing(1) == "withdrawn"
    assert not inviting.accept(GUEST, made.proof("join", GUEST), 1)
    for _ in range(TRIES_MAX):
        inviting.invite("host:7000", 0) if inviting.standing(0) != "open" else None
        inviting.accept(GUEST, "0" * 64, 1)
    assert inviting.standing(1) == "tried"
    made = inviting.invite("host:7000", 0)
    inviting.accept(GUEST, made.proof("join", GUEST), 1)
    assert inviting.standing(1) == "followed"


# -- between two Fabrics --------------------------------------------------------------------------


async def test_who_invites_sees_what_was_offered_and_who_came(two: Two) -> None:
    assert (await two.lender.control("peers"))["invitation"] is None
    made = await two.lender.control("peers/invite", {"models": [MODEL], "calls": 2, "name": "desk"})
    told = (await two.lender.control("peers"))["invitation"]
    assert (told["state"], told["models"], told["calls"]) == ("open", [MODEL], 2)
    assert (told["name"], told["peer"]) == ("desk", "")
    assert told["address"] == (await two.lender.control("peers"))["listening"]
    assert told["until"] == parse_invitation(made["invitation"]).until_s == made["until"]
    assert made["fingerprint"] == identity_of(two.lender).fingerprint
    await two.borrower.control("peers/join", {"invitation": made["invitation"]})
    after = (await two.lender.control("peers"))["invitation"]
    assert (after["id"], after["state"], after["peer"]) == (made["id"], "followed", "desk")


async def test_a_withdrawn_invitation_lets_nobody_in(two: Two) -> None:
    await two.lender.control("peers/withdraw", {})
    text = await two.invite()
    await two.lender.control("peers/withdraw", {})
    assert await standing(two) == "withdrawn"
    answer = await two.borrower.control("peers/join", {"invitation": text})
    assert "the other machine refused" in answer["error"]["message"]
    assert (await two.lender.control("peers"))["peers"] == []
    assert two.lender.server.peers is not None
    assert not two.lender.server.peers.is_inviting(), "strangers are let in no more"


async def test_an_invitation_is_read_before_anybody_is_asked(two: Two) -> None:
    text = await two.invite()
    body = {"invitation": text}
    read = await two.borrower.control("peers/read", body)
    assert read["fingerprint"] == identity_of(two.lender).fingerprint
    assert read["address"] == parse_invitation(text).address
    assert read["known_as"] == ""
    assert "invitation" not in read
    assert await standing(two) == "open"
    assert (await two.borrower.control("peers"))["peers"] == []
    own = await two.lender.control("peers/read", body)
    assert "this machine's own invitation" in own["error"]["message"]
    none = await two.borrower.control("peers/read", {"invitation": "hello"})
    assert none["error"]["code"] == "invalid_request"
    await two.pair()
    assert (await two.borrower.control("peers/read", body))["known_as"] == "lender"


async def test_one_that_ran_out_is_told_so(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers_pairing, "LIFE_S", 0.0)
    text = await two.invite()
    monkeypatch.setattr(peers_joining, "wall_ms", lambda: 2**50)
    answer = await two.borrower.control("peers/join", {"invitation": text})
    assert "the invitation has run out" in answer["error"]["message"]
    assert await standing(two) == "over"


async def test_pairing_with_who_never_answers_can_be_called_off(two: Two) -> None:
    with silent() as address:
        text = Invitation(address, OTHER, "s" * 43).text()
        asked = asyncio.create_task(two.borrower.control("peers/join", {"invitation": text}))
        peers = two.borrower.server.peers
        assert peers is not None
        await two.borrower.until(lambda: bool(peers._joining._asked))
        await two.borrower.control("peers/call-off", {})
        answer = await asked
    assert "pairing was called off" in answer["error"]["message"]
    assert (await two.borrower.control("peers"))["peers"] == []
    assert "called_off" in await two.borrower.control("peers/call-off", {}), "safe where none is"


async def test_nothing_of_it_is_in_a_log(two: Two, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    text = await two.invite()
    for path in ("read", "join", "read"):
        await two.borrower.control(f"peers/{path}", {"invitation": text})
    await two.lender.control("peers/read", {"invitation": text})
    assert parse_invitation(text).secret not in caplog.text
    assert text not in caplog.text


async def test_the_command_withdraws_and_lists_the_open_one(
    two: Two, capsys: pytest.CaptureFixture[str]
) -> None:
    place = f"--socket={two.lender.socket}"
    await two.invite()
    assert await asyncio.to_thread(main, ["peers", "list", place]) == 0
    assert "an invitation is open until" in capsys.readouterr().out
    assert await asyncio.to_thread(main, ["peers", "withdraw", place]) == 0
    assert await standing(two) == "withdrawn"
    await asyncio.to_thread(main, ["peers", "list", place])
    assert "an invitation is open" not in capsys.readouterr().out


async def test_the_lender_says_whose_calls_run_and_wait(two: Two) -> None:
    await two.pair(calls=3)
    assert (await two.lender.chat())[0] == 200
    model = two.engine.latest[MODEL]
    model.gate.clear()
    ours = asyncio.create_task(two.lender.chat())  # it has a slot, and is nobody's but ours
    await model.until(lambda: model.in_flight == 1)
    assert (await view(two.lender))["served"] == []
    connector = aiohttp.UnixConnector(path=str(two.borrower.socket))
    headers = {"Authorization": f"Bearer {two.borrower.token}"}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        url = "http://localhost/v1/chat/completions"
        body = {**ASK, "model": BORROWED}
        calls = [asyncio.create_task(session.post(url, json=body)) for _ in range(2)]
        calls_here = two.lender.fabric.state.calls
        await two.lender.until(lambda: len(calls_here) == 3)
        (served,) = (await view(two.lender))["served"]
        assert served == {"model": MODEL, "running": 1, "waiting": 1}
        model.gate.set()
        assert {answer.status for answer in await asyncio.gather(*calls)} == {200}
        assert (await ours)[0] == 200
