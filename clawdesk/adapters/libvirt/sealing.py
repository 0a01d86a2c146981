"""When snapshots get their checksums: beside the machines' work, the newest first.

Making a snapshot durable and reading it for its checksum takes a processor and the disk for a
quarter of a second at 256 MiB, which a step that begins then wants for itself (2026-11-26: 20 quick
steps took a quarter longer). Since then the memory of a live snapshot is summed as it is written,
so less is left: its disk layer, and what came another way. A snapshot that another one of its
machine follows at once is not what anybody goes on from. So a running machine's snapshot waits
until none has followed it for a moment; one in ten seconds never waits longer. A machine that
stands still or has ended is waited for no more: its snapshot is all there is of it. Thread-safe;
knows no file.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from clawdesk.adapters.libvirt.records import SavedRecord

Later = Callable[[Callable[[], object]], "Future[object]"]
QUIET_S = 1.0
LATE_S = 10.0


@dataclass(slots=True)
class _Line:
    """What waits of one machine, the newest last, in seconds of the monotonic clock."""

    since_s: float
    last_s: float = 0.0
    at_rest: bool = False
    waiting: list[SavedRecord] = field(default_factory=list)


class Sealer:
    """Snapshots without a checksum.

    Args:
        seal: makes one; raises nothing.
        later: runs a call on a thread of its own, which it may keep waiting.
        quiet_s: so long no other snapshot of a running machine may have followed.
        late_s: so often the newest one is sealed all the same.
    """

    def __init__(
        self,
        seal: Callable[[SavedRecord], object],
        later: Later,
        *,
        quiet_s: float = QUIET_S,
        late_s: float = LATE_S,
    ) -> None:
        self._seal, self._later = seal, later
        self._quiet_s, self._late_s = quiet_s, late_s
        self._lines: dict[str, _Line] = {}
        self._news = threading.Condition()
        self._runs = False
        self._stopped = False

    def add(self, saved: SavedRecord, *, at_rest: bool = False) -> None:
        """It was just taken, or is one that an earlier process left (`at_rest`)."""
        with self._news:
            now_s = time.monotonic()
            line = self._lines.setdefault(saved.machine, _Line(now_s))
            line.waiting.append(saved)
            line.last_s = now_s
            line.at_rest = at_rest
            if not self._runs and not self._stopped:
                self._runs = True
                self._later(self._run)
            self._news.notify()

    def at_rest(self, machine: str) -> None:
        """It stands still or has ended: nothing more comes of it now."""
        with self._news:
            if machine in self._lines:
                self._lines[machine].at_rest = True
                self._news.notify()

    def stop(self) -> None:
        """What waits stays for `settle`; a checksum that is being made is made."""
        with self._news:
            self._stopped = True
            self._news.notify()

    def settle(self) -> None:
        """Seal what is left, as many at once as there are processors."""
        with self._news:
            left = [saved for line in self._lines.values() for saved in reversed(line.waiting)]
            self._lines.clear()
        if left:
            with ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="settle") as pool:
                list(pool.map(self._seal, left))

    def _run(self) -> None:
        while (saved := self._next()) is not None:
            self._seal(saved)

    def _next(self) -> SavedRecord | None:
        with self._news:
            while self._lines and not self._stopped:
                machine = min(self._lines, key=lambda name: self._due_s(self._lines[name]))
                wait_s = self._due_s(self._lines[machine]) - time.monotonic()
                if wait_s <= 0:
                    return self._take(machine)
                self._news.wait(wait_s)
            self._runs = False
            return None

    def _due_s(self, line: _Line) -> float:
        if line.at_rest:
            return 0.0
        return min(line.last_s + self._quiet_s, line.since_s + self._late_s)

    def _take(self, machine: str) -> SavedRecord:
        line = self._lines[machine]
        saved = line.waiting.pop()
        line.since_s = time.monotonic()
        if not line.waiting:
            del self._lines[machine]
        return saved
