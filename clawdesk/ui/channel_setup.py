"""Between the plane and the settings page's section about OpenClaw: set up, test, remove."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from clawdesk.ports.channel import USUAL_ADDRESS
from clawdesk.ui.ask_sheet import AskSheet, Way
from clawdesk.ui.clock import Clock
from clawdesk.ui.decisions import Call
from clawdesk.ui.form_sheet import FormSheet
from clawdesk.ui.safe_text import clean_line
from clawdesk.ui.words import tr
from clawdesk.viewmodels.channel import channel_page
from clawdesk.viewmodels.told import told

if TYPE_CHECKING:
    from clawdesk.ui.desk import Desk

TEST_S = 60.0
_CHARS_MAX = 512


class ChannelSheet(FormSheet):
    """`wanted` carries the address and the token, which is never shown."""

    wanted = Signal(str, str)

    def __init__(self, parent: QWidget, clock: Clock, *, address: str) -> None:
        super().__init__(
            "channel",
            parent,
            clock,
            icon="inbox",
            words=tr(
                "Requests of your tasks are shown on this gateway too. Its token stands in its "
                "configuration as gateway.auth.token; it is kept in the keyring only until the "
                "gateway has given ClawDesk one of its own. Another address means another pairing."
            ),
            go=tr("Connect"),
        )
        self.show_title(tr("Answer through OpenClaw"))
        self.address, self.token = QLineEdit(clean_line(address, _CHARS_MAX)), QLineEdit()
        self.token.setEchoMode(QLineEdit.EchoMode.Password)
        for field in (self.address, self.token):
            field.setMaxLength(_CHARS_MAX)
        self.address.setPlaceholderText(USUAL_ADDRESS)
        self.add_field(tr("Address"), self.address, "channel.address")
        self.add_field(tr("Token"), self.token, "channel.token")
        self.token.setFocus(Qt.FocusReason.OtherFocusReason)

    def send(self) -> None:
        if not self.token.text().strip():
            self.show_refusal(tr("The gateway's token is needed."))
            return
        self.wanted.emit(self.address.text().strip() or USUAL_ADDRESS, self.token.text())

    def sizeHint(self) -> QSize:
        return QSize(560, 300)


class ChannelSetUp(QObject):
    """The section of one desk."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._desk, self._section = desk, desk.window.settings.channel
        self._section.add_wanted.connect(self._ask_add)
        self._section.test_wanted.connect(self._test)
        self._section.again_wanted.connect(self._look)
        self._section.remove_wanted.connect(self._ask_remove)

    def paint(self) -> None:
        """From what the plane published last."""
        plane = self._desk.plane
        self._section.show_page(channel_page(plane.environment.channel, plane.state.tasks))

    def begin(self) -> None:
        """The page is shown anew: nothing is told of what was done before."""
        self._section.show_outcome("", "fg1")
        self.paint()

    def _look(self) -> None:
        self._section.show_outcome("", "fg1")
        self._desk.errands.start("channel", tr("Looking for the gateway"), self._looked())

    async def _looked(self) -> None:
        """A gateway that was given up is called again by the question itself."""
        view = await self._desk.plane.channel()
        self._section.show_page(channel_page(view, self._desk.plane.state.tasks))

    def _ask_add(self) -> None:
        desk = self._desk
        address = desk.plane.environment.channel.status.address or USUAL_ADDRESS
        sheet = ChannelSheet(desk.window, desk.clock, address=address)
        sheet.wanted.connect(partial(self._add, sheet))
        desk.decisions.show_sheet(sheet)

    def _add(self, sheet: ChannelSheet, address: str, token: str) -> None:
        call = partial(self._desk.plane.add_channel, address, token)
        self._desk.errands.start("channel", tr("Setting up"), self._added(sheet, call))

    async def _added(self, sheet: ChannelSheet, call: Call) -> None:
        await self._desk.decisions.deliver(sheet, call)
        self.paint()

    def _test(self) -> None:
        self._desk.errands.start("channel", tr("Sending a test message"), self._tested())

    async def _tested(self) -> None:
        self._section.show_testing(True)
        try:
            outcome = await self._desk.plane.test_channel(TEST_S)
        finally:
            self._section.show_testing(False)
        self._section.show_outcome(told(outcome.text), "ok" if outcome.ok else "bad")

    def _ask_remove(self) -> None:
        desk = self._desk
        sheet = AskSheet(
            "channel.remove",
            desk.window,
            desk.clock,
            title=tr("Use OpenClaw no more?"),
            text=tr(
                "What is shown there runs out by itself, and what let ClawDesk in is forgotten. "
                "Every request can be answered here all the same."
            ),
            ways=[Way("go", tr("Remove"), "danger")],
            stay=tr("Keep it"),
            icon="inbox",
        )
        sheet.chosen.connect(
            lambda _: desk.errands.start("channel", tr("Removing"), self._removed())
        )
        desk.decisions.show_sheet(sheet)

    async def _removed(self) -> None:
        outcome = await self._desk.plane.remove_channel()
        self._section.show_outcome(told(outcome.text), "fg1" if outcome.ok else "bad")
        self.paint()
