"""The guest's end of a channel in a test's hands: greets properly, then sends what it is told."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from clawdesk_guest import protocol

GREETING = {
    "op": "greeting",
    "version": protocol.VERSION,
    "boot_id": "hostile",
    "python": "3.11.2",
    "kernel": "6.1",
    "running": "r",
    "pending": [],
    "last_run": "",
    "last_ended": False,
    "last_exit_code": 0,
    "last_timed_out": False,
}


class HostileGuest:
    """Listens where a machine's channel would; one connection."""

    def __init__(self, greeting: dict[str, object] | None = None) -> None:
        self._greeting = greeting or GREETING
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []
        self.connected = asyncio.Event()
        self.hung_up = asyncio.Event()
        self.credit_bytes = protocol.WINDOW_BYTES  # on the one stream a test uses
        self._credit_came = asyncio.Event()
        self.calls: list[protocol.Message] = []  # what it was asked to do
        self.told_call = asyncio.Event()
        self.frames: asyncio.Queue[protocol.Frame] = asyncio.Queue()  # but messages and credit

    async def listen(self, path: Path) -> None:
        self._server = await asyncio.start_unix_server(self._serve, path)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        parser = protocol.FrameParser(protocol.SYNC, again=True)
        frames: list[protocol.Frame] = []
        while not frames:
            frames = parser.feed(await reader.read(65536))
        epoch = bytes.fromhex(protocol.load(frames[0][2])["epoch"])
        writer.write(protocol.SYNC + epoch)
        writer.write(protocol.pack(protocol.CONTROL, 0, protocol.dump(self._greeting)))
        self.connected.set()
        with contextlib.suppress(ConnectionError):
            while content := await reader.read(65536):
                for kind, stream, payload in parser.feed(content):
                    if kind == protocol.WINDOW:
                        self.credit_bytes += protocol.unpack_window(payload)
                        self._credit_came.set()
                    elif kind == protocol.CONTROL:
                        self._hear(protocol.load(payload))
                    else:
                        self.frames.put_nowait((kind, stream, payload))
        self.hung_up.set()

    def _hear(self, message: protocol.Message) -> None:
        if "call" in message:
            self.calls.append(message)
            self.told_call.set()

    def send(self, content: bytes) -> None:
        if not self._writers[-1].is_closing():
            self._writers[-1].write(content)

    async def send_chunks(self, stream: int, content: bytes) -> None:
        """Send within the credit, waiting for more where needed."""
        while content:
            self._credit_came.clear()
            if not self.credit_bytes:
                await self._credit_came.wait()
            part = content[: min(self.credit_bytes, protocol.CHUNK_BYTES)]
            self.credit_bytes -= len(part)
            content = content[len(part) :]
            self.send(protocol.pack_chunks(stream, part))
            await self._writers[-1].drain()

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
