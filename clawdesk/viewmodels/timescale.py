"""Time to pixels: one linear scale for all lanes, its ticks and its zoom steps. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from clawdesk.viewmodels.words import HOUR_MS, MINUTE_MS

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

    def ticks(self, offset_ms: int) -> list[int]:
        """Times of the grid lines, on round local times, far enough apart for their words."""
        wanted = TICK_PX_MIN / self.px_per_ms
        step = next((t for t in _TICKS_MS if t >= wanted), _TICKS_MS[-1])
        first_ms = self.end_ms - self.span_ms
        start = -(-(first_ms + offset_ms) // step) * step - offset_ms
        return list(range(start, self.end_ms + 1, step))

    @property
    def tick_seconds(self) -> bool:
        """Whether grid lines need seconds in their words."""
        return TICK_PX_MIN / self.px_per_ms < 30_000


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
