"""Where the Fabric keeps what: cache, state, and the private folder of its socket.

Creates folders, never removes one. Everything here may be deleted by the user while no Fabric runs.
"""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from clawdesk_fabric.errors import FabricError

SOCKET_NAME = "fabric.sock"
FOLDER_BYTES_MAX = 107 - len("/window.sock")
"""The address of a Unix socket has at most 107 bytes on Linux; the longest name there is ours."""


def _xdg(name: str, fallback: str) -> Path:
    value = os.environ.get(name, "")
    # The specification says that a relative path is to be ignored.
    base = Path(value) if value.startswith("/") else Path.home() / fallback
    return base / "clawdesk"


def cache_folder() -> Path:
    """$XDG_CACHE_HOME/clawdesk, made if it is not there."""
    folder = _xdg("XDG_CACHE_HOME", ".cache")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def state_folder() -> Path:
    """$XDG_STATE_HOME/clawdesk, made if it is not there."""
    folder = _xdg("XDG_STATE_HOME", ".local/state")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def config_folder() -> Path:
    """$XDG_CONFIG_HOME/clawdesk; not made, for most users keep nothing there."""
    return _xdg("XDG_CONFIG_HOME", ".config")


def own_models() -> Path:
    """The user's own catalog file; need not exist."""
    return config_folder() / "models.toml"


def runtime_folder() -> Path:
    """The private folder of sockets and locks, made if it is not there.

    $CLAWDESK_RUNTIME_DIR, else $XDG_RUNTIME_DIR/clawdesk, else /tmp/clawdesk-UID. Whichever it is,
    it must be ours and closed to others: a folder planted in /tmp would hand out our tokens.

    Raises:
        FabricError: the folder belongs to somebody else, or holds files and is open to others.
    """
    override = os.environ.get("CLAWDESK_RUNTIME_DIR", "")
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if override:
        folder = Path(override)
    elif runtime.startswith("/") and Path(runtime).is_dir():
        folder = Path(runtime) / "clawdesk"
    else:
        folder = Path(tempfile.gettempdir()) / f"clawdesk-{os.getuid()}"
    if len(os.fsencode(folder)) > FOLDER_BYTES_MAX:
        raise FabricError(
            f"the path of the folder for sockets, {folder}, has more than {FOLDER_BYTES_MAX} bytes",
            mend="set CLAWDESK_RUNTIME_DIR to a folder of yours with a short path",
            code="not_running",
        )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise FabricError(
            f"{folder} belongs to somebody else, so no socket is put there",
            mend=f"remove {folder}, or set CLAWDESK_RUNTIME_DIR to a folder of your own",
        )
    if stat.S_IMODE(found.st_mode) & 0o077:
        if any(folder.iterdir()):  # somebody else's, named by mistake: /tmp, a home, /etc
            raise FabricError(
                f"{folder} holds files and is open to others, so no socket is put there",
                mend=f"set CLAWDESK_RUNTIME_DIR to a new folder, or close this one: "
                f"chmod 700 {folder}",
            )
        folder.chmod(0o700)
    return folder


def claims_folder() -> Path:
    """Where all Fabrics of this machine, of whichever user, tell what they promised; not made."""
    override = os.environ.get("CLAWDESK_CLAIMS_DIR", "")
    locks = Path("/run/lock")
    base = locks if os.access(locks, os.W_OK | os.X_OK) else Path(tempfile.gettempdir())
    return Path(override) if override else base / "clawdesk-fabrics"


def socket_path() -> Path:
    """Where the Fabric listens unless told otherwise."""
    return runtime_folder() / SOCKET_NAME


def packaged(name: str) -> Path:
    """A file or folder shipped beside the code: "catalog.toml" or "images".

    In a checkout they lie one level up; in an installed wheel, inside the package.
    """
    package = Path(__file__).parent
    installed = package / ("_images" if name == "images" else name)
    return installed if installed.exists() else package.parent / name
