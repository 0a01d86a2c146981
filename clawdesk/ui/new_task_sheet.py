"""Start a task: from a prompt or a task file, from which state, and how it fits now.

Everything is said before it starts. Enter starts nothing; a task that will wait may be started.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QPlainTextEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from clawdesk.ui.allow_panel import AllowPanel
from clawdesk.ui.badge import Icon
from clawdesk.ui.button import Button
from clawdesk.ui.choice_row import ChoiceRow
from clawdesk.ui.clock import Clock
from clawdesk.ui.pane import Ground, empty
from clawdesk.ui.prompt_form import PromptForm
from clawdesk.ui.safe_text import SafeLabel
from clawdesk.ui.sheet import Sheet
from clawdesk.ui.words import counted, tr
from clawdesk.viewmodels.new_task import TaskForecast
from clawdesk.viewmodels.prompt_task import agent_choices


class NewTaskSheet(Sheet):
    """`picked` and `typed` ask for a forecast; `started` carries what was chosen."""

    picked = Signal(str)  # a definition
    typed = Signal(object)  # the TaskPrompt that stands there
    started = Signal(object, bool, str)
    """Definition or TaskPrompt, with the user's changes, another prompt ("" = the file's own)."""
    allow_wanted = Signal()
    """To look at which hosts would be allowed for the agent's image."""
    save_wanted = Signal(object)  # the TaskPrompt that stands there

    def __init__(
        self,
        parent: QWidget,
        clock: Clock,
        *,
        project: str,
        definitions: Sequence[tuple[str, str]],
        dirty: Sequence[str],
    ) -> None:
        super().__init__("new_task", parent, clock, icon="plus", role="acc")
        self.show_title(tr("New task in {project}", project=project))
        self.name = ""
        self._why_not = ""  # why what was typed cannot be started
        self._told = ""  # what the definition tells its agent
        self._names = [name for name, _ in definitions]
        body = QHBoxLayout()
        body.setContentsMargins(16, 4, 16, 16)
        body.setSpacing(20)
        body.addWidget(self._list(definitions))
        body.addWidget(self._details(dirty), 1)
        self.body.addLayout(body, 1)
        self.later = Button(tr("Not now"), "new_task.stay", key="Esc")
        self.start = Button(tr("Start"), "new_task.go", kind="yes", icon="play", key="Ctrl Enter")
        self.later.clicked.connect(self.reject)
        self.start.clicked.connect(self._started)
        self.why = SafeLabel("", role="fg1", wrap=True)
        self.why.setObjectName("new_task.why_not")
        self.foot.addWidget(self.why, 1)
        self.foot.addWidget(self.later)
        self.foot.addWidget(self.start)
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            shortcut = QShortcut(QKeySequence(keys), self, self.start.click)
            shortcut.setAutoRepeat(False)

    def _list(self, definitions: Sequence[tuple[str, str]]) -> QWidget:
        area = QScrollArea()
        area.setObjectName("new_task.list")
        area.setAccessibleName(tr("Prompt or task file"))
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setFixedWidth(300)
        inner = Ground("bg1")
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 4, 0)
        column.setSpacing(6)
        self._group = QButtonGroup(self)
        self.rows: list[ChoiceRow] = []
        below = tr("No task file is needed")
        self.write_row = ChoiceRow("new_task._prompt", tr("Write a prompt"), 0, below=below)
        # A screen reader toggles where a mouse clicks: listen to what both do.
        self.write_row.toggled.connect(lambda on: self._write() if on else None)
        self._group.addButton(self.write_row)
        column.addWidget(self.write_row)
        if definitions:
            column.addSpacing(8)
            column.addWidget(SafeLabel(tr("Task files"), font="group", role="fg2"))
        for name, title in definitions:
            row = ChoiceRow(f"new_task.{name}", title, 0)
            row.toggled.connect(lambda on, name=name: self._choose(name) if on else None)
            self._group.addButton(row)
            self.rows.append(row)
            column.addWidget(row)
        column.addStretch(1)
        area.setWidget(inner)
        return area

    def _details(self, dirty: Sequence[str]) -> QWidget:
        area = QScrollArea()
        area.setObjectName("new_task.details")
        area.setAccessibleName(tr("What it is told, and how it fits"))
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inner = Ground("bg1")
        area.setWidget(inner)
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 4, 0)
        column.setSpacing(8)
        self._title = SafeLabel("", font="heading", wrap=True)
        self._text = SafeLabel("", role="fg1", wrap=True)
        column.addWidget(self._title)
        column.addWidget(self._text)
        self.form = PromptForm(agent_choices())
        self.form.changed.connect(self._typed)
        self.form.save_wanted.connect(lambda: self.save_wanted.emit(self.form.asked()))
        column.addWidget(self.form)
        self.allow = AllowPanel()
        self.allow.wanted.connect(self.allow_wanted)
        column.addWidget(self.allow)
        column.addSpacing(8)
        self._lines = QVBoxLayout()
        self._lines.setSpacing(8)
        column.addLayout(self._lines)
        self._prompt_label = SafeLabel(tr("What it is told, for this task"), role="fg1")
        self.prompt = QPlainTextEdit()
        self.prompt.setObjectName("field")
        self.prompt.setAccessibleName(tr("What the agent is told"))
        self.prompt.setAccessibleIdentifier("new_task.prompt")
        self.prompt.setTabChangesFocus(True)
        self.prompt.setFixedHeight(96)
        column.addWidget(self._prompt_label)
        column.addWidget(self.prompt)
        column.addStretch(1)
        self._states: list[ChoiceRow] = []
        if dirty:
            self._from_which(column, dirty)
        return area

    def _from_which(self, column: QVBoxLayout, dirty: Sequence[str]) -> None:
        """The two states a task may start from, where there are two."""
        text = counted(
            len(dirty),
            "{count} file changed by you. The task gets a copy of:",
            "{count} files changed by you. The task gets a copy of:",
        )
        label = SafeLabel(text, role="fg1", wrap=True)
        column.addWidget(label)
        ways = (tr("The last commit (HEAD)"), tr("Your files as they are now"))
        states = QButtonGroup(self)
        for number, way in enumerate(ways, 1):
            row = ChoiceRow(f"new_task.state.{number}", way, 0)
            states.addButton(row)
            self._states.append(row)
            column.addWidget(row)
        # The files as one sees them are what one means; nothing of them is committed.
        self._states[-1].setChecked(True)

    def write(self) -> None:
        """Look at what is typed in instead of a file."""
        self.write_row.setChecked(True)

    def _write(self) -> None:
        self.name = ""
        self.show_prompt("")
        self.form.show()
        self.form.prompt.setFocus(Qt.FocusReason.OtherFocusReason)
        self._typed()

    @property
    def writes(self) -> bool:
        """Whether the task is one that is typed in."""
        return self.write_row.isChecked()

    def _typed(self) -> None:
        if self.writes:
            self.typed.emit(self.form.asked())

    def choose(self, name: str) -> None:
        """Look at a definition."""
        self.rows[self._names.index(name)].setChecked(True)

    def _choose(self, name: str) -> None:
        self.name = name
        # Where the keyboard is and what is chosen is one row, also when the sheet has just opened.
        self.rows[self._names.index(name)].setFocus(Qt.FocusReason.OtherFocusReason)
        self.form.hide()
        self.show_why_not("")
        self.picked.emit(name)

    def show_prompt(self, prompt: str) -> None:
        """What the chosen one tells its agent, to be changed for this task; "" = it has none."""
        self._told = prompt
        self.prompt.setPlainText(prompt)
        self._prompt_label.setVisible(bool(prompt))
        self.prompt.setVisible(bool(prompt))

    def show_forecast(self, view: TaskForecast) -> None:
        """How the chosen one fits now."""
        self._title.show_text(view.title)
        self._text.show_text(view.text)
        self._text.setVisible(bool(view.text))
        self.allow.show_box(view.allow)
        empty(self._lines)
        for line in view.lines:
            box = QWidget()
            box.setObjectName(f"new_task.fit.{line.name}")
            box.setAccessibleName(f"{line.name}: {line.text}")
            row = QHBoxLayout(box)
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(8)
            row.addWidget(Icon(line.icon, line.family.value, 16), 0, Qt.AlignmentFlag.AlignTop)
            name = SafeLabel(line.name, role="fg2")
            name.setFixedWidth(64)
            row.addWidget(name, 0, Qt.AlignmentFlag.AlignTop)
            row.addWidget(SafeLabel(line.text, wrap=True), 1)
            self._lines.addWidget(box)

    def show_why_not(self, why: str) -> None:
        """What is wrong with what was typed, "" = nothing; it is said beside the button."""
        self._why_not = why
        self.form.save.setEnabled(not why)
        self.why.show_text(why if self.writes else "")
        self.mind_buttons()

    def mind_buttons(self) -> None:
        if hasattr(self, "start"):
            ready = bool(self.name) or (self.writes and not self._why_not)
            self.start.setEnabled(not self.guard.up and ready)

    def _started(self) -> None:
        include = len(self._states) > 1 and self._states[1].isChecked()
        prompt = self.prompt.toPlainText().strip()
        process = self.name or self.form.asked()
        self.accept()
        self.started.emit(process, include, prompt if prompt != self._told.strip() else "")

    def sizeHint(self) -> QSize:
        return QSize(900, 740)
