"""The channel over an OpenClaw gateway: stays connected, shows cards, tells what became of them.

An event of the gateway only wakes us; what counts is the record that is then read. Nothing is
decided here and nothing is kept: the book asks again what stands after every connection.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from clawdesk.adapters.openclaw import address as addresses
from clawdesk.adapters.openclaw import cards, wire
from clawdesk.adapters.openclaw.connection import Connection
from clawdesk.adapters.openclaw.credentials import Credentials, CredentialStore
from clawdesk.domain.channel.model import Card, Form, Raised, Standing, Word
from clawdesk.domain.channel.typed import Typed
from clawdesk.ports.channel import ChannelError, ChannelState, ChannelStatus, News
from clawdesk.ports.clock import Clock

BACK_OFF_S = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
CANCEL_S = 0.5
HISTORY_PAGES_MAX = 5
HISTORY_ROWS = 100
CARDS_MAX = 1_000
QUESTION_NUMBERS_MAX = 30
WAKES_MAX = 256
TYPED, TYPED_EVENT, REPLY = "clawdesk.typed", "plugin.clawdesk.typed", "clawdesk.reply"
"""Of our plugin (packaging/openclaw), where the gateway's user has put it in."""
_ENDED = {
    "APPROVAL_ALREADY_RESOLVED",
    "APPROVAL_NOT_FOUND",
    "QUESTION_ALREADY_TERMINAL",
    "QUESTION_NOT_FOUND",
}


class OpenClawChannel:
    """`ports.channel.Channel`.

    Args:
        address: checked before.
        store: what we may show the gateway; read at every connection.
    """

    def __init__(self, address: str, store: CredentialStore, clock: Clock) -> None:
        self._address = address
        self._store = store
        self._clock = clock
        self._tell: Callable[[News], None] = lambda news: None
        self._crashed: Callable[[BaseException], None] = lambda error: None
        self._connection: Connection | None = None
        self._owner = ""
        self._takes_words = False
        self._numbers: dict[str, int] = {}  # mark -> last number of its question seen in use
        self._wakes: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None
        self._again = asyncio.Event()
        self.status = ChannelStatus(ChannelState.CONNECTING, address)

    # -- life -----------------------------------------------------------------------------
    def start(self, tell: Callable[[News], None], crashed: Callable[[BaseException], None]) -> None:
        self._tell, self._crashed = tell, crashed
        self._task = asyncio.get_running_loop().create_task(self._keep(), name="openclaw")
        self._task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._wakes.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._crashed(error)

    def try_again(self) -> None:
        """Connect now, also after a refusal."""
        self._again.set()

    async def close(self) -> None:
        tasks = {task for task in (self._task, *self._wakes) if task is not None}
        while tasks:
            for task in tasks:
                task.cancel()
            # wait_for of Python 3.11 may swallow a cancel that comes with its result: once more.
            _, tasks = await asyncio.wait(tasks, timeout=CANCEL_S)
        await self._hang_up()

    async def _keep(self) -> None:
        failures = 0
        while True:
            wait_s: float | None = None
            try:
                await self._connect()
                failures = 0
                await self._serve()
            except wire.NotAdmittedError as error:
                self._say(error.state, error.what, error.mend)
                wait_s = None if error.retry_ms is None else error.retry_ms / 1000
            except ChannelError as error:
                self._say(ChannelState.UNREACHABLE, error.what, error.mend or _start(self._address))
                # Jitter: many clients must not come back to a started gateway all at once.
                wait_s = BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)] * random.uniform(0.8, 1.2)  # noqa: S311
                failures += 1
            finally:
                await self._hang_up()
            await self._pause(wait_s)

    async def _pause(self, wait_s: float | None) -> None:
        self._again.clear()
        try:
            async with asyncio.timeout(wait_s):
                await self._again.wait()
        except TimeoutError:
            pass  # its time has come

    async def _connect(self) -> None:
        credentials = await self._store.load(self._address)
        if credentials is None:
            raise wire.NotAdmittedError(
                "Nothing is kept to show this gateway.",
                mend=wire.SET_UP_AGAIN,
                state=ChannelState.ABSENT,
                retry_ms=None,
            )
        connection = await Connection.open(credentials, self._hear)
        self._connection = connection
        self._owner = credentials.identity.device[: cards.OWNER_CHARS]
        await self._keep_token(credentials, connection.admission.device_token)

    async def _keep_token(self, credentials: Credentials, device_token: str) -> None:
        if device_token and device_token != credentials.device_token:
            await self._store.save(credentials.paired(device_token))

    async def _serve(self) -> None:
        assert self._connection is not None, "connected before"
        self._takes_words = TYPED in self._connection.admission.methods
        self._say(ChannelState.CONNECTED)
        if self._takes_words:
            self._wake(self._read_typed())  # somebody may have typed while we were away
        await self._connection.read()

    async def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    def _say(self, state: ChannelState, text: str = "", mend: str = "") -> None:
        connected = state is ChannelState.CONNECTED
        version = self._connection.admission.version if self._connection else ""
        number = self.status.connection + connected
        words = connected and self._takes_words
        status = ChannelStatus(state, self._address, text, mend, version, number, words)
        if status != self.status:
            self.status = status
            self._tell(status)

    # -- what is heard --------------------------------------------------------------------
    def _hear(self, event: str, payload: Any) -> None:
        if not isinstance(payload, dict):
            return
        card = payload.get("id")
        if event == TYPED_EVENT:
            self._wake(self._read_typed())
        elif event == "plugin.approval.resolved" and isinstance(card, str):
            request = payload.get("request")
            tool = request.get("toolName") if isinstance(request, dict) else None
            if cards.mark_of(tool, self._owner):
                by = payload.get("resolvedBy")
                self._wake(self._read_approval(card, by if isinstance(by, str) else ""))
        elif event == "question.resolved" and cards.question_mark(card, self._owner):
            self._wake(self._read_question(str(card)))

    def _wake(self, work: Coroutine[Any, Any, Word | list[Typed] | None]) -> None:
        if len(self._wakes) >= WAKES_MAX:
            work.close()  # a flood: the next look finds what this would have told
            return

        async def tell() -> None:
            try:
                found = await work
            except ChannelError:
                return  # the next look finds it
            for news in found if isinstance(found, list) else [found]:
                if news is not None:
                    self._tell(news)

        task = asyncio.get_running_loop().create_task(tell())
        self._wakes.add(task)
        task.add_done_callback(self._ended)

    async def _read_approval(self, card: str, by: str) -> Word | None:
        """What the record says; only the person's name is the event's, which knows more."""
        found = await self._call("approval.get", {"id": card})
        record = found.get("approval") if isinstance(found, dict) else None
        word = cards.approval_word(record, self._owner, self._clock.now_ms())
        return replace(word, by=cards.person(by)) if word is not None and by else word

    async def _read_question(self, card: str) -> Word | None:
        found = await self._call("question.get", {"id": card})
        record = found.get("question") if isinstance(found, dict) else None
        return cards.question_word(record, self._owner, self._clock.now_ms())

    async def _read_typed(self) -> list[Typed]:
        """The event says only that something was typed, and not to whom: the words are read."""
        return cards.typed_words(await self._call(TYPED, {}))

    # -- Channel --------------------------------------------------------------------------
    async def show(self, card: Card) -> Raised:
        if card.form is Form.QUESTION:
            return await self._ask(card)
        answer = await self._call(
            "plugin.approval.request", cards.approval_request(card, self._owner)
        )
        accepted = isinstance(answer, dict) and answer.get("status") == "accepted"
        if not accepted:
            return Raised("", "", 0)  # nobody is there: the gateway ended it at once
        route = wire.plain(str(answer.get("deliveryRoute") or "gateway"))
        return Raised(str(answer.get("id")), route, card.lasts_ms)

    async def _ask(self, card: Card) -> Raised:
        """Ids of questions are ours and may be used once: what is taken shows what became of it."""
        first = max(card.number, self._numbers.get(card.mark, 0))
        for number in range(first, first + QUESTION_NUMBERS_MAX):
            name = cards.question_id(card, self._owner, number)
            self._numbers[card.mark] = number
            try:
                await self._call(
                    "question.request", cards.question_request(card, self._owner, number)
                )
            except ChannelError as error:
                if error.code != "QUESTION_ID_IN_USE":
                    raise
                if await self._read_question(name) is not None:
                    continue  # it has ended; the look tells how
            return Raised(name, "questions", card.lasts_ms)
        raise ChannelError("This question was asked too often on this gateway.", code="asked")

    async def withdraw(self, card: str, form: Form, *, approved: bool) -> None:
        try:
            if form is Form.QUESTION:
                params: dict[str, Any] = {"id": card, "cancel": True, "resolvedBy": "ClawDesk"}
                await self._call("question.resolve", params)
                return
            decision = cards.ALLOW if approved else cards.DENY
            try:
                await self._call("plugin.approval.resolve", {"id": card, "decision": decision})
            except ChannelError as error:
                if not approved or error.lost or error.code in _ENDED:
                    raise
                # One that could only be denied here was approved in ClawDesk: it still has to go.
                await self._call("plugin.approval.resolve", {"id": card, "decision": cards.DENY})
        except ChannelError as error:
            if error.code not in _ENDED:
                raise

    async def look(self, marks: tuple[str, ...]) -> tuple[tuple[Standing, ...], tuple[Word, ...]]:
        now_ms, owner = self._clock.now_ms(), self._owner
        # First what stands, then what ended: a card that ends in between is seen to have ended.
        rows = _rows(await self._call("plugin.approval.list", {}), "")
        found = [cards.standing_approval(row, owner, now_ms) for row in rows]
        rows = _rows(await self._call("question.list", {}), "questions")
        found += [cards.standing_question(row, owner, now_ms) for row in rows]
        standing = tuple(card for card in found if card is not None)[:CARDS_MAX]
        wanted = frozenset(marks)
        words = [word for word in await self._history() if word.mark in wanted]
        words += await self._questions_of(wanted)
        self._numbers = {m: n for m, n in self._numbers.items() if m in wanted}
        return standing, tuple(sorted(words, key=lambda word: -word.age_ms))

    async def reply(self, typed: str, *, known: bool, text: str) -> None:
        await self._call(REPLY, {"id": typed, "known": known, "text": text})

    async def _history(self) -> list[Word]:
        words: list[Word] = []
        cursor: dict[str, Any] = {}
        for _ in range(HISTORY_PAGES_MAX):
            page = await self._call("approval.history", {"limit": HISTORY_ROWS, **cursor})
            now_ms = self._clock.now_ms()
            rows = _rows(page, "items")
            found = (cards.approval_word(row, self._owner, now_ms) for row in rows)
            words += [word for word in found if word is not None]
            after = page.get("nextCursor") if isinstance(page, dict) else None
            if not rows or not isinstance(after, str):
                break
            cursor = {"cursor": after}
        return words

    async def _questions_of(self, marks: frozenset[str]) -> list[Word]:
        words: list[Word] = []
        for mark in sorted(marks)[:CARDS_MAX]:
            for number in range(1, QUESTION_NUMBERS_MAX):
                name = f"{cards.PLUGIN}-{self._owner}-{mark}-{number}"
                try:
                    word = await self._read_question(name)
                except ChannelError as error:
                    if error.code != "QUESTION_NOT_FOUND":
                        raise
                    break
                self._numbers[mark] = max(number, self._numbers.get(mark, 0))
                if word is not None:
                    words.append(word)
        return words

    async def _call(self, method: str, params: dict[str, Any]) -> Any:
        connection = self._connection
        if connection is None:
            raise ChannelError("There is no connection to the gateway.", code="gone", lost=True)
        return await connection.call(method, params)


def _rows(payload: Any, key: str) -> list[Any]:
    rows = payload.get(key) if key and isinstance(payload, dict) else payload
    return rows if isinstance(rows, list) else []


def _start(address: str) -> str:
    where = "" if addresses.is_local(address) else " where it runs"
    return f"Look at the address ({address}), or start it{where}: openclaw gateway start"
