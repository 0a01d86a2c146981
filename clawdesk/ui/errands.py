"""Runs what a widget wants done: keeps every task, turns expected failures into a banner.

A widget that is going takes its errands with it; nobody awaits in a slot.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from clawdesk.ports.errors import PortError
from clawdesk.ui.words import tr

ShowError = Callable[[str, PortError], None]


class Errands:
    """Tasks of one owner. `show(what_was_wanted, error)` is called for a PortError.

    A key runs once at a time: pressing a button twice asks once.
    """

    def __init__(self, show: ShowError) -> None:
        self._show = show
        self._loop = asyncio.get_running_loop()
        self._running: dict[asyncio.Task[None], str] = {}

    def busy(self, key: str) -> bool:
        """Whether an errand of that key is under way."""
        return key in self._running.values()

    def any_busy(self) -> bool:
        """Whether anything is under way."""
        return bool(self._running)

    def start(self, key: str, what: str, errand: Coroutine[Any, Any, None]) -> None:
        """Run `errand`; `what` names it for the user ("Approving checkpoint 4")."""
        if key and self.busy(key):
            errand.close()
            return
        task = self._loop.create_task(self._run(what, errand))
        self._running[task] = key
        # A task that is cancelled before its first step would leave its coroutine unawaited.
        task.add_done_callback(lambda _: errand.close())
        task.add_done_callback(self._ended)

    async def _run(self, what: str, errand: Coroutine[Any, Any, None]) -> None:
        try:
            await errand
        except PortError as error:
            self._show(what, error)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            # Unexpected: the loop's exception hook writes the report and tells the user.
            self._loop.call_exception_handler(
                {"message": tr("an errand of the window failed"), "exception": error, "task": task}
            )

    async def close(self) -> None:
        """Cancel what still runs and wait for its end."""
        tasks = list(self._running)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
