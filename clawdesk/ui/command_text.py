"""A command on as many lines as it needs, broken between its words and nowhere else.

Qt breaks a text also after a hyphen, and `--no-` at the end of a line reads as another option. A
word that is wider than a whole line is the one that is broken inside.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from clawdesk.ui import fonts
from clawdesk.ui.safe_text import clean_line
from clawdesk.ui.tokens import colour

_FONT = "code"
_INDENT = "  "  # of further lines, so that one command is not read as several
_PROMPT = "$ "  # painted before the first line, no part of the command


def broken(command: str, wide: float) -> list[str]:
    """The lines of a command that has `wide` px; joined by spaces they are the command again."""
    metrics, lines = fonts.metrics(_FONT), [""]
    for word in command.split(" "):
        begun = f"{lines[-1]} {word}" if lines[-1].strip() else f"{lines[-1]}{word}"
        if metrics.horizontalAdvance(begun) <= wide or not lines[-1].strip():
            lines[-1] = begun
        else:
            lines.append(f"{_INDENT}{word}")
    return lines


class CommandText(QWidget):
    """Painted, not selectable: who wants the command presses Copy and gets it in one line."""

    def __init__(self, command: str) -> None:
        super().__init__()
        self._command = clean_line(command)
        self.setAccessibleName(self._command)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def lines(self) -> list[str]:
        """As they are shown now."""
        return broken(self._command, self.width() - _beside())

    def _height(self, lines: int) -> int:
        return round(lines * fonts.metrics(_FONT).lineSpacing() + 0.5)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._height(len(broken(self._command, width - _beside())))

    def sizeHint(self) -> QSize:
        wide = fonts.metrics(_FONT).horizontalAdvance(self._command)
        return QSize(round(wide) + _beside() + 2, self._height(1))

    def minimumSizeHint(self) -> QSize:
        metrics = fonts.metrics(_FONT)
        widest = max(metrics.horizontalAdvance(_INDENT + w) for w in self._command.split(" "))
        return QSize(min(round(widest) + _beside() + 2, 320), self._height(1))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, metrics = QPainter(self), fonts.metrics(_FONT)
        lines, left = self.lines(), _beside()
        top = (self.height() - len(lines) * metrics.lineSpacing()) / 2 + metrics.ascent()
        painter.setFont(fonts.font(_FONT))
        painter.setPen(colour("fg2"))
        painter.drawText(QPointF(0, top), _PROMPT.strip())
        painter.setPen(colour("fg0"))
        for place, line in enumerate(lines):
            painter.drawText(QPointF(left, top + place * metrics.lineSpacing()), line)


def _beside() -> int:
    """What the prompt takes of each line, in px."""
    return round(fonts.metrics(_FONT).horizontalAdvance(_PROMPT) + 0.5)
