"""Pair with an invitation of another machine: whom it names stands there before anything is sent.

While the other machine is asked, Cancel and Esc end that; afterwards what is paired is paired.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QTextOption
from PySide6.QtWidgets import QGridLayout, QPlainTextEdit, QVBoxLayout, QWidget

from clawdesk.ui import fonts
from clawdesk.ui.ask_sheet import Lines, add_lines
from clawdesk.ui.clock import Clock
from clawdesk.ui.form_sheet import FormSheet
from clawdesk.ui.grant_fields import GrantFields
from clawdesk.ui.invitation_sheet import add_facts
from clawdesk.ui.pane import empty
from clawdesk.ui.words import tr
from clawdesk.viewmodels.pairing import BEGIN, ReadView

_TEXT_HIGH = 76
TEXT_CHARS_MAX = 4096


class JoinSheet(FormSheet):
    """`read_wanted` carries what was pasted, `wanted` that and what the other side may use here.

    `stop_wanted`: nobody waits for the other machine any longer.
    """

    read_wanted = Signal(str)
    wanted = Signal(str, object)  # PeerWish
    stop_wanted = Signal()

    view: ReadView | None = None

    def __init__(
        self, parent: QWidget, clock: Clock, *, models: Sequence[str], lends: bool
    ) -> None:
        super().__init__(
            "join",
            parent,
            clock,
            icon="peer",
            words=tr(
                "Paste what the other machine made by “Invite a machine…”, or printed for "
                "clawdesk-fabric peers pair. Nothing is sent to it before you press Pair. What "
                "tasks send to its models leaves this machine."
            ),
            go=tr("Pair"),
        )
        self.show_title(tr("Pair with an invitation"))
        self.text = QPlainTextEdit()
        self.text.setPlaceholderText(f"{BEGIN}…")
        self.text.setTabChangesFocus(True)
        self.text.setMinimumHeight(_TEXT_HIGH // 2)
        self.text.setMaximumHeight(_TEXT_HIGH)
        self.text.setWordWrapMode(QTextOption.WrapMode.WrapAnywhere)
        self.add_field(tr("Invitation"), self.text, "field")
        self.text.setFont(fonts.font("code"))
        self.text.setAccessibleIdentifier("join.text")
        self._named = QWidget()
        self._named.setObjectName("join.named")
        QVBoxLayout(self._named).setContentsMargins(0, 0, 0, 0)
        self.grid.addWidget(self._named, self.grid.rowCount(), 1)
        self._named.hide()
        self.fields = GrantFields(self, "join", models, lends=lends)
        self.notice.setContentsMargins(44, 0, 20, 12)
        self.text.textChanged.connect(self._changed)
        self.text.setFocus(Qt.FocusReason.OtherFocusReason)
        self.mind_buttons()

    @property
    def sending(self) -> bool:
        return self._sending

    def pasted(self) -> str:
        """What stands in the field, without the blanks that come with copying."""
        return "".join(self.text.toPlainText().split())

    def _changed(self) -> None:
        """Whom it names is asked anew; what was said of another text is gone."""
        self.view = None
        self._named.hide()
        self.show_refusal("")
        self.mind_buttons()
        text = self.pasted()
        if len(text) > TEXT_CHARS_MAX:
            self.show_refusal(tr("This is too long for an invitation."))
        elif text:
            self.read_wanted.emit(text)

    def show_read(self, view: ReadView) -> None:
        """Whom the invitation names; from now on it can be followed."""
        self.view = view
        column = self._named.layout()
        assert isinstance(column, QVBoxLayout)
        empty(column)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(5)
        grid.setColumnStretch(1, 1)
        add_facts(grid, view.facts)
        column.addLayout(grid)
        add_lines(column, Lines("", "warn", "need", view.warnings))
        self._named.show()
        if view.name and not self.fields.name.text():
            self.fields.name.setPlaceholderText(view.name)
        self.go.show_text(view.go)
        self.grow()
        self.mind_buttons()

    def send(self) -> None:
        wish = self.fields.wish()
        if wish is not None and self.view is not None:
            self.wanted.emit(self.pasted(), wish)

    def show_asking(self, address: str) -> None:
        """The other machine is asked; "" = no longer."""
        self.show_sending(bool(address))
        self.show_notice(tr("Asking {address}…", address=address) if address else "", "fg1")
        self.later.show_text(tr("Cancel") if address else tr("Not now"))
        for field in (self.text, self.fields.name, self.fields.models, self.fields.calls):
            field.setEnabled(not address)
        if address:
            self.later.setFocus(Qt.FocusReason.OtherFocusReason)

    def mind_buttons(self) -> None:
        super().mind_buttons()
        if hasattr(self, "go") and self.view is None:
            self.go.setEnabled(False)

    def reject(self) -> None:
        """While it asks, the first Esc ends that and leaves what was typed; the next one closes."""
        if self._sending:
            self.stop_wanted.emit()
        else:
            super().reject()

    def give_way(self) -> None:
        """Another sheet takes its place."""
        if self._sending:
            self.stop_wanted.emit()
        super().reject()

    def sizeHint(self) -> QSize:
        return self.fitted(620)
