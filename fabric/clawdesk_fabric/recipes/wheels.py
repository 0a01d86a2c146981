"""Wheels by their hash: taken from the cache, else downloaded through pip and checked.

The package index is the user's own, as pip is set up; a wheel whose bytes differ is never used.
"""

from __future__ import annotations

import hashlib
import importlib.util
import sys
import tempfile
from pathlib import Path

from clawdesk_fabric.errors import BuildError
from clawdesk_fabric.recipes.roots import locked
from clawdesk_fabric.recipes.steps import Steps
from clawdesk_fabric.specs import WheelPin


def sha256_of(path: Path) -> str:
    """Hex digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def wheel(folder: Path, pin: WheelPin, steps: Steps) -> Path:
    """Path of the pinned wheel in the cache `folder`, downloaded if it is not there.

    Raises:
        BuildError: no pip, no network, or the bytes are not the pinned ones.
    """
    home = folder / pin.sha256
    home.mkdir(parents=True, exist_ok=True)
    path = home / pin.file
    with locked(home / ".lock"):
        if path.exists():
            if sha256_of(path) == pin.sha256:
                return path
            path.unlink()
        steps.say(f"downloading {pin.name} {pin.version}")
        _download(path, pin, steps)
    return path


def _download(path: Path, pin: WheelPin, steps: Steps) -> None:
    if importlib.util.find_spec("pip") is None:
        raise BuildError(
            f"this Python has no pip, and {pin.file} is downloaded through it",
            mend=f"{sys.executable} -m ensurepip",
            code="no_capacity",
            permanent=True,
        )
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".making-") as scratch:
        wanted = Path(scratch) / "wanted.txt"
        wanted.write_text(f"{pin.name}=={pin.version} --hash=sha256:{pin.sha256}\n")
        command = [sys.executable, "-P", "-m", "pip", "download"]
        command += ["--quiet", "--no-input", "--no-deps"]
        command += ["--disable-pip-version-check", "--only-binary=:all:", "--require-hashes"]
        # The image's Python, not ours: the wheel runs inside the container.
        if not pin.file.endswith("-none-any.whl"):
            command += ["--python-version=3.11", "--implementation=cp", "--abi=abi3"]
            command += ["--platform=manylinux2014_x86_64", "--platform=manylinux_2_17_x86_64"]
        for _ in steps.lines_of([*command, f"--dest={scratch}", f"--requirement={wanted}"]):
            pass
        got = Path(scratch) / pin.file
        if not got.exists() or sha256_of(got) != pin.sha256:
            raise BuildError(
                f"{pin.file} from the package index is not the pinned file", permanent=True
            )
        got.replace(path)
