"""An invitation that was made: to copy, what it allows, how it stands, and the way to withdraw it.

It goes to the clipboard only where a person presses Copy, and is on no other page.
"""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QTextOption
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from clawdesk.ui import fonts
from clawdesk.ui.announce import announce
from clawdesk.ui.badge import Icon
from clawdesk.ui.button import Button
from clawdesk.ui.clock import Clock
from clawdesk.ui.safe_text import SafeLabel
from clawdesk.ui.sheet import Sheet
from clawdesk.ui.words import tr
from clawdesk.viewmodels.pairing import Fact, StandingView
from clawdesk.viewmodels.phases import Family

_TEXT_HIGH = 92
_ICONS = {Family.ALIVE: "dots", Family.GOOD: "okc", Family.BAD: "xc", Family.STILL: "note"}


def add_facts(grid: QGridLayout, facts: tuple[Fact, ...]) -> None:
    """A line each, its name before it; what is long is on several lines, and can be copied."""
    for fact in facts:
        place = grid.rowCount()
        name = SafeLabel(fact.name, font="small", role="fg2")
        grid.addWidget(name, place, 0, Qt.AlignmentFlag.AlignTop)
        text = SafeLabel(fact.text, font="small", role="fg0", wrap=True, selectable=True)
        text.setAccessibleName(f"{fact.name}: {text.text()}")
        grid.addWidget(text, place, 1)


class InvitationSheet(Sheet):
    """`withdraw_wanted`, and `anew_wanted` where another one is to take its place.

    Args:
        text: the invitation; "" = nobody here has it any more.
        grant: what whoever follows it may do, whole.
    """

    withdraw_wanted = Signal()
    anew_wanted = Signal()

    def __init__(
        self, parent: QWidget, clock: Clock, *, text: str, facts: tuple[Fact, ...], grant: str
    ) -> None:
        super().__init__("invitation", parent, clock, icon="peer", role="acc")
        self.show_title(tr("Invitation for another machine"))
        self._view = StandingView("", Family.STILL, is_open=True)
        self._busy = False
        column = QVBoxLayout()
        column.setContentsMargins(44, 2, 20, 14)
        column.setSpacing(10)
        self.text = QPlainTextEdit(text)
        self._said = SafeLabel(self._how() if text else self._lost(), role="fg1", wrap=True)
        column.addWidget(self._said)
        column.addLayout(self._text_line(bool(text)))
        self._facts = QWidget()
        grid = QGridLayout(self._facts)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(5)
        grid.setColumnStretch(1, 1)
        add_facts(grid, facts)
        column.addWidget(self._facts)
        self._grant = SafeLabel(grant, font="small", role="fg1", wrap=True)
        self._grant.setObjectName("invitation.grant")
        row = QHBoxLayout()
        row.setSpacing(8)
        self._icon = Icon("dots", "run", 16)
        self.standing = SafeLabel("", wrap=True)
        self.standing.setObjectName("invitation.standing")
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.standing, 1)
        column.addWidget(self._grant)
        column.addLayout(row)
        column.addStretch(1)
        self.body.addLayout(column, 1)
        self._build_foot()

    @staticmethod
    def _how() -> str:
        return tr(
            "On the other machine choose “Pair with an invitation…” and paste it there, or give "
            "it to clawdesk-fabric peers pair - in a terminal. Whoever has it can pair: send it "
            "as you would send a password."
        )

    @staticmethod
    def _lost() -> str:
        return tr(
            "This invitation is open, but its words are not kept anywhere. If they are lost, "
            "make a new one: it takes the place of this one."
        )

    def _text_line(self, shown: bool) -> QHBoxLayout:
        """The invitation, which can be marked by mouse and keyboard, and Copy."""
        self.text.setObjectName("field")
        self.text.setAccessibleName(tr("The invitation"))
        self.text.setAccessibleIdentifier("invitation.text")
        self.text.setReadOnly(True)
        self.text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.text.setTabChangesFocus(True)
        self.text.setFont(fonts.font("code"))
        self.text.setFixedHeight(_TEXT_HIGH)
        self.text.setWordWrapMode(QTextOption.WrapMode.WrapAnywhere)
        self.copy = Button(
            tr("Copy"), "invitation.copy", icon="copy", spoken=tr("Copy the invitation")
        )
        self.copy.clicked.connect(self._copy)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.text, 1)
        row.addWidget(self.copy, 0, Qt.AlignmentFlag.AlignTop)
        for part in (self.text, self.copy):
            part.setVisible(shown)
        return row

    def _build_foot(self) -> None:
        self.withdraw = Button(
            tr("Withdraw the invitation"), "invitation.withdraw", kind="danger", icon="x"
        )
        self.withdraw.clicked.connect(self._withdraw)
        self.anew = Button(tr("Make a new one…"), "invitation.anew", icon="plus")
        self.anew.clicked.connect(self._anew)
        self.later = Button(tr("Close"), "invitation.stay", key="Esc")
        self.later.clicked.connect(self.reject)
        self.foot.addWidget(self.withdraw)
        self.foot.addStretch(1)
        self.foot.addWidget(self.anew)
        self.foot.addWidget(self.later)
        self.later.setFocus(Qt.FocusReason.OtherFocusReason)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text.toPlainText())
        self.copy.show_text(tr("Copied"), tr("The invitation is copied"))
        announce(self, tr("The invitation is copied"))

    def _withdraw(self) -> None:
        if not self.guard.up:
            self.withdraw_wanted.emit()

    def _anew(self) -> None:
        if not self.guard.up:
            self.anew_wanted.emit()

    def show_standing(self, view: StandingView) -> None:
        """How it stands now; once it holds no more its words are gone from the screen."""
        if view == self._view:
            return
        self._view = view
        self._icon.show_icon(_ICONS.get(view.family, "note"), view.family.value)
        self.standing.show_text(view.text)
        if not view.is_open:
            announce(self, view.text)
            self.text.clear()
            for part in (self._said, self.text, self.copy, self._facts):
                part.hide()
            self._grant.setVisible(view.is_paired)
            self.show_notice("")
        self.mind_buttons()
        if not view.is_open and self.isVisible():
            self.resize(self.width(), self.sizeHint().height())

    def show_busy(self, busy: bool) -> None:
        """Withdrawing is under way."""
        self._busy = busy
        self.mind_buttons()

    def mind_buttons(self) -> None:
        if not hasattr(self, "later"):
            return
        ready = not self.guard.up and not self._busy
        self.withdraw.setVisible(self._view.is_open)
        self.withdraw.setEnabled(ready)
        is_lost = self._view.is_open and self.text.isHidden()
        self.anew.setVisible(is_lost or not (self._view.is_open or self._view.is_paired))
        self.anew.setEnabled(ready)

    def sizeHint(self) -> QSize:
        return self.fitted(620)
