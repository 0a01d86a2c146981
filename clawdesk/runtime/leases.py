"""Leases of models as the plane holds them: asks, renews, and tells the kernel what became of them.

One long request to the Fabric renews all leases and comes back when one of them changed. A peer's
model takes no memory here: what stands for its lease is that the peer is here (`PeerLeases`).
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable

from clawdesk.domain.events import Event
from clawdesk.domain.lease_events import (
    LeaseAskedBack,
    LeaseEnded,
    LeaseGranted,
    LeaseRefused,
    LeaseWaits,
)
from clawdesk.domain.model import Reason, Task, TaskId
from clawdesk.domain.peers import peer_of
from clawdesk.ports.clock import Clock
from clawdesk.ports.errors import InferenceError
from clawdesk.ports.inference import Inference, LeaseNews, LeaseStatus, LeaseWish
from clawdesk.runtime.peer_leases import PeerLeases

WATCH_S = 20.0
"""Leases are renewed at least so often; the Fabric keeps one for several times as long."""
AT_ONCE_MAX = 500
"""Leases in one request; more take turns, each turn so much shorter. The Fabric takes 1,000."""


class Leases:
    """What this plane asked of the Fabric.

    Args:
        post: where the Fabric's answers go.
        crashed: told of an exception nobody expected.
        remark: puts a sentence into a task's log.
    """

    def __init__(
        self,
        inference: Inference,
        post: Callable[[Event], None],
        clock: Clock,
        crashed: Callable[[BaseException], None],
        remark: Callable[[TaskId, str], None],
    ) -> None:
        self._inference = inference
        self._post = post
        self._clock = clock
        self._crashed = crashed
        self._known: dict[TaskId, LeaseNews] = {}
        self._watcher: asyncio.Task[None] | None = None
        self._asked = asyncio.Event()
        self.of_peers = PeerLeases(inference, post, clock, remark)

    async def ask(self, task: Task) -> None:
        """Ask for the task's model; the answer is an event."""
        if peer_of(task.definition.model):
            await self.of_peers.ask(task)
            return
        wish = LeaseWish(
            task.id,
            task.project,
            task.definition.model,
            task.priority_class.value,
            task.priority,
        )
        try:
            news = await self._inference.ask_lease(wish)
        except InferenceError as error:
            self._post(LeaseRefused(self._clock.now_ms(), task.id, error.sentence))
            return
        self._known[task.id] = news
        self._tell(news)
        self._asked.set()
        if self._watcher is None and self._known:
            loop = asyncio.get_running_loop()
            self._watcher = loop.create_task(self._watch(), name="leases")

    async def release(self, task: TaskId) -> None:
        """Give it back; nothing more is told of it."""
        if self.of_peers.release(task):
            return
        if self._known.pop(task, None) is not None:
            self._asked.set()
        await self._inference.release_lease(task)

    async def close(self) -> None:
        """Watch no more. Leases end by themselves, or are taken up by the next plane."""
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)
            self._watcher = None

    async def _watch(self) -> None:
        try:
            while self._known:
                await self._look()
        except Exception as error:
            self._crashed(error)
        finally:
            self._watcher = None

    async def _look(self) -> None:
        """One long request; cut short when there is another lease to be renewed."""
        self._asked.clear()
        turn = dict(itertools.islice(self._known.items(), AT_ONCE_MAX))
        for task, news in turn.items():  # who had its turn goes behind the others
            del self._known[task]
            self._known[task] = news
        known = {task: news.status for task, news in turn.items()}
        wait_s = WATCH_S * len(turn) / len(self._known)
        request = asyncio.ensure_future(self._inference.watch_leases(known, wait_s))
        changed = asyncio.ensure_future(self._asked.wait())
        try:
            await asyncio.wait({request, changed}, return_when=asyncio.FIRST_COMPLETED)
            if not request.done():
                return
            found = request.result()
        except InferenceError as error:
            for task in list(self._known):  # of all turns: the Fabric is gone
                self._tell(LeaseNews(task, LeaseStatus.ENDED, text=error.sentence))
            return
        finally:
            for waiting in (request, changed):
                waiting.cancel()
            await asyncio.gather(request, changed, return_exceptions=True)
        for news in found:
            # Of one that still waits the reason may have changed: it is what a person is told.
            if news.id in self._known and self._known[news.id] != news:
                self._known[news.id] = news
                self._tell(news)

    def _tell(self, news: LeaseNews) -> None:
        now_ms = self._clock.now_ms()
        match news.status:
            case LeaseStatus.GRANTED:
                self._post(LeaseGranted(now_ms, news.id))
            case LeaseStatus.WAITING:
                reason = Reason(news.code or "model", news.text, news.frees)
                self._post(LeaseWaits(now_ms, news.id, reason))
            case LeaseStatus.ASKED_BACK:
                self._post(LeaseAskedBack(now_ms, news.id, news.text))
            case LeaseStatus.ENDED:
                self._known.pop(news.id, None)
                self._post(LeaseEnded(now_ms, news.id, news.text))
