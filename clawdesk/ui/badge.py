"""Small marks beside words: a count in a pill, and an icon that follows the theme."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from clawdesk.ui import fonts, icons
from clawdesk.ui.tokens import colour


def paint_badge(painter: QPainter, right: float, middle: float, text: str, *, need: bool) -> float:
    """Draw a pill whose right edge is at `right`; returns its left edge."""
    wide = max(18.0, fonts.width("group", text) + 10)
    box = QRectF(right - wide, middle - 8, wide, 16)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour("need-fill" if need else "bg4"))
    painter.drawRoundedRect(box, 8, 8)
    painter.setPen(colour("on-need" if need else "fg1"))
    painter.setFont(fonts.font("group"))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
    return box.left()


class Badge(QWidget):
    """A count; hidden at 0. Amber when it means "you"."""

    def __init__(self, name: str, *, need: bool = False) -> None:
        super().__init__()
        self._count = 0
        self._need = need
        self.setObjectName(name)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.hide()

    @property
    def count(self) -> int:
        return self._count

    def show_count(self, count: int) -> None:
        self._count = count
        self.setAccessibleName(str(count))
        self.setVisible(count > 0)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(max(18, round(fonts.width("group", str(self._count)) + 10)), 16)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_badge(painter, self.width(), self.height() / 2, str(self._count), need=self._need)


class Icon(QWidget):
    """One icon in a role's colour."""

    def __init__(self, name: str, role: str = "fg1", size: int = 16) -> None:
        super().__init__()
        self._name, self._role, self._size = name, role, size
        self.setFixedSize(size, size)

    def show_icon(self, name: str, role: str) -> None:
        if (name, role) != (self._name, self._role):
            self._name, self._role = name, role
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        icons.draw(QPainter(self), 0, 0, self._name, self._role, size=self._size)
