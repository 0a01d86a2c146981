"""A box to tick: taken, not taken, or some of what is below it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy

from clawdesk.ui.tokens import colour
from clawdesk.ui.words import tr

BOX = 16


def paint_tick(
    painter: QPainter, x: float, y: float, state: Qt.CheckState, *, enabled: bool = True
) -> None:
    """A 16 px box with its top left corner at (x, y)."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    box = QRectF(x + 0.75, y + 0.75, BOX - 1.5, BOX - 1.5)
    if state is Qt.CheckState.Unchecked:
        painter.setPen(QPen(colour("ctl" if enabled else "line2"), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box, 4, 4)
    else:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("accfill" if enabled else "bg4"))
        painter.drawRoundedRect(QRectF(x, y, BOX, BOX), 4, 4)
        pen = QPen(colour("onacc" if enabled else "fg2"), 1.75)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        if state is Qt.CheckState.Checked:
            painter.drawPolyline(
                [QPointF(x + 4, y + 8.5), QPointF(x + 7, y + 11.25), QPointF(x + 12, y + 5)]
            )
        else:
            painter.drawLine(QPointF(x + 4.5, y + 8), QPointF(x + 11.5, y + 8))
    painter.restore()


class TickBox(QAbstractButton):
    """The box above a list of boxes; a press ticks all, or none when all were."""

    def __init__(self, name: str, spoken: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(spoken)
        self._state = Qt.CheckState.Checked
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    @property
    def state(self) -> Qt.CheckState:
        return self._state

    def show_state(self, state: Qt.CheckState) -> None:
        words = {
            Qt.CheckState.Checked: tr("all ticked"),
            Qt.CheckState.Unchecked: tr("none ticked"),
        }
        self.setAccessibleDescription(words.get(state, tr("some ticked")))
        if state is not self._state:
            self._state = state
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(BOX + 4, BOX + 4)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_tick(painter, 2, 2, self._state, enabled=self.isEnabled())
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(colour("acc"), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.75, 0.75, -0.75, -0.75), 5, 5)
