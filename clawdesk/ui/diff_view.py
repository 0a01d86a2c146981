"""A diff on screen, unified or side by side: file heads, hunk heads, numbered and tinted lines.

In a review (`review` is on) hunks can be left out and lines commented on; else it is to read only.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, QRectF, QSignalBlocker, Signal
from PySide6.QtGui import QMouseEvent

from clawdesk.ports.repository import Diff, DiffFile
from clawdesk.ui import fonts, tokens
from clawdesk.ui.code_list import ROW_ROLE, CodeList, SpokenRows
from clawdesk.ui.diff_paint import (
    COMMENT_LINE,
    FILE_ROW,
    NUMBER,
    SIGN,
    DiffDelegate,
    comment_lines,
)
from clawdesk.ui.words import tr
from clawdesk.viewmodels.diffs import DiffRow, RowKind, diff_rows
from clawdesk.viewmodels.review import Draft, LineComment


class DiffView(CodeList):
    """Shows one diff; `at_file` follows the scroll so that a file list can follow."""

    at_file = Signal(int)
    moved = Signal()  # another row is the current one
    hunk_wanted = Signal(int, int)  # file, hunk: take it or leave it out
    comment_wanted = Signal()  # on the current row

    def __init__(self, name: str = "diff") -> None:
        super().__init__(name, tr("Changes"))
        self.split = False
        self.review = False
        self._goes_to_file = False
        self.files: tuple[DiffFile, ...] = ()
        self._diff: Diff | None = None
        self._draft = Draft()
        self._comments: Sequence[LineComment] = ()
        self._columns = 0
        self.rows = SpokenRows[DiffRow]()
        self.list.setModel(self.rows)
        self.delegate = DiffDelegate(self)
        self.list.setItemDelegate(self.delegate)
        self.list.verticalScrollBar().valueChanged.connect(lambda _: self._tell_file())
        self.list.selectionModel().currentChanged.connect(lambda *_: self.moved.emit())
        self.list.viewport().installEventFilter(self)
        self.list.doubleClicked.connect(lambda _: self.comment_wanted.emit())

    # -- what is shown -----------------------------------------------
    def show_diff(self, diff: Diff | None) -> None:
        """Show a diff; None empties the view."""
        if diff is self._diff or (diff is not None and diff == self._diff):
            return
        fresh = diff is None or self._diff is None
        self._diff = diff
        self._show(keep=not fresh)
        if fresh:
            self.list.scrollToTop()

    def show_draft(self, draft: Draft) -> None:
        """Show what of the diff is not taken, and the comments."""
        comments = draft.comments if self.review else ()
        self._draft = draft
        if comments != self._comments:
            self._comments = comments
            self._show(keep=True)
        else:
            self.list.viewport().update()

    def show_split(self, split: bool) -> None:
        if split != self.split:
            self.split = split
            self._show(keep=True)

    def _show(self, *, keep: bool) -> None:
        place, scrolled = self.current_place(), self.list.verticalScrollBar().value()
        self.files = self._diff.files if self._diff is not None else ()
        rows: tuple[DiffRow, ...] = ()
        if self._diff is not None:
            rows = diff_rows(self._diff, split=self.split, comments=self._comments)
        longest = (max(len(r.left.text), len(r.right.text)) for r in rows)
        self._columns = max(longest, default=0)
        with QSignalBlocker(self.list.verticalScrollBar()):
            self.rows.show_rows(rows)
            if keep:
                self.list.doItemsLayout()
                self.list.verticalScrollBar().setValue(scrolled)
                self._go_back_to(place)
        self.mind_width()
        self.moved.emit()

    def _go_back_to(self, place: tuple[str, int, str] | None) -> None:
        if place is None:
            return
        for number, row in enumerate(self.rows.rows):
            at = row.place()
            if at and (self.files[row.file].path, at[0], at[1]) == place:
                self.list.setCurrentIndex(self.rows.index(number))
                return

    def row_height(self, number: int) -> int:
        """Height of a row in pixels."""
        row = self.rows.rows[number]
        if row.kind is RowKind.LINE:
            return tokens.CODE_ROW
        if row.kind is RowKind.COMMENT:
            return COMMENT_LINE * len(comment_lines(row.text)) + 12
        return FILE_ROW if row.kind is RowKind.FILE else tokens.HUNK_ROW

    def is_off(self, row: DiffRow) -> bool:
        """Whether the row belongs to what is not taken."""
        if not self.review or row.hunk < 0:
            return False
        path = self.files[row.file].path
        return path in self._draft.left_out or row.hunk in self._draft.hunks_off(path)

    def hunk_words(self, row: DiffRow) -> str:
        """What a press on the hunk's head does, "" = nothing."""
        if not self.review:
            return ""
        return tr("Not taken. Take it again") if self.is_off(row) else tr("Leave out")

    def file_words(self, file: DiffFile) -> str:
        """What the person did to the file."""
        return (
            tr("edited by you")
            if self.review and self._draft.edit_of(file.path) is not None
            else ""
        )

    def content_width(self) -> int:
        return round(fonts.width("code", "0") * (self._columns + 2))

    def shown_width(self) -> int:
        wide = self.list.viewport().width()
        return wide // 2 - NUMBER - SIGN if self.split else wide - 2 * NUMBER - SIGN

    # -- where one is ------------------------------------------------
    def current_row(self) -> DiffRow | None:
        row = self.list.currentIndex().row()
        return self.rows.rows[row] if 0 <= row < self.rows.count else None

    def current_place(self) -> tuple[str, int, str] | None:
        """(path, line number, side) of the current row; None where it is no line."""
        row = self.current_row()
        at = row.place() if row is not None and row.file < len(self.files) else None
        return (self.files[row.file].path, at[0], at[1]) if row is not None and at else None

    def current_quote(self) -> str:
        """The text of the current line."""
        row = self.current_row()
        at = row.place() if row is not None else None
        return at[2] if at else ""

    def show_file(self, place: int) -> None:
        """Scroll to the head of a file and stand on its first row below."""
        for number, row in enumerate(self.rows.rows):
            if row.kind is RowKind.FILE and row.file == place:
                # A bar whose signals are blocked would move and leave the rows where they were.
                self._goes_to_file = True
                self.list.scrollTo(self.rows.index(number), self.list.ScrollHint.PositionAtTop)
                first = self.rows.index(min(number + 1, self.rows.count - 1))
                self.list.setCurrentIndex(first)
                self._goes_to_file = False
                return

    def show_line(self, path: str, line: int, side: str) -> None:
        """Stand on a line, if it is in the diff."""
        self._go_back_to((path, line, side))
        self.list.scrollTo(self.list.currentIndex(), self.list.ScrollHint.PositionAtCenter)

    def step(self, direction: int) -> bool:
        """Stand on the next (1) or previous (-1) run of changed lines; False = there is none."""
        rows = self.rows.rows
        at = self.list.currentIndex().row()
        place = at + direction if at >= 0 else (0 if direction > 0 else -1)
        while 0 <= place < len(rows):
            begins = rows[place].changed and not (place > 0 and rows[place - 1].changed)
            if begins:
                index = self.rows.index(place)
                self.list.setCurrentIndex(index)
                self.list.scrollTo(index, self.list.ScrollHint.PositionAtCenter)
                return True
            place += direction
        return False

    def _tell_file(self) -> None:
        index = self.list.indexAt(self.list.viewport().rect().topLeft())
        row = index.data(ROW_ROLE) if index.isValid() else None
        if isinstance(row, DiffRow) and not self._goes_to_file:
            self.at_file.emit(row.file)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A click on the act in a hunk's head."""
        if event.type() is QEvent.Type.MouseButtonRelease and isinstance(event, QMouseEvent):
            index: QModelIndex = self.list.indexAt(event.position().toPoint())
            row = index.data(ROW_ROLE) if index.isValid() else None
            if isinstance(row, DiffRow) and row.kind is RowKind.HUNK and self.hunk_words(row):
                box = QRectF(self.list.visualRect(index))
                rect = self.delegate.hunk_rect(box, self.hunk_words(row))
                if rect.contains(event.position()):
                    self.hunk_wanted.emit(row.file, row.hunk)
                    return True
        return False
