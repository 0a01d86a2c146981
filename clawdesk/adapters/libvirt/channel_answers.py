"""How the answer of a model call is written for a guest. Runs on the I/O thread.

Guests from version 9 of the protocol on pass bytes of HTTP on as they are; older ones, restored
from their snapshots, are told a head and a body and write the HTTP themselves (rule 16).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

from clawdesk_guest import http_wire
from clawdesk_guest.link import Link

_HEADERS_MAX = 64
_HEADERS_CHARS_MAX = 64 << 10  # of all together
_WHOLE_BYTES_MAX = 64 << 10
"""An answer is held back no longer than it takes to have so much of it."""


class Wire(Protocol):
    """What an answer needs of the connection."""

    link: Link

    def wake(self) -> None:
        """Something was queued to be sent."""
        ...

    async def room(self, stream: int) -> int:
        """Wait until bytes may be sent on a stream; 0 when it is gone."""
        ...


class Answer:
    """The answer on one stream to a guest before version 9."""

    def __init__(self, wire: Wire, stream: int) -> None:
        self._wire = wire
        self._stream = stream
        self.has_begun = False

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Its head; headers beyond 64, and beyond 64 Ki characters, are left out."""
        self.has_begun = True
        head = {"op": "answer", "status": status, "headers": _kept(headers)}
        self._wire.link.head(self._stream, head)
        self._wire.wake()

    async def send(self, content: bytes) -> bool:
        """More of its body. Whether all of it went; False when the client has left."""
        view = memoryview(content)
        while view:
            room = await self._wire.room(self._stream)
            if room == 0:
                return False
            self._wire.link.write(self._stream, bytes(view[:room]))
            self._wire.wake()
            view = view[room:]
        return True

    async def end(self) -> None:
        """All of it was sent."""
        self._wire.link.close(self._stream)
        self._wire.wake()


class RawAnswer(Answer):
    """The answer on one stream as the bytes of HTTP that the client will read.

    One that is known whole before the I/O thread turns to anything else says its length, which
    clients read in fewer steps than chunks; any other goes out as it comes.

    Args:
        head: of the request.
    """

    def __init__(self, wire: Wire, stream: int, head: bytes) -> None:
        super().__init__(wire, stream)
        self._has_body = not head.startswith(b"HEAD ")
        self._own = () if http_wire.says_close(head) else (http_wire.CLOSE,)
        self._head: tuple[int, dict[str, str]] | None = None  # held back
        self._early = bytearray()  # what is held back behind it

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        self.has_begun = True
        self._has_body &= status not in {204, 304}
        self._head = status, _kept(headers)
        asyncio.get_running_loop().call_soon(self._let_go)

    async def send(self, content: bytes) -> bool:
        if not self._has_body or not content:
            return self._wire.link.is_open(self._stream)
        if self._head is not None and len(self._early) + len(content) <= _WHOLE_BYTES_MAX:
            self._early += content
            return True
        self._let_go()
        return await super().send(http_wire.chunk(content))

    async def end(self) -> None:
        if self._head is None:
            rest = http_wire.LAST_CHUNK if self._has_body else b""
        elif self._has_body:
            rest = http_wire.whole_answer(*self._head, bytes(self._early), *self._own)
        else:
            rest = http_wire.answer_head(*self._head, *self._own)
        self._head = None
        await super().send(rest)
        await super().end()

    def _let_go(self) -> None:
        """Send what was held back: a stream's first credit is room for it."""
        if self._head is None:
            return
        framing = (http_wire.CHUNKED,) if self._has_body else ()
        begun = http_wire.answer_head(*self._head, *self._own, *framing)
        if self._early:
            begun += http_wire.chunk(bytes(self._early))
        self._head = None
        self._early.clear()
        self._wire.link.write(self._stream, begun)
        self._wire.wake()


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    """As many headers as fit, in small letters: a head stays far below a stream's first credit."""
    kept: dict[str, str] = {}
    room_chars = _HEADERS_CHARS_MAX
    for name, value in list(headers.items())[:_HEADERS_MAX]:
        size = len(name) + len(value)
        if size <= room_chars:
            kept[name.lower()] = value
            room_chars -= size
    return kept
