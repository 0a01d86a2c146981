"""Reserve a model for a time, and give a project a budget; refusals stay on the sheet."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QDateTime, QSize, Qt, Signal
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from clawdesk.ui.clock import Clock
from clawdesk.ui.form_sheet import Choice, FormSheet
from clawdesk.ui.safe_text import SafeLabel, clean_line
from clawdesk.ui.words import tr
from clawdesk.viewmodels.models import project_name
from clawdesk.viewmodels.projects import names_of

HOUR_S = 3600
TIME_FORMAT = "yyyy-MM-dd HH:mm"
GPU_HOURS_MAX = 1_000_000.0
TOKENS_MAX = 10**15
WEIGHT_MIN, WEIGHT_MAX = 0.01, 1000


def _projects_box(projects: Sequence[str], first: str) -> QComboBox:
    """Projects by name; the whole path is the item's value and tip."""
    made = Choice()
    if first:
        made.addItem(first, "")
    for path, name in names_of({path: project_name(path) for path in projects}).items():
        made.addItem(clean_line(name, 80), path)
        tip = clean_line(path, 300)
        made.setItemData(made.count() - 1, tip, Qt.ItemDataRole.AccessibleDescriptionRole)
    return made


class ReserveSheet(FormSheet):
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
            words=tr(
                "The model is loaded when the time begins and stays loaded until it ends. "
                "Meanwhile it answers only whom it is reserved for, and nobody takes its memory."
            ),
            go=tr("Reserve"),
        )
        self.show_title(tr("Reserve a model"))
        self.model = Choice()
        for name in models:
            self.model.addItem(clean_line(name, 80), name)
        self.model.setCurrentIndex(max(0, self.model.findData(model)))
        self.project = _projects_box(projects, tr("all projects"))
        self.project.setCurrentIndex(max(0, self.project.findData(project)))
        now_s = clock.now_ms() // 1000
        self.begin, self.end = _time_field(now_s), _time_field(now_s + HOUR_S)
        self.add_field(tr("Model"), self.model, "reserve.model")
        self.add_field(tr("For"), self.project, "reserve.project")
        self.add_field(tr("From"), self.begin, "reserve.from")
        self.add_field(tr("Until"), self.end, "reserve.until")
        self.model.setFocus(Qt.FocusReason.OtherFocusReason)

    def send(self) -> None:
        begin_s, end_s = _seconds(self.begin.text()), _seconds(self.end.text())
        if begin_s is None or end_s is None:
            wrong = tr("From") if begin_s is None else tr("Until")
            self.show_refusal(tr("“{wrong}” must be a time like 2026-01-31 14:00.", wrong=wrong))
            return
        if end_s <= max(begin_s, self.clock.now_ms() // 1000):
            self.show_refusal(tr("“Until” must be after “From”, and must not have passed."))
            return
        self.wanted.emit(
            self.model.currentData(), self.project.currentData(), float(begin_s), float(end_s)
        )

    def sizeHint(self) -> QSize:
        return self.fitted(520)


def _time_field(at_s: int) -> QLineEdit:
    made = QLineEdit(QDateTime.fromSecsSinceEpoch(at_s).toString(TIME_FORMAT))
    made.setMaxLength(20)
    made.setPlaceholderText("2026-01-31 14:00")
    return made


def _seconds(text: str) -> int | None:
    """A local time of day as seconds since 1970; None for anything else."""
    found = QDateTime.fromString(text.strip(), TIME_FORMAT)
    return int(found.toSecsSinceEpoch()) if found.isValid() else None


class BudgetSheet(FormSheet):
    """`wanted` carries project, GPU-hours, tokens (0 = no limit) and weight."""

    wanted = Signal(str, float, float, float)

    def __init__(
        self,
        parent: QWidget,
        clock: Clock,
        *,
        projects: Sequence[str],
        project: str,
        limits: dict[str, tuple[float, int, float]],
        used: dict[str, str],
    ) -> None:
        super().__init__(
            "budget",
            parent,
            clock,
            icon="shield",
            words=tr(
                "What a project may use of the models from now on. When it is used up, its "
                "calls wait and say so until you raise it. An empty field is no limit. A project "
                "of weight 2 gets twice the GPU time of one of weight 1 while both want it."
            ),
            go=tr("Set budget"),
        )
        self.show_title(tr("Budget of a project"))
        self._limits, self._used = limits, used
        self.project = _projects_box(projects, "")
        self.project.setCurrentIndex(max(0, self.project.findData(project)))
        self.gpu_hours, self.tokens, self.weight = QLineEdit(), QLineEdit(), QLineEdit()
        for field, empty in (
            (self.gpu_hours, tr("no limit")),
            (self.tokens, tr("no limit")),
            (self.weight, "1"),
        ):
            field.setMaxLength(20)
            field.setPlaceholderText(empty)
        self.add_field(tr("Project"), self.project, "budget.project")
        self.used = SafeLabel("", role="fg1")
        self.add_field(tr("Used so far"), self.used, "budget.used")
        self.add_field(tr("GPU-hours"), self.gpu_hours, "budget.hours")
        self.add_field(tr("Tokens"), self.tokens, "budget.tokens")
        self.add_field(tr("Weight"), self.weight, "budget.weight")
        self.project.currentIndexChanged.connect(lambda _: self._show_limits())
        self._show_limits()
        self.project.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_limits(self) -> None:
        hours, tokens, weight = self._limits.get(self.project.currentData(), (0.0, 0, 1.0))
        self.used.show_text(self._used.get(self.project.currentData(), tr("nothing yet")))
        self.gpu_hours.setText(f"{hours:g}" if hours else "")
        self.tokens.setText(str(tokens) if tokens else "")
        self.weight.setText(f"{weight:g}" if weight != 1 else "")

    def send(self) -> None:
        hours = _number(self.gpu_hours.text(), GPU_HOURS_MAX)
        tokens = _number(self.tokens.text(), TOKENS_MAX)
        if hours is None or tokens is None:
            wrong = tr("GPU-hours") if hours is None else tr("Tokens")
            self.show_refusal(
                tr("“{wrong}” must be a number that is not negative, or empty.", wrong=wrong)
            )
            return
        weight = _number(self.weight.text() or "1", WEIGHT_MAX)
        if weight is None or weight < WEIGHT_MIN:
            self.show_refusal(
                tr("“Weight” must be a number from {least} to {most}.", least="0.01", most="1000")
            )
            return
        self.wanted.emit(self.project.currentData(), hours, float(int(tokens)), weight)

    def sizeHint(self) -> QSize:
        return self.fitted(520)


def _number(text: str, most: float) -> float | None:
    """A number from 0 to `most`, 0 for an empty field; None for anything else."""
    try:
        value = float(text.strip().replace(",", "") or 0)
    except ValueError:
        return None
    return value if 0 <= value <= most else None
