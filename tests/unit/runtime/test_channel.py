"""The plane and its channel, with real Git, the real client and a gateway in memory."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clawdesk.cli.context import secret_line
from clawdesk.domain.channel import book
from clawdesk.domain.channel.rhythm import Quiet
from clawdesk.domain.channel.settings import ChannelSettings, parse_channels, written
from clawdesk.domain.definitions import DefinitionError
from clawdesk.domain.model import FINAL, Phase
from clawdesk.ports.channel import ChannelState, ChannelStatus
from clawdesk.ports.errors import PortError
from clawdesk.runtime.api import ChannelView, Environment
from clawdesk.runtime.channel_desk import ask_of
from clawdesk.runtime.places import config_dir
from clawdesk.runtime.plane import Plane
from clawdesk.viewmodels.status import status_bar
from tests.support.channel_world import (
    CANARY,
    ChannelWorld,
    connected,
    decision,
    delivered,
    mark,
    pending_in_git,
)
from tests.support.openclaw_fake import FakeGateway
from tests.support.openclaw_peer import Peer
from tests.support.plane_world import until

END_S_MAX = 5.0
"""A quit may take no longer, whatever a gateway does."""
pytestmark = pytest.mark.leaves_threads("the default executor of a loop ends with its process")


@pytest.fixture
async def gateway() -> AsyncIterator[FakeGateway]:
    made = await FakeGateway().start()
    yield made
    await made.close()


@pytest.fixture
async def page(gateway: FakeGateway) -> AsyncIterator[Peer]:
    peer = await Peer(gateway.address, gateway.token).open()
    yield peer
    await peer.close()


@pytest.fixture
def world(tmp_path: Path) -> ChannelWorld:
    return ChannelWorld(tmp_path)


@asynccontextmanager
async def opened(world: ChannelWorld, gateway: FakeGateway) -> AsyncIterator[Plane]:
    plane = await world.open()
    try:
        outcome = await plane.add_channel(gateway.address, gateway.token)
        assert outcome.ok, outcome.text
        yield plane
    finally:
        await plane.close()


async def test_a_tap_approves_and_who_answered_is_shown(
    world: ChannelWorld, gateway: FakeGateway, page: Peer
) -> None:
    async with opened(world, gateway) as plane:
        task = await world.submit(plane, "write")
        shown = await page.sees_approval(mark(task))
        request = shown["request"]
        assert CANARY not in request["title"] + request["description"]
        await delivered(plane, task.id)
        await page.tap(shown["id"], "allow-once")
        task = await until(plane, task.id, lambda t: t.phase in FINAL)
        assert task.phase is Phase.DONE
        fields = decision(task).fields
        assert (fields["actor"], fields["channel"], fields["seen"]) == (
            "Page",
            "openclaw",
            "summary",
        )
        await page.settles(set(), await world.owner(gateway.address))


async def test_answers_given_while_it_was_away_are_applied(
    world: ChannelWorld, gateway: FakeGateway, page: Peer
) -> None:
    async with opened(world, gateway) as plane:
        approved = await world.submit(plane, "write")
        asked = await world.submit(plane, "ask")
        card = await page.sees_approval(mark(approved))
        question = await page.sees_question(mark(asked))
        await delivered(plane, approved.id)
        await delivered(plane, asked.id)
    await page.tap(card["id"], "allow-once")
    await page.answer(question["id"], "short")
    plane = await world.open()
    try:
        approved = await until(plane, approved.id, lambda t: t.phase in FINAL)
        assert decision(approved).fields["verdict"] == "approved"
        asked = await until(
            plane, asked.id, lambda t: any(r.event == "decision" for r in t.records)
        )
        assert decision(asked).fields["text"] == "short"
        assert await pending_in_git(world.project.path) == set()
    finally:
        await plane.close()


async def test_what_is_settled_just_before_the_end_is_taken_down(
    world: ChannelWorld, gateway: FakeGateway, page: Peer
) -> None:
    """A card nobody needs would stand until the next start and keep its gateway from ending."""
    async with opened(world, gateway) as plane:
        approve, ask = await world.submit(plane, "write"), await world.submit(plane, "ask")
        await page.sees_approval(mark(approve))
        await page.sees_question(mark(ask))
        await delivered(plane, approve.id)
        await delivered(plane, ask.id)
        assert (await plane.cancel(approve.id, channel="cli")).ok
        assert (await plane.cancel(ask.id, channel="cli")).ok
    assert (await page.approvals(), await page.questions()) == ([], [])


async def test_a_card_that_is_on_its_way_at_the_end_is_taken_down_if_it_is_settled(
    world: ChannelWorld, gateway: FakeGateway, page: Peer
) -> None:
    answers, ask = asyncio.Event(), gateway._question_request

    async def late(params: dict[str, Any], name: str) -> dict[str, Any]:
        answer = await ask(params, name)
        await answers.wait()
        return answer

    gateway._question_request = late  # type: ignore[method-assign]
    async with opened(world, gateway) as plane:
        task = await world.submit(plane, "ask")
        await page.sees_question(mark(task))
        assert (await plane.cancel(task.id, channel="cli")).ok
        ending = asyncio.create_task(plane.rest())
        answers.set()
        await ending
    assert await page.questions() == []


async def test_a_gateway_that_is_silent_does_not_keep_the_program(
    world: ChannelWorld, gateway: FakeGateway, page: Peer
) -> None:
    async with opened(world, gateway) as plane:
        task = await world.submit(plane, "ask")
        await page.sees_question(mark(task))
        await delivered(plane, task.id)
        gateway.mangle = lambda frame: []
        assert (await plane.cancel(task.id, channel="cli")).ok
        async with asyncio.timeout(END_S_MAX):
            await plane.rest()
    gateway.mangle = lambda frame: [frame]


async def test_a_card_of_what_was_decided_while_it_was_away_is_taken_down(
    world: ChannelWorld, gateway: FakeGateway, page: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(book, "ORPHAN_MS", 10**9)  # Git knows its end: it is not waited for
    async with opened(world, gateway) as plane:
        task = await world.submit(plane, "write")
        await page.sees_approval(mark(task))
        await delivered(plane, task.id)
    alone = Plane(replace(world.parts(), channels=None))
    await alone.start()
    try:
        await alone.open_project(world.project.path)
        assert (await alone.cancel(task.id, channel="cli")).ok
    finally:
        await alone.close()
    plane = await world.open()
    try:
        await connected(plane)
        await page.settles(set(), await world.owner(gateway.address))
    finally:
        await plane.close()


async def typed_name(gateway: FakeGateway) -> str:
    """The name of the one request that waits, as a chat is told it."""
    return (await gateway.type("")).split(maxsplit=1)[0]


async def test_words_typed_in_a_chat_answer_a_question_once(
    world: ChannelWorld, gateway: FakeGateway
) -> None:
    gateway.has_plugin = True
    async with opened(world, gateway) as plane:
        task = await world.submit(plane, "ask")
        assert "Which style?" not in await gateway.type("")
        name = await typed_name(gateway)
        assert "Which style?" in await gateway.type(name)
        twice = gateway.mangle
        gateway.mangle = lambda f: [f, f] if str(f.get("event")).startswith("plugin.") else [f]
        told = await gateway.type(f"{name} as the others do")
        gateway.mangle = twice
        assert told.startswith("Applied.")
        task = await until(plane, task.id, lambda t: t.phase in FINAL)
        fields = decision(task).fields
        assert (fields["text"], fields["actor"]) == ("as the others do", "telegram:4242")
        assert [r.event for r in task.records].count("decision") == 1
        assert "Nothing waits under" in await gateway.type(f"{name} again")


async def test_words_typed_behind_a_question_mark_are_asked_back(
    world: ChannelWorld, gateway: FakeGateway
) -> None:
    gateway.has_plugin = True
    async with opened(world, gateway) as plane:
        task = await world.submit(plane, "ask")
        name = await typed_name(gateway)
        assert "A question back needs some text." in await gateway.type(f"{name} ?")
        told = await gateway.type(f"{name} ? short")
        assert told.startswith("Applied. Asked back about")
        task = await until(plane, task.id, lambda t: t.phase in FINAL)
        fields = decision(task).fields
        assert (fields["verdict"], fields["text"]) == ("asked_back", "short")


async def test_words_typed_in_a_chat_reject_an_approval_and_approve_nothing(
    world: ChannelWorld, gateway: FakeGateway, page: Peer
) -> None:
    gateway.has_plugin = True
    async with opened(world, gateway) as plane:
        task = await world.submit(plane, "write")
        first, name = mark(task), await typed_name(gateway)
        shown = await page.sees_approval(first)
        assert f"/clawdesk {name} " in shown["request"]["description"]
        told = await gateway.type(f"{name} approve")
        assert told.startswith("Applied.")
        task = await until(plane, task.id, lambda t: t.phase is Phase.HELD and mark(t) != first)
        fields = decision(task).fields
        assert (fields["verdict"], fields["note"]) == ("rejected", "approve")
        # The name was of that picture; the next one has another.
        assert "Nothing waits under" in await gateway.type(f"{name} approve")
        assert await typed_name(gateway) != name
        assert len([r for r in task.records if r.event == "decision"]) == 1
        long = await gateway.type(f"{await typed_name(gateway)} {'x' * 9_000}")
        assert long.startswith("Not applied: telegram:4242: the answer is over")
        assert plane.state.tasks[task.id].phase is Phase.HELD


async def test_a_project_may_be_kept_out_of_chats(
    world: ChannelWorld, gateway: FakeGateway, page: Peer
) -> None:
    config_dir().mkdir(parents=True, exist_ok=True)
    rules = f'[projects."{world.project.path}"]\nchat = "off"\n[defaults]\nchat = "notify"\n'
    (config_dir() / "policy.toml").write_text(rules)
    async with opened(world, gateway) as plane:
        await world.submit(plane, "write")
        assert (await plane.test_channel(0.0)).ok
        assert await page.approvals() == []
        assert await page.questions() == []


async def test_what_goes_wrong_at_set_up_is_said_without_the_token(
    world: ChannelWorld, gateway: FakeGateway
) -> None:
    plane = await world.open()
    try:
        wrong = "w" * 40
        for address, token, said in (
            (gateway.address, wrong, "does not accept our token"),
            ("ws://gateway.example/", "t", "without TLS"),
            (gateway.address, "two words", "no token"),
        ):
            outcome = await plane.add_channel(address, token)
            assert not outcome.ok
            assert said in outcome.text, outcome.text
            assert wrong not in outcome.text
        check = next(c for c in await plane.doctor() if c["name"] == "openclaw")
        assert (check["state"], check["mend"]) == ("limited", "clawdesk channels add openclaw")
        assert not check["needed"]
        assert (await plane.remove_channel()).ok
        assert not (await plane.test_channel(0.0)).ok
        (config_dir() / "channels.toml").write_text('[openclaw]\nurl = "ws://10.0.0.1/"\n')
        assert "without TLS" in (await plane.channel()).status.text
    finally:
        await plane.close()


def test_the_settings_file_is_read_as_it_was_written() -> None:
    settings = ChannelSettings("ws://127.0.0.1:5/", Quiet(60, 125))
    assert parse_channels(written(settings)) == settings
    assert parse_channels("") == ChannelSettings()
    for text in ('[openclaw]\nquiet_from = "25:00"', '[openclaw]\ntoken = "x"', "[other]"):
        with pytest.raises(DefinitionError):
            parse_channels(text)


def test_the_token_is_read_and_never_an_argument(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("secret\n"))
    assert secret_line("Token", "The token") == "secret"
    with pytest.raises(PortError):
        secret_line("Token", "The token")


def test_the_bar_shows_a_channel_that_was_set_up() -> None:
    from clawdesk.domain.model import PlaneState

    def shown(state: ChannelState) -> list[str]:
        channel = ChannelView(ChannelStatus(state, "ws://127.0.0.1:5/", "why", "mend"))
        bar = status_bar(PlaneState(), None, Environment(channel=channel))
        return [part.text for part in bar.parts if part.name == "OpenClaw"]

    assert shown(ChannelState.ABSENT) == []
    assert shown(ChannelState.CONNECTED) == ["OpenClaw ok"]
    assert shown(ChannelState.UNREACHABLE) == ["OpenClaw unreachable"]
    assert shown(ChannelState.PAIRING) == ["OpenClaw pairing needed"]


async def test_what_was_asked_before_this_start_is_looked_for_before_it_is_shown(
    world: ChannelWorld,
) -> None:
    plane = await world.open()
    try:
        task = await world.submit(plane, "write")
        assert task.request is not None
        for began_ms, fresh in ((0, True), (task.request.at_ms, False)):
            ask = ask_of(plane.state, task, began_ms)
            assert ask is not None
            assert ask.fresh is fresh
    finally:
        await plane.close()
