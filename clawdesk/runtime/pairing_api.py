"""What a shell may ask of the control plane about pairing with other machines."""

from __future__ import annotations

from typing import Protocol

from clawdesk.ports.pairing import MadeInvitation, PeerWish, ReadInvitation
from clawdesk.runtime.outcome import Outcome


class PairingApi(Protocol):
    """The part of `PlaneApi` that pairs.

    A refusal is a PortError: `what` is the model service's own sentence, `mend` its next step.
    """

    async def listen_for_peers(self, address: str) -> Outcome:
        """Let paired machines come to HOST:PORT, now and at every start; "" = no longer."""
        ...

    async def invite_peer(self, wish: PeerWish, address: str) -> MadeInvitation:
        """A new invitation; an older one is void. What becomes of it is in `environment`.

        Args:
            address: HOST:PORT where the other side is to find us; "" = where we listen.
        """
        ...

    async def withdraw_invitation(self) -> Outcome:
        """The open invitation holds no more."""
        ...

    async def read_invitation(self, text: str) -> ReadInvitation:
        """Whom an invitation names; nothing is sent to another machine."""
        ...

    async def join_peer(self, text: str, wish: PeerWish) -> Outcome:
        """Follow an invitation; done once both sides know each other."""
        ...

    async def lend_to_peer(self, wish: PeerWish) -> Outcome:
        """What a paired machine may use from now on; `wish.name` is what we call it."""
        ...

    async def stop_joining(self) -> None:
        """A `join_peer` under way ends, and says so; safe where none is."""
        ...
