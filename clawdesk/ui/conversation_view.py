"""A task's conversation as a list: headings with times and tokens, wrapped words, folded output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QModelIndex, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from clawdesk.runtime.api import LogLine
from clawdesk.ui import fonts, icons, tokens
from clawdesk.ui.code_list import COPY_ROLE, Index, RowModel
from clawdesk.ui.conversation_paint import ALIGN, paint_note, paint_text
from clawdesk.ui.following_list import FollowingList
from clawdesk.ui.safe_text import clean_line
from clawdesk.ui.stamps import Stamps
from clawdesk.ui.tokens import colour
from clawdesk.ui.words import tr
from clawdesk.viewmodels.conversation import Kind
from clawdesk.viewmodels.conversation_rows import Hit, Part, Row, Rows, Splice

ROW_ROLE = int(Qt.ItemDataRole.UserRole)
_GAP = 10
_STEP_CHARS_MAX = 80
_ROLES = {
    Kind.ASKED: "mute",
    Kind.SAID: "run",
    Kind.THOUGHT: "mute",
    Kind.YOU: "ok",
    Kind.TOOL: "g1",
    Kind.PRINTED: "line2",
    Kind.NOTE: "line2",
}


class ConversationModel(RowModel):
    """Rows of one task; `hit`: the row a search stands at, -1 = none."""

    def __init__(self) -> None:
        super().__init__()
        self.made = Rows()
        self.stamps = Stamps()
        self.hit = -1

    def clear(self, *, acp: bool) -> None:
        self.made, self.hit = Rows(acp=acp), -1
        self.all_new(0)

    def append(self, lines: Sequence[LogLine], columns: int) -> None:
        """Read on; text of others is cleaned when it arrives."""
        if not self.count:
            self.made.wrap(columns)
        cleaned = [
            replace(
                line,
                text=clean_line(line.text.rstrip("\n")),
                step=clean_line(line.step, _STEP_CHARS_MAX),
            )
            for line in lines
        ]
        for splice in self.made.feed(cleaned):
            self.show(splice)

    def wrap(self, columns: int) -> None:
        """Break lines there from now on."""
        self.made.wrap(columns)
        self.hit = -1
        self.all_new(len(self.made.rows))

    def show(self, splice: Splice) -> None:
        """Tell the list what has changed."""
        if splice.gone:
            self.removeRows(splice.place, splice.gone)
        if splice.came:
            self.insertRows(splice.place, splice.came)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= self.count:
            return None
        row = self.made.rows[index.row()]
        if role == ROW_ROLE:
            return row
        if role == COPY_ROLE and row.part is Part.FOLD:
            return self.made.hidden(index.row())
        if role in {
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.AccessibleTextRole,
            COPY_ROLE,
        }:
            return self._words(row)
        return None

    def _words(self, row: Row) -> str:
        if row.part not in {Part.HEAD, Part.NOTE}:
            return row.text
        at = self.stamps.words(row.at_ms)
        return " ".join(part for part in (at, row.text, row.facts) if part)


class _Delegate(QStyledItemDelegate):
    def __init__(self, view: ConversationView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(50, tokens.CODE_ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = index.data(ROW_ROLE)
        box, stamps = QRectF(option.rect), self._view.rows.stamps
        start = 12 + stamps.wide
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(box, colour("sel"))
        elif index.row() == self._view.rows.hit:
            painter.fillRect(box, colour("need-bg"))
        if row.part in {Part.HEAD, Part.NOTE}:
            painter.setFont(fonts.font("code"))
            painter.setPen(colour("fg2"))
            painter.drawText(box.adjusted(12, 0, 0, 0), ALIGN, stamps.words(row.at_ms))
        if row.part is Part.HEAD:
            painter.fillRect(QRectF(box.left() + start, box.top(), box.width(), 1), colour("line"))
        if row.part is not Part.NOTE:
            bar = QRectF(box.left() + start, box.top(), 2, box.height())
            painter.fillRect(bar, colour("bad" if row.failed else _ROLES[row.kind]))
        inner = box.adjusted(start + _GAP, 0, -8, 0)
        painter.setClipRect(inner)
        _PAINT[row.part](painter, inner, row)
        painter.restore()


def _paint_head(painter: QPainter, box: QRectF, row: Row) -> None:
    painter.setFont(fonts.font("label"))
    painter.setPen(colour("bad" if row.failed else "fg0"))
    painter.drawText(box, ALIGN, row.text)
    wide = fonts.width("label", row.text) + 12
    painter.setFont(fonts.font("small"))
    painter.setPen(colour("fg2"))
    facts = fonts.metrics("small").elidedText(
        row.facts, Qt.TextElideMode.ElideRight, box.width() - wide
    )
    painter.drawText(box.adjusted(wide, 0, 0, 0), ALIGN, facts)


def _paint_fold(painter: QPainter, box: QRectF, row: Row) -> None:
    icons.draw(painter, box.left(), box.center().y() - 7, "dots", "acc", size=14)
    painter.setFont(fonts.font("small"))
    painter.setPen(colour("acc"))
    painter.drawText(box.adjusted(20, 0, 0, 0), ALIGN, row.text)


_PAINT = {
    Part.HEAD: _paint_head,
    Part.TEXT: paint_text,
    Part.NOTE: paint_note,
    Part.FOLD: _paint_fold,
}


class ConversationView(FollowingList):
    """The list. Enter or a click opens what is folded."""

    def __init__(self) -> None:
        super().__init__("conversation", tr("Conversation"))
        self.rows = ConversationModel()
        self._hit: Hit | None = None
        self.list.setModel(self.rows)
        self.list.setItemDelegate(_Delegate(self))
        self.list.setUniformItemSizes(True)
        # Not at once: a list may find its size while rows are being put into it.
        self._breaking = QTimer(self)
        self._breaking.setSingleShot(True)
        self._breaking.timeout.connect(self._mind_columns)
        self.list.resized.connect(self._breaking.start)
        self.list.clicked.connect(self._clicked)
        self.list.activated.connect(lambda index: self.toggle(index.row()))

    def clear(self, *, acp: bool) -> None:
        self._hit = None
        self.rows.clear(acp=acp)
        self.set_following(True)

    def append(self, lines: Sequence[LogLine]) -> None:
        """Add lines of the log at the end."""
        stamps = self.rows.stamps
        if not self.rows.count and lines and stamps.fit(lines[0].at_ms):
            self.list.viewport().update()
        self.rows.append(lines, self._columns())
        self.keep_end()

    def show_now(self, now_ms: int, offset_ms: int) -> None:
        """What was said yesterday gets its date once it is another day."""
        rows = self.rows
        if rows.stamps.show_now(now_ms, offset_ms) and rows.count:
            rows.stamps.fit(rows.made.rows[0].at_ms)
            self._breaking.start()
            self.list.viewport().update()

    def toggle(self, row: int) -> None:
        """Fold or unfold the entry of a row."""
        splice = self.rows.made.toggle(row)
        if splice is not None:
            self.set_following(False)
            self.rows.show(splice)
            self._stand_at(min(row, splice.place))

    def stand_at_hit(self, hit: Hit | None) -> None:
        """Show the row of a search's hit, unfolded; None = there is none."""
        self.rows.hit, self._hit = -1, hit
        if hit is not None:
            row, splice = self.rows.made.reveal(hit)
            if splice is not None:
                self.rows.show(splice)
            self.set_following(False)
            self.rows.hit = row
            self._stand_at(row)
        self.list.viewport().update()

    def _stand_at(self, row: int) -> None:
        index = self.rows.index(row)
        self.list.setCurrentIndex(index)
        self.list.scrollTo(index)

    def _clicked(self, index: QModelIndex) -> None:
        if self.rows.made.rows[index.row()].part is Part.FOLD:
            self.toggle(index.row())

    def _columns(self) -> int:
        room = self.list.viewport().width() - 12 - self.rows.stamps.wide - _GAP - 12
        return int(room / fonts.width("code", "0"))

    def _mind_columns(self) -> None:
        """Words are broken anew where the window is wider or narrower."""
        columns = self._columns()
        if not self.rows.count or columns == self.rows.made.columns:
            return
        top = self.list.indexAt(self.list.viewport().rect().topLeft())
        entry = self.rows.made.rows[top.row()].entry if top.isValid() else 0
        self.rows.wrap(columns)
        if self._hit is not None:
            self.stand_at_hit(self._hit)
            return
        rows = self.rows.made.rows
        place = next((n for n, row in enumerate(rows) if row.entry == entry), 0)
        self.list.scrollTo(self.rows.index(place), self.list.ScrollHint.PositionAtTop)
        self.keep_end()
