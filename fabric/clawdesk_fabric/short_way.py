"""The short way of model calls through aiohttp: past its router, its middlewares and its headers.

aiohttp still reads every request and writes every answer, with all its bounds, timers, cancelling
and draining. What is left out here is what only other routes need.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Container, Mapping
from email.utils import formatdate
from functools import lru_cache
from typing import cast

from aiohttp import HttpVersion11, web
from aiohttp.abc import AbstractStreamWriter

WRITE_AT_ONCE_BYTES = 64 * 1024
"""What a connection's buffer takes without waiting for the client."""
Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]


def lead(server: web.Server, paths: Container[str], answering: Answering) -> None:
    """From now on new connections have POSTs to these very paths answered by `answering`.

    Everything else goes aiohttp's usual way: other spellings of a path too, and whoever wants to
    be asked for the body first.
    """
    usual = server.request_handler

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        is_call = request.method == "POST" and request.raw_path in paths
        if is_call and "Expect" not in request.headers:
            return await answering(cast(web.Request, request))
        return await usual(request)

    server.request_handler = handle


def answer(request: web.Request, body: bytes, headers: Mapping[str, str]) -> web.StreamResponse:
    """200 with this body of JSON; `headers` are our own, never a client's."""
    is_usual = request.version == HttpVersion11 and request.keep_alive
    if is_usual and len(body) <= WRITE_AT_ONCE_BYTES:
        return _Whole(body, headers)
    return web.Response(body=body, headers={"Content-Type": "application/json", **headers})


class _Whole(web.StreamResponse):
    """An answer that is here as a whole, for a client that keeps its connection."""

    def __init__(self, body: bytes, headers: Mapping[str, str]) -> None:
        super().__init__()
        told = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        date = _date(time.time_ns() // 1_000_000_000)
        head = (
            f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{told}"
            f"Content-Length: {len(body)}\r\nDate: {date}\r\n\r\n"
        )
        self._whole = head.encode("ascii") + body
        self._writer: AbstractStreamWriter | None = None

    @property
    def keep_alive(self) -> bool:
        return True

    @property
    def prepared(self) -> bool:
        return self._writer is not None

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter:
        self._writer = request.writer
        return self._writer

    async def write_eof(self, data: bytes = b"") -> None:
        assert self._writer is not None
        await self._writer.write_eof(self._whole)


@lru_cache(1)
def _date(at_s: int) -> str:
    return formatdate(at_s, usegmt=True)
