"""A plain-text editor with line numbers: no completion, no markup, undo and nothing else."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QResizeEvent, QTextOption
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from clawdesk.ui import fonts
from clawdesk.ui.tokens import colour
from clawdesk.ui.words import tr

GAP = 14
TAB = 4


class _Gutter(QWidget):
    def __init__(self, editor: CodeEditor) -> None:
        super().__init__(editor)
        self._editor = editor

    def sizeHint(self) -> QSize:
        return QSize(self._editor.gutter_width(), 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        self._editor.paint_gutter(event)


class CodeEditor(QPlainTextEdit):
    """`text_now` is exactly what would be written; it has line feeds only."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleDescription(tr("Ctrl+Tab leaves the text"))
        self.setFont(fonts.font("code"))
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setWordWrapMode(QTextOption.WrapMode.NoWrap)
        self.setTabStopDistance(TAB * fonts.width("code", " "))
        self._gutter = _Gutter(self)
        self.blockCountChanged.connect(lambda _: self._mind_gutter())
        self.updateRequest.connect(self._scrolled)
        self.cursorPositionChanged.connect(self._gutter.update)
        self._mind_gutter()

    def text_now(self) -> str:
        """The text; unlike toPlainText it keeps no-break spaces."""
        return self.document().toRawText().replace("\u2029", "\n")

    def stand_on(self, line: int) -> None:
        """Put the cursor at the beginning of a line, counted from 1, and show it in the middle."""
        block = self.document().findBlockByNumber(max(0, min(line, self.blockCount()) - 1))
        cursor = self.textCursor()
        cursor.setPosition(block.position())
        self.setTextCursor(cursor)
        self.centerCursor()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Tab is a letter here, so Ctrl+Tab goes on to the buttons, as in other editors."""
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if control and event.key() in {Qt.Key.Key_Tab, Qt.Key.Key_Backtab}:
            # What a text takes as a letter, Qt does not take as a wish to leave it.
            self.setTabChangesFocus(True)
            self.focusNextPrevChild(event.key() == Qt.Key.Key_Tab)
            self.setTabChangesFocus(False)
        else:
            super().keyPressEvent(event)

    def gutter_width(self) -> int:
        digits = max(3, len(str(self.blockCount())))
        return round(digits * fonts.width("code_small", "0")) + GAP + 8

    def _mind_gutter(self) -> None:
        self.setViewportMargins(self.gutter_width(), 0, 0, 0)

    def _scrolled(self, rect: QRect, by: int) -> None:
        if by:
            self._gutter.scroll(0, by)
        else:
            self._gutter.update(0, rect.y(), self._gutter.width(), rect.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        inside = self.contentsRect()
        self._gutter.setGeometry(inside.left(), inside.top(), self.gutter_width(), inside.height())

    def paint_gutter(self, event: QPaintEvent) -> None:
        """The numbers of the lines on screen."""
        painter = QPainter(self._gutter)
        painter.fillRect(event.rect(), colour("bg2"))
        painter.setFont(fonts.font("code_small"))
        at = self.textCursor().blockNumber()
        block = self.firstVisibleBlock()
        top = self.blockBoundingGeometry(block).translated(self.contentOffset()).top()
        right = self.gutter_width() - GAP
        while block.isValid() and top <= event.rect().bottom():
            high = self.blockBoundingRect(block).height()
            painter.setPen(colour("fg0" if block.blockNumber() == at else "fg2"))
            painter.drawText(
                QRectF(0, top, right, high),
                Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                str(block.blockNumber() + 1),
            )
            top += high
            block = block.next()
