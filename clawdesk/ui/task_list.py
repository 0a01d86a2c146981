"""The list of tasks: name, timeline lane and state in one painted row each.

A real list view under the paint, so that keyboard, selection and screen readers work; left and
right walk along the marks of the chosen task.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QHelpEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
)

from clawdesk.ui import fonts, icons, tokens
from clawdesk.ui.lane_paint import LanePainter, mark_at, mark_box, row_height
from clawdesk.ui.safe_text import clean_line
from clawdesk.ui.tokens import colour
from clawdesk.viewmodels.lane import Mark
from clawdesk.viewmodels.tasks import TaskRow
from clawdesk.viewmodels.timescale import TimeScale

Index = QModelIndex | QPersistentModelIndex
ROW_ROLE = int(Qt.ItemDataRole.UserRole)


class TaskModel(QAbstractListModel):
    """Rows in a fixed order; a change of one row repaints only that row."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[TaskRow] = []

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row = self.rows[index.row()]
        if role == ROW_ROLE:
            return row
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return clean_line(row.spoken, 400)
        return None

    def show_rows(self, rows: Sequence[TaskRow]) -> None:
        """Make the list look like `rows`, keeping the selection where the tasks are the same."""
        if [r.id for r in rows] != [r.id for r in self.rows]:
            if [r.id for r in rows[: len(self.rows)]] == [r.id for r in self.rows]:
                self.beginInsertRows(QModelIndex(), len(self.rows), len(rows) - 1)
                self.rows = list(rows)
                self.endInsertRows()
            else:
                self.beginResetModel()
                self.rows = list(rows)
                self.endResetModel()
                return
        old, self.rows = self.rows, list(rows)
        for place, (before, after) in enumerate(zip(old, rows, strict=True)):
            if before != after:
                index = self.index(place)
                self.dataChanged.emit(index, index)


class TaskDelegate(QStyledItemDelegate):
    """Paints a TaskRow; `scale` and `focus_mark` are set by the view."""

    scale = TimeScale(0, 60_000, 100)
    focus_mark: Mark | None = None
    focus_task = ""

    @staticmethod
    def lane_box(rect: QRectF) -> QRectF:
        wide = rect.width() - tokens.NAME_COLUMN - tokens.STATE_COLUMN
        return QRectF(rect.left() + tokens.NAME_COLUMN, rect.top(), wide, rect.height())

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        row: TaskRow = index.data(ROW_ROLE)
        return QSize(100, row_height(row.lane))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: TaskRow = index.data(ROW_ROLE)
        rect = QRectF(option.rect)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        ground = "sel" if chosen else "bg1"
        painter.fillRect(rect, colour(ground))
        lane_box = self.lane_box(rect)
        painter.setPen(QPen(colour("line"), 1))
        bottom = round(rect.bottom()) - 0.5
        painter.drawLine(
            QPoint(round(rect.left()), int(bottom)), QPoint(round(rect.right()), int(bottom))
        )
        quiet = "fg1" if chosen else "fg2"
        middle = rect.center().y()
        self._two_lines(
            painter,
            QRectF(rect.left() + 12, middle - 16, tokens.NAME_COLUMN - 20, 32),
            (clean_line(row.title, 200), "button", "fg0"),
            (clean_line(row.subtitle, 200), "caption", quiet),
        )
        self._grid(painter, lane_box, row)
        focus = self.focus_mark if self.focus_task == row.id else None
        LanePainter(painter, lane_box, self.scale, row.lane, ground).paint(focus)
        left = lane_box.right() + 8
        icons.draw(painter, left, middle - 16, row.icon, row.family.value, size=14)
        self._two_lines(
            painter,
            QRectF(left + 20, middle - 16, tokens.STATE_COLUMN - 40, 32),
            (clean_line(row.state, 200), "chip", row.family.value),
            (clean_line(row.reason, 300), "caption", quiet),
        )

    def _grid(self, painter: QPainter, box: QRectF, row: TaskRow) -> None:
        painter.setPen(QPen(colour("line"), 1))
        for tick in self.scale.ticks(self._offset_ms):
            x = round(box.left()) + self.scale.x(tick)
            painter.drawLine(x, round(box.top()), x, round(box.bottom()))

    _offset_ms = 0

    @staticmethod
    def _two_lines(
        painter: QPainter,
        box: QRectF,
        first: tuple[str, str, str],
        second: tuple[str, str, str],
    ) -> None:
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        for place, (text, font, role) in enumerate((first, second)):
            painter.setFont(fonts.font(font))
            painter.setPen(colour(role))
            shown = fonts.metrics(font).elidedText(text, Qt.TextElideMode.ElideRight, box.width())
            painter.drawText(
                QRectF(box.left(), box.top() + place * 16.5, box.width() + 1, 15), flags, shown
            )


class TaskList(QListView):
    """`picked` follows the selection; `opened` asks to act on a task (Enter or double click)."""

    picked = Signal(str)
    opened = Signal(str)
    zoomed = Signal(bool)  # True = wider
    resized = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("tasks.list")
        self.setAccessibleName("Tasks")
        self.rows = TaskModel()
        self.delegate = TaskDelegate(self)
        self._now_ms = 0
        self.setModel(self.rows)
        self.setItemDelegate(self.delegate)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.selectionModel().currentChanged.connect(self._current_changed)
        self.doubleClicked.connect(lambda index: self.opened.emit(self._task_of(index)))

    def _task_of(self, index: Index) -> str:
        row = index.data(ROW_ROLE)
        return row.id if isinstance(row, TaskRow) else ""

    def _current_changed(self, index: QModelIndex, _before: QModelIndex) -> None:
        self.delegate.focus_mark = None
        self.picked.emit(self._task_of(index))

    def current_task(self) -> str:
        return self._task_of(self.currentIndex())

    def show_rows(self, rows: Sequence[TaskRow]) -> None:
        """Paint the rows; the chosen task stays chosen while it is in the list."""
        chosen = self.current_task()
        heights = [row_height(r.lane) for r in self.rows.rows]
        self.rows.show_rows(rows)
        if heights != [row_height(r.lane) for r in rows]:
            self.scheduleDelayedItemsLayout()
        if chosen and self.current_task() != chosen:
            self.choose(chosen)

    def choose(self, task: str) -> None:
        """Select a task if it is in the list."""
        for place, row in enumerate(self.rows.rows):
            if row.id == task:
                self.setCurrentIndex(self.rows.index(place))
                return

    def show_scale(self, scale: TimeScale, now_ms: int, offset_ms: int) -> None:
        self.delegate.scale = scale
        self.delegate._offset_ms = offset_ms
        self._now_ms = now_ms
        self.viewport().update()

    def now_x(self) -> int:
        """Pixel of the now line in the viewport."""
        return tokens.NAME_COLUMN + self.delegate.scale.x(self._now_ms)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.rows.rows:
            return
        last = self.visualRect(self.rows.index(len(self.rows.rows) - 1))
        x = self.now_x()
        if tokens.NAME_COLUMN <= x <= self.viewport().width() - tokens.STATE_COLUMN:
            painter = QPainter(self.viewport())
            painter.setPen(QPen(colour("acc"), 1))
            painter.drawLine(x, 0, x, last.bottom())

    def _mark_under(self, point: QPoint) -> Mark | None:
        index = self.indexAt(point)
        row = index.data(ROW_ROLE) if index.isValid() else None
        if not isinstance(row, TaskRow):
            return None
        box = TaskDelegate.lane_box(QRectF(self.visualRect(index)))
        return mark_at(box, self.delegate.scale, row.lane, point.x(), point.y())

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            self._show_tip(event)
            return True
        return super().viewportEvent(event)

    def _show_tip(self, event: QHelpEvent) -> None:
        mark = self._mark_under(event.pos())
        index = self.indexAt(event.pos())
        row = index.data(ROW_ROLE) if index.isValid() else None
        text = mark.text if mark is not None else ""
        if not text and isinstance(row, TaskRow):
            text = f"{row.title}\n{row.state}\n{row.reason}"
        if text:
            QToolTip.showText(event.globalPos(), plain_tip(text), self.viewport())
        else:
            QToolTip.hideText()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in {Qt.Key.Key_Left, Qt.Key.Key_Right}:
            self._walk(1 if key == Qt.Key.Key_Right else -1)
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.current_task():
            self.opened.emit(self.current_task())
        else:
            super().keyPressEvent(event)

    def _walk(self, direction: int) -> None:
        """Move the focus along the chosen lane's marks and say what is there."""
        index = self.currentIndex()
        row = index.data(ROW_ROLE) if index.isValid() else None
        if not isinstance(row, TaskRow) or not row.lane.marks:
            return
        order = sorted(row.lane.marks, key=lambda m: (m.start_ms, m.row))
        focus = self.delegate.focus_mark
        place = next((i for i, m in enumerate(order) if m == focus), None)
        if place is None:
            place = len(order) - 1 if direction < 0 else 0
        else:
            place = max(0, min(len(order) - 1, place + direction))
        mark = order[place]
        self.delegate.focus_mark, self.delegate.focus_task = mark, row.id
        self.viewport().update()
        box = TaskDelegate.lane_box(QRectF(self.visualRect(index)))
        spot = mark_box(box, self.delegate.scale, row.lane, mark).bottomLeft().toPoint()
        QToolTip.showText(self.viewport().mapToGlobal(spot), plain_tip(mark.text), self.viewport())
        QAccessible.updateAccessibility(
            QAccessibleAnnouncementEvent(self, clean_line(mark.text, 300))
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoomed.emit(event.angleDelta().y() < 0)
            event.accept()
            return
        super().wheelEvent(event)


def plain_tip(text: str) -> str:
    """Text for QToolTip.showText that is never read as rich text of the sender's making."""
    import html

    return f"<p style='white-space:pre-wrap'>{html.escape(clean_line(text, 600))}</p>"
