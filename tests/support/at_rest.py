"""Until a window has nothing more to do: no errand under way, no event of Qt's to deliver."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from clawdesk.ui.desk import Desk
from tests.support.hand_clock import HandClock

CALM = 25
"""Turns of the loop in which nothing was under way."""
TURNS_MAX = 5_000
Wait = Callable[[int], Awaitable[None]]
"""Lets that many milliseconds pass."""


async def at_rest(desk: Desk | None) -> bool:
    """Whether it came to rest within `TURNS_MAX` turns; without a desk, Qt's events count alone."""
    # The loop is Qt's own: while it sleeps, Qt delivers its events. (processEvents in a
    # coroutine would run other tasks inside this one and lose their wake-ups.)
    calm = 0
    for _ in range(TURNS_MAX):
        await asyncio.sleep(0)
        busy = desk is not None and desk.errands.any_busy()
        calm = 0 if busy else calm + 1
        if calm >= CALM:
            return True
    return False


def by_hand(desk: Desk, clock: HandClock) -> Wait:
    """A wait that turns the window's clock; it lasts until the window is at rest."""

    async def wait(ms: int) -> None:
        await at_rest(desk)
        clock.advance(ms)
        await at_rest(desk)

    return wait
