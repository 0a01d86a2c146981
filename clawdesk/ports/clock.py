"""Time, so that tests and the simulator can supply it."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    def now_ms(self) -> int:
        """Milliseconds since the epoch, for records that people read."""
        ...

    def steady_ms(self) -> int:
        """Running time in milliseconds from any start: no jump of the wall clock, no sleep."""
        ...
