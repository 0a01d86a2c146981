"""The place of a Fabric as other processes see it: its socket, and the lock beside that."""

from __future__ import annotations

import fcntl
import socket
from pathlib import Path


def lock_path(path: Path) -> Path:
    """Held by the Fabric of that socket from before it listens until its process is gone."""
    return path.with_name(path.name + ".lock")


def is_held(path: Path) -> bool:
    """Whether a Fabric has that place, listening or not."""
    with lock_path(path).open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def listens(path: Path) -> bool:
    """Whether somebody takes connections at that socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0
