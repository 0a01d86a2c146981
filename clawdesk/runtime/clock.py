"""The wall clock of this host: the only place that reads it for records."""

from __future__ import annotations

import time


class SystemClock:
    """`ports.clock.Clock` over the system's clock."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000
