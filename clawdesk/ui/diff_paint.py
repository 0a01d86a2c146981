"""Paints the rows of a diff: heads, numbered and tinted lines, marked words, comments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from clawdesk.ui import fonts, highlight, icons
from clawdesk.ui.code_list import ROW_ROLE, Index
from clawdesk.ui.safe_text import clean_line
from clawdesk.ui.tokens import colour
from clawdesk.ui.words import tr
from clawdesk.viewmodels.diffs import DiffRow, RowKind, Side, file_words
from clawdesk.viewmodels.word_marks import Marks, word_marks

if TYPE_CHECKING:
    from clawdesk.ui.diff_view import DiffView

NUMBER = 44
SIGN = 18
FILE_ROW = 36
COMMENT_LINE = 18
COMMENT_LINES_MAX = 6
OFF = 0.45
"""Opacity of what is not taken; its hunk's head says so in words."""
_TINT = {"+": "add", "-": "del", " ": "", "": "gap"}
_WORD_TINT = {"+": "addw", "-": "delw"}
_SIGN = {"+": ("+", "ok"), "-": ("−", "bad")}  # noqa: RUF001
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def comment_lines(text: str) -> list[str]:
    """The lines of a comment as they are painted; the rest is counted in the last one."""
    lines = text.strip().split("\n")
    if len(lines) > COMMENT_LINES_MAX:
        more = len(lines) - COMMENT_LINES_MAX + 1
        lines = [*lines[: COMMENT_LINES_MAX - 1], tr("… {more} more lines", more=more)]
    return [clean_line(line, 400) for line in lines]


class DiffDelegate(QStyledItemDelegate):
    """Paints a DiffRow; the view knows `split`, `offset`, the files and what is not taken."""

    def __init__(self, view: DiffView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(50, self._view.row_height(index.row()))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: DiffRow = index.data(ROW_ROLE)
        box = QRectF(option.rect)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if row.kind is RowKind.LINE:
            if self._view.is_off(row):
                painter.setOpacity(OFF)
            self._line(painter, box, row, chosen=chosen)
        elif row.kind is RowKind.FILE:
            self._file_head(painter, box, row)
        elif row.kind is RowKind.COMMENT:
            self._comment(painter, box, row, chosen=chosen)
        else:
            self._head(painter, box, row, chosen=chosen)
        painter.restore()

    def _line(self, painter: QPainter, box: QRectF, row: DiffRow, *, chosen: bool) -> None:
        left, right = row.left, row.right
        if not self._view.split:
            old_first = left.origin == "-"
            marks = _marks(left.text, row.other) if old_first else _marks(row.other, left.text)
            numbers = (left.number, right.number)
            mine = marks[0] if old_first else marks[1]
            self._side(painter, box, left, numbers, row=row, marks=mine, chosen=chosen)
            return
        paired = left.origin == "-" and right.origin == "+"
        marks = _marks(left.text, right.text) if paired else ((), ())
        half = QRectF(box.left(), box.top(), round(box.width() / 2), box.height())
        other = QRectF(half.right(), box.top(), box.width() - half.width(), box.height())
        self._side(painter, half, left, (left.number,), row=row, marks=marks[0], chosen=chosen)
        self._side(painter, other, right, (right.number,), row=row, marks=marks[1], chosen=chosen)
        painter.fillRect(QRectF(half.right() - 1, box.top(), 1, box.height()), colour("line"))

    def _head(self, painter: QPainter, box: QRectF, row: DiffRow, *, chosen: bool) -> None:
        is_hunk = row.kind is RowKind.HUNK
        ground = "sel" if chosen and is_hunk else "bg2" if is_hunk else "need-bg"
        painter.fillRect(box, colour(ground))
        painter.setPen(QPen(colour("line"), 1))
        painter.drawLine(box.topLeft(), box.topRight())
        painter.drawLine(box.bottomLeft(), box.bottomRight())
        text = clean_line(row.text, 400)
        if is_hunk:
            right = self._hunk_act(painter, box, row)
            painter.setFont(fonts.font("code"))
            painter.setPen(colour("fg2"))
            room = QRectF(box.left() + 12, box.top(), right - box.left() - 20, box.height())
            shown = fonts.metrics("code").elidedText(
                text, Qt.TextElideMode.ElideRight, room.width()
            )
            painter.drawText(room, _LEFT, shown)
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        icons.draw(painter, box.left() + 12, box.center().y() - 7, "warn", "need", size=14)
        painter.setFont(fonts.font("small"))
        painter.setPen(colour("need"))
        room = box.adjusted(34, 0, -8, 0)
        shown = fonts.metrics("small").elidedText(text, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, _LEFT, shown)

    def _hunk_act(self, painter: QPainter, box: QRectF, row: DiffRow) -> float:
        """What a click on the head's right end does; returns where it begins."""
        words = self._view.hunk_words(row)
        if not words:
            return box.right()
        rect = self.hunk_rect(box, words)
        off = self._view.is_off(row)
        role = "need" if off else "fg1"
        icons.draw(
            painter, rect.left(), box.center().y() - 7, "restore" if off else "x", role, size=14
        )
        painter.setFont(fonts.font("small"))
        painter.setPen(colour(role))
        painter.drawText(rect.adjusted(20, 0, 0, 0), _LEFT, words)
        key = QRectF(rect.right() - 16.5, box.center().y() - 7.5, 16, 15)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour("line2"), 1))
        painter.drawRoundedRect(key, 4, 4)
        painter.setPen(colour("fg2"))
        painter.setFont(fonts.font("caption"))
        painter.drawText(key, Qt.AlignmentFlag.AlignCenter, "X")
        return rect.left()

    @staticmethod
    def hunk_rect(box: QRectF, words: str) -> QRectF:
        """Where a hunk's act is painted and clicked."""
        wide = 20 + fonts.width("small", words) + 8 + 17
        return QRectF(box.right() - wide - 12, box.top(), wide, box.height())

    def _file_head(self, painter: QPainter, box: QRectF, row: DiffRow) -> None:
        painter.fillRect(box, colour("bg1"))
        icons.draw(painter, box.left() + 12, box.center().y() - 8, "file", "fg1")
        file = self._view.files[row.file]
        path = clean_line(row.text, 400)
        x = box.left() + 36
        painter.setFont(fonts.font("button"))
        painter.setPen(colour("fg0"))
        room = box.right() - x - 150
        path = fonts.metrics("button").elidedText(path, Qt.TextElideMode.ElideLeft, room)
        painter.drawText(QRectF(x, box.top(), box.width(), box.height()), _LEFT, path)
        x += fonts.width("button", path) + 8
        painter.setFont(fonts.font("small"))
        for text, role in (
            (file_words(file), "fg2"),
            (f"+{file.added}" if file.added else "", "ok"),
            (f"−{file.removed}" if file.removed else "", "bad"),  # noqa: RUF001
            (self._view.file_words(file), "acc"),
        ):
            if text:
                painter.setPen(colour(role))
                painter.drawText(QRectF(x, box.top(), 300, box.height()), _LEFT, text)
                x += fonts.width("small", text) + 8

    def _comment(self, painter: QPainter, box: QRectF, row: DiffRow, *, chosen: bool) -> None:
        painter.fillRect(box, colour("sel" if chosen else "run-bg"))
        painter.fillRect(QRectF(box.left(), box.top(), 3, box.height()), colour("acc"))
        icons.draw(painter, box.left() + 14, box.top() + 8, "note", "acc", size=14)
        painter.setFont(fonts.font("small"))
        painter.setPen(colour("fg0"))
        y = box.top() + 6
        for line in comment_lines(row.text):
            shown = fonts.metrics("small").elidedText(
                line, Qt.TextElideMode.ElideRight, box.width() - 50
            )
            painter.drawText(QRectF(box.left() + 36, y, box.width(), COMMENT_LINE), _LEFT, shown)
            y += COMMENT_LINE

    def _side(
        self,
        painter: QPainter,
        box: QRectF,
        side: Side,
        numbers: tuple[int | None, ...],
        *,
        row: DiffRow,
        marks: Marks,
        chosen: bool,
    ) -> None:
        tint = "sel" if chosen else _TINT[side.origin]
        if tint:
            painter.fillRect(box, colour(tint))
        painter.setFont(fonts.font("code_small"))
        painter.setPen(colour("fg1" if side.origin in {"+", "-"} else "fg2"))
        x = box.left()
        for number in numbers:
            if number is not None:
                painter.drawText(
                    QRectF(x, box.top(), NUMBER - 6, box.height()), _RIGHT, str(number)
                )
            x += NUMBER
        painter.setFont(fonts.font("code"))
        sign, role = _SIGN.get(side.origin, ("", "fg2"))
        if sign:
            painter.setPen(colour(role))
            where = QRectF(x, box.top(), SIGN, box.height())
            painter.drawText(where, Qt.AlignmentFlag.AlignCenter, sign)
        x += SIGN
        if side.text:
            painter.setClipRect(QRectF(x, box.top(), box.right() - x - 1, box.height()))
            text = clean_line(side.text)
            self._mark(
                painter,
                x - self._view.offset,
                box,
                text,
                marks=marks,
                tint=_WORD_TINT.get(side.origin, ""),
            )
            self._code(painter, x - self._view.offset, box, text, row.file)
            painter.setClipping(False)

    @staticmethod
    def _mark(
        painter: QPainter, x: float, box: QRectF, text: str, *, marks: Marks, tint: str
    ) -> None:
        """The ground of the words that differ."""
        if not marks or not tint:
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(tint))
        for begin, end in marks:
            left = x + fonts.width("code", text[:begin])
            wide = fonts.width("code", text[begin:end])
            painter.drawRoundedRect(
                QRectF(left - 1, box.top() + 2, wide + 2, box.height() - 4), 3, 3
            )

    def _code(self, painter: QPainter, x: float, box: QRectF, text: str, file: int) -> None:
        advance = fonts.width("code", "0")
        for piece, role in highlight.spans(text, self._view.files[file].path):
            painter.setPen(colour(role))
            wide = advance * len(piece)
            if x + wide >= box.left() and x <= box.right():
                painter.drawText(QRectF(x, box.top(), wide + 20, box.height()), _LEFT, piece)
            # A fixed-width font: counting is exact for ASCII; wide letters are measured.
            x += wide if piece.isascii() else fonts.width("code", piece)


def _marks(old: str, new: str) -> tuple[Marks, Marks]:
    """Marks of the lines as they are painted, so of their cleaned texts."""
    return word_marks(clean_line(old), clean_line(new)) if old and new else ((), ())
