"""The whole window is closed while tasks run, on a whole plane with machines in memory."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from clawdesk.domain.model import MachineId, Phase, Snapshot, TaskId
from clawdesk.ports.telemetry import HostLoad
from clawdesk.runtime.api import PlaneApi
from clawdesk.runtime.front_door import Knock, take_or_knock
from clawdesk.runtime.plane import Plane
from clawdesk.ui import ending, loop
from clawdesk.ui.ask_sheet import AskSheet
from clawdesk.ui.button import Button
from clawdesk.ui.loop import Around, CrashReport, Session
from clawdesk.viewmodels.closing import AWAY
from tests.support.guest_fake import FakeStep
from tests.support.notices_fake import FakeNotices
from tests.support.plane_fake import FakePlane, scripted_time
from tests.support.plane_world import PROJECT, JoinedMachines, PlaneWorld, own_policy, until
from tests.ui.conftest import drop

TASKS = 20
QUIT_S_MAX = 5.0
Result = TypeVar("Result")
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


class Scene:
    """A window whose tasks stand in a step until the test ends.

    Args:
        snapshots: how many may be taken; each waits for its turn.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, snapshots: int) -> None:
        own_policy(folder, monkeypatch, f"[host]\nmachines_max = {TASKS}\n")
        self.over = asyncio.Event()

        async def waits(_step: FakeStep) -> int:
            await self.over.wait()
            return 0

        self.world = PlaneWorld(folder, {"wait": TASK}, {"waits": waits})
        self.notices = FakeNotices()
        self.snapshots = asyncio.Semaphore(snapshots)
        self.planes: list[Plane] = []
        monkeypatch.setattr(JoinedMachines, "snapshot", _in_turn(self.snapshots))
        around = Around(notices=lambda: self.notices)
        self.session = Session(self._plane, [], CrashReport(), around)

    @asynccontextmanager
    async def _plane(self) -> AsyncIterator[PlaneApi]:
        plane = Plane(replace(self.world.parts(), telemetry=RoomyHost()))
        self.planes.append(plane)
        await plane.start()
        try:
            yield plane
        finally:
            await plane.close()

    async def begin(self, tasks: int) -> asyncio.Task[int]:
        """The window shows so many running tasks; ends when the window has."""
        shown = asyncio.get_running_loop().create_task(self.session.run())
        await _until_true(lambda: bool(self.planes) and self.session.window.pages.isEnabled())
        (plane,) = self.planes
        await plane.open_project(PROJECT)
        for _ in range(tasks):
            name = await plane.submit(PROJECT, "wait")
            await until(plane, name, lambda task: task.phase is Phase.RUNNING)
        return shown

    async def quit(self, tasks: int) -> float:
        """Close the window as a person does; when the answer was clicked, in seconds."""
        self.session.window.close()
        sheets: list[AskSheet] = []

        def asked() -> bool:
            sheets[:] = self.session.window.findChildren(AskSheet)
            return bool(sheets)

        await _until_true(asked)
        (sheet,) = sheets
        assert sheet.title.text() == f"Quit with {tasks} unfinished tasks?"
        (go,) = [b for b in sheet.findChildren(Button) if b.objectName() == "quit.go"]
        await _until_true(go.isEnabled)
        began = time.monotonic()
        QTest.mouseClick(go, Qt.MouseButton.LeftButton)
        return began

    async def end(self) -> None:
        """What ran in the machines, which are gone."""
        self.over.set()
        await scripted_time(20)


def _in_turn(
    turns: asyncio.Semaphore,
) -> Callable[[JoinedMachines, MachineId, TaskId, int], Awaitable[Snapshot]]:
    taken = JoinedMachines.snapshot

    async def snapshot(
        self: JoinedMachines, machine: MachineId, task: TaskId, ordinal: int
    ) -> Snapshot:
        await turns.acquire()
        return await taken(self, machine, task, ordinal)

    return snapshot


def test_closing_the_window_with_twenty_tasks_takes_less_than_five_seconds(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene(tmp_path, monkeypatch, snapshots=TASKS)

    async def whole() -> float:
        shown = await scene.begin(TASKS)
        began = await scene.quit(TASKS)
        assert await shown == 0
        took_s = time.monotonic() - began
        await scene.end()
        return took_s

    took_s = _in_loop(qapp, whole)
    drop(scene.session.window)
    assert scene.world.machines.machines == {}, "every machine was given back"
    kept = [t for t in scene.planes[0].state.tasks.values() if t.checkpoints]
    assert len(kept) == TASKS, "each task goes on from a checkpoint at the next start"
    assert not scene.notices.told, "nobody is told of what is over at once"
    assert took_s < QUIT_S_MAX


def test_the_window_goes_before_all_is_saved_and_a_second_start_finds_it_again(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene(tmp_path, monkeypatch, snapshots=1)
    monkeypatch.setattr(ending, "STAY_S", 0.05)
    session, standing = scene.session, scene.notices.standing

    def says(text: str) -> bool:
        shown = session.window.banner.notice
        return shown is not None and shown.what == text

    async def whole() -> None:
        shown = await scene.begin(3)
        await scene.quit(3)
        await _until_true(session.window.isHidden)
        await _until_true(lambda: AWAY in standing)
        assert standing[AWAY].body.endswith("keep the computer on until then.")
        await _until_true(lambda: says("Closing: 1 of 3 machines are saved…"))
        assert not shown.done(), "nothing is given up because the window has gone"

        session.knocked(Knock(("/home/ada/notes",)))
        assert session.window.isVisible()
        assert session.window.banner.notice is not None
        assert session.window.banner.notice.next_step.endswith("as soon as that is done.")
        scene.snapshots.release()
        await _until_true(lambda: says("Closing: 2 of 3 machines are saved…"))
        assert session.window.isVisible(), "it stays for who asked for it"
        scene.snapshots.release()
        assert await shown == 0
        await scene.end()

    _in_loop(qapp, whole)
    drop(session.window)
    assert scene.world.machines.machines == {}
    assert AWAY not in standing, "what it said is over"
    assert session.again == ["/home/ada/notes"]


def test_who_starts_the_program_while_its_window_closes_gets_the_next_one(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_end = asyncio.Event()
    sessions: list[Session] = []

    class Noted(Session):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            sessions.append(self)

    monkeypatch.setattr(loop, "Session", Noted)

    @asynccontextmanager
    async def make() -> AsyncIterator[PlaneApi]:
        yield FakePlane(lambda: 0)
        await may_end.wait()

    async def whole(folder: Path) -> None:
        lock, socket = folder / "l", folder / "s"
        door = await take_or_knock(lock, socket, Knock())
        shown = asyncio.ensure_future(loop.show(make, [], CrashReport(), Around(door=door)))
        await _until_true(lambda: bool(sessions) and sessions[0].window.pages.isEnabled())
        sessions[0].window.close()
        await _until_true(lambda: not sessions[0].window.pages.isEnabled())
        assert await take_or_knock(lock, socket, Knock()) is None
        may_end.set()
        await _until_true(lambda: len(sessions) > 1 and sessions[1].window.pages.isEnabled())
        assert sessions[0].window.isHidden()
        sessions[1].window.close()
        assert await shown == 0

    with tempfile.TemporaryDirectory(prefix="cdq") as folder:  # short: 108 bytes for a socket
        _in_loop(qapp, partial(whole, Path(folder)))
    assert len(sessions) == 2
    for session in sessions:
        drop(session.window)


def _in_loop(app: QApplication, work: Callable[[], Awaitable[Result]]) -> Result:
    import qasync

    before = app.quitOnLastWindowClosed()
    app.setQuitOnLastWindowClosed(False)  # as the program does
    with qasync.QEventLoop(app, already_running=False) as turning:
        asyncio.set_event_loop(turning)
        try:
            found: Result = turning.run_until_complete(work())
            return found
        finally:
            asyncio.set_event_loop(None)
            app.setQuitOnLastWindowClosed(before)
