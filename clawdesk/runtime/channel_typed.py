"""Words that somebody typed in a chat: to the book like any answer, and what became of them back.

Each is taken once, however often the gateway tells of it. The chat hears "applied" only when the
decision is in Git.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable

from clawdesk.domain.channel import model as m
from clawdesk.domain.channel.typed import Said, Typed, understand
from clawdesk.domain.model import PlaneState
from clawdesk.ports.channel import ChannelError
from clawdesk.runtime.api import Outcome

SEEN_MAX = 1_000
_log = logging.getLogger(__name__)


class TypedWords:
    """The typed answers of one channel.

    Args:
        asks: what waits and may be shown on the channel.
        hear: gives an answer to the book; what the book wants done, which is under way already.
        reply: tells the chat; (id, known, text).
    """

    def __init__(
        self,
        state: PlaneState,
        *,
        asks: Callable[[], Iterable[m.Ask]],
        hear: Callable[[m.Word], tuple[m.Effect, ...]],
        reply: Callable[[str, bool, str], Awaitable[None]],
    ) -> None:
        self._state = state
        self._asks, self._hear, self._reply = asks, hear, reply
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._outcomes: dict[str, asyncio.Future[Outcome]] = {}

    async def take(self, typed: Typed) -> None:
        """Do what was typed, and tell the chat."""
        if typed.id in self._seen:
            return
        self._seen[typed.id] = None
        if len(self._seen) > SEEN_MAX:
            self._seen.popitem(last=False)
        said = await self._said(typed)
        try:
            await self._reply(typed.id, said.known, said.text)
        except ChannelError as error:
            _log.info("the chat is not told what became of its words: %s", error)

    async def _said(self, typed: Typed) -> Said:
        found = understand(typed, self._asks(), self._state.tasks)
        if isinstance(found, Said):
            return found
        _, word = found
        key = m.key_of(word)
        outcome = self._outcomes[key] = asyncio.get_running_loop().create_future()
        try:
            effects = self._hear(word)
            if not any(isinstance(effect, m.Decide) for effect in effects):
                told = [effect.text for effect in effects if isinstance(effect, m.Tell)]
                return Said(True, f"Not applied: {' '.join(told) or 'it waits no more.'}")
            came = await outcome
        finally:
            del self._outcomes[key]
        return Said(True, f"Applied. {came.text}" if came.ok else f"Not applied: {came.text}")

    def obeyed(self, key: str, outcome: Outcome) -> None:
        """What the plane made of an answer; of typed ones the chat hears it."""
        waiting = self._outcomes.get(key)
        if waiting is not None and not waiting.done():
            waiting.set_result(outcome)
