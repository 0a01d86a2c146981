"""The image a model runs in: ours is made from its recipe, anybody else's must be there already.

Blocks; used in the engine's thread pool. Nothing is ever pulled.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import docker
from docker.errors import ImageNotFound

from clawdesk_fabric.errors import EngineError
from clawdesk_fabric.recipes.image import ensure_image, read_recipe
from clawdesk_fabric.recipes.steps import Steps
from clawdesk_fabric.specs import ImageSource, ModelSpec, RecipeSource, WheelWeights

RELAY = "relay"


class Images:
    """Implements `ImageStore` for one engine.

    Args:
        client: the engine's client, connected when it is first needed.
        base_tar: Debian root to build from; None = the cached one.
    """

    def __init__(
        self, client: Callable[[], docker.DockerClient], base_tar: Path | None = None
    ) -> None:
        self._client = client
        self._base_tar = base_tar

    def image_of(self, spec: ModelSpec, steps: Steps) -> str:
        """Name of the model's image, by digest or content hash. Raises FabricError."""
        if isinstance(spec.source, ImageSource):
            self._present(spec.source.image)
            return spec.source.image
        assert isinstance(spec.source, RecipeSource)
        weights = spec.weights if isinstance(spec.weights, WheelWeights) else None
        recipe = read_recipe(spec.source.recipe)
        return ensure_image(self, recipe, weights, spec.name, steps, base_tar=self._base_tar)

    def relay(self, steps: Steps) -> str:
        """Name of the image of the relay beside engines that speak TCP only."""
        return ensure_image(self, read_recipe(RELAY), None, "", steps, base_tar=self._base_tar)

    def _present(self, image: str) -> None:
        if self.has_image(image):
            return
        by_name = "@" in image
        raise EngineError(
            f"the image {image} is not on this machine, and nothing is downloaded unasked",
            mend=f"docker pull {image}" if by_name else "docker load --input FILE, or build it",
            code="model_failed",
            permanent=True,
        )

    def has_image(self, tag: str) -> bool:
        """Part of `ImageStore`."""
        try:
            self._client().images.get(tag)
        except ImageNotFound:
            return False
        return True

    def import_layer(self, layer: Path, tag: str, changes: list[str]) -> None:
        """Part of `ImageStore`; takes a while: some hundred MiB are read."""
        name, _, version = tag.rpartition(":")
        self._client().api.import_image_from_file(
            str(layer), repository=name, tag=version, changes=changes
        )
        if not self.has_image(tag):
            raise EngineError(f"the engine did not take the image {tag}", code="no_capacity")
