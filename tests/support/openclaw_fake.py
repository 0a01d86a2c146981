"""A gateway in memory that speaks the wire as the real one was seen to: for tests, and for faults.

tests/contract/test_channel.py runs on it and on the real one. `mangle` may drop, double, break or
hold back what goes out; `refuse` may refuse whoever connects.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import itertools
import json
import secrets
from base64 import urlsafe_b64decode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from aiohttp import WSMsgType, web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Json = dict[str, Any]
Frames = list[Json | str]


class RefusedCallError(Exception):
    """A refused call: code, message, details."""

    def __init__(self, message: str, reason: str, code: str = "INVALID_REQUEST") -> None:
        super().__init__(message)
        self.error = {"code": code, "message": message, "details": {"reason": reason}}


class FakeGateway:
    """Start it with `start`. `requests` holds the headers of each connection."""

    def __init__(self) -> None:
        self.token = secrets.token_hex(24)
        self.address = ""
        self.mangle: Callable[[Json], Frames] = lambda frame: [frame]
        self.refuse: Callable[[Json], Json | None] = lambda params: None
        self.tick_ms = 30_000
        self.has_plugin = False
        self._typed: dict[str, tuple[Json, asyncio.Future[str]]] = {}
        self.admits = 0
        self.shown: list[Json] = []  # parameters of connect, as they came
        self.headers: list[dict[str, str]] = []
        self._devices: dict[str, str] = {}  # device token -> device
        self._approvals: dict[str, Json] = {}
        self._questions: dict[str, Json] = {}
        self._clients: dict[web.WebSocketResponse, str] = {}  # -> display name
        self._timers: list[asyncio.TimerHandle] = []
        self._ids = itertools.count(1)

    # -- life -----------------------------------------------------------------------------
    async def start(self) -> FakeGateway:
        app = web.Application()
        app.router.add_get("/", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=1)
        await self._runner.setup()
        port = int(self.address.rsplit(":", 1)[1].rstrip("/")) if self.address else 0
        await web.TCPSite(self._runner, "127.0.0.1", port, reuse_address=True).start()
        self.address = f"ws://127.0.0.1:{self._runner.addresses[0][1]}/"
        return self

    async def stop(self) -> None:
        """As a restart begins: what waits is cancelled, questions are forgotten."""
        for timer in self._timers:
            timer.cancel()
        await self.drop()
        await self._runner.cleanup()
        for record in self._approvals.values():
            if record["status"] == "pending":
                record.update(status="cancelled", reason="gateway-restart", resolver={})
        self._questions.clear()

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    async def close(self) -> None:
        await self.stop()

    async def drop(self) -> None:
        """Cut every connection."""
        for socket in list(self._clients):
            await socket.close(code=1008)

    # -- the wire -------------------------------------------------------------------------
    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.headers.append(dict(request.headers))
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        nonce = secrets.token_hex(8)
        challenge = {"nonce": nonce, "ts": _now_ms()}
        await self._send(
            socket, {"type": "event", "event": "connect.challenge", "payload": challenge}
        )
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._take(socket, json.loads(message.data), challenge)
        finally:
            self._clients.pop(socket, None)
        return socket

    async def _take(self, socket: web.WebSocketResponse, frame: Json, challenge: Json) -> None:
        method, params = frame["method"], frame.get("params") or {}
        reply: Json = {"type": "res", "id": frame["id"]}
        try:
            if method == "connect":
                self.shown.append(params)
                reply |= self._connect(socket, params, challenge)
            elif socket not in self._clients:
                raise RefusedCallError("connect first", "NOT_CONNECTED")
            else:
                name = "_" + method.replace(".", "_")
                call = getattr(self, name, None)
                if call is None or (method.startswith("clawdesk.") and not self.has_plugin):
                    raise RefusedCallError(f"unknown method: {method}", "UNKNOWN_METHOD")
                reply |= {"ok": True, "payload": await call(params, self._clients[socket])}
        except RefusedCallError as refused:
            reply |= {"ok": False, "error": refused.error}
        await self._send(socket, reply)
        if method == "connect" and not reply["ok"]:
            await socket.close(code=1008)

    async def _send(self, socket: web.WebSocketResponse, frame: Json) -> None:
        """To a client that may have left meanwhile, over a broken frame for example."""
        for out in self.mangle(frame):
            if not socket.closed:
                with contextlib.suppress(ConnectionError):
                    await socket.send_str(out if isinstance(out, str) else json.dumps(out))

    async def _tell(self, event: str, payload: Json) -> None:
        for socket in list(self._clients):
            await self._send(socket, {"type": "event", "event": event, "payload": payload})

    def _connect(self, socket: web.WebSocketResponse, params: Json, challenge: Json) -> Json:
        error = self.refuse(params) or self._distrust(params, challenge)
        if error is not None:
            return {"ok": False, "error": error}
        self._clients[socket] = params["client"]["displayName"]
        self.admits += 1
        token = secrets.token_urlsafe(32)
        self._devices[token] = params["device"]["id"]
        auth = {"role": "operator", "scopes": params["scopes"], "deviceToken": token}
        hello = {"type": "hello-ok", "protocol": 4, "server": {"version": "fake"}, "auth": auth}
        hello["features"] = {"methods": ["clawdesk.typed"] if self.has_plugin else []}
        return {"ok": True, "payload": {**hello, "policy": {"tickIntervalMs": self.tick_ms}}}

    def _distrust(self, params: Json, challenge: Json) -> Json | None:
        def no(code: str) -> Json:
            return {"code": "INVALID_REQUEST", "message": code, "details": {"code": code}}

        client, device, auth = params["client"], params["device"], params["auth"]
        if not params["minProtocol"] <= 4 <= params["maxProtocol"]:
            return no("PROTOCOL_MISMATCH")
        if client["id"] != "gateway-client" or client["mode"] != "ui":
            return no("CLIENT")
        key = urlsafe_b64decode(device["publicKey"] + "==")
        token = auth.get("token") or auth.get("deviceToken")
        parts = ["v3", device["id"], client["id"], client["mode"], params["role"]]
        parts += [",".join(params["scopes"]), str(challenge["ts"]), token, challenge["nonce"]]
        parts += [client["platform"], client["deviceFamily"]]
        try:
            signature = urlsafe_b64decode(device["signature"] + "==")
            Ed25519PublicKey.from_public_bytes(key).verify(signature, "|".join(parts).encode())
        except InvalidSignature:
            return no("DEVICE_AUTH_SIGNATURE_INVALID")
        if hashlib.sha256(key).hexdigest() != device["id"]:
            return no("DEVICE_AUTH_DEVICE_ID_MISMATCH")
        if auth.get("token") not in (None, self.token):
            return no("AUTH_TOKEN_MISMATCH")
        if "deviceToken" in auth and self._devices.get(auth["deviceToken"]) != device["id"]:
            return no("AUTH_DEVICE_TOKEN_MISMATCH")
        return None

    # -- approvals ------------------------------------------------------------------------
    async def _plugin_approval_request(self, params: Json, name: str) -> Json:
        assert len(params["title"]) <= 80
        assert len(params["description"]) <= 512
        assert params["timeoutMs"] <= 600_000
        now_ms, card = _now_ms(), f"plugin:{next(self._ids)}"
        times = {"createdAtMs": now_ms, "expiresAtMs": now_ms + params["timeoutMs"]}
        if len(self._clients) < 2:
            return {"id": card, "decision": None, **times}
        presentation = {**params, "kind": "plugin"}
        self._approvals[card] = {
            "id": card,
            "status": "pending",
            "presentation": presentation,
            **times,
        }
        loop = asyncio.get_running_loop()
        self._timers.append(
            loop.call_later(params["timeoutMs"] / 1000, lambda: loop.create_task(self._end(card)))
        )
        await self._tell("plugin.approval.requested", {"id": card, "request": params, **times})
        return {"status": "accepted", "id": card, "deliveryRoute": "approval-client", **times}

    async def _end(self, card: str) -> None:
        if self._approvals[card]["status"] == "pending":
            self._approvals[card].update(
                status="expired", reason="timeout", resolver={"kind": "system"}
            )
            await self._resolved(card, "deny", None)  # as the real one says of silence

    async def _resolved(self, card: str, decision: str, by: str | None) -> None:
        request = self._approvals[card]["presentation"]
        payload = {"id": card, "decision": decision, "resolvedBy": by, "request": request}
        await self._tell("plugin.approval.resolved", payload)

    async def _plugin_approval_list(self, params: Json, name: str) -> list[Json]:
        rows = [r for r in self._approvals.values() if r["status"] == "pending"]
        return [{**r, "request": r["presentation"]} for r in rows]

    async def _plugin_approval_resolve(self, params: Json, name: str) -> Json:
        record = self._approvals.get(params["id"])
        if record is None:
            raise RefusedCallError("unknown or expired approval id", "APPROVAL_NOT_FOUND")
        if record["status"] != "pending":
            raise RefusedCallError("approval already resolved", "APPROVAL_ALREADY_RESOLVED")
        decision = params["decision"]
        if decision not in record["presentation"]["allowedDecisions"]:
            raise RefusedCallError(f"{decision} is unavailable", "APPROVAL_DECISION_UNAVAILABLE")
        status = "denied" if decision == "deny" else "allowed"
        resolver = {"kind": "runtime", "id": name}
        record.update(status=status, decision=decision, reason="user", resolver=resolver)
        await self._resolved(params["id"], decision, name)
        return {"ok": True}

    async def _approval_get(self, params: Json, name: str) -> Json:
        record = self._approvals.get(params["id"])
        if record is None:
            raise RefusedCallError("unknown", "APPROVAL_NOT_FOUND")
        return {"approval": record}

    async def _approval_history(self, params: Json, name: str) -> Json:
        rows = [r for r in self._approvals.values() if r["status"] != "pending"]
        rows.reverse()
        first, count = int(params.get("cursor", "0")), int(params["limit"])
        page = {"items": rows[first : first + count]}
        more = {"nextCursor": str(first + count)} if first + count < len(rows) else {}
        return page | more

    # -- our plugin -----------------------------------------------------------------------
    async def type(self, text: str, by: str = "telegram:4242", name: str = "") -> str:
        """Somebody types `/clawdesk TEXT` in a chat; what the chat is told."""
        name = name or f"typed{next(self._ids)}"
        told: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._typed[name] = ({"id": name, "text": text, "by": by}, told)
        await self._tell("plugin.clawdesk.typed", {"waiting": len(self._typed)})
        async with asyncio.timeout(15):
            return await told

    async def _clawdesk_typed(self, params: Json, name: str) -> Json:
        return {"typed": [item for item, _ in self._typed.values()]}

    async def _clawdesk_reply(self, params: Json, name: str) -> Json:
        _, told = self._typed.pop(params["id"], ({}, None))
        if told is not None:
            told.set_result(params["text"])
        return {"told": told is not None}

    # -- questions ------------------------------------------------------------------------
    async def _question_request(self, params: Json, name: str) -> Json:
        if params["id"] in self._questions:
            raise RefusedCallError("already exists", "QUESTION_ID_IN_USE")
        assert len(params["questions"][0]["options"]) in (0, 2, 3, 4)
        now_ms = _now_ms()
        times = {"createdAtMs": now_ms, "expiresAtMs": now_ms + params["timeoutMs"]}
        record = {"id": params["id"], "questions": params["questions"], **times}
        self._questions[params["id"]] = {**record, "status": "pending"}
        await self._tell("question.requested", self._questions[params["id"]])
        return {"id": params["id"], "expiresAtMs": times["expiresAtMs"]}

    async def _question_list(self, params: Json, name: str) -> Json:
        return {"questions": [q for q in self._questions.values() if q["status"] == "pending"]}

    def _question(self, params: Json) -> Json:
        record = self._questions.get(params["id"])
        if record is None:
            raise RefusedCallError("was not found", "QUESTION_NOT_FOUND")
        return record

    async def _question_get(self, params: Json, name: str) -> Json:
        return {"question": self._question(params)}

    async def _question_resolve(self, params: Json, name: str) -> Json:
        record = self._question(params)
        if record["status"] != "pending":
            raise RefusedCallError("is already terminal", "QUESTION_ALREADY_TERMINAL")
        if params.get("cancel"):
            record.update(status="cancelled")
        else:
            by = params.get("resolvedBy")
            record.update(status="answered", answers=params["answers"], resolvedBy=by)
        payload: Json = {k: record[k] for k in ("id", "status", "answers") if k in record}
        await self._tell("question.resolved", payload)
        return {"status": record["status"]}


def _now_ms() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)
