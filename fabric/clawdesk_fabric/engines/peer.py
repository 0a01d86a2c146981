"""Models that another machine lends, beside whatever the engine inside serves."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from pathlib import Path

from clawdesk_fabric.engines.base import Endpoint, Engine
from clawdesk_fabric.errors import FabricError
from clawdesk_fabric.model import EngineView
from clawdesk_fabric.peers import Peers
from clawdesk_fabric.peers_asking import HOST
from clawdesk_fabric.specs import ModelSpec, PeerSource


class PeerEngine:
    """Implements `Engine` around one for everything else. A lent model is never started here: it
    is only said where it answers."""

    def __init__(self, inner: Engine, peers: Peers) -> None:
        self._inner = inner
        self._peers = peers
        self._numbers = itertools.count(1)

    async def open(
        self,
        *,
        on_end: Callable[[Endpoint, FabricError], None],
        on_view: Callable[[EngineView], None],
    ) -> None:
        await self._inner.open(on_end=on_end, on_view=on_view)

    async def adopt(self, specs: Mapping[str, ModelSpec]) -> list[Endpoint]:
        ours = {n: s for n, s in specs.items() if not isinstance(s.source, PeerSource)}
        return await self._inner.adopt(ours)

    async def start(
        self, spec: ModelSpec, devices: tuple[str, ...], report: Callable[[str], None]
    ) -> Endpoint:
        if not isinstance(spec.source, PeerSource):
            return await self._inner.start(spec, devices, report)
        peer = self._peers.get(spec.source.peer)
        return Endpoint(
            model=spec.name,
            container=f"peer-{next(self._numbers)}",
            socket=Path("/dev/null"),
            image=f"peer {peer.name}",
            url=f"https://{peer.address}/v1",
            served_as=spec.source.model,
            headers=(("Host", HOST),),
            peer=peer.name,
            tls=self._peers.tls_of(peer),
        )

    async def renewed(self, endpoint: Endpoint) -> Endpoint:
        # A peer has no key; one that is paired anew has its models started anew.
        return endpoint if endpoint.peer else await self._inner.renewed(endpoint)

    def owners(self) -> Mapping[str, str]:
        return self._inner.owners()

    async def stop(self, endpoint: Endpoint) -> None:
        if not endpoint.peer:
            await self._inner.stop(endpoint)

    async def close(self, *, remove: bool) -> None:
        await self._inner.close(remove=remove)
