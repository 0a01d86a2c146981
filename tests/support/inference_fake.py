"""`Inference` in memory for tests of the relay: answers from a script, remembers what was asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

from clawdesk.domain.spending import CallUse
from clawdesk.ports.errors import InferenceError
from clawdesk.ports.inference import (
    FabricStatus,
    LeaseNews,
    LeaseStatus,
    LeaseWish,
    ModelResponse,
)
from tests.support.models_fake import NoModels


class EchoInference(NoModels):
    """Answers each call with its own body, in chunks.

    Args:
        hold: when set, chunks after the first wait for it.
    """

    def __init__(self, hold: asyncio.Event | None = None) -> None:
        self.asked: list[tuple[str, str, str, dict[str, str], bytes]] = []
        self.left: list[str] = []
        self.problem: InferenceError | None = None
        self.hold = hold
        self.uses: dict[str, CallUse] = {}
        """What the Fabric would tell of calls, by name; answers carry these names in turn."""
        self.ended: dict[str, list[CallUse]] = {}
        """What it would tell of a task's calls."""

    async def ensure_up(self) -> FabricStatus:
        return FabricStatus(ready=True)

    async def status(self) -> FabricStatus:
        return FabricStatus(ready=True)

    async def token(
        self,
        *,
        project: str,
        task: str,
        attempt: int,
        models: tuple[str, ...],
        peers: bool = False,
    ) -> str:
        return f"token-of-{task}"

    async def revoke(self, token: str) -> None:
        pass

    async def ask_lease(self, wish: LeaseWish) -> LeaseNews:
        return LeaseNews(wish.task, LeaseStatus.GRANTED)

    async def watch_leases(
        self, known: Mapping[str, LeaseStatus], wait_s: float
    ) -> tuple[LeaseNews, ...]:
        await asyncio.Event().wait()
        return ()

    async def release_lease(self, task: str) -> None: ...

    async def call(
        self, token: str, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> ModelResponse:
        self.asked.append((token, method, path, dict(headers), body))
        if self.problem is not None:
            raise self.problem
        kept = {"content-type": headers.get("content-type", "text/plain")}
        if len(self.asked) <= len(self.uses):
            kept["X-Clawdesk-Call"] = list(self.uses)[len(self.asked) - 1]
        return ModelResponse(200, kept, self._chunks(path, body))

    async def account(self, call: str) -> CallUse | None:
        return self.uses[call]

    async def accounts(self, task: str) -> tuple[CallUse, ...]:
        return tuple(self.ended.get(task, ()))

    async def _chunks(self, path: str, body: bytes) -> AsyncIterator[bytes]:
        ended = False
        try:
            for begin in range(0, len(body), 1000):
                if begin and self.hold is not None:
                    await self.hold.wait()
                yield body[begin : begin + 1000]
            ended = True
        finally:
            if not ended:
                self.left.append(path)

    async def close(self) -> None:
        pass
