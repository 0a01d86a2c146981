"""Between the plane and the compare page: which pair is looked at, and its diffs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from clawdesk.domain.model import TaskId
from clawdesk.ports.errors import PortError
from clawdesk.ports.repository import Diff
from clawdesk.ui.banner import Notice
from clawdesk.ui.main_window import Page
from clawdesk.ui.words import counted, tr
from clawdesk.viewmodels.compare import (
    Ask,
    Side,
    asks_of,
    compare_view,
    first_pair,
    parted_at,
)
from clawdesk.viewmodels.told import told_error

if TYPE_CHECKING:
    from clawdesk.ui.desk import Desk


class CompareDesk(QObject):
    """The compare page of one desk; `shown` = it is what the window shows."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._desk = desk
        self._page = page = desk.window.compare
        self.shown = False
        self.project = ""  # whose tasks it compares
        self._pair: tuple[Side, Side] = (Side(), Side())
        self._asked = "both"
        self._diffs: dict[Ask, Diff] = {}
        self._failed: dict[Ask, str] = {}  # why one of them could not be read
        page.closed.connect(self.close)
        page.sides_chosen.connect(self._choose)
        page.ask_chosen.connect(self._ask)
        page.keep_wanted.connect(desk.branches.keep)
        page.fork_wanted.connect(self._fork_again)

    def open(self, task_id: TaskId, ordinal: int) -> None:
        """Show a checkpoint beside what it is most likely compared with."""
        state = self._desk.plane.state
        task = state.tasks.get(task_id)
        if task is None:
            return
        self.shown, self._desk.page, self.project = True, Page.TASKS, task.project
        self._choose(*first_pair(state, task, ordinal))
        self._desk.paint_projects()
        self.paint()
        self._page.lanes.list.setFocus()

    def close(self) -> None:
        self.shown = False
        self._desk.paint_projects()
        self._desk.window.tasks.list.setFocus()

    def _choose(self, left: Side, right: Side) -> None:
        if left.is_branch and right.is_branch:
            text = tr("Your branch is on both sides: choose a checkpoint on one.")
            self._desk.window.banner.show_notice(Notice("need", text))
            self.paint()
            return
        self._pair, self._asked = (left, right), "both"
        self._diffs, self._failed = {}, {}
        asks = self._asks()
        self._load(asks)
        self.paint()

    def _asks(self) -> tuple[Ask, ...]:
        return asks_of(self._desk.plane.state, *self._pair)

    def _ask(self, key: str) -> None:
        self._asked = key
        self.paint()

    def _load(self, asks: tuple[Ask, ...]) -> None:
        self._desk.errands.start("", tr("Comparing"), self._read(asks))

    async def _read(self, asks: tuple[Ask, ...]) -> None:
        for ask in asks:
            try:
                diff = await self._diff(ask)
            except PortError as error:
                self._failed[ask] = told_error(error)
                self.paint()
                raise
            if ask not in self._asks():
                return  # another pair was chosen meanwhile
            self._diffs[ask] = diff
            self.paint()

    async def _diff(self, ask: Ask) -> Diff:
        plane = self._desk.plane
        if ask.branch:
            return await plane.diff_branch(ask.task, ask.new)
        return await plane.diff(ask.task, ask.old, ask.new, other=ask.other)

    def paint(self) -> None:
        """The page from the present state."""
        desk = self._desk
        state = desk.plane.state
        left, right = self._pair
        tasks = [state.tasks.get(s.task) for s in self._pair if s.task]
        if not self.shown or not tasks or any(t is None for t in tasks):
            return
        project = desk.plane.projects.get(tasks[0].project if tasks[0] else "")
        asks = self._asks()
        view = compare_view(
            state,
            left,
            right,
            {ask.key: self._diffs[ask] for ask in asks if ask in self._diffs},
            branch=project.branch if project is not None else "",
            offset_ms=desk.clock.offset_ms(),
            now_ms=desk.clock.now_ms(),
        )
        rows = desk.rows([state.tasks[t] for t in view.lanes])
        self._page.show_view(view, rows, self._asked)
        self._page.show_sides(view.choices, left, right)
        ask = next((a for a in asks if a.key == self._asked), asks[-1])
        diff = self._diffs.get(ask)
        self._page.show_diff(self._failed.get(ask) or self._words(diff), diff)

    @staticmethod
    def _words(diff: Diff | None) -> str:
        if diff is None:
            return tr("Reading the differences…")
        if not diff.files:
            return tr("The files are the same.")
        stat = diff.stat
        files = counted(stat.files, "{count} file differs", "{count} files differ")
        return tr(
            "{files}, +{added} −{removed} lines",  # noqa: RUF001
            files=files,
            added=stat.added,
            removed=stat.removed,
        )

    def _fork_again(self) -> None:
        """Another way from the moment the two parted."""
        state = self._desk.plane.state
        left, right = (state.tasks.get(s.task) for s in self._pair)
        if left is None or right is None:
            return
        shared = parted_at(state, left, right)
        if shared is not None:
            self._desk.branches.fork(*shared)
