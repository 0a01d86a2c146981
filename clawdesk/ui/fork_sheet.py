"""Another task from a checkpoint: what it gets, what it is called, and with which variables."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget

from clawdesk.domain.parameters import pairs_of
from clawdesk.ui.ask_sheet import Lines
from clawdesk.ui.clock import Clock
from clawdesk.ui.form_sheet import FormSheet
from clawdesk.ui.safe_text import SafeLabel
from clawdesk.ui.segments import Segments
from clawdesk.ui.words import tr
from clawdesk.viewmodels.forks import FORKS_AT_ONCE, ForkView

TITLE_CHARS_MAX = 190


class ForkSheet(FormSheet):
    """`wanted` carries task, ordinal, the title of each fork, and variables."""

    wanted = Signal(str, int, object, object)

    def __init__(self, parent: QWidget, clock: Clock, view: ForkView) -> None:
        super().__init__(
            "fork",
            parent,
            clock,
            icon="fork",
            words=tr(
                "Another task begins at that moment and goes its own way, on a lane of its own "
                "below. Later you compare them and keep one."
            ),
            go=tr("Fork"),
            groups=(
                Lines(tr("It gets"), "check", "ok", view.gets),
                Lines(tr("It takes"), "cpu", "fg2", view.costs),
            ),
        )
        self._view = view
        self._count = 1
        self.show_title(view.title)
        self.name = QLineEdit(view.names[0])
        self.name.setMaxLength(TITLE_CHARS_MAX)
        self.add_field(tr("Name"), self.name, "fork.name")
        self.variables = QPlainTextEdit()
        self.variables.setPlaceholderText(tr("TEMPERATURE=0.2, one a line"))
        self.variables.setFixedHeight(58)
        self.variables.setTabChangesFocus(True)
        self.add_field(tr("Variables"), self.variables, "field")
        self.variables.setAccessibleIdentifier("fork.variables")
        hint = SafeLabel(view.later_steps, font="caption", role="fg2", wrap=True)
        self.grid.addWidget(hint, self.grid.rowCount(), 1)
        self.counts = Segments("fork.count", [(n, n) for n in "1234"[:FORKS_AT_ONCE]])
        self.counts.chosen.connect(self._choose_count)
        self.add_field(tr("How many"), self.counts, "fork.count")
        self.grid.setAlignment(self.counts, Qt.AlignmentFlag.AlignLeft)
        self.name.setFocus(Qt.FocusReason.OtherFocusReason)

    def _choose_count(self, count: str) -> None:
        self._count = int(count)
        self.go.show_text(tr("Fork") if self._count == 1 else tr("Make {count} forks", count=count))

    def send(self) -> None:
        found, mistake = pairs_of(self.variables.toPlainText())
        if mistake:
            self.show_refusal(mistake)
            return
        titles = self._view.titles(self.name.text().strip(), self._count)
        self.wanted.emit(self._view.task, self._view.ordinal, titles, found)

    def sizeHint(self) -> QSize:
        return self.fitted(580)
