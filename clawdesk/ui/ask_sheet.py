"""A small question to the user before an act: what will happen, and two or three named ways on.

Used for restore, cancel, a dirty folder, and closing with running tasks. Nothing is a default.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from clawdesk.ui.badge import Icon
from clawdesk.ui.button import Button
from clawdesk.ui.clock import Clock
from clawdesk.ui.pane import Ground
from clawdesk.ui.safe_text import SafeLabel
from clawdesk.ui.sheet import Sheet
from clawdesk.ui.words import tr

WIDE, LEAST = 560, 48


@dataclass(frozen=True, slots=True)
class Way:
    """One answer; `key` comes back from `chosen`."""

    key: str
    text: str
    kind: str = "plain"
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Lines:
    """A titled list of sentences with one icon."""

    title: str
    icon: str
    role: str
    lines: tuple[str, ...]


def add_lines(column: QVBoxLayout, group: Lines) -> None:
    """Put a titled list of sentences into a column."""
    column.addSpacing(4)
    if group.title:
        column.addWidget(SafeLabel(group.title, font="group", role="fg2"))
    for line in group.lines:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(Icon(group.icon, group.role, 14), 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(SafeLabel(line, wrap=True), 1)
        column.addLayout(row)


class AskSheet(Sheet):
    """`chosen` carries the key of the way a person took; Esc takes none."""

    chosen = Signal(str)

    def __init__(
        self,
        name: str,
        parent: QWidget,
        clock: Clock,
        *,
        title: str,
        text: str,
        groups: Sequence[Lines] = (),
        ways: Sequence[Way],
        stay: str = "",
        icon: str = "need",
        role: str = "need",
    ) -> None:
        super().__init__(name, parent, clock, icon=icon, role=role)
        self.show_title(title)
        inner = Ground("bg1")
        column = self._words = QVBoxLayout(inner)
        column.setContentsMargins(44, 2, 20, 18)
        column.setSpacing(8)
        words = SafeLabel(text, role="fg1", wrap=True)
        words.setObjectName(f"{name}.words")
        column.addWidget(words)
        for group in groups:
            if group.lines:
                add_lines(column, group)
        column.addStretch(1)
        self.area = _area(name, title, inner)
        self.body.addWidget(self.area, 1)
        self.foot.addStretch(1)
        later = Button(stay or tr("Not now"), f"{name}.stay", key="Esc")
        later.clicked.connect(self.reject)
        self.foot.addWidget(later)
        self._buttons: list[Button] = []
        for way in ways:
            button = Button(way.text, f"{name}.{way.key}", kind=way.kind, icon=way.icon)
            button.clicked.connect(lambda _=False, key=way.key: self._take(key))
            self.foot.addWidget(button)
            self._buttons.append(button)
        later.setFocus(Qt.FocusReason.OtherFocusReason)

    def mind_buttons(self) -> None:
        for button in getattr(self, "_buttons", []):
            button.setEnabled(not self.guard.up)

    def _take(self, key: str) -> None:
        if not self.guard.up:
            self.chosen.emit(key)
            self.accept()

    def sizeHint(self) -> QSize:
        whole = self.layout()
        assert whole is not None
        around = whole.totalMinimumSize().height() - self.area.minimumHeight()
        return QSize(WIDE, around + self._words.totalHeightForWidth(WIDE - 2))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        bar = self.area.verticalScrollBar()
        policy = Qt.FocusPolicy.StrongFocus if bar.maximum() else Qt.FocusPolicy.NoFocus
        self.area.setFocusPolicy(policy)


def _area(name: str, title: str, inner: QWidget) -> QScrollArea:
    """More sentences than the window has room for are scrolled to; the buttons stay."""
    area = QScrollArea()
    area.setObjectName(f"{name}.area")
    area.setAccessibleName(title)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setMinimumHeight(LEAST)
    area.setWidget(inner)
    return area
