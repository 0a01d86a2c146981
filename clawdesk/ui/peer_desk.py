"""Between the plane and the peers: paints them, and sends what a person wants of one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from clawdesk.ports.errors import PortError
from clawdesk.ports.pairing import PeerWish
from clawdesk.ui.ask_sheet import AskSheet, Lines, Way
from clawdesk.ui.banner import Notice
from clawdesk.ui.lend_sheet import LendSheet
from clawdesk.ui.main_window import Page
from clawdesk.ui.pairing_desk import PairingDesk
from clawdesk.ui.words import tr
from clawdesk.viewmodels.pairing import lendable, refusal
from clawdesk.viewmodels.palette import Entry
from clawdesk.viewmodels.peers import PeersView, peers_view
from clawdesk.viewmodels.told import told

if TYPE_CHECKING:
    from clawdesk.ui.desk import Desk


class PeerDesk(QObject):
    """The peers of one desk."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._desk = desk
        self._section = desk.window.projects.peers
        self.view = PeersView()
        self._section.fold_wanted.connect(lambda: desk.registry.trigger("fold_peers"))
        self.pairing = PairingDesk(desk)
        for signal, act in (
            (self._section.invite_wanted, "invite_peer"),
            (self._section.join_wanted, "join_peer"),
            (self._section.withdraw_wanted, "withdraw_invitation"),
            (self._section.deafen_wanted, "deafen_peers"),
        ):
            signal.connect(lambda act=act: desk.registry.trigger(act))
        self._section.shown_wanted.connect(self.show_models)
        self._section.why_no_lending = self.why_no_lending
        self._section.lend_wanted.connect(self.lend)
        self._section.revoke_wanted.connect(self.revoke)

    def paint(self) -> None:
        """The section, and what is lent and borrowed on the page of models."""
        clock = self._desk.clock
        status = self._desk.plane.environment.fabric
        self.view = peers_view(status, clock.now_ms(), clock.offset_ms())
        self._section.show_peers(self.view, folded=self._desk.memory.peers_folded())
        self._desk.window.models.show_loans(self.view.loans)
        self.pairing.follow()

    # -- what a person wants -------------------------------------------------------------------

    def entries(self) -> list[Entry]:
        """What can be done with each peer, for the palette."""
        made = []
        for row in self.view.rows:
            text, run = tr("Lend models to {peer}…", peer=row.name), partial(self.lend, row.name)
            why = self.why_no_lending()
            made.append(Entry(text, row.text, "peer", "", run, why, group=tr("Peers")))
            text, run = tr("Revoke {peer}…", peer=row.name), partial(self.revoke, row.name)
            made.append(Entry(text, row.text, "peer", "", run, group=tr("Peers")))
        return made

    def why_none(self) -> str:
        """Why nothing of peers can be shown, "" = it can."""
        return "" if self.view.shown else tr("no peer is paired, and nothing listens for one")

    def fold(self) -> None:
        self._desk.memory.fold_peers(not self._desk.memory.peers_folded())
        self.paint()

    def show_models(self) -> None:
        if self._desk.window.page is not Page.MODELS:
            self._desk.registry.trigger("models")

    # -- lending -------------------------------------------------------------------------------

    def why_no_lending(self) -> str:
        """Why what is lent cannot be changed now, "" = it can."""
        why = self.pairing.why_no_invitation()
        return why or ("" if self.view.rows else tr("no peer is paired"))

    def lend(self, name: str = "") -> None:
        """What that peer may use now, to be changed; "" = any of them first."""
        desk, status = self._desk, self._desk.plane.environment.fabric
        peering = status.peering if status is not None else None
        if peering is None or self.why_no_lending():
            return
        sheet = LendSheet(
            desk.window,
            desk.clock,
            loans={peer.name: peer.lent for peer in peering.peers},
            peer=name,
            models=lendable(status),
            listens=bool(peering.listening),
        )
        sheet.wanted.connect(partial(self._lend, sheet))
        desk.decisions.show_sheet(sheet)

    def _lend(self, sheet: LendSheet, wish: PeerWish) -> None:
        what = tr("Changing what {peer} may use", peer=wish.name)
        self._desk.errands.start(f"lend {wish.name}", what, self._lending(sheet, wish))

    async def _lending(self, sheet: LendSheet, wish: PeerWish) -> None:
        sheet.show_sending(True)
        try:
            outcome = await self._desk.plane.lend_to_peer(wish)
        except PortError as error:
            if self._desk.decisions.sheet is not sheet:
                raise
            sheet.show_sending(False)
            sheet.show_refusal(refusal(error))
            return
        if self._desk.decisions.sheet is sheet:
            sheet.accept()
        self._desk.window.banner.show_notice(Notice("ok", told(outcome.text), "", outcome.text))

    # -- revoking ------------------------------------------------------------------------------

    def revoke(self, name: str) -> None:
        """Ask before, with what ends."""
        row = next((row for row in self.view.rows if row.name == name), None)
        if row is None:
            return
        sheet = AskSheet(
            "revoke",
            self._desk.window,
            self._desk.clock,
            title=tr("Revoke {peer}?", peer=name),
            text=tr(
                "Neither machine reaches the other any more. To undo it, both have to be paired "
                "again, by a new invitation."
            ),
            groups=(Lines("", "note", "fg2", row.cut),),
            ways=(Way("go", tr("Revoke"), "danger", "x"),),
            icon="peer",
        )
        sheet.chosen.connect(lambda _: self._revoke(name))
        self._desk.decisions.show_sheet(sheet)

    def _revoke(self, name: str) -> None:
        what = tr("Revoking {peer}", peer=name)
        self._desk.errands.start(f"revoke {name}", what, self._told(name))

    async def _told(self, name: str) -> None:
        outcome = await self._desk.plane.revoke_peer(name)
        kind = "ok" if outcome.ok else "bad"
        self._desk.window.banner.show_notice(Notice(kind, told(outcome.text), "", outcome.text))


def register(desk: Desk) -> None:
    """What can be done about peers, in the registry's present group."""
    add, peers = desk.registry.add, desk.peers
    pairing = peers.pairing
    add("fold_peers", "Fold or unfold the peers", peers.fold, icon="peer", why_not=peers.why_none)
    add(
        "invite_peer",
        "Invite a machine as a peer…",
        pairing.invite,
        icon="peer",
        why_not=pairing.why_no_invitation,
    )
    add(
        "join_peer",
        "Pair with an invitation of another machine…",
        pairing.join,
        icon="plus",
        why_not=pairing.why_no_joining,
    )
    add(
        "lend_to_peer",
        "Change what is lent to a peer…",
        peers.lend,
        icon="peer",
        why_not=peers.why_no_lending,
    )
    add(
        "withdraw_invitation",
        "Withdraw the invitation that is open",
        pairing.withdraw,
        icon="x",
        why_not=pairing.why_no_withdrawal,
    )
    add(
        "deafen_peers",
        "Listen for peers no longer…",
        pairing.deafen,
        icon="stop",
        why_not=pairing.why_no_deafness,
    )
