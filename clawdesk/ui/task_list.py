"""The list of tasks: name, timeline lane and state in one painted row each.

A real list view under the paint, so that keyboard, selection and screen readers work; left and
right walk along the marks of the chosen task.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
)

from clawdesk.ui import fonts, icons, marks, tokens
from clawdesk.ui.announce import announce
from clawdesk.ui.lane_paint import LanePainter, lane_top, mark_at, mark_box, row_height
from clawdesk.ui.safe_text import clean_line
from clawdesk.ui.tokens import colour
from clawdesk.ui.words import marked, tr
from clawdesk.viewmodels.lane_marks import POINTS, Mark
from clawdesk.viewmodels.tasks import TaskRow
from clawdesk.viewmodels.timescale import TimeScale

Index = QModelIndex | QPersistentModelIndex
ROW_ROLE = int(Qt.ItemDataRole.UserRole)
INDENT = 12
DEPTH_MAX = 4
DRAG_PX = 3
MARK_ACTS = (
    ("changes", marked("Changes of checkpoint {ordinal}")),
    ("all_changes", marked("All changes up to checkpoint {ordinal}")),
    ("compare", marked("Compare checkpoint {ordinal}…")),
    ("fork", marked("Fork from checkpoint {ordinal}…")),
    ("restore", marked("Restore checkpoint {ordinal}…")),
)


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
        indent = INDENT * min(row.depth, DEPTH_MAX)
        self._two_lines(
            painter,
            QRectF(rect.left() + 12 + indent, middle - 16, tokens.NAME_COLUMN - 20 - indent, 32),
            (clean_line(row.title, 200), "button", "fg0"),
            (clean_line(row.subtitle, 200), "caption", quiet),
        )
        self._grid(painter, lane_box)
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

    def _grid(self, painter: QPainter, box: QRectF) -> None:
        painter.setPen(QPen(colour("line"), 1))
        for tick in self.scale.ticks(self.offset_ms):
            x = round(box.left()) + self.scale.x(tick)
            painter.drawLine(x, round(box.top()), x, round(box.bottom()))

    offset_ms = 0

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
    zoomed = Signal(
        bool, int
    )  # True = wider; the pixel of the lanes that stays, -1 = the right end
    panned = Signal(int)
    time_wanted = Signal(object)  # a moment (ms) that must be in view; Qt's int is too small
    mark_wanted = Signal(str, str, int)  # act, task, ordinal of a checkpoint's mark
    resized = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(tr("Tasks"))
        self.rows = TaskModel()
        self.delegate = TaskDelegate(self)
        self._now_ms = 0
        self._dragged_from: int | None = None
        self.setModel(self.rows)
        self.setItemDelegate(self.delegate)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.selectionModel().currentChanged.connect(self._current_changed)
        self.doubleClicked.connect(lambda index: self.opened.emit(self._task_of(index)))

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        """A screen reader selects without moving; what is selected is the chosen task."""
        super().selectionChanged(selected, deselected)
        indexes = selected.indexes()
        if indexes and indexes[0] != self.currentIndex():
            self.selectionModel().setCurrentIndex(
                indexes[0], QItemSelectionModel.SelectionFlag.NoUpdate
            )

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
        self.delegate.offset_ms = offset_ms
        self._now_ms = now_ms
        self.viewport().update()

    def now_x(self) -> int:
        """Pixel of the now line in the viewport."""
        return tokens.NAME_COLUMN + self.delegate.scale.x(self._now_ms)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.rows.rows:
            return
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        wide = self.viewport().width() - tokens.NAME_COLUMN - tokens.STATE_COLUMN
        painter.setClipRect(tokens.NAME_COLUMN, 0, wide, self.viewport().height())
        self._paint_joins(painter)
        last = self.visualRect(self.rows.index(len(self.rows.rows) - 1))
        x = self.now_x()
        if tokens.NAME_COLUMN <= x <= self.viewport().width() - tokens.STATE_COLUMN:
            painter.setPen(QPen(colour("acc"), 1))
            painter.drawLine(x, 0, x, last.bottom())

    def _paint_joins(self, painter: QPainter) -> None:
        """From the checkpoint in one lane down to each fork that shows."""
        places = {row.id: place for place, row in enumerate(self.rows.rows)}
        scale, height = self.delegate.scale, self.viewport().height()
        for place, row in enumerate(self.rows.rows):
            above = places.get(row.origin)
            if above is None:
                continue
            box = QRectF(self.visualRect(self.rows.index(place)))
            parent_box = QRectF(self.visualRect(self.rows.index(above)))
            if box.top() > height or box.bottom() < 0:
                continue
            parent = self.rows.rows[above].lane
            mark = parent.past.checkpoint(row.origin_ordinal)
            at_ms = mark.start_ms if mark is not None else parent.start_ms
            level = mark.row if mark is not None else 0
            y0 = lane_top(parent_box, parent) + level * tokens.LANE_EXTRA + tokens.BLOCK / 2 + 5
            y1 = lane_top(box, row.lane) + tokens.BLOCK / 2
            x0, x1 = scale.x(at_ms), scale.x(row.lane.start_ms)
            left = tokens.NAME_COLUMN
            marks.paint_join(painter, left + x0, y0, y1, left + max(x0, x1))

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
        key, shift = event.key(), event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if key in {Qt.Key.Key_Left, Qt.Key.Key_Right}:
            direction = 1 if key == Qt.Key.Key_Right else -1
            if shift:
                self.panned.emit(direction * self.delegate.scale.width // 5)
            else:
                self._walk(direction)
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            # A key held down since it answered a sheet must not open the next one.
            if self.current_task() and not event.isAutoRepeat() and not _with_ctrl(event):
                self._act_on_focus()
        elif event.text() in {"+", "=", "-"} and event.text():
            self.zoomed.emit(event.text() == "-", -1)
        elif key == Qt.Key.Key_Menu:
            self._menu_of_focus()
        else:
            super().keyPressEvent(event)

    @property
    def focus_mark(self) -> Mark | None:
        """The mark the arrow keys stand on, as it is now."""
        mark = self.delegate.focus_mark
        row = self.currentIndex().data(ROW_ROLE) if self.currentIndex().isValid() else None
        if mark is None or not isinstance(row, TaskRow) or row.id != self.delegate.focus_task:
            return None
        return next((m for m in row.lane.order if m.key == mark.key), None)

    def _walk(self, direction: int) -> None:
        """Move the focus along the chosen lane's marks and say what is there."""
        index = self.currentIndex()
        row = index.data(ROW_ROLE) if index.isValid() else None
        order = row.lane.order if isinstance(row, TaskRow) else ()
        if not isinstance(row, TaskRow) or not order:
            return
        focus = self.delegate.focus_mark
        key = focus.key if focus is not None else None
        place = next((i for i, m in enumerate(order) if m.key == key), None)
        if place is None:
            place = len(order) - 1 if direction < 0 else 0
        else:
            place = max(0, min(len(order) - 1, place + direction))
        mark = order[place]
        self.delegate.focus_mark, self.delegate.focus_task = mark, row.id
        self.time_wanted.emit(mark.start_ms)
        self.viewport().update()
        box = TaskDelegate.lane_box(QRectF(self.visualRect(index)))
        spot = mark_box(box, self.delegate.scale, row.lane, mark).bottomLeft().toPoint()
        QToolTip.showText(self.viewport().mapToGlobal(spot), plain_tip(mark.text), self.viewport())
        self.setAccessibleDescription(clean_line(mark.text, 300))
        announce(self, mark.text)

    # -- a checkpoint's mark ------------------------------------------
    def _act_on_focus(self) -> None:
        mark = self.focus_mark
        if mark is not None and mark.kind in POINTS:
            self._menu_of_focus()
        else:
            self.opened.emit(self.current_task())

    def _menu_of_focus(self) -> None:
        mark, index = self.focus_mark, self.currentIndex()
        if mark is None or mark.kind not in POINTS:
            return
        box = TaskDelegate.lane_box(QRectF(self.visualRect(index)))
        row: TaskRow = index.data(ROW_ROLE)
        spot = mark_box(box, self.delegate.scale, row.lane, mark).bottomLeft().toPoint()
        self._show_menu(row.id, mark.number, self.viewport().mapToGlobal(spot))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        mark, index = self._mark_under(event.pos()), self.indexAt(event.pos())
        if mark is not None and mark.kind in POINTS and index.isValid():
            self._show_menu(self._task_of(index), mark.number, event.globalPos())

    def _show_menu(self, task: str, ordinal: int, at: QPoint) -> None:
        """What can be done at a checkpoint."""
        menu = QMenu(self)
        menu.setObjectName("mark_menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for act, text in MARK_ACTS:
            words = tr(text, ordinal=ordinal)
            menu.addAction(words, partial(self.mark_wanted.emit, act, task, ordinal))
        menu.popup(at)

    # -- the shown time -------------------------------------------------
    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        x = round(event.position().x())
        in_lanes = tokens.NAME_COLUMN < x < self.viewport().width() - tokens.STATE_COLUMN
        if event.button() == Qt.MouseButton.LeftButton and in_lanes:
            self._dragged_from = x

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x = round(event.position().x())
        if self._dragged_from is None or not event.buttons() & Qt.MouseButton.LeftButton:
            super().mouseMoveEvent(event)
            return
        if abs(x - self._dragged_from) >= DRAG_PX:
            self.panned.emit(self._dragged_from - x)
            self._dragged_from = x

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragged_from = None
        super().mouseReleaseEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        delta = event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            at = round(event.position().x()) - tokens.NAME_COLUMN
            self.zoomed.emit(delta.y() < 0, max(0, min(self.delegate.scale.width, at)))
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier or delta.x():
            self.panned.emit(-(delta.x() or delta.y()))
        else:
            super().wheelEvent(event)
            return
        event.accept()


def _with_ctrl(event: QKeyEvent) -> bool:
    """Ctrl Enter answers in a sheet; it is no Enter here."""
    return bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)


def plain_tip(text: str) -> str:
    """Text for QToolTip.showText that is never read as rich text of the sender's making."""
    import html

    return f"<p style='white-space:pre-wrap'>{html.escape(clean_line(text, 600))}</p>"
