"""Where machine files lie. It decides folders and their modes, and never creates machine files."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import platformdirs

_SYSTEM_HOME = Path("/var/lib/clawdesk")


def machine_home() -> Path:
    """Directory of images, templates and tasks, reachable by the user QEMU runs as.

    `CLAWDESK_DATA_DIR` overrides. As an ordinary user it is `$XDG_DATA_HOME/clawdesk`; as root
    that too, unless a parent is closed to the unprivileged user (`/root` usually is).
    The directory itself is made (0755) when missing; where that is impossible it stays missing, and
    `open_machines` says so, for tasks can be looked at without it.
    """
    override = os.environ.get("CLAWDESK_DATA_DIR", "")
    home = Path(override) if override else _default_home()
    with contextlib.suppress(OSError):
        open_folder(home)
    return home


def open_folder(folder: Path) -> Path:
    """Make a folder of shared, public files, which QEMU's user may enter whatever our umask is."""
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
    return folder


def cache_home() -> Path:
    """`$XDG_CACHE_HOME/clawdesk`: downloads that can be made again."""
    return platformdirs.user_cache_path("clawdesk", appauthor=False)


def _default_home() -> Path:
    own = platformdirs.user_data_path("clawdesk", appauthor=False)
    if os.geteuid() != 0 or _open_to_others(own):
        return own
    return _SYSTEM_HOME


def _open_to_others(path: Path) -> bool:
    """Whether every existing directory up to `path` lets others pass (o+x)."""
    existing = [p for p in (path, *path.parents) if p.exists()]
    return all(p.stat().st_mode & 0o001 for p in existing)
