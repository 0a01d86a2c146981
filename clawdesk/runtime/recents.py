"""Which projects were open lately, and which digest a person was last shown.

Conveniences only: the files may be deleted at any time without loss.
"""

from __future__ import annotations

import contextlib
import json
import logging
from pathlib import Path
from typing import Any

import platformdirs

RECENT_MAX = 20
_log = logging.getLogger(__name__)


def state_dir() -> Path:
    """`$XDG_STATE_HOME/clawdesk`."""
    return platformdirs.user_state_path("clawdesk", appauthor=False)


def _read(name: str) -> Any:
    try:
        return json.loads((state_dir() / name).read_text())
    except (OSError, ValueError):
        return None


def _write(name: str, value: object) -> None:
    """Where the disk takes nothing it is forgotten: no task may fail for a convenience."""
    folder = state_dir()
    new = folder / f".{name}.new"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        new.write_text(json.dumps(value))
        new.replace(folder / name)
    except OSError as error:
        _log.info("%s could not be kept in %s: %s", name, folder, error.strerror)


def recent_projects() -> list[str]:
    """Paths, newest first; folders that are gone are left out."""
    found = _read("recent.json")
    paths = [str(path) for path in found] if isinstance(found, list) else []
    return [path for path in paths if _is_there(path)]


def _is_there(path: str) -> bool:
    try:
        return Path(path).is_dir()
    except OSError:
        return False  # on a network mount that died, or forbidden by now


def remember_project(path: str) -> None:
    """Put it first. On a disk that is full or read-only nothing is remembered, and no act fails."""
    others = [other for other in recent_projects() if other != path]
    with contextlib.suppress(OSError):
        _write("recent.json", [path, *others][:RECENT_MAX])


def shown_digest(task: str, ordinal: int) -> str:
    """The digest that `diff`, `show` or `inbox` last printed for a checkpoint, else ""."""
    found = _read("shown.json")
    return str(found.get(f"{task}/{ordinal}", "")) if isinstance(found, dict) else ""


def remember_digest(task: str, ordinal: int, digest: str) -> None:
    """What `approve` is bound to when it names no digest. Raises OSError if it is not kept."""
    found = _read("shown.json")
    shown = found if isinstance(found, dict) else {}
    shown[f"{task}/{ordinal}"] = digest
    _write("shown.json", dict(list(shown.items())[-1000:]))
