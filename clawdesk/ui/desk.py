"""Between the plane and the window: paints what changed, sends what a person wants.

Holds no state of tasks of its own; every answer of the plane comes back as a Change and is read
from `plane.state` again. Every call is awaited in an errand, none in a slot.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from clawdesk.domain.model import Task
from clawdesk.ports.errors import PortError
from clawdesk.ports.notices import NoNotices, Notices
from clawdesk.ports.repository import Diff, ProjectView
from clawdesk.runtime.api import Change, PlaneApi
from clawdesk.ui import acts, new_task
from clawdesk.ui.actions import Registry
from clawdesk.ui.banner import Notice
from clawdesk.ui.branches import Branches
from clawdesk.ui.clock import Clock
from clawdesk.ui.compare_desk import CompareDesk
from clawdesk.ui.decisions import Decisions
from clawdesk.ui.errands import Errands
from clawdesk.ui.inspector import PLACES
from clawdesk.ui.keeping import Keeping
from clawdesk.ui.lanes import Lanes
from clawdesk.ui.main_window import MainWindow, Page
from clawdesk.ui.memory import Memory, View
from clawdesk.ui.model_desk import ModelDesk
from clawdesk.ui.notice_desk import NoticeDesk
from clawdesk.ui.peer_desk import PeerDesk
from clawdesk.ui.settings_desk import SettingsDesk
from clawdesk.ui.tasks_pane import ALL
from clawdesk.ui.words import tr
from clawdesk.viewmodels.amounts import day
from clawdesk.viewmodels.checkpoints import checkpoint_rows
from clawdesk.viewmodels.devices import card_of
from clawdesk.viewmodels.diffs import whole_change
from clawdesk.viewmodels.doctor import doctor_view
from clawdesk.viewmodels.forks import in_lanes
from clawdesk.viewmodels.inbox import pending
from clawdesk.viewmodels.inspector import inspector_view
from clawdesk.viewmodels.lane import LaneBook
from clawdesk.viewmodels.machine import host_view
from clawdesk.viewmodels.projects import ProjectEntry, projects_view
from clawdesk.viewmodels.status import StatusBarView, lost, status_bar
from clawdesk.viewmodels.tasks import TaskRow, row_of
from clawdesk.viewmodels.told import told, told_error, told_of

TICK_MS = 1_000
CHANNEL = "window"


class Desk(QObject):
    """One window on one plane. `ended` tells that the window is closed."""

    ended = Signal()

    def __init__(
        self,
        plane: PlaneApi,
        clock: Clock,
        memory: Memory,
        window: MainWindow | None = None,
        *,
        notices: Notices | None = None,
        sample: Callable[[], Path] | None = None,
    ) -> None:
        super().__init__()
        self.sample = sample
        self.plane, self.clock, self.memory = plane, clock, memory
        self.window = window or MainWindow(clock, memory)
        self.errands = Errands(self.show_error)
        self.project = ""
        self.chosen = ""
        self.page = Page.TASKS
        self._looked = False
        self._before = memory.view()  # where the user was, until that is shown again
        self._log_of, self._log_after = "", 0
        self._log_failed = ""  # not read again each second: only when it has grown, or is chosen
        self._diff_of: tuple[str, int, bool] = ("", 0, False)
        self._diff_asked = False  # that checkpoint was asked for: a newer one does not replace it
        self._diffs: dict[tuple[str, int, str, bool], Diff] = {}
        self._book = LaneBook(lambda model: card_of(plane.environment.fabric, model))
        self.decisions = Decisions(self)
        self.branches = Branches(self)
        self.compare = CompareDesk(self)
        self.keeping = Keeping(self)
        self.models = ModelDesk(self)
        self.peers = PeerDesk(self)
        self.notices = NoticeDesk(self, notices or NoNotices())
        self.settings = SettingsDesk(self)
        self.registry = Registry(self.window)
        acts.register(self)
        self._connect()
        self._unsubscribe = plane.subscribe(self._changed)
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MS)
        self._tick.timeout.connect(self.tick)
        self._tick.start()
        self.paint_all()

    # -- wiring ------------------------------------------------------
    def _connect(self) -> None:
        window, trigger = self.window, self.registry.trigger
        bar = window.tool_bar
        for signal, key in (
            (bar.search_wanted, "palette"),
            (bar.new_wanted, "new"),
            (bar.theme_wanted, "theme"),
            (bar.projects_wanted, "toggle_projects"),
            (bar.inbox_wanted, "toggle_inbox"),
            (bar.home_wanted, "home"),
            (bar.models_wanted, "models"),
            (bar.menu_wanted, "menu"),
            (window.models.back_wanted, "models"),
            (window.settings.back_wanted, "settings"),
            (window.projects.open_wanted, "open"),
            (window.home.open_wanted, "open"),
            (window.home.sample_wanted, "sample"),
            (window.tasks.empty.write_wanted, "prompt_task"),
            (window.home.check_wanted, "check"),
            (window.status.next_wanted, "next"),
        ):
            signal.connect(lambda key=key: trigger(key))
        window.home.back_wanted.connect(self.leave_home)
        window.home.recent_wanted.connect(self.open_path)
        window.projects.recent_wanted.connect(self.open_path)
        window.projects.chosen.connect(self.choose_project)
        window.projects.close_wanted.connect(self.close_project)
        window.projects.run_wanted.connect(lambda *what: new_task.run(self, *what))
        window.tasks.empty.run_wanted.connect(lambda name: new_task.run(self, self.project, name))
        window.tasks.picked.connect(self.choose_task)
        window.tasks.opened.connect(self.decisions.open_task)
        window.inbox.opened.connect(self.decisions.open_request)
        window.inspector.reach_chosen.connect(lambda: self._load_changes(self._diff_of[1]))
        window.inspector.place_changed.connect(self._place_changed)
        window.inspector.act_wanted.connect(self.decisions.act)
        window.dropped.connect(self.open_path)
        window.closing.connect(self.decisions.ask_close)

    # -- painting ----------------------------------------------------
    def paint_all(self) -> None:
        """Everything from the plane's present state."""
        self.paint_projects()
        self.paint_tasks()
        self.paint_load()
        self.notices.mind()

    def entry(self) -> ProjectEntry | None:
        """The project the window looks at."""
        view = projects_view(self.plane.projects, self.plane.state.tasks.values())
        return next((e for e in view.entries if e.path == self.project), None)

    def paint_projects(self) -> None:
        projects = self.plane.projects
        if self.project not in projects:
            self.project = next(reversed(projects), "")
        days = self.memory.recent_at()
        now_ms, offset_ms = self.clock.now_ms(), self.clock.offset_ms()
        recent = {p: day(days.get(p, 0), now_ms, offset_ms) for p in self.memory.recent()}
        view = projects_view(projects, self.plane.state.tasks.values(), recent, str(Path.home()))
        entry = next((e for e in view.entries if e.path == self.project), None)
        window = self.window
        window.projects.show_projects(view, self.project)
        window.tool_bar.show_project(entry)
        window.home.show_recent(view.recent, len(view.entries))
        title = tr("{project} – ClawDesk", project=entry.name) if entry else ""  # noqa: RUF001
        window.setWindowTitle(title or "ClawDesk")
        if not projects:
            self.page = Page.TASKS if self.page is Page.HOME else self.page
        shown = Page.HOME if self.page is Page.TASKS and not projects else self.page
        if shown is Page.HOME and not self._looked:
            self._looked = True
            QTimer.singleShot(0, self, self.check)
        if shown is Page.TASKS and self.compare.shown:
            shown = Page.COMPARE
        window.show_page(shown)
        if entry is not None:
            window.tasks.empty.show_project(entry)

    @property
    def lanes(self) -> Lanes:
        """The timeline that shows now."""
        window = self.window
        return window.compare.lanes if self.compare.shown else window.tasks.lanes

    def tasks(self) -> list[Task]:
        """Tasks of the project looked at, oldest first."""
        found = [t for t in self.plane.state.tasks.values() if t.project == self.project]
        return sorted(found, key=lambda t: (t.submitted_at_ms, t.seq))

    def rows(self, tasks: Sequence[Task]) -> list[TaskRow]:
        """Rows with their lanes; forks stand below the task they come from."""
        now_ms, offset_ms = self.clock.now_ms(), self.clock.offset_ms()
        return self.decisions.unsent.on_rows(
            row_of(task, now_ms, offset_ms, lane=self._book.lane(task, now_ms), depth=depth)
            for task, depth in in_lanes(tasks)
        )

    def paint_tasks(self) -> None:
        window = self.window
        self._book.keep_only(self.plane.state.tasks.keys())
        rows = self.rows(self.tasks())
        window.tasks.show_rows(rows, self.memory.archived())
        window.tasks.show_empty(not rows)
        window.show_inspector(bool(rows))
        self.decisions.unsent.paint_inbox()
        known = {r.id for r in rows}
        if self._before.project == self.project and self._before.task in known:
            window.tasks.list.choose(self._before.task)
            if self._before.place in PLACES:
                window.inspector.choose_place(self._before.place)
            self._before = View()
        if self.chosen not in known:
            self.chosen = ""
            if rows:
                window.tasks.list.choose(rows[-1].id)
        self.paint_inspector()
        self.paint_bar()
        self.compare.paint()
        self.decisions.refresh()

    def paint_inspector(self) -> None:
        task = self.plane.state.tasks.get(self.chosen)
        if task is None:
            self.window.inspector.show_task(None)
            return
        now_ms, offset_ms = self.clock.now_ms(), self.clock.offset_ms()
        self.window.inspector.show_now(now_ms, offset_ms)
        view = inspector_view(task, now_ms, offset_ms, self.plane.environment.fabric)
        self.window.inspector.show_task(view)
        self._load_place()

    def paint_bar(self) -> None:
        self.window.status.show_bar(self._bar())

    def paint_load(self) -> None:
        self.window.machine.show_host(host_view(self.plane.load))
        self.models.paint(sampled=True)
        self.peers.paint()
        self.paint_bar()

    def tick(self) -> None:
        """A second passed: words with durations and the now line."""
        if self.window.isVisible():
            self.paint_tasks()

    def _changed(self, change: Change) -> None:
        if not self.window.pages.isEnabled() and not self.window.isVisible():
            return  # it is being closed, and has gone already
        if change.projects:
            self.paint_projects()
        self.decisions.reviews.forget_decided(change.tasks)
        if change.tasks or change.projects:
            if not change.projects:
                self.paint_projects()
            self.paint_tasks()
        if self.chosen in change.logs:
            self._load_log()
        if change.load:
            self.paint_load()
        if change.environment:
            self.models.paint()
            self.peers.paint()
            self.settings.channel.paint()
            self.paint_bar()
        if change.tasks or change.environment:
            self.notices.mind()
        for notice in change.notices:
            self.window.banner.show_notice(Notice("run", told_of(notice)))

    # -- what the inspector shows ------------------------------------
    def choose_task(self, task: str) -> None:
        if task and task != self.chosen:
            self.chosen = task
            self.notices.looked_at(task)
            self.paint_inspector()

    def show_checkpoint(self, task_id: str, ordinal: int) -> None:
        """Look at what a checkpoint changed."""
        self.show_task(task_id)
        self.choose_task(task_id)
        self.show_changes_of(ordinal)

    def show_task(self, task_id: str) -> None:
        """Look at a task, in its project."""
        task = self.plane.state.tasks.get(task_id)
        if task is not None:
            if task.project in self.plane.projects:
                self.choose_project(task.project)
            self.window.tasks.choose_filter(ALL)
            self.window.tasks.list.choose(task_id)

    def _load_place(self) -> None:
        reads = self.window.inspector.place == "log" and self._log_failed != self.chosen
        if reads or self._log_of != self.chosen:
            self._load_log()
        if self.window.inspector.place == "changes":
            task = self.plane.state.tasks.get(self.chosen)
            latest = task.checkpoints[-1].ordinal if task and task.checkpoints else 0
            asked_for = self._diff_asked and self._diff_of[0] == self.chosen
            if self._diff_of[0] != self.chosen or (self._diff_of[1] < latest and not asked_for):
                self._load_changes(latest)

    def _load_log(self) -> None:
        if not self.chosen:
            return
        if self._log_of != self.chosen:
            self._log_of, self._log_after, self._log_failed = self.chosen, 0, ""
            self.window.inspector.clear_log()
            self.errands.start(f"log {self.chosen} 0", tr("Reading the log"), self._read_log())
            return
        self.errands.start(f"log {self.chosen}", tr("Reading the log"), self._read_log())

    async def _read_log(self) -> None:
        task = self._log_of
        while True:
            after = self._log_after
            self._log_failed = task
            lines = await self.plane.log_lines(task, after)
            self._log_failed = ""
            # Another reader or another task may have come between.
            if not lines or task != self._log_of:
                return
            fresh = [line for line in lines if line.number > self._log_after]
            if fresh:
                self._log_after = fresh[-1].number
                self.window.inspector.append_log(fresh)

    def _place_changed(self, place: str) -> None:
        """Whoever leaves the changes of an older checkpoint finds the newest when they return."""
        self._diff_asked = self._diff_asked and place == "changes"
        self._load_place()

    def show_changes_of(self, ordinal: int) -> None:
        self._diff_asked = True
        self._load_changes(ordinal)
        self.window.inspector.choose_place("changes")

    def _load_changes(self, ordinal: int) -> None:
        self._diff_of = (self.chosen, ordinal, self.window.inspector.whole)
        show = self.window.inspector.show_changes
        if not ordinal:
            show(tr("No checkpoint yet, so no changes to show."), None)
            return
        show(tr("Loading checkpoint {ordinal}…", ordinal=ordinal), None)
        what = tr("Reading checkpoint {ordinal}", ordinal=ordinal)
        self.errands.start("", what, self._read_changes())

    async def _read_changes(self) -> None:
        wanted = self._diff_of
        try:
            diff = await self.diff(*wanted)
        except PortError as error:
            if wanted == self._diff_of:
                self.window.inspector.show_changes(told_error(error), None)
            raise
        if wanted == self._diff_of:
            rows = checkpoint_rows(self.plane.state.tasks[wanted[0]], self.clock.offset_ms())
            row = next((r for r in rows if r.ordinal == wanted[1]), None)
            place = tr("Checkpoint {ordinal}", ordinal=wanted[1])
            title = f"{row.title} · {row.detail}" if row else place
            self.window.inspector.show_changes(whole_change(diff) if wanted[2] else title, diff)

    async def diff(self, task: str, ordinal: int, whole: bool = False) -> Diff:
        """A checkpoint against the one before it, or all since the start; kept: it stays so."""
        known = self.plane.state.tasks[task].checkpoint(ordinal)
        key = (task, ordinal, known.digest if known else "", whole)
        if key not in self._diffs:
            found = await self.plane.diff(task, 0 if whole else None, ordinal)
            if len(self._diffs) > 32:
                self._diffs.pop(next(iter(self._diffs)))
            self._diffs[key] = found
        return self._diffs[key]

    # -- projects ----------------------------------------------------
    def choose_project(self, path: str) -> None:
        self.project, self.page = path, Page.TASKS
        self.compare.shown = False
        self.paint_all()

    def open_path(self, path: str, *, look: bool = True, page: Page = Page.TASKS) -> None:
        """Open a project; `look`: and show it, on that page."""
        opened = self._open(path, look=look, page=page)
        self.errands.start(f"open {path}", tr("Opening {path}", path=path), opened)

    async def _open(self, path: str, *, look: bool, page: Page) -> None:
        view: ProjectView = await self.plane.open_project(path)
        self.memory.remember_project(view.path, self.clock.now_ms())
        if look:
            self.project, self.page = view.path, page
        self.window.banner.hide_failure()
        self.paint_all()

    def try_sample(self) -> None:
        """A fresh copy of the sample project, opened."""
        if self.sample is not None:
            self.errands.start("sample", tr("Making the sample project"), self._try(self.sample))

    async def _try(self, sample: Callable[[], Path]) -> None:
        self.open_path(str(await asyncio.to_thread(sample)))

    def open_at_start(self, paths: Sequence[str]) -> None:
        """What was named, on top of what was open when the window was last closed."""
        for path in self.memory.open_projects():
            if Path(path).is_dir() and path not in paths:
                self.open_path(path, look=not paths and path == self._before.project)
        for path in paths:
            self.open_path(path)

    def close_project(self, path: str) -> None:
        self.errands.start(f"close {path}", tr("Closing the project"), self._close_project(path))

    async def _close_project(self, path: str) -> None:
        outcome = await self.plane.close_project(path)
        if not outcome.ok:
            self.window.banner.show_notice(Notice("need", told(outcome.text)))
        elif self.compare.project == path:
            self.compare.shown = False
        self.paint_all()

    # -- first-run page ----------------------------------------------
    def leave_home(self) -> None:
        self.page = Page.TASKS
        self.paint_projects()

    def check(self) -> None:
        """Look at the machine again."""
        self.window.home.show_checking(True)
        self.errands.start("check", tr("Checking this machine"), self._check())

    async def _check(self) -> None:
        try:
            found = await self.plane.doctor()
            self.window.home.show_doctor(doctor_view([*found, await self.notices.check()]))
            await self.plane.check_environment()
            self.paint_bar()
        finally:
            self.window.home.show_checking(False)

    # -- errors and the end ------------------------------------------
    def show_error(self, what: str, error: PortError) -> None:
        """An expected failure: what, why, what next; details to copy."""
        details = f"{what}\n{error.what}\n{error.mend}\n({error.code}, {type(error).__name__})"
        self.window.banner.show_notice(
            Notice("bad", f"{what}: {told(error.what)}", told(error.mend), details)
        )

    def show_lost(self) -> None:
        """The process that runs the tasks has ended; what is on screen is the last it told."""
        self._tick.stop()
        self.window.status.show_bar(lost(self._bar()))
        self.window.show_lost(True)
        self.decisions.show_lost(True)

    def adopt(self, plane: PlaneApi, projects: Sequence[str]) -> None:
        """Go on with another plane, which finds every task in Git; `projects` were open."""
        self._unsubscribe()
        self.plane = plane
        self._unsubscribe = plane.subscribe(self._changed)
        self._log_of, self._log_after = "", 0
        self._diff_of = ("", 0, False)
        self.window.show_lost(False)
        self.decisions.show_lost(False)
        self._tick.start()
        # Until its project is open again its task is not known, and another would be chosen.
        self._before = View(self.project, self.chosen, self.window.inspector.place)
        for path in projects:
            if path not in plane.projects:
                self.open_path(path, look=path == self.project, page=self.page)
        self.paint_all()

    def _bar(self) -> StatusBarView:
        plane = self.plane
        return status_bar(plane.state, plane.load, plane.environment)

    def pending(self) -> list[Task]:
        return pending(self.plane.state.tasks.values())

    async def close(self) -> None:
        """Let go of the plane; the window may be closed afterwards."""
        self._tick.stop()
        self._unsubscribe()
        await self.errands.close()
        await self.notices.close()
        self.memory.flush()

    def remember(self) -> None:
        """Keep what is open, for the next start."""
        self.memory.keep_open_projects(list(self.plane.projects))
        self.memory.keep_view(View(self.project, self.chosen, self.window.inspector.place))
