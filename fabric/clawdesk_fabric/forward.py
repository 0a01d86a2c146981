"""How a model is reached over HTTP: the only place that knows what an Endpoint's address is.

Neither follows a redirect nor keeps a cookie: a model never decides where a request goes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

import aiohttp
import msgspec

from clawdesk_fabric.call_limits import ANSWER_BYTES_MAX, ERROR_BYTES_MAX, Watch
from clawdesk_fabric.engines.base import Endpoint
from clawdesk_fabric.line import CONNECT_S_MAX, KEEPALIVE_S, Line, LineError, NoHttpError
from clawdesk_fabric.openai_wire import WireError, engine_error

LINES_MAX = 64
PARSED_BYTES_MAX = 256 * 1024
EVENTS = "text/event-stream"
# An answer is passed on as it is, so it must not be encoded in a way the client did not ask for.
_HEADERS = {"Content-Type": "application/json", "Accept-Encoding": "identity"}


class Answer(Protocol):
    """What a model answers; its head is here, its body still comes."""

    @property
    def status(self) -> int: ...

    @property
    def content_type(self) -> str:
        """The header as it came."""
        ...

    @property
    def is_encoded(self) -> bool: ...

    async def read(self) -> bytes:
        """The next bytes of its body; b"" at its end. Raises LineError or OSError."""
        ...

    def release(self) -> None:
        """The call is over; must be called once. An answer not read to its end is given up."""
        ...


class _Way(Protocol):
    """How one endpoint is reached. `users`: calls that closing it would cut off."""

    users: int

    async def post(self, path: str, body: bytes) -> Answer:
        """Raises LineError or OSError when the connection cannot be made or breaks."""
        ...

    async def close(self) -> None: ...


class _Here:
    """A model on a Unix socket of this machine."""

    users = 0  # closing a line touches no call

    def __init__(self, seat: Endpoint) -> None:
        self._line = Line(seat.socket)
        headers = {"Host": "model", **_HEADERS, **dict(seat.headers)}
        self._headers = "".join(f"{name}: {value}\r\n" for name, value in headers.items())

    async def post(self, path: str, body: bytes) -> Answer:
        head = f"POST {path} HTTP/1.1\r\n{self._headers}Content-Length: {len(body)}\r\n\r\n"
        while True:
            connection = await self._line.connection()
            try:
                await connection.post(head.encode(), body)
            except (LineError, OSError):
                connection.abort()
                if not connection.was_stale:
                    raise
            except BaseException:
                connection.abort()
                raise
            else:
                return connection

    async def close(self) -> None:
        self._line.close()


class _Elsewhere:
    """A service by its URL."""

    def __init__(self, seat: Endpoint) -> None:
        self.users = 0
        self._base = seat.url
        self._headers = {**_HEADERS, **dict(seat.headers)}
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0, keepalive_timeout=KEEPALIVE_S, ssl=seat.tls or True
            ),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S_MAX),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent",),
        )

    async def post(self, path: str, body: bytes) -> Answer:
        url = self._base + path.removeprefix("/v1")
        self.users += 1
        try:
            answer = await self._session.post(
                url, data=body, headers=self._headers, allow_redirects=False
            )
        except BaseException as error:
            self.users -= 1
            if isinstance(error, aiohttp.ClientError):
                raise _line_error(error) from None
            raise
        return _AnswerElsewhere(self, answer)

    async def close(self) -> None:
        await self._session.close()


class _AnswerElsewhere:
    """aiohttp's answer as ours."""

    def __init__(self, way: _Elsewhere, answer: aiohttp.ClientResponse) -> None:
        self._way = way
        self._answer = answer
        self.status = answer.status
        self.content_type = answer.headers.get("Content-Type", "")
        self.is_encoded = "Content-Encoding" in answer.headers

    async def read(self) -> bytes:
        try:
            return await self._answer.content.readany()
        except aiohttp.ClientError as error:
            raise _line_error(error) from None

    def release(self) -> None:
        # aiohttp closes the connection of an answer that was not read to its end.
        self._answer.release()
        self._way.users -= 1


def _line_error(error: aiohttp.ClientError) -> LineError | OSError:
    if isinstance(error, OSError):
        return error
    if isinstance(error, aiohttp.ClientResponseError):
        return NoHttpError("it answered something that is no HTTP")
    return LineError("it closed the connection early")


class Upstreams:
    """Posts calls to endpoints; keeps connections for the next call to the same one."""

    def __init__(self) -> None:
        self._ways: dict[str, _Way] = {}  # by container, the longest unused one first

    async def post(self, seat: Endpoint, path: str, body: bytes, *, stream: bool) -> Answer:
        """POST `body` to the model; its answer, when that has status 200 and the right type.

        Args:
            path: of our own API, with its /v1.
        Raises:
            WireError: the model refuses, or answers something else than was asked for.
            LineError, OSError: the connection could not be made or broke.
        """
        way = self._ways.pop(seat.container, None)
        if way is None:
            way = _Elsewhere(seat) if seat.url else _Here(seat)
            await self._forget()
        self._ways[seat.container] = way
        answer = await way.post(path, _renamed(body, seat.served_as) if seat.served_as else body)
        try:
            await _check(seat, answer, EVENTS if stream else "application/json")
        except BaseException:
            answer.release()
            raise
        return answer

    async def _forget(self) -> None:
        """Close ways to endpoints that are probably gone."""
        unused = [name for name, way in self._ways.items() if not way.users]
        for name in unused[: max(0, len(self._ways) - LINES_MAX)]:
            await self._ways.pop(name).close()

    async def close(self) -> None:
        """Close every connection."""
        while self._ways:
            _, way = self._ways.popitem()
            await way.close()


async def _check(seat: Endpoint, answer: Answer, expected: str) -> None:
    """Raises WireError unless the model answered what was asked for."""
    if answer.status != 200:
        said = await _at_most(answer, ERROR_BYTES_MAX)
        said = said[:ERROR_BYTES_MAX]
        raise engine_error(seat.model, answer.status, said, is_peers=bool(seat.peer))
    found = answer.content_type.partition(";")[0].strip().lower()
    if found != expected or answer.is_encoded:
        raise WireError("model_failed", f"{seat.model} did not answer with {expected}")


def _renamed(body: bytes, model: str) -> bytes:
    """The same call, for what an upstream calls the model."""
    return json.dumps({**json.loads(body), "model": model}).encode()


async def whole(seat: Endpoint, answer: Answer, watch: Watch) -> tuple[bytes, Mapping[str, Any]]:
    """A JSON answer, complete, and what it holds ({} of a very long one).

    Raises:
        WireError: it is too long, or no JSON object.
    """
    body = await _at_most(answer, ANSWER_BYTES_MAX, watch)
    if len(body) > ANSWER_BYTES_MAX:
        text = f"{seat.model} answered with more than {ANSWER_BYTES_MAX} bytes"
        raise WireError("model_failed", text)
    value = _parsed(body)
    if not isinstance(value, dict):
        raise WireError("model_failed", f"{seat.model} answered something that is no JSON object")
    return body, value


def _parsed(body: bytes) -> Any:
    """The JSON value; None if it is none."""
    if len(body) > PARSED_BYTES_MAX:
        # Only embeddings are so long, and parsing them would hold up every other call.
        return {} if body.lstrip()[:1] == b"{" and body.rstrip()[-1:] == b"}" else None
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        pass  # it takes neither NaN nor half a surrogate pair, which engines do write
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


async def _at_most(answer: Answer, count_max: int, watch: Watch | None = None) -> bytes:
    """The body, or a little more than `count_max` bytes of it."""
    parts, count = [], 0
    while chunk := await answer.read():
        if watch is not None:
            watch.for_model()
        parts.append(chunk)
        count += len(chunk)
        if count > count_max:
            break
    return b"".join(parts)
