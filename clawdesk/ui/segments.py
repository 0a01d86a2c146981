"""A row of alternatives of which one is chosen: filters of a list, unified or split.

`framed` draws the segmented control; without a frame it is a row of filter words with counts.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QSizePolicy, QWidget

from clawdesk.ui import fonts
from clawdesk.ui.tokens import colour


class _Choice(QAbstractButton):
    def __init__(self, text: str, name: str, framed: bool) -> None:
        super().__init__()
        self._framed = framed
        self._inset, self._counts = 9 if framed else 8, True
        self._count: int | None = None
        self.setText(text)
        self.setCheckable(True)
        self.setObjectName(name)
        self.setAccessibleName(text)
        self.setFixedHeight(24)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._mind_width()

    def show_words(self, text: str) -> None:
        self.setText(text)
        self.setAccessibleName(text)
        self._mind_width()
        self.update()

    def show_count(self, count: int | None) -> None:
        if count != self._count:
            self._count = count
            suffix = "" if count is None else f" {count}"
            self.setAccessibleName(self.text() + suffix)
            self._mind_width()
            self.update()

    def show_room(self, inset: int, *, counts: bool) -> None:
        """Room beside the words, in px, and whether counts stand there; they are always spoken."""
        self._inset, self._counts = inset, counts
        self._mind_width()
        self.update()

    def _mind_width(self) -> None:
        wide = fonts.width("chip", self.text()) + 2 * self._inset
        if self._count is not None and self._counts:
            wide += 5 + fonts.width("chip", str(self._count))
        self.setFixedWidth(round(wide))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        on = self.isChecked()
        box = QRectF(self.rect())
        if on or (self.underMouse() and self.isEnabled()):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour("bg4" if on else "bg3"))
            if self._framed:
                painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 4, 4)
            else:
                painter.drawRoundedRect(box, 5, 5)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colour("acc"), 2))
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 5, 5)
        painter.setFont(fonts.font("chip"))
        role = "fg0" if on else "fg1"
        painter.setPen(colour(role if self.isEnabled() else "fgoff"))
        left = box.adjusted(self._inset, 0, 0, 0)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(left, middle, self.text())
        if self._count is not None and self._counts:
            painter.setPen(colour("fg1" if on else "fg2"))
            painter.drawText(
                box.adjusted(0, 0, -self._inset, 0),
                middle | Qt.AlignmentFlag.AlignRight,
                str(self._count),
            )


class Segments(QWidget):
    """`chosen` tells the key of the alternative a person picked."""

    chosen = Signal(str)

    def __init__(
        self, name: str, choices: Sequence[tuple[str, str]], *, framed: bool = True
    ) -> None:
        super().__init__()
        self.setObjectName(name)
        self._framed = framed
        self._buttons: dict[str, _Choice] = {}
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0 if framed else 2)
        for key, text in choices:
            choice = _Choice(text, f"{name}.{key}", framed)
            self._buttons[key] = choice
            self._group.addButton(choice)
            row.addWidget(choice)
            # A screen reader toggles where a mouse clicks: listen to what both do.
            choice.toggled.connect(lambda on, key=key: self.chosen.emit(key) if on else None)
        self.choose(choices[0][0])
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    @property
    def picked(self) -> str:
        """The key of the alternative that is chosen now."""
        return next((key for key, button in self._buttons.items() if button.isChecked()), "")

    def choose(self, key: str) -> None:
        """Show `key` as chosen without telling anyone."""
        with QSignalBlocker(self._buttons[key]):
            self._buttons[key].setChecked(True)

    def rename(self, key: str, text: str) -> None:
        """Name an alternative anew."""
        button = self._buttons[key]
        if button.text() != text:
            button.show_words(text)

    def show_count(self, key: str, count: int | None) -> None:
        self._buttons[key].show_count(count)

    def show_within(self, room: int) -> None:
        """Fit into `room` px, unframed: the space beside the words goes first, then counts."""
        for inset, counts in ((8, True), (4, True), (4, False)):
            for button in self._buttons.values():
                button.show_room(inset, counts=counts)
            if self.sizeHint().width() <= room:
                return

    def show_only(self, keys: set[str]) -> None:
        """Hide the alternatives that have nothing to show."""
        for key, button in self._buttons.items():
            button.setVisible(key in keys)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._framed:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour("line2"), 1))
        painter.setBrush(colour("bg2"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
