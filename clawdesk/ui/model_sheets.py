"""Reserve a model for a time, and give a project a budget; refusals stay on the sheet."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QDateTime, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QLineEdit, QVBoxLayout, QWidget

from clawdesk.ui import fonts, icons
from clawdesk.ui.button import Button
from clawdesk.ui.clock import Clock
from clawdesk.ui.safe_text import SafeLabel, clean_line
from clawdesk.ui.sheet import Sheet
from clawdesk.ui.words import tr
from clawdesk.viewmodels.models import project_name

HOUR_S = 3600
TIME_FORMAT = "yyyy-MM-dd HH:mm"
GPU_HOURS_MAX = 1_000_000.0
TOKENS_MAX = 10**15


class _FormSheet(Sheet):
    """Fields in a grid, what came of it below, two buttons."""

    def __init__(
        self, name: str, parent: QWidget, clock: Clock, *, icon: str, words: str, go: str
    ) -> None:
        super().__init__(name, parent, clock, icon=icon, role="acc")
        self._sending = False
        column = QVBoxLayout()
        column.setContentsMargins(44, 2, 20, 16)
        column.setSpacing(10)
        column.addWidget(SafeLabel(words, role="fg1", wrap=True))
        self.grid = QGridLayout()
        self.grid.setHorizontalSpacing(12)
        self.grid.setVerticalSpacing(8)
        self.grid.setColumnStretch(1, 1)
        column.addLayout(self.grid)
        self.outcome = SafeLabel("", role="bad", wrap=True, selectable=True)
        self.outcome.setObjectName(f"{name}.result")
        self.outcome.hide()
        column.addWidget(self.outcome)
        column.addStretch(1)
        self.body.addLayout(column, 1)
        self.later = Button(tr("Back"), f"{name}.stay", key="Esc")
        self.go = Button(go, f"{name}.go", kind="yes")
        self.later.clicked.connect(self.reject)
        self.go.clicked.connect(self._pressed)
        self.foot.addStretch(1)
        self.foot.addWidget(self.later)
        self.foot.addWidget(self.go)

    def add_field(self, label: str, field: QWidget, name: str) -> None:
        place = self.grid.rowCount()
        field.setObjectName(name)
        field.setAccessibleName(label)
        field.setFont(fonts.font("body"))
        self.grid.addWidget(SafeLabel(label, role="fg1"), place, 0)
        self.grid.addWidget(field, place, 1)

    def _pressed(self) -> None:
        if self.go.isEnabled():
            self.show_refusal("")
            self.send()

    def send(self) -> None:
        """Emit what the fields say, or say what is wrong with them."""

    def mind_buttons(self) -> None:
        if hasattr(self, "go"):
            self.go.setEnabled(not self.guard.up and not self._sending)

    def show_sending(self, sending: bool) -> None:
        self._sending = sending
        self.mind_buttons()

    def show_refusal(self, text: str) -> None:
        """Nothing was changed: why, with figures; the fields stay as they are."""
        self.outcome.show_text(text)
        self.outcome.setVisible(bool(text))
        self.resize(self.width(), max(self.height(), self.minimumSizeHint().height()))


class _Choice(QComboBox):
    """A combo box with an arrow of our own icons."""

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        icons.draw(painter, self.width() - 24, (self.height() - 16) / 2, "cd", "fg2")


def _projects_box(projects: Sequence[str], first: str) -> QComboBox:
    """Projects by name; the whole path is the item's value and tip."""
    made = _Choice()
    if first:
        made.addItem(first, "")
    for path in projects:
        made.addItem(clean_line(project_name(path), 80), path)
        tip = clean_line(path, 300)
        made.setItemData(made.count() - 1, tip, Qt.ItemDataRole.AccessibleDescriptionRole)
    return made


class ReserveSheet(_FormSheet):
    """`wanted` carries model, project, from and until (seconds since 1970)."""

    wanted = Signal(str, str, float, float)

    def __init__(
        self,
        parent: QWidget,
        clock: Clock,
        *,
        models: Sequence[str],
        model: str,
        projects: Sequence[str],
        project: str,
    ) -> None:
        super().__init__(
            "reserve",
            parent,
            clock,
            icon="clock",
            words="The model is loaded when the time begins and stays loaded until it ends. "
            "Meanwhile it answers only whom it is reserved for, and nobody takes its memory.",
            go="Reserve",
        )
        self.show_title(tr("Reserve a model"))
        self.model = _Choice()
        for name in models:
            self.model.addItem(clean_line(name, 80), name)
        self.model.setCurrentIndex(max(0, self.model.findData(model)))
        self.project = _projects_box(projects, "all projects")
        self.project.setCurrentIndex(max(0, self.project.findData(project)))
        now_s = clock.now_ms() // 1000
        self.begin, self.end = _time_field(now_s), _time_field(now_s + HOUR_S)
        self.add_field("Model", self.model, "reserve.model")
        self.add_field("For", self.project, "reserve.project")
        self.add_field("From", self.begin, "reserve.from")
        self.add_field("Until", self.end, "reserve.until")
        self.model.setFocus(Qt.FocusReason.OtherFocusReason)

    def send(self) -> None:
        begin_s, end_s = _seconds(self.begin.text()), _seconds(self.end.text())
        if begin_s is None or end_s is None:
            wrong = "From" if begin_s is None else "Until"
            self.show_refusal(f"“{wrong}” must be a time like 2026-01-31 14:00.")
            return
        if end_s <= max(begin_s, self.clock.now_ms() // 1000):
            self.show_refusal("“Until” must be after “From”, and must not have passed.")
            return
        self.wanted.emit(
            self.model.currentData(), self.project.currentData(), float(begin_s), float(end_s)
        )

    def sizeHint(self) -> QSize:
        return QSize(520, 340)


def _time_field(at_s: int) -> QLineEdit:
    made = QLineEdit(QDateTime.fromSecsSinceEpoch(at_s).toString(TIME_FORMAT))
    made.setMaxLength(20)
    made.setPlaceholderText("2026-01-31 14:00")
    return made


def _seconds(text: str) -> int | None:
    """A local time of day as seconds since 1970; None for anything else."""
    found = QDateTime.fromString(text.strip(), TIME_FORMAT)
    return int(found.toSecsSinceEpoch()) if found.isValid() else None


class BudgetSheet(_FormSheet):
    """`wanted` carries project, GPU-hours and tokens; 0 = no limit."""

    wanted = Signal(str, float, float)

    def __init__(
        self,
        parent: QWidget,
        clock: Clock,
        *,
        projects: Sequence[str],
        project: str,
        limits: dict[str, tuple[float, int]],
    ) -> None:
        super().__init__(
            "budget",
            parent,
            clock,
            icon="shield",
            words="What a project may use of the models from now on. When it is used up, its "
            "calls wait and say so until you raise it. An empty field is no limit.",
            go="Set budget",
        )
        self.show_title(tr("Budget of a project"))
        self._limits = limits
        self.project = _projects_box(projects, "")
        self.project.setCurrentIndex(max(0, self.project.findData(project)))
        self.gpu_hours, self.tokens = QLineEdit(), QLineEdit()
        for field in (self.gpu_hours, self.tokens):
            field.setMaxLength(20)
            field.setPlaceholderText(tr("no limit"))
        self.add_field("Project", self.project, "budget.project")
        self.add_field("GPU-hours", self.gpu_hours, "budget.hours")
        self.add_field("Tokens", self.tokens, "budget.tokens")
        self.project.currentIndexChanged.connect(lambda _: self._show_limits())
        self._show_limits()
        self.project.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_limits(self) -> None:
        hours, tokens = self._limits.get(self.project.currentData(), (0.0, 0))
        self.gpu_hours.setText(f"{hours:g}" if hours else "")
        self.tokens.setText(str(tokens) if tokens else "")

    def send(self) -> None:
        hours = _number(self.gpu_hours.text(), GPU_HOURS_MAX)
        tokens = _number(self.tokens.text(), TOKENS_MAX)
        if hours is None or tokens is None:
            wrong = "GPU-hours" if hours is None else "Tokens"
            self.show_refusal(f"“{wrong}” must be a number that is not negative, or empty.")
            return
        self.wanted.emit(self.project.currentData(), hours, float(int(tokens)))

    def sizeHint(self) -> QSize:
        return QSize(520, 310)


def _number(text: str, most: float) -> float | None:
    """A number from 0 to `most`, 0 for an empty field; None for anything else."""
    try:
        value = float(text.strip().replace(",", "") or 0)
    except ValueError:
        return None
    return value if 0 <= value <= most else None
