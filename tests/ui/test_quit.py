"""The whole window is closed while twenty tasks run, on a whole plane with machines in memory."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from clawdesk.domain.model import Phase
from clawdesk.ports.telemetry import HostLoad
from clawdesk.runtime.api import PlaneApi
from clawdesk.runtime.plane import Plane
from clawdesk.ui.ask_sheet import AskSheet
from clawdesk.ui.button import Button
from clawdesk.ui.loop import Around, CrashReport, Session
from tests.support.guest_fake import FakeStep
from tests.support.plane_fake import scripted_time
from tests.support.plane_world import PROJECT, PlaneWorld, own_policy, until

TASKS = 20
QUIT_S_MAX = 5.0
TASK = 'title = "Waits"\n[[steps]]\nname = "one"\nrun = "waits"\n'


class RoomyHost:
    """Room for every machine."""

    async def sample(self) -> HostLoad:
        return HostLoad(1.0, 64, 1_000, 64_000, 100_000, gpu_note="no NVIDIA GPU")

    async def close(self) -> None:
        """Nothing is held."""


async def _until_true(right: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not right():
            await scripted_time(5)


async def _quit(session: Session, plane: PlaneApi) -> float:
    """Close the window as a person does; seconds from the click to the end of everything."""
    running = [t for t in plane.state.tasks.values() if t.phase is Phase.RUNNING]
    assert len(running) == TASKS
    session.window.close()
    sheets: list[AskSheet] = []

    def asked() -> bool:
        sheets[:] = session.window.findChildren(AskSheet)
        return bool(sheets)

    await _until_true(asked)
    (sheet,) = sheets
    assert sheet.title.text() == f"Quit with {TASKS} unfinished tasks?"
    (go,) = [b for b in sheet.findChildren(Button) if b.objectName() == "quit.go"]
    await _until_true(go.isEnabled)
    began = time.monotonic()
    QTest.mouseClick(go, Qt.MouseButton.LeftButton)
    return began


def test_closing_the_window_with_twenty_tasks_takes_less_than_five_seconds(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_policy(tmp_path, monkeypatch, f"[host]\nmachines_max = {TASKS}\n")
    over = asyncio.Event()

    async def waits(_step: FakeStep) -> int:
        await over.wait()
        return 0

    world = PlaneWorld(tmp_path, {"wait": TASK}, {"waits": waits})
    planes: list[Plane] = []

    @asynccontextmanager
    async def make() -> AsyncIterator[PlaneApi]:
        plane = Plane(replace(world.parts(), telemetry=RoomyHost()))
        planes.append(plane)
        await plane.start()
        try:
            yield plane
        finally:
            await plane.close()

    async def whole() -> float:
        session = Session(make, [], CrashReport(), Around())
        shown = asyncio.get_running_loop().create_task(session.run())
        await _until_true(lambda: bool(planes) and session.window.pages.isEnabled())
        (plane,) = planes
        await plane.open_project(PROJECT)
        for _ in range(TASKS):
            name = await plane.submit(PROJECT, "wait")
            await until(plane, name, lambda task: task.phase is Phase.RUNNING)
        began = await _quit(session, plane)
        assert await shown == 0
        took_s = time.monotonic() - began
        over.set()  # what ran in the machines, which are gone
        await scripted_time(20)
        return took_s

    before = qapp.quitOnLastWindowClosed()
    qapp.setQuitOnLastWindowClosed(False)  # as the program does
    took_s = _in_loop(qapp, whole)
    qapp.setQuitOnLastWindowClosed(before)
    assert world.machines.machines == {}, "every machine was given back"
    kept = [t for t in planes[0].state.tasks.values() if t.checkpoints]
    assert len(kept) == TASKS, "each task goes on from a checkpoint at the next start"
    assert took_s < QUIT_S_MAX


def _in_loop(app: QApplication, work: Callable[[], Awaitable[float]]) -> float:
    import qasync

    with qasync.QEventLoop(app, already_running=False) as loop:
        asyncio.set_event_loop(loop)
        try:
            found: float = loop.run_until_complete(work())
            return found
        finally:
            asyncio.set_event_loop(None)
