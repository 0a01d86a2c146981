"""One `[[models]]` table of a catalog file, checked and made a `ModelSpec`.

A mistake is one sentence naming file and key. Touches no file but the one it is given as parsed.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from clawdesk_fabric.errors import CatalogError
from clawdesk_fabric.specs import (
    ImageSource,
    LocalWeights,
    ModelSpec,
    Price,
    RecipeSource,
    Source,
    UpstreamSource,
    Weights,
    WheelPin,
    WheelWeights,
)
from clawdesk_fabric.weights.files import FILES_MAX, WeightFile

ENDPOINTS = ("chat/completions", "completions", "embeddings")
EMBEDDINGS = ENDPOINTS[2:]
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
SHA256 = re.compile(r"[0-9a-f]{64}")
CURRENCY = re.compile(r"[A-Z]{3}")
PRICE_MAX = 1_000_000
BY_DIGEST = re.compile(r"([a-zA-Z0-9][\w.:/-]*@)?sha256:[0-9a-f]{64}")
FIGURES = {
    "context": 64,
    "slots": 1,
    "threads": 1,
    "memory_mib": 64,
    "idle_stop_s": 1,
    "gpu_memory_mib": 0,
    "gpus_max": 1,
}
_OPTIONAL = {"gpu_memory_mib": 0, "gpus_max": 1}
_COMMON = {"name", "title", "licence", "endpoints", "price", *FIGURES}
_KEYS = {
    "recipe": {"recipe", "file", "file_sha256", "file_bytes", "wheel", "weights"},
    "image": {"image", "command", "port", "health", "weights"},
    "upstream": {"upstream", "model", "projects"},
}


class Table:
    """A table of a file, taken key by key; every refusal names the file and the key."""

    def __init__(self, path: Path, where: str, values: object) -> None:
        if not isinstance(values, Mapping):
            raise CatalogError(f"{path}: {where}: found {values!r}; allowed: a table")
        self._path = path
        self._where = where
        self.values: Mapping[str, Any] = values

    def refuse(self, key: str, allowed: str, *, mend: str = "") -> CatalogError:
        found = repr(self.values[key]) if key in self.values else "nothing"
        place = f"{self._where}.{key}"
        return CatalogError(f"{self._path}: {place}: found {found}; allowed: {allowed}", mend=mend)

    def only(self, allowed: set[str]) -> None:
        for key in self.values:
            if key not in allowed:
                known = ", ".join(sorted(allowed))
                raise CatalogError(
                    f"{self._path}: {self._where}.{key}: unknown key; allowed: {known}"
                )

    def text(self, key: str, pattern: re.Pattern[str] | None = None, allowed: str = "") -> str:
        value = self.values.get(key)
        if not isinstance(value, str):
            raise self.refuse(key, "str")
        if pattern is not None and not pattern.fullmatch(value):
            raise self.refuse(key, allowed)
        return value

    def figure(self, key: str, least: int, most: int = 2**31) -> int:
        value = self.values.get(key)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.refuse(key, "int")
        if not least <= value <= most:
            raise self.refuse(key, f"{least} or more" if most == 2**31 else f"{least} to {most}")
        return value

    def amount(self, key: str, most: float) -> float:
        value = self.values.get(key)
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= most:
            raise self.refuse(key, f"a number from 0 to {most}")
        return float(value)

    def texts(self, key: str, limit: int = 256) -> tuple[str, ...]:
        value = self.values.get(key)
        if not isinstance(value, list) or len(value) > limit:
            raise self.refuse(key, f"a list of at most {limit} texts")
        if not all(isinstance(item, str) for item in value):
            raise self.refuse(key, "a list of texts")
        return tuple(value)

    def table(self, key: str) -> Table:
        return Table(self._path, f"{self._where}.{key}", self.values.get(key))


def parse_wheel(path: Path, values: object, where: str) -> WheelPin:
    """A `{name, version, file, sha256}` table. Raises CatalogError."""
    return _wheel(Table(path, where, values))


def _wheel(table: Table) -> WheelPin:
    return WheelPin(*(table.text(key) for key in WheelPin.__slots__))


def parse_model(path: Path, values: object) -> ModelSpec:
    """One model. Raises CatalogError."""
    name = values.get("name", "?") if isinstance(values, Mapping) else "?"
    table = Table(path, f"models.{name}", values)
    kinds = [kind for kind in _KEYS if kind in table.values]
    if len(kinds) != 1:
        raise table.refuse("recipe", "exactly one of recipe, image, upstream")
    (kind,) = kinds
    table.only(_COMMON | _KEYS[kind])
    endpoints = table.texts("endpoints")
    if not endpoints or any(endpoint not in ENDPOINTS for endpoint in endpoints):
        raise table.refuse("endpoints", ", ".join(ENDPOINTS))
    weights = _weights(table, kind)
    figures = _remote_figures(table) if kind == "upstream" else _figures(table)
    return ModelSpec(
        name=table.text("name", NAME, "small letters, digits, and . _ - between them"),
        title=table.text("title"),
        licence=table.text("licence"),
        source=_SOURCES[kind](table),
        weights=weights,
        endpoints=endpoints,
        price=_price(table.table("price")) if "price" in table.values else None,
        **figures,
    )


def _price(table: Table) -> Price:
    table.only({"input", "output", "currency"})
    return Price(
        table.amount("input", PRICE_MAX),
        table.amount("output", PRICE_MAX),
        table.text("currency", CURRENCY, "three capital letters, such as EUR"),
    )


def figures_of(table: Table) -> dict[str, int]:
    """The figures that a table of the user's settings file changes. Raises CatalogError."""
    table.only(set(FIGURES))
    return {key: table.figure(key, FIGURES[key]) for key in table.values}


def _figures(table: Table) -> dict[str, int]:
    return {
        key: _OPTIONAL[key]
        if key in _OPTIONAL and key not in table.values
        else table.figure(key, least)
        for key, least in FIGURES.items()
    }


def _remote_figures(table: Table) -> dict[str, int]:
    """An upstream takes none of our memory and processors; only its calls are bounded."""
    for key in FIGURES:
        if key not in ("slots", "idle_stop_s") and key in table.values:
            raise table.refuse(key, "nothing: an upstream runs elsewhere")
    figures = dict.fromkeys(("context", "threads", "memory_mib"), 0)
    idle_s = table.figure("idle_stop_s", 1) if "idle_stop_s" in table.values else 300
    return {**figures, "slots": table.figure("slots", 1, 1024), "idle_stop_s": idle_s}


def _weights(table: Table, kind: str) -> Weights:
    if "weights" in table.values:
        listed = table.values["weights"]
        if "wheel" in table.values or not isinstance(listed, list):
            raise table.refuse("weights", "a list of files, and then no wheel")
        if not 1 <= len(listed) <= FILES_MAX:
            raise table.refuse("weights", f"1 to {FILES_MAX} files")
        return LocalWeights(tuple(_file(table, item) for item in listed))
    if kind == "recipe":
        return WheelWeights(
            wheel=_wheel(table.table("wheel")),
            file=table.text("file"),
            sha256=table.text("file_sha256", SHA256, "64 hexadecimal digits"),
            size=table.figure("file_bytes", 1, 2**50),
        )
    return None


def _file(parent: Table, values: object) -> WeightFile:
    table = Table(parent._path, f"{parent._where}.weights", values)
    table.only({"path", "sha256", "bytes"})
    path = Path(table.text("path"))
    if not path.is_absolute() or ":" in str(path) or not re.fullmatch(r"[^/\0]+", path.name):
        raise table.refuse("path", "an absolute path without a colon")
    digest = table.text("sha256", SHA256, "64 hexadecimal digits")
    return WeightFile(path.name, path, digest, table.figure("bytes", 1, 2**50))


def _recipe(table: Table) -> Source:
    return RecipeSource(table.text("recipe", NAME, "the name of a recipe"))


def _image(table: Table) -> Source:
    image = table.text("image")
    if not is_by_digest(image):
        raise table.refuse("image", "NAME@sha256:... or sha256:...", mend=digest_command(image))
    health = table.text("health", re.compile(r"/[\w./-]{0,200}"), "a path such as /health")
    return ImageSource(image, table.texts("command"), table.figure("port", 1, 65_535), health)


def is_by_digest(image: str) -> bool:
    """Whether the reference always names the same bytes; a tag can be moved by anybody."""
    return BY_DIGEST.fullmatch(image) is not None


def digest_command(image: str) -> str:
    """The command that shows which bytes a tag names now."""
    shown = image if re.fullmatch(r"[\w.:/@-]{1,255}", image) else "IMAGE"
    return f"docker image inspect --format '{{{{.Id}}}} {{{{.RepoDigests}}}}' {shown}"


def _upstream(table: Table) -> Source:
    url = table.text("upstream").rstrip("/")
    if not is_safe_url(url):
        raise table.refuse("upstream", "https://HOST/v1, or http on 127.0.0.1, [::1] or localhost")
    return UpstreamSource(url, table.text("model"), table.texts("projects"))


def is_safe_url(url: str) -> bool:
    """https, or http that does not leave this machine; no user, query or fragment in it."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not host or port == 0 or parts.username is not None or parts.query or parts.fragment:
        return False
    if parts.scheme == "https":
        return True
    if parts.scheme != "http":
        return False
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


_SOURCES = {"recipe": _recipe, "image": _image, "upstream": _upstream}
