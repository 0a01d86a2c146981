"""One window a user and machine: a second start knocks, and the first one comes forward.

A lock says who the window is, and it is free at once when its holder dies; a socket beside it takes
the knock. It works before the plane is there, and for a window that is a client of another plane.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from clawdesk.ports.errors import PortError
from clawdesk.runtime.server import peer_uid

KNOCK_BYTES_MAX = 256 * 1024
PATHS_MAX = 64
ANSWER_S_MAX = 5.0
TRIES = 100
PAUSE_S = 0.05


class Knock(msgspec.Struct, frozen=True):
    """What a second start asks for.

    Args:
        paths: absolute folders to open, at most 64.
        token: the desktop's permission to come forward, "" where there is none.
    """

    paths: tuple[str, ...] = ()
    token: str = ""


def try_lock(path: Path) -> int | None:
    """A descriptor that holds the lock at `path`, or None when another process does."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    os.truncate(descriptor, 0)
    with contextlib.suppress(OSError):  # the number is for a person; on a full disk there is none
        os.write(descriptor, f"{os.getpid()}\n".encode())
    return descriptor


class FrontDoor:
    """Held by the process that shows the window, from its start to its end."""

    def __init__(self, lock: int, socket: Path) -> None:
        self._lock, self._socket = lock, socket
        self._server: asyncio.Server | None = None

    async def open(self, knocked: Callable[[Knock], None]) -> None:
        """Call `knocked` on this loop for each second start."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                if peer_uid(writer) == os.getuid():
                    line = await asyncio.wait_for(reader.readline(), ANSWER_S_MAX)
                    knock = msgspec.json.decode(line, type=Knock)
                    knocked(Knock(knock.paths[:PATHS_MAX], knock.token))
                    writer.write(b'{"ok":true}\n')
                    await writer.drain()
            except (OSError, TimeoutError, ValueError, msgspec.DecodeError):
                pass  # who knocks badly hears nothing, and says so itself
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()

        self._socket.unlink(missing_ok=True)  # one that a dead window left: we hold the lock
        old = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(
                serve, self._socket, limit=KNOCK_BYTES_MAX
            )
        finally:
            os.umask(old)

    async def close(self) -> None:
        """No more knocks; the next start is the window."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._socket.unlink(missing_ok=True)
        os.close(self._lock)


async def take_or_knock(lock: Path, socket: Path, knock: Knock) -> FrontDoor | None:
    """The door, when nobody shows a window; else None, after the one that does was told.

    Raises:
        PortError: the window that runs does not answer.
    """
    for _ in range(TRIES):
        held = try_lock(lock)
        if held is not None:
            return FrontDoor(held, socket)
        if await _knock(socket, knock):
            return None
        # It holds the lock a moment before it listens, and a moment after; no event tells of it.
        await asyncio.sleep(PAUSE_S)
    raise PortError(
        "ClawDesk is open, but its window does not answer.",
        mend=f"End the process {_holder(lock)} and start again; tasks are found again.",
        code="window",
    )


def _holder(lock: Path) -> str:
    with contextlib.suppress(OSError):
        return lock.read_text().strip() or "that shows it"
    return "that shows it"


async def _knock(socket: Path, knock: Knock) -> bool:
    try:
        reader, writer = await asyncio.open_unix_connection(socket)
    except OSError:
        return False
    try:
        writer.write(msgspec.json.encode(knock) + b"\n")
        await writer.drain()
        return bool(await asyncio.wait_for(reader.readline(), ANSWER_S_MAX))
    except (OSError, TimeoutError):
        return False
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def knock_for(paths: Sequence[str]) -> Knock:
    """What this start would ask of a window that runs."""
    token = os.environ.get("XDG_ACTIVATION_TOKEN") or os.environ.get("DESKTOP_STARTUP_ID", "")
    return Knock(tuple(paths), token)
