"""Tells when the event loop stood still for longer than a person notices, and where it stood.

Everything that can block belongs on a thread; this is how a place that was forgotten is found. A
thread asks the loop to answer, again and again, and looks at its stack when no answer comes.
"""

from __future__ import annotations

import asyncio
import faulthandler
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

LIMIT_S = 0.05
EVERY_S = 0.05
REPORT_BYTES_MAX = 256 * 1024
STACK_BYTES_MAX = 256 * 1024
_AGAIN_S = 0.5


class StallWatch:
    """Watches the loop of the thread that calls `start`.

    Args:
        note: told of each stall once, when it has ended, on this watch's own thread: how long it
            lasted, in seconds, and the stack of the loop's thread as it was `limit_s` after its
            beginning.
    """

    def __init__(self, note: Callable[[float, str], None], *, limit_s: float = LIMIT_S) -> None:
        self._note = note
        self._limit_s = limit_s
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; on the loop's own thread."""
        loop, watched = asyncio.get_running_loop(), threading.get_ident()
        self._thread = threading.Thread(
            target=self._watch, args=(loop, watched), name="stall-watch", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End; nothing is told afterwards."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _watch(self, loop: asyncio.AbstractEventLoop, watched: int) -> None:
        while not self._stopped.wait(EVERY_S):
            answered = threading.Event()
            begun_s = time.monotonic()
            try:
                loop.call_soon_threadsafe(answered.set)
            except RuntimeError:
                return  # the loop is closed
            if answered.wait(self._limit_s):
                continue
            stack = stack_of(watched)
            while not answered.wait(_AGAIN_S) and not self._stopped.is_set():
                pass
            if self._stopped.is_set():
                return
            self._note(time.monotonic() - begun_s, stack)


def stack_of(thread: int) -> str:
    """Where a thread stands, outermost call first; "" where it is gone.

    Read without taking hold of its frames: a frame that is held keeps what its function held, also
    after the function returned. A QPainter kept like that leaves its window in the middle of a
    paint, and then ends on the wrong thread, which crashes the program.
    """
    with tempfile.TemporaryFile() as out:
        faulthandler.dump_traceback(out, all_threads=True)
        out.seek(0)
        parts = out.read(STACK_BYTES_MAX).decode("utf-8", "replace").split("\n\n")
    mine = next((part for part in parts if f"hread 0x{thread:016x} " in part.split("\n")[0]), "")
    return "\n".join(reversed(mine.rstrip().split("\n")[1:])) + "\n" if mine else ""


class StallReport:
    """Writes stalls into a file of at most REPORT_BYTES_MAX; the newest are kept.

    A report that cannot be written is left out: nothing may depend on it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, lasted_s: float, stack: str) -> None:
        now = time.strftime("%Y-%m-%d %H:%M:%S")
        entry = f"{now} the loop stood still for {lasted_s * 1000:.0f} ms at:\n{stack}\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            before = self.path.read_bytes() if self.path.exists() else b""
            kept = (before + entry.encode())[-REPORT_BYTES_MAX:]
            fresh = self.path.with_suffix(".new")
            fresh.write_bytes(kept)
            fresh.replace(self.path)
        except OSError:
            return
