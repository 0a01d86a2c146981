"""Other machines that lend models or borrow ours: each in words, with what was last known of it.

Pure. A peer that is away is shown as it was last seen, and what runs there as not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clawdesk.domain.peers import ago
from clawdesk.ports.inference import FabricStatus
from clawdesk.ports.models import Model, Peer, Peering
from clawdesk.viewmodels.amounts import calls, listed
from clawdesk.viewmodels.language import counted, tr
from clawdesk.viewmodels.pairing import open_invitation, open_words
from clawdesk.viewmodels.phases import Family
from clawdesk.viewmodels.told import told

NAMES_MAX = 4


@dataclass(frozen=True, slots=True)
class PeerRow:
    """One peer.

    Args:
        state: here, or away.
        detail: what it lends while it is here; else when it was last seen.
        tip: where it is, who it is and what is wrong, one fact a line.
        cut: what ends when it is revoked, in sentences.
    """

    name: str
    here: bool
    state: str
    detail: str
    tip: str
    cut: tuple[str, ...]

    @property
    def text(self) -> str:
        """`here, lends 2 models`, `away, last seen 14 m ago`."""
        return f"{self.state}, {self.detail}"


@dataclass(frozen=True, slots=True)
class LoanRow:
    """A model that goes over the line between two machines: borrowed, or lent (`to` = whom)."""

    key: str
    model: str
    word: str
    family: Family
    detail: str
    to: str = ""

    @property
    def spoken(self) -> str:
        return ", ".join(part for part in (self.model, self.to, self.word, self.detail) if part)


@dataclass(frozen=True, slots=True)
class PeersView:
    """`shown`: there is somebody, or somebody could come; else nothing is said of peers at all."""

    shown: bool = False
    rows: tuple[PeerRow, ...] = ()
    loans: tuple[LoanRow, ...] = ()
    listening: str = ""
    invitation: str = ""


def peers_view(status: FabricStatus | None, now_ms: int = 0, offset_ms: int = 0) -> PeersView:
    """All peers as they stand; nobody where the model service tells of none.

    Args:
        now_ms: 0 = not known, then times are of the day alone.
        offset_ms: the time zone's distance from UTC.
    """
    peering = status.peering if status is not None else None
    if status is None or peering is None:
        return PeersView()
    models = {model.name: model for model in status.models}
    loans = [row for peer in peering.peers for row in _loans(peer, models)]
    invitation = open_invitation(status)
    return PeersView(
        shown=bool(peering.peers or peering.listening),
        rows=tuple(map(_row, peering.peers)),
        loans=tuple(loans),
        listening=peering.listening,
        invitation=open_words(invitation, now_ms, offset_ms) if invitation is not None else "",
    )


def away_words(peering: Peering | None) -> str:
    """`1 peer away`; "" while all are here."""
    gone = sum(not peer.here for peer in peering.peers) if peering is not None else 0
    return counted(gone, "{count} peer away", "{count} peers away") if gone else ""


def away_lines(peering: Peering | None) -> str:
    """Who is away, and since when, one a line."""
    gone = [peer for peer in (peering.peers if peering is not None else ()) if not peer.here]
    return "\n".join(f"{peer.name}: {state_words(peer)}" for peer in gone)


def state_words(peer: Peer) -> str:
    """`here`, `away, last seen 14 m ago`."""
    return tr("here") if peer.here else f"{tr('away')}, {_seen_words(peer)}"


def _seen_words(peer: Peer) -> str:
    if peer.last_seen_s is not None:
        return tr("last seen {time} ago", time=ago(peer.last_seen_s))
    if peer.state == "never":
        return tr("never reached yet")
    return tr("not seen since the start")


def _lends_words(peer: Peer) -> str:
    if not peer.offers:
        return tr("lends no model")
    return counted(len(peer.offers), "lends {count} model", "lends {count} models")


def _served_words(peer: Peer) -> str:
    """Its calls here: how many are answered, how many wait; "" while there is none."""
    return _calls_words(
        sum(served.running for served in peer.served), sum(served.waiting for served in peer.served)
    )


def _calls_words(running: int, waiting: int) -> str:
    """`2 calls run, 1 waits`; "" where there is none."""
    runs = counted(running, "{count} call runs", "{count} calls run") if running else ""
    if runs and waiting:
        return f"{runs}, {counted(waiting, '{count} waits', '{count} wait')}"
    return runs or (counted(waiting, "{count} call waits", "{count} calls wait") if waiting else "")


def _row(peer: Peer) -> PeerRow:
    served = _served_words(peer)
    facts = (
        tr("Its calls here: {calls}", calls=served) if served else "",
        _lends_words(peer) if served else "",
        peer.address or tr("It comes to this machine; its own address is not known."),
        tr("Fingerprint {print}", print=peer.fingerprint) if peer.fingerprint else "",
        "" if peer.here else told(peer.why),
    )
    return PeerRow(
        name=peer.name,
        here=peer.here,
        state=tr("here") if peer.here else tr("away"),
        detail=(served or _lends_words(peer)) if peer.here else _seen_words(peer),
        tip="\n".join(fact for fact in facts if fact),
        cut=_cut(peer),
    )


def _cut(peer: Peer) -> tuple[str, ...]:
    """What revoking it ends."""
    found = []
    if peer.borrowed_in_flight:
        found.append(
            counted(
                peer.borrowed_in_flight,
                "{count} call of yours that it answers now breaks off.",
                "{count} calls of yours that it answers now break off.",
            )
        )
    if peer.lent.in_flight:
        found.append(
            counted(
                peer.lent.in_flight,
                "{count} call of its own that is answered here breaks off.",
                "{count} calls of its own that are answered here break off.",
            )
        )
    if peer.offers:
        names = listed([f"{peer.name}/{offer.model}" for offer in peer.offers], NAMES_MAX)
        found.append(tr("Calls to {models} fail from then on.", models=names))
    if peer.lent.models:
        names = listed(list(peer.lent.models), NAMES_MAX)
        found.append(tr("It can use {models} of this machine no more.", models=names))
    return tuple(found)


def _loans(peer: Peer, models: Mapping[str, Model]) -> list[LoanRow]:
    word = state_words(peer)
    said = f"{word[:1].upper()}{word[1:]}"
    family = Family.GOOD if peer.here else Family.STILL
    made = []
    for offer in peer.offers:
        name = f"{peer.name}/{offer.model}"
        known = models.get(name)
        detail = [tr("{calls} at once", calls=calls(offer.calls))]
        if not peer.here:
            detail.append(tr("what runs there is not known"))
        elif known is not None and known.in_flight:
            detail.append(tr("{count} in flight", count=known.in_flight))
        made.append(LoanRow(name, name, said, family, " · ".join(detail)))
    for model in peer.lent.models:
        to = tr("lent to {peer}", peer=peer.name)
        detail = [tr("{calls} at once", calls=calls(peer.lent.calls))]
        served = next((served for served in peer.served if served.model == model), None)
        if served is not None:
            detail.append(_calls_words(served.running, served.waiting))
        elif peer.lent.in_flight and not peer.served:
            # It is counted for the peer, not for each model.
            detail.append(tr("{count} in flight of all it borrows", count=peer.lent.in_flight))
        made.append(LoanRow(f"{model}>{peer.name}", model, said, family, " · ".join(detail), to))
    return made
