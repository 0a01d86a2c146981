"""An engine for simulated GPUs: models are placed on them by the ledger, and run on processors.

What a model was promised is shown as used on its simulated GPUs, so that everything that reads GPUs
sees what it would see on real ones. Nothing here is used where the driver is real.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace

from clawdesk_fabric.catalog import Catalog, ModelSpec
from clawdesk_fabric.engines.base import Endpoint, Engine
from clawdesk_fabric.errors import FabricError
from clawdesk_fabric.ledger import part_of
from clawdesk_fabric.model import EngineView
from clawdesk_fabric.nvml import process_of
from clawdesk_fabric.simulated_gpus.state import simulate_use


def on_simulated_gpus(catalog: Catalog) -> Catalog:
    """The catalog with every model of the host's processors placed on GPUs instead."""
    models = {
        name: spec
        if spec.gpu_memory_mib
        else replace(spec, gpu_memory_mib=spec.memory_mib, gpus_max=max(1, spec.gpus_max))
        for name, spec in catalog.models.items()
    }
    return replace(catalog, models=models)


class SimulatingEngine:
    """Implements `Engine` around one that starts containers without GPUs."""

    def __init__(self, inner: Engine) -> None:
        self._inner = inner
        self._placed: dict[str, Endpoint] = {}  # by container

    async def open(
        self,
        *,
        on_end: Callable[[Endpoint, FabricError], None],
        on_view: Callable[[EngineView], None],
    ) -> None:
        def ended(endpoint: Endpoint, error: FabricError) -> None:
            on_end(self._placed.pop(endpoint.container, endpoint), error)

        await self._inner.open(on_end=ended, on_view=on_view)

    async def adopt(self, specs: Mapping[str, ModelSpec]) -> list[Endpoint]:
        """None: where an earlier one was placed is forgotten, so it is started anew."""
        for endpoint in await self._inner.adopt(specs):
            await self._inner.stop(endpoint)
        return []

    async def start(
        self, spec: ModelSpec, devices: tuple[str, ...], report: Callable[[str], None]
    ) -> Endpoint:
        endpoint = await self._inner.start(spec, (), report)
        if not devices:
            return endpoint
        try:
            await asyncio.to_thread(_show, endpoint.container, devices, spec.gpu_memory_mib)
        except FabricError:
            await self._inner.stop(endpoint)
            raise
        placed = replace(endpoint, devices=devices)
        self._placed[endpoint.container] = placed
        return placed

    async def renewed(self, endpoint: Endpoint) -> Endpoint:
        return await self._inner.renewed(endpoint)

    def owners(self) -> Mapping[str, str]:
        return self._inner.owners()

    async def stop(self, endpoint: Endpoint) -> None:
        self._placed.pop(endpoint.container, None)
        await self._inner.stop(replace(endpoint, devices=()))

    async def close(self, *, remove: bool) -> None:
        await self._inner.close(remove=remove)


def _show(container: str, devices: tuple[str, ...], memory_mib: int) -> None:
    """What the container was promised, as used on its GPUs; it ends with the process."""
    pid = process_of(container)
    if pid is None:
        return
    for device in devices:
        simulate_use(device, pid, part_of(memory_mib, len(devices)))
