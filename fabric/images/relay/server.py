"""Passes bytes between a Unix socket and one TCP port of the network namespace it was put into.

The engine beside it speaks TCP only and has no network; this is the one way in. It looks at no byte
and keeps none: what arrives is passed on at once, and a side that closes closes the other.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys

CHUNK_BYTES = 65536
CONNECTIONS_MAX = 256
CONNECT_S_MAX = 5.0


async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while chunk := await source.read(CHUNK_BYTES):
        sink.write(chunk)
        await sink.drain()


async def joined(
    near: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    far: tuple[asyncio.StreamReader, asyncio.StreamWriter],
) -> None:
    """Until one side ends. A client that leaves thereby closes its engine's connection."""
    pumps = [
        asyncio.ensure_future(pump(near[0], far[1])),
        asyncio.ensure_future(pump(far[0], near[1])),
    ]
    try:
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in pumps:
            task.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)


async def closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


class Relay:
    """One Unix socket, one port, at most `CONNECTIONS_MAX` connections; more are closed at once."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._count = 0

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._count += 1
        try:
            if self._count <= CONNECTIONS_MAX:
                await self._pass(reader, writer)
        except (OSError, TimeoutError):
            pass
        finally:
            self._count -= 1
            await closed(writer)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opening = asyncio.open_connection("127.0.0.1", self._port)
        far = await asyncio.wait_for(opening, CONNECT_S_MAX)
        far[1].get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            await joined((reader, writer), far)
        finally:
            await closed(far[1])


async def main(path: str, port: int) -> None:
    """Until SIGTERM."""
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    # The folder around the socket is closed to other users; the host's user must get in.
    os.umask(0)
    server = await asyncio.start_unix_server(Relay(port).connected, path)
    await ended.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
