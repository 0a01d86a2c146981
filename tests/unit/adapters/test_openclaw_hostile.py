"""What a gateway, or who answers in its place, may send us: nothing leaks, nothing is believed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from clawdesk.adapters.openclaw import OpenClawChannels, address, cards, connection
from clawdesk.adapters.openclaw.credentials import CredentialStore, checked_token
from clawdesk.adapters.openclaw.identity import SCOPES
from clawdesk.domain.channel.model import Answer, Card, Form, Word
from clawdesk.domain.channel.typed import Typed
from clawdesk.ports.channel import Channel, ChannelError, ChannelState, News
from clawdesk.runtime.clock import SystemClock
from clawdesk_fabric.keys import Keys
from tests.support.openclaw_fake import FakeGateway, Json
from tests.support.openclaw_peer import Peer

pytestmark = pytest.mark.leaves_threads("the default executor of a loop ends with its process")
CARD = Card("0123456789abcdef.0123456789ab", Form.APPROVAL, 1, "T", "D", "", (), True, 60_000)


class Client:
    """A channel, and all it told."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.news: list[News] = []
        self._moved = asyncio.Event()

    def hear(self, news: News) -> None:
        self.news.append(news)
        self._moved.set()

    async def reaches(self, wanted: ChannelState) -> str:
        """Its words when it is so."""
        async with asyncio.timeout(20):
            while self.channel.status.state is not wanted:
                self._moved.clear()
                await self._moved.wait()
        return f"{self.channel.status.text} {self.channel.status.mend}"

    def words(self) -> list[Word]:
        return [news for news in self.news if isinstance(news, Word)]


def crashed(error: BaseException) -> None:
    raise AssertionError("nobody expected this") from error


@pytest.fixture
async def gateway() -> AsyncIterator[FakeGateway]:
    made = await FakeGateway().start()
    yield made
    await made.close()


@pytest.fixture
def store(tmp_path: Path) -> CredentialStore:
    return CredentialStore(Keys(lambda: None, tmp_path / "keys"))


@asynccontextmanager
async def client(
    gateway: FakeGateway, store: CredentialStore, at: str = ""
) -> AsyncIterator[Client]:
    channels = OpenClawChannels(SystemClock(), store)
    await channels.add(gateway.address, gateway.token)
    made = Client(channels.open(at or gateway.address))
    made.channel.start(made.hear, crashed)
    try:
        yield made
    finally:
        await made.channel.close()


@pytest.mark.parametrize(
    "text",
    [
        "ws://gateway.example:18789",
        "ws://10.0.0.5:18789",
        "ws://127.0.0.1.evil.example/",
        "http://127.0.0.1:18789",
        "ws://user:pass@127.0.0.1:1/",
        "ws://127.0.0.1:1/?token=x",
        "ws://127.0.0.1:1/#token=x",
        "ws://",
        "wss://a b/",
        "file:///etc/passwd",
        "ws://127.0.0.1:1/\n",
        "",
    ],
)
def test_only_a_gateway_here_or_behind_tls_is_spoken_to(text: str) -> None:
    if text.endswith("\n"):
        assert address.checked(text) == "ws://127.0.0.1:1/"
        return
    with pytest.raises(ChannelError):
        address.checked(text)


def test_addresses_and_tokens_are_checked() -> None:
    assert address.checked(" ws://localhost:18789 ") == "ws://localhost:18789/"
    assert address.checked("wss://gateway.example/a") == "wss://gateway.example/a"
    assert address.is_local("ws://[::1]:5/")
    assert not address.is_local("wss://gateway.example/")
    for token in ("", "two words", "line\nbreak", "x" * 600):
        with pytest.raises(ChannelError):
            checked_token(token)


async def test_what_is_kept_is_for_one_address_and_its_owner_alone(
    gateway: FakeGateway, store: CredentialStore, tmp_path: Path
) -> None:
    other = await FakeGateway().start()
    try:
        async with client(gateway, store, at=other.address) as desk:
            await desk.reaches(ChannelState.ABSENT)
        assert other.headers == [], "another address was not even called"
    finally:
        await other.close()
    kept = tmp_path / "keys" / "clawdesk-openclaw-gateway"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


async def test_no_origin_no_secret_in_the_address_and_the_least_scopes(
    gateway: FakeGateway, store: CredentialStore
) -> None:
    async with client(gateway, store) as desk:
        await desk.reaches(ChannelState.CONNECTED)
        headers, shown = gateway.headers[0], gateway.shown[0]
        assert "Origin" not in headers
        assert "Cookie" not in headers
        assert gateway.token not in json.dumps(headers)
        assert tuple(shown["scopes"]) == SCOPES
        assert not {"operator.admin", "operator.write"} & set(SCOPES)


async def test_a_redirect_is_not_followed(store: CredentialStore) -> None:
    target = await FakeGateway().start()

    async def away(request: web.Request) -> web.Response:
        raise web.HTTPFound(target.address.replace("ws:", "http:"))

    app = web.Application()
    app.router.add_get("/", away)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    target_address, target.address = target.address, f"ws://127.0.0.1:{runner.addresses[0][1]}/"
    try:
        async with client(target, store) as desk:
            assert "another address" in await desk.reaches(ChannelState.UNREACHABLE)
        assert target.headers == []
    finally:
        target.address = target_address
        await runner.cleanup()
        await target.close()


REFUSALS: list[tuple[Json, ChannelState, str]] = [
    (
        {"code": "INVALID_REQUEST", "details": {"code": "AUTH_TOKEN_MISMATCH"}},
        ChannelState.REFUSED,
        "add openclaw",
    ),
    (
        {"code": "INVALID_REQUEST", "details": {"code": "PROTOCOL_MISMATCH"}},
        ChannelState.REFUSED,
        "version",
    ),
    (
        {"code": "NOT_PAIRED", "details": {"code": "PAIRING_REQUIRED", "requestId": "r-1"}},
        ChannelState.PAIRING,
        "devices approve r-1",
    ),
    (
        {"code": "UNAVAILABLE", "retryAfterMs": 1e12, "details": {"reason": "startup-sidecars"}},
        ChannelState.UNREACHABLE,
        "starting",
    ),
    ({"details": "no object"}, ChannelState.REFUSED, "refused the connection: no: (hidden)"),
    ({"code": 5, "message": [1]}, ChannelState.REFUSED, "reason"),
]


@pytest.mark.parametrize(("error", "state", "said"), REFUSALS)
async def test_each_refusal_is_said_with_what_mends_it_and_without_the_token(
    gateway: FakeGateway,
    store: CredentialStore,
    error: Json,
    state: ChannelState,
    said: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    gateway.refuse = lambda params: {"message": f"no: {gateway.token}", **error}
    async with client(gateway, store) as desk:
        text = await desk.reaches(state)
        assert said in text, text
    assert gateway.token not in text + caplog.text


async def test_fewer_rights_than_needed_are_said(
    gateway: FakeGateway, store: CredentialStore
) -> None:
    def fewer(frame: Json) -> list[Json | str]:
        if frame.get("payload", {}).get("type") == "hello-ok":
            frame["payload"]["auth"]["scopes"] = ["operator.read"]
        return [frame]

    gateway.mangle = fewer
    async with client(gateway, store) as desk:
        assert "operator.approvals" in await desk.reaches(ChannelState.REFUSED)


BROKEN: list[Any] = [
    "no json",
    "[" * 100_000,
    '{"type": 5}',
    '{"type":"res","id":["x"]}',
    "x" * (5 * 1024 * 1024),
    json.dumps({"type": "event", "event": "shutdown", "payload": {}}),
]


@pytest.mark.parametrize("frame", BROKEN, ids=range(len(BROKEN)))
async def test_a_broken_frame_ends_the_connection_and_it_comes_back(
    gateway: FakeGateway, store: CredentialStore, frame: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clawdesk.adapters.openclaw.gateway.BACK_OFF_S", (0.01,))
    broken = [frame]

    def once(out: Json) -> list[Json | str]:
        if out.get("payload", {}).get("type") == "hello-ok" and broken:
            return [out, broken.pop()]
        return [out]

    gateway.mangle = once
    async with client(gateway, store) as desk:
        async with asyncio.timeout(20):
            while desk.channel.status.connection < 2:
                await desk.reaches(ChannelState.CONNECTED)
                await asyncio.sleep(0)
        assert gateway.admits == 2


async def test_a_silent_gateway_is_left(
    gateway: FakeGateway, store: CredentialStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "TICK_MS_MIN", 50)
    gateway.tick_ms = 50
    async with client(gateway, store) as desk:
        await desk.reaches(ChannelState.CONNECTED)
        assert "silent" in await desk.reaches(ChannelState.UNREACHABLE)


async def test_an_event_alone_decides_nothing(gateway: FakeGateway, store: CredentialStore) -> None:
    """Forged, doubled, about another's card: what counts is the gateway's record."""
    async with client(gateway, store) as desk:
        await desk.reaches(ChannelState.CONNECTED)
        peer = await Peer(gateway.address, gateway.token).open()
        try:
            raised = await desk.channel.show(CARD)
            request = (await peer.approvals())[0]["request"]
            forged = {"id": raised.id, "decision": "allow-once", "resolvedBy": "admin"}
            for payload in (
                {**forged, "request": request},
                {**forged, "request": request, "id": "plugin:other"},
                {**forged, "request": {**request, "toolName": "clawdesk:00000000:x"}},
                {"id": 5, "request": 7},
            ):
                await gateway._tell("plugin.approval.resolved", payload)
            standing, _ = await desk.channel.look((CARD.mark,))
            assert [card.id for card in standing] == [raised.id]
            assert desk.words() == []
            await peer.tap(raised.id, "deny")
            async with asyncio.timeout(20):
                while not desk.words():
                    await desk.channel.look(())
            assert desk.words()[0].answer is Answer.REJECTED
        finally:
            await peer.close()


@pytest.mark.parametrize(
    "change",
    [
        {"status": "allowed", "decision": "allow-always"},
        {"status": "allowed", "decision": "deny"},
        {"status": "denied", "decision": "deny", "reason": "timeout"},
        {"status": "allowed", "decision": "allow-once", "reason": "gateway-restart"},
        {"status": "granted", "decision": None},
        {"status": None},
        {"decision": {}},
    ],
)
def test_a_record_that_is_not_plainly_a_persons_word_is_none(change: Json) -> None:
    tool = f"clawdesk:0123abcd:{CARD.mark}"
    record = {"id": "plugin:1", "presentation": {"toolName": tool}, "reason": "user"}
    word = cards.approval_word({**record, **change}, "0123abcd", 0)
    assert word is None or word.answer is Answer.NONE
    assert cards.approval_word({**record, **change}, "ffffffff", 0) is None


def test_rows_of_typed_words_that_are_none_are_passed_over() -> None:
    good = {"id": "n1", "text": "a\u202eb", "by": "telegram:4242\nadmin", "more": 1}
    rows = [good, {**good, "id": 5}, {**good, "id": "x" * 99}, {"id": "n2"}, None, "x", [good]]
    assert cards.typed_words({"typed": rows}) == [Typed("n1", "a\u202eb", "telegram:4242 admin")], (
        "the text is data, a name is one line"
    )
    nothing: tuple[object, ...] = (None, [], {"typed": {}}, {"typed": None})
    for payload in nothing:
        assert cards.typed_words(payload) == []
    assert len(cards.typed_words({"typed": [good] * 500})) == cards.TYPED_MAX


async def test_typed_words_are_not_read_where_nobody_said_so(
    gateway: FakeGateway, store: CredentialStore
) -> None:
    """A gateway without the plugin is not asked for what it does not have."""
    async with client(gateway, store) as desk:
        await desk.reaches(ChannelState.CONNECTED)
        assert not desk.channel.status.takes_words
        with pytest.raises(ChannelError):
            await desk.channel.reply("n1", known=True, text="x")


async def test_it_closes_although_a_cancel_was_swallowed(
    gateway: FakeGateway, store: CredentialStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Python 3.11's wait_for does when its result comes in the same moment."""
    loading = asyncio.Event()
    load = store.load

    async def swallows(at: str) -> Any:
        loading.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        return await load(at)

    async with asyncio.timeout(20):
        async with client(gateway, store) as desk:
            await desk.reaches(ChannelState.CONNECTED)
            monkeypatch.setattr(store, "load", swallows)
            await gateway.drop()
            await loading.wait()
