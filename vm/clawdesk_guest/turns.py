"""Boundaries of agents that know nothing of ClawDesk: before a model call goes out.

While an agent waits for a model it stands still by itself. So that is where its work is made
durable: the call is held here, the host takes its checkpoint, and the call goes on as if the model
had been slow. Calls under way are never touched.
"""

import time
from collections.abc import Callable

Looked = Callable[[bool], None]
"""Told whether the workspace has changed since it was looked at before."""


class Turns:
    """Decides which model calls are boundaries.

    Args:
        ask: tells the host of one, with the number of the call since the step began; returns the
            request's id.
        look: looks at the workspace, beside all else, and tells what it found.
    """

    def __init__(self, ask: Callable[[int], str], look: Callable[[Looked], None]) -> None:
        self._ask = ask
        self._look = look
        self._every_calls = 0
        self._every_s = 0
        self._by_change = False
        self._step = 0  # counts steps: what was looked at for one before is nothing to this one
        self._is_looking = False
        self._has_looked = False  # for the call that waits
        self._has_changed = False  # since the last boundary
        self._number = 0  # of the last call let through in this step
        self._since = 0  # calls let through since the last boundary
        self._since_s = 0.0
        self._is_wanted = False
        self.waiting = ""  # the request that is open

    def begin(self, every_calls: int, every_s: int) -> None:
        """For the step that comes: a boundary every so many calls and seconds, 0 = not by that."""
        self._every_calls, self._every_s = every_calls, every_s
        self._by_change = self._is_looking = self._has_looked = self._has_changed = False
        self._step += 1
        self._number = self._since = 0
        self._since_s = time.monotonic()
        self._is_wanted = False

    def by_change(self) -> None:
        """In the step that comes also where files have changed; as they are now, they have not."""
        self._by_change = True

    def want(self) -> None:
        """The next call is a boundary: the machine is needed elsewhere."""
        self._is_wanted = bool(self._every_calls or self._every_s or self._by_change)

    def is_boundary(self) -> bool:
        """Whether the next call may not simply go: one waits, or this one is to."""
        if self.waiting or self._is_looking or (self._by_change and not self._has_looked):
            return True
        if self._is_wanted or self._has_changed or 0 < self._every_calls <= self._since:
            return True
        return 0 < self._every_s <= time.monotonic() - self._since_s

    def may_go(self) -> bool:
        """Whether a call may be forwarded now; if not, a boundary is open or was just asked for."""
        if not self.is_boundary():
            self._number += 1
            self._since += 1
            self._has_looked = False
            return True
        if self.waiting or self._is_looking:
            return False
        if self._by_change and not self._has_looked:
            self._begin_look()
        else:
            self.waiting = self._ask(self._number + 1)
        return False

    def _begin_look(self) -> None:
        # Where a call is a boundary anyway too: what it makes durable is then no change any more.
        step, self._is_looking = self._step, True

        def looked(changed: bool) -> None:
            if step == self._step:
                self._is_looking, self._has_looked = False, True
                self._has_changed = self._has_changed or changed

        self._look(looked)

    def answered(self) -> None:
        """The boundary is over: what waited goes on."""
        self.waiting = ""
        self._since = 0
        self._since_s = time.monotonic()
        self._is_wanted = self._has_changed = False
