"""A diff on screen, unified or side by side: file heads, hunk heads, numbered and tinted lines."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from clawdesk.ports.repository import Diff
from clawdesk.ui import fonts, highlight, icons, tokens
from clawdesk.ui.code_list import COPY_ROLE, CodeList, Index, RowModel
from clawdesk.ui.safe_text import clean_line
from clawdesk.ui.tokens import colour
from clawdesk.viewmodels.diffs import DiffRow, RowKind, Side, diff_rows, file_words

ROW_ROLE = int(Qt.ItemDataRole.UserRole)
NUMBER = 44
SIGN = 18
_TINT = {"+": "add", "-": "del", " ": "", "": "gap"}
_SIGN = {"+": ("+", "ok"), "-": ("−", "bad")}  # noqa: RUF001
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class DiffModel(RowModel):
    """The rows of one diff."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: tuple[DiffRow, ...] = ()

    def show_rows(self, rows: tuple[DiffRow, ...]) -> None:
        self.beginResetModel()
        self.rows, self.count = rows, len(rows)
        self.endResetModel()

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= self.count:
            return None
        row = self.rows[index.row()]
        if role == ROW_ROLE:
            return row
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, COPY_ROLE}:
            return clean_line(row.spoken)
        return None


class DiffDelegate(QStyledItemDelegate):
    """Paints a DiffRow; the view sets `split`, `offset` and the diff's files."""

    def __init__(self, view: DiffView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        row: DiffRow = index.data(ROW_ROLE)
        high = {RowKind.LINE: tokens.CODE_ROW, RowKind.FILE: 36}.get(row.kind, tokens.HUNK_ROW)
        return QSize(50, high)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: DiffRow = index.data(ROW_ROLE)
        box = QRectF(option.rect)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if row.kind is RowKind.LINE:
            if self._view.split:
                half = QRectF(box.left(), box.top(), round(box.width() / 2), box.height())
                self._side(painter, half, row, row.left, (row.left.number,), chosen=chosen)
                other = QRectF(half.right(), box.top(), box.width() - half.width(), box.height())
                self._side(painter, other, row, row.right, (row.right.number,), chosen=chosen)
                painter.fillRect(
                    QRectF(half.right() - 1, box.top(), 1, box.height()), colour("line")
                )
            else:
                numbers = (row.left.number, row.right.number)
                self._side(painter, box, row, row.left, numbers, chosen=chosen)
        else:
            self._head(painter, box, row)
        painter.restore()

    def _head(self, painter: QPainter, box: QRectF, row: DiffRow) -> None:
        if row.kind is RowKind.FILE:
            self._file_head(painter, box, row)
            return
        painter.fillRect(box, colour("bg2" if row.kind is RowKind.HUNK else "need-bg"))
        painter.setPen(QPen(colour("line"), 1))
        painter.drawLine(box.topLeft(), box.topRight())
        painter.drawLine(box.bottomLeft(), box.bottomRight())
        text = clean_line(row.text, 400)
        if row.kind is RowKind.HUNK:
            painter.setFont(fonts.font("code"))
            painter.setPen(colour("fg2"))
            painter.drawText(box.adjusted(12, 0, -8, 0), _LEFT, text)
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        icons.draw(painter, box.left() + 12, box.center().y() - 7, "warn", "need", size=14)
        painter.setFont(fonts.font("small"))
        painter.setPen(colour("need"))
        painter.drawText(box.adjusted(34, 0, -8, 0), _LEFT, text)

    def _file_head(self, painter: QPainter, box: QRectF, row: DiffRow) -> None:
        painter.fillRect(box, colour("bg1"))
        icons.draw(painter, box.left() + 12, box.center().y() - 8, "file", "fg1")
        file = self._view.files[row.file]
        path = clean_line(row.text, 400)
        x = box.left() + 36
        painter.setFont(fonts.font("button"))
        painter.setPen(colour("fg0"))
        painter.drawText(QRectF(x, box.top(), box.width(), box.height()), _LEFT, path)
        x += fonts.width("button", path) + 8
        painter.setFont(fonts.font("small"))
        words = file_words(file)
        for text, role in (
            (words, "fg2"),
            (f"+{file.added}" if file.added else "", "ok"),
            (f"−{file.removed}" if file.removed else "", "bad"),  # noqa: RUF001
        ):
            if text:
                painter.setPen(colour(role))
                painter.drawText(QRectF(x, box.top(), 200, box.height()), _LEFT, text)
                x += fonts.width("small", text) + 8

    def _side(
        self,
        painter: QPainter,
        box: QRectF,
        row: DiffRow,
        side: Side,
        numbers: tuple[int | None, ...],
        *,
        chosen: bool,
    ) -> None:
        tint = _TINT[side.origin]
        if chosen:
            tint = "sel"
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
            self._code(painter, x - self._view.offset, box, side.text, row.file)
            painter.setClipping(False)

    def _code(self, painter: QPainter, x: float, box: QRectF, text: str, file: int) -> None:
        text = clean_line(text)
        advance = fonts.width("code", "0")
        for piece, role in highlight.spans(text, self._view.files[file].path):
            painter.setPen(colour(role))
            wide = advance * len(piece)
            if x + wide >= box.left() and x <= box.right():
                painter.drawText(QRectF(x, box.top(), wide + 20, box.height()), _LEFT, piece)
            # A fixed-width font: counting is exact for ASCII; wide letters are measured.
            x += wide if piece.isascii() else fonts.width("code", piece)


class DiffView(CodeList):
    """Shows one diff; `at_file` follows the scroll so that a file list can follow."""

    at_file = Signal(int)

    def __init__(self, name: str = "diff") -> None:
        super().__init__(name, "Changes")
        self.split = False
        self.files: tuple = ()  # type: ignore[type-arg]
        self._diff: Diff | None = None
        self._columns = 0
        self.rows = DiffModel()
        self.list.setModel(self.rows)
        self.list.setItemDelegate(DiffDelegate(self))
        self.list.verticalScrollBar().valueChanged.connect(lambda _: self._tell_file())

    def show_diff(self, diff: Diff | None) -> None:
        """Show a diff; None empties the view."""
        if diff == self._diff and diff is not None:
            return
        self._diff = diff
        self._show()
        self.list.scrollToTop()

    def show_split(self, split: bool) -> None:
        if split != self.split:
            self.split = split
            self._show()

    def _show(self) -> None:
        self.files = self._diff.files if self._diff is not None else ()
        rows = diff_rows(self._diff, split=self.split) if self._diff is not None else ()
        longest = (max(len(r.left.text), len(r.right.text)) for r in rows)
        self._columns = max(longest, default=0)
        self.rows.show_rows(rows)
        self.mind_width()

    def content_width(self) -> int:
        return round(fonts.width("code", "0") * (self._columns + 2))

    def shown_width(self) -> int:
        wide = self.list.viewport().width()
        return wide // 2 - NUMBER - SIGN if self.split else wide - 2 * NUMBER - SIGN

    def show_file(self, place: int) -> None:
        """Scroll to the head of a file."""
        for number, row in enumerate(self.rows.rows):
            if row.kind is RowKind.FILE and row.file == place:
                top = self.list.ScrollHint.PositionAtTop
                self.list.scrollTo(self.rows.index(number), top)
                return

    def _tell_file(self) -> None:
        index = self.list.indexAt(self.list.viewport().rect().topLeft())
        row = index.data(ROW_ROLE) if index.isValid() else None
        if isinstance(row, DiffRow):
            self.at_file.emit(row.file)
