"""Offscreen Qt, a clock whose hands the test turns, a loop that runs Qt and coroutines together."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Coroutine, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakSet

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_API", "pyside6")

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QSettings
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import Shiboken

from clawdesk.ports.inference import FabricStatus
from clawdesk.ports.notices import Notices
from clawdesk.runtime.api import Change
from clawdesk.ui import theme, tokens
from clawdesk.ui.desk import Desk
from clawdesk.ui.garbage import Collector
from clawdesk.ui.main_window import MainWindow
from clawdesk.ui.memory import Memory
from tests.support import fork_scenes, model_scenes
from tests.support import plane_scenes as scenes
from tests.support.at_rest import at_rest
from tests.support.hand_clock import HandClock
from tests.support.plane_fake import FakePlane

T = TypeVar("T")


def drop(window: QWidget) -> None:
    """It is gone with all in it, at once."""
    window.deleteLater()
    QCoreApplication.sendPostedEvents(window, QEvent.Type.DeferredDelete)


class Bench:
    """A desk on a scripted plane, and a way to let coroutines run."""

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: HandClock, folder: Path) -> None:
        self.loop, self.clock = loop, clock
        self.plane = FakePlane(clock.now_ms)
        self.memory = Memory(QSettings(str(folder / "w.ini"), QSettings.Format.IniFormat))
        self.desk: Desk | None = None

    def open(self, notices: Notices | None = None) -> Desk:
        """Show the window on the plane as it is now."""

        async def make() -> Desk:
            return Desk(self.plane, self.clock, self.memory, notices=notices)

        desk = self.desk = self.run(make())
        desk.window.resize(1440, 900)
        desk.window.show()
        self.settle()
        return desk

    def open_forked(self) -> Desk:
        """The window on the project of every scene, with a task and its forks in it."""
        self.plane.fill()
        self.plane.state.tasks.update(fork_scenes.forked_house(self.clock.now_ms()))
        desk = self.open()
        desk.choose_project(scenes.PROJECT)
        self.settle()
        return desk

    def open_paired(self) -> Desk:
        """The window on a machine with one peer that is here and one that is away."""
        self.plane.fill()
        desk = self.open()
        desk.choose_project(scenes.PROJECT)
        self.show_fabric(model_scenes.paired())
        return desk

    def show_fabric(self, status: FabricStatus | None, **more: Any) -> None:
        """The Fabric says something else now; `more` of the environment with it."""
        self.plane.environment = replace(self.plane.environment, fabric=status, **more)
        self.plane.publish(Change(environment=True, load=True))
        self.settle()

    def task_id(self, title: str) -> str:
        return next(t.id for t in self.plane.state.tasks.values() if t.title == title)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def settle(self) -> None:
        """Until no errand is under way and Qt has nothing to deliver."""
        self.run(at_rest(self.desk))

    def leave(self) -> None:
        """The program ends, and what it remembers stays; `open` is its next start."""
        desk, self.desk = self.desk, None
        assert desk is not None
        self.run(desk.close())
        desk.window.let_go()
        drop(desk.window)

    def close(self) -> None:
        async def end() -> None:
            await self.plane.close()
            if self.desk is not None:
                if self.desk.decisions.sheet is not None:
                    self.desk.decisions.sheet.reject()
                await self.desk.close()
                self.desk.window.let_go()
                self.desk.window.deleteLater()

        self.run(end())


@pytest.fixture(scope="session")
def qapp_args() -> list[str]:
    return ["clawdesk-test"]


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(scope="module", autouse=True)
def _garbage_ends_here(qapp: QApplication) -> Iterator[None]:
    """As in the window; nothing of Qt's is left to tests whose threads would collect it."""
    collector = Collector()
    yield
    del collector
    gc.collect()
    gc.enable()


@pytest.fixture(autouse=True)
def _themed(qapp: QApplication) -> None:
    if not qapp.property("clawdesk_fusion"):
        theme.apply(qapp, tokens.Theme.DARK)


@pytest.fixture(autouse=True)
def _no_window_stays(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One that does has 600 widgets, each of which every later theme and style sheet goes to."""
    made: WeakSet[MainWindow] = WeakSet()
    begin = MainWindow.__init__

    def noted(window: MainWindow, *parts: Any) -> None:
        begin(window, *parts)
        made.add(window)

    monkeypatch.setattr(MainWindow, "__init__", noted)
    yield
    left = [window for window in made if Shiboken.isValid(window)]
    assert not left, f"{len(left)} windows stay behind: end them with drop()"


@pytest.fixture
def bench(qapp: QApplication, clock: HandClock, tmp_path: Path) -> Iterator[Bench]:
    import qasync

    loop = qasync.QEventLoop(qapp, already_running=False)
    asyncio.set_event_loop(loop)
    made = Bench(loop, clock, tmp_path)
    failures: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: failures.append(context))
    try:
        yield made
    finally:
        made.close()
        loop.close()
        asyncio.set_event_loop(None)
    assert not failures, failures
