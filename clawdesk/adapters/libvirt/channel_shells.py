"""Shells of a person inside a guest, on the I/O thread: bytes both ways, the size, the end.

What the guest prints is taken only as fast as it is read: a flood stands still inside the machine.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from clawdesk.ports.errors import GuestError
from clawdesk.ports.guest import ShellEnd
from clawdesk_guest.link import Link
from clawdesk_guest.protocol import Message, RemoteError


class Wire(Protocol):
    """What shells need of the connection."""

    link: Link

    async def call(self, op: str, *, within_s: float = 60.0, **fields: object) -> None:
        """As `channel_wire.Wire.call`."""
        ...

    def wake(self) -> None: ...

    async def room(self, stream: int) -> int: ...


class _Shell:
    """One shell: what it printed and nobody has read yet, and how it ended."""

    def __init__(self) -> None:
        self.stream = 0
        self.printed = bytearray()
        self.end: ShellEnd | None = None
        self.news = asyncio.Event()


class Shells:
    """All shells of one machine, by the id that we gave them."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._shells: dict[str, _Shell] = {}

    async def open(self, shell: str, columns: int, rows: int, env: dict[str, str]) -> None:
        """Begin one. Raises GuestError."""
        self._shells[shell] = _Shell()
        try:
            await self._wire.call("shell", shell=shell, columns=columns, rows=rows, env=env)
        except BaseException:
            self._shells.pop(shell, None)
            raise

    async def read(self, shell: str) -> bytes:
        """What it printed since, at least one byte; b"" once it is over."""
        one = self._known(shell)
        while not one.printed and one.end is None:
            one.news.clear()
            await one.news.wait()
        printed = bytes(one.printed)
        one.printed.clear()
        if printed and one.stream:
            self._wire.link.grant(one.stream, len(printed))
            self._wire.wake()
        return printed

    async def write(self, shell: str, content: bytes) -> None:
        """Type. Waits while nothing inside reads; what is typed into one that is over is lost."""
        one, view = self._known(shell), memoryview(content)
        while view and one.stream and (room := await self._wire.room(one.stream)):
            self._wire.link.write(one.stream, bytes(view[:room]))
            self._wire.wake()
            view = view[room:]

    async def resize(self, shell: str, columns: int, rows: int) -> None:
        if self._known(shell).end is None:
            await self._wire.call("resize", shell=shell, columns=columns, rows=rows)

    def end_of(self, shell: str) -> ShellEnd | None:
        """How it ended; None while it goes on."""
        return self._known(shell).end

    def close(self, shell: str) -> None:
        """Hang up; nothing for one that is over or unknown."""
        one = self._shells.pop(shell, None)
        if one is not None and one.stream:
            self._wire.link.close(one.stream)
            self._wire.wake()

    def lost(self, why: str) -> None:
        """The machine is gone, and every shell with it."""
        for one in self._shells.values():
            self._ended(one, ShellEnd(255, why))

    def _known(self, shell: str) -> _Shell:
        one = self._shells.get(shell)
        if one is None:
            raise GuestError("The shell is closed.", code="no_shell")
        return one

    @staticmethod
    def _ended(one: _Shell, end: ShellEnd) -> None:
        one.end = one.end or end
        one.news.set()

    # From the guest

    def opened(self, stream: int, head: Message) -> None:
        one = self._shells.get(head["shell"])
        if one is None or one.stream or one.end is not None:
            raise RemoteError("a terminal nobody asked for (rule 3)")
        one.stream = stream

    def owns(self, stream: int) -> bool:
        return any(one.stream == stream for one in self._shells.values())

    def got(self, stream: int, content: bytes) -> None:
        for one in self._shells.values():
            if one.stream == stream:
                one.printed += content
                one.news.set()

    def closed(self, stream: int) -> None:
        for one in self._shells.values():
            if one.stream == stream:
                one.stream = 0

    def told(self, message: Message) -> None:
        """`shell_ended`; of a shell that we hung up, and know no more, nothing."""
        one = self._shells.get(message["shell"])
        if one is not None:
            self._ended(one, ShellEnd(message["exit_code"] & 0xFF, message["why"]))
