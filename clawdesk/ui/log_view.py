"""A task's log, live: time, stream and text; follows its end until a person scrolls away."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from operator import itemgetter

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from clawdesk.runtime.api import LogLine
from clawdesk.ui import fonts, tokens
from clawdesk.ui.code_list import COPY_ROLE, Index, RowModel
from clawdesk.ui.following_list import FollowingList
from clawdesk.ui.safe_text import clean_line
from clawdesk.ui.tokens import colour
from clawdesk.ui.words import tr
from clawdesk.viewmodels.words import clock_time

ROW_ROLE = int(Qt.ItemDataRole.UserRole)
LINES_MAX = 20_000
NEAR = 200  # lines before a moment among which those of its step are looked for
TIME = 76
STREAM = 52
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class LogModel(RowModel):
    """Lines of one task, cleaned when they arrive, the oldest dropped past LINES_MAX."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[int, str, str]] = []  # (at_ms, stream, clean text)

    def clear(self) -> None:
        self.lines = []
        self.all_new(0)

    def append(self, lines: Sequence[LogLine]) -> None:
        if not lines:
            return
        added = [(line.at_ms, line.stream, clean_line(line.text.rstrip("\n"))) for line in lines]
        self.lines.extend(added)
        self.insertRows(self.count, len(added))
        surplus = self.count - LINES_MAX
        if surplus > 0:
            del self.lines[:surplus]
            self.removeRows(0, surplus)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self.lines):
            return None
        line = self.lines[index.row()]
        if role == ROW_ROLE:
            return line
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return line[2]
        if role == COPY_ROLE:
            return f"{line[1]} {line[2]}"
        return None


class _LogDelegate(QStyledItemDelegate):
    def __init__(self, view: LogView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(50, tokens.CODE_ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        at_ms, stream, text = index.data(ROW_ROLE)
        box = QRectF(option.rect)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(box, colour("sel"))
        elif stream == "event":
            painter.fillRect(box, colour("bg2"))
        painter.save()
        painter.setFont(fonts.font("code"))
        painter.setPen(colour("fg2"))
        at = clock_time(at_ms, self._view.offset_ms, seconds=True)
        painter.drawText(box.adjusted(12, 0, 0, 0), _LEFT, at)
        painter.drawText(box.adjusted(12 + TIME, 0, 0, 0), _LEFT, clean_line(stream, 6))
        painter.setPen(colour({"err": "need", "event": "fg0"}.get(stream, "fg1")))
        left = box.left() + 12 + TIME + STREAM
        painter.setClipRect(QRectF(left, box.top(), box.right() - left, box.height()))
        x = left - self._view.offset
        # Only what fits is drawn: laying out a long line costs more than all the others.
        advance = fonts.width("code", "0")
        first = max(0, int(self._view.offset / advance) - 2) if text.isascii() else 0
        shown = text[first : first + int(box.width() / advance) + 4] if text.isascii() else text
        painter.drawText(QRectF(x + first * advance, box.top(), 40_000, box.height()), _LEFT, shown)
        painter.restore()


class LogView(FollowingList):
    """The lines of one task."""

    def __init__(self) -> None:
        super().__init__("log", tr("Log"))
        self.offset_ms = 0
        self._columns = 0
        self.rows = LogModel()
        self.list.setModel(self.rows)
        self.list.setItemDelegate(_LogDelegate(self))
        self.list.setUniformItemSizes(True)

    def clear(self) -> None:
        self.rows.clear()
        self._columns = 0
        self.set_following(True)
        self.mind_width()

    def append(self, lines: Sequence[LogLine]) -> None:
        """Add lines at the end."""
        self.rows.append(lines)
        longest = max((len(t) for _, _, t in self.rows.lines[-len(lines) :]), default=0)
        if longest > self._columns:
            self._columns = longest
            self.mind_width()
        self.keep_end()

    def printed_before(self, at_ms: int, count: int) -> list[str]:
        """The last lines that a step itself printed until then, at most `count`."""
        lines = self.rows.lines
        place = bisect_right(lines, at_ms, key=itemgetter(0))
        near = lines[max(0, place - NEAR) : place]
        said = [text for _, stream, text in near if stream != "event" and text.strip()]
        return said[-count:]

    def content_width(self) -> int:
        return round(fonts.width("code", "0") * (self._columns + 2))

    def shown_width(self) -> int:
        return self.list.viewport().width() - 12 - TIME - STREAM
