"""Where icons and styles lie: beside the package in a wheel, or in the source tree.

Never reads anything from a project folder.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import clawdesk


@cache
def folder() -> Path:
    """The resources folder. Raises FileNotFoundError for a broken installation."""
    package = Path(clawdesk.__file__).resolve().parent
    for place in (package / "_resources", package.parent / "resources"):
        if (place / "icons").is_dir():
            return place
    raise FileNotFoundError("the resources folder (icons, style) is missing: reinstall ClawDesk")


@cache
def icon_source(name: str) -> bytes:
    """The SVG of an icon, stroke as `currentColor`."""
    return (folder() / "icons" / f"{name}.svg").read_bytes()


def style_source() -> str:
    """The style sheet with `@role` where a colour goes."""
    return (folder() / "style" / "clawdesk.qss").read_text("utf-8")
