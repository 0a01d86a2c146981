"""A check box with our own tick: the style sheet can fill its box but not draw on it."""

from __future__ import annotations

from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QCheckBox, QStyle, QStyleOptionButton

from clawdesk.ui import fonts, icons


class TickBox(QCheckBox):
    """Told apart by name for tests and screen readers."""

    def __init__(self, text: str, name: str) -> None:
        super().__init__(text)
        self.setObjectName(name)
        self.setAccessibleName(text)
        self.setFont(fonts.font("body"))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.isChecked():
            return
        option = QStyleOptionButton()
        self.initStyleOption(option)
        part = QStyle.SubElement.SE_CheckBoxIndicator
        box = self.style().subElementRect(part, option, self)
        painter = QPainter(self)
        middle = box.center()
        icons.draw(painter, middle.x() - 5.5, middle.y() - 5.5, "check", "onacc", size=12)
