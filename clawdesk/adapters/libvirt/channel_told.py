"""Tells of the model calls of one machine that are over. Runs on the I/O thread.

What was said is told one by one as long as calls do not come too fast; what they used is told of
all of them. An answer never waits for this.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from clawdesk.adapters.libvirt.channel_calls import Listener
from clawdesk.adapters.libvirt.channel_output import TokenBucket
from clawdesk.domain.spending import CallUse
from clawdesk.ports.guest import ModelCalled, ModelsUsed
from clawdesk.ports.inference import Inference

_TOLD_PER_S, _TOLD_BURST = 5, 50
"""Calls told one by one; a guest must not be able to fill the log."""
_GATHER_S = 1.0
_USES_MAX = 256


@dataclass(frozen=True, slots=True)
class Ended:
    """A call that is over.

    Args:
        name: what the Fabric calls it, "" = it never got so far.
        run: of the step that ran when it was made.
        why: of a call that failed on the way, "" = what the answer says.
    """

    listener: Listener
    status: int
    began_s: float
    name: str = ""
    run: str = ""
    why: str = ""


class Teller:
    """Asks the Fabric what each call used, and tells it to `hear`."""

    def __init__(
        self, inference: Inference, hear: Callable[[ModelCalled | ModelsUsed], None]
    ) -> None:
        self._inference, self._hear = inference, hear
        self._bucket = TokenBucket(_TOLD_PER_S, _TOLD_BURST)
        self._untold = 0
        self._uses: list[CallUse] = []
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def over(self, ended: Ended) -> None:
        """A call is over."""
        took_ms = (time.monotonic() - ended.began_s) * 1000
        task = asyncio.get_running_loop().create_task(self._tell(ended, took_ms))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Nobody hears any more."""
        if self._timer is not None:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _tell(self, ended: Ended, took_ms: float) -> None:
        listener = ended.listener
        answer, tokens_in, tokens_out = listener.told()
        known = await self._inference.account(ended.name) if ended.name else None
        failed = not 200 <= ended.status < 300
        named = bool(ended.name)
        name = ended.name or secrets.token_hex(8)
        use = known or CallUse(name, by_fabric=named, failed=failed)
        use = replace(
            use,
            run=ended.run,
            tokens_in=tokens_in if use.tokens_in is None else use.tokens_in,
            tokens_out=tokens_out if use.tokens_out is None else use.tokens_out,
        )
        self._uses.append(use)
        if not self._bucket.take(time.monotonic()):
            self._untold += 1
            self._gather()
            return
        uses, self._uses = tuple(self._uses), []
        self._hear(
            ModelCalled(
                listener.model,
                listener.asked,
                ended.why or answer,
                ended.status,
                took_ms,
                use.tokens_in,
                use.tokens_out,
                self._untold,
                uses,
            )
        )
        self._untold = 0

    def _gather(self) -> None:
        """What cannot be told one by one is told together, soon."""
        if len(self._uses) >= _USES_MAX:
            self._tell_uses()
        elif self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(_GATHER_S, self._tell_uses)

    def _tell_uses(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._uses:
            uses, self._uses = tuple(self._uses), []
            self._hear(ModelsUsed(uses))
