"""Python's garbage is collected on Qt's thread and on no other.

A cycle that holds a widget may become garbage at any time, and Python collects on whichever thread
happens to allocate next. Qt's objects must end on the thread they live on: ended on one of the
plane's threads they take the process with them.
"""

from __future__ import annotations

import gc
import time

from PySide6.QtCore import QObject, QTimer

EACH_MS = 1_000
FULL_SHARE = 0.01
"""The part of the time that whole collections may take; they grow with what the window holds."""


class Collector(QObject):
    """Turns Python's own collections off, and does them from a timer instead.

    Args:
        parent: lives on Qt's thread; the collector ends with it, and Python's own stay off.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._full_from = 0.0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.collect_due)
        self._timer.start(EACH_MS)

    def collect_due(self) -> None:
        """Collect the oldest generation that is due by Python's own thresholds."""
        counts, limits = gc.get_count(), gc.get_threshold()
        began = time.monotonic()
        if counts[2] > limits[2] and began >= self._full_from:
            gc.collect()
            ended = time.monotonic()
            self._full_from = ended + (ended - began) / FULL_SHARE
        elif counts[1] > limits[1]:
            gc.collect(1)
        elif counts[0] > limits[0]:
            gc.collect(0)
