"""HTTP/1.1 to a model on its Unix socket: one call after another on connections that are kept.

Every call passes here twice for each piece of its answer, so it does only what a model's socket
needs: no TLS, redirects, cookies or encodings. What runs elsewhere is reached by aiohttp.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import httptools

KEEPALIVE_S = 2.0
"""Shorter than any engine's own (5 s are usual), so that an engine never closes one we reuse."""
CONNECT_S_MAX = 5.0
HEAD_BYTES_MAX = 64 * 1024
HELD_BYTES_MAX = 256 * 1024
"""Of an answer that its client does not take; then no more of it is read."""


class LineError(Exception):
    """The model broke the connection off; the text says how."""


class NoHttpError(LineError):
    """It lives and speaks, but no HTTP."""


class Connection(asyncio.Protocol):
    """One connection to a model, and the answer that comes in on it.

    Once `head` has returned, `status`, `content_type` and `is_encoded` are those of the answer.
    """

    def __init__(self, line: Line) -> None:
        self._loop = asyncio.get_running_loop()
        self._line = line
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._parts: list[bytes] = []
        self._held_bytes = self._head_bytes = 0
        self._is_paused = False
        self._has_head = self._is_sized = self._is_whole = self._keeps = False
        self._is_spoiled = False  # more came than an answer
        self._error: Exception | None = None
        self.idle_since = 0.0
        self.status = 0
        self.content_type = ""
        self.is_encoded = False

    @property
    def is_open(self) -> bool:
        return self._transport is not None and self._error is None and not self._is_spoiled

    @property
    def was_stale(self) -> bool:
        """Whether the model had closed it after an earlier call, before this one reached it."""
        return self.idle_since > 0 and not self._head_bytes and not self._is_spoiled

    @property
    def is_reading(self) -> bool:
        """Whether more is taken from the model before some of what came was read."""
        return not self._is_paused

    # -- the caller's side -----------------------------------------------------------------------

    async def post(self, head: bytes, body: bytes) -> None:
        """Send a call; returns when the head of its answer is here.

        Raises:
            LineError, OSError: it broke off before, or answers no HTTP.
        """
        assert self._transport is not None
        self._has_head = self._is_sized = self._is_whole = self._keeps = False
        self._head_bytes = 0
        self.content_type, self.is_encoded = "", False
        self._transport.write(b"".join((head, body)))
        while not self._has_head:
            if self._error is not None:
                raise self._error
            await self._more()

    async def read(self) -> bytes:
        """The next bytes of the answer's body; b"" at its end.

        Raises:
            LineError, OSError: it broke off before its end, or is no HTTP any longer.
        """
        while not self._parts:
            if self._is_whole:
                return b""
            if self._error is not None:
                raise self._error
            await self._more()
        data = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts.clear()
        self._held_bytes = 0
        if self._is_paused and self._transport is not None:
            self._is_paused = False
            self._transport.resume_reading()
        return data

    def release(self) -> None:
        """The call is over. An answer that was not read to its end is given up, and the connection
        with it, which is how the model learns that the client left."""
        transport = self._transport
        usable = self._is_whole and self._keeps and self.is_open and not self._parts
        if transport is not None and usable and not transport.get_write_buffer_size():
            self._line.keep(self)
        else:
            self.abort()

    def abort(self) -> None:
        """Close it at once; safe to repeat."""
        if self._transport is not None:
            self._transport.abort()

    async def _more(self) -> None:
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    # -- asyncio's side --------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if not self._has_head:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail(NoHttpError("it answered something that is no HTTP"))
            return
        if not self._has_head:
            if self._head_bytes > HEAD_BYTES_MAX:
                self._fail(NoHttpError("the head of its answer has no end"))
            return
        if self._held_bytes > HELD_BYTES_MAX and not self._is_paused and self._transport:
            self._is_paused = True
            self._transport.pause_reading()
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if exc is None and self._has_head and not self._is_sized:
            self._is_whole = True  # its end is the end of the connection
        if self._error is None:
            self._error = exc or LineError("it closed the connection early")
        self._wake()
        self._line.lost(self)

    def _fail(self, error: LineError) -> None:
        self._is_spoiled = True
        self._error = self._error or error
        self.abort()
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # -- the parser's side -----------------------------------------------------------------------

    def on_message_begin(self) -> None:
        if self._has_head:
            self._is_spoiled = True  # a second answer to one call

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._has_head:
            return  # of a trailer, or of an answer that nobody asked for
        match name.lower():
            case b"content-type":
                self.content_type = value.decode("latin-1")
            case b"content-encoding":
                self.is_encoded = True
            case b"content-length" | b"transfer-encoding":
                self._is_sized = True

    def on_headers_complete(self) -> None:
        if self._has_head:
            return
        self.status = self._parser.get_status_code()
        self._has_head = self.status >= 200
        if not self._has_head:  # not the answer yet
            self.content_type, self.is_encoded, self._is_sized = "", False, False

    def on_body(self, body: bytes) -> None:
        if not self._is_spoiled:
            self._parts.append(body)
            self._held_bytes += len(body)

    def on_message_complete(self) -> None:
        if self._has_head and not self._is_spoiled:
            self._is_whole = True
            self._keeps = self._parser.should_keep_alive()


class Line:
    """All connections to one model."""

    def __init__(self, socket: Path) -> None:
        self._socket = str(socket)
        self._idle: list[Connection] = []  # the latest used is the last
        self._timer: asyncio.TimerHandle | None = None

    async def connection(self) -> Connection:
        """One that is idle, or a new one. Raises OSError."""
        loop = asyncio.get_running_loop()
        while self._idle:
            found = self._idle.pop()
            if found.is_open and loop.time() - found.idle_since < KEEPALIVE_S:
                return found
            found.abort()
        try:
            async with asyncio.timeout(CONNECT_S_MAX):
                _, made = await loop.create_unix_connection(lambda: Connection(self), self._socket)
        except TimeoutError:
            raise OSError(f"it took no connection within {CONNECT_S_MAX:g} s") from None
        return made

    def keep(self, connection: Connection) -> None:
        """Its call is over; it may serve the next one."""
        loop = asyncio.get_running_loop()
        connection.idle_since = loop.time()
        self._idle.append(connection)
        if self._timer is None:
            self._timer = loop.call_later(KEEPALIVE_S, self._close_old)

    def lost(self, connection: Connection) -> None:
        """It was closed; nobody may be given it."""
        if connection in self._idle:
            self._idle.remove(connection)

    def _close_old(self) -> None:
        loop, self._timer = asyncio.get_running_loop(), None
        before = loop.time() - KEEPALIVE_S
        for connection in [c for c in self._idle if c.idle_since <= before]:
            self._idle.remove(connection)
            connection.abort()
        if self._idle:
            wait_s = self._idle[0].idle_since + KEEPALIVE_S - loop.time()
            self._timer = loop.call_later(max(0.0, wait_s), self._close_old)

    def close(self) -> None:
        """Close those that are idle; the others belong to calls, which give them up."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._idle:
            self._idle.pop().abort()
