"""What stands in the place of the tasks where a search or a filter holds none of them."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout

from clawdesk.ui.button import Button
from clawdesk.ui.pane import Ground
from clawdesk.ui.safe_text import SafeLabel
from clawdesk.ui.words import tr


class NoTasks(Ground):
    """Says why nothing is shown; `all_wanted` asks for what would show something again."""

    all_wanted = Signal()

    def __init__(self) -> None:
        super().__init__("bg1")
        self.setObjectName("tasks.none")
        middle = Qt.AlignmentFlag.AlignHCenter
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 0, 24, 0)
        column.setSpacing(4)
        self.title = SafeLabel("", font="label", wrap=True)
        self.title.setObjectName("tasks.none.title")
        self.text = SafeLabel("", font="small", role="fg2", wrap=True)
        for label in (self.title, self.text):
            label.setAlignment(middle)
        self.all = Button(tr("Show all tasks"), "tasks.none.all")
        self.all.clicked.connect(self.all_wanted)
        column.addStretch(1)
        column.addWidget(self.title)
        column.addWidget(self.text)
        column.addSpacing(8)
        column.addWidget(self.all, 0, middle)
        column.addStretch(2)

    def show_why(self, words: str, among: str, *, archived: bool) -> None:
        """Say it.

        Args:
            words: what was searched for, "" = nothing.
            among: the filter that was on, "" = none.
            archived: every task of the project is in the archive.
        """
        if words:
            self.title.show_text(tr("No task has “{words}”", words=words))
            looked = tr("Looked through: {filter}.", filter=among) if among else ""
            where = tr("A name, a state, a reason or an id has to hold each word.")
            self.text.show_text(f"{looked} {where}".strip())
        elif archived and not among:
            self.title.show_text(tr("All tasks of this project are in the archive"))
            self.text.show_text("")
        else:
            self.title.show_text(tr("No task here now"))
            self.text.show_text(tr("Looked through: {filter}.", filter=among))
        only_archive = archived and not words and not among
        self.all.show_text(tr("Show the archive") if only_archive else tr("Show all tasks"))
        self.text.setVisible(bool(self.text.text()))
