"""Lines of the models page: a model, one who waits, a reservation, a project's use.

Lines are kept and changed in place, so that the keyboard's focus stays where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from clawdesk.ui import fonts
from clawdesk.ui.badge import Icon
from clawdesk.ui.button import Button
from clawdesk.ui.paint import paint_bar
from clawdesk.ui.pane import Ground, PaneHead, empty
from clawdesk.ui.safe_text import SafeLabel, clean_line, set_tip
from clawdesk.ui.tokens import colour
from clawdesk.ui.words import tr
from clawdesk.viewmodels.models import ModelRow, UseRow, WaitRow, WindowRow, act_words
from clawdesk.viewmodels.peers import LoanRow

Row = TypeVar("Row")
Line = TypeVar("Line", bound="PageLine")


class Chip(QWidget):
    """A mark beside a name: pinned, reserved."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = clean_line(text, 60)
        self.setAccessibleName(self._text)
        self.setFixedSize(round(fonts.width("caption", self._text) + 13), 18)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(colour("mute-ln"))
        painter.setBrush(colour("mute-bg"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
        painter.setPen(colour("mute"))
        painter.setFont(fonts.font("caption"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._text)


class LoadBar(QWidget):
    """How far a load is, by how long it usually takes."""

    def __init__(self) -> None:
        super().__init__()
        self._share = 0.0
        self.setFixedSize(96, 16)

    def show_share(self, share: float | None) -> None:
        self.setVisible(share is not None)
        if share is not None and share != self._share:
            self._share = share
            self.setAccessibleName(tr("{share} of the usual time", share=f"{share:.0%}"))
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_bar(painter, QRectF(0, 4, self.width(), 8), [(self._share, colour("run"))])


class PageLine(Ground):
    """Two lines of words, and room for buttons at the right."""

    def __init__(self, name: str, *, icon: str = "") -> None:
        super().__init__("bg1", "b")
        self.setObjectName(clean_line(name, 200))
        self.setMinimumHeight(52)
        # Not fixed: that would cut what needs more lines at this width than at the preferred one.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(12, 8, 12, 8)
        self.row.setSpacing(8)
        self.icon = Icon(icon or "dots", "mute")
        self.row.addWidget(self.icon)
        self.icon.setVisible(bool(icon))
        words = QVBoxLayout()
        words.setSpacing(2)
        self.first, self.second = QHBoxLayout(), QHBoxLayout()
        for line in (self.first, self.second):
            line.setContentsMargins(0, 0, 0, 0)
            line.setSpacing(8)
            words.addLayout(line)
        self.row.addLayout(words, 1)


class ModelLine(PageLine):
    """`wanted` carries what to do (load, unload, pin, unpin, reserve) and the model."""

    wanted = Signal(str, str)

    def __init__(self, row: ModelRow) -> None:
        super().__init__(f"model.{row.name}", icon=row.icon)
        self.view: ModelRow | None = None
        self._name = row.name
        self._title = SafeLabel("", font="label", elide=True)
        self._made_of = SafeLabel("", font="small", role="fg2", elide=True)
        self._chips = QHBoxLayout()
        self._chips.setSpacing(4)
        self.first.addWidget(self._title)
        self.first.addLayout(self._chips)
        self.first.addWidget(self._made_of, 1)
        self._word = SafeLabel("", font="chip")
        self._bar = LoadBar()
        self._detail = SafeLabel("", font="small", role="fg1", wrap=True)
        self._detail.setObjectName(clean_line(f"model.{row.name}.detail", 200))
        self._detail.setAlignment(Qt.AlignmentFlag.AlignTop)
        top = Qt.AlignmentFlag.AlignTop
        self.second.addWidget(self._word, 0, top)
        self.second.addWidget(self._bar, 0, top)
        self.second.addWidget(self._detail, 1)
        self.act = self._button("act", act_words("load"), act_words("unload"))
        self.pin = self._button("pin", tr("Pin"), tr("Unpin"))
        self.reserve = self._button("reserve", tr("Reserve…"))
        self.act.clicked.connect(self._act)
        self.pin.clicked.connect(self._pin)
        self.reserve.clicked.connect(lambda: self.wanted.emit("reserve", self._name))

    def _button(self, what: str, *texts: str) -> Button:
        """A button that is as wide whatever it says, so that the rows' buttons stand in columns."""
        made = Button("", clean_line(f"model.{self._name}.{what}", 200), size="sm")
        for text in texts:
            made.show_text(text)
            made.setMinimumWidth(max(made.minimumWidth(), made.sizeHint().width()))
        self.row.addWidget(made)
        return made

    def _act(self) -> None:
        if self.view is not None:
            self.wanted.emit(self.view.act, self._name)

    def _pin(self) -> None:
        if self.view is not None:
            self.wanted.emit("unpin" if self.view.pinned else "pin", self._name)

    def show_row(self, row: ModelRow) -> None:
        if row == self.view:
            return
        old, self.view = self.view, row
        self.icon.show_icon(row.icon, row.family.value)
        self._title.show_text(row.name)
        self._made_of.show_text(row.title)
        self._word.set_role(row.family.value)
        self._word.show_text(row.word)
        self._bar.show_share(row.share)
        why = (
            tr(
                "{act} is not possible: {why}",
                act=act_words(row.act),
                why=row.act_why_not,
            )
            if row.act_why_not
            else ""
        )
        detail = row.problem or " · ".join(part for part in (why, row.detail) if part)
        self._detail.show_text(detail)
        self.setAccessibleName(clean_line(row.spoken, 600))
        if old is None or old.marks != row.marks:
            _refill(self._chips, [Chip(mark) for mark in row.marks])
        name = clean_line(row.name, 100)
        for button, text, spoken, reason in (
            (self.act, act_words(row.act), act_words(row.act, name), row.act_why_not),
            (self.pin, tr("Unpin") if row.pinned else tr("Pin"), "", ""),
            (self.reserve, tr("Reserve…"), tr("Reserve {name}", name=name), ""),
        ):
            button.show_text(text)
            button.setAccessibleName(spoken or f"{text} {name}")
            button.setAccessibleDescription(tr("Not possible: {why}", why=reason) if reason else "")
            button.setEnabled(not reason)
            set_tip(button, tr("Not possible: {why}", why=reason) if reason else "")
        if not row.pinned:
            set_tip(self.pin, tr("Load it and keep it loaded until you unpin it"))


class WaitLine(PageLine):
    """One who waits: place, who, for what, why and for how long."""

    def __init__(self, row: WaitRow) -> None:
        super().__init__(f"wait.{row.key}")
        self._view: WaitRow | None = None
        self._position = SafeLabel("", font="label", role="fg2")
        self._position.setMinimumWidth(16)
        self.row.insertWidget(0, self._position)
        self._who = SafeLabel("", font="button", elide=True)
        self._what = SafeLabel("", font="small", role="fg1", elide=True)
        self._why = SafeLabel("", font="small", role="fg2", wrap=True)
        self.first.addWidget(self._who)
        self.first.addWidget(self._what, 1)
        self.second.addWidget(self._why, 1)
        self._expected = SafeLabel("", font="small", role="fg1")
        self.row.addWidget(self._expected)

    def show_row(self, row: WaitRow) -> None:
        if row == self._view:
            return
        self._view = row
        self._position.show_text(row.position)
        self._who.show_text(row.who)
        self._what.show_text(row.what)
        self._why.show_text(row.why)
        self._expected.show_text(row.expected)
        self.setAccessibleName(clean_line(f"{row.spoken}, {row.expected}", 600))


class LoanLine(PageLine):
    """A model borrowed of a peer, or lent to one: who serves it has no memory of ours to show."""

    def __init__(self, row: LoanRow) -> None:
        super().__init__(f"loan.{row.key}", icon="peer")
        self._model = SafeLabel("", font="label", elide=True)
        self._to = SafeLabel("", font="small", role="fg2", elide=True)
        self._word = SafeLabel("", font="chip")
        self._detail = SafeLabel("", font="small", role="fg1", elide=True)
        self.first.addWidget(self._model)
        self.first.addWidget(self._to, 1)
        self.second.addWidget(self._word)
        self.second.addWidget(self._detail, 1)

    def show_row(self, row: LoanRow) -> None:
        self._model.show_text(row.model)
        self._to.show_text(row.to)
        self._word.set_role(row.family.value)
        self._word.show_text(row.word)
        self._detail.show_text(row.detail)
        self.setAccessibleName(clean_line(row.spoken, 600))


class WindowLine(PageLine):
    """A reservation; `end_wanted` carries its id."""

    end_wanted = Signal(str)

    def __init__(self, row: WindowRow) -> None:
        super().__init__(f"reservation.{row.id}", icon="clock")
        self._text = SafeLabel("", font="button", elide=True)
        self._detail = SafeLabel("", font="small", role="fg1", elide=True)
        self.first.addWidget(self._text, 1)
        self.second.addWidget(self._detail, 1)
        self.end = Button(tr("End"), clean_line(f"reservation.{row.id}.end", 200), size="sm")
        self.end.clicked.connect(lambda: self.end_wanted.emit(row.id))
        self.row.addWidget(self.end)

    def show_row(self, row: WindowRow) -> None:
        self._text.show_text(row.text)
        self._detail.show_text(row.detail)
        words = clean_line(f"{row.text}, {row.detail}", 300)
        self.setAccessibleName(words)
        self.end.setAccessibleName(tr("End the reservation of {what}", what=words))


class UseLine(PageLine):
    """What a project used; `budget_wanted` carries the project."""

    budget_wanted = Signal(str)

    def __init__(self, row: UseRow) -> None:
        super().__init__(f"use.{row.project}", icon="folder")
        self._name = SafeLabel("", font="button", elide=True)
        self._paused = SafeLabel("", font="chip", role="need", elide=True)
        self._detail = SafeLabel("", font="small", role="fg1", elide=True)
        self.first.addWidget(self._name)
        self.first.addWidget(self._paused, 1)
        self.second.addWidget(self._detail, 1)
        self.budget = Button(tr("Budget…"), clean_line(f"use.{row.project}.budget", 200), size="sm")
        self.budget.clicked.connect(lambda: self.budget_wanted.emit(row.project))
        self.row.addWidget(self.budget)

    def show_row(self, row: UseRow) -> None:
        self._name.show_text(row.name)
        set_tip(self._name, row.project)
        self._paused.show_text(row.paused)
        self.icon.show_icon("warn" if row.paused else "folder", "need" if row.paused else "mute")
        self._detail.show_text(row.detail)
        self.setAccessibleName(clean_line(f"{row.name}, {row.detail}. {row.paused}", 400))
        self.budget.setAccessibleName(tr("Budget of {project}", project=clean_line(row.name, 100)))


class Section(QWidget, Generic[Row, Line]):
    """A titled list whose lines are kept by key; a sentence while it is empty."""

    def __init__(
        self,
        title: str,
        name: str,
        empty: str,
        *,
        make: Callable[[Row], Line],
        show: Callable[[Line, Row], None],
        key: Callable[[Row], str],
    ) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(title)
        self._make, self._show, self._key = make, show, key
        self.lines: dict[str, Line] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.head = PaneHead(title)
        self.count = SafeLabel("", font="small", role="fg2")
        self.head.row.addWidget(self.count, 1)
        self._empty = SafeLabel(empty, font="small", role="fg2", wrap=True)
        self._empty.setObjectName(f"{name}.empty")
        self._empty.setContentsMargins(12, 12, 12, 16)
        self._more = SafeLabel("", font="small", role="fg2")
        self._more.setContentsMargins(12, 8, 12, 8)
        self._column = QVBoxLayout()
        self._column.setSpacing(0)
        column.addWidget(self.head)
        column.addLayout(self._column)
        column.addWidget(self._more)
        column.addWidget(self._empty)
        self.show_rows(())

    def show_rows(self, rows: Sequence[Row], more: str = "") -> None:
        wanted = {self._key(row): row for row in rows}
        for key in [key for key in self.lines if key not in wanted]:
            gone = self.lines.pop(key)
            self._column.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        for place, (key, row) in enumerate(wanted.items()):
            line = self.lines.get(key)
            if line is None:
                line = self.lines[key] = self._make(row)
            if self._column.indexOf(line) != place:
                self._column.insertWidget(place, line)
            self._show(line, row)
        self.count.show_text(str(len(wanted)) if wanted else "")
        self._more.show_text(more)
        self._more.setVisible(bool(more))
        self._empty.setVisible(not wanted)

    def say_when_empty(self, text: str) -> None:
        self._empty.show_text(text)


def _refill(layout: QHBoxLayout, widgets: Sequence[QWidget]) -> None:
    empty(layout)
    for widget in widgets:
        layout.addWidget(widget)
