"""A real window, offscreen, on a scripted plane, for as long as something is measured in it."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clawdesk.ui.desk import Desk
    from tests.support.plane_fake import FakePlane

NowMs = Callable[[], int]


def in_window(
    make: Callable[[NowMs], FakePlane], work: Callable[[Desk, FakePlane], Awaitable[list[float]]]
) -> list[float]:
    """What `work` measured in a window of 1440 by 900 on the plane that `make` gave."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import QSettings

    from clawdesk.ui import theme, tokens
    from clawdesk.ui.clock import WallClock
    from clawdesk.ui.desk import Desk
    from clawdesk.ui.loop import application
    from clawdesk.ui.memory import Memory

    app = application()
    theme.apply(app, tokens.Theme.DARK)
    import qasync

    loop = qasync.QEventLoop(app)
    asyncio.set_event_loop(loop)
    clock = WallClock()

    async def show() -> list[float]:
        with tempfile.TemporaryDirectory(prefix="cdb-") as folder:
            memory = Memory(QSettings(f"{folder}/w.ini", QSettings.Format.IniFormat))
            plane = make(clock.now_ms)
            desk = Desk(plane, clock, memory)
            desk.window.resize(1440, 900)
            desk.window.show()
            try:
                return await work(desk, plane)
            finally:
                await desk.close()
                desk.window.let_go()

    with loop:
        try:
            found: list[float] = loop.run_until_complete(show())
            return found
        finally:
            asyncio.set_event_loop(None)
