"""A Bot API on loopback with one person behind it, who reads messages, taps buttons and types."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from tests.support.patience import net

PERSON = {"id": 4242, "is_bot": False, "first_name": "Pat", "username": "pat"}
STRANGER = {"id": 5555, "is_bot": False, "first_name": "Sam", "username": "sam"}
"""Admitted by the chat, and named nowhere else."""
CHAT = {"id": 4242, "type": "private", "first_name": "Pat"}
BOT = {"id": 777, "is_bot": True, "first_name": "bot", "username": "test_bot"}
POLL_S_MAX = 5.0
Json = dict[str, Any]


class FakeTelegram:
    """Start it with `start`; its address goes into the gateway's settings."""

    def __init__(self) -> None:
        self.sent: list[Json] = []  # messages to the person, oldest first
        self.address = ""
        self._updates: list[Json] = []  # what was not confirmed yet
        self._ids, self._numbers = itertools.count(100), itertools.count(1)
        self._moved, self._came = asyncio.Event(), asyncio.Event()

    async def start(self) -> FakeTelegram:
        app = web.Application()
        app.router.add_route("*", "/bot{token}/{method}", self._bot)
        self._runner = web.AppRunner(app, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.address = f"http://127.0.0.1:{port}"
        return self

    async def close(self) -> None:
        await self._runner.cleanup()

    async def _bot(self, request: web.Request) -> web.Response:
        method, given = request.match_info["method"], {}
        if request.content_type == "application/json" and request.can_read_body:
            given = await request.json()
        elif request.can_read_body:
            given = {key: str(value) for key, value in (await request.post()).items()}
        if method == "getUpdates":
            return _result(await self._poll(given))
        if method in ("sendMessage", "editMessageText", "editMessageReplyMarkup"):
            return _result(self._message(method, given))
        if method == "getMe":
            more = {"can_join_groups": True, "can_read_all_group_messages": False}
            return _result({**BOT, **more, "supports_inline_queries": False})
        if method == "getChat":
            return _result(CHAT)
        if method == "getWebhookInfo":
            empty = {"url": "", "has_custom_certificate": False, "pending_update_count": 0}
            return _result(empty)
        return _result(True)

    async def _poll(self, given: Json) -> list[Json]:
        """What is new, until a later call confirms it by its `offset`, as the true API has it.

        A call that its caller gave up would else take along what nobody ever reads.
        """
        offset = int(given.get("offset") or 0)
        if offset < 0:
            self._updates = self._updates[offset:]
        else:
            self._updates = [u for u in self._updates if u["update_id"] >= offset]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(float(given.get("timeout") or 1), POLL_S_MAX)):
                while not self._updates:
                    self._came.clear()
                    await self._came.wait()
        return list(self._updates)

    def _comes(self, update: Json) -> None:
        self._updates.append(update)
        self._came.set()

    def _message(self, method: str, given: Json) -> Json:
        number = int(given.get("message_id") or next(self._ids))
        markup = given.get("reply_markup")
        markup = json.loads(markup) if isinstance(markup, str) else markup or {}
        message = {"id": number, "method": method, "to": str(given.get("chat_id"))}
        self.sent.append({**message, "text": given.get("text", ""), **markup})
        self._moved.set()
        text = given.get("text", "")
        return {"message_id": number, "date": _now(), "chat": CHAT, "text": text}

    # -- the person -----------------------------------------------------------------------
    async def message(self, wanted: Callable[[Json], bool], after: int = 0) -> Json:
        """The first such message behind the first `after`, waited for."""
        async with net(lambda: (self.sent[after:], "not read:", self._updates)):
            while True:
                for message in self.sent[after:]:
                    if wanted(message):
                        return message
                self._moved.clear()
                await self._moved.wait()

    def tap(self, message: Json, label: str) -> None:
        rows = message["inline_keyboard"]
        button = next(b for row in rows for b in row if b["text"] == label)
        number = next(self._numbers)
        shown = {"message_id": message["id"], "date": _now(), "chat": CHAT, "from": BOT}
        query = {"id": str(number), "from": PERSON, "chat_instance": "1"}
        query |= {"data": button["callback_data"], "message": {**shown, "text": "x"}}
        self._comes({"update_id": number, "callback_query": query})

    def type(self, text: str, person: Json = PERSON) -> None:
        number, command = next(self._numbers), text.split(maxsplit=1)[0]
        entity = {"type": "bot_command", "offset": 0, "length": len(command)}
        chat = {"id": person["id"], "type": "private", "first_name": person["first_name"]}
        message = {"message_id": next(self._ids), "date": _now(), "chat": chat}
        message |= {"from": person, "text": text, "entities": [entity]}
        self._comes({"update_id": number, "message": message})

    async def told(self, text: str, person: Json = PERSON) -> str:
        """What the bot says to a command; other requests may be shown meanwhile."""
        after = len(self.sent)
        self.type(text, person)

        def answers(message: Json) -> bool:
            new = message["method"] == "sendMessage" and message["to"] == str(person["id"])
            return new and "Plugin approval" not in message["text"]

        return str((await self.message(answers, after))["text"])


def _now() -> int:
    """Seconds since 1970: a gateway takes no tap on a message that looks days old."""
    return int(datetime.now(UTC).timestamp())


def _result(value: object) -> web.Response:
    return web.json_response({"ok": True, "result": value})
