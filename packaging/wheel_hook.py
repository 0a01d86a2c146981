"""Puts the files that are no Python into the wheel, beside the package that reads them.

An editable install gets none of them: it reads the checkout, and a copy would grow old unseen.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PLACES = {
    "resources": "clawdesk/_resources",
    "vm/image": "clawdesk/_vm_image",
    "fabric/catalog.toml": "clawdesk_fabric/catalog.toml",
    "fabric/images": "clawdesk_fabric/_images",
}


class FilesOfThePackages(BuildHookInterface):  # type: ignore[type-arg]
    """Called by hatchling before it writes a wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version != "standard":
            return
        root = Path(self.root)
        build_data["force_include"].update({str(root / a): b for a, b in PLACES.items()})
