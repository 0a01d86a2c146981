"""Two or more parts with a line between them that a person can move, and that stays moved."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter

from clawdesk.ui.memory import Memory


def split(name: str, orientation: Qt.Orientation) -> QSplitter:
    """A hairline between parts that never vanish."""
    made = QSplitter(orientation)
    _prepare(made, name)
    return made


def _prepare(made: QSplitter, name: str) -> None:
    made.setObjectName(name)
    made.setHandleWidth(1)
    made.setChildrenCollapsible(False)


class UpperFirst(QSplitter):
    """Two parts, one above the other: the upper has what it needs, up to a share of the height.

    Once a person has moved the line it stays where they put it.
    """

    def __init__(self, name: str, share: float) -> None:
        super().__init__(Qt.Orientation.Vertical)
        _prepare(self, name)
        self._share, self._need, self._moved = share, 0, False
        self.splitterMoved.connect(self._was_moved)

    def remember(self, memory: Memory) -> None:
        """Where a person left the line, from now on too."""
        self._moved = memory.restore_split(self)
        self.splitterMoved.connect(lambda *_: memory.keep_split(self))

    def show_need(self, px: int) -> None:
        """How high the upper part would like to be."""
        self._need = px
        self._share_out()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_out()

    def _was_moved(self) -> None:
        self._moved = True

    def _share_out(self) -> None:
        if not self._moved:
            upper = min(self._need, round(self.height() * self._share))
            self.setSizes([upper, self.height() - upper])
