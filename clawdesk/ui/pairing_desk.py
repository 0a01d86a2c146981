"""Between the plane and the sheets that pair: makes and withdraws invitations, follows others'.

What becomes of an invitation is told by the plane's watch on the model service; nothing is polled.
The invitation made here is remembered while it is open, in memory only.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from clawdesk.ports.errors import PortError
from clawdesk.ports.models import Peering
from clawdesk.ports.pairing import OPEN, MadeInvitation, PeerInvitation, PeerWish
from clawdesk.ui.ask_sheet import AskSheet, Way
from clawdesk.ui.banner import Notice
from clawdesk.ui.invitation_sheet import InvitationSheet
from clawdesk.ui.invite_sheet import InviteSheet
from clawdesk.ui.join_sheet import JoinSheet
from clawdesk.ui.words import tr
from clawdesk.viewmodels import pairing
from clawdesk.viewmodels.told import told

if TYPE_CHECKING:
    from clawdesk.ui.desk import Desk


class PairingDesk(QObject):
    """Pairing of one desk."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._desk = desk
        self._made: MadeInvitation | None = None
        self._shown: InvitationSheet | None = None
        self._shown_id = ""

    # -- why not -------------------------------------------------------------------------------

    def _peering(self) -> Peering | None:
        status = self._desk.plane.environment.fabric
        return status.peering if status is not None else None

    def open_one(self) -> PeerInvitation | None:
        """The invitation of this machine that can be followed now."""
        return pairing.open_invitation(self._desk.plane.environment.fabric)

    def why_no_invitation(self) -> str:
        plane, lost = self._desk.plane, self._desk.decisions.unsent.lost
        return pairing.why_no_pairing(plane.environment, plane.state.environment, lost=lost)

    def why_no_joining(self) -> str:
        plane, lost = self._desk.plane, self._desk.decisions.unsent.lost
        return pairing.why_no_joining(plane.environment, plane.state.environment, lost=lost)

    def why_no_withdrawal(self) -> str:
        why = self.why_no_invitation()
        return why or ("" if self.open_one() else tr("no invitation is open"))

    def why_no_deafness(self) -> str:
        """Why it cannot be turned off that this machine listens for peers."""
        why, peering = self.why_no_invitation(), self._peering()
        is_deaf = peering is None or not peering.listening
        return why or (tr("this machine does not listen for peers") if is_deaf else "")

    # -- inviting ------------------------------------------------------------------------------

    def invite(self) -> None:
        """The sheet that makes an invitation, or the one that is open."""
        found = self.open_one()
        if found is not None:
            self._show(found)
        else:
            self._ask_invite()

    def _ask_invite(self) -> None:
        desk, peering = self._desk, self._peering()
        sheet = InviteSheet(
            desk.window,
            desk.clock,
            models=pairing.lendable(desk.plane.environment.fabric),
            listening=peering.listening if peering is not None else "",
        )
        sheet.wanted.connect(partial(self._make, sheet))
        desk.decisions.show_sheet(sheet)

    def _make(self, sheet: InviteSheet, wish: PeerWish, listen: str, address: str) -> None:
        making = self._making(sheet, wish, listen, address)
        self._desk.errands.start("invite peer", tr("Making the invitation"), making)

    async def _making(self, sheet: InviteSheet, wish: PeerWish, listen: str, address: str) -> None:
        plane = self._desk.plane
        sheet.show_sending(True)
        try:
            if listen:
                await plane.listen_for_peers(listen)
            made = await plane.invite_peer(wish, address)
        except PortError as error:
            if self._desk.decisions.sheet is not sheet:
                raise
            sheet.show_sending(False)
            sheet.show_refusal(pairing.refusal(error))
            return
        self._made = made
        if self._desk.decisions.sheet is not sheet:
            return  # it was closed meanwhile; the invitation stands below the peers
        found = PeerInvitation(
            made.id, OPEN, made.until_s, made.address, wish.name, wish.models, wish.calls
        )
        self._show(found)

    def _show(self, found: PeerInvitation) -> None:
        desk, peering, made = self._desk, self._peering(), self._made
        is_ours = made is not None and made.id == found.id
        own = peering.fingerprint if peering is not None else ""
        listening = peering.listening if peering is not None else ""
        sheet = InvitationSheet(
            desk.window,
            desk.clock,
            text=made.text if made is not None and is_ours else "",
            facts=pairing.made_facts(
                found,
                made.fingerprint if made is not None and is_ours else own,
                desk.clock.now_ms(),
                desk.clock.offset_ms(),
                listening,
            ),
            grant=pairing.grant_words(found.models, found.calls),
        )
        sheet.withdraw_wanted.connect(self.withdraw)
        sheet.anew_wanted.connect(self._ask_invite)
        sheet.finished.connect(lambda _: self._left(sheet))
        sheet.show_standing(pairing.standing_view(found.id, found))
        desk.decisions.show_sheet(sheet)
        self._shown, self._shown_id = sheet, found.id

    def _left(self, sheet: InvitationSheet) -> None:
        if self._shown is sheet:
            self._shown, self._shown_id = None, ""

    def withdraw(self) -> None:
        """It lets nobody in any more; who has it learns that when it is tried."""
        what = tr("Withdrawing the invitation")
        self._desk.errands.start("withdraw invitation", what, self._withdrawing(self._shown))

    async def _withdrawing(self, sheet: InvitationSheet | None) -> None:
        if sheet is not None:
            sheet.show_busy(True)
        try:
            await self._desk.plane.withdraw_invitation()
        except PortError as error:
            if sheet is None or self._shown is not sheet:
                raise
            sheet.show_notice(pairing.refusal(error), "bad")
        finally:
            if sheet is not None and self._shown is sheet:
                sheet.show_busy(False)

    def follow(self) -> None:
        """The plane has looked at the model service: bring what is on screen up to date."""
        peering = self._peering()
        if peering is None:
            return  # it was too slow to tell, or is gone: nothing is known of it
        latest = peering.invitation
        if self._shown is not None:
            self._shown.show_standing(pairing.standing_view(self._shown_id, latest))
        made = self._made
        if made is None or latest is None or latest.id != made.id or latest.state == OPEN:
            return
        self._made = None  # it holds no more, and need not be remembered
        view = pairing.standing_view(made.id, latest)
        if self._shown is None and view.is_paired:
            self._desk.window.banner.show_notice(Notice("ok", view.text))

    def deafen(self) -> None:
        """Ask before no machine can come any more."""
        sheet = AskSheet(
            "deafen",
            self._desk.window,
            self._desk.clock,
            title=tr("Listen for peers no longer?"),
            text=tr(
                "Machines that use models of this one cannot reach it any more, and their calls "
                "end. They stay paired. What this machine uses of others goes on."
            ),
            ways=(Way("go", tr("Stop listening"), "danger", "x"),),
            icon="peer",
        )
        sheet.chosen.connect(
            lambda _: self._desk.errands.start(
                "deafen", tr("Closing the address for peers"), self._deafening()
            )
        )
        self._desk.decisions.show_sheet(sheet)

    async def _deafening(self) -> None:
        outcome = await self._desk.plane.listen_for_peers("")
        self._desk.window.banner.show_notice(Notice("ok", told(outcome.text)))

    # -- following another machine's -----------------------------------------------------------

    def join(self) -> None:
        """Paste an invitation, see whom it names, pair."""
        desk, peering = self._desk, self._peering()
        sheet = JoinSheet(
            desk.window,
            desk.clock,
            models=pairing.lendable(desk.plane.environment.fabric),
            lends=peering is not None and bool(peering.listening),
        )
        sheet.read_wanted.connect(partial(self._read, sheet))
        sheet.wanted.connect(partial(self._pair, sheet))
        sheet.stop_wanted.connect(self._stop)
        desk.decisions.show_sheet(sheet)

    def _read(self, sheet: JoinSheet, text: str) -> None:
        self._desk.errands.start("", tr("Reading the invitation"), self._reading(sheet, text))

    async def _reading(self, sheet: JoinSheet, text: str) -> None:
        """Only what stands in the field now counts."""
        clock = self._desk.clock
        try:
            read = await self._desk.plane.read_invitation(text)
        except PortError as error:
            if self._is_about(sheet, text):
                sheet.show_refusal(pairing.refusal(error))
            return
        if self._is_about(sheet, text):
            sheet.show_read(pairing.read_view(read, clock.now_ms(), clock.offset_ms()))

    def _is_about(self, sheet: JoinSheet, text: str) -> bool:
        return self._desk.decisions.sheet is sheet and sheet.pasted() == text

    def _pair(self, sheet: JoinSheet, text: str, wish: PeerWish) -> None:
        self._desk.errands.start("join peer", tr("Pairing"), self._pairing(sheet, text, wish))

    async def _pairing(self, sheet: JoinSheet, text: str, wish: PeerWish) -> None:
        address = sheet.view.facts[0].text if sheet.view is not None else ""
        sheet.show_asking(address)
        try:
            outcome = await self._desk.plane.join_peer(text, wish)
        except PortError as error:
            if self._desk.decisions.sheet is not sheet:
                raise PortError(pairing.refusal(error), code=error.code) from error
            sheet.show_asking("")
            sheet.show_refusal(pairing.refusal(error))
            return
        if self._desk.decisions.sheet is sheet:
            sheet.show_asking("")
            sheet.accept()
        step = tr("Its models stand on the page of models, and can be named in a task.")
        self._desk.window.banner.show_notice(Notice("ok", told(outcome.text), step))

    def _stop(self) -> None:
        stopping = self._desk.plane.stop_joining()
        self._desk.errands.start("stop joining", tr("Calling the pairing off"), stopping)
