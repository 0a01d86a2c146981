"""`GuestShell` in memory: it knows `echo`, `stty size`, `yes` and `exit`."""

from __future__ import annotations

import asyncio

from clawdesk.ports.errors import GuestError
from clawdesk.ports.guest import ShellEnd

FLOOD_BYTES = 64 << 10


class FakeShell:
    """A shell of a fake machine."""

    def __init__(self, columns: int, rows: int) -> None:
        self.end: ShellEnd | None = None
        self._size = (columns, rows)
        self._line = bytearray()
        self._printed = bytearray(b"$ ")
        self._over: ShellEnd | None = None
        self._news = asyncio.Event()
        self._floods = False
        self.is_closed = False

    async def read(self) -> bytes:
        if self.is_closed:
            raise GuestError("The shell is closed.", code="no_shell")
        while not self._printed and self._over is None and not self._floods:
            self._news.clear()
            await self._news.wait()
        if self._floods:
            self._printed += b"y\r\n" * (FLOOD_BYTES // 3)
        printed = bytes(self._printed)
        self._printed.clear()
        if not printed:
            self.end = self._over
        return printed

    async def write(self, content: bytes) -> None:
        for key in content:
            if key == 3:
                self._floods = False
                self._line.clear()
                self._print(b"^C\r\n$ ")
            elif key in b"\r\n":
                self._print(b"\r\n")
                self._run(bytes(self._line).decode())
                self._line.clear()
            else:
                self._line.append(key)
                self._print(bytes([key]))

    def _run(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        if word == "exit":
            self.over(ShellEnd(int(rest or 0)))
        elif word == "yes":
            self._floods = True
            self._news.set()
        else:
            said = {"echo": rest, "stty": f"{self._size[1]} {self._size[0]}"}.get(word, "")
            self._print(f"{said}\r\n$ ".encode())

    def _print(self, content: bytes) -> None:
        self._printed += content
        self._news.set()

    def over(self, end: ShellEnd) -> None:
        """It ended, by itself or by what the machine does."""
        self._floods = False
        self._over = self._over or end
        self._news.set()

    async def resize(self, columns: int, rows: int) -> None:
        self._size = (columns, rows)

    async def close(self) -> None:
        self.is_closed = True
        self.over(ShellEnd(129, "the person left"))
