"""One started model as the Docker adapter keeps it, and as its containers' labels tell of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clawdesk_fabric.engines.base import Endpoint
from clawdesk_fabric.engines.container import SOCKET_NAME, spec_digest
from clawdesk_fabric.specs import ImageSource, ModelSpec

START_S_MAX = 120.0
GPU_START_S_MAX = 900.0
"""Tens of GiB are read from disk, and some engines compile kernels first."""


@dataclass(frozen=True, slots=True)
class Run:
    """One started model.

    Args:
        relay: id of the container beside an engine that speaks TCP only, else "".
    """

    spec: ModelSpec
    endpoint: Endpoint
    relay: str = ""

    @property
    def containers(self) -> tuple[str, ...]:
        return (self.endpoint.container, self.relay) if self.relay else (self.endpoint.container,)

    @property
    def health_path(self) -> str:
        source = self.spec.source
        return source.health if isinstance(source, ImageSource) else "/health"

    @property
    def start_s_max(self) -> float:
        return GPU_START_S_MAX if self.spec.gpu_memory_mib else START_S_MAX


def is_relay(container: Any) -> bool:
    return "clawdesk.relay_of" in container.labels


def left_run(container: Any, relay: Any, specs: Mapping[str, ModelSpec]) -> Run | None:
    """What an earlier Fabric left, if it runs and is still what the catalog says.

    Args:
        container: the SDK's view of a model's container.
        relay: the one beside it; None = there is none.
    """
    labels = container.labels
    spec = specs.get(labels.get("clawdesk.model", ""))
    if spec is None or labels.get("clawdesk.spec") != spec_digest(spec):
        return None
    needed = [container, relay] if isinstance(spec.source, ImageSource) else [container]
    if any(one is None or one.status != "running" for one in needed):
        return None
    devices = tuple(filter(None, labels.get("clawdesk.devices", "").split(",")))
    socket = Path(labels.get("clawdesk.folder", "")) / SOCKET_NAME
    image = labels.get("clawdesk.image", "")
    endpoint = Endpoint(spec.name, str(container.id), socket, image, devices)
    return Run(spec, endpoint, str(relay.id) if relay is not None else "")
