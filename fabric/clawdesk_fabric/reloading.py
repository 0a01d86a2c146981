"""A catalog read anew: what differs, and what the core needs to know of a model. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from clawdesk_fabric.catalog import Catalog, Settings
from clawdesk_fabric.model import Figures
from clawdesk_fabric.specs import ModelSpec

_LATER = ("body_bytes_max",)
"""Given to the HTTP server when it is made."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Names of models, each in their order.

    Args:
        changed: those that are loaded go on as they were started, until they are unloaded.
        settings: keys of `[fabric]` that count from now on.
        settings_later: those that count from the next start.
        keys: loaded upstreams whose next calls carry another key, or none any more.
        problems: what could not be looked at, a sentence each.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    settings_later: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def compared(before: Catalog, now: Catalog) -> Changes:
    """What differs in `now`."""
    old, new = before.models, now.models
    was, is_now = asdict(before.settings), asdict(now.settings)
    differing = [key for key in was if was[key] != is_now[key]]
    return Changes(
        added=tuple(name for name in new if name not in old),
        changed=tuple(name for name in new if name in old and new[name] != old[name]),
        removed=tuple(name for name in old if name not in new),
        settings=tuple(key for key in differing if key not in _LATER),
        settings_later=tuple(key for key in differing if key in _LATER),
    )


def settled(before: Settings, now: Settings) -> Settings:
    """The settings to go on with: the new ones, but for those that need a new start."""
    return replace(now, **{key: getattr(before, key) for key in _LATER})


def figures(spec: ModelSpec) -> Figures:
    """What the core counts with."""
    on_gpu = spec.gpu_memory_mib > 0
    return Figures(
        spec.name,
        slots=spec.slots,
        memory_mib=spec.gpu_memory_mib if on_gpu else spec.memory_mib,
        idle_stop_ms=spec.idle_stop_s * 1000,
        gpus_max=spec.gpus_max if on_gpu else 0,
        remote=spec.is_remote,
    )
