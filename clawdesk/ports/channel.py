"""A place outside this machine's windows where requests are shown and answered: chat, a phone.

An implementation shows cards and tells what became of them; it never decides, never repeats by
itself, and keeps no state that is needed after a restart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from clawdesk.domain.channel.model import Card, Form, Raised, Standing, Word
from clawdesk.domain.channel.typed import Typed
from clawdesk.ports.errors import PortError

USUAL_ADDRESS = "ws://127.0.0.1:18789"
"""Where a gateway on this machine is, when its user has not put it elsewhere."""


class ChannelError(PortError):
    """The gateway refuses or does not answer.

    `lost`: it is not known whether it did what was asked (the connection ended first).
    """

    def __init__(
        self, what: str, *, mend: str = "", code: str = "channel", lost: bool = False
    ) -> None:
        super().__init__(what, mend=mend, code=code)
        self.lost = lost


class ChannelState(StrEnum):
    """What the connection is, as people see it."""

    ABSENT = "not set up"
    CONNECTING = "connecting"
    UNREACHABLE = "unreachable"
    PAIRING = "pairing needed"
    REFUSED = "refused"
    CONNECTED = "connected"


@dataclass(frozen=True, slots=True)
class ChannelStatus:
    """`text` says what is wrong and `mend` the one next step; both "" when all is well.

    Args:
        connection: grows with every connection that was made; 0 = none yet.
        takes_words: somebody in a chat may type an answer there.
    """

    state: ChannelState = ChannelState.ABSENT
    address: str = ""
    text: str = ""
    mend: str = ""
    version: str = ""
    connection: int = 0
    takes_words: bool = False


News = ChannelStatus | Word | Typed


class Channel(Protocol):
    """One gateway. Calls raise ChannelError; news comes on the loop's own thread, in order."""

    @property
    def status(self) -> ChannelStatus: ...

    def start(self, tell: Callable[[News], None], crashed: Callable[[BaseException], None]) -> None:
        """Connect and keep connected; `tell` hears every change and every answer.

        Args:
            crashed: told of an exception nobody expected.
        """
        ...

    def try_again(self) -> None:
        """Connect now, also where it was given up."""
        ...

    async def show(self, card: Card) -> Raised:
        """Put a card up. An empty route: nobody is there to see it, and it is not up."""
        ...

    async def withdraw(self, card: str, form: Form, *, approved: bool) -> None:
        """Take a card down, showing how it was decided; one that has ended already is no error."""
        ...

    async def look(self, marks: tuple[str, ...]) -> tuple[tuple[Standing, ...], tuple[Word, ...]]:
        """All our cards that wait now, and what became of earlier ones with these marks.

        The earlier ones come oldest first.
        """
        ...

    async def reply(self, typed: str, *, known: bool, text: str) -> None:
        """Tell whoever typed something what became of it; nobody may wait for it any more.

        Args:
            typed: the id of what was typed.
            known: False where another ClawDesk may know better.
        """
        ...

    async def close(self) -> None: ...


class Channels(Protocol):
    """The kinds of gateway there are; today one."""

    def open(self, address: str) -> Channel:
        """The channel to the gateway at that address; it connects when it is started.

        Raises ChannelError: an address that is not allowed.
        """
        ...

    async def add(self, address: str, token: str) -> tuple[str, str]:
        """Keep what lets us in there; the checked address, and where it is kept.

        Raises ChannelError.
        """
        ...

    async def forget(self) -> bool:
        """Remove what was kept; whether there was something."""
        ...

    def is_local(self, address: str) -> bool:
        """Whether the gateway is on this machine, so that what it is shown does not leave it."""
        ...
