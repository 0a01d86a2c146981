"""Invite a machine as a peer: where it finds this one, and what it may use."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from clawdesk.ui.ask_sheet import Lines
from clawdesk.ui.clock import Clock
from clawdesk.ui.form_sheet import FormSheet
from clawdesk.ui.grant_fields import GrantFields
from clawdesk.ui.safe_text import clean_line
from clawdesk.ui.words import tr
from clawdesk.viewmodels.pairing import is_anywhere

_ADDRESS_CHARS_MAX = 300
_EXAMPLE = "192.168.1.5:7000"


class InviteSheet(FormSheet):
    """`wanted` carries what the machine may use, where to listen first, and where it finds us.

    Args:
        listening: HOST:PORT where this machine listens for peers, "" = nowhere: then it asks.
    """

    wanted = Signal(object, str, str)  # PeerWish

    def __init__(
        self, parent: QWidget, clock: Clock, *, models: Sequence[str], listening: str
    ) -> None:
        super().__init__(
            "invite",
            parent,
            clock,
            icon="peer",
            words=tr(
                "Makes an invitation that you carry to the other machine. Whoever follows it may "
                "use what you choose here, and nothing else. It holds for ten minutes, once."
            ),
            go=tr("Make the invitation") if listening else tr("Listen and make the invitation"),
            groups=() if listening else (Lines("", "need", "need", (_listens_from_now(),)),),
        )
        self.show_title(tr("Invite a machine"))
        self._listening = listening
        self.address = QLineEdit()
        self.address.setMaxLength(_ADDRESS_CHARS_MAX)
        known = "" if is_anywhere(listening) else clean_line(listening, _ADDRESS_CHARS_MAX)
        self.address.setPlaceholderText(known or tr("such as {address}", address=_EXAMPLE))
        name = tr("It connects to") if listening else tr("Listen at")
        self.add_field(name, self.address, "invite.address")
        self.fields = GrantFields(self, "invite", models, lends=True)
        self.address.setFocus(Qt.FocusReason.OtherFocusReason)

    def send(self) -> None:
        address = self.address.text().strip()
        if not address and not self._listening:
            self.show_refusal(
                tr("“Listen at” must be an address like {address}.", address=_EXAMPLE)
            )
            return
        if is_anywhere(address or self._listening):
            self.show_refusal(
                tr(
                    "Name the address at which the other machine finds this one, such as "
                    "{address}: 0.0.0.0 stands for all of them.",
                    address=_EXAMPLE,
                )
            )
            return
        wish = self.fields.wish()
        if wish is not None:
            listen = "" if self._listening else address
            self.wanted.emit(wish, listen, address if self._listening else "")

    def sizeHint(self) -> QSize:
        return self.fitted(560)


def _listens_from_now() -> str:
    return tr(
        "This machine does not listen for other machines yet. It will, at the address you name: "
        "now and at every start, until you turn it off. Only paired machines, and whoever "
        "follows an open invitation, are let in."
    )
