"""What a person types instead of choosing a task file: prompt, agent, model, priority, memory."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from clawdesk.domain.from_prompt import TaskPrompt
from clawdesk.ui import fonts
from clawdesk.ui.button import Button
from clawdesk.ui.form_sheet import Choice
from clawdesk.ui.safe_text import SafeLabel, clean_line
from clawdesk.ui.words import tr
from clawdesk.viewmodels.prompt_bounds import Bounds, memory_choices, priority_choices
from clawdesk.viewmodels.prompt_task import AgentChoice

PROMPT_HIGH = 120


class PromptForm(QWidget):
    """`changed` tells that something else stands in it; `asked` is what.

    `save_wanted`: a person wants it as a task file.
    """

    changed = Signal()
    save_wanted = Signal()

    def __init__(self, agents: Sequence[AgentChoice]) -> None:
        super().__init__()
        self._agents = {agent.kind: agent for agent in agents}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.prompt = QPlainTextEdit()
        self.prompt.setObjectName("field")
        self.prompt.setAccessibleName(tr("What shall be done"))
        self.prompt.setAccessibleIdentifier("new_task.words")
        self.prompt.setPlaceholderText(
            tr("The test in tests/test_loader.py fails. Mend the loader, not the test.")
        )
        self.prompt.setTabChangesFocus(True)
        self.prompt.setFixedHeight(PROMPT_HIGH)
        column.addWidget(self.prompt)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 2)
        grid.setColumnStretch(3, 3)
        column.addLayout(grid)
        self.agent, self.model, self.run = Choice(), Choice(), QLineEdit()
        self.priority, self.memory = Choice(), Choice()
        self._bounds = Bounds()
        for agent in agents:
            self.agent.addItem(clean_line(agent.text, 120), agent.kind)
        self.run.setPlaceholderText('python3 tools/agent.py "$CLAWDESK_PROMPT"')
        self._labels: dict[QWidget, SafeLabel] = {}
        for place, (field, name, label) in enumerate(
            (
                (self.agent, "agent", tr("Agent")),
                (self.run, "run", tr("Command")),
                (self.model, "model", tr("Model")),
                (self.priority, "priority", tr("Priority")),
                (self.memory, "memory", tr("Memory")),
            )
        ):
            field.setObjectName(f"new_task._{name}")  # no task file's name begins so
            field.setAccessibleName(label)
            field.setFont(fonts.font("body"))
            self._labels[field] = SafeLabel(label, role="fg1")
            if field is not self.memory:
                grid.addWidget(self._labels[field], place, 0)
                grid.addWidget(field, place, 1, 1, 1 if field is self.priority else 3)
        # The two that are seldom changed share a line.
        grid.addWidget(self._labels[self.memory], 3, 2)
        grid.addWidget(self.memory, 3, 3)
        column.addLayout(self._below())
        self.prompt.textChanged.connect(self.changed)
        self.run.textChanged.connect(self.changed)
        self.agent.currentIndexChanged.connect(self._agent_changed)
        self._fill(0, 0)
        for field in (self.model, self.priority, self.memory):
            field.currentIndexChanged.connect(self.changed)

    def _below(self) -> QHBoxLayout:
        """Who bounds what can be chosen above; and the way to a file of it."""
        row = QHBoxLayout()
        row.setSpacing(12)
        self.bounds = SafeLabel("", font="small", role="fg2", wrap=True)
        self.bounds.setObjectName("new_task._bounds")
        self.save = Button(tr("Save as a task file…"), "new_task._save", icon="file", size="sm")
        self.save.clicked.connect(self.save_wanted)
        row.addWidget(self.bounds, 1)
        row.addWidget(self.save, 0, Qt.AlignmentFlag.AlignTop)
        return row

    def show_prompt(self, asked: TaskPrompt, models: Sequence[str]) -> None:
        """Put it into the fields without telling anyone."""
        with QSignalBlocker(self):
            self.prompt.setPlainText(asked.prompt)
            self.run.setText(asked.run)
            self.agent.setCurrentIndex(max(0, self.agent.findData(asked.kind)))
            self._mind_agent()
            self._fill(asked.priority, asked.memory_mib)
            self.show_models(models, asked.model)

    def show_bounds(self, bounds: Bounds) -> None:
        """What can be chosen of priority and memory, and who says so."""
        self._bounds = bounds
        self.bounds.show_text(bounds.words)
        self._fill(*self._chosen())
        self.changed.emit()

    def _chosen(self) -> tuple[int, int]:
        return int(self.priority.currentData()), int(self.memory.currentData())

    def _fill(self, priority: int, memory_mib: int) -> None:
        """Offer what is within the bounds; what was chosen stays, or what is next to it."""
        bounds, kind = self._bounds, str(self.agent.currentData())
        near = max(bounds.priority_min, min(bounds.priority_max, priority))
        for field, choices, chosen in (
            (self.priority, priority_choices(bounds), near),
            (self.memory, memory_choices(bounds, kind, memory_mib), memory_mib),
        ):
            with QSignalBlocker(field):
                field.clear()
                for value, words in choices:
                    field.addItem(words, value)
                field.setCurrentIndex(max(0, field.findData(chosen)))

    def show_models(self, models: Sequence[str], chosen: str) -> None:
        """What can be had; one that was chosen before stays, and its fit is said."""
        agent = self._agents[str(self.agent.currentData())]
        names = [*models, *([chosen] if chosen and chosen not in models else [])]
        with QSignalBlocker(self.model):
            self.model.clear()
            if not agent.needs_model:
                self.model.addItem(tr("none"), "")
            for name in names:
                self.model.addItem(clean_line(name, 80), name)
            self.model.setCurrentIndex(max(0, self.model.findData(chosen)))
        self.model.setEnabled(self.model.count() > 0)
        self.changed.emit()

    def asked(self) -> TaskPrompt:
        """What stands there now."""
        kind = str(self.agent.currentData())
        run = self.run.text() if self._agents[kind].asks_run else ""
        model = str(self.model.currentData() or "")
        return TaskPrompt(self.prompt.toPlainText(), kind, run, model, *self._chosen())

    def _agent_changed(self) -> None:
        known = [str(self.model.itemData(i)) for i in range(self.model.count())]
        self._mind_agent()
        self._fill(*self._chosen())
        self.show_models([name for name in known if name], str(self.model.currentData() or ""))

    def _mind_agent(self) -> None:
        asks = self._agents[str(self.agent.currentData())].asks_run
        self.run.setVisible(asks)
        self._labels[self.run].setVisible(asks)
