"""What a question is answered from: what its step printed last, what is known without it, and what
an act would do.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from clawdesk.ui.badge import Icon
from clawdesk.ui.button import Button
from clawdesk.ui.pane import empty
from clawdesk.ui.safe_text import SafeLabel
from clawdesk.ui.tokens import colour
from clawdesk.ui.words import tr

LINES = 3
_NAME = 76
_HEAD = 30


class Printed(QWidget):
    """The last lines before a question, framed, with the way to the whole log.

    As high with one line as with all: what is read a moment later moves nothing.
    """

    log_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("question.printed")
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 0, 4, 8)
        column.setSpacing(2)
        head = QHBoxLayout()
        head.setSpacing(8)
        self._where = SafeLabel("", font="small", role="fg1", elide=True)
        self.open = Button(tr("Open log"), "question.log", kind="ghost", size="sm")
        self.open.clicked.connect(self.log_wanted)
        head.addWidget(Icon("term", "fg2", 14))
        head.addWidget(self._where, 1)
        head.addWidget(self.open)
        column.addLayout(head)
        column.addSpacing(6)
        self._lines = [SafeLabel("", font="code", role="fg1", elide=True) for _ in range(LINES)]
        for line in self._lines:
            line.setFixedHeight(18)
            column.addWidget(line)

    def show_where(self, where: str) -> None:
        self._where.show_text(where)

    def show_lines(self, lines: Sequence[str]) -> None:
        """At most the last `LINES`."""
        shown = list(lines)[-LINES:] or [tr("It had printed nothing.")]
        for place, label in enumerate(self._lines):
            label.show_text(shown[place] if place < len(shown) else "")
        self.setAccessibleName(tr("Printed before the question"))
        self.setAccessibleDescription("\n".join(label.text() for label in self._lines).strip())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour("line2"), 1))
        painter.setBrush(colour("bg0"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        painter.drawLine(1, _HEAD, self.width() - 1, _HEAD)


class Becomes(QWidget):
    """What an act would do, said before it is done; with a mark where something may end by it.

    It takes the colour of a warning once the act can be done, and moves nothing by that.
    """

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(44, 6, 16, 8)
        row.setSpacing(8)
        self._icon = Icon("warn", "fg2", 14)
        self.words = SafeLabel("", font="small", role="fg2", wrap=True)
        self.words.setObjectName("question.becomes")
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.words, 1)
        self.hide()

    def show_words(self, words: str, *, may_end: bool, warns: bool) -> None:
        """`words`: "" = there is nothing to say."""
        role = "need" if warns else "fg2"
        self.words.show_text(words)
        self.words.set_role(role)
        self._icon.show_icon("warn", role)
        self._icon.setVisible(may_end)
        self.setVisible(bool(words))

    def high(self, wide: int) -> int:
        """How high it is at that width; 0 while it says nothing."""
        layout = self.layout()
        return layout.totalHeightForWidth(wide) if layout is not None and self.words.text() else 0


class Known(QWidget):
    """Names and sentences, a line each."""

    def __init__(self) -> None:
        super().__init__()
        self._facts: tuple[tuple[str, str], ...] = ()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(1, 1)
        self._grid.setColumnMinimumWidth(0, _NAME)

    def show_facts(self, facts: tuple[tuple[str, str], ...]) -> None:
        """Made anew only where one differs."""
        if facts == self._facts:
            return
        self._facts = facts
        empty(self._grid)
        for row, (name, words) in enumerate(facts):
            top = Qt.AlignmentFlag.AlignTop
            self._grid.addWidget(SafeLabel(name, font="small", role="fg2"), row, 0, top)
            self._grid.addWidget(SafeLabel(words, font="small", role="fg1", wrap=True), row, 1)
