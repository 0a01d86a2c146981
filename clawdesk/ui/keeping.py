"""What is kept of tasks, and what is put away: report, archive, disk use with clean-up."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from clawdesk.domain.model import FINAL, TaskId
from clawdesk.domain.retention import prunable
from clawdesk.ports.errors import PortError
from clawdesk.ports.machines import DiskUse
from clawdesk.runtime.api import Change, Outcome
from clawdesk.ui.banner import Notice
from clawdesk.ui.disk_sheet import DiskSheet
from clawdesk.ui.words import tr
from clawdesk.viewmodels.disk import disk_view
from clawdesk.viewmodels.report import file_name
from clawdesk.viewmodels.reporting import report_of
from clawdesk.viewmodels.told import told, told_error
from clawdesk.viewmodels.words import DAY_MS

if TYPE_CHECKING:
    from clawdesk.ui.desk import Desk


class Keeping(QObject):
    """These acts of one desk."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._desk = desk
        self._use: DiskUse | None = None
        self._removed: tuple[int, int] | None = None  # of a clean-up that runs: so many of so many
        desk.window.inspector.report.clicked.connect(lambda: self.export(desk.chosen))
        for part in (desk.window.projects, desk.window.home):
            part.forget_wanted.connect(self.forget)

    def forget(self, path: str) -> None:
        """A recent project leaves the list; nothing in its folder changes, and opening it is enough
        to have it back.
        """
        self._desk.memory.forget_project(path)
        self._desk.paint_projects()

    # -- report --------------------------------------------------------
    def export(self, task_id: TaskId) -> None:
        """Ask where the report goes; then write it."""
        task = self._desk.plane.state.tasks.get(task_id)
        if task is None:
            return
        dialog = QFileDialog(self._desk.window, tr("Export the task's report"))
        dialog.setObjectName("export_report")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("md")
        dialog.setNameFilter(tr("Markdown (*.md)"))
        dialog.selectFile(str(Path.home() / file_name(task)))
        dialog.fileSelected.connect(lambda path: self.write(task_id, path))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def write(self, task_id: TaskId, path: str) -> None:
        """Write the report of a task to a file."""
        self._desk.errands.start(
            f"report {task_id}", tr("Writing {path}", path=path), self._written(task_id, Path(path))
        )

    async def _written(self, task_id: TaskId, path: Path) -> None:
        desk = self._desk
        text = await report_of(desk.plane, task_id, desk.clock.now_ms(), desk.clock.offset_ms())
        try:
            await asyncio.to_thread(path.write_text, text, "utf-8")
        except OSError as error:
            raise PortError(
                f"{path} could not be written: {error.strerror}.", mend="Choose another folder."
            ) from error
        desk.window.banner.show_notice(Notice("ok", tr("The report is in {path}", path=path)))

    # -- archive -------------------------------------------------------
    def archive(self, task_id: TaskId) -> None:
        """Put an ended task out of sight, or take it back; nothing of it changes."""
        desk = self._desk
        if self.why_no_archive(task_id):
            return
        task = desk.plane.state.tasks[task_id]
        into = task_id not in desk.memory.archived()
        if not desk.memory.archive(task_id, into):
            desk.window.banner.show_notice(
                Notice("need", tr("The archive is full."), tr("Take tasks out of it first."))
            )
            return
        word = tr("is in the archive; its history stays") if into else tr("is back in the list")
        undo = ("archive", tr("Undo"), task_id)
        desk.window.banner.show_notice(Notice("ok", f"{task.title} {word}.", act=undo))
        desk.paint_tasks()

    def why_no_archive(self, task_id: TaskId) -> str:
        """Why the task cannot go into the archive, "" when it can."""
        task = self._desk.plane.state.tasks.get(task_id)
        if task is None:
            return tr("no task is chosen")
        return "" if task.phase in FINAL else tr("only what has ended goes into the archive")

    # -- disk ----------------------------------------------------------
    def disk(self) -> None:
        """Show what snapshots occupy; a clean-up says first what it takes."""
        desk = self._desk
        sheet = DiskSheet(desk.window, desk.clock)
        self._use = None
        sheet.age_chosen.connect(lambda _: self._show_disk())
        sheet.prune_wanted.connect(
            lambda days: desk.errands.start("prune", tr("Cleaning up"), self._pruned(days))
        )
        sheet.stop_wanted.connect(
            lambda: desk.errands.start(
                "stop prune", tr("Stopping the clean-up"), desk.plane.stop_prune()
            )
        )
        sheet.images_wanted.connect(
            lambda ids: desk.errands.start(
                "old_images", tr("Removing guest images"), self._images_removed(ids)
            )
        )
        desk.decisions.show_sheet(sheet)
        # Who closes the sheet and comes back finds what still runs, and can stop it.
        if self._removed is not None:
            sheet.show_sending(True)
            sheet.show_progress(*self._removed)
        elif desk.errands.busy("old_images"):
            sheet.show_removing_images(True)
        desk.errands.start("disk", tr("Reading the disk use"), self._read_disk())

    def _disk_sheet(self) -> DiskSheet | None:
        """The one on screen, whichever of them began what runs."""
        sheet = self._desk.decisions.sheet
        return sheet if isinstance(sheet, DiskSheet) else None

    async def _read_disk(self) -> None:
        try:
            self._use = await self._desk.plane.disk_use()
        except PortError as error:
            sheet = self._disk_sheet()
            if sheet is not None:
                sheet.show_unread(told_error(error))
            return
        self._show_disk()

    def _show_disk(self) -> None:
        desk, sheet = self._desk, self._disk_sheet()
        if self._use is not None and sheet is not None:
            now_ms, offset_ms = desk.clock.now_ms(), desk.clock.offset_ms()
            sheet.show_view(disk_view(desk.plane.state, self._use, sheet.days, now_ms, offset_ms))
            self._show_progress()

    def _show_progress(self) -> None:
        sheet = self._disk_sheet()
        if self._removed is not None and sheet is not None:
            sheet.show_progress(*self._removed)

    async def _outcome_of(self, call: Coroutine[Any, Any, Outcome]) -> tuple[bool, str]:
        """Whether it was done, and its end in words. Raises PortError where no sheet can tell."""
        try:
            outcome = await call
        except PortError as error:
            if self._disk_sheet() is None:
                raise
            return False, told_error(error)
        return outcome.ok, told(outcome.text)

    def _tell(self, done: bool, words: str) -> None:
        """Where one looks: on the sheet, or in the window once it is closed."""
        sheet, role = self._disk_sheet(), "ok" if done else "bad"
        if sheet is not None:
            sheet.show_notice(words, role)
        elif words:
            self._desk.window.banner.show_notice(Notice(role, words))

    async def _images_removed(self, ids: tuple[str, ...]) -> None:
        begun = self._disk_sheet()
        if begun is not None:
            begun.show_removing_images(True)
        try:
            self._tell(*await self._outcome_of(self._desk.plane.remove_images(ids)))
        finally:
            sheet = self._disk_sheet()
            if sheet is not None:
                sheet.show_removing_images(False)
        await self._read_disk()

    async def _pruned(self, days: float) -> None:
        plane, begun = self._desk.plane, self._disk_sheet()
        before_ms = self._desk.clock.now_ms() - round(days * DAY_MS)
        total = len(prunable(plane.state.tasks.values(), before_ms))

        def tell(_change: Change) -> None:
            left = len(prunable(plane.state.tasks.values(), before_ms))
            self._removed = (total - left, total)
            self._show_progress()

        self._removed = (0, total)
        if begun is not None:
            begun.show_sending(True)
        self._show_progress()
        unsubscribe = plane.subscribe(tell)
        try:
            self._tell(*await self._outcome_of(plane.prune(days)))
        finally:
            unsubscribe()
            self._removed = None
            sheet = self._disk_sheet()
            if sheet is not None:
                sheet.show_sending(False)
        await self._read_disk()
