"""The channel's contract, on a gateway in memory and on the real one (`-m e2e`)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio

from clawdesk.adapters.openclaw import OpenClawChannels
from clawdesk.adapters.openclaw.credentials import CredentialStore
from clawdesk.domain.channel.model import Answer, Card, Form, Word
from clawdesk.ports.channel import Channel, ChannelState, ChannelStatus, News
from clawdesk.runtime.clock import SystemClock
from clawdesk_fabric.keys import Keys
from tests.support.openclaw_fake import FakeGateway
from tests.support.openclaw_peer import Peer
from tests.support.openclaw_real import RealGateway, need_openclaw
from tests.support.patience import NET_S

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.leaves_threads("the loop's own threads live as long as the gateway of all tests"),
]
Gateway = FakeGateway | RealGateway


@pytest_asyncio.fixture(
    scope="module",
    loop_scope="module",
    params=["fake", pytest.param("real", marks=pytest.mark.e2e)],
)
async def gateway(request: pytest.FixtureRequest) -> AsyncIterator[Gateway]:
    made: Gateway
    if request.param == "fake":
        made = FakeGateway()
    else:
        need_openclaw()
        made = RealGateway()
    await made.start()
    try:
        yield made
    finally:
        await made.close()


@dataclass
class Desk:
    """A channel under test, and what it told."""

    channel: Channel
    news: list[News] = field(default_factory=list)
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, news: News) -> None:
        self.news.append(news)
        self.moved.set()

    async def state(self, wanted: ChannelState) -> ChannelStatus:
        async with asyncio.timeout(NET_S):
            while self.channel.status.state is not wanted:
                self.moved.clear()
                await self.moved.wait()
        return self.channel.status

    async def word(self, card: str) -> Word:
        async with asyncio.timeout(NET_S):
            while True:
                for news in self.news:
                    if isinstance(news, Word) and news.id == card:
                        return news
                self.moved.clear()
                await self.moved.wait()


def crashed(error: BaseException) -> None:
    raise AssertionError("nobody expected this") from error


@asynccontextmanager
async def connected(gateway: Gateway, folder: Path) -> AsyncIterator[Desk]:
    store = CredentialStore(Keys(lambda: None, folder / "keys"))
    channels = OpenClawChannels(SystemClock(), store)
    address, _ = await channels.add(gateway.address, gateway.token)
    desk = Desk(channels.open(address))
    desk.channel.start(desk.hear, crashed)
    try:
        await desk.state(ChannelState.CONNECTED)
        yield desk
    finally:
        await desk.channel.close()


@asynccontextmanager
async def page(gateway: Gateway) -> AsyncIterator[Peer]:
    peer = await Peer(gateway.address, gateway.token).open()
    try:
        yield peer
    finally:
        await peer.close()


NUMBERS = iter(range(1, 10_000))


def card(form: Form = Form.APPROVAL, *, may: bool = True, lasts_ms: int = 60_000) -> Card:
    mark = f"{next(NUMBERS):016x}.0123456789ab"
    return Card(mark, form, 1, "Title", "What it is about", "the change", (), may, lasts_ms)


async def test_nobody_there_is_said(gateway: Gateway, tmp_path: Path) -> None:
    async with connected(gateway, tmp_path) as desk:
        shown = card()
        raised = await desk.channel.show(shown)
        assert not raised.route
        standing, words = await desk.channel.look((shown.mark,))
        assert standing == ()
        assert {word.answer for word in words} <= {Answer.NONE}


async def test_an_approval_is_shown_answered_once_and_found_again(
    gateway: Gateway, tmp_path: Path
) -> None:
    async with connected(gateway, tmp_path) as desk, page(gateway) as peer:
        shown = card()
        raised = await desk.channel.show(shown)
        assert raised.route
        standing, _ = await desk.channel.look((shown.mark,))
        assert [(s.id, s.mark, s.form) for s in standing] == [
            (raised.id, shown.mark, Form.APPROVAL)
        ]
        await peer.sees_approval(shown.mark)
        await peer.tap(raised.id, "allow-once")
        word = await desk.word(raised.id)
        assert (word.answer, word.mark, word.by) == (Answer.APPROVED, shown.mark, "Page")
        standing, words = await desk.channel.look((shown.mark,))
        assert standing == ()
        assert [(w.id, w.answer, w.ours) for w in words] == [(raised.id, Answer.APPROVED, False)]
        await desk.channel.withdraw(raised.id, Form.APPROVAL, approved=False)  # ended: no error


async def test_what_may_not_be_approved_can_only_be_denied(
    gateway: Gateway, tmp_path: Path
) -> None:
    async with connected(gateway, tmp_path) as desk, page(gateway) as peer:
        raised = await desk.channel.show(card(may=False))
        with pytest.raises(Exception, match="unavailable"):
            await peer.tap(raised.id, "allow-once")
        await peer.tap(raised.id, "deny")
        assert (await desk.word(raised.id)).answer is Answer.REJECTED


async def test_silence_is_no_answer(gateway: Gateway, tmp_path: Path) -> None:
    async with connected(gateway, tmp_path) as desk, page(gateway) as peer:
        raised = await desk.channel.show(card(lasts_ms=1_000))
        said = await peer.event("plugin.approval.resolved", lambda e: e["id"] == raised.id)
        assert said["decision"] == "deny", "what a careless client would take for a rejection"
        assert (await desk.word(raised.id)).answer is Answer.NONE


async def test_a_question_is_answered_in_free_words_and_taken_down(
    gateway: Gateway, tmp_path: Path
) -> None:
    async with connected(gateway, tmp_path) as desk, page(gateway) as peer:
        shown = card(Form.QUESTION)
        raised = await desk.channel.show(shown)
        again = await desk.channel.show(shown)
        assert again.id == raised.id, "one that stands is not asked twice"
        await peer.answer(raised.id, "two\nlines")
        word = await desk.word(raised.id)
        assert (word.answer, word.text, word.by) == (Answer.TEXT, "two\nlines", "pat")
        second = await desk.channel.show(shown)
        assert second.id != raised.id, "an id that ended is not used again"
        await desk.channel.withdraw(second.id, Form.QUESTION, approved=True)
        standing, words = await desk.channel.look((shown.mark,))
        assert standing == ()
        assert {w.id: w.answer for w in words} == {
            raised.id: Answer.TEXT,
            second.id: Answer.NONE,
        }


async def test_our_own_withdrawal_is_nobodys_answer(gateway: Gateway, tmp_path: Path) -> None:
    async with connected(gateway, tmp_path) as desk, page(gateway):
        shown = card()
        raised = await desk.channel.show(shown)
        await desk.channel.withdraw(raised.id, Form.APPROVAL, approved=True)
        _, words = await desk.channel.look((shown.mark,))
        assert [(w.id, w.ours) for w in words] == [(raised.id, True)]


async def test_another_installations_cards_are_left_alone(gateway: Gateway, tmp_path: Path) -> None:
    async with (
        connected(gateway, tmp_path) as desk,
        connected(gateway, tmp_path / "b") as other,
        page(gateway),
    ):
        raised = await desk.channel.show(card())
        standing, _ = await other.channel.look(())
        assert raised.id not in {s.id for s in standing}
        await desk.channel.withdraw(raised.id, Form.APPROVAL, approved=False)


@pytest.mark.leaves_processes("the gateway of all tests was started again")
async def test_it_comes_back_after_a_restart_with_its_own_token(
    gateway: Gateway, tmp_path: Path
) -> None:
    async with connected(gateway, tmp_path) as desk:
        async with page(gateway):
            shown, asked = card(), card(Form.QUESTION)
            raised = await desk.channel.show(shown)
            await desk.channel.show(asked)
        await gateway.stop()
        await desk.state(ChannelState.UNREACHABLE)
        await gateway.start()
        status = await desk.state(ChannelState.CONNECTED)
        assert status.connection == 2
        standing, words = await desk.channel.look((shown.mark, asked.mark))
        assert standing == ()
        assert {(w.id, w.answer) for w in words} == {(raised.id, Answer.NONE)}
        kept = (tmp_path / "keys" / "clawdesk-openclaw-gateway").read_text()
        assert gateway.token not in kept, "the shared token is kept no longer than needed"
