"""What another machine shall be called here and may use: fields of sheets that pair and lend."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QLineEdit, QScrollArea, QVBoxLayout

from clawdesk.ports.pairing import PeerWish
from clawdesk.ui.check_box import CheckBox
from clawdesk.ui.form_sheet import FormSheet
from clawdesk.ui.pane import Ground
from clawdesk.ui.safe_text import SafeLabel, clean_line
from clawdesk.ui.words import tr
from clawdesk.viewmodels.pairing import CALLS_MAX, grant_words

_SHOWN_MAX = 5  # models at once; more are scrolled to
_LINE = 26


class _Models(QScrollArea):
    """Boxes to tick, none of them at first: nothing is lent that nobody named."""

    changed = Signal()

    def __init__(self, name: str, models: Sequence[str]) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the keyboard goes to the boxes
        self.boxes: dict[str, CheckBox] = {}
        inner = Ground("bg1")
        column = QVBoxLayout(inner)
        column.setContentsMargins(2, 0, 2, 0)
        column.setSpacing(0)
        for model in models:
            box = self.boxes[model] = CheckBox(clean_line(model, 80), f"{name}.{model}")
            box.setFixedHeight(_LINE)
            box.toggled.connect(self.changed)
            column.addWidget(box)
        if not models:
            column.addWidget(SafeLabel(tr("no model runs on this machine"), role="fg2"))
        self.setWidget(inner)
        self._lines = max(1, min(len(models), _SHOWN_MAX))
        self.setMaximumHeight(_LINE * self._lines)

    def sizeHint(self) -> QSize:
        return QSize(200, _LINE * self._lines)

    def minimumSizeHint(self) -> QSize:
        """In a small window it is scrolled before anything else is cut."""
        return QSize(120, _LINE * min(2, self._lines))

    def chosen(self) -> tuple[str, ...]:
        return tuple(model for model, box in self.boxes.items() if box.isChecked())


class LoanFields:
    """What it may use, and how many calls at a time, in the grid of a sheet.

    Args:
        lends: the other machine can come here, so that it could use something.
    """

    def __init__(self, sheet: FormSheet, name: str, models: Sequence[str], *, lends: bool) -> None:
        self._sheet = sheet
        self.models = _Models(f"{name}.model", models if lends else ())
        self.calls = QLineEdit("1")
        self.calls.setMaxLength(2)
        self.words = SafeLabel("", font="small", role="fg1", wrap=True)
        self.words.setObjectName(f"{name}.grant")
        if lends:
            sheet.add_field(tr("It may use"), self.models, f"{name}.models")
            sheet.add_field(tr("Calls at a time"), self.calls, f"{name}.calls")
            self.models.changed.connect(self._mind)
            self.calls.textChanged.connect(lambda _: self._mind())
        sheet.grid.addWidget(self.words, sheet.grid.rowCount(), 0, 1, 2)
        if lends:
            self._mind()
        else:
            self.words.show_text(
                tr("This machine does not listen for peers, so the other one can use nothing here.")
            )

    def _calls(self) -> int | None:
        """None where it is no number that can be granted."""
        text = self.calls.text().strip()
        number = int(text) if text.isascii() and text.isdecimal() else 0
        return number if 1 <= number <= CALLS_MAX else None

    def _mind(self) -> None:
        self.words.show_text(grant_words(self.models.chosen(), self._calls() or 1))
        self._sheet.grow()

    def show_loan(self, models: Collection[str], calls: int) -> None:
        """Tick what is lent."""
        for model, box in self.models.boxes.items():
            box.setChecked(model in models)
        self.calls.setText(str(calls))

    def wish_for(self, name: str) -> PeerWish | None:
        """What stands in the fields; None where the sheet said what is wrong with it."""
        calls = self._calls()
        if calls is None:
            self._sheet.show_refusal(
                tr("“Calls at a time” must be a number from 1 to {most}.", most=CALLS_MAX)
            )
            return None
        return PeerWish(name, self.models.chosen(), calls)


class GrantFields(LoanFields):
    """The same below what it shall be called here, of both sheets that pair."""

    def __init__(self, sheet: FormSheet, name: str, models: Sequence[str], *, lends: bool) -> None:
        self.name = QLineEdit()
        self.name.setMaxLength(32)
        self.name.setPlaceholderText(tr("as it calls itself"))
        sheet.add_field(tr("Call it"), self.name, f"{name}.name")
        super().__init__(sheet, name, models, lends=lends)

    def wish(self) -> PeerWish | None:
        """As `wish_for`, of the name in the field."""
        return self.wish_for(self.name.text().strip())
