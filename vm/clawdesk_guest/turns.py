"""Boundaries of agents that know nothing of ClawDesk: before a model call goes out.

While an agent waits for a model it stands still by itself. So that is where its work is made
durable: the call is held here, the host takes its checkpoint, and the call goes on as if the model
had been slow. Calls under way are never touched.
"""

import time
from collections.abc import Callable


class Turns:
    """Decides which model calls are boundaries.

    Args:
        ask: tells the host of one, with the number of the call since the step began; returns the
            request's id.
    """

    def __init__(self, ask: Callable[[int], str]) -> None:
        self._ask = ask
        self._every_calls = 0
        self._every_s = 0
        self._number = 0  # of the last call let through in this step
        self._since = 0  # calls let through since the last boundary
        self._since_s = 0.0
        self._is_wanted = False
        self.waiting = ""  # the request that is open

    def begin(self, every_calls: int, every_s: int) -> None:
        """For the step that comes: a boundary every so many calls and seconds, 0 = not by that."""
        self._every_calls, self._every_s = every_calls, every_s
        self._number = self._since = 0
        self._since_s = time.monotonic()
        self._is_wanted = False

    def want(self) -> None:
        """The next call is a boundary: the machine is needed elsewhere."""
        self._is_wanted = bool(self._every_calls or self._every_s)

    def may_go(self) -> bool:
        """Whether a call may be forwarded now; if not, a boundary is open or was just asked for."""
        if self.waiting:
            return False
        if self._is_due():
            self.waiting = self._ask(self._number + 1)
            return False
        self._number += 1
        self._since += 1
        return True

    def _is_due(self) -> bool:
        if self._is_wanted or 0 < self._every_calls <= self._since:
            return True
        return 0 < self._every_s <= time.monotonic() - self._since_s

    def answered(self) -> None:
        """The boundary is over: what waited goes on."""
        self.waiting = ""
        self._since = 0
        self._since_s = time.monotonic()
        self._is_wanted = False
