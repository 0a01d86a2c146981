"""Compiles the stand-in for NVIDIA's library (stub.c) once, into the user's cache.

The folder is named by a hash of the source and the command, so another source is another folder.
"""

from __future__ import annotations

import hashlib
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path

from clawdesk_fabric import paths
from clawdesk_fabric.errors import FabricError

LIBRARY = "libnvidia-ml.so.1"
"""The name under which programs look for the driver's library."""
BUILDS_KEPT = 4
COMPILE_S_MAX = 60.0
_SOURCE = Path(__file__).with_name("stub.c")
_COMMAND = (
    *("gcc", "-shared", "-fPIC", "-fvisibility=hidden", "-pthread"),
    *("-Wall", "-Wextra", "-Werror", "-O1", f"-Wl,-soname,{LIBRARY}"),
)
_GCC = "sudo apt-get install --no-install-recommends gcc libc6-dev"


def build() -> Path:
    """The compiled library; compiles it unless the cache has it.

    Raises:
        FabricError: there is no gcc, or it fails; with the command that mends it.
    """
    source = _SOURCE.read_bytes()
    key = b"\0".join([source, " ".join(_COMMAND).encode(), platform.machine().encode()])
    builds = paths.cache_folder() / "simulated-gpus"
    library = builds / hashlib.sha256(key).hexdigest()[:16] / LIBRARY
    if not library.exists():
        builds.mkdir(exist_ok=True)
        _compile(library)
        _forget_old(builds)
    return library


def _compile(library: Path) -> None:
    if shutil.which("gcc") is None:
        raise FabricError(
            "gcc is not installed, and the driver of the simulated GPUs is compiled with it",
            mend=_GCC,
        )
    # Made aside and renamed: two that build at once both end with a whole library.
    with tempfile.TemporaryDirectory(dir=library.parent.parent) as aside:
        made = Path(aside) / LIBRARY
        ended = subprocess.run(
            [*_COMMAND, "-o", str(made), str(_SOURCE)],
            capture_output=True,
            text=True,
            timeout=COMPILE_S_MAX,
            check=False,
        )
        if ended.returncode != 0:
            why = " ".join(ended.stderr.split())[-300:]
            raise FabricError(f"gcc cannot compile {_SOURCE}: {why}", mend=_GCC)
        library.parent.mkdir(exist_ok=True)
        made.replace(library)


def _forget_old(builds: Path) -> None:
    """Keep the newest few; a program that has loaded an old one keeps it."""
    found = sorted(builds.glob(f"*/{LIBRARY}"), key=lambda path: path.stat().st_mtime_ns)
    for library in found[:-BUILDS_KEPT]:
        shutil.rmtree(library.parent, ignore_errors=True)
