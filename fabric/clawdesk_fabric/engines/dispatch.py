"""Containers and upstreams behind one `Engine`: each spec goes to the engine of its kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from clawdesk_fabric.engines.base import Endpoint, Engine
from clawdesk_fabric.errors import FabricError
from clawdesk_fabric.model import EngineView
from clawdesk_fabric.specs import ModelSpec, UpstreamSource


class Engines:
    """Implements `Engine` with two others.

    Args:
        containers: its view is the whole's, for only containers need an engine on this machine.
    """

    def __init__(self, containers: Engine, upstreams: Engine) -> None:
        self._containers = containers
        self._upstreams = upstreams

    async def open(
        self,
        *,
        on_end: Callable[[Endpoint, FabricError], None],
        on_view: Callable[[EngineView], None],
    ) -> None:
        await self._upstreams.open(on_end=on_end, on_view=lambda _: None)
        await self._containers.open(on_end=on_end, on_view=on_view)

    async def adopt(self, specs: Mapping[str, ModelSpec]) -> list[Endpoint]:
        here = {name: spec for name, spec in specs.items() if not _is_elsewhere(spec)}
        return await self._containers.adopt(here)

    async def start(
        self, spec: ModelSpec, devices: tuple[str, ...], report: Callable[[str], None]
    ) -> Endpoint:
        engine = self._upstreams if _is_elsewhere(spec) else self._containers
        return await engine.start(spec, devices, report)

    async def renewed(self, endpoint: Endpoint) -> Endpoint:
        return await (self._upstreams if endpoint.url else self._containers).renewed(endpoint)

    def owners(self) -> Mapping[str, str]:
        return {**self._upstreams.owners(), **self._containers.owners()}

    async def stop(self, endpoint: Endpoint) -> None:
        await (self._upstreams if endpoint.url else self._containers).stop(endpoint)

    async def close(self, *, remove: bool) -> None:
        await self._upstreams.close(remove=remove)
        await self._containers.close(remove=remove)


def _is_elsewhere(spec: ModelSpec) -> bool:
    return isinstance(spec.source, UpstreamSource)
