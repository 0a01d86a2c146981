"""Change what a paired machine may use of this one: what it may use now, ticked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QWidget

from clawdesk.ports.models import Loan
from clawdesk.ui.clock import Clock
from clawdesk.ui.form_sheet import Choice, FormSheet
from clawdesk.ui.grant_fields import LoanFields
from clawdesk.ui.safe_text import SafeLabel, clean_line
from clawdesk.ui.words import tr
from clawdesk.viewmodels.pairing import loan_words


class LendSheet(FormSheet):
    """`wanted` carries the peer and what it may use from now on, as a PeerWish.

    Args:
        loans: what is lent now, by peer; at least one.
        peer: the one that is shown first.
        models: that can be lent. What is lent and can be no more stands behind them.
        listens: another machine can come here at all.
    """

    wanted = Signal(object)  # PeerWish

    def __init__(
        self,
        parent: QWidget,
        clock: Clock,
        *,
        loans: Mapping[str, Loan],
        peer: str,
        models: Sequence[str],
        listens: bool,
    ) -> None:
        words = tr("From now on the other machine may use what is ticked here, and nothing else.")
        if not listens:
            away = tr("This machine does not listen for peers, so the other one cannot come now.")
            words = f"{words} {away}"
        super().__init__("lend", parent, clock, icon="peer", words=words, go=tr("Change it"))
        self._loans = loans
        self.peer = Choice()
        for name in sorted(loans):
            self.peer.addItem(clean_line(name, 64), name)
        self.add_field(tr("Peer"), self.peer, "lend.peer")
        self.now = SafeLabel("", role="fg1", wrap=True)
        self.now.setObjectName("lend.now")
        place = self.grid.rowCount()
        self.grid.addWidget(SafeLabel(tr("Lent now"), role="fg1"), place, 0)
        self.grid.addWidget(self.now, place, 1)
        lent = (model for loan in loans.values() for model in loan.models)
        self.fields = LoanFields(self, "lend", tuple(dict.fromkeys((*models, *lent))), lends=True)
        self.peer.setCurrentIndex(max(0, self.peer.findData(peer)))
        self.peer.currentIndexChanged.connect(lambda _: self._show_peer())
        self._show_peer()

    def _chosen(self) -> str:
        return str(self.peer.currentData())

    def _show_peer(self) -> None:
        loan = self._loans[self._chosen()]
        self.show_title(tr("Lend models to {peer}", peer=self._chosen()))
        self.now.show_text(loan_words(loan.models, loan.calls))
        self.fields.show_loan(loan.models, max(1, loan.calls))
        self.show_refusal("")

    def send(self) -> None:
        wish = self.fields.wish_for(self._chosen())
        if wish is not None:
            self.wanted.emit(wish)

    def sizeHint(self) -> QSize:
        return self.fitted(520)
