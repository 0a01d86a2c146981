"""A clock of the window whose hands a test turns."""

from __future__ import annotations

from collections.abc import Callable

import shiboken6
from PySide6.QtCore import QObject

NOW_MS = 1_764_000_000_000


class HandClock:
    """Time moves when the test says so."""

    def __init__(self, now_ms: int = NOW_MS) -> None:
        self.now = now_ms
        self._due: list[tuple[int, Callable[[], None], QObject]] = []

    def now_ms(self) -> int:
        return self.now

    def offset_ms(self) -> int:
        return 0

    def after(self, delay_ms: int, call: Callable[[], None], owner: QObject) -> None:
        self._due.append((self.now + delay_ms, call, owner))

    def advance(self, ms: int) -> None:
        self.now += ms
        ready = [d for d in self._due if d[0] <= self.now]
        self._due = [d for d in self._due if d[0] > self.now]
        for _, call, owner in ready:
            if shiboken6.isValid(owner):
                call()
