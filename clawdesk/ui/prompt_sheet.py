"""One more prompt for an agent that has ended its turn: a sheet with its text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from clawdesk.domain.model import Task, TaskId
from clawdesk.domain.on_prompt import prompt_refusal
from clawdesk.ui.banner import Notice
from clawdesk.ui.clock import Clock
from clawdesk.ui.form_sheet import FormSheet
from clawdesk.ui.words import tr
from clawdesk.viewmodels.told import told

if TYPE_CHECKING:
    from clawdesk.ui.desk import Desk

CHANNEL = "window"


class PromptSheet(FormSheet):
    """`wanted` carries the text."""

    wanted = Signal(str)

    def __init__(self, parent: QWidget, clock: Clock, task: Task) -> None:
        super().__init__(
            "prompt",
            parent,
            clock,
            icon="note",
            words=tr(
                "The agent goes on in the session it had, with all it remembers, and with the "
                "files as it left them at the end of its turn."
            ),
            go=tr("Prompt"),
        )
        self.show_title(tr("Tell the agent of {task} more", task=task.title))
        self.text = QPlainTextEdit()
        self.text.setPlaceholderText(tr("Now add a test for negative numbers"))
        self.text.setTabChangesFocus(True)
        self.text.setFixedHeight(110)
        self.add_field(tr("Prompt"), self.text, "field")
        self.text.setAccessibleIdentifier("prompt.text")
        self.text.setFocus(Qt.FocusReason.OtherFocusReason)

    def send(self) -> None:
        text = self.text.toPlainText().strip()
        if text:
            self.wanted.emit(text)
        else:
            self.show_refusal(tr("A prompt needs some text."))

    def sizeHint(self) -> QSize:
        return QSize(560, 286)


def ask(desk: Desk, task_id: TaskId) -> None:
    """Show the sheet for a task whose agent can be prompted."""
    sheet = PromptSheet(desk.window, desk.clock, desk.plane.state.tasks[task_id])
    sheet.wanted.connect(
        lambda text: desk.errands.start(
            "prompt", tr("Prompting"), _send(desk, sheet, task_id, text)
        )
    )
    desk.decisions.show_sheet(sheet)


async def _send(desk: Desk, sheet: PromptSheet, task_id: TaskId, text: str) -> None:
    sheet.show_sending(True)
    outcome = await desk.plane.prompt(task_id, text, channel=CHANNEL)
    if desk.decisions.sheet is not sheet:
        return
    if outcome.ok:
        sheet.accept()
        desk.window.banner.show_notice(Notice("ok", told(outcome.text)))
    else:
        sheet.show_refusal(told(outcome.text))
        sheet.show_sending(False)


def why_not(desk: Desk) -> str:
    """Why the chosen task takes no prompt, as a reason in a menu; "" = it does."""
    task = desk.plane.state.tasks.get(desk.chosen)
    if task is None:
        return tr("no task is chosen")
    refusal = prompt_refusal(task)
    return refusal[:1].lower() + refusal[1:].rstrip(".")
