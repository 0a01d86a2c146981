"""Parts every pane is made of: its head, hairlines, and rows without margins."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QKeySequence, QPainter, QPaintEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLayout, QSizePolicy, QVBoxLayout, QWidget
from shiboken6 import Shiboken

from clawdesk.ui import tokens
from clawdesk.ui.safe_text import SafeLabel
from clawdesk.ui.tokens import colour


def empty(layout: QLayout) -> None:
    """Take everything out of a layout; the widgets in it end.

    What Qt gives back is nobody's: the item that held a widget stays behind unless it is ended.
    """
    while (item := layout.takeAt(0)) is not None:
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
        elif inner is not None:
            empty(inner)
        Shiboken.delete(item)


def key_inside(page: QWidget, keys: str, act: Callable[[], None]) -> None:
    """A key that does something while the keyboard is inside a page, and nowhere else."""
    shortcut = QShortcut(QKeySequence(keys), page)
    shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
    shortcut.activated.connect(act)


class Ground(QWidget):
    """A surface in a role's colour, with hairlines where asked (t, b, l, r)."""

    def __init__(self, role: str = "bg1", lines: str = "") -> None:
        super().__init__()
        self._role, self._lines = role, lines

    def set_ground(self, role: str) -> None:
        if role != self._role:
            self._role = role
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), colour(self._role))
        line = colour("line")
        wide, high = self.width(), self.height()
        if "t" in self._lines:
            painter.fillRect(QRect(0, 0, wide, 1), line)
        if "b" in self._lines:
            painter.fillRect(QRect(0, high - 1, wide, 1), line)
        if "l" in self._lines:
            painter.fillRect(QRect(0, 0, 1, high), line)
        if "r" in self._lines:
            painter.fillRect(QRect(wide - 1, 0, 1, high), line)


class PaneHead(Ground):
    """40 px: a title, then whatever the pane puts into `row`."""

    def __init__(self, title: str, ground: str = "bg1") -> None:
        super().__init__(ground, "b")
        self.setFixedHeight(tokens.PANE_HEAD)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(12, 0, 12, 0)
        self.row.setSpacing(8)
        self.title = SafeLabel(title, font="label")
        self.row.addWidget(self.title)


def column(parent: QWidget, *, margin: int = 0, spacing: int = 0) -> QVBoxLayout:
    """A vertical layout with the same margin all round."""
    made = QVBoxLayout(parent)
    made.setContentsMargins(margin, margin, margin, margin)
    made.setSpacing(spacing)
    return made


def row(*, spacing: int = 8) -> QHBoxLayout:
    """A horizontal layout without margins, to be added to another."""
    made = QHBoxLayout()
    made.setContentsMargins(0, 0, 0, 0)
    made.setSpacing(spacing)
    return made
