"""The end of a desk: the plane lets go of its machines, and the window tells how far that is.

A person who has closed a window wants it gone. So it goes after a few seconds, and what is not
saved by then is saved behind it, which a notice of the desktop says; a second start brings it back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING

from clawdesk.ui.banner import Notice
from clawdesk.viewmodels.closing import away_notice, closing_words, opens_again, unsaved

if TYPE_CHECKING:
    from clawdesk.ui.desk import Desk

STAY_S = 2.0
"""How long the window stays to show that it closes: of the five seconds that a quit may take, a
busy machine needs the rest to get there."""


class Ending:
    """The last act of one desk.

    What is open now is what the next start opens: a plane that has closed has no projects.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk, self._again, self._said = desk, False, ("", "")
        self._count = self._left()
        desk.remember()
        desk.window.pages.setEnabled(False)
        desk.window.tool_bar.setEnabled(False)
        self._say(closing_words(0, 0))  # a window onto another process's plane saves nothing
        self._unsubscribe = desk.plane.subscribe(lambda _: self._paint())

    async def over(self, letting_go: Coroutine[None, None, object]) -> None:
        """Wait until the plane has let go; the window is hidden where that takes long."""
        work = asyncio.get_running_loop().create_task(letting_go)
        try:
            done, _ = await asyncio.wait({work}, timeout=STAY_S)
            if not done and not self._again:
                await self._go()
            await work
        finally:
            self._unsubscribe()

    def wanted_again(self, token: str) -> None:
        """Somebody starts the program meanwhile: show what it still does."""
        self._again = True
        self._desk.window.come_forward(token)
        self._paint()

    async def _go(self) -> None:
        desk, left = self._desk, self._left()
        desk.window.hide()
        if left:
            await desk.notices.tell(away_notice(self._count, left))

    def _left(self) -> int:
        return unsaved(self._desk.plane.state.tasks.values())

    def _paint(self) -> None:
        self._say(closing_words(self._count, self._left()))

    def _say(self, words: tuple[str, str]) -> None:
        what, step = words
        if self._again:
            step = f"{step} {opens_again()}".strip()
        if (what, step) != self._said:
            self._said = what, step
            self._desk.window.banner.show_notice(Notice("run", what, step))
