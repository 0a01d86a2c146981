"""Between the plane and the sheets of a merge: asks, shows conflicts, merges what was settled."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QObject

from clawdesk.domain.from_prompt import prompt_behind
from clawdesk.domain.model import Task
from clawdesk.ports.errors import ConflictError, PortError
from clawdesk.ports.repository import Conflicts, Settled, Settlement
from clawdesk.ui import starting
from clawdesk.ui.ask_sheet import AskSheet, Way
from clawdesk.ui.banner import Notice
from clawdesk.ui.conflict_sheet import ConflictSheet
from clawdesk.ui.merge_sheet import MergeSheet
from clawdesk.ui.words import tr
from clawdesk.viewmodels.diffs import whole_change
from clawdesk.viewmodels.told import told, told_error

if TYPE_CHECKING:
    from clawdesk.ui.desk import Desk


class _Begun(NamedTuple):
    """How far the conflicts of a merge were settled; `typed` is a file and its unsaved text."""

    settled: tuple[Settled, ...] = ()
    typed: tuple[str, str] = ("", "")


class Merging(QObject):
    """The merges of one desk."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.window)
        self._desk = desk
        # By task and by what was to be merged: "Later" forgets nothing that was settled.
        self._begun: dict[tuple[str, str, str], _Begun] = {}

    def merge(self, task_id: str) -> None:
        """Ask into which branch."""
        desk = self._desk
        task = desk.plane.state.tasks.get(task_id)
        if task is None:
            return
        project = desk.plane.projects.get(task.project)
        sheet = MergeSheet(
            desk.window,
            desk.clock,
            task=task.id,
            title=task.title,
            branch=project.branch if project else "",
        )
        sheet.merge_wanted.connect(
            lambda t, into, each: desk.errands.start(
                "merge", tr("Merging"), self._merged(sheet, t, into, each)
            )
        )
        sheet.conflicts_wanted.connect(lambda found, into: self._settle(task, found, into))
        desk.decisions.show_sheet(sheet)
        desk.errands.start("merge contents", tr("Reading the changes"), self._contents(sheet, task))

    def unmerge(self, task_id: str) -> None:
        """Ask first; the plane refuses where something of the user's would be lost."""
        desk = self._desk
        task = desk.plane.state.tasks.get(task_id)
        if task is None or not task.merged_into:
            return
        sheet = AskSheet(
            "unmerge",
            desk.window,
            desk.clock,
            title=tr("Undo the merge of {task}?", task=task.title),
            text=tr(
                "{branch} goes back to where it was before, and the files that the merge changed "
                "with it. Where you changed one of them since, or {branch} has moved on, nothing "
                "is done. The task keeps its commits and can be merged again.",
                branch=task.merged_into,
            ),
            ways=[Way("go", tr("Undo the merge"), "plain", "restore")],
            icon="restore",
            role="acc",
        )
        words = tr("Undoing the merge")
        sheet.chosen.connect(lambda _: desk.errands.start("merge", words, self._unmerged(task.id)))
        desk.decisions.show_sheet(sheet)

    async def _unmerged(self, task_id: str) -> None:
        outcome = await self._desk.plane.unmerge(task_id)
        role = "ok" if outcome.ok else "need"
        self._desk.window.banner.show_notice(Notice(role, told(outcome.text)))
        self._desk.paint_all()

    async def _contents(self, sheet: MergeSheet, task: Task) -> None:
        try:
            diff = await self._desk.plane.diff(task.id, 0, task.tip_ordinal)
        except PortError as error:
            words = told_error(error)
        else:
            words = whole_change(diff)
        if self._desk.decisions.sheet is sheet:
            sheet.show_contents(words)

    async def _merged(self, sheet: MergeSheet, task: str, into: str, each: bool) -> None:
        desk = self._desk
        sheet.show_sending(True)
        try:
            outcome = await desk.plane.merge(task, into=into, each_checkpoint=each)
        except PortError as error:
            found = await self._conflicts(task, into) if isinstance(error, ConflictError) else None
            if desk.decisions.sheet is not sheet:
                raise  # it was closed meanwhile: the window tells
            paths = error.paths if isinstance(error, ConflictError) else ()
            sheet.show_refusal(told(error.what), told(error.mend), paths, found)
            sheet.show_sending(False)
            return
        words = told(outcome.text) or tr("Merged into {branch}.", branch=outcome.branch)
        if desk.decisions.sheet is sheet:
            sheet.show_result(words, outcome.commit if outcome.backup else "")
        else:
            self._say_merged(words, backed=bool(outcome.backup))
        desk.paint_all()

    async def _conflicts(self, task: str, into: str) -> Conflicts | None:
        """What can be settled here; files of the user's own that are in the way cannot."""
        try:
            found = await self._desk.plane.conflicts(task, into=into)
        except PortError:
            return None
        return found if found.files else None

    def _settle(self, task: Task, found: Conflicts, into: str) -> None:
        desk = self._desk
        key = (task.id, found.tip, found.work)
        begun = self._begun.get(key, _Begun())
        sheet = ConflictSheet(desk.window, desk.clock, found, task.title, begun.settled)

        def keep() -> None:
            self._begun[key] = _Begun(tuple(sheet.files.decided.values()), sheet.typed)

        sheet.rejected.connect(keep)
        sheet.accepted.connect(lambda: self._begun.pop(key, None))
        sheet.settled.connect(
            lambda answer: desk.errands.start(
                "merge", tr("Merging"), self._settled(sheet, task, into, answer)
            )
        )
        sheet.again.connect(lambda: self._again(sheet, task))
        desk.decisions.show_sheet(sheet)
        sheet.resume(*begun.typed)

    async def _settled(
        self, sheet: ConflictSheet, task: Task, into: str, answer: Settlement
    ) -> None:
        desk = self._desk
        sheet.show_sending(True)
        try:
            outcome = await desk.plane.merge(task.id, into=into, settled=answer)
        except PortError as error:
            if desk.decisions.sheet is not sheet:
                raise  # it was closed meanwhile, and Qt may have deleted it
            sheet.show_notice(told_error(error), "bad")
            sheet.show_sending(False)
            return
        if desk.decisions.sheet is sheet:
            sheet.accept()
        self._say_merged(told(outcome.text), backed=True)
        desk.paint_all()

    def _say_merged(self, words: str, *, backed: bool) -> None:
        step = tr("Your state before is kept; “What ClawDesk did” says how to go back.")
        self._desk.window.banner.show_notice(Notice("ok", words, step if backed else ""))

    def _again(self, sheet: ConflictSheet, task: Task) -> None:
        """The task's process once more, from the branch as it is now; this one stays as it is."""
        sheet.accept()
        process = prompt_behind(task.definition) or task.definition.name
        starting.start(self._desk, task.project, process)
