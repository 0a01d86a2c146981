"""A catalog read anew: what differs, and what the core needs to know of a model. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from clawdesk_fabric.catalog import Catalog
from clawdesk_fabric.model import Figures
from clawdesk_fabric.specs import ModelSpec, UpstreamSource


@dataclass(frozen=True, slots=True)
class Changes:
    """Names of models, each in their order.

    Args:
        changed: those that are loaded go on as they were started, until they are unloaded.
        settings: the file has other settings than those in use, which need a new start.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    settings: bool = False

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def compared(before: Catalog, now: Catalog) -> Changes:
    """What differs in `now`."""
    old, new = before.models, now.models
    return Changes(
        added=tuple(name for name in new if name not in old),
        changed=tuple(name for name in new if name in old and new[name] != old[name]),
        removed=tuple(name for name in old if name not in new),
        settings=before.settings != now.settings,
    )


def figures(spec: ModelSpec) -> Figures:
    """What the core counts with."""
    on_gpu = spec.gpu_memory_mib > 0
    return Figures(
        spec.name,
        slots=spec.slots,
        memory_mib=spec.gpu_memory_mib if on_gpu else spec.memory_mib,
        idle_stop_ms=spec.idle_stop_s * 1000,
        gpus_max=spec.gpus_max if on_gpu else 0,
        remote=isinstance(spec.source, UpstreamSource),
    )
