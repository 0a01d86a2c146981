"""The models the Fabric knows, read from catalog.toml and bounded by the user's settings file.

Parses and checks; starts nothing, downloads nothing. A mistake is one sentence naming file and key.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from clawdesk_fabric.errors import CatalogError
from clawdesk_fabric.paths import packaged

ENDPOINTS = ("chat/completions", "completions", "embeddings")


@dataclass(frozen=True, slots=True)
class WheelPin:
    """One wheel, pinned: what the package index calls it and the bytes it must have."""

    name: str
    version: str
    file: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One model: what it is made of and what it is given.

    Args:
        file: path of the model's file inside its wheel.
        context: tokens kept over all slots together.
        slots: requests it works on at once.
        memory_mib: limit of its container, and for a model on the host's processors what it
            counts in the Fabric's memory budget.
        gpu_memory_mib: what it needs of GPU memory, all GPUs together; 0 = it runs on processors.
        gpus_max: over how many GPUs it may be spread where no single one has room.
    """

    name: str
    title: str
    licence: str
    recipe: str
    wheel: WheelPin
    file: str
    file_sha256: str
    file_bytes: int
    endpoints: tuple[str, ...]
    context: int
    slots: int
    threads: int
    memory_mib: int
    idle_stop_s: int
    gpu_memory_mib: int = 0
    gpus_max: int = 1


@dataclass(frozen=True, slots=True)
class Settings:
    """Limits of the whole Fabric; every queue and budget has one.

    Args:
        memory_mib: what all replicas together may take; 0 = half of the host's memory.
        waiting_max: calls that may wait, over all models.
        gpu_reserve_mib: of each GPU, kept for the desktop.
        tokens_max: bearer tokens that may exist at once.
    """

    memory_mib: int = 0
    gpu_reserve_mib: int = 512
    waiting_max: int = 256
    tokens_max: int = 10_000
    body_bytes_max: int = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Catalog:
    models: Mapping[str, ModelSpec]
    settings: Settings = Settings()


_FIGURES = {"context": 64, "slots": 1, "threads": 1, "memory_mib": 64, "idle_stop_s": 1}
_TEXTS = ("name", "title", "licence", "recipe", "file", "file_sha256")


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CatalogError(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogError(f"{path} is not TOML: {error}") from error


def _take(path: Path, table: Mapping[str, Any], key: str, kind: type, where: str) -> Any:
    value = table.get(key)
    if not isinstance(value, kind) or isinstance(value, bool):
        found = "nothing" if value is None else repr(value)
        raise CatalogError(f"{path}: {where}{key}: found {found}; allowed: {kind.__name__}")
    return value


def _figure(path: Path, table: Mapping[str, Any], key: str, where: str) -> int:
    value = int(_take(path, table, key, int, where))
    least = _FIGURES[key]
    if not least <= value <= 2**31:
        raise CatalogError(f"{path}: {where}{key}: found {value}; allowed: {least} or more")
    return value


def parse_wheel(path: Path, table: Mapping[str, Any], where: str) -> WheelPin:
    """A `{name, version, file, sha256}` table. Raises CatalogError."""
    fields = (str(_take(path, table, key, str, where)) for key in WheelPin.__slots__)
    return WheelPin(*fields)


def _model(path: Path, table: Mapping[str, Any]) -> ModelSpec:
    where = f"models.{table.get('name', '?')}."
    endpoints = tuple(_take(path, table, "endpoints", list, where))
    if not endpoints or any(name not in ENDPOINTS for name in endpoints):
        allowed = ", ".join(ENDPOINTS)
        raise CatalogError(f"{path}: {where}endpoints: found {endpoints}; allowed: {allowed}")
    fields: dict[str, Any] = {key: _take(path, table, key, str, where) for key in _TEXTS}
    fields |= {key: _figure(path, table, key, where) for key in _FIGURES}
    return ModelSpec(
        **fields,
        file_bytes=int(_take(path, table, "file_bytes", int, where)),
        endpoints=endpoints,
        wheel=parse_wheel(path, _take(path, table, "wheel", dict, where), where + "wheel."),
    )


def _bounded(path: Path, spec: ModelSpec, table: object) -> ModelSpec:
    """`spec` with the figures of a `[models.NAME]` table of the user's settings file."""
    where = f"models.{spec.name}."
    if not isinstance(table, dict):
        raise CatalogError(f"{path}: {where[:-1]}: found {table!r}; allowed: a table")
    for key in table:
        if key not in _FIGURES:
            allowed = ", ".join(_FIGURES)
            raise CatalogError(f"{path}: {where}{key}: unknown key; allowed: {allowed}")
    figures: dict[str, Any] = {key: _figure(path, table, key, where) for key in table}
    return replace(spec, **figures)


def _settings(path: Path, table: object) -> Settings:
    if not isinstance(table, dict):
        raise CatalogError(f"{path}: fabric: found {table!r}; allowed: a table")
    for key, value in table.items():
        if key not in Settings.__slots__:
            allowed = ", ".join(Settings.__slots__)
            raise CatalogError(f"{path}: fabric.{key}: unknown key; allowed: {allowed}")
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise CatalogError(f"{path}: fabric.{key}: found {value!r}; allowed: 1 or more")
    return Settings(**table)


def load(config: Path | None = None) -> Catalog:
    """The shipped catalog, with the figures of the user's settings file.

    Args:
        config: a TOML file with `[fabric]` and `[models.NAME]` tables; None = no file.
    Raises:
        CatalogError: either file is malformed.
    """
    path = packaged("catalog.toml")
    models = {spec.name: spec for spec in (_model(path, t) for t in _read(path).get("models", []))}
    settings = Settings()
    if config is None:
        return Catalog(models, settings)
    for key, value in _read(config).items():
        if key == "fabric":
            settings = _settings(config, value)
        elif key == "models" and isinstance(value, dict):
            for name, table in value.items():
                if name not in models:
                    known = ", ".join(sorted(models))
                    raise CatalogError(f"{config}: models.{name}: unknown; allowed: {known}")
                models[name] = _bounded(config, models[name], table)
        else:
            raise CatalogError(f"{config}: {key}: unknown key; allowed: fabric, models")
    return Catalog(models, settings)
