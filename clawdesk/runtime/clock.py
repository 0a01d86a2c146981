"""The clocks of this host: the only place that reads them for records and durations."""

from __future__ import annotations

import time


class SystemClock:
    """`ports.clock.Clock` over the system's clock."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def steady_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000
