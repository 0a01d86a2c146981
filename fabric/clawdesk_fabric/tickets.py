"""What the gateway holds of a call that the Fabric admitted, and how it hears of its fate."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from clawdesk_fabric.effects import Refuse
from clawdesk_fabric.engines.base import Endpoint
from clawdesk_fabric.errors import FabricError
from clawdesk_fabric.model import Call, Wait


class RefusedError(FabricError):
    """A call was refused; `retry_after_s` 0 = do not say."""

    def __init__(self, effect: Refuse) -> None:
        super().__init__(effect.text, mend=effect.mend, code=effect.code)
        self.retry_after_s = effect.retry_after_s


class Ticket:
    """One admitted call. `seat` ends with the endpoint to forward to, or with RefusedError."""

    def __init__(self, call: Call, ask: Callable[[Call], Wait | None]) -> None:
        self.call = call
        self.seat: asyncio.Future[Endpoint] = asyncio.get_running_loop().create_future()
        self.news = asyncio.Event()
        self.told: Wait | None = None
        self._ask = ask

    @property
    def wait(self) -> Wait | None:
        """Its place and reason as they are now; None = it waits no longer."""
        return self._ask(self.call)
