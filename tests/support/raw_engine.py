"""An engine whose model answers with raw bytes that a test writes: crashes, hangs, nonsense."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from clawdesk_fabric.catalog import ModelSpec
from clawdesk_fabric.engines.base import Endpoint
from tests.support.fabric_engine import FakeEngine

Script = Callable[["Connection"], Awaitable[None]]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n"
STREAM_HEAD = HEAD % b"text/event-stream" + b"Connection: close\r\n\r\n"


def json_answer(body: bytes, content_type: bytes = b"application/json") -> bytes:
    """A whole unary answer."""
    return HEAD % content_type + b"Content-Length: %d\r\n\r\n" % len(body) + body


class Connection:
    """One call as the model sees it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.request = b""
        self.written = 0

    async def send(self, *parts: bytes) -> None:
        for part in parts:
            self._writer.write(part)
            await self._writer.drain()
            self.written += len(part)

    async def gone(self) -> None:
        """Return once the Fabric closed this connection."""
        with suppress(ConnectionError):
            while await self._reader.read(65536):
                pass

    async def read_request(self) -> None:
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length:")
        )
        self.request = head + await self._reader.readexactly(length)


class RawEngine(FakeEngine):
    """Its models run `script` for each call; `connections` are those that came, in order."""

    def __init__(self, folder: Path, script: Script) -> None:
        super().__init__(folder)
        self.script = script
        self.connections: list[Connection] = []
        self.ended = asyncio.Event()
        """Set when a script has ended."""
        self._servers: list[asyncio.Server] = []
        self._calls: set[asyncio.Task[None]] = set()

    async def start(
        self, spec: ModelSpec, devices: tuple[str, ...], report: Callable[[str], None]
    ) -> Endpoint:
        await self.start_gate.wait()
        if self.refuse_start is not None:
            raise self.refuse_start
        container = f"raw-{len(self._servers)}"
        path = self._folder / container
        self._servers.append(await asyncio.start_unix_server(self._connected, str(path)))
        return Endpoint(spec.name, container, path, "raw-image", devices)

    async def close(self, *, remove: bool) -> None:
        for server in self._servers:
            server.close()
        for call in self._calls:
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        call = asyncio.create_task(self._serve(reader, writer))
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer)
        self.connections.append(connection)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await connection.read_request()
                await self.script(connection)
        finally:
            self.ended.set()
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
