"""A program as a person has it: on a terminal, with keys, a size and a screen."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import struct
import termios
from collections.abc import Mapping, Sequence


class Terminal:
    """A program on a terminal of 100 columns and 30 rows."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str] = os.environ,
        *,
        patience_s: float = 30,
    ) -> None:
        self._patience_s = patience_s
        self._command = command
        self._environment = {**environment, "TERM": "dumb"}
        self._seen = b""
        self._news = asyncio.Event()
        self._screen, self._inner = pty.openpty()
        self.size(100, 30)

    def size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._screen, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            env=self._environment,
            stdin=self._inner,
            stdout=self._inner,
            stderr=self._inner,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(self._inner)
        os.set_blocking(self._screen, False)
        asyncio.get_running_loop().add_reader(self._screen, self._read)

    def _read(self) -> None:
        try:
            more = os.read(self._screen, 65536)
        except OSError:
            more = b""
        if not more:
            asyncio.get_running_loop().remove_reader(self._screen)
        self._seen += more
        self._news.set()

    async def until(self, wanted: bytes) -> bytes:
        try:
            async with asyncio.timeout(self._patience_s):
                while wanted not in self._seen:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"never: {wanted!r} in {self._seen[-2000:]!r}") from None
        seen, _, self._seen = self._seen.partition(wanted)
        return seen + wanted

    def type(self, keys: bytes) -> None:
        os.write(self._screen, keys)

    async def end(self) -> int:
        async with asyncio.timeout(self._patience_s):
            return await self._process.wait()

    def hang_up(self) -> None:
        if self._screen < 0:
            return
        asyncio.get_running_loop().remove_reader(self._screen)
        os.close(self._screen)
        self._screen = -1
