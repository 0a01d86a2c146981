"""The middle of the window: filters, zoom, time axis and the list of tasks with their lanes."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QStackedLayout, QVBoxLayout, QWidget

from clawdesk.ui import fonts, marks, tokens
from clawdesk.ui.button import Button
from clawdesk.ui.clock import Clock
from clawdesk.ui.empty_tasks import EmptyTasks
from clawdesk.ui.pane import PaneHead
from clawdesk.ui.safe_text import SafeLabel
from clawdesk.ui.segments import Segments
from clawdesk.ui.task_list import TaskList
from clawdesk.ui.tokens import colour
from clawdesk.ui.words import tr
from clawdesk.viewmodels.phases import Group
from clawdesk.viewmodels.tasks import TaskRow
from clawdesk.viewmodels.timescale import TimeScale, fit, next_span
from clawdesk.viewmodels.words import clock_time, duration

_ALL = "All"


class Axis(QWidget):
    """Column heads and the times above the lanes."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(tokens.AXIS)
        self._scale = TimeScale(0, 60_000, 100)
        self._now_ms = self._offset_ms = 0
        self._wide = 600

    def show_scale(self, scale: TimeScale, now_ms: int, offset_ms: int) -> None:
        self._wide = tokens.NAME_COLUMN + scale.width + tokens.STATE_COLUMN
        self._scale, self._now_ms, self._offset_ms = scale, now_ms, offset_ms
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), colour("bg1"))
        painter.setFont(fonts.font("caption"))
        painter.setPen(colour("fg2"))
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        high = self.height()
        painter.drawText(QRectF(12, 0, 100, high), flags, "Task")
        state = self._wide - tokens.STATE_COLUMN + 8
        painter.drawText(QRectF(state, 0, 100, high), flags, "State")
        now_x = tokens.NAME_COLUMN + self._scale.x(self._now_ms)
        seconds = self._scale.tick_seconds
        room = 34 if seconds else 28
        for tick in self._scale.ticks(self._offset_ms):
            x = tokens.NAME_COLUMN + self._scale.x(tick)
            if x < tokens.NAME_COLUMN + room - 12 or abs(x - now_x) < 2 * room:
                continue
            text = clock_time(tick, self._offset_ms, seconds=seconds)
            box = QRectF(x - 40, 0, 80, high)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        painter.setPen(QPen(colour("line"), 1))
        painter.drawLine(0, high - 1, self.width(), high - 1)
        if tokens.NAME_COLUMN <= now_x <= state:
            now = clock_time(self._now_ms, self._offset_ms, seconds=seconds)
            marks.paint_now_tag(painter, now_x, high / 2, now)


class TasksPane(QWidget):
    """Shows rows; tells which task was chosen or opened."""

    picked = Signal(str)
    opened = Signal(str)

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.setObjectName("tasks")
        self._clock = clock
        self._rows: tuple[TaskRow, ...] = ()
        self._filter = _ALL
        self._span_ms: int | None = None  # None = fit
        self.list = TaskList()
        self.axis = Axis()
        self.empty = EmptyTasks()
        self._build()
        self.list.picked.connect(self.picked)
        self.list.opened.connect(self.opened)
        self.list.zoomed.connect(self.zoom)
        self.list.resized.connect(self._resized)

    def _build(self) -> None:
        head = PaneHead(tr("Tasks"))
        groups = [(_ALL, _ALL), *((g.value, g.value) for g in Group)]
        self.filters = Segments("tasks.filter", groups, framed=False)
        self.filters.chosen.connect(self.choose_filter)
        head.row.addWidget(self.filters)
        head.row.addStretch(1)
        self._closer = closer = Button(
            "", "tasks.zoom_in", kind="ghost", icon="plus", size="sm", spoken=tr("Zoom in")
        )
        self._wider = wider = Button(
            "", "tasks.zoom_out", kind="ghost", icon="minus", size="sm", spoken=tr("Zoom out")
        )
        self.span_label = SafeLabel("", font="small", role="fg2")
        self.span_label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.span_label.setMinimumWidth(36)
        self.fit_button = Button(tr("Fit"), "tasks.fit", key="0", size="sm")
        self.now_button = Button(tr("Now"), "tasks.now", key="N", size="sm")
        closer.clicked.connect(lambda: self.zoom(False))
        wider.clicked.connect(lambda: self.zoom(True))
        self.fit_button.clicked.connect(self.fit)
        self.now_button.clicked.connect(self.show_hour)
        for widget in (wider, self.span_label, closer, self.fit_button, self.now_button):
            head.row.addWidget(widget)
        self.head = head
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.axis)
        column.addWidget(self.list, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(head)
        self._stack = QStackedLayout()
        self._stack.addWidget(body)
        self._stack.addWidget(self.empty)
        whole.addLayout(self._stack, 1)

    def sizeHint(self) -> QSize:
        return QSize(920, 480)

    def show_rows(self, rows: Sequence[TaskRow]) -> None:
        """Show all tasks; the filter picks from them."""
        self._rows = tuple(rows)
        self._show()

    def show_empty(self, empty: bool) -> None:
        """The page for "no tasks yet" instead of the list."""
        self._stack.setCurrentIndex(1 if empty else 0)
        self._mind_head()

    def _resized(self) -> None:
        self._mind_head()
        self._show_scale()

    def _mind_head(self) -> None:
        """Zoom gives way to the filters where both do not fit; its keys still work."""
        empty = self._stack.currentIndex() == 1
        room = self.width() - self.filters.sizeHint().width() - 100
        self.filters.setVisible(not empty)
        for button in (self.fit_button, self.now_button):
            button.setVisible(not empty and room >= 140)
        for part in (self._wider, self.span_label, self._closer):
            part.setVisible(not empty and room >= 270)

    def tick(self) -> None:
        """The time moved on."""
        self._show_scale()

    def choose_filter(self, name: str) -> None:
        self._filter = name
        self.filters.choose(name)
        self._show()

    def _show(self) -> None:
        count = dict.fromkeys(Group, 0)
        for row in self._rows:
            count[row.group] += 1
        self.filters.show_count(_ALL, len(self._rows))
        for group, number in count.items():
            self.filters.show_count(group.value, number)
        shown = {_ALL, self._filter} | {g.value for g, n in count.items() if n}
        self.filters.show_only(shown)
        self.list.show_rows([r for r in self._rows if self._filter in {_ALL, r.group.value}])
        self._show_scale()

    def _show_scale(self) -> None:
        now_ms, offset_ms = self._clock.now_ms(), self._clock.offset_ms()
        span = self._span_ms
        if span is None:
            shown = self.list.rows.rows
            span = fit(((r.lane.start_ms, r.lane.end_ms) for r in shown), now_ms)
        wide = self.list.viewport().width() - tokens.NAME_COLUMN - tokens.STATE_COLUMN
        scale = TimeScale(now_ms, span, max(60, wide))
        self.span_label.show_text(duration(span))
        self.axis.show_scale(scale, now_ms, offset_ms)
        self.list.show_scale(scale, now_ms, offset_ms)

    def zoom(self, wider: bool) -> None:
        """One zoom step; the now line stays where it is."""
        self._span_ms = next_span(self.list.delegate.scale.span_ms, wider=wider)
        self._show_scale()

    def fit(self) -> None:
        """Show everything recent."""
        self._span_ms = None
        self._show_scale()

    def show_hour(self) -> None:
        """The last hour."""
        self._span_ms = 3_600_000
        self._show_scale()
