"""The calls of a client about pairing with other machines."""

from __future__ import annotations

from typing import Any

from clawdesk.ports.pairing import MadeInvitation, PeerWish, ReadInvitation
from clawdesk.runtime.outcome import Outcome


class PairingCalls:
    """The part of `PlaneClient` that pairs."""

    async def _call(self, method: str, *args: object, **params: object) -> Any:
        """Ask the plane; the client this is a part of says how."""
        raise NotImplementedError

    async def listen_for_peers(self, address: str) -> Outcome:
        outcome: Outcome = await self._call("listen_for_peers", address)
        return outcome

    async def invite_peer(self, wish: PeerWish, address: str) -> MadeInvitation:
        made: MadeInvitation = await self._call("invite_peer", wish, address)
        return made

    async def withdraw_invitation(self) -> Outcome:
        outcome: Outcome = await self._call("withdraw_invitation")
        return outcome

    async def read_invitation(self, text: str) -> ReadInvitation:
        read: ReadInvitation = await self._call("read_invitation", text)
        return read

    async def join_peer(self, text: str, wish: PeerWish) -> Outcome:
        outcome: Outcome = await self._call("join_peer", text, wish)
        return outcome

    async def lend_to_peer(self, wish: PeerWish) -> Outcome:
        outcome: Outcome = await self._call("lend_to_peer", wish)
        return outcome

    async def stop_joining(self) -> None:
        await self._call("stop_joining")
