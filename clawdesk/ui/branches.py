"""A person's ways back and beside: fork, compare, keep one, restore, and the undoing of a restore.

Every act says beforehand what it does; the plane does it, and the state tells what became of it.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from clawdesk.domain.model import TaskId
from clawdesk.ports.errors import PortError
from clawdesk.runtime.api import Outcome
from clawdesk.ui.ask_sheet import AskSheet, Lines, Way
from clawdesk.ui.banner import Notice
from clawdesk.ui.fork_sheet import ForkSheet
from clawdesk.ui.tasks_pane import ALL
from clawdesk.ui.unsent import TAKE_BACK
from clawdesk.ui.words import tr
from clawdesk.viewmodels.checkpoints import left_by_restore, restore_view, undo_of, why_no_restore
from clawdesk.viewmodels.forks import fork_view, keep_view
from clawdesk.viewmodels.told import told, told_error

if TYPE_CHECKING:
    from clawdesk.ui.desk import Desk

CHANNEL = "window"


class Branches(QObject):
    """The branching acts of one desk."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._desk = desk
        window = desk.window
        window.inspector.checkpoint_wanted.connect(
            lambda act, ordinal: self.act(act, desk.chosen, ordinal)
        )
        window.tasks.mark_wanted.connect(self.act)
        window.banner.act_wanted.connect(self.act)

    def act(self, act: str, task: TaskId, ordinal: int = 0) -> None:
        """Look at, compare, fork or restore a checkpoint; undo a task's restore, or archive it.

        To take an answer back, `task` is the request that it is for.
        """
        if act in {"changes", "all_changes"}:
            self._desk.window.tasks.list.choose(task)
            self._desk.window.inspector.reach.choose("one" if act == "changes" else "whole")
            self._desk.show_changes_of(ordinal)
        elif act == TAKE_BACK:
            self._desk.decisions.unsent.take_back(task)
        elif act in {"undo", "archive"}:
            (self.undo if act == "undo" else self._desk.keeping.archive)(task)
        else:
            {"compare": self.compare, "fork": self.fork, "restore": self.restore}[act](
                task, ordinal
            )

    # -- fork ----------------------------------------------------------
    def fork(self, task_id: TaskId, ordinal: int) -> None:
        """Say what the fork gets; then make it."""
        desk, state = self._desk, self._desk.plane.state
        task = state.tasks.get(task_id)
        if task is None:
            return
        sheet = ForkSheet(desk.window, desk.clock, fork_view(state, task, ordinal))
        sheet.wanted.connect(
            lambda *wanted: desk.errands.start("fork", tr("Forking"), self._forked(sheet, *wanted))
        )
        desk.decisions.show_sheet(sheet)

    async def _forked(
        self,
        sheet: ForkSheet,
        task: TaskId,
        ordinal: int,
        titles: tuple[str, ...],
        variables: dict[str, str],
    ) -> None:
        sheet.show_sending(True)
        desk, made = self._desk, ""
        try:
            for title in titles:
                made = await desk.plane.fork(task, ordinal, settings=variables, title=title)
        except PortError as error:
            if desk.decisions.sheet is not sheet:
                raise  # it was closed meanwhile: the window tells
            sheet.show_refusal(told_error(error))
            sheet.show_sending(False)
            return
        if desk.decisions.sheet is sheet:
            sheet.accept()
        desk.window.tasks.choose_filter(ALL)
        desk.window.tasks.list.choose(made)

    # -- compare and keep ------------------------------------------------
    def compare(self, task_id: TaskId, ordinal: int) -> None:
        """Open the page with that checkpoint on one side."""
        self._desk.compare.open(task_id, ordinal)

    def keep(self, task_id: TaskId) -> None:
        """Ask first: it names what ends, and that it is not undone."""
        desk, state = self._desk, self._desk.plane.state
        task = state.tasks.get(task_id)
        if task is None:
            return
        view = keep_view(state, task)
        if view.why_not:
            desk.window.banner.show_notice(Notice("need", f"{task.title}: {view.why_not}."))
            return
        sheet = AskSheet(
            "keep",
            desk.window,
            desk.clock,
            title=view.title,
            text=view.text,
            groups=[
                Lines(tr("These end now"), "stop", "bad", view.ends),
                Lines(tr("These have ended; their snapshots go"), "release", "fg2", view.stays),
            ],
            ways=[Way("go", tr("Keep this one"), "danger", "check")],
            stay=tr("Keep all for now"),
            icon="fork",
            role="acc",
        )
        sheet.chosen.connect(
            lambda _: desk.errands.start(
                "keep",
                tr("Keeping {title}", title=task.title),
                self._told(desk.plane.keep(task_id, channel=CHANNEL)),
            )
        )
        desk.decisions.show_sheet(sheet)

    async def _told(self, call: Coroutine[Any, Any, Outcome]) -> None:
        outcome = await call
        self._desk.window.banner.show_notice(
            Notice("ok" if outcome.ok else "need", told(outcome.text))
        )

    # -- restore ---------------------------------------------------------
    def restore(self, task_id: TaskId, ordinal: int) -> None:
        """Ask first: what it undoes, what it keeps, and that a safety checkpoint comes first."""
        self._desk.errands.start(
            "restore sheet",
            tr("Reading what a restore undoes"),
            self._ask_restore(task_id, ordinal),
        )

    async def _ask_restore(self, task_id: TaskId, ordinal: int) -> None:
        desk, seen = self._desk, self._desk.decisions.sheet
        task = desk.plane.state.tasks.get(task_id)
        if task is None:
            return
        try:
            diff = await desk.plane.diff(task_id, ordinal, task.tip_ordinal)
            paths: tuple[str, ...] | None = tuple(file.path for file in diff.files)
        except PortError:
            paths = None  # the sheet then says that they could not be listed
        if desk.decisions.came_between(seen):
            return
        project = desk.plane.projects.get(task.project)
        own = project.dirty if project else ()
        view = restore_view(task, ordinal, own_edits=own, paths=paths)
        sheet = AskSheet(
            "restore",
            desk.window,
            desk.clock,
            title=view.title,
            text=" ".join(view.notes),
            groups=[
                Lines(tr("This undoes"), "minus", "bad", view.undoes),
                Lines(tr("This keeps"), "check", "ok", view.keeps),
            ],
            ways=[Way("go", view.go, "plain", "restore")],
            icon="restore",
            role="acc",
        )
        sheet.chosen.connect(lambda _: self._restore(task_id, ordinal))
        desk.decisions.show_sheet(sheet)

    def _restore(self, task_id: TaskId, ordinal: int) -> None:
        where = tr("checkpoint {ordinal}", ordinal=ordinal) if ordinal else tr("the start")
        self._desk.errands.start(
            "restore", tr("Restoring {where}", where=where), self._restored(task_id, ordinal, where)
        )

    async def _restored(self, task_id: TaskId, ordinal: int, where: str) -> None:
        desk = self._desk
        outcome = await desk.plane.restore(task_id, ordinal, channel=CHANNEL)
        task = desk.plane.state.tasks.get(task_id)
        if not outcome.ok or task is None:
            # A task that is just changing refuses; the way back must not be lost by that.
            again = task is not None and undo_of(task) == ordinal
            act = ("undo", tr("Undo restore"), task_id) if again else ("", "", "")
            desk.window.banner.show_notice(Notice("need", told(outcome.text), act=act))
            return
        notice = Notice("ok", tr("{title} goes back to {where}.", title=task.title, where=where))
        if undo_of(task) is not None:
            kept = tr("The state before is kept as a checkpoint.")
            notice = Notice("ok", notice.what, kept, act=("undo", tr("Undo restore"), task_id))
        desk.window.banner.show_notice(notice)

    def undo(self, task_id: TaskId) -> None:
        """Back to where the task stood before its last restore; asks where it has gone on since."""
        task = self._desk.plane.state.tasks.get(task_id)
        ordinal = left_by_restore(task) if task is not None else None
        if task is None or ordinal is None:
            text = tr("It was never restored: choose a checkpoint instead.")
            self._desk.window.banner.show_notice(Notice("need", text))
        elif undo_of(task) is None:
            self.restore(task_id, ordinal)
        else:
            self._restore(task_id, ordinal)

    def why_no_undo(self, task_id: TaskId) -> str:
        """Why the last restore cannot be undone, "" when it can."""
        task = self._desk.plane.state.tasks.get(task_id)
        if task is None:
            return tr("no task is chosen")
        if left_by_restore(task) is None:
            return tr("it was not restored")
        return why_no_restore(task)
