"""Three sides of a conflicting file beside one another: as both began, the branch, the task."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from clawdesk.ui import fonts, tokens
from clawdesk.ui.code_list import ROW_ROLE, CodeList, Index, SpokenRows
from clawdesk.ui.safe_text import clean_line
from clawdesk.ui.tokens import colour
from clawdesk.ui.words import tr
from clawdesk.viewmodels.conflicts import Cell, Change, Row

NUMBER = 40
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
# The ground of each side by who changed it; a conflict is amber on both.
_TINTS: dict[Change, tuple[str, str, str]] = {
    Change.NOBODY: ("", "", ""),
    Change.OURS: ("", "add", ""),
    Change.THEIRS: ("", "", "add"),
    Change.SAME: ("", "add", "add"),
    Change.BOTH: ("", "need-bg", "need-bg"),
}


class _RowDelegate(QStyledItemDelegate):
    def __init__(self, view: ConflictView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(50, tokens.CODE_ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: Row = index.data(ROW_ROLE)
        box, wide = QRectF(option.rect), column_width(option.rect.width())
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        for place, cell in enumerate((row.base, row.ours, row.theirs)):
            side = QRectF(box.left() + place * wide, box.top(), wide, box.height())
            tint = "sel" if chosen else _TINTS[row.change][place] if cell.number else "gap"
            self._cell(painter, side, cell, tint)
        painter.restore()

    def _cell(self, painter: QPainter, box: QRectF, cell: Cell, tint: str) -> None:
        if tint:
            painter.fillRect(box, colour(tint))
        painter.fillRect(QRectF(box.right() - 1, box.top(), 1, box.height()), colour("line"))
        if not cell.number:
            return
        painter.setFont(fonts.font("code_small"))
        painter.setPen(colour("fg2"))
        number = QRectF(box.left(), box.top(), NUMBER - 8, box.height())
        painter.drawText(number, _RIGHT, str(cell.number))
        painter.setFont(fonts.font("code"))
        painter.setPen(colour("fg0"))
        room = box.adjusted(NUMBER, 0, -2, 0)
        painter.setClipRect(room)
        text = clean_line(cell.text)
        shifted = QRectF(room.left() - self._view.offset, box.top(), 20_000, box.height())
        painter.drawText(shifted, _LEFT, text)
        painter.setClipping(False)


def column_width(whole: int) -> int:
    """The width of one of the three sides."""
    return whole // 3


class ConflictView(CodeList):
    """Shows the rows of one file; its columns line up with heads of `column_width`."""

    def __init__(self, name: str) -> None:
        super().__init__(name, tr("The three sides of the file, line by line"))
        self._longest = 0
        self.rows = SpokenRows[Row]()
        self.list.setModel(self.rows)
        self.list.setUniformItemSizes(True)
        self.list.setItemDelegate(_RowDelegate(self))

    def show_rows(self, rows: tuple[Row, ...]) -> None:
        """Show a file from its first conflict on."""
        cells = (len(cell.text) for row in rows for cell in (row.base, row.ours, row.theirs))
        self._longest = max(cells, default=0)
        self.rows.show_rows(rows)
        self.mind_width()
        first = next((n for n, row in enumerate(rows) if row.change is Change.BOTH), 0)
        self.list.scrollTo(self.rows.index(max(0, first - 2)), self.list.ScrollHint.PositionAtTop)

    def content_width(self) -> int:
        return round(min(self._longest, 2_000) * fonts.width("code", "0")) + 12

    def shown_width(self) -> int:
        return column_width(self.list.viewport().width()) - NUMBER
