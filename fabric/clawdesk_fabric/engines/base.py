"""What the Fabric needs of a container engine: start, stop, adopt, and be told of ends."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from clawdesk_fabric.errors import FabricError
from clawdesk_fabric.model import EngineView
from clawdesk_fabric.specs import ModelSpec


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A model that answers HTTP on a Unix socket, or elsewhere by its URL.

    Args:
        container: the engine's id of it, unique for each start.
        socket: where it answers; meaningless where there is a `url`.
        image: what it runs, named so that the same name is always the same bytes.
        devices: UUIDs of the GPUs it was given; none for a model on the host's processors.
        url: base of an upstream, with its /v1; "" = it answers on `socket`. No redirect of it is
            ever followed: it would carry the key to somebody else.
        served_as: what it calls the model; "" = by our name.
        headers: to be sent with each call; they may hold a key, so they are never printed.
        peer: the Fabric of another machine that answers there; "" = it is none.
        tls: whom to trust at the `url`, and as whom to speak; None = the system's authorities.
    """

    model: str
    container: str
    socket: Path
    image: str = ""
    devices: tuple[str, ...] = ()
    url: str = ""
    served_as: str = ""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    peer: str = ""
    tls: ssl.SSLContext | None = field(default=None, repr=False, compare=False)


class Engine(Protocol):
    """Every call is safe to repeat. Callbacks arrive on the loop that called `open`."""

    async def open(
        self,
        *,
        on_end: Callable[[Endpoint, FabricError], None],
        on_view: Callable[[EngineView], None],
    ) -> None:
        """Begin to watch the engine; `on_view` has been called once when this returns.

        Args:
            on_end: a started or adopted model ended without `stop`; nothing of it is left.
            on_view: the engine came, went, or cannot be used.
        """
        ...

    async def adopt(self, specs: Mapping[str, ModelSpec]) -> list[Endpoint]:
        """Our own containers that answer and match their spec; others of ours are removed."""
        ...

    async def start(
        self, spec: ModelSpec, devices: tuple[str, ...], report: Callable[[str], None]
    ) -> Endpoint:
        """Run the model until it is healthy, making its image first if needed.

        Args:
            devices: UUIDs of the GPUs it may use, and no others; () = the host's processors.
            report: progress sentences, called on the loop.
        Raises:
            FabricError: it did not start; nothing of it is left.
        """
        ...

    async def renewed(self, endpoint: Endpoint) -> Endpoint:
        """The same model as it is to be reached from now on: its key may be another one.

        Raises:
            FabricError: the key that is kept cannot be read.
        """
        ...

    def owners(self) -> Mapping[str, str]:
        """Container -> model, of all that run or start now; tells our GPU memory from others'."""
        ...

    async def stop(self, endpoint: Endpoint) -> None:
        """End the model's container and remove it. Unknown endpoint: nothing."""
        ...

    async def close(self, *, remove: bool) -> None:
        """Let go of the engine.

        Args:
            remove: also remove every container of ours; else the next Fabric adopts them.
        """
        ...
