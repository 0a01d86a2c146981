"""Pairing with another machine's model service: what is wished, what is made, what became of it.

An invitation is a secret of some minutes: it is in `MadeInvitation` alone, and never in its repr.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

OPEN, FOLLOWED, WITHDRAWN, OVER, TRIED = "open", "followed", "withdrawn", "over", "tried"


@dataclass(frozen=True, slots=True)
class PeerWish:
    """What another machine shall be called here, and may use of ours.

    Args:
        name: "" = what it calls itself.
        models: of this machine; () = none.
        calls: at a time, over all of them; 1 to 64.
    """

    name: str = ""
    models: tuple[str, ...] = ()
    calls: int = 1


@dataclass(frozen=True, slots=True)
class PeerInvitation:
    """The latest invitation of this machine, without its secret.

    Args:
        id: tells it from the next one.
        state: open | followed | withdrawn | over | tried (too many came with a wrong proof).
        until_s: when it runs out, in seconds since 1970.
        address: HOST:PORT that it names.
        peer: who followed it, "" = nobody.
    """

    id: str
    state: str
    until_s: int
    address: str
    name: str = ""
    models: tuple[str, ...] = ()
    calls: int = 1
    peer: str = ""


@dataclass(frozen=True, slots=True)
class MadeInvitation:
    """One that was just made: `text` is what the other side needs, whole; the secret is in it."""

    id: str
    address: str
    fingerprint: str
    until_s: int
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReadInvitation:
    """Whom an invitation names.

    Args:
        until_s: when it runs out, by the other side's clock; 0 = it does not say.
        known_as: what we call that machine, which is paired with ours already; "" = it is not.
    """

    address: str
    fingerprint: str
    until_s: int = 0
    known_as: str = ""


class Pairing(Protocol):
    """The part of `Inference` that pairs. All raise InferenceError: why not, in one sentence."""

    async def listen_for_peers(self, address: str) -> None:
        """Let paired machines come to HOST:PORT, now and at every start; "" = no longer."""
        ...

    async def invite_peer(self, wish: PeerWish, address: str) -> MadeInvitation:
        """A new invitation, good once; an older one is void.

        Args:
            address: HOST:PORT where the other side is to find us; "" = where we listen.
        """
        ...

    async def withdraw_invitation(self) -> None:
        """The open invitation holds no more; safe where none is open."""
        ...

    async def read_invitation(self, text: str) -> ReadInvitation:
        """Whom it names; nobody is asked, and nothing is sent to another machine."""
        ...

    async def join_peer(self, text: str, wish: PeerWish) -> str:
        """Follow an invitation; return once both sides know each other. Returns: our name for it.

        Raises also where `stop_joining` ended it.
        """
        ...

    async def lend_to_peer(self, wish: PeerWish) -> None:
        """What the peer of that name may use from now on, in place of what it might before."""
        ...

    async def stop_joining(self) -> None:
        """Wait no longer for who was asked by `join_peer`; safe where nobody was."""
        ...
