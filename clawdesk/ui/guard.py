"""Holds a decision back for 700 ms after it appeared or changed, so that no stray key decides."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from clawdesk.ui.clock import Clock

GUARD_MS = 700


class Guard(QObject):
    """`changed` is called when the guard goes up and when it comes down."""

    def __init__(self, clock: Clock, changed: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._clock = clock
        self._changed = changed
        self._round = 0
        self.up = False

    def raise_now(self) -> None:
        """Start the wait anew."""
        self._round += 1
        self.up = True
        mine = self._round
        self._clock.after(GUARD_MS, lambda: self._lower(mine), self)
        self._changed()

    def _lower(self, mine: int) -> None:
        if mine == self._round:
            self.up = False
            self._changed()
