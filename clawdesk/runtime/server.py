"""The plane's socket: every other start of `clawdesk` by the same user is a client of it.

The socket is 0600 in a 0700 folder and the peer's uid is checked; a client can do what the user
can, and nothing that is not in `wire.RESULTS`.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
import os
import socket
import struct
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

import msgspec

from clawdesk.ports.errors import PortError
from clawdesk.runtime.api import Change, PlaneApi
from clawdesk.runtime.wire import (
    LAST_READ,
    LINE_BYTES_MAX,
    REQUEST_BYTES_MAX,
    RESULTS,
    Picture,
    bare,
    decode,
    encode,
    hello,
    read_line,
)

BACKLOG_BYTES_MAX = LINE_BYTES_MAX
"""A client that does not read is dropped before it costs the plane more than this. The longest log
of a task, some 40 MB, waits here for one that does."""
CALLS_AT_ONCE = 32
"""A connection with that many unanswered calls is not read from until one is answered."""
FINISH_S_MAX = 10.0
"""A call that is still not answered when the plane has to close is given up."""
FAREWELL_S_MAX = 2.0
"""Clients that were told of the end have so long to read the last lines of their tasks."""
TASKS_AT_ONCE = 100
"""A client is shown so many in one line; ten thousand were longer than a line may be."""
CLIENTS_MAX = 200
"""More would eat the file descriptors that Git and the machines need."""

_log = logging.getLogger(__name__)


class _Request(msgspec.Struct):
    method: str
    id: Any = None
    args: list[Any] = []
    params: dict[str, Any] = {}


class PlaneServer:
    """Serves a plane on a Unix socket until closed."""

    def __init__(self, plane: PlaneApi, path: Path) -> None:
        self._plane = plane
        self._path = path
        self._server: asyncio.Server | None = None
        self._ending = False
        self._writers: dict[asyncio.StreamWriter, int] = {}  # -> requests taken
        self._alone = asyncio.Event()  # set as the last client leaves
        self._calls: set[asyncio.Task[None]] = set()
        self._unsubscribe = plane.subscribe(self._tell)

    async def start(self) -> None:
        """Begin to listen; a socket left by a dead plane is replaced (we hold the lock)."""
        self._path.unlink(missing_ok=True)
        old = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(
                self._serve, self._path, limit=REQUEST_BYTES_MAX
            )
        finally:
            os.umask(old)

    async def finish(self) -> None:
        """Take no more calls, tell whose those were, and let the others be answered.

        Whoever comes from now on waits for the next plane; whoever is there may still read what its
        task printed.
        """
        self._ending = True
        if self._server is not None:
            self._server.close()
        for writer, taken in self._writers.items():
            writer.write(encode({"taken": taken}))
        if self._calls:
            await asyncio.wait(self._calls, timeout=FINISH_S_MAX)

    async def close(self) -> None:
        """Tell the clients that this is the end, let them read the last lines, and let them go."""
        self._unsubscribe()
        self._ending = True
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            if not writer.is_closing():
                writer.write(encode({"bye": True}))
        if self._writers:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._alone.wait(), FAREWELL_S_MAX)
        for call in list(self._calls):
            call.cancel()
        for writer in list(self._writers):
            writer.close()
        await asyncio.gather(*self._calls, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()
        self._path.unlink(missing_ok=True)

    @property
    def clients(self) -> int:
        return len(self._writers)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        refused = peer_uid(writer) != os.getuid() or len(self._writers) >= CLIENTS_MAX
        if refused or self._ending:
            writer.close()
            return
        self._writers[writer] = 0
        self._alone.clear()
        room = asyncio.Semaphore(CALLS_AT_ONCE)
        try:
            writer.write(encode(hello()))
            for picture in self._whole():
                writer.write(encode({"change": picture}))
                await writer.drain()
            while line := await read_line(reader):
                request = msgspec.convert(decode(line), _Request)
                if self._ending and request.method != LAST_READ:
                    continue  # its client was told that it is not taken
                self._writers[writer] += 1
                await room.acquire()
                call = asyncio.get_running_loop().create_task(self._answer(request, writer))
                self._calls.add(call)
                call.add_done_callback(self._calls.discard)
                call.add_done_callback(lambda _: room.release())
        except (ConnectionError, PortError, msgspec.DecodeError, ValueError, RecursionError):
            pass  # the client is gone or speaks another language: its connection ends here
        finally:
            self._writers.pop(writer, None)
            if not self._writers:
                self._alone.set()
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(self, request: _Request, writer: asyncio.StreamWriter) -> None:
        reply: dict[str, Any] = {"id": request.id}
        try:
            if request.method not in RESULTS:
                raise PortError(f"The plane knows no call {request.method!r}.", code="wire")
            call = getattr(self._plane, request.method)
            bound = _bound(request)
            reply["result"] = await call(*bound.args[1:], **bound.kwargs)
        except PortError as error:
            reply["error"] = {"what": error.what, "mend": error.mend, "code": error.code}
            if paths := getattr(error, "paths", ()):
                reply["error"]["paths"] = list(paths)
        except TypeError as error:
            reply["error"] = {"what": f"Wrong arguments: {error}", "mend": "", "code": "wire"}
        except Exception as error:
            # Values of a wrong kind go wrong anywhere: the caller's trouble, not the plane's.
            _log.info("a call of %s went wrong", request.method, exc_info=True)
            what = f"{request.method} went wrong: {type(error).__name__}: {error}"
            reply["error"] = {"what": what, "mend": "", "code": "wire"}
        if not writer.is_closing():
            writer.write(encode(reply))
            self._drop_if_deaf(writer)

    def _whole(self) -> Iterator[Picture]:
        """All there is, in parts; each as it is in the moment in which it is asked for."""
        plane, ids = self._plane, list(self._plane.state.tasks)
        for begin in range(0, len(ids) or 1, TASKS_AT_ONCE):
            yield Picture(
                tasks=[bare(plane.state.tasks[t]) for t in ids[begin : begin + TASKS_AT_ONCE]],
                projects=plane.projects,
                load=plane.load,
                environment=plane.environment,
                waits=plane.state.environment,
                whole=True,
                more=begin + TASKS_AT_ONCE < len(ids),
            )

    def _tell(self, change: Change) -> None:
        if not self._writers:
            return
        plane, tasks = self._plane, self._plane.state.tasks
        picture = Picture(
            tasks=[bare(tasks[task]) for task in change.tasks if task in tasks],
            logs=sorted(change.logs),
            notices=list(change.notices),
            projects=plane.projects if change.projects else None,
            load=plane.load if change.load else None,
            environment=plane.environment if change.environment else None,
            waits=plane.state.environment,
        )
        line = encode({"change": picture})
        for writer in list(self._writers):
            if not writer.is_closing():
                writer.write(line)
                self._drop_if_deaf(writer)

    @staticmethod
    def _drop_if_deaf(writer: asyncio.StreamWriter) -> None:
        if writer.transport.get_write_buffer_size() > BACKLOG_BYTES_MAX:
            writer.transport.abort()


@cache
def _shape(method: str) -> tuple[inspect.Signature, dict[str, Any]]:
    function = getattr(PlaneApi, method)
    return inspect.signature(function), get_type_hints(function)


def _bound(request: _Request) -> inspect.BoundArguments:
    """The arguments of a call, each of the kind that PlaneApi promises.

    A value of another kind deep inside the plane would look like a bug there and end it.

    Raises:
        TypeError: other arguments, or other kinds.
    """
    signature, kinds = _shape(request.method)
    bound = signature.bind(None, *request.args, **request.params)
    for name, value in bound.arguments.items():
        if name != "self":
            try:
                bound.arguments[name] = msgspec.convert(value, kinds[name])
            except msgspec.ValidationError as error:
                raise TypeError(f"{name}: {error}") from None
    return bound


def peer_uid(writer: asyncio.StreamWriter) -> int:
    """Who is at the other end of a Unix socket."""
    peer: socket.socket = writer.get_extra_info("socket")
    credentials = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, uid, _ = struct.unpack("3i", credentials)
    return int(uid)
