"""The Model Fabric, as the control plane sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ModelResponse:
    """The Fabric's answer to one relayed call; `chunks` must be read to its end or closed."""

    status: int
    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class FabricStatus:
    """What the window shows of the Fabric."""

    ready: bool
    version: str = ""
    engine: str = ""  # e.g. "docker 20.10.24"
    problem: str = ""
    mend: str = ""
    models: tuple[dict[str, object], ...] = ()  # /fabric/v1/status "models"


class Inference(Protocol):
    async def ensure_up(self) -> FabricStatus:
        """Adopt a running Fabric or start one; never raises: a problem is in the status."""
        ...

    async def status(self) -> FabricStatus: ...

    async def token(self, *, project: str, task: str, attempt: int, models: tuple[str, ...]) -> str:
        """A bearer token for one attempt of a task. Raises InferenceError."""
        ...

    async def revoke(self, token: str) -> None: ...

    async def call(
        self, token: str, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> ModelResponse:
        """Forward one model call; may be awaited on any event loop. Raises InferenceError."""
        ...

    async def close(self) -> None: ...
