"""What a process with a window holds just now: memory, handles, threads, objects, references."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget
from shiboken6 import Shiboken

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
WATCHED = (None, True, False, "", ())
"""Objects that every call may borrow: a wrong count of one ends the process sooner or later."""


class _Mallinfo2(ctypes.Structure):
    """As in malloc.h of glibc 2.33 and later; all in bytes or counts."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            "arena",
            "ordblks",
            "smblks",
            "hblks",
            "hblkhd",
            "usmblks",
            "fsmblks",
            "uordblks",
            "fordblks",
            "keepcost",
        )
    ]


@dataclass(frozen=True, slots=True)
class Footprint:
    """One look.

    Args:
        rss_kib: resident memory, KiB.
        heap_kib: what C and C++ hold of malloc, KiB; without what it keeps in reserve.
        blocks: memory blocks that Python holds.
        fds, threads: open file descriptors and threads of the process.
        qobjects, widgets: living objects of Qt that Python has a wrapper of.
        tracked: objects that Python's collector looks after.
        references: counts of references to None, True, False, "" and ().
    """

    rss_kib: int
    heap_kib: int
    blocks: int
    fds: int
    threads: int
    qobjects: int
    widgets: int
    tracked: int
    references: tuple[int, ...]


def _heap_bytes() -> int:
    libc = ctypes.CDLL(None)
    libc.mallinfo2.restype = _Mallinfo2
    found = libc.mallinfo2()
    return int(found.uordblks + found.hblkhd)


def _count(folder: str) -> int:
    return sum(1 for _ in Path(folder).iterdir())


def look() -> Footprint:
    """Everything as it is; nothing is collected for it."""
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES
    wrapped = [one for one in Shiboken.getAllValidWrappers() if isinstance(one, QObject)]
    qobjects, widgets = len(wrapped), sum(isinstance(one, QWidget) for one in wrapped)
    del wrapped
    return Footprint(
        rss_kib=resident // 1024,
        heap_kib=_heap_bytes() // 1024,
        blocks=sys.getallocatedblocks(),
        fds=_count("/proc/self/fd"),
        threads=_count("/proc/self/task"),
        qobjects=qobjects,
        widgets=widgets,
        tracked=len(gc.get_objects()),
        references=tuple(sys.getrefcount(one) for one in WATCHED),
    )


def kinds() -> Counter[str]:
    """How many objects of each class Python's collector looks after, by name."""
    return Counter(f"{type(one).__module__}.{type(one).__qualname__}" for one in gc.get_objects())
