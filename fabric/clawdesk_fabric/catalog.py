"""The models the Fabric knows: catalog.toml, the user's own models, and the user's settings file.

Parses and checks; starts nothing, downloads nothing. A mistake is one sentence naming file and key.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from clawdesk_fabric.entries import Table, figures_of, parse_model
from clawdesk_fabric.errors import CatalogError
from clawdesk_fabric.paths import own_models, packaged
from clawdesk_fabric.specs import ModelSpec

__all__ = ["Catalog", "ModelSpec", "Settings", "load"]
FILE_BYTES_MAX = 4 * 2**20
MODELS_MAX = 1000


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


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            raw = file.read(FILE_BYTES_MAX + 1)
        if len(raw) > FILE_BYTES_MAX:
            raise CatalogError(f"{path} has more than {FILE_BYTES_MAX} bytes")
        return tomllib.loads(raw.decode("utf-8"))
    except OSError as error:
        raise CatalogError(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CatalogError(f"{path} is not TOML: {error}") from error


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:  # mostly a folder that is closed to this user
        raise CatalogError(f"{path} cannot be looked at: {error.strerror}") from error


def _models(path: Path, known: Mapping[str, ModelSpec]) -> dict[str, ModelSpec]:
    """The models of one catalog file, together with those known already."""
    listed = _read(path).get("models", [])
    if not isinstance(listed, list) or len(listed) > MODELS_MAX:
        raise CatalogError(f"{path}: models: allowed: at most {MODELS_MAX} [[models]] tables")
    models = dict(known)
    for values in listed:
        spec = parse_model(path, values)
        if spec.name in models:
            raise CatalogError(f"{path}: models.{spec.name}: there is a model of this name already")
        models[spec.name] = spec
    return models


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


def load(config: Path | None = None, *, own: Path | None = None) -> Catalog:
    """The shipped catalog and the user's own models, with the figures of the user's settings file.

    Args:
        config: a TOML file with `[fabric]` and `[models.NAME]` tables; None = no file.
        own: the user's own catalog file; None = the usual place. It need not exist.
    Raises:
        CatalogError: one of the files is malformed.
    """
    models = _models(packaged("catalog.toml"), {})
    own = own or own_models()
    if _is_there(own):
        models = _models(own, models)
    settings = Settings()
    if config is None:
        return Catalog(models, settings)
    for key, value in _read(config).items():
        if key == "fabric":
            settings = _settings(config, value)
        elif key == "models" and isinstance(value, dict):
            for name, values in value.items():
                if name not in models:
                    known = ", ".join(sorted(models))
                    raise CatalogError(f"{config}: models.{name}: unknown; allowed: {known}")
                figures: dict[str, Any] = figures_of(Table(config, f"models.{name}", values))
                models[name] = replace(models[name], **figures)
        else:
            raise CatalogError(f"{config}: {key}: unknown key; allowed: fabric, models")
    return Catalog(models, settings)
