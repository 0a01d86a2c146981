"""A task's log, live: time, stream and text; follows its end until a person scrolls away."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

from PySide6.QtCore import QElapsedTimer, QPoint, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from clawdesk.runtime.api import LogLine
from clawdesk.ui import fonts, tokens
from clawdesk.ui.code_list import COPY_ROLE, Index, RowModel
from clawdesk.ui.following_list import FollowingList
from clawdesk.ui.safe_text import clean_line
from clawdesk.ui.stamps import Stamps
from clawdesk.ui.tokens import colour
from clawdesk.ui.words import tr
from clawdesk.viewmodels.log_filter import Line, Search, Sorter, Wanted

ROW_ROLE = int(Qt.ItemDataRole.UserRole)
LINES_MAX = 100_000
STRETCH = 1_000  # lines looked at before the time is
LOOK_MS = 8  # for as long a filter looks through lines before the loop has its turn
NEAR = 200  # lines before a moment among which those of its step are looked for
STREAM = 52
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class LogModel(RowModel):
    """Lines of one task, cleaned when they arrive, the oldest dropped past LINES_MAX.

    Rows are all lines, or those that `search` has found so far.
    """

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[Line] = []
        self.first = 0  # the number of the oldest line
        self.search: Search | None = None
        self._sorter = Sorter()

    def clear(self) -> None:
        """Forget all lines; the filter stays."""
        self.lines.clear()
        self.first, self._sorter = 0, Sorter()
        if self.search is not None:
            self.search = Search(self.search.wanted, self.lines, 0)
        self.all_new(0)

    def append(self, lines: Sequence[LogLine]) -> None:
        """Add lines; with a filter their rows come with `read_on`."""
        for line in lines:
            text = clean_line(line.text.rstrip("\n"))
            kind = self._sorter.kind(line.stream, text)
            self.lines.append(Line(line.at_ms, line.stream, text, kind))
        if self.search is None and lines:
            self.insertRows(self.count, len(lines))
        surplus = len(self.lines) - LINES_MAX
        if surplus > 0:
            del self.lines[:surplus]
            self.first += surplus
            gone = self.search.forget(self.first) if self.search is not None else surplus
            if gone:
                self.removeRows(0, gone)

    def filter(self, asked: Wanted) -> None:
        """Show only what passes, as far as a first look finds it; `read_on` finds the rest."""
        if asked.everything:
            self.search = None
            self.all_new(len(self.lines))
            return
        search = self.search = Search(asked, self.lines, self.first, self.search)
        for _ in self._looks(search):
            pass
        self.all_new(len(search.found))

    def read_on(self) -> None:
        """Look at further lines, for so long that nobody notices."""
        for found in self._looks(self.search) if self.search is not None else ():
            if found:
                self.insertRows(self.count, found)

    @property
    def wanted(self) -> Wanted:
        """What passes now."""
        return self.search.wanted if self.search is not None else Wanted()

    @property
    def searching(self) -> bool:
        """Whether there are lines that were not looked at."""
        return self.search is not None and not self.search.over

    @staticmethod
    def _looks(search: Search) -> Iterator[int]:
        """How many lines each stretch brought. Qt adds many rows at once slower than a few."""
        took = QElapsedTimer()
        took.start()
        while not search.over and took.elapsed() < LOOK_MS:
            yield search.go_on(STRETCH)

    def number(self, row: int) -> int:
        """The number of the line that a row shows."""
        return self.first + row if self.search is None else self.search.found[row]

    def row(self, number: int) -> int:
        """The row of that line; where it has none, that of the next one, or the last."""
        if self.search is None:
            place = max(0, number - self.first)
        else:
            place = bisect_left(self.search.found, number)
        return min(place, self.count - 1)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= self.count:
            return None
        line = self.lines[self.number(index.row()) - self.first]
        if role == ROW_ROLE:
            return line
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return line.text
        if role == COPY_ROLE:
            return f"{line.stream} {line.text}"
        return None


class _LogDelegate(QStyledItemDelegate):
    def __init__(self, view: LogView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(50, tokens.CODE_ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        at_ms, stream, text, _ = index.data(ROW_ROLE)
        box = QRectF(option.rect)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(box, colour("sel"))
        elif stream == "event":
            painter.fillRect(box, colour("bg2"))
        painter.save()
        painter.setFont(fonts.font("code"))
        painter.setPen(colour("fg2"))
        stamps = self._view.stamps
        painter.drawText(box.adjusted(12, 0, 0, 0), _LEFT, stamps.words(at_ms))
        painter.drawText(box.adjusted(12 + stamps.wide, 0, 0, 0), _LEFT, clean_line(stream, 6))
        painter.setPen(colour({"err": "need", "event": "fg0"}.get(stream, "fg1")))
        left = box.left() + 12 + stamps.wide + STREAM
        painter.setClipRect(QRectF(left, box.top(), box.right() - left, box.height()))
        x = left - self._view.offset
        # Only what fits is drawn: laying out a long line costs more than all the others.
        advance = fonts.width("code", "0")
        first = max(0, int(self._view.offset / advance) - 2) if text.isascii() else 0
        shown = text[first : first + int(box.width() / advance) + 4] if text.isascii() else text
        painter.drawText(QRectF(x + first * advance, box.top(), 40_000, box.height()), _LEFT, shown)
        painter.restore()


class _Place(NamedTuple):
    """Where a person was in the log: at its end, or with a line at the top; the chosen one."""

    following: bool = True
    top: int = 0
    chosen: int = -1


class LogView(FollowingList):
    """The lines of one task, or those of them that a filter lets pass."""

    filtered = Signal()  # other lines pass, or more of them were found

    def __init__(self) -> None:
        super().__init__("log", tr("Log"))
        self.stamps = Stamps()
        self._columns = 0
        self._before = _Place()  # the filter
        self.rows = LogModel()
        self.list.setModel(self.rows)
        self.list.setItemDelegate(_LogDelegate(self))
        self.list.setUniformItemSizes(True)
        self._turn = QTimer(self)
        self._turn.setSingleShot(True)
        self._turn.timeout.connect(self._read_on)

    def clear(self) -> None:
        self.rows.clear()
        self._columns, self._before = 0, _Place()
        self.set_following(True)
        self.mind_width()
        self.filtered.emit()

    def append(self, lines: Sequence[LogLine]) -> None:
        """Add lines at the end."""
        self.rows.append(lines)
        longest = max((len(line.text) for line in self.rows.lines[-len(lines) :]), default=0)
        if self._fit_stamps() or longest > self._columns:
            self._columns = max(longest, self._columns)
            self.mind_width()
        self._read_on()

    def show_now(self, now_ms: int, offset_ms: int) -> None:
        """Lines of yesterday get their date once it is another day."""
        if self.stamps.show_now(now_ms, offset_ms):
            if self._fit_stamps():
                self.mind_width()
            self.list.viewport().update()

    def _fit_stamps(self) -> bool:
        lines = self.rows.lines
        return bool(lines) and self.stamps.fit(lines[0].at_ms)

    def show_only(self, asked: Wanted) -> None:
        """Let only those lines pass; without a filter, back to where one was.

        A line chosen meanwhile is gone to instead, with what stands around it.
        """
        if asked == self.rows.wanted:
            return  # a space more
        at = self._place()
        if self.rows.search is None:
            self._before = at
        here = self._before if asked.everything else at
        self.rows.filter(asked)
        if asked.everything:
            self._choose(self._before.chosen if at.chosen < 0 else at.chosen)
        if asked.everything and at.chosen not in (-1, self._before.chosen):
            self.list.scrollTo(self.list.currentIndex(), QListView.ScrollHint.PositionAtCenter)
            self.mind_following()
        elif here.following:
            self.follow()
        else:
            top = self.rows.index(self.rows.row(here.top))
            self.list.scrollTo(top, QListView.ScrollHint.PositionAtTop)
        self._go_on()

    def _read_on(self) -> None:
        """The next stretch of a search; the loop has its turn between two."""
        self.rows.read_on()
        if not self.rows.searching:
            self.keep_end()  # which lays out every row, so not at each stretch
        self._go_on()

    def _go_on(self) -> None:
        if self.rows.searching:
            self._turn.start(0)
        self.filtered.emit()

    def _place(self) -> _Place:
        rows, top = self.rows, self.list.indexAt(QPoint(1, 1))
        chosen = self.list.selectionModel().selectedIndexes()
        return _Place(
            self.following,
            rows.number(top.row()) if top.isValid() else 0,
            rows.number(chosen[0].row()) if chosen else -1,
        )

    def _choose(self, line: int) -> None:
        if line >= self.rows.first:
            self.list.setCurrentIndex(self.rows.index(self.rows.row(line)))

    def printed_before(self, at_ms: int, count: int) -> list[str]:
        """The last lines that a step itself printed until then, at most `count`."""
        lines = self.rows.lines
        place = bisect_right(lines, at_ms, key=attrgetter("at_ms"))
        near = lines[max(0, place - NEAR) : place]
        said = [line.text for line in near if line.stream != "event" and line.text.strip()]
        return said[-count:]

    def content_width(self) -> int:
        return round(fonts.width("code", "0") * (self._columns + 2))

    def shown_width(self) -> int:
        return self.list.viewport().width() - 12 - self.stamps.wide - STREAM
