"""One more prompt for an agent that has ended its turn: a sheet with its text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from clawdesk.domain.model import Task, TaskId
from clawdesk.domain.on_prompt import prompt_refusal
from clawdesk.runtime.api import Outcome
from clawdesk.ui.banner import Notice
from clawdesk.ui.clock import Clock
from clawdesk.ui.form_sheet import FormSheet
from clawdesk.ui.words import tr
from clawdesk.viewmodels.told import told

if TYPE_CHECKING:
    from clawdesk.ui.desk import Desk

CHANNEL = "window"


class PromptSheet(FormSheet):
    """`wanted` carries the text; `typed` each change of it."""

    wanted = Signal(str)
    typed = Signal(str)

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
        self.text.textChanged.connect(lambda: self.typed.emit(self.text.toPlainText()))

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
    sheet.text.setPlainText(desk.memory.draft(_key(task_id)))
    sheet.text.moveCursor(QTextCursor.MoveOperation.End)
    sheet.typed.connect(lambda text: desk.decisions.keep_draft(_key(task_id), text))
    sheet.wanted.connect(
        lambda text: desk.errands.start(
            "prompt", tr("Prompting"), _send(desk, sheet, task_id, text)
        )
    )
    desk.decisions.show_sheet(sheet)


async def _send(desk: Desk, sheet: PromptSheet, task_id: TaskId, text: str) -> None:
    async def prompted() -> Outcome:
        outcome = await desk.plane.prompt(task_id, text, channel=CHANNEL)
        if outcome.ok:
            desk.decisions.keep_draft(_key(task_id), "")
            desk.window.banner.show_notice(Notice("ok", told(outcome.text)))
        return outcome

    await desk.decisions.deliver(sheet, prompted)


def _key(task_id: TaskId) -> str:
    """What is written and not sent is kept under it: Esc loses no words."""
    return f"prompt:{task_id}"


def why_not(desk: Desk) -> str:
    """Why the chosen task takes no prompt, as a reason in a menu; "" = it does."""
    task = desk.plane.state.tasks.get(desk.chosen)
    if task is None:
        return tr("no task is chosen")
    refusal = prompt_refusal(task)
    return refusal[:1].lower() + refusal[1:].rstrip(".")
