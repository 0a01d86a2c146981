"""A person's shells in machines: opened, typed into, read, and closed when nobody reads any more.

The log of the task says that there was one: what is typed there is part of no step, and yet stands
in the next checkpoint.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from dataclasses import dataclass

from clawdesk.domain.model import TaskId
from clawdesk.domain.shells import why_no_shell
from clawdesk.ports.clock import Clock
from clawdesk.ports.errors import GuestError, PortError
from clawdesk.ports.guest import GuestShell
from clawdesk.runtime.api import ShellText
from clawdesk.runtime.kernel import Kernel
from clawdesk.runtime.live import LiveMachines

READ_S_MAX = 2.0
"""A read answers by then, with nothing if nothing came: so a caller that died is missed soon."""
UNREAD_S_MAX = 20.0
"""Whoever has not read for so long is gone, and the shell is closed."""
_TERM_CHARS_MAX = 60


@dataclass(slots=True)
class _Open:
    task: TaskId
    shell: GuestShell
    watch: asyncio.Task[None] | None = None
    reading: asyncio.Task[bytes] | None = None
    read: bool = True  # since the watch last looked
    began_ms: int = 0


class Shells:
    """The open shells of a plane, by the name that whoever opened one was given."""

    def __init__(self, kernel: Kernel, live: LiveMachines, clock: Clock) -> None:
        self._kernel = kernel
        self._live = live
        self._clock = clock
        self._open: dict[str, _Open] = {}

    async def open(self, task_id: TaskId, columns: int, rows: int, term: str) -> str:
        """Raises PortError: the task has no machine that runs, or its guest refuses."""
        task = self._kernel.known(task_id)
        why_not = why_no_shell(task)
        if why_not:
            raise PortError(f"No shell: {task.title} {why_not}.", code="no_shell")
        session = self._live.session(task.machine)
        env = {**self._live.environment(task, task.machine), "TERM": _term(term)}
        shell = await session.shell(_side(columns), _side(rows), env)
        name, one = secrets.token_hex(8), _Open(task_id, shell, began_ms=self._clock.now_ms())
        self._open[name] = one
        one.watch = asyncio.get_running_loop().create_task(self._keep(name, one))
        self._live.seen(task_id).shell = True
        self._live.tell(
            task_id,
            "A person opened a shell in the machine: what is typed there is part of no step, "
            "and stands in the next checkpoint.",
        )
        return name

    async def read(self, name: str) -> ShellText:
        """What it printed since, within `READ_S_MAX`. Raises PortError for one that is closed."""
        one = self._known(name)
        one.read = True
        if one.reading is None:
            one.reading = asyncio.get_running_loop().create_task(_read(one.shell))
        reading = one.reading
        done, _ = await asyncio.wait({reading}, timeout=READ_S_MAX)
        if not done:
            return ShellText(b"")
        if reading.cancelled():  # it was closed meanwhile: whoever reads is told, not cancelled too
            return ShellText(b"", True, 255, "it was closed")
        printed, one.reading = reading.result(), None
        if printed:
            return ShellText(printed)
        end = one.shell.end
        await self._forget(name, one)
        return ShellText(b"", True, *((end.exit_code, end.why) if end else (255, "it was closed")))

    async def write(self, name: str, content: bytes) -> None:
        await self._known(name).shell.write(content)

    async def resize(self, name: str, columns: int, rows: int) -> None:
        await self._known(name).shell.resize(_side(columns), _side(rows))

    async def close(self, name: str) -> None:
        """Nothing for one that is closed already."""
        one = self._open.get(name)
        if one is not None:
            await self._forget(name, one)

    async def close_all(self) -> None:
        for name, one in list(self._open.items()):
            await self._forget(name, one)

    def _known(self, name: str) -> _Open:
        one = self._open.get(name)
        if one is None:
            raise PortError("The shell is closed.", code="no_shell")
        return one

    async def _keep(self, name: str, one: _Open) -> None:
        """Close it once nobody reads it any more."""
        while one.read:
            one.read = False
            await asyncio.sleep(UNREAD_S_MAX)
        one.watch = None
        await self._forget(name, one)

    async def _forget(self, name: str, one: _Open) -> None:
        if self._open.pop(name, None) is None:
            return
        for work in (one.watch, one.reading):
            if work is not None:
                work.cancel()
                await asyncio.gather(work, return_exceptions=True)
        with contextlib.suppress(GuestError):
            await one.shell.close()
        seconds = (self._clock.now_ms() - one.began_ms) // 1000
        self._live.tell(one.task, f"The shell is closed, after {seconds} s.")


async def _read(shell: GuestShell) -> bytes:
    try:
        return await shell.read()
    except GuestError:
        return b""


def _side(characters: int) -> int:
    return min(max(1, characters), 4000)


def _term(name: str) -> str:
    """The kind of terminal, as far as it is a name."""
    kept = "".join(c for c in name[:_TERM_CHARS_MAX] if c.isascii() and (c.isalnum() or c in "-+."))
    return kept or "dumb"


class ShellActs:
    """The part of `Plane` that gives a person a shell."""

    _shells: Shells

    async def open_shell(self, task: TaskId, columns: int, rows: int, *, term: str) -> str:
        return await self._shells.open(task, columns, rows, term)

    async def read_shell(self, shell: str) -> ShellText:
        return await self._shells.read(shell)

    async def write_shell(self, shell: str, content: bytes) -> None:
        await self._shells.write(shell, content)

    async def resize_shell(self, shell: str, columns: int, rows: int) -> None:
        await self._shells.resize(shell, columns, rows)

    async def close_shell(self, shell: str) -> None:
        await self._shells.close(shell)
