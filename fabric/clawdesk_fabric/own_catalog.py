"""The user's own catalog file, changed entry by entry: comments and everything else stay.

Written whole or not at all, and checked as the Fabric will read it before it replaces the old one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT

from clawdesk_fabric.catalog import FILE_BYTES_MAX, load
from clawdesk_fabric.entries import parse_model
from clawdesk_fabric.errors import CatalogError
from clawdesk_fabric.recipes.roots import locked
from clawdesk_fabric.weights.files import write_private

_HEAD = "Models of your own: clawdesk-fabric add and remove change this file; so may you."


def add_entry(path: Path, entry: Mapping[str, Any]) -> None:
    """Append a model.

    Raises:
        CatalogError: the entry is malformed, its name is taken, or the file is not TOML.
    """
    spec = parse_model(path, entry)
    with _changing(path) as document:
        check_free(path, spec.name)
        models = document.setdefault("models", tomlkit.aot())
        if not isinstance(models, AoT):
            raise CatalogError(f"{path}: models: allowed: [[models]] tables only")
        models.append(tomlkit.item(dict(entry)))


def check_free(path: Path, name: str) -> None:
    """Raises CatalogError if a model of this name is known already."""
    if name in load(own=path).models:
        raise CatalogError(
            f"there is a model {name} already",
            mend=f"give another --name, or first: clawdesk-fabric remove {name}",
        )


def remove_entry(path: Path, name: str) -> None:
    """Remove a model; its weights stay where they are. Raises CatalogError."""
    with _changing(path) as document:
        models = document.get("models", [])
        if not isinstance(models, list):
            raise CatalogError(f"{path}: models: allowed: [[models]] tables only")
        for number, entry in enumerate(models):
            if isinstance(entry, dict) and entry.get("name") == name:
                del models[number]
                if not models:
                    del document["models"]
                return
        shipped = name in load(own=path).models
        why = "comes with the program and stays" if shipped else "is not one you added"
        raise CatalogError(f"{name} {why}", mend="clawdesk-fabric models lists all of them")


@contextmanager
def _changing(path: Path) -> Iterator[tomlkit.TOMLDocument]:
    """The file to be changed; it is written when the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with locked(path.with_name(f".{path.name}.lock")):
        document = _read(path)
        yield document
        write_private(path, tomlkit.dumps(document))


def _read(path: Path) -> tomlkit.TOMLDocument:
    try:
        if path.exists() and path.stat().st_size > FILE_BYTES_MAX:
            raise CatalogError(f"{path} has more than {FILE_BYTES_MAX} bytes")
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        document = tomlkit.document()
        document.add(tomlkit.comment(_HEAD))
        return document
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogError(f"{path} cannot be read: {error}") from error
    try:
        return tomlkit.parse(text)
    except TOMLKitError as error:
        raise CatalogError(f"{path} is not TOML: {error}") from error
