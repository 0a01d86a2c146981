"""Sockets and the connections that come in on them: how many, and how long one may say nothing."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import ssl
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from clawdesk_fabric import call_limits
from clawdesk_fabric.errors import FabricError

KEEPALIVE_S = 75.0
HANDSHAKE_S_MAX = 10.0
BACKLOG = 64
AGAIN_S = 1.0
"""When to take connections again, after the process had no file descriptor left for one."""


class _NoHttp(logging.Filter):
    """Drops the library's error with a trace for each request that is no HTTP."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, HttpProcessingError)


HTTP_LOG = logging.getLogger("clawdesk_fabric.http")
HTTP_LOG.addFilter(_NoHttp())


class _Refusal(asyncio.Protocol):
    """Closes the connection at once: there are too many."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.abort()


class Door:
    """Makes a protocol for each connection of one listener, within its bounds.

    Args:
        connections_max: 0 = as many as usual.
    """

    def __init__(self, connections_max: int = 0) -> None:
        self._loop = asyncio.get_running_loop()
        self._connections_max = connections_max
        self._server: web.Server | None = None
        # Also those that left again without a word, until their time is over: bounded likewise.
        self._silent: dict[asyncio.BaseProtocol, asyncio.TimerHandle] = {}

    def open(self, server: web.Server) -> Callable[[], asyncio.Protocol]:
        """The factory that a listener wants."""
        self._server = server
        return self._connected

    def spoke(self, request: web.Request) -> None:
        """A request's head has arrived: this connection is under aiohttp's own limits now."""
        timer = self._silent.pop(request.protocol, None)
        if timer is not None:
            timer.cancel()

    def _connected(self) -> asyncio.Protocol:
        assert self._server is not None
        most = self._connections_max or call_limits.CONNECTIONS_MAX
        if max(len(self._server.connections), len(self._silent)) >= most:
            return _Refusal()
        protocol = self._server()
        self._silent[protocol] = self._loop.call_later(
            call_limits.HEAD_S_MAX, self._too_late, protocol
        )
        return protocol

    def _too_late(self, protocol: web.RequestHandler) -> None:
        self._silent.pop(protocol, None)
        if protocol.transport is not None:
            protocol.transport.abort()


class Entrance:
    """Takes the connections of one bound socket and speaks TLS on them.

    asyncio's own server cannot end a handshake that is under way: a connection that closed with
    its listener would be left to nobody, until its time is over or the process ends.

    Args:
        make: the protocol of a connection.
    """

    def __init__(self, listening: socket.socket, make: Callable[[], asyncio.Protocol]) -> None:
        self._loop = asyncio.get_running_loop()
        self._listening = listening
        self._make = make
        self._tls: ssl.SSLContext | None = None
        self._entering: dict[asyncio.Task[None], socket.socket] = {}
        self._again: asyncio.TimerHandle | None = None

    def open(self, tls: ssl.SSLContext) -> None:
        """Take connections, or go on to; this is what is spoken with whoever comes from now on."""
        if self._tls is None:
            self._listening.setblocking(False)
            self._listening.listen(BACKLOG)
            self._watch()
        self._tls = tls

    async def close(self) -> None:
        """Take no more, and end what is not a connection with its protocol yet."""
        if self._again is not None:
            self._again.cancel()
        if self._listening.fileno() >= 0:
            self._loop.remove_reader(self._listening)
            self._listening.close()
        for came in self._entering.values():
            with suppress(OSError):  # it is gone by itself
                came.shutdown(socket.SHUT_RDWR)
        if self._entering:
            await asyncio.wait(self._entering)

    def _watch(self) -> None:
        self._again = None
        self._loop.add_reader(self._listening, self._take)

    def _take(self) -> None:
        for _ in range(BACKLOG):
            try:
                came, _ = self._listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                HTTP_LOG.warning("no connection can be taken now: %s", error)
                self._loop.remove_reader(self._listening)
                self._again = self._loop.call_later(AGAIN_S, self._watch)
                return
            task = self._loop.create_task(self._enter(came))
            self._entering[task] = came
            task.add_done_callback(lambda done: self._entering.pop(done, None))

    async def _enter(self, came: socket.socket) -> None:
        with suppress(OSError):  # whoever came left, or is none of those that TLS lets in
            await self._loop.connect_accepted_socket(
                self._make, came, ssl=self._tls, ssl_handshake_timeout=HANDSHAKE_S_MAX
            )


async def serving(app: web.Application) -> web.AppRunner:
    """The server of this application, for its listener."""
    # Cancelling the handler is how a client that leaves frees its slot at once.
    runner = web.AppRunner(
        app,
        handler_cancellation=True,
        access_log=None,
        logger=HTTP_LOG,
        shutdown_timeout=2.0,
        keepalive_timeout=KEEPALIVE_S,
        auto_decompress=False,
    )
    await runner.setup()
    return runner


def remove_socket(path: Path) -> None:
    """Remove what a Fabric that died left at `path`; whoever calls holds its lock.

    Raises:
        FabricError: something else lies there. A mistyped --socket must not cost anybody a file.
    """
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise FabricError(
            f"{path} is there already and is no socket, so it is left alone",
            mend="name another --socket",
        )
    path.unlink()


async def listen_local(path: Path, door: Door, server: web.Server) -> asyncio.Server:
    """Listen on a new Unix socket that only this user can open."""
    # Bound closed to others from its first moment, not narrowed afterwards.
    before = os.umask(0o177)
    try:
        return await asyncio.get_running_loop().create_unix_server(door.open(server), str(path))
    finally:
        os.umask(before)


def bound_tcp(host: str, port: int, *, option: str) -> socket.socket:
    """A socket bound to this address.

    Args:
        option: of the command line, by which another address can be chosen.
    Raises:
        FabricError: the address cannot be had.
    """
    try:
        family, kind, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind)
    except OSError as error:
        raise _no_address(host, port, option, error) from error
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Inherited by each connection: a client that stopped reading is dropped by the kernel, also
    # when what it does not read is an answer that we are done with.
    listening.setsockopt(
        socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(call_limits.CLIENT_STALL_S_MAX * 1000)
    )
    try:
        listening.bind(where)
    except OSError as error:
        listening.close()
        raise _no_address(host, port, option, error) from error
    return listening


def _no_address(host: str, port: int, option: str, error: OSError) -> FabricError:
    what = f"port {port}" if host == "127.0.0.1" else f"{host}:{port}"
    said = f"{what} cannot be used: {error.strerror or error}"
    return FabricError(said, mend=f"choose another with {option}")
