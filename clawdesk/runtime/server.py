"""The plane's socket: every other start of `clawdesk` by the same user is a client of it.

The socket is 0600 in a 0700 folder and the peer's uid is checked; a client can do what the user
can, and nothing that is not in `wire.RESULTS`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
from pathlib import Path
from typing import Any

import msgspec

from clawdesk.ports.errors import PortError
from clawdesk.runtime.api import Change, PlaneApi
from clawdesk.runtime.wire import LINE_BYTES_MAX, RESULTS, Picture, bare, encode, hello, read_line

BACKLOG_BYTES_MAX = 32 * 1024 * 1024
"""A client that does not read is dropped before it costs the plane more than this."""


class PlaneServer:
    """Serves a plane on a Unix socket until closed; `window`: this process shows one."""

    def __init__(self, plane: PlaneApi, path: Path, *, window: bool = False) -> None:
        self._plane = plane
        self._window = window
        self._path = path
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._calls: set[asyncio.Task[None]] = set()
        self._unsubscribe = plane.subscribe(self._tell)

    async def start(self) -> None:
        """Begin to listen; a socket left by a dead plane is replaced (we hold the lock)."""
        self._path.unlink(missing_ok=True)
        old = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(
                self._serve, self._path, limit=LINE_BYTES_MAX
            )
        finally:
            os.umask(old)

    async def close(self) -> None:
        self._unsubscribe()
        if self._server is not None:
            self._server.close()
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
        if _peer_uid(writer) != os.getuid():
            writer.close()
            return
        self._writers.add(writer)
        try:
            writer.write(encode(hello(window=self._window)) + encode({"change": self._whole()}))
            while line := await read_line(reader):
                request = msgspec.json.decode(line)
                call = asyncio.get_running_loop().create_task(self._answer(request, writer))
                self._calls.add(call)
                call.add_done_callback(self._calls.discard)
        except (ConnectionError, PortError, msgspec.DecodeError):
            pass  # the client is gone or speaks another language: its connection ends here
        finally:
            self._writers.discard(writer)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(self, request: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        reply: dict[str, Any] = {"id": request.get("id")}
        try:
            method = request.get("method")
            if method not in RESULTS:
                raise PortError(f"The plane knows no call {method!r}.", code="wire")
            call = getattr(self._plane, method)
            reply["result"] = await call(*request.get("args", []), **request.get("params", {}))
        except PortError as error:
            reply["error"] = {"what": error.what, "mend": error.mend, "code": error.code}
            if paths := getattr(error, "paths", ()):
                reply["error"]["paths"] = list(paths)
        except TypeError as error:
            reply["error"] = {"what": f"Wrong arguments: {error}", "mend": "", "code": "wire"}
        if not writer.is_closing():
            writer.write(encode(reply))

    def _whole(self) -> Picture:
        plane = self._plane
        return Picture(
            tasks=[bare(task) for task in plane.state.tasks.values()],
            projects=plane.projects,
            load=plane.load,
            environment=plane.environment,
            waits=plane.state.environment,
            whole=True,
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
            if writer.transport.get_write_buffer_size() > BACKLOG_BYTES_MAX:
                writer.transport.abort()
            elif not writer.is_closing():
                writer.write(line)


def _peer_uid(writer: asyncio.StreamWriter) -> int:
    peer: socket.socket = writer.get_extra_info("socket")
    credentials = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, uid, _ = struct.unpack("3i", credentials)
    return int(uid)
