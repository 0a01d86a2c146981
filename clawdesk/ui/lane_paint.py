"""Draws one lane of the timeline, and finds the mark under a pixel.

Marks come from the view model in the order of drawing; where they would be thinner than three
pixels they are merged, so that a long history costs no more than the screen is wide. What was
merged keeps the look of the most important mark in it, and says how many there are.
"""

from __future__ import annotations

from bisect import bisect_left

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from clawdesk.ui import fonts, marks
from clawdesk.ui.safe_text import clean_line
from clawdesk.ui.tokens import BLOCK, LANE_EXTRA, LANE_ROW, colour
from clawdesk.ui.words import counted, tr
from clawdesk.viewmodels.lane_marks import (
    BLOCKS,
    LOUD,
    NEEDS,
    POINTS,
    Lane,
    Mark,
    MarkKind,
    Stretch,
)
from clawdesk.viewmodels.timescale import TimeScale

PAD = 7  # free at each end of a block, for the checkpoint's mark
MERGE_PX = 3
POINT_PX = 8
STRIP = 10  # the lease's strip and the space above it
_POINTS_BY_WEIGHT = (MarkKind.STAR, MarkKind.DISC, MarkKind.RING)


def row_height(lane: Lane) -> int:
    """Height of the task's row."""
    return LANE_ROW + LANE_EXTRA * (lane.rows - 1)


def lane_top(box: QRectF, lane: Lane) -> float:
    """Where the blocks of a lane's first row begin."""
    inner = BLOCK + LANE_EXTRA * (lane.rows - 1) + (STRIP if lane.leased else 0)
    return round(box.top() + (box.height() - inner) / 2)


def _top(box: QRectF, mark: Mark, lane: Lane) -> float:
    return lane_top(box, lane) + mark.row * LANE_EXTRA


def strip_top(box: QRectF, lane: Lane) -> float:
    """Where the lease's strip lies."""
    return lane_top(box, lane) + BLOCK + LANE_EXTRA * (lane.rows - 1) + STRIP - 3


def mark_box(box: QRectF, scale: TimeScale, lane: Lane, mark: Mark) -> QRectF:
    """Where a mark is, in the coordinates of `box`; at least 12 px wide for the pointer."""
    left = box.left() + scale.x(min(mark.start_ms, mark.end_ms))
    right = box.left() + scale.x(max(mark.start_ms, mark.end_ms))
    if mark.kind in NEEDS:
        right = max(right, left + BLOCK + PAD)
    if right - left < 12:
        left, right = (left + right) / 2 - 6, (left + right) / 2 + 6
    if mark.kind is MarkKind.LEASE:
        return QRectF(left, strip_top(box, lane) - 3, right - left, 9)
    return QRectF(left, _top(box, mark, lane), right - left, BLOCK)


def _weight(mark: Mark) -> int:
    """What lies above what: points above blocks, needs between, strips and arrows below all."""
    if mark.kind in POINTS or mark.kind in {MarkKind.FORK, MarkKind.PARKED}:
        return 3
    return 2 if mark.kind in NEEDS else 0 if mark.kind is MarkKind.RESTORE else 1


def mark_at(box: QRectF, scale: TimeScale, lane: Lane, x: float, y: float) -> Mark | None:
    """The topmost mark under a point; of many that are drawn as one, a mark that says so."""
    around = scale.px_ms * 14
    at_ms = scale.at(x - box.left())
    first, last = round(at_ms - around), round(at_ms + around)
    near: list[Mark] = [*lane.past.signs, *lane.live]
    for stretch, least_px in (
        *((s, MERGE_PX) for s in lane.past.spans),
        (lane.past.leases, MERGE_PX),
        *((s, POINT_PX) for s in lane.past.points),
    ):
        for begin, end in stretch.runs(first, last, least_px * scale.px_ms):
            near.append(_told(stretch, begin, end))
    under = [m for m in near if mark_box(box, scale, lane, m).contains(x, y)]
    return max(under, key=_weight, default=None)


def _merged(stretch: Stretch, first: int, end: int, text: str = "") -> Mark:
    """One mark for the places first..end-1, of the most important kind among them."""
    mark = stretch.marks[first]
    if end - first == 1:
        return mark
    if mark.kind in POINTS:
        kind = next(k for k in _POINTS_BY_WEIGHT if stretch.count(k, first, end))
    elif stretch.is_loud(first, end):
        kind = next(k for k in LOUD if stretch.count(k, first, end))
    else:
        kind = MarkKind.STEP
    end_ms = stretch.marks[end - 1].end_ms
    return Mark(kind, mark.start_ms, end_ms, mark.number, "", text, mark.row)


def _told(stretch: Stretch, first: int, end: int) -> Mark:
    """The same, with words: painting has no use for them, and they cost more than it."""
    count = end - first
    if stretch.marks[first].kind in POINTS:
        what = counted(count, "{count} checkpoint", "{count} checkpoints")
    else:
        what = counted(count, "{count} step or wait", "{count} steps and waits")
        failed = stretch.count(MarkKind.FAILED, first, end)
        what += tr(", {failed} failed", failed=failed) if failed else ""
    return _merged(stretch, first, end, tr("{what}; zoom in to see each.", what=what))


class LanePainter:
    """One lane on one painter; `ground` is the role of the row's background."""

    def __init__(
        self,
        painter: QPainter,
        box: QRectF,
        scale: TimeScale,
        lane: Lane,
        ground: str,
    ) -> None:
        self.painter, self.box, self.scale, self.lane, self.ground = (
            painter,
            box,
            scale,
            lane,
            ground,
        )
        self._left = round(box.left())
        self._top = lane_top(box, lane)

    def x(self, at_ms: int) -> int:
        return self._left + self.scale.x(at_ms)

    def top(self, mark: Mark) -> float:
        return self._top + mark.row * LANE_EXTRA

    def paint(self, focus: Mark | None = None) -> None:
        painter, past = self.painter, self.lane.past
        painter.save()
        painter.setClipRect(self.box)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_elbow()
        first = self.scale.at(-20)
        last = self.scale.at(self.box.width() + 20)
        least = MERGE_PX * self.scale.px_ms
        for stretch in (*past.spans, past.leases):
            self._paint_stretch(stretch, first, last, least)
        live = [m for m in self.lane.live if m.start_ms <= last]
        for mark in live:
            self._paint_mark(mark)
        for stretch in past.points:
            for begin, end in stretch.runs(first, last, POINT_PX * self.scale.px_ms):
                self._paint_point(_merged(stretch, begin, end))
        for mark in past.signs:
            if min(mark.start_ms, mark.end_ms) <= last and mark.start_ms >= first:
                self._paint_sign(mark)
        if focus is not None:
            painter.setPen(QPen(colour("acc"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            ring = mark_box(self.box, self.scale, self.lane, focus).adjusted(-2, -2, 2, 2)
            painter.drawRoundedRect(ring, 5, 5)
        painter.restore()

    def _paint_stretch(self, stretch: Stretch, first: int, last: int, least: float) -> None:
        """Runs of thin quiet marks side by side are one block: it costs what one block costs."""
        quiet: tuple[int, int] | None = None
        for begin, end in stretch.runs(first, last, least):
            mark, until = stretch.marks[begin], stretch.marks[end - 1].end_ms
            near = quiet is None or mark.start_ms - stretch.marks[quiet[1] - 1].end_ms < least
            thin = until - mark.start_ms < 2 * least and mark.kind is not MarkKind.LEASE
            if thin and near and not stretch.is_loud(begin, end):
                quiet = (begin if quiet is None else quiet[0], end)
                continue
            if quiet is not None:
                self._paint_mark(_merged(stretch, *quiet))
                quiet = None
            self._paint_mark(_merged(stretch, begin, end))
        if quiet is not None:
            self._paint_mark(_merged(stretch, *quiet))

    def _paint_mark(self, mark: Mark) -> None:
        x0, x1 = self.x(mark.start_ms), self.x(mark.end_ms)
        if mark.kind is MarkKind.LEASE:
            self._paint_lease(mark, x0, x1)
        else:
            self._paint_span(mark, x0, x1)

    def _paint_sign(self, mark: Mark) -> None:
        x, y = self.x(mark.start_ms), self.top(mark) + BLOCK / 2
        if mark.kind is MarkKind.RESTORE:
            self._paint_restore(mark)
        elif mark.kind is MarkKind.PARKED:
            marks.paint_slashes(self.painter, x, y, "mute")
        elif mark.kind is MarkKind.FORK:
            marks.paint_fork(self.painter, x, y)

    def _paint_lease(self, mark: Mark, x0: int, x1: int) -> None:
        card = mark.number if mark.number >= 0 else None
        marks.paint_lease(
            self.painter, max(x0, self._left + 2), x1,
            strip_top(self.box, self.lane), card,
        )  # fmt: skip

    def _label(self, mark: Mark) -> str:
        return f"{mark.number}  {clean_line(mark.label, 40)}" if mark.label else str(mark.number)

    def _paint_span(self, mark: Mark, x0: int, x1: int) -> None:
        top = self.top(mark)
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
            begin = max(x0 + PAD - 1, min(self._left + 1, x1 - BLOCK))
            marks.paint_need(painter, begin, x1, top, sign, label=clean_line(mark.label, 60))
        elif mark.kind is MarkKind.WAITING:
            self._paint_waiting(mark, x0, x1, top + BLOCK / 2)
        elif mark.kind is MarkKind.YIELDED:
            y = top + BLOCK / 2
            marks.paint_yielded(painter, x0 + PAD, x1 - 2, y, mark.label, ground=self.ground)

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
        # What began before the lane does still says its number and name.
        begin = max(x0 + pad, min(self._left - 4, end - 3))
        marks.paint_block(painter, begin, end, top, self._label(mark), kind=kind)
        if kind == "failed":
            marks.paint_fail_head(painter, end, top, self.ground)

    def _paint_waiting(self, mark: Mark, x0: int, x1: int, y: float) -> None:
        painter = self.painter
        x0 = max(x0 + 4, self._left + 2)
        label = clean_line(mark.label, 200)
        if label:
            painter.setFont(fonts.font("caption"))
            painter.setPen(colour("fg1"))
            before = max((m.end_ms for m in self._before(mark)), default=None)
            limit = self._left + 4
            if before is not None:
                limit = max(limit, self.x(before) + 10)
            # It stands left of the dots, or among them where more of it can be read there.
            left, among = x0 - limit - 8, x1 - x0 - 24
            room = max(left, among if among > 36 else 0)
            text = fonts.metrics("caption").elidedText(label, Qt.TextElideMode.ElideRight, room)
            wide = fonts.width("caption", text)
            beside = wide <= left
            start = x0 - 8 - wide if beside else x0
            spot = QRectF(start, y - 8, wide + 4, 16)
            painter.drawText(spot, Qt.AlignmentFlag.AlignVCenter, text if room > 36 else "")
            x0 += 0 if beside or room <= 36 else round(wide) + 8
        marks.paint_dots(painter, x0, x1, y)

    def _before(self, mark: Mark) -> list[Mark]:
        """The last span and the last point of the lane that end before a wait begins."""
        found: list[Mark] = []
        for stretch in (self.lane.past.spans[0], self.lane.past.points[0]):
            place = bisect_left(stretch.starts, mark.start_ms)
            found += stretch.marks[max(0, place - 1) : place]
        return found

    def _paint_point(self, mark: Mark) -> None:
        x, y = self.x(mark.start_ms), self.top(mark) + BLOCK / 2
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
        y_to = self.top(mark) + BLOCK / 2
        y_from = y_to + (LANE_EXTRA if self.lane.rows > 1 else BLOCK)
        marks.paint_restore(self.painter, self.x(mark.start_ms), y_from, self.x(mark.end_ms), y_to)

    def _paint_elbow(self) -> None:
        past = self.lane.past
        if past.rows < 2:
            return
        behind = [past.spans[1], past.points[1]]
        for mark in past.signs:
            if mark.kind is not MarkKind.RESTORE:
                continue
            later = []
            for stretch in behind:
                place = bisect_left(stretch.starts, mark.end_ms)
                later += [m.start_ms for m in stretch.marks[place : place + 1]
                          if m.start_ms < mark.start_ms]  # fmt: skip
            if not later:
                continue
            y0 = self.top(mark) + BLOCK / 2
            x = self.x(mark.end_ms)
            marks.paint_elbow(self.painter, x, y0, y0 + LANE_EXTRA, self.x(min(later)) + PAD)
