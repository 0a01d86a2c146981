"""Virtual environments for programs that are no dependency of ours: made once, kept by content.

They lie in the user's cache, outside every checkout. Another version, or another Python, is another
folder; one that was not finished is made anew.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from clawdesk_fabric import paths

INSTALL_S_MAX = 600
_DONE = "installed.txt"


class NotHereError(Exception):
    """A program cannot be had on this machine; the reason is for a reader."""


def cache(name: str) -> Path:
    """The folder of this name in which things are kept between runs."""
    folder = paths.cache_folder() / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def run(command: list[str], folder: Path) -> None:
    """Run to its end. Raises NotHereError with the last thing it said."""
    try:
        subprocess.run(
            command, cwd=folder, check=True, capture_output=True, timeout=INSTALL_S_MAX, text=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        last = (getattr(error, "stderr", "") or str(error)).strip().splitlines()[-1:]
        raise NotHereError(f"{command[0]}: {' '.join(last)}") from error


def environment(requirement: str) -> Path:
    """The `bin` folder of an environment that has this installed, and nothing of ours.

    Args:
        requirement: with an exact version, as "aider-chat==0.86.2".
    Raises:
        NotHereError: it cannot be installed here; mostly the package index is not reached.
    """
    name = requirement.partition("=")[0].partition("[")[0]
    digest = hashlib.sha256(f"{sys.version}\n{requirement}".encode()).hexdigest()[:12]
    folder = cache("environments") / f"{name}-{digest}"
    # Two runs on one machine may want it at once; the second one finds it made.
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / _DONE).exists():
            shutil.rmtree(folder, ignore_errors=True)
            venv.create(folder, with_pip=True)
            run([str(folder / "bin/pip"), "install", "--quiet", requirement], folder)
            (folder / _DONE).write_text(requirement + "\n")
    return folder / "bin"
