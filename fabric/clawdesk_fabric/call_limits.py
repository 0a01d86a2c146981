"""How long one call may take, how much it may send, and the watch that ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType

from clawdesk_fabric.model import CallClass
from clawdesk_fabric.openai_wire import WireError

BODY_S_MAX = 30.0
"""A client must have sent its body within this time."""
HEAD_S_MAX = 10.0
"""A new connection must have sent its first request's head within this time."""
CLIENT_STALL_S_MAX = 60.0
"""A client that takes nothing for so long is taken as gone; its slot is wanted by others."""
ANSWER_BYTES_MAX = 64 * 1024 * 1024
STREAM_BYTES_MAX = 256 * 1024 * 1024
ERROR_BYTES_MAX = 64 * 1024
CONNECTIONS_MAX = 1024
BODIES_BYTES_MAX = 512 * 1024 * 1024
"""Request bodies held at once, all calls together."""


@dataclass(frozen=True, slots=True)
class CallLimits:
    """Bounds of one call at a model.

    Args:
        quiet_s: a model that sends nothing for so long is taken as wedged.
        total_s: an answer that takes longer is cut.
    """

    quiet_s: float
    total_s: float


LIMITS: Mapping[CallClass, CallLimits] = {
    # Reading a long prompt on processors takes minutes before the first byte.
    CallClass.INTERACTIVE: CallLimits(quiet_s=300, total_s=1800),
    CallClass.AGENT: CallLimits(quiet_s=600, total_s=2 * 3600),
    CallClass.BATCH: CallLimits(quiet_s=1800, total_s=6 * 3600),
    CallClass.PEER: CallLimits(quiet_s=600, total_s=2 * 3600),
}


class Watch:
    """Ends the block it surrounds when a limit is passed, with a WireError that says which.

    One timer a call, looked at when it rings: waiting for a chunk costs two assignments.

    Args:
        name: of the model, for the sentence.
        deadline_at: loop time after which the answer is of no use to the client; 0 = none.
    """

    def __init__(
        self, name: str, call_class: CallClass, limits: CallLimits, deadline_at: float
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._name = name
        self._class = call_class
        self._limits = limits
        self._deadline_at = deadline_at
        self._ends_at = self._loop.time() + limits.total_s
        self._for_client = False
        self._since = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None
        self._timeout = asyncio.timeout(None)
        self._error: WireError | None = None
        self.client_stalled = False

    def for_model(self) -> None:
        """From now on the model is waited for."""
        self._for_client = False
        self._since = self._loop.time()

    def for_client(self) -> None:
        """From now on the client is waited for."""
        self._for_client = True
        self._since = self._loop.time()

    async def __aenter__(self) -> Watch:
        await self._timeout.__aenter__()
        self._look()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        try:
            await self._timeout.__aexit__(kind, error, trace)
        except TimeoutError:
            if self._error is None:
                raise
            raise self._error from None

    def _look(self) -> None:
        """Ring now, or at the next moment at which a limit could have been passed."""
        now = self._loop.time()
        stall_s = CLIENT_STALL_S_MAX if self._for_client else self._limits.quiet_s
        stalled_at = self._since + stall_s
        moments = [stalled_at, self._ends_at]
        if self._deadline_at:
            moments.append(self._deadline_at)
        if now < min(moments):
            # While the model is waited for, a shorter limit of the client may begin any time.
            at = min(*moments, now + CLIENT_STALL_S_MAX)
            self._timer = self._loop.call_at(at, self._look)
            return
        self.end(self._passed(now, stalled_at))

    def end(self, error: WireError) -> None:
        """End the block now, with this error unless another one came first."""
        if self._error is None:
            self._error = error
            self._timeout.reschedule(self._loop.time())

    def _passed(self, now: float, stalled_at: float) -> WireError:
        if self._deadline_at and now >= self._deadline_at:
            text = "the deadline of this call passed"
            return WireError("deadline", text, param="X-Clawdesk-Deadline-Ms")
        if now >= self._ends_at:
            text = f"{self._name} was still answering after {self._limits.total_s:g} s"
            return WireError("model_failed", f"{text}, the limit of class {self._class}")
        if self._for_client:
            self.client_stalled = True
            text = f"the client took nothing for {CLIENT_STALL_S_MAX:g} s"
            return WireError("request_timeout", text)
        text = f"{self._name} sent nothing for {self._limits.quiet_s:g} s"
        return WireError("model_failed", f"{text}, the limit of class {self._class}")
