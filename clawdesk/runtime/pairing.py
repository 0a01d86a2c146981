"""Pairing for a person: the Fabric decides, and what was done is noted, by names alone.

An invitation passes through here on its way to the window; it is kept nowhere and logged nowhere.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from clawdesk.ports.inference import FabricStatus
from clawdesk.ports.pairing import FOLLOWED, MadeInvitation, PeerWish, ReadInvitation
from clawdesk.runtime.outcome import Outcome
from clawdesk.runtime.watch import HostWatch, Parts

PAIRED = "paired"
"""The kind of deed."""
Value = TypeVar("Value")


class PairingActs:
    """The part of `Plane` that pairs."""

    _parts: Parts
    _watch: HostWatch
    _invitation_seen: str | None = None  # the one that was followed last; None = nobody looked

    async def _note(self, outcome: Outcome, kind: str, project: str = "") -> Outcome:
        """Keep what was done; the plane this is a part of says how."""
        raise NotImplementedError

    async def listen_for_peers(self, address: str) -> Outcome:
        await self._looked_at(self._parts.inference.listen_for_peers(address))
        text = "This machine listens for peers no longer."
        if address:
            fabric = self._watch.environment.fabric
            # Where any port was asked for, the one that was had.
            where = fabric.peering.listening if fabric is not None and fabric.peering else address
            text = f"This machine listens for peers at {where}."
        return await self._note(Outcome(True, text), PAIRED)

    async def invite_peer(self, wish: PeerWish, address: str) -> MadeInvitation:
        made = await self._looked_at(self._parts.inference.invite_peer(wish, address))
        text = "A machine was invited as a peer."
        if wish.name:
            text = f"A machine was invited as peer {wish.name}."
        await self._note(Outcome(True, text), PAIRED)
        return made

    async def withdraw_invitation(self) -> Outcome:
        await self._looked_at(self._parts.inference.withdraw_invitation())
        return await self._note(Outcome(True, "The invitation is withdrawn."), PAIRED)

    async def read_invitation(self, text: str) -> ReadInvitation:
        return await self._parts.inference.read_invitation(text)

    async def join_peer(self, text: str, wish: PeerWish) -> Outcome:
        name = await self._looked_at(self._parts.inference.join_peer(text, wish))
        return await self._note(Outcome(True, f"Peer {name} is paired."), PAIRED)

    async def lend_to_peer(self, wish: PeerWish) -> Outcome:
        await self._looked_at(self._parts.inference.lend_to_peer(wish))
        text = f"Peer {wish.name} may use nothing of this machine."
        if wish.models:
            models = ", ".join(wish.models)
            text = f"Peer {wish.name} may use {models}; calls at a time: {wish.calls}."
        return await self._note(Outcome(True, text), PAIRED)

    async def stop_joining(self) -> None:
        await self._parts.inference.stop_joining()

    async def _looked_at(self, call: Awaitable[Value]) -> Value:
        """Do it, and look at the Fabric again, so that every window shows what came of it."""
        try:
            return await call
        finally:
            await self._watch.look_at_fabric()

    def _followed(self, fabric: FabricStatus) -> str:
        """The name of a peer that has followed our invitation since the last look, else ""."""
        if fabric.peering is None:
            return ""
        known, before = fabric.peering.invitation, self._invitation_seen
        # One that is followed and tells no peer yet is just being kept.
        is_followed = known is not None and known.state == FOLLOWED and bool(known.peer)
        if known is None or not is_followed or known.id == before:
            self._invitation_seen = before or ""
            return ""
        self._invitation_seen = known.id
        return "" if before is None else known.peer

    async def _tell_followed(self, peer: str) -> None:
        text = f"Peer {peer} is paired: it followed an invitation of this machine."
        await self._note(Outcome(True, text), PAIRED)
