"""A sheet with fields in a grid, what it does above them; refusals are said below, and it stays."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QVBoxLayout, QWidget

from clawdesk.ui import fonts, icons
from clawdesk.ui.ask_sheet import Lines, add_lines
from clawdesk.ui.button import Button
from clawdesk.ui.clock import Clock
from clawdesk.ui.safe_text import SafeLabel
from clawdesk.ui.sheet import Sheet
from clawdesk.ui.words import tr

_EDGE = 22  # of the window, which no sheet covers
_TALL = 44
"""A field that is higher has its label beside its first line."""


class FormSheet(Sheet):
    """Fields in a grid, what came of it below, two buttons."""

    def __init__(
        self,
        name: str,
        parent: QWidget,
        clock: Clock,
        *,
        icon: str,
        words: str,
        go: str,
        groups: Sequence[Lines] = (),
    ) -> None:
        super().__init__(name, parent, clock, icon=icon, role="acc")
        self._sending = False
        column = QVBoxLayout()
        column.setContentsMargins(44, 2, 20, 16)
        column.setSpacing(10)
        column.addWidget(SafeLabel(words, role="fg1", wrap=True))
        for group in groups:
            add_lines(column, group)
        self.grid = QGridLayout()
        self.grid.setHorizontalSpacing(12)
        self.grid.setVerticalSpacing(8)
        self.grid.setColumnStretch(1, 1)
        column.addLayout(self.grid)
        self.outcome = SafeLabel("", role="bad", wrap=True, selectable=True)
        self.outcome.setObjectName(f"{name}.result")
        self.outcome.hide()
        column.addWidget(self.outcome)
        column.addStretch(1)
        self.body.addLayout(column, 1)
        self.later = Button(tr("Not now"), f"{name}.stay", key="Esc")
        self.go = Button(go, f"{name}.go", kind="yes")
        self.later.clicked.connect(self.reject)
        self.go.clicked.connect(self._pressed)
        self.foot.addStretch(1)
        self.foot.addWidget(self.later)
        self.foot.addWidget(self.go)

    def add_field(self, label: str, field: QWidget, name: str) -> None:
        place = self.grid.rowCount()
        field.setObjectName(name)
        field.setAccessibleName(label)
        field.setFont(fonts.font("body"))
        words = SafeLabel(label, role="fg1")
        self.grid.addWidget(words, place, 0)
        self.grid.addWidget(field, place, 1)
        if field.sizeHint().height() > _TALL:
            words.setContentsMargins(0, 5, 0, 0)
            self.grid.setAlignment(words, Qt.AlignmentFlag.AlignTop)

    def grow(self) -> None:
        """As high as its words need to be now, within the window."""
        parent = self.parentWidget()
        if parent is None or not self.isVisible():
            return
        frame = parent.window().geometry()
        high = min(max(self.height(), self.sizeHint().height()), frame.height() - 2 * _EDGE)
        self.resize(self.width(), high)
        lowest = frame.y() + frame.height() - _EDGE - high
        if self.y() > lowest:
            self.move(self.x(), lowest)

    def _pressed(self) -> None:
        if self.go.isEnabled():
            self.show_refusal("")
            self.send()

    def send(self) -> None:
        """Emit what the fields say, or say what is wrong with them."""

    def mind_buttons(self) -> None:
        if hasattr(self, "go"):
            self.go.setEnabled(not self.guard.up and not self._sending)

    def show_sending(self, sending: bool) -> None:
        self._sending = sending
        self.mind_buttons()

    def show_refusal(self, text: str) -> None:
        """Nothing was changed: why, with figures; the fields stay as they are."""
        self.outcome.show_text(text)
        self.outcome.setVisible(bool(text))
        self.resize(self.width(), max(self.height(), self.minimumSizeHint().height()))


class Choice(QComboBox):
    """A combo box with an arrow of our own icons."""

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        icons.draw(painter, self.width() - 24, (self.height() - 16) / 2, "cd", "fg2")
