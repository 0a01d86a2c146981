"""The window's process: Qt application, the one event loop, start and ordered shutdown.

The only module that knows qasync. A change of the loop is a change of this file.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

import PySide6
from PySide6.QtCore import QSettings, QStandardPaths
from PySide6.QtWidgets import QApplication

os.environ.setdefault("QT_API", "pyside6")
import qasync

from clawdesk.ports.errors import PortError
from clawdesk.ports.notices import NoNotices, Notices
from clawdesk.runtime.api import PlaneApi
from clawdesk.runtime.front_door import FrontDoor, Knock
from clawdesk.runtime.recents import state_dir
from clawdesk.ui import theme
from clawdesk.ui.banner import Notice
from clawdesk.ui.clock import WallClock
from clawdesk.ui.desk import Desk
from clawdesk.ui.ending import Ending
from clawdesk.ui.garbage import Collector
from clawdesk.ui.main_window import MainWindow
from clawdesk.ui.memory import Memory
from clawdesk.ui.words import install_language, tr, wanted

MakePlane = Callable[[], AbstractAsyncContextManager[PlaneApi]]
CLOSE_S_MAX = 5.0
_GTK_DESKTOPS = frozenset({"GNOME", "UNITY", "X-CINNAMON", "MATE", "XFCE", "PANTHEON", "BUDGIE"})
PAINT_S_MAX = 2.0  # a window that starts hidden is never painted


@dataclass(frozen=True, slots=True)
class Around:
    """What a window may use beside the plane.

    Args:
        notices: makes what shows notices on the desktop, inside the loop.
        door: where second starts knock; closed at the end.
        sample: copies the sample project and returns its folder; it blocks. Raises PortError.
    """

    notices: Callable[[], Notices] = NoNotices
    door: FrontDoor | None = None
    sample: Callable[[], Path] | None = None


def refuse_broken_qt() -> str:
    """A sentence when this PySide6 would crash this Python, else ""."""
    version = tuple(int(part) for part in PySide6.__version__.split(".")[:2] if part.isdigit())
    if version >= (6, 12) and sys.version_info < (3, 12):
        # Each wrapped call that returns nothing drops a reference of None there.
        return (
            f"PySide6 {PySide6.__version__} crashes Python {sys.version_info[0]}."
            f"{sys.version_info[1]}. Install PySide6-Essentials 6.11: "
            "pip install 'PySide6-Essentials>=6.11.3,<6.12'"
        )
    return ""


def keep_apart_from_libvirt() -> None:
    """Give Qt an event dispatcher of its own; before the application is made.

    libvirt runs GLib's default main context on a thread of its own, and Qt would run the same one
    here: each would then call the other's handlers on the wrong thread, and hang or crash.
    """
    os.environ["QT_NO_GLIB"] = "1"
    if _GTK_DESKTOPS & set(os.environ.get("XDG_CURRENT_DESKTOP", "").upper().split(":")):
        # Qt would load GTK there, which lives on that context too; the portal has the same dialogs.
        os.environ.setdefault("QT_QPA_PLATFORMTHEME", "xdgdesktopportal")


def application(arguments: Sequence[str] = ("clawdesk",)) -> QApplication:
    """The Qt application with our identity; made once a process."""
    made = QApplication.instance()
    if isinstance(made, QApplication):
        return made
    keep_apart_from_libvirt()
    app = QApplication(list(arguments))
    app.setApplicationName("clawdesk")
    app.setApplicationDisplayName("")
    app.setDesktopFileName("org.clawdesk.ClawDesk")
    app.setQuitOnLastWindowClosed(False)
    Collector(app)
    return app


def settings() -> QSettings:
    """Where the window keeps its own small state."""
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppConfigLocation)
    return QSettings(str(Path(folder) / "window.ini"), QSettings.Format.IniFormat)


class CrashReport:
    """Unexpected errors, from slots and from the loop: written down, told calmly, kept going.

    Only the window's drawing is at risk: everything durable is the plane's.
    """

    def __init__(self) -> None:
        self.window: MainWindow | None = None
        self.seen = 0
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.StateLocation)
        self.path = Path(folder) / "window-errors.txt"

    def note(self, error: BaseException) -> None:
        """Append the error to the report and tell the user."""
        self.seen += 1
        text = "".join(traceback.format_exception(error))
        sys.stderr.write(text)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as out:
                out.write(text + "\n")
        except OSError as problem:
            sys.stderr.write(f"the report could not be written: {problem}\n")
        if self.window is not None:
            what = tr("Something in this window went wrong; tasks are not affected.")
            step = tr("If it comes again, restart the window. Report: {path}", path=self.path)
            self.window.banner.show_notice(Notice("bad", what, step, text))

    def from_python(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        """For sys.excepthook: slots end here."""
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        self.note(error)

    def from_loop(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """For the loop's exception handler."""
        error = context.get("exception")
        if isinstance(error, BaseException):
            self.note(error)
        else:
            sys.stderr.write(f"{context.get('message', 'loop error')}\n")


class Session:
    """One showing of the window: it appears at once, the plane joins when it is ready.

    At the end the order matters: first no new errands, then the plane lets go (which may suspend
    machines and is seen in the window), then the window closes and the loop's main returns.
    """

    def __init__(
        self, make_plane: MakePlane, paths: Sequence[str], report: CrashReport, around: Around
    ) -> None:
        self._make_plane, self._paths, self._report = make_plane, list(paths), report
        self._desk: Desk | None = None
        self._ending: Ending | None = None
        self._around = around
        self.again: list[str] | None = None
        """Folders of a start while this one was ending; None = nobody wants another window."""
        self._memory = Memory(settings(), state_dir() / "drafts")
        self._clock = WallClock()
        self._ended = asyncio.Event()
        self.window = MainWindow(self._clock, self._memory)
        self.code = 0

    def knocked(self, knock: Knock) -> None:
        """A second start: its user wants this window, and its folders in it."""
        if self._ended.is_set():
            self.again = [*(self.again or ()), *knock.paths]
            if self._ending is not None:
                self._ending.wanted_again(knock.token)
            return
        self.window.come_forward(knock.token)
        if self._desk is None:
            self._paths += knock.paths
        else:
            for path in knock.paths:
                self._desk.open_path(path)

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._report.from_loop)
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._ended.set)
        self._report.window = self.window
        self.window.show_starting(True)
        painted = asyncio.Event()
        self.window.painted.connect(painted.set)
        self.window.show()
        self.window.closing.connect(self._ended.set)
        # Opening the plane imports and asks a lot: the window is on screen first.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(painted.wait(), PAINT_S_MAX)
        async with AsyncExitStack() as stack:
            plane = await self._plane(stack)
            if plane is not None:
                self.window.closing.disconnect(self._ended.set)
                self.window.show_starting(False)
                await self._serve(plane, stack)
        self._report.window = None
        self.window.let_go()
        return self.code

    async def _plane(self, stack: AsyncExitStack) -> PlaneApi | None:
        """The plane, or None when it cannot be had or the window was closed before."""
        loop = asyncio.get_running_loop()
        entering = loop.create_task(stack.enter_async_context(self._make_plane()))
        closing = loop.create_task(self._ended.wait())
        await asyncio.wait({entering, closing}, return_when=asyncio.FIRST_COMPLETED)
        closing.cancel()
        if not entering.done():
            entering.cancel()
        (found,) = await asyncio.gather(entering, return_exceptions=True)
        if isinstance(found, PortError):
            self.code = 5
            self.window.show_failed(found)
            await self._ended.wait()
            return None
        if isinstance(found, asyncio.CancelledError):
            return None
        if isinstance(found, BaseException):
            raise found
        return found

    async def _serve(self, plane: PlaneApi, stack: AsyncExitStack) -> None:
        notices, sample = self._around.notices(), self._around.sample
        desk = Desk(plane, self._clock, self._memory, self.window, notices=notices, sample=sample)
        self._desk = desk
        desk.ended.connect(self._ended.set)
        desk.open_at_start(self._paths)
        try:
            found: PlaneApi | None = plane
            while found is not None and await self._lost(found):
                found = await self._reconnect(desk, stack)
            await asyncio.wait_for(desk.errands.close(), CLOSE_S_MAX)
            self._ending = Ending(desk)
            await self._ending.over(stack.aclose())
        finally:
            await asyncio.wait_for(desk.close(), CLOSE_S_MAX)

    async def _lost(self, plane: PlaneApi) -> bool:
        """True when the process that runs the tasks has ended; False when the user is done."""
        closing = asyncio.get_running_loop().create_task(self._ended.wait())
        either: set[asyncio.Future[Any]] = {closing, plane.ended}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        closing.cancel()
        if self._ended.is_set() or plane.ended.cancelled():
            return False
        error = plane.ended.exception()
        if error is None:
            return True
        # A bug of the plane in this process: what is on screen is the last that it told.
        self._report.note(error)
        what = tr("The part that runs the tasks has ended; this is the last it told.")
        step = tr("Close this window and start ClawDesk again: it finds every task.")
        self.window.banner.show_notice(Notice("bad", what, step))
        await self._ended.wait()
        return False

    async def _reconnect(self, desk: Desk, stack: AsyncExitStack) -> PlaneApi | None:
        """Find the plane again, or be it; None when the window is closed meanwhile."""
        projects = list(desk.plane.projects)
        desk.show_lost()
        await stack.aclose()
        plane = await self._plane(stack)
        if plane is not None:
            desk.adopt(plane, projects)
        return plane


def _end_without_screen() -> NoReturn:
    """Qt has ended the loop for good, since its display has. Nothing can be awaited any more.

    So it ends as if killed, which costs nothing: what is durable is in Git and in libvirt.
    """
    why = tr("The display is gone, so the window has ended.")
    sys.stderr.write(f"{why} {tr('Start ClawDesk again: it finds every task.')}\n")
    sys.stderr.flush()
    os._exit(1)


async def show(
    make_plane: MakePlane, paths: Sequence[str], report: CrashReport, around: Around
) -> int:
    """Show the window until nobody wants one any more; returns the exit code.

    Who starts the program while its window closes gets the next window of this process: only here
    is it known when the plane has let go.
    """
    session = Session(make_plane, paths, report, around)
    if around.door is None:
        return await session.run()

    def knocked(knock: Knock) -> None:
        session.knocked(knock)  # the one that shows then

    try:
        await around.door.open(knocked)
        code = await session.run()
        while session.again is not None:
            session = Session(make_plane, session.again, report, around)
            code = await session.run()
        return code
    finally:
        await around.door.close()


def run_window(
    make_plane: MakePlane, paths: Sequence[str] = (), around: Around | None = None
) -> int:
    """Show the window until it is closed; returns the exit code.

    Args:
        make_plane: an async context manager that gives the plane and lets go of it at the end,
            entered inside the loop.
        paths: project folders to open.
        around: what the window may use of the desktop; None = nothing.
    """
    broken = refuse_broken_qt()
    if broken:
        sys.stderr.write(broken + "\n")
        return 5
    app = application()
    install_language(app, wanted(settings()))
    theme.apply(app, theme.wanted(settings()))
    report = CrashReport()
    before, sys.excepthook = sys.excepthook, report.from_python
    loop = qasync.QEventLoop(app)
    try:
        with loop:
            # Never app.quit(): it would stop the loop before the plane let go (facts: pitfall 2).
            folders = [str(Path(path).expanduser().absolute()) for path in paths]
            shown = loop.create_task(show(make_plane, folders, report, around or Around()))
            try:
                return int(loop.run_until_complete(shown))
            except RuntimeError:
                if shown.done():
                    raise
                _end_without_screen()
    finally:
        sys.excepthook = before
