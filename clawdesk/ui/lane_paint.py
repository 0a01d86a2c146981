"""Draws one lane of the timeline, and finds the mark under a pixel.

Marks come from the view model in the order of drawing; where they would be thinner than three
pixels they are merged, so that a long history costs no more than the screen is wide.
"""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from clawdesk.ui import fonts, marks
from clawdesk.ui.safe_text import clean_line
from clawdesk.ui.tokens import BLOCK, LANE_EXTRA, LANE_ROW, colour
from clawdesk.viewmodels.lane import BLOCKS, NEEDS, POINTS, Lane, Mark, MarkKind
from clawdesk.viewmodels.timescale import TimeScale

PAD = 7  # free at each end of a block, for the checkpoint's mark


def row_height(lane: Lane) -> int:
    """Height of the task's row."""
    return LANE_ROW + LANE_EXTRA * (lane.rows - 1)


def _top(box: QRectF, mark: Mark, lane: Lane) -> float:
    inner = BLOCK + LANE_EXTRA * (lane.rows - 1)
    return round(box.top() + (box.height() - inner) / 2) + mark.row * LANE_EXTRA


def mark_box(box: QRectF, scale: TimeScale, lane: Lane, mark: Mark) -> QRectF:
    """Where a mark is, in the coordinates of `box`; at least 12 px wide for the pointer."""
    left = box.left() + scale.x(min(mark.start_ms, mark.end_ms))
    right = box.left() + scale.x(max(mark.start_ms, mark.end_ms))
    if mark.kind in NEEDS:
        right = max(right, left + BLOCK + PAD)
    if right - left < 12:
        left, right = (left + right) / 2 - 6, (left + right) / 2 + 6
    return QRectF(left, _top(box, mark, lane), right - left, BLOCK)


def mark_at(box: QRectF, scale: TimeScale, lane: Lane, x: float, y: float) -> Mark | None:
    """The topmost mark under a point."""
    # Points lie above blocks, so they are asked first.
    order = sorted(lane.marks, key=lambda m: m.kind in POINTS or m.kind in NEEDS)
    for mark in reversed(order):
        if mark_box(box, scale, lane, mark).contains(x, y):
            return mark
    return None


class LanePainter:
    """One lane on one painter; `ground` is the role of the row's background."""

    def __init__(
        self, painter: QPainter, box: QRectF, scale: TimeScale, lane: Lane, ground: str
    ) -> None:
        self.painter, self.box, self.scale, self.lane, self.ground = (
            painter,
            box,
            scale,
            lane,
            ground,
        )

    def x(self, at_ms: int) -> int:
        return round(self.box.left()) + self.scale.x(at_ms)

    def paint(self, focus: Mark | None = None) -> None:
        painter = self.painter
        painter.save()
        painter.setClipRect(self.box)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_elbow()
        drawn_to = {0: -10_000, 1: -10_000}
        for mark in self.lane.marks:
            if mark.kind in POINTS or mark.kind is MarkKind.RESTORE:
                continue
            x0, x1 = self.x(mark.start_ms), self.x(mark.end_ms)
            if x1 < self.box.left() - 20 or x0 > self.box.right():
                continue
            if x1 - x0 < 3 and x1 <= drawn_to[mark.row] and mark.kind is MarkKind.STEP:
                continue  # merged with its neighbour
            self._paint_span(mark, x0, x1)
            drawn_to[mark.row] = max(drawn_to[mark.row], x1)
        for mark in self.lane.marks:
            if mark.kind in POINTS:
                self._paint_point(mark)
            elif mark.kind is MarkKind.RESTORE:
                self._paint_restore(mark)
        if focus is not None:
            painter.setPen(QPen(colour("acc"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            ring = mark_box(self.box, self.scale, self.lane, focus).adjusted(-2, -2, 2, 2)
            painter.drawRoundedRect(ring, 5, 5)
        painter.restore()

    def _label(self, mark: Mark) -> str:
        return f"{mark.number}  {clean_line(mark.label, 40)}" if mark.label else str(mark.number)

    def _paint_span(self, mark: Mark, x0: int, x1: int) -> None:
        top = _top(self.box, mark, self.lane)
        painter = self.painter
        if mark.kind in BLOCKS:
            self._paint_block(mark, x0, x1, top)
        elif mark.kind in NEEDS:
            open_need = bool(mark.label)
            if not open_need:
                if x1 - x0 > 2 * PAD + 4:
                    marks.paint_waited(painter, x0 + PAD, x1 - PAD, top)
                return
            sign = "?" if mark.kind is MarkKind.NEED_ANSWER else "!"
            marks.paint_need(painter, x0 + PAD - 1, x1, top, sign, label=clean_line(mark.label, 60))
        elif mark.kind is MarkKind.WAITING:
            self._paint_waiting(mark, x0, x1, top + BLOCK / 2)

    def _paint_block(self, mark: Mark, x0: int, x1: int, top: float) -> None:
        painter = self.painter
        kind = {
            MarkKind.STEP: "step",
            MarkKind.RUNNING: "running",
            MarkKind.FAILED: "failed",
            MarkKind.LOST: "lost",
        }[mark.kind]
        if mark.row and kind != "running":
            kind = "left"
        wide = x1 - x0
        pad = PAD if wide > 26 else max(1, min(PAD, wide // 4))
        end = x1 if kind == "running" else x1 - pad
        if kind == "failed":
            end = max(x1, x0 + pad + BLOCK)
        marks.paint_block(painter, x0 + pad, end, top, self._label(mark), kind=kind)
        if kind == "failed":
            marks.paint_fail_head(painter, end, top, self.ground)

    def _paint_waiting(self, mark: Mark, x0: int, x1: int, y: float) -> None:
        painter = self.painter
        x0 = max(x0 + 4, round(self.box.left()) + 2)
        label = clean_line(mark.label, 200)
        if label:
            painter.setFont(fonts.font("caption"))
            painter.setPen(colour("fg1"))
            taken = [self.x(m.end_ms) for m in self.lane.marks if m is not mark and m.row == 0]
            limit = max([round(self.box.left()) + 4, *[t + 10 for t in taken if t <= x0 + 8]])
            wide = fonts.width("caption", label)
            middle = Qt.AlignmentFlag.AlignVCenter
            if x0 - limit >= wide + 6:
                spot = QRectF(x0 - wide - 8, y - 8, wide + 4, 16)
                painter.drawText(spot, middle, label)
            elif x1 - x0 > 60:
                room = min(wide + 4, x1 - x0 - 24)
                text = fonts.metrics("caption").elidedText(label, Qt.TextElideMode.ElideRight, room)
                painter.drawText(QRectF(x0, y - 8, room + 4, 16), middle, text)
                x0 += round(fonts.width("caption", text)) + 8
        marks.paint_dots(painter, x0, x1, y)

    def _paint_point(self, mark: Mark) -> None:
        x, y = self.x(mark.start_ms), _top(self.box, mark, self.lane) + BLOCK / 2
        if not self.box.left() - 8 <= x <= self.box.right() + 8:
            return
        role = "mute" if mark.row else "fg0"
        if mark.kind is MarkKind.STAR:
            marks.paint_star(self.painter, x, y, "mute" if mark.row else "ok")
        elif mark.kind is MarkKind.RING or mark.row:
            marks.paint_ring(self.painter, x, y, self.ground, role)
        else:
            marks.paint_disc(self.painter, x, y, role)

    def _paint_restore(self, mark: Mark) -> None:
        y_to = _top(self.box, mark, self.lane) + BLOCK / 2
        y_from = y_to + (LANE_EXTRA if self.lane.rows > 1 else BLOCK)
        marks.paint_restore(self.painter, self.x(mark.start_ms), y_from, self.x(mark.end_ms), y_to)

    def _paint_elbow(self) -> None:
        behind = [m for m in self.lane.marks if m.row == 1]
        for mark in self.lane.marks:
            if mark.kind is not MarkKind.RESTORE:
                continue
            later = [m.start_ms for m in behind if mark.end_ms <= m.start_ms < mark.start_ms]
            if not later:
                continue
            y0 = _top(self.box, mark, self.lane) + BLOCK / 2
            x = self.x(mark.end_ms)
            marks.paint_elbow(self.painter, x, y0, y0 + LANE_EXTRA, self.x(min(later)) + PAD)
