"""Save what was typed as a task file: its name, where it goes, and what makes it count."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from clawdesk.domain.definitions import is_task_name, task_file
from clawdesk.domain.from_prompt import TaskPrompt
from clawdesk.domain.to_file import file_text, usual_name
from clawdesk.domain.toml_values import DefinitionError
from clawdesk.ports.errors import PortError
from clawdesk.ports.repository import ProjectView
from clawdesk.runtime.task_files import EXISTS, save
from clawdesk.ui.ask_sheet import Lines
from clawdesk.ui.banner import Notice
from clawdesk.ui.clock import Clock
from clawdesk.ui.form_sheet import FormSheet
from clawdesk.ui.words import tr
from clawdesk.viewmodels.told import told, told_error

if TYPE_CHECKING:
    from clawdesk.ui.desk import Desk

NAME_CHARS_MAX = 64


class SaveTaskSheet(FormSheet):
    """`wanted` carries the name, and whether a file of that name may go."""

    wanted = Signal(str, bool)

    def __init__(self, parent: QWidget, clock: Clock, project: str, name: str) -> None:
        super().__init__(
            "save_task",
            parent,
            clock,
            icon="file",
            words=tr(
                "Writes what you typed, with its agent, model, priority and memory, as a file "
                "into your folder of {project}. Nothing starts and nothing is committed.",
                project=project,
            ),
            go=tr("Save"),
            groups=[Lines(tr("So that it counts"), "cr", "fg1", _what_counts())],
        )
        self.show_title(tr("Save as a task file"))
        self._over = ""  # the name of the file that the button would put another in place of
        self.name = QLineEdit(name)
        self.name.setMaxLength(NAME_CHARS_MAX)
        self.name.textChanged.connect(lambda _: self._mind_name())
        self.add_field(tr("Name"), self.name, "save_task.name")
        self.name.setFocus(Qt.FocusReason.OtherFocusReason)
        self.name.selectAll()

    def _mind_name(self) -> None:
        """Leave to put it in place of a file was given for that file's name only."""
        self.show_refusal("")
        self._over = ""
        self.go.show_text(tr("Save"))

    def ask_over(self, error: PortError) -> None:
        """A file of that name is there: say so; the button says what it would do now."""
        self.show_refusal(told_error(error))
        self._over = self.name.text().strip()
        self.go.show_text(tr("Replace that file"))

    def send(self) -> None:
        name = self.name.text().strip()
        if is_task_name(name):
            self.wanted.emit(name, name == self._over)
            return
        self.show_refusal(
            tr(
                "A name is 1 to 64 letters, digits, “.”, “_” or “-”, and begins with a letter or "
                "a digit."
            )
        )

    def sizeHint(self) -> QSize:
        return self.fitted(560)


def _what_counts() -> tuple[str, ...]:
    return (
        tr("Commit the file: then it stands in the list of projects, with its Run."),
        tr("Before that, clawdesk submit … --changes include takes it along."),
        tr("The project's policy bounds it, and asks for trust, as for every task file."),
        tr("What a task itself changes in .clawdesk always needs your approval."),
    )


def show(desk: Desk, view: ProjectView, asked: TaskPrompt) -> None:
    """Ask for a name; what was typed stays in the new-task sheet, too."""
    sheet = SaveTaskSheet(desk.window, desk.clock, view.name, usual_name(asked.prompt))

    def wanted(name: str, over: bool) -> None:
        try:
            text = file_text(asked, name)
        except DefinitionError as error:
            sheet.show_refusal(" ".join(map(told, error.mistakes)))
            return
        sheet.show_sending(True)
        saved = _saved(desk, sheet, name, partial(save, view.path, name, text, over=over))
        desk.errands.start("save task", tr("Writing {path}", path=task_file(name)), saved)

    sheet.wanted.connect(wanted)
    desk.decisions.show_sheet(sheet)


async def _saved(desk: Desk, sheet: SaveTaskSheet, name: str, write: Callable[[], Path]) -> None:
    try:
        path = await asyncio.to_thread(write)
    except PortError as error:
        if desk.decisions.sheet is not sheet:
            raise
        sheet.show_sending(False)
        if error.code == EXISTS:
            sheet.ask_over(error)
        else:
            sheet.show_refusal(told_error(error))
        return
    if desk.decisions.sheet is sheet:
        sheet.accept()
    step = tr(
        "Commit it; or take it along from there: clawdesk submit . {name} --changes include",
        name=name,
    )
    desk.window.banner.show_notice(Notice("ok", tr("The task file is {path}", path=path), step))
