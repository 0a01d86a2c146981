"""The inspector's tab row: words with icons and counts, a 2 px line under the current one."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QSizePolicy, QWidget

from clawdesk.ui import fonts, icons, tokens
from clawdesk.ui.badge import paint_badge
from clawdesk.ui.safe_text import set_tip
from clawdesk.ui.tokens import colour


class _Tab(QAbstractButton):
    def __init__(self, name: str, text: str, icon: str) -> None:
        super().__init__()
        self._icon, self._count, self._compact = icon, 0, False
        self.setText(text)
        self.setCheckable(True)
        self.setObjectName(name)
        self.setAccessibleName(text)
        self.setFixedHeight(tokens.TABS)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_count(self, count: int) -> None:
        if count != self._count:
            self._count = count
            self.setAccessibleName(f"{self.text()} {count}" if count else self.text())
            self.updateGeometry()
            self.update()

    def show_compact(self, compact: bool) -> None:
        if compact != self._compact:
            self._compact = compact
            set_tip(self, self.text() if compact else "")
            self.updateGeometry()
            self.update()

    @property
    def _words(self) -> str:
        return "" if self._compact and not self.isChecked() else self.text()

    def sizeHint(self) -> QSize:
        wide = 20 + 16 + (6 + fonts.width("button", self._words) if self._words else 0)
        if self._count:
            wide += 8 + max(18.0, fonts.width("group", str(self._count)) + 10)
        return QSize(round(wide), tokens.TABS)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        role = "fg0" if self.isChecked() or self.underMouse() else "fg1"
        middle = self.height() / 2
        icons.draw(painter, 10, middle - 8, self._icon, role)
        painter.setFont(fonts.font("button"))
        painter.setPen(colour(role))
        painter.drawText(
            QRectF(32, 0, self.width(), self.height()), Qt.AlignmentFlag.AlignVCenter, self._words
        )
        if self._count:
            paint_badge(painter, self.width() - 10, middle, str(self._count), need=False)
        if self.isChecked():
            painter.fillRect(QRectF(10, self.height() - 2, self.width() - 20, 2), colour("acc"))
        if self.hasFocus():
            # The badge has set a brush; a filled ring would cover the words.
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colour("acc"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(3, 5, -3, -5), 5, 5)


class Tabs(QWidget):
    """`chosen` tells the key of the tab a person picked."""

    chosen = Signal(str)

    def __init__(self, name: str, tabs: list[tuple[str, str, str]]) -> None:
        super().__init__()
        self.setObjectName(name)
        self._tabs: dict[str, _Tab] = {}
        group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for key, text, icon in tabs:
            tab = self._tabs[key] = _Tab(f"{name}.{key}", text, icon)
            group.addButton(tab)
            row.addWidget(tab)
            # A screen reader toggles where a mouse clicks: listen to what both do.
            tab.toggled.connect(lambda on, key=key: self.chosen.emit(key) if on else None)
            tab.toggled.connect(lambda _, tab=tab: tab.updateGeometry())
        self.choose(tabs[0][0])
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def choose(self, key: str) -> None:
        tab = self._tabs[key]
        with QSignalBlocker(tab):
            tab.setChecked(True)
        for each in self._tabs.values():
            each.updateGeometry()

    def show_compact(self, compact: bool) -> None:
        """Whether only the current tab says its word: where there is little room."""
        for tab in self._tabs.values():
            tab.show_compact(compact)

    def show_count(self, key: str, count: int) -> None:
        self._tabs[key].show_count(count)
