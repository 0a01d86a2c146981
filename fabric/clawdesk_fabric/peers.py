"""The Fabrics of other machines: whom we know, whether each is there, and what it lends.

Each is asked in the background, never while somebody waits for an answer. What they lend becomes
models of ours, named PEER/MODEL; what they use of ours is let in by `peers_door.py`.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import socket
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from clawdesk_fabric import peers_asking as asking
from clawdesk_fabric import peers_kept as kept
from clawdesk_fabric.errors import FabricError
from clawdesk_fabric.kept import wall_ms
from clawdesk_fabric.peers_asking import Offer
from clawdesk_fabric.peers_identity import (
    Identity,
    checked_certificate,
    fingerprint_of,
    open_identity,
)
from clawdesk_fabric.peers_joining import Joining, check_not_own
from clawdesk_fabric.peers_kept import Lent, Peer, PeerFile
from clawdesk_fabric.peers_pairing import (
    ADDRESS,
    LIFE_S,
    Invitation,
    Inviting,
    Standing,
    check_reachable,
    parse_address,
    parse_invitation,
)
from clawdesk_fabric.specs import ModelSpec, PeerSource

log = logging.getLogger("clawdesk_fabric")
LOOK_S = 10.0
AGAIN_S = 1.0
"""Who did not answer once is asked again so soon, before it counts as away."""
MISSES_MAX = 2
_IDLE_STOP_S = 300
REQUESTS_PER_S, BURST = 100, 100
"""Of one peer, those that are refused too: to answer faster would cost our own callers."""


@dataclass(slots=True)
class Link:
    """How one peer stands. Times are of the loop's clock.

    Args:
        seen_s: when it last answered or asked; None = not since this Fabric began.
        why: why it is away, "" while it is here or was never looked for.
        in_flight: its calls here.
        paced_s: until when what it asked takes up its share of our attention.
    """

    seen_s: float | None = None
    offers: tuple[Offer, ...] = ()
    why: str = ""
    misses: int = 0
    in_flight: int = 0
    paced_s: float = 0.0
    tls: ssl.SSLContext | None = field(default=None, repr=False)

    def pace(self, now_s: float) -> float:
        """One more request: how long it has to wait, so that there are not too many a second."""
        least_s = now_s - BURST / REQUESTS_PER_S
        self.paced_s = max(self.paced_s, least_s) + 1 / REQUESTS_PER_S
        return max(0.0, self.paced_s - now_s)


@dataclass(frozen=True, slots=True)
class Meant:
    """What was meant with an invitation: all of it but the secret.

    Args:
        id: tells one invitation from the next; no part of it is in the invitation.
        name: what whoever follows it will be called, "" = what it calls itself.
        until_s: when it runs out, in seconds since 1970.
        peer: who followed it, "" = nobody yet.
    """

    id: str
    address: str
    name: str
    lent: Lent
    until_s: int
    peer: str = ""


class Peers:
    """All of them.

    Args:
        folder: where this Fabric's identity and the list of its peers lie.
        changed: called when what is lent to us, or whom the listener trusts, may be another.
        lost: called with a peer and why, when calls there can no longer end well.
        move: has the listener listen there instead, "" = nowhere. Raises FabricError.
    """

    def __init__(
        self,
        folder: Path,
        *,
        changed: Callable[[], Awaitable[None]],
        lost: Callable[[str, str], None],
        move: Callable[[str], Awaitable[None]],
        look_s: float = LOOK_S,
    ) -> None:
        self._folder = folder
        self._changed = changed
        self._lost = lost
        self._move = move
        self._look_s = look_s
        self._file = _opened(folder / "peers.json")
        self._identity: Identity | None = None
        self._inviting: Inviting | None = None
        self._joining = Joining()
        self.meant: Meant | None = None
        """The latest invitation since this Fabric began; None = there was none."""
        self._links: dict[str, Link] = {}
        self._again = asyncio.Event()
        self.listening = ""
        """HOST:PORT once the listener is open."""
        self.port = 0
        if (folder / "identity.pem").exists():
            try:
                self._identity = open_identity(folder)
            except FabricError as error:  # told again to whoever needs it
                log.error("%s", error.what)

    # -- who --------------------------------------------------------------------------------------

    def identity(self) -> Identity:
        """Ours, made when it is first needed. Raises FabricError."""
        if self._identity is None:
            self._identity = open_identity(self._folder)
        return self._identity

    @property
    def fingerprint(self) -> str | None:
        """Ours; None as long as none was needed."""
        return None if self._identity is None else self._identity.fingerprint

    def all(self) -> list[Peer]:
        return list(self._file.peers.values())

    def get(self, name: str) -> Peer:
        """Raises FabricError."""
        found = self._file.peers.get(name)
        if found is None:
            known = ", ".join(self._file.peers) or "none"
            raise FabricError(
                f"there is no peer {name[:64]!r}; known: {known}",
                mend="clawdesk-fabric peers list",
                code="not_found",
            )
        return found

    def by_fingerprint(self, fingerprint: str) -> Peer | None:
        return self._file.by_fingerprint(fingerprint)

    @property
    def listen(self) -> str:
        """Where to listen at every start, "" = nowhere."""
        return self._file.listen

    async def listen_at(self, address: str) -> None:
        """Listen there from now on and at every start, "" = no longer. Raises FabricError."""
        if address:
            parse_address(address)
        await self._move(address)
        # Where any port was asked for, the one that was had: peers look for us there.
        self._file.listen_at(address and f"{address.rpartition(':')[0]}:{self.port}")

    def link(self, name: str) -> Link:
        return self._links.setdefault(name, Link())

    def spoke(self, peer: Peer) -> None:
        """It asked something of us just now."""
        link = self.link(peer.name)
        link.seen_s = asyncio.get_running_loop().time()
        if not peer.address:
            link.why = ""
        self._mark_seen(peer)

    def _mark_seen(self, peer: Peer) -> None:
        if not peer.was_seen:
            with suppress(FabricError):  # a full disk; only whether it was ever seen is lost
                self._file.keep(replace(peer, was_seen=True))

    def state_of(self, peer: Peer) -> tuple[str, str]:
        """("here", ""), ("away", why) or ("never", why)."""
        link, now = self.link(peer.name), asyncio.get_running_loop().time()
        if link.seen_s is not None and not link.why:
            if peer.address or now - link.seen_s < 3 * self._look_s:
                return "here", ""
            return "away", f"{peer.name} has asked nothing for {now - link.seen_s:.0f} s"
        silent = f"{peer.name} was not heard of yet since this Fabric began"
        return ("away" if peer.was_seen else "never"), link.why or silent

    def problem(self, name: str) -> str:
        """Why calls to this peer would be lost, "" if they would not, or there is no such peer."""
        peer = self._file.peers.get(name)
        if peer is None or not peer.address:
            return ""
        state, why = self.state_of(peer)
        return "" if state == "here" else why

    # -- what they lend ---------------------------------------------------------------------------

    def specs(self) -> dict[str, ModelSpec]:
        """Models of ours that peers serve."""
        made = [
            _spec(peer.name, offer)
            for peer in self._file.peers.values()
            for offer in self.link(peer.name).offers
        ]
        return {spec.name: spec for spec in made}

    def tls_of(self, peer: Peer) -> ssl.SSLContext:
        """To speak to this peer and to nobody else."""
        link = self.link(peer.name)
        if link.tls is None:
            link.tls = self.identity().calling(peer.certificate)
        return link.tls

    async def watch(self) -> None:
        """Ask every peer now and then, until cancelled."""
        while True:
            await self.look()
            soon = any(self.link(peer.name).misses == 1 for peer in self.all())
            with suppress(TimeoutError):
                async with asyncio.timeout(min(AGAIN_S, self._look_s) if soon else self._look_s):
                    await self._again.wait()
            self._again.clear()

    async def look(self) -> None:
        """Ask every peer that listens once, all at the same time."""
        before = self.specs()
        asked = [peer for peer in self.all() if peer.address]
        await asyncio.gather(*(self._look_at(peer) for peer in asked))
        if self.specs() != before:
            await self._changed()

    async def _look_at(self, peer: Peer) -> None:
        try:
            offers = await asking.offers_of(peer, self.tls_of(peer))
        except FabricError as error:
            if self._is_still(peer):
                self._missed(peer, error.what)
            return
        if not self._is_still(peer):
            return
        link = self.link(peer.name)
        if link.why or link.seen_s is None:
            log.info("peer %s is here", peer.name)
        link.offers, link.why, link.misses = offers, "", 0
        link.seen_s = asyncio.get_running_loop().time()
        self._mark_seen(peer)

    def _is_still(self, peer: Peer) -> bool:
        """It may have been revoked or paired anew while it was asked."""
        now = self._file.peers.get(peer.name)
        return now is not None and now.certificate == peer.certificate

    def _missed(self, peer: Peer, why: str) -> None:
        link = self.link(peer.name)
        link.misses += 1
        if link.misses < MISSES_MAX and link.seen_s is not None and not link.why:
            return
        if not link.why:
            log.warning("peer %s is away: %s", peer.name, why)
            self._lost(peer.name, why)
        link.why = why

    # -- pairing ----------------------------------------------------------------------------------

    def is_inviting(self) -> bool:
        now_s = asyncio.get_running_loop().time()
        return self._inviting is not None and self._inviting.is_open(now_s)

    def standing(self) -> Standing:
        """What has become of the latest invitation."""
        now_s = asyncio.get_running_loop().time()
        return Standing.OVER if self._inviting is None else self._inviting.standing(now_s)

    async def invite(self, address: str, name: str, lent: Lent) -> Invitation:
        """An invitation for one other Fabric, which may then use what is lent.

        Args:
            address: where it is to find us; "" = where we listen.
            name: what we shall call it; "" = what it calls itself.
        Raises:
            FabricError: nothing listens here, or the name is taken.
        """
        if not self.listening:
            raise FabricError(
                "this Fabric does not listen for other machines, so none could come",
                mend="clawdesk-fabric peers listen HOST:PORT; or let the other machine invite",
                code="no_capacity",
            )
        address = address or self.listening
        check_reachable(address)
        if name:
            kept.checked_name(name)
        if self._inviting is None:
            self._inviting = Inviting(self.identity().fingerprint)
        loop = asyncio.get_running_loop()
        until_s = wall_ms() // 1000 + round(LIFE_S)
        made = self._inviting.invite(address, loop.time(), until_s)
        self.meant = Meant(secrets.token_hex(8), address, name, lent, until_s)
        await self._changed()
        loop.call_later(LIFE_S + 1, lambda: loop.create_task(self._expire()))
        return made

    async def withdraw(self) -> None:
        """The invitation that is open holds no more; safe where none is."""
        if self._inviting is not None:
            self._inviting.withdraw(asyncio.get_running_loop().time())
            await self._changed()

    async def _expire(self) -> None:
        if not self.is_inviting():
            await self._changed()

    def _check_free(self, name: str, fingerprint: str) -> None:
        """Raises FabricError where the name is malformed, or another machine's."""
        if not name:
            return
        found = self._file.peers.get(kept.checked_name(name))
        if found is not None and found.fingerprint != fingerprint:
            raise FabricError(
                f"there is a peer {name} already",
                mend=f"choose another --name, or first: clawdesk-fabric peers revoke {name}",
                code="invalid_request",
            )

    async def accept(self, body: dict[str, Any], remote: str) -> dict[str, Any] | None:
        """Somebody came with a proof: our answer, or None where it is not one of the invited.

        Args:
            remote: the address they came from.
        """
        try:
            certificate = checked_certificate(body.get("certificate"))
        except ValueError:
            return None
        guest, proof = fingerprint_of(certificate), body.get("proof")
        now_s = asyncio.get_running_loop().time()
        if self._inviting is None or not isinstance(proof, str) or guest == self.fingerprint:
            return None
        was_open = self.is_inviting()
        welcome = self._inviting.accept(guest, proof, now_s)
        if was_open and not self.is_inviting():
            await self._changed()  # nobody else is let in any more
        if not welcome:
            return None
        assert self.meant is not None  # it was set with the invitation
        meant = self.meant
        peer = self._named(meant.name, body.get("name"), certificate)
        address = _address(remote, body.get("port"))
        await self._keep(replace(peer, address=address, lent=meant.lent))
        if self.meant is meant:
            self.meant = replace(meant, peer=peer.name)
        return {
            "proof": welcome,
            "name": socket.gethostname(),
            "certificate": self.identity().certificate,
        }

    def _named(self, name: str, wished: object, certificate: str) -> Peer:
        """A new peer, or the known one of this certificate under its new name."""
        known = self.by_fingerprint(fingerprint_of(certificate))
        if known is not None and not name:
            name = known.name
        others = self._file.peers.keys() - ({known.name} if known else set())
        if not name or name in others:
            name = kept.free_name(name or wished, others)
        return Peer(name, certificate, "")

    def read(self, text: str) -> Invitation:
        """What an invitation says; nobody is asked.

        Raises:
            FabricError: it is none, or it is our own.
        """
        invitation = parse_invitation(text)
        check_not_own(invitation, self.fingerprint)
        return invitation

    async def join(self, text: str, name: str, lent: Lent) -> Peer:
        """Follow an invitation of another Fabric.

        Raises:
            FabricError: it is none, or the other side is not there, not the right one, or refuses.
        """
        invitation = self.read(text)
        self._check_free(name, invitation.fingerprint)
        certificate, called = await self._joining.ask(invitation, self.identity(), self.port)
        peer = self._named(name, called, certificate)
        peer = replace(peer, address=invitation.address, lent=lent, was_seen=True)
        await self._keep(peer)
        await self.look()
        return peer

    def call_off(self) -> None:
        """Whatever `join` waits for now is waited for no longer."""
        self._joining.call_off()

    # -- changes ----------------------------------------------------------------------------------

    async def _keep(self, peer: Peer) -> None:
        known = self.by_fingerprint(peer.fingerprint)
        if known is not None:
            await self.revoke(known.name)
        if len(self._file.peers) >= kept.PEERS_MAX:
            raise FabricError(f"{kept.PEERS_MAX} peers are the limit", code="too_many")
        self._file.keep(peer)
        log.info("peer %s was paired", peer.name)
        await self._changed()
        self._again.set()

    async def lend(self, name: str, lent: Lent) -> None:
        """Raises FabricError."""
        self._file.keep(replace(self.get(name), lent=lent))

    async def revoke(self, name: str) -> None:
        """Trust it no longer; whatever is on its way to or from it ends.

        Raises:
            FabricError: there is no such peer, or that it is none any more could not be written.
        """
        self.get(name)
        try:
            self._file.forget(name)
        finally:
            self._links.pop(name, None)
            log.info("peer %s was revoked", name)
            self._lost(name, f"{name} was revoked here")
            await self._changed()


def _opened(path: Path) -> PeerFile:
    """The list; one that is damaged is put aside, for to trust nobody harms nobody."""
    try:
        return PeerFile(path)
    except FabricError as error:
        aside = path.with_name(path.name + ".damaged")
        log.error("%s; nobody is trusted now, and it is kept as %s", error.what, aside.name)
        path.replace(aside)
        return PeerFile(path)


def _spec(peer: str, offer: Offer) -> ModelSpec:
    return ModelSpec(
        name=f"{peer}/{offer.model}",
        title=f"{offer.model}, lent by {peer}",
        licence="",
        source=PeerSource(peer, offer.model),
        weights=None,
        endpoints=offer.endpoints,
        context=offer.context,
        slots=offer.calls,
        threads=0,
        memory_mib=0,
        idle_stop_s=_IDLE_STOP_S,
    )


def _address(remote: str, port: object) -> str:
    """Where the guest listens: that is where it came from, so that it sends us to nobody else."""
    if not isinstance(port, int) or isinstance(port, bool) or not 0 < port <= 65_535:
        return ""
    said = f"[{remote}]:{port}" if ":" in remote else f"{remote}:{port}"
    return said if ADDRESS.fullmatch(said) else ""
