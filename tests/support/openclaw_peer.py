"""A second client of a gateway, as a person's own page is one: sees what is asked, and answers.

It is written apart from the product's client, on purpose: both against the same gateway.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import itertools
import json
from collections.abc import Callable
from typing import Any

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.support.patience import NET_S, net

SCOPES = ("operator.admin", "operator.read", "operator.approvals", "operator.questions")
Json = dict[str, Any]


class RefusedError(Exception):
    """The gateway's refusal; `reason` is its finest word."""

    def __init__(self, error: Json) -> None:
        super().__init__(str(error.get("message")))
        details = error.get("details") or {}
        self.reason = details.get("reason") or details.get("code") or error.get("code")
        self.error = error


class Peer:
    """Connect with `open`; `close` at the end."""

    def __init__(self, address: str, token: str, name: str = "Page") -> None:
        self.address, self.token, self.name = address, token, name
        self.events: list[Json] = []
        self._key = Ed25519PrivateKey.generate()
        self._heard = asyncio.Event()
        self._waiting: dict[str, asyncio.Future[Json]] = {}
        self._numbers = itertools.count(1)

    async def open(self, scopes: tuple[str, ...] = SCOPES) -> Peer:
        self._http = aiohttp.ClientSession()
        self._socket = await self._http.ws_connect(self.address, compress=0, max_msg_size=1 << 25)
        challenge = (await self._socket.receive_json(timeout=NET_S))["payload"]
        raw = self._key.public_key().public_bytes_raw()
        device = hashlib.sha256(raw).hexdigest()
        text = f"v3|{device}|gateway-client|ui|operator|{','.join(scopes)}|{challenge['ts']}|"
        text += f"{self.token}|{challenge['nonce']}|linux|desktop"
        client = {"id": "gateway-client", "displayName": self.name, "version": "1", "mode": "ui"}
        proof = {
            "id": device,
            "publicKey": _text(raw),
            "signature": _text(self._key.sign(text.encode())),
            "signedAt": challenge["ts"],
            "nonce": challenge["nonce"],
        }
        params = {
            "minProtocol": 4,
            "maxProtocol": 4,
            "client": {**client, "platform": "linux", "deviceFamily": "desktop"},
            "role": "operator",
            "scopes": list(scopes),
            "caps": ["plugin-approvals"],
            "auth": {"token": self.token},
            "device": proof,
        }
        self._reader = asyncio.create_task(self._read())
        try:
            await self.call("connect", params)
        except BaseException:
            await self.close()
            raise
        return self

    async def close(self) -> None:
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)
        await self._socket.close()
        await self._http.close()

    async def _read(self) -> None:
        async for message in self._socket:
            frame = json.loads(message.data)
            if frame["type"] == "event":
                self.events.append(frame)
                self._heard.set()
                continue
            waiting = self._waiting.pop(frame["id"], None)
            if waiting is not None and not waiting.done():
                waiting.set_result(frame)
        for waiting in self._waiting.values():
            waiting.set_exception(ConnectionError("the gateway closed the connection"))

    async def call(self, method: str, params: Json | None = None) -> Any:
        number = f"{self.name}-{next(self._numbers)}"
        answer: asyncio.Future[Json]
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        frame = {"type": "req", "id": number, "method": method, "params": params or {}}
        await self._socket.send_json(frame)
        found = await asyncio.wait_for(answer, NET_S)
        if not found["ok"]:
            raise RefusedError(found["error"])
        return found.get("payload")

    async def event(self, name: str, wanted: Callable[[Json], bool] = lambda _: True) -> Json:
        """The payload of the first such event since the connection was made, waited for."""
        async with net(lambda: self.events[-20:]):
            while True:
                for frame in self.events:
                    if frame["event"] == name and wanted(frame["payload"]):
                        payload: Json = frame["payload"]
                        return payload
                self._heard.clear()
                await self._heard.wait()

    # -- what a person sees and does ------------------------------------------------------
    async def approvals(self) -> list[Json]:
        found: list[Json] = await self.call("plugin.approval.list")
        return found

    async def questions(self) -> list[Json]:
        found: list[Json] = (await self.call("question.list"))["questions"]
        return found

    async def settles(self, wanted: set[str], owner: str) -> None:
        """Wait until the marks of all that stands here of one installation are these."""
        marks: set[str] = set()
        async with net(lambda: (marks, "wanted:", wanted, self.events[-20:])):
            while True:
                self._heard.clear()
                tools = [str(item["request"]["toolName"]) for item in await self.approvals()]
                names = [str(item["id"]) for item in await self.questions()]
                marks = {t.split(":")[2] for t in tools if t.startswith(f"clawdesk:{owner}:")}
                marks |= {n.split("-")[2] for n in names if n.startswith(f"clawdesk-{owner}-")}
                if marks == wanted:
                    return
                await self._heard.wait()

    async def only_approval(self, mark: str) -> Json:
        """Wait until exactly one card of that mark stands here."""
        cards: list[Json] = []
        async with net(lambda: cards):
            while True:
                self._heard.clear()
                cards = await self.approvals()
                found = [card for card in cards if mark in str(card["request"]["toolName"])]
                if len(found) == 1:
                    return found[0]
                await self._heard.wait()

    async def sees_approval(self, mark: str) -> Json:
        def shows(payload: Json) -> bool:
            return mark in str(payload["request"].get("toolName"))

        with contextlib.suppress(StopIteration):
            return next(item for item in await self.approvals() if shows(item))
        return await self.event("plugin.approval.requested", shows)

    async def sees_question(self, mark: str) -> Json:
        with contextlib.suppress(StopIteration):
            return next(item for item in await self.questions() if mark in item["id"])
        return await self.event("question.requested", lambda payload: mark in payload["id"])

    async def tap(self, card: str, decision: str) -> None:
        await self.call("plugin.approval.resolve", {"id": card, "decision": decision})

    async def answer(self, card: str, text: str) -> None:
        answers = {"answers": {"answer": [text]}}
        await self.call("question.resolve", {"id": card, "answers": answers, "resolvedBy": "pat"})


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
