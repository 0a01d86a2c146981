"""The Model Fabric, as the control plane sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from clawdesk.domain.spending import CallUse
from clawdesk.ports.models import Device, Model, ModelQueue, Peering
from clawdesk.ports.pairing import Pairing


@dataclass(frozen=True, slots=True)
class ModelResponse:
    """The Fabric's answer to one relayed call; `chunks` must be read to its end or closed."""

    status: int
    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class FabricStatus:
    """What the window shows of the Fabric.

    Args:
        engine: e.g. "docker 20.10.24".
        gpu_note: why there is no GPU, "" if there is one.
        queue: empty where it was not asked for; see `Inference.figures`.
        peering: None = not asked for, or not told.
        unread: which figures this Fabric tells otherwise than we read them, "" if none.
    """

    ready: bool
    version: str = ""
    engine: str = ""
    problem: str = ""
    mend: str = ""
    models: tuple[Model, ...] = ()
    devices: tuple[Device, ...] = ()
    gpu_note: str = ""
    queue: ModelQueue = field(default_factory=ModelQueue)
    peering: Peering | None = None
    unread: str = ""


class LeaseStatus(StrEnum):
    """What the Fabric says of a lease."""

    GRANTED = "granted"
    WAITING = "waiting"
    ASKED_BACK = "asked_back"
    ENDED = "ended"  # it does not exist, or exists no longer


@dataclass(frozen=True, slots=True)
class LeaseNews:
    """How a lease stands; while it waits or has ended, why."""

    id: str
    status: LeaseStatus
    code: str = ""
    text: str = ""
    frees: str = ""


@dataclass(frozen=True, slots=True)
class LeaseWish:
    """A task wants to hold a model. One lease a task: `task` is its id."""

    task: str
    project: str
    model: str
    priority_class: str
    priority: int = 0


class Inference(Pairing, Protocol):
    async def ensure_up(self) -> FabricStatus:
        """Adopt a running Fabric or start one; never raises: a problem is in the status."""
        ...

    async def status(self) -> FabricStatus: ...

    async def figures(self) -> FabricStatus:
        """The status with who waits, who holds, what is agreed on, and peers; never raises."""
        ...

    async def load_model(self, model: str) -> None:
        """Return once it is ready. Raises InferenceError: it cannot be, and why."""
        ...

    async def unload_model(self, model: str) -> None:
        """Return once it is gone; calls in flight end first. Raises InferenceError."""
        ...

    async def pin_model(self, model: str, pinned: bool) -> None:
        """A pinned model stays loaded until it is unpinned. Raises InferenceError."""
        ...

    async def reserve_model(self, model: str, project: str, from_s: float, until_s: float) -> None:
        """Have a model loaded in a window (seconds since 1970) for a project, "" = for all.

        Raises:
            InferenceError: it does not fit together with what is kept already, with figures.
        """
        ...

    async def end_reservation(self, reservation: str) -> None:
        """Safe to repeat. Raises InferenceError."""
        ...

    async def set_budget(self, project: str, gpu_hours: float, tokens: int) -> None:
        """What a project may use from now on; 0 and 0 = no limit. Raises InferenceError."""
        ...

    async def set_weight(self, project: str, weight: float) -> None:
        """Its share of GPU time beside others, 0.01 to 1000; 1 is usual. Raises InferenceError."""
        ...

    async def peers(self) -> Peering:
        """Machines ours is paired with; nobody where an older Fabric knows of none.

        Raises:
            InferenceError: there is no Fabric, or it does not answer.
        """
        ...

    async def revoke_peer(self, name: str) -> None:
        """Unpair: what runs between the two is cut off, and neither reaches the other any more.

        Raises:
            InferenceError: there is no such peer, or no Fabric.
        """
        ...

    async def token(
        self,
        *,
        project: str,
        task: str,
        attempt: int,
        models: tuple[str, ...],
        peers: bool = False,
    ) -> str:
        """A bearer token for one attempt of a task. Raises InferenceError.

        Args:
            peers: whether its calls may be answered by other machines.
        """
        ...

    async def revoke(self, token: str) -> None: ...

    async def ask_lease(self, wish: LeaseWish) -> LeaseNews:
        """Ask to hold a model; safe to repeat. Starts the Fabric if none runs.

        Raises:
            InferenceError: there is no Fabric, or it refuses: no such model, no engine, too large.
        """
        ...

    async def watch_leases(
        self, known: Mapping[str, LeaseStatus], wait_s: float
    ) -> tuple[LeaseNews, ...]:
        """Renew leases; return once one stands otherwise than `known`, or after `wait_s`.

        Returns: all of `known` as they stand now.
        Raises:
            InferenceError: the Fabric is gone, and with it every lease.
        """
        ...

    async def release_lease(self, task: str) -> None:
        """Give a lease back; safe to repeat, also when the Fabric is gone. Never raises."""
        ...

    async def call(
        self, token: str, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> ModelResponse:
        """Forward one model call; may be awaited on any event loop. Raises InferenceError."""
        ...

    async def account(self, call: str) -> CallUse | None:
        """What a call used whose answer carried that name in `x-clawdesk-call`.

        Waits a little where the call has not ended. None = it is not known. Never raises; may be
        awaited on any event loop.
        """
        ...

    async def accounts(self, task: str) -> tuple[CallUse, ...]:
        """What calls of a task used, in the order in which they ended: those that are still known.

        () where the Fabric does not answer. Never raises.
        """
        ...

    async def close(self) -> None: ...
