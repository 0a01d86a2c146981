"""Rules as rows: key and meaning left, value and where it is written right. Read only."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from clawdesk.ui.pane import Ground, empty
from clawdesk.ui.safe_text import SafeLabel, clean_line
from clawdesk.ui.tokens import colour
from clawdesk.viewmodels.policy import RuleRow

_RIGHT = 280


class _Row(Ground):
    def __init__(self, name: str, view: RuleRow, *, last: bool) -> None:
        super().__init__("bg1", "" if last else "b")
        self.setObjectName(f"{name}.{view.key}")
        self.setAccessibleName(clean_line(view.spoken, 600))
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 7, 16, 7)
        row.setSpacing(16)
        left, right = QVBoxLayout(), QVBoxLayout()
        for column in (left, right):
            column.setSpacing(1)
        left.addWidget(SafeLabel(view.key, font="code"))
        left.addWidget(SafeLabel(view.means, font="small", role="fg2", wrap=True))
        right.addWidget(SafeLabel(view.value, wrap=True))
        where = f"{view.where} · {view.bounded}" if view.bounded else view.where
        right.addWidget(
            SafeLabel(where, font="small", role="fg2" if view.where == "default" else "acc")
        )
        row.addLayout(left, 1)
        box = QWidget()
        box.setFixedWidth(_RIGHT)
        right.setContentsMargins(0, 0, 0, 0)
        box.setLayout(right)
        row.addWidget(box)


class RuleTable(QWidget):
    """All rows in one frame."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._name = name
        self._rows: tuple[RuleRow, ...] = ()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(1, 2, 1, 2)
        self._column.setSpacing(0)

    def show_rows(self, rows: Sequence[RuleRow]) -> None:
        """Rebuilds only when something differs."""
        if tuple(rows) == self._rows:
            return
        self._rows = tuple(rows)
        empty(self._column)
        for row in rows:
            self._column.addWidget(_Row(self._name, row, last=row is rows[-1]))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour("line2"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
