"""Lanes under a time axis: what time they show, zoomed, moved or following the present."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QVBoxLayout, QWidget

from clawdesk.ui import fonts, marks, tokens
from clawdesk.ui.clock import Clock
from clawdesk.ui.task_list import TaskList
from clawdesk.ui.tokens import colour
from clawdesk.ui.words import tr
from clawdesk.viewmodels.tasks import TaskRow
from clawdesk.viewmodels.timescale import TimeScale, fit, next_span
from clawdesk.viewmodels.words import HOUR_MS, clock_time


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
        painter.drawText(QRectF(12, 0, 100, high), flags, tr("Task"))
        state = self._wide - tokens.STATE_COLUMN + 8
        painter.drawText(QRectF(state, 0, 100, high), flags, tr("State"))
        now_x = tokens.NAME_COLUMN + self._scale.x(self._now_ms)
        seconds = self._scale.tick_seconds
        room = 34 if seconds else 28
        for tick in self._scale.ticks(self._offset_ms):
            x = tokens.NAME_COLUMN + self._scale.x(tick)
            if x < tokens.NAME_COLUMN + room - 12 or abs(x - now_x) < 2 * room:
                continue
            text = self._scale.words(tick, self._offset_ms)
            box = QRectF(x - 40, 0, 80, high)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        painter.setPen(QPen(colour("line"), 1))
        painter.drawLine(0, high - 1, self.width(), high - 1)
        if tokens.NAME_COLUMN <= now_x <= state:
            now = clock_time(self._now_ms, self._offset_ms, seconds=seconds)
            marks.paint_now_tag(painter, now_x, high / 2, now)


class Lanes(QWidget):
    """A list of tasks with its axis; `span_changed` tells how much time is shown (ms)."""

    span_changed = Signal(object)  # Qt's int holds 24 days of ms

    def __init__(self, clock: Clock, name: str) -> None:
        super().__init__()
        self._clock = clock
        self._span_ms: int | None = None  # None = fit
        self._end_ms: int | None = None  # None = the present, and it moves on
        self.axis = Axis()
        self.list = TaskList(name)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.axis)
        column.addWidget(self.list, 1)
        self.list.zoomed.connect(self.zoom)
        self.list.panned.connect(self.pan)
        self.list.time_wanted.connect(self.show_time)
        self.list.resized.connect(self.show_scale)

    @property
    def scale(self) -> TimeScale:
        return self.list.delegate.scale

    @property
    def follows(self) -> bool:
        """Whether the present is on screen and stays there."""
        return self._end_ms is None

    def show_rows(self, rows: Sequence[TaskRow]) -> None:
        self.list.show_rows(rows)
        self.show_scale()

    def show_scale(self) -> None:
        """The time moved on, or what is shown of it changed."""
        now_ms, offset_ms = self._clock.now_ms(), self._clock.offset_ms()
        span = self._span_ms
        if span is None:
            shown = self.list.rows.rows
            span = fit(((r.lane.start_ms, r.lane.end_ms) for r in shown), now_ms)
        wide = self.list.viewport().width() - tokens.NAME_COLUMN - tokens.STATE_COLUMN
        end_ms = now_ms if self._end_ms is None else self._end_ms
        scale = TimeScale(end_ms, span, max(60, wide))
        self.span_changed.emit(span)
        self.axis.show_scale(scale, now_ms, offset_ms)
        self.list.show_scale(scale, now_ms, offset_ms)

    def zoom(self, wider: bool, at_px: int = -1) -> None:
        """One zoom step; the time under pixel `at_px` stays there, without one the right end."""
        scale = self.scale
        span = next_span(scale.span_ms, wider=wider)
        if at_px >= 0:
            self._end_ms = scale.zoomed(span, scale.at(at_px)).end_ms
        self._span_ms = span
        self._mind_present()
        self.show_scale()

    def pan(self, by_px: int) -> None:
        """Show earlier (below 0) or later times."""
        scale = self.scale
        self._span_ms = scale.span_ms
        self._end_ms = scale.end_ms + round(by_px * scale.px_ms)
        self._mind_present()
        self.show_scale()

    def show_time(self, at_ms: int) -> None:
        """Bring a moment into view; nothing moves when it is there already."""
        scale = self.scale
        if scale.start_ms <= at_ms <= scale.end_ms:
            return
        self._span_ms, self._end_ms = scale.span_ms, at_ms + scale.span_ms // 2
        self._mind_present()
        self.show_scale()

    def _mind_present(self) -> None:
        """Never past the present, never out of sight of everything."""
        if self._end_ms is None:
            return
        first = min((r.lane.start_ms for r in self.list.rows.rows), default=0)
        span = self._span_ms or self.scale.span_ms
        self._end_ms = max(self._end_ms, first + span // 10)
        if self._end_ms >= self._clock.now_ms():
            self._end_ms = None

    def fit(self) -> None:
        """Show everything recent."""
        self._span_ms = self._end_ms = None
        self.show_scale()

    def show_now(self) -> None:
        """Back to the present; who is there already sees the last hour."""
        if self.follows:
            self._span_ms = HOUR_MS
        self._end_ms = None
        self.show_scale()
