"""Time to pixels: one linear scale for all lanes, its ticks and its zoom steps. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from clawdesk.viewmodels.amounts import date
from clawdesk.viewmodels.words import DAY_MS, HOUR_MS, MINUTE_MS, clock_time

SPANS_MS = (
    30_000,
    MINUTE_MS,
    2 * MINUTE_MS,
    5 * MINUTE_MS,
    10 * MINUTE_MS,
    20 * MINUTE_MS,
    30 * MINUTE_MS,
    HOUR_MS,
    2 * HOUR_MS,
    4 * HOUR_MS,
    8 * HOUR_MS,
    24 * HOUR_MS,
    72 * HOUR_MS,
    7 * DAY_MS,
    30 * DAY_MS,
    90 * DAY_MS,
)
_TICKS_MS = (
    5_000,
    10_000,
    15_000,
    30_000,
    MINUTE_MS,
    2 * MINUTE_MS,
    5 * MINUTE_MS,
    10 * MINUTE_MS,
    15 * MINUTE_MS,
    30 * MINUTE_MS,
    HOUR_MS,
    2 * HOUR_MS,
    6 * HOUR_MS,
    12 * HOUR_MS,
    24 * HOUR_MS,
    2 * DAY_MS,
    7 * DAY_MS,
    14 * DAY_MS,
    28 * DAY_MS,
    56 * DAY_MS,
    112 * DAY_MS,
    364 * DAY_MS,
)
TICK_PX_MIN = 84
EDGE_PX = 30  # room right of the now line for the running edge
RECENT_MS = 12 * HOUR_MS


@dataclass(frozen=True, slots=True)
class TimeScale:
    """`end_ms` lies at pixel `width - EDGE_PX`; `span_ms` before it lies at pixel 0."""

    end_ms: int
    span_ms: int
    width: int

    @property
    def px_per_ms(self) -> float:
        return max(1, self.width - EDGE_PX) / self.span_ms

    def x(self, at_ms: int) -> int:
        """Whole pixels from the lane's left edge; may lie outside it."""
        place = self.width - EDGE_PX - (self.end_ms - at_ms) * self.px_per_ms
        return round(max(-10_000.0, min(10_000.0 + self.width, place)))

    def at(self, x: float) -> int:
        """The time under a pixel."""
        return round(self.end_ms - (self.width - EDGE_PX - x) / self.px_per_ms)

    @property
    def start_ms(self) -> int:
        """The time at the left edge."""
        return self.end_ms - self.span_ms

    @property
    def px_ms(self) -> float:
        """How long one pixel is."""
        return 1 / self.px_per_ms

    def zoomed(self, span_ms: int, at_ms: int) -> TimeScale:
        """Another span, with the same time under the same pixel."""
        share = (self.end_ms - at_ms) / self.span_ms
        return replace(self, end_ms=round(at_ms + share * span_ms), span_ms=span_ms)

    @property
    def tick_ms(self) -> int:
        """From one grid line to the next."""
        wanted = TICK_PX_MIN / self.px_per_ms
        return next((t for t in _TICKS_MS if t >= wanted), _TICKS_MS[-1])

    def words(self, tick: int, offset_ms: int) -> str:
        """A grid line's time of day; its date where a day begins."""
        local_ms = tick + offset_ms
        if local_ms % DAY_MS == 0 and self.span_ms > 4 * HOUR_MS:
            return date(tick, offset_ms)
        return clock_time(tick, offset_ms, seconds=self.tick_seconds)

    def ticks(self, offset_ms: int) -> list[int]:
        """Times of the grid lines, on round local times, far enough apart for their words."""
        step = self.tick_ms
        start = -(-(self.start_ms + offset_ms) // step) * step - offset_ms
        return list(range(start, self.end_ms + 1, step))

    @property
    def tick_seconds(self) -> bool:
        """Whether grid lines need seconds in their words."""
        return self.tick_ms < MINUTE_MS


def fit(spans: Iterable[tuple[int, int]], now_ms: int) -> int:
    """The span that shows all of `spans` ((start, end) in ms), except long ended ones."""
    starts = [start for start, end in spans if now_ms - end < RECENT_MS]
    if not starts:
        return HOUR_MS
    return max(SPANS_MS[0], round((now_ms - min(starts)) * 1.02))


def next_span(span_ms: int, *, wider: bool) -> int:
    """The zoom step after or before a span."""
    if wider:
        return next((s for s in SPANS_MS if s > span_ms), SPANS_MS[-1])
    return next((s for s in reversed(SPANS_MS) if s < span_ms), SPANS_MS[0])
