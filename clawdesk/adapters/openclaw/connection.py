"""One connection to a gateway: the handshake, calls and their answers, events in order.

It ends with the first thing that is not as agreed, and says why; `gateway` makes the next one.
"""

from __future__ import annotations

import asyncio
import ssl
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

import aiohttp
import msgspec

from clawdesk.adapters.openclaw import wire
from clawdesk.adapters.openclaw.credentials import Credentials
from clawdesk.adapters.openclaw.identity import CAPABILITIES, CLIENT, ROLE, SCOPES
from clawdesk.ports.channel import ChannelError, ChannelState

CONNECT_S_MAX = 45.0
"""A gateway that has just started held a handshake for 28 s."""
CALL_S_MAX = 30.0
CLOSE_S_MAX = 2.0
"""A gateway that hangs must not keep ClawDesk from ending."""
CALLS_MAX = 256
TICK_MS_MIN, TICK_MS_MAX = 1_000, 120_000


class _Challenge(msgspec.Struct):
    nonce: str
    ts: int


class _Server(msgspec.Struct):
    version: str = ""


class _Auth(msgspec.Struct):
    scopes: list[str] = []
    deviceToken: str = ""  # noqa: N815 - the gateway's name


class _Policy(msgspec.Struct):
    tickIntervalMs: float = 30_000  # noqa: N815 - the gateway's name


class _Features(msgspec.Struct):
    methods: list[str] = []


class _Hello(msgspec.Struct):
    protocol: int
    features: _Features = msgspec.field(default_factory=_Features)
    server: _Server = msgspec.field(default_factory=_Server)
    auth: _Auth = msgspec.field(default_factory=_Auth)
    policy: _Policy = msgspec.field(default_factory=_Policy)


@dataclass(frozen=True, slots=True)
class Admission:
    """What the gateway said when it let us in; `device_token` "" = none was given."""

    version: str
    device_token: str
    silence_s_max: float
    methods: frozenset[str] = frozenset()


async def _no_redirect(*_: object) -> NoReturn:
    # What is for one address is not carried to another, whoever says so.
    raise ChannelError("The gateway's address answers with another address.", code="redirect")


class Connection:
    """Make it with `open`; then `read` until it ends."""

    def __init__(self, http: aiohttp.ClientSession, hear: Callable[[str, Any], None]) -> None:
        self._http = http
        self._hear = hear
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._waiting: dict[str, asyncio.Future[wire.Frame]] = {}
        self.admission = Admission("", "", 60.0)

    @classmethod
    async def open(cls, credentials: Credentials, hear: Callable[[str, Any], None]) -> Connection:
        """Connect and be let in.

        Args:
            hear: called with the name and payload of each event, in order.
        Raises:
            NotAdmittedError: the gateway said no.
            ChannelError: it does not answer, or breaks its protocol.
        """
        trace = aiohttp.TraceConfig()
        trace.on_request_redirect.append(_no_redirect)
        http = aiohttp.ClientSession(
            trace_configs=[trace],
            timeout=aiohttp.ClientTimeout(total=CONNECT_S_MAX),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        connection = cls(http, hear)
        try:
            async with asyncio.timeout(CONNECT_S_MAX):
                await connection._dial(credentials.address)
                await connection._greet(credentials)
        except BaseException as error:
            await connection.close()
            if isinstance(error, TimeoutError):
                raise _unreachable("it does not answer in time") from None
            raise
        return connection

    async def _dial(self, address: str) -> None:
        try:
            # No Origin header, no compression: a gateway takes neither from a program.
            self._socket = await self._http.ws_connect(
                address,
                compress=0,
                max_msg_size=wire.FRAME_BYTES_MAX,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_S_MAX),
            )
        except aiohttp.WSServerHandshakeError as error:
            raise _unreachable(f"what answers there is no gateway (HTTP {error.status})") from None
        except (aiohttp.ClientError, OSError, ssl.SSLError) as error:
            raise _unreachable(_cause(error)) from None

    async def _greet(self, credentials: Credentials) -> None:
        first = await self._receive(CONNECT_S_MAX)
        try:
            if first.event != "connect.challenge":
                raise msgspec.ValidationError
            challenge = msgspec.convert(first.payload, _Challenge)
        except msgspec.ValidationError:
            raise ChannelError(
                "What answers there is no OpenClaw gateway.", code="protocol"
            ) from None
        token = credentials.device_token or credentials.token
        auth = {"deviceToken" if credentials.device_token else "token": token}
        proof = credentials.identity.proof(nonce=challenge.nonce, at_ms=challenge.ts, token=token)
        number = await self._send(
            "connect",
            {
                "minProtocol": wire.PROTOCOL,
                "maxProtocol": wire.PROTOCOL,
                "client": CLIENT,
                "role": ROLE,
                "scopes": list(SCOPES),
                "caps": list(CAPABILITIES),
                "auth": auth,
                "device": proof,
            },
        )
        while (frame := await self._receive(CONNECT_S_MAX)).id != number:
            pass  # events may come before the answer
        if not frame.ok:
            fault = wire.fault_of(frame.error)
            fault.message = fault.message.replace(token, "(hidden)")  # whatever it echoes
            raise wire.not_admitted(fault)
        self._admit(frame.payload)

    def _admit(self, payload: object) -> None:
        try:
            hello = msgspec.convert(payload, _Hello)
        except msgspec.ValidationError:
            raise ChannelError("The gateway's greeting cannot be read.", code="protocol") from None
        lacking = [scope for scope in SCOPES if scope not in hello.auth.scopes]
        if lacking:
            raise wire.NotAdmittedError(
                f"The gateway does not let us do what is needed: {', '.join(lacking)}.",
                mend=wire.SET_UP_AGAIN,
                state=ChannelState.REFUSED,
                retry_ms=None,
                code="scopes",
            )
        tick_ms = min(max(hello.policy.tickIntervalMs, TICK_MS_MIN), TICK_MS_MAX)
        self.admission = Admission(
            wire.plain(hello.server.version),
            hello.auth.deviceToken,
            2 * tick_ms / 1000,
            frozenset(hello.features.methods),
        )

    async def read(self) -> NoReturn:
        """Take frames until the connection ends. Raises ChannelError, which says why."""
        while True:
            frame = await self._receive(self.admission.silence_s_max)
            if frame.type == "res":
                waiting = self._waiting.pop(frame.id, None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(frame)
                # Else a second answer of a call in two phases: its event says the same.
            elif frame.event == "shutdown":
                raise _unreachable("it is shutting down")
            elif frame.event:
                self._hear(frame.event, frame.payload)

    async def call(self, method: str, params: dict[str, Any]) -> Any:
        """The payload of the answer.

        Raises:
            ChannelError: refused (`code` is the gateway's reason), or `lost`: no answer came.
        """
        if len(self._waiting) >= CALLS_MAX:
            raise ChannelError("Too many calls of the gateway are unanswered.", code="busy")
        answer: asyncio.Future[wire.Frame] = asyncio.get_running_loop().create_future()
        number = await self._send(method, params, answer)
        try:
            async with asyncio.timeout(CALL_S_MAX):
                frame = await answer
        except TimeoutError:
            raise ChannelError(
                f"The gateway did not answer {method} in {CALL_S_MAX:g} s.", code="time", lost=True
            ) from None
        finally:
            self._waiting.pop(number, None)
        if not frame.ok:
            raise wire.refusal(wire.fault_of(frame.error))
        return frame.payload

    async def close(self) -> None:
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(_gone())
                waiting.exception()  # its caller may have been cancelled
        self._waiting.clear()
        if self._socket is not None:
            await self._socket.close()
        await self._http.close()

    async def _send(
        self, method: str, params: object, answer: asyncio.Future[wire.Frame] | None = None
    ) -> str:
        socket = self._socket
        if socket is None or socket.closed:
            raise _gone()
        number = uuid.uuid4().hex
        if answer is not None:
            self._waiting[number] = answer
        frame = {"type": "req", "id": number, "method": method, "params": params}
        try:
            await socket.send_str(msgspec.json.encode(frame).decode())
        except (aiohttp.ClientError, OSError):
            self._waiting.pop(number, None)
            raise _gone() from None
        return number

    async def _receive(self, silence_s_max: float) -> wire.Frame:
        assert self._socket is not None, "dialled before"
        try:
            async with asyncio.timeout(silence_s_max):
                message = await self._socket.receive()
        except TimeoutError:
            raise _unreachable(f"it was silent for {silence_s_max:g} s") from None
        if message.type is aiohttp.WSMsgType.TEXT:
            return wire.read(message.data)
        if message.type is aiohttp.WSMsgType.ERROR:
            raise _unreachable("a message was broken or too long")
        if message.type is aiohttp.WSMsgType.BINARY:
            raise ChannelError("The gateway sent bytes instead of text.", code="protocol")
        raise _unreachable("it closed the connection")


def _cause(error: BaseException) -> str:
    found = error.__cause__ if isinstance(error.__cause__, OSError) else error
    strerror = getattr(found, "strerror", None) or getattr(error, "strerror", None)
    return str(strerror or type(error).__name__).lower()


def _unreachable(why: str) -> ChannelError:
    return ChannelError(
        f"The OpenClaw gateway is not reachable: {why}.", code="unreachable", lost=True
    )


def _gone() -> ChannelError:
    return ChannelError("The connection to the gateway ended.", code="gone", lost=True)
