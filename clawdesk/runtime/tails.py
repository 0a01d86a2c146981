"""What machines printed since Git last kept it, in files: for the plane after one that was killed.

Written beside the loop a moment after it came, so a kill loses that moment. The files may be
deleted at any time: then what was printed since Git last kept it is missing from the log.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from clawdesk.domain.model import TaskId
from clawdesk.runtime.output import KEEP_BYTES_MAX

WRITE_S = 0.2
FORGOTTEN_MS = 7 * 24 * 3600 * 1000
"""So old is only what belongs to a task that nobody took up again."""
_Act = tuple[Path, bytes | None]
"""Bytes to add to a file; None = it goes."""


class Tails:
    """The files of one folder, which is made when something is printed.

    A task's bytes go to its latest file; `cut` begins another, so that what came before can be
    dropped when Git has it, and nothing else.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers: dict[TaskId, int] = {}
        self._first: dict[TaskId, int] = {}  # the earliest file that may be there
        self._acts: list[_Act] = []
        self._lock = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._flushing: set[asyncio.Task[None]] = set()

    def add(self, task: TaskId, printed: bytes) -> None:
        """Remember what was printed; returns at once."""
        if printed:
            self._do((self._place(task, self._numbers.setdefault(task, 1)), printed))

    def cut(self, task: TaskId) -> int:
        """What was added so far is up to this number."""
        number = self._numbers.setdefault(task, 1)
        self._numbers[task] = number + 1
        return number

    def drop(self, task: TaskId, number: int) -> None:
        """Git has what was added up to there, or nobody will want it."""
        for known in range(self._first.get(task, 1), number + 1):
            self._do((self._place(task, known), None))
        self._first[task] = number + 1

    def drop_all(self, task: TaskId) -> None:
        """As `drop` of everything."""
        self.drop(task, self.cut(task))

    async def left(self, task: TaskId) -> bytes:
        """What an earlier plane left of a task, given once; b"" where that is nothing."""
        if task in self._numbers:
            return b""
        self._numbers[task] = 1
        found, numbers = await asyncio.to_thread(_read, self._folder, task)
        if numbers:
            self._first[task], self._numbers[task] = numbers[0], numbers[-1] + 1
        return found

    async def flush(self) -> None:
        """Return once all that was added is in the files."""
        async with self._lock:
            acts, self._acts = self._acts, []
            await asyncio.to_thread(_carry_out, acts)

    async def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        await self.flush()

    def sweep(self, now_ms: int) -> None:
        """Remove files that nobody came back for. Blocks."""
        for file in self._folder.glob("*.tail"):
            with contextlib.suppress(OSError):
                if now_ms - file.stat().st_mtime * 1000 > FORGOTTEN_MS:
                    file.unlink()

    def _place(self, task: TaskId, number: int) -> Path:
        return self._folder / f"{task}.{number:06}.tail"

    def _do(self, act: _Act) -> None:
        self._acts.append(act)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(WRITE_S, self._flush_soon)

    def _flush_soon(self) -> None:
        self._timer = None
        flushing = asyncio.get_running_loop().create_task(self.flush())
        self._flushing.add(flushing)
        flushing.add_done_callback(self._flushing.discard)


def _carry_out(acts: list[_Act]) -> None:
    """In order. A disk that refuses costs the log of a crash that may never come: no task waits."""
    for place, printed in acts:
        with contextlib.suppress(OSError):
            if printed is None:
                place.unlink(missing_ok=True)
                continue
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with place.open("ab") as file:
                if file.tell() < KEEP_BYTES_MAX:
                    file.write(printed)


def _read(folder: Path, task: TaskId) -> tuple[bytes, list[int]]:
    """What a task's files hold, and their numbers, in order."""
    found, numbers = b"", []
    for file in sorted(folder.glob(f"{task}.*.tail")):
        with contextlib.suppress(OSError, ValueError):
            number = int(file.name.split(".")[-2])
            found += file.read_bytes()
            numbers.append(number)
    return found, numbers
