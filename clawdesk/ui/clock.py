"""Wall clock and timers of the window in one object, so that tests can turn the hands.

Never used for anything durable: records carry the plane's own times.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QDateTime, QObject, QTimer


class Clock(Protocol):
    def now_ms(self) -> int:
        """Milliseconds since the epoch."""
        ...

    def offset_ms(self) -> int:
        """The local zone's distance from UTC."""
        ...

    def after(self, delay_ms: int, call: Callable[[], None], owner: QObject) -> None:
        """Call once after `delay_ms`, unless `owner` is gone by then."""
        ...


class WallClock:
    """The real one."""

    def now_ms(self) -> int:
        return QDateTime.currentMSecsSinceEpoch()

    def offset_ms(self) -> int:
        return QDateTime.currentDateTime().offsetFromUtc() * 1000

    def after(self, delay_ms: int, call: Callable[[], None], owner: QObject) -> None:
        QTimer.singleShot(delay_ms, owner, call)
