"""What is kept of tasks, and what is put away: report, archive, disk use with clean-up."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from clawdesk.domain.model import FINAL, TaskId
from clawdesk.domain.retention import prunable
from clawdesk.ports.errors import PortError
from clawdesk.ports.machines import DiskUse
from clawdesk.runtime.api import Change
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
        desk.window.inspector.report.clicked.connect(lambda: self.export(desk.chosen))

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
        sheet.age_chosen.connect(lambda _: self._show_disk(sheet))
        sheet.prune_wanted.connect(
            lambda days: desk.errands.start("prune", tr("Cleaning up"), self._pruned(sheet, days))
        )
        sheet.stop_wanted.connect(
            lambda: desk.errands.start(
                "stop prune", tr("Stopping the clean-up"), desk.plane.stop_prune()
            )
        )
        sheet.images_wanted.connect(
            lambda ids: desk.errands.start(
                "images", tr("Removing guest images"), self._images_removed(sheet, ids)
            )
        )
        desk.decisions.show_sheet(sheet)
        desk.errands.start("disk", tr("Reading the disk use"), self._read_disk(sheet))

    async def _read_disk(self, sheet: DiskSheet) -> None:
        try:
            self._use = await self._desk.plane.disk_use()
        except PortError as error:
            if self._desk.decisions.sheet is sheet:
                sheet.show_notice(told_error(error), "bad")
            return
        self._show_disk(sheet)

    def _show_disk(self, sheet: DiskSheet) -> None:
        desk = self._desk
        if self._use is not None and desk.decisions.sheet is sheet:
            now_ms, offset_ms = desk.clock.now_ms(), desk.clock.offset_ms()
            view = disk_view(desk.plane.state, self._use, sheet.days, now_ms, offset_ms)
            sheet.show_view(view)

    async def _images_removed(self, sheet: DiskSheet, ids: tuple[str, ...]) -> None:
        sheet.show_removing_images(True)
        try:
            outcome = await self._desk.plane.remove_images(ids)
        finally:
            if self._desk.decisions.sheet is sheet:
                sheet.show_removing_images(False)
        if self._desk.decisions.sheet is sheet:
            sheet.show_notice(told(outcome.text), "ok" if outcome.ok else "bad")
        await self._read_disk(sheet)

    async def _pruned(self, sheet: DiskSheet, days: float) -> None:
        plane = self._desk.plane
        before_ms = self._desk.clock.now_ms() - round(days * DAY_MS)
        total = len(prunable(plane.state.tasks.values(), before_ms))

        def tell(_change: Change) -> None:
            left = len(prunable(plane.state.tasks.values(), before_ms))
            if self._desk.decisions.sheet is sheet:
                sheet.show_progress(total - left, total)

        sheet.show_sending(True)
        sheet.show_progress(0, total)
        unsubscribe = plane.subscribe(tell)
        try:
            outcome = await plane.prune(days)
        finally:
            unsubscribe()
        if self._desk.decisions.sheet is sheet:
            sheet.show_notice(told(outcome.text), "ok" if outcome.ok else "bad")
            sheet.show_sending(False)
        await self._read_disk(sheet)
