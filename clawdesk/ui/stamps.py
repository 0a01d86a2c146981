"""The times before the lines of a log: of the day, with the date where it is not today's."""

from __future__ import annotations

from clawdesk.ui import fonts
from clawdesk.viewmodels.amounts import moment
from clawdesk.viewmodels.words import DAY_MS

_WIDE_MIN = 76
_GAP = 18


class Stamps:
    """Those of one list. `wide` is the room that the longest of them has."""

    def __init__(self) -> None:
        self._now_ms = self._offset_ms = 0
        self.wide = _WIDE_MIN

    def show_now(self, now_ms: int, offset_ms: int) -> bool:
        """Whether it is another day since, or another zone: then every line is told anew."""
        before = (self._now_ms + self._offset_ms) // DAY_MS, self._offset_ms
        self._now_ms, self._offset_ms = now_ms, offset_ms
        return before != ((now_ms + offset_ms) // DAY_MS, offset_ms)

    def words(self, at_ms: int) -> str:
        return moment(at_ms, self._now_ms, self._offset_ms, seconds=True)

    def fit(self, oldest_ms: int) -> bool:
        """Make room for the times from that one on; whether it is more or less than before."""
        wide = max(_WIDE_MIN, round(fonts.width("code", self.words(oldest_ms))) + _GAP)
        before, self.wide = self.wide, wide
        return wide != before
