"""When a card is raised again. An approval lives ten minutes at most on a gateway.

The first four follow one another without a gap; after that nobody is there, and the task is shown
again ever more rarely, never in quiet hours. It stays held all the time.
"""

from __future__ import annotations

from dataclasses import dataclass

from clawdesk.domain.channel.model import Form

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MINUTES = 24 * 60
LASTS_MS = {Form.APPROVAL: 10 * MINUTE_MS, Form.QUESTION: 24 * HOUR_MS}
"""The gateway takes no approval for longer than ten minutes."""
AHEAD_MS = MINUTE_MS // 2
"""The next card is up before the last one ends, so that a tap in between finds one."""
AT_ONCE = 4
_GAPS_MS = (HOUR_MS, 2 * HOUR_MS, 4 * HOUR_MS, 8 * HOUR_MS, 24 * HOUR_MS)
_NOBODY_MS = (MINUTE_MS, 2 * MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS)


def next_after_ms(form: Form, number: int, lasts_ms: int) -> int:
    """How long after card `number` (from 1) was raised the next one is."""
    if form is Form.QUESTION or number < AT_ONCE:
        return max(lasts_ms - AHEAD_MS, AHEAD_MS)
    return _GAPS_MS[min(number - AT_ONCE, len(_GAPS_MS) - 1)]


def again_after_ms(tries: int) -> int:
    """When to try again what nobody saw, or what the plane could not apply (`tries` from 1)."""
    return _NOBODY_MS[min(max(tries, 1), len(_NOBODY_MS)) - 1]


def heeds_quiet(form: Form, number: int) -> bool:
    """Whether card `number` waits for the end of quiet hours."""
    return form is Form.APPROVAL and number > AT_ONCE


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours of the day, in local minutes since midnight; the two equal = none."""

    from_minute: int = 22 * 60
    until_minute: int = 7 * 60

    def holds(self, minute: int) -> bool:
        """Whether that minute of the day is quiet; hours may cross midnight."""
        since = (minute - self.from_minute) % DAY_MINUTES
        return since < (self.until_minute - self.from_minute) % DAY_MINUTES
