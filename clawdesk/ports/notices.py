"""Port: notices of the desktop. A notice only points at something; it never carries a decision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol


class Urgency(IntEnum):
    """As the desktop notifications specification numbers them."""

    LOW = 0
    NORMAL = 1
    CRITICAL = 2


@dataclass(frozen=True, slots=True)
class Notice:
    """What the desktop is asked to show.

    Args:
        key: our name for it; showing the same key again replaces what stands there.
        title, body: text of others may be in them; the adapter makes it inert.
        act: the word of its one button, which only brings the window forward; "" = no button.
    """

    key: str
    title: str
    body: str = ""
    act: str = ""
    urgency: Urgency = Urgency.NORMAL


@dataclass(frozen=True, slots=True)
class NoticeSupport:
    """What shows notices here, as it answered.

    Args:
        server: its name and version, "" when nothing answers.
        acts: it shows buttons.
        problem: why nothing is shown, "" when notices are shown.
        mend: what to do about it.
    """

    server: str = ""
    acts: bool = False
    problem: str = ""
    mend: str = ""


class Notices(Protocol):
    """Shows and takes back notices. No server is no error: `support` says so and calls do nothing.

    Calls wait at most a few seconds and never raise for a server that is missing, slow or gone.
    """

    async def support(self) -> NoticeSupport:
        """Ask the server what it is and can do."""
        ...

    async def show(self, notice: Notice) -> bool:
        """True when the server took it."""
        ...

    async def withdraw(self, key: str) -> None:
        """Take it back, if it still stands there."""
        ...

    def listen(self, acted: Callable[[str, str], None]) -> None:
        """`acted(key, token)` when the button was pressed, on the caller's loop.

        `token` is the desktop's permission to come forward, "" where it gives none.
        """
        ...

    async def close(self) -> None:
        """Let go of the bus; notices that stand stay there."""
        ...


class NoNotices:
    """Notices for a window that shall show none; `why` says so where it is asked."""

    def __init__(self, why: str = "Notices are turned off.") -> None:
        self._why = why

    async def support(self) -> NoticeSupport:
        return NoticeSupport(problem=self._why)

    async def show(self, notice: Notice) -> bool:
        return False

    async def withdraw(self, key: str) -> None:
        return None

    def listen(self, acted: Callable[[str, str], None]) -> None:
        return None

    async def close(self) -> None:
        return None
