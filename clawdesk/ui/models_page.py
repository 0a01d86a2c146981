"""Models and GPUs on one page: who has which memory, what is loaded, who waits and why."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from clawdesk.ui.badge import Icon
from clawdesk.ui.button import Button
from clawdesk.ui.device_card import DeviceCard, UseLegend
from clawdesk.ui.model_lines import LoanLine, ModelLine, Section, UseLine, WaitLine, WindowLine
from clawdesk.ui.pane import Ground, PaneHead, key_inside
from clawdesk.ui.safe_text import SafeLabel
from clawdesk.ui.split import split
from clawdesk.ui.words import tr
from clawdesk.viewmodels.devices import DeviceHistory, DeviceView
from clawdesk.viewmodels.models import ModelRow, ModelsView, UseRow, WaitRow, WindowRow
from clawdesk.viewmodels.peers import LoanRow


def _area(name: str, inner: QWidget, *, chrome: bool) -> QScrollArea:
    made = QScrollArea()
    made.setObjectName(name)
    made.setProperty("chrome", chrome)
    made.setWidgetResizable(True)
    made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    made.setWidget(inner)
    return made


class ProblemStrip(Ground):
    """Why no model can be started, and the next step; hidden when all is well."""

    def __init__(self) -> None:
        super().__init__("need-bg", "b")
        self.setObjectName("models.problem")
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 10, 16, 10)
        row.setSpacing(10)
        row.addWidget(Icon("warn", "need"), 0, Qt.AlignmentFlag.AlignTop)
        self._what = SafeLabel("", wrap=True, selectable=True)
        self._what.setObjectName("models.problem.what")
        self._mend = SafeLabel("", role="fg1", wrap=True, selectable=True)
        self._mend.setObjectName("models.problem.mend")
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self._what)
        words.addWidget(self._mend)
        row.addLayout(words, 1)
        self.hide()

    def show_problem(self, what: str, mend: str) -> None:
        self._what.show_text(what)
        self._mend.show_text(tr("Next step: {what}", what=mend) if mend else "")
        self._mend.setVisible(bool(mend))
        self.setAccessibleName(f"{self._what.text()} {self._mend.text()}")
        self.setVisible(bool(what))


class ModelsPage(QWidget):
    """Tells what a person wants of a model; who asks the plane is `ModelDesk`."""

    back_wanted = Signal()
    wanted = Signal(str, str)  # act, model
    end_wanted = Signal(str)  # reservation
    budget_wanted = Signal(str)  # project

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("models")
        self.cards: dict[str, DeviceCard] = {}
        self.models: Section[ModelRow, ModelLine] = Section(
            tr("Models"),
            "models.list",
            tr("The catalog names no model."),
            make=self._make_model,
            show=ModelLine.show_row,
            key=lambda row: row.name,
        )
        self.loans: Section[LoanRow, LoanLine] = Section(
            tr("Peers: borrowed and lent"),
            "models.loans",
            "",
            make=LoanLine,
            show=LoanLine.show_row,
            key=lambda row: row.key,
        )
        self.loans.hide()
        self.waits: Section[WaitRow, WaitLine] = Section(
            tr("Queue"),
            "models.queue",
            tr("Nobody waits for a model."),
            make=WaitLine,
            show=WaitLine.show_row,
            key=lambda row: row.key,
        )
        self.windows: Section[WindowRow, WindowLine] = Section(
            tr("Reservations"),
            "models.reservations",
            tr("None. “Reserve…” beside a model has it loaded at a time you choose."),
            make=self._make_window,
            show=WindowLine.show_row,
            key=lambda row: row.id,
        )
        self.uses: Section[UseRow, UseLine] = Section(
            tr("Projects"),
            "models.projects",
            tr("No project has used a model since the model service was started."),
            make=self._make_use,
            show=UseLine.show_row,
            key=lambda row: row.project,
        )
        self.split = split("split.models", Qt.Orientation.Horizontal)
        self.split.addWidget(self._left())
        self.split.addWidget(self._right())
        self.split.setStretchFactor(1, 1)
        self.split.setSizes([400, 1040])
        row = QVBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.split)

    def _left(self) -> QWidget:
        side = Ground("bg0", "r")
        side.setMinimumWidth(300)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 1, 0)
        column.setSpacing(0)
        head = PaneHead(tr("GPUs"), "bg0")
        self._summary = SafeLabel("", font="small", role="fg2", elide=True)
        self._summary.setObjectName("models.summary")
        self._summary.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        head.row.addWidget(self._summary, 1)
        self._no_gpu = SafeLabel("", font="small", role="fg2", wrap=True)
        self._no_gpu.setObjectName("models.gpu_note")
        self._no_gpu.setContentsMargins(12, 12, 12, 12)
        inner = Ground("bg0")
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(self._no_gpu)
        self._column.addStretch(1)
        self.legend = UseLegend()
        column.addWidget(head)
        column.addWidget(_area("models.gpus", inner, chrome=True), 1)
        column.addWidget(self.legend)
        self._history_note = SafeLabel(
            tr("Lines: memory in use or promised, last 10 minutes"), font="caption", role="fg2"
        )
        self._history_note.setContentsMargins(12, 0, 12, 8)
        column.addWidget(self._history_note)
        return side

    def _right(self) -> QWidget:
        page = Ground("bg1")
        page.setMinimumWidth(480)
        self.problem = ProblemStrip()
        self.back = Button(
            tr("Back to the tasks"), "models.back", kind="ghost", icon="cl", size="sm", key="Esc"
        )
        self.back.clicked.connect(self.back_wanted)
        key_inside(self, "Esc", self.back.click)
        self.models.head.row.addWidget(self.back)
        self.set_budget = Button(
            tr("Budget…"), "models.budget", size="sm", spoken=tr("Set a budget")
        )
        self.set_budget.clicked.connect(lambda: self.budget_wanted.emit(""))
        self.uses.head.row.addWidget(self.set_budget)
        inner = Ground("bg1")
        sections = QVBoxLayout(inner)
        sections.setContentsMargins(0, 0, 0, 0)
        sections.setSpacing(0)
        for section in (self.models, self.loans, self.waits, self.windows, self.uses):
            sections.addWidget(section)
        sections.addStretch(1)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.problem)
        column.addWidget(_area("models.scroll", inner, chrome=False), 1)
        return page

    def _make_model(self, row: ModelRow) -> ModelLine:
        made = ModelLine(row)
        made.wanted.connect(self.wanted)
        return made

    def _make_window(self, row: WindowRow) -> WindowLine:
        made = WindowLine(row)
        made.end_wanted.connect(self.end_wanted)
        return made

    def _make_use(self, row: UseRow) -> UseLine:
        made = UseLine(row)
        made.budget_wanted.connect(self.budget_wanted)
        return made

    def regions(self) -> list[QWidget]:
        """What F6 goes round: only parts in which something takes the keyboard."""
        found: list[QWidget] = [*list(self.cards.values())[:1], self.models]
        return [*found, self.uses] if self.set_budget.isEnabled() else found

    # -- showing -------------------------------------------------------------------------------

    def show_devices(
        self, views: Sequence[DeviceView], summary: str, history: DeviceHistory, now_ms: int
    ) -> None:
        """GPUs and this computer's memory; `summary` says why there is no GPU, if so."""
        gpus = [view for view in views if view.index is not None]
        self._summary.show_text(summary if gpus else "")
        self._no_gpu.show_text("" if gpus else summary)
        self._no_gpu.setVisible(bool(summary) and not gpus)
        for key in [key for key in self.cards if key not in {view.id for view in views}]:
            gone = self.cards.pop(key)
            self._column.removeWidget(gone)
            gone.deleteLater()
        for place, view in enumerate(views, 1):
            card = self.cards.get(view.id)
            if card is None:
                card = self.cards[view.id] = DeviceCard(view.id)
            if self._column.indexOf(card) != place:
                self._column.insertWidget(place, card)
            card.show_device(view, history.lines(view.id, now_ms))
        self.legend.show_uses(views)
        self._history_note.setVisible(bool(views))

    def show_loans(self, loans: Sequence[LoanRow]) -> None:
        """What goes between this machine and its peers; nothing is said where there is none."""
        self.loans.setVisible(bool(loans))
        self.loans.show_rows(loans)

    def show_models(self, view: ModelsView) -> None:
        self.problem.show_problem(view.problem, view.mend)
        self.models.say_when_empty(
            tr("The catalog names no model.")
            if view.asked
            else tr("Looking for the model service…")
        )
        add = tr("One of your own is added by: clawdesk-fabric add FILE")
        self.models.show_rows(view.models, add if view.asked else "")
        self.waits.show_rows(view.waits, view.waits_more)
        self.windows.show_rows(view.windows)
        self.uses.show_rows(view.uses)
        self.set_budget.setEnabled(bool(view.models))
