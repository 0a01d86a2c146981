"""How a model is reached over HTTP: the only place that knows what an Endpoint's address is.

Neither follows a redirect nor keeps a cookie: a model never decides where a request goes.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from clawdesk_fabric.call_limits import ANSWER_BYTES_MAX, ERROR_BYTES_MAX, Watch
from clawdesk_fabric.engines.base import Endpoint
from clawdesk_fabric.openai_wire import WireError, engine_error

CONNECT_S_MAX = 5.0
KEEPALIVE_S = 2.0
"""Shorter than any engine's own (5 s are usual), so that an engine never closes one we reuse."""
LINES_MAX = 64
PARSED_BYTES_MAX = 256 * 1024
EVENTS = "text/event-stream"
# An answer is passed on as it is, so it must not be encoded in a way the client did not ask for.
_HEADERS = {"Content-Type": "application/json", "Accept-Encoding": "identity"}


class _Line:
    """An HTTP session to one endpoint, and how many calls use it now."""

    def __init__(self, seat: Endpoint) -> None:
        # A connection is used again only when its answer was read to the end: one that is given
        # up is closed, which is how the engine learns that the client left.
        connector: aiohttp.BaseConnector
        if seat.url:
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEPALIVE_S)
        else:
            connector = aiohttp.UnixConnector(
                path=str(seat.socket), limit=0, keepalive_timeout=KEEPALIVE_S
            )
        self.users = 0
        self.base = seat.url or "http://model/v1"
        self.headers = {**_HEADERS, **dict(seat.headers)}
        self.session = aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S_MAX),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent",),
        )


class Upstreams:
    """Posts calls to endpoints; keeps connections for the next call to the same one."""

    def __init__(self) -> None:
        self._lines: dict[str, _Line] = {}  # by container, the longest unused one first

    @asynccontextmanager
    async def posted(
        self, seat: Endpoint, path: str, body: bytes, *, stream: bool
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """POST `body` to the model; its answer, when that has status 200 and the right type.

        Args:
            path: of our own API, with its /v1.
        Raises:
            WireError: the model refuses, or answers something else than was asked for.
            aiohttp.ClientError, OSError: the connection could not be made or broke.
        """
        line = self._lines.pop(seat.container, None) or _Line(seat)
        self._lines[seat.container] = line
        line.users += 1
        try:
            async with line.session.post(
                line.base + path.removeprefix("/v1"),
                data=_renamed(body, seat.served_as) if seat.served_as else body,
                headers=line.headers,
                allow_redirects=False,
            ) as answer:
                if answer.status != 200:
                    said = await _at_most(answer, ERROR_BYTES_MAX)
                    raise engine_error(seat.model, answer.status, said[:ERROR_BYTES_MAX])
                expected = EVENTS if stream else "application/json"
                if answer.content_type != expected or "Content-Encoding" in answer.headers:
                    raise WireError("model_failed", f"{seat.model} did not answer with {expected}")
                yield answer
        finally:
            line.users -= 1
            await self._forget()

    async def _forget(self) -> None:
        """Close lines to endpoints that are probably gone."""
        if len(self._lines) <= LINES_MAX:
            return
        unused = [name for name, line in self._lines.items() if not line.users]
        for name in unused[: len(self._lines) - LINES_MAX]:
            await self._lines.pop(name).session.close()

    async def close(self) -> None:
        """Close every connection."""
        while self._lines:
            _, line = self._lines.popitem()
            await line.session.close()


def _renamed(body: bytes, model: str) -> bytes:
    """The same call, for what an upstream calls the model."""
    return json.dumps({**json.loads(body), "model": model}).encode()


async def whole(
    seat: Endpoint, answer: aiohttp.ClientResponse, watch: Watch
) -> tuple[bytes, Mapping[str, Any]]:
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
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


async def _at_most(
    answer: aiohttp.ClientResponse, count_max: int, watch: Watch | None = None
) -> bytes:
    """The body, or a little more than `count_max` bytes of it."""
    parts, count = [], 0
    async for chunk in answer.content.iter_any():
        if watch is not None:
            watch.for_model()
        parts.append(chunk)
        count += len(chunk)
        if count > count_max:
            break
    return b"".join(parts)
