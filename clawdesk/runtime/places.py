"""Where the plane keeps its socket, lock and log, and finds the user's own rules."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import platformdirs

from clawdesk.ports.errors import PortError

FOLDER_BYTES_MAX = 107 - len("/window.sock")
"""The address of a Unix socket has at most 107 bytes on Linux."""


def config_dir() -> Path:
    """`$XDG_CONFIG_HOME/clawdesk`: `policy.toml`, and what the user trusts."""
    return platformdirs.user_config_path("clawdesk", appauthor=False)


def runtime_dir() -> Path:
    """The 0700 folder of sockets and locks, created on demand.

    `$CLAWDESK_RUNTIME_DIR`, else `$XDG_RUNTIME_DIR/clawdesk`, else `clawdesk-UID` under the
    temporary directory, whose owner is checked so that nobody can lay a trap there.

    Raises:
        PortError: it cannot be made, has too long a path, belongs to somebody else, or holds files
            and is open to others.
    """
    chosen = os.environ.get("CLAWDESK_RUNTIME_DIR")
    session = os.environ.get("XDG_RUNTIME_DIR")
    if chosen:
        path = Path(chosen)
    elif session:
        path = Path(session) / "clawdesk"
    else:
        path = Path(tempfile.gettempdir()) / f"clawdesk-{os.getuid()}"
    if len(os.fsencode(path)) > FOLDER_BYTES_MAX:
        raise PortError(
            f"The path of the folder for sockets, {path}, is longer than {FOLDER_BYTES_MAX} bytes.",
            mend="Set CLAWDESK_RUNTIME_DIR to a folder of yours with a short path.",
            code="runtime_dir",
        )
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise PortError(
            f"The folder for sockets, {path}, cannot be made: {error.strerror}.",
            mend="Set CLAWDESK_RUNTIME_DIR to a folder of yours.",
            code="runtime_dir",
        ) from None
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise PortError(
            f"{path} belongs to another user.", mend="Set CLAWDESK_RUNTIME_DIR.", code="runtime_dir"
        )
    if stat.S_IMODE(found.st_mode) & 0o077:
        if any(path.iterdir()):  # somebody else's, named by mistake: /tmp, a home, /etc
            raise PortError(
                f"{path} holds files and is open to others, so no socket is put there.",
                mend=f"Set CLAWDESK_RUNTIME_DIR to a new folder, or close this one: "
                f"chmod 700 {path}",
                code="runtime_dir",
            )
        path.chmod(0o700)
    return path


def plane_socket() -> Path:
    return runtime_dir() / "plane.sock"


def plane_lock() -> Path:
    return runtime_dir() / "plane.lock"


def window_socket() -> Path:
    return runtime_dir() / "window.sock"


def window_lock() -> Path:
    return runtime_dir() / "window.lock"
