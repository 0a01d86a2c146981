"""Debian bookworm roots as tar files, made with mmdebstrap and kept by the hash of their arguments.

The large root is shared with the guest image by convention: both sides use the same arguments, the
same file name and the same lock. Nothing here unpacks a tar file.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from clawdesk_fabric.errors import BuildError
from clawdesk_fabric.recipes.steps import Steps

_PLAIN = ['--aptopt=Acquire::Languages "none"', '--aptopt=APT::Install-Recommends "false"']
BASE_ARGUMENTS = [
    "mmdebstrap",
    "--variant=essential",
    "--include=python3,git,busybox-static,ca-certificates,apt",
    *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("man", "doc", "locale", "info")),
    *_PLAIN,
    "bookworm",
]
FREE_MIB_MIN = 1024
DEBIANS_KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
"""Of Debian's own package. Ubuntu's apt has them too, but trusts them only where it is told to, and
mmdebstrap tells it by itself only where gpg is installed."""


def extra_arguments(packages: Sequence[str]) -> list[str]:
    """Only unpacks the named packages and what they need: seconds, and works on any Debian host."""
    return [
        "mmdebstrap",
        "--variant=extract",
        f"--include={','.join(packages)}",
        *_PLAIN,
        "bookworm",
    ]


def tar_name(arguments: Sequence[str]) -> str:
    """File name of the root those arguments make; program, mode and output are no part of it."""
    digest = hashlib.sha256("\n".join(arguments[1:]).encode()).hexdigest()
    return f"bookworm-{digest[:16]}.tar"


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the file's lock: one build at a time, also among processes; a dead holder's is free."""
    with path.open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def root_tar(folder: Path, arguments: Sequence[str], steps: Steps) -> Path:
    """The root made with `arguments`, from the cache or made now (about half a minute).

    Args:
        folder: where roots are kept.
    Raises:
        BuildError: no mmdebstrap, no network, no space.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / tar_name(arguments)
    with locked(path.with_name(path.name + ".lock")):
        if path.exists():
            return path
        free_mib = shutil.disk_usage(folder).free // 2**20
        if free_mib < FREE_MIB_MIN:
            raise BuildError(
                f"{folder} has {free_mib} MiB free; making an image needs {FREE_MIB_MIN} MiB",
                mend="free some disk space",
                code="no_capacity",
                permanent=True,
            )
        _make(path, arguments, steps)
    return path


def _make(path: Path, arguments: Sequence[str], steps: Steps) -> None:
    mode = "root" if os.geteuid() == 0 else "unshare"
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".making-") as scratch:
        partial = Path(scratch) / path.name
        # Under "unshare" mmdebstrap's own user writes here.
        Path(scratch).chmod(0o755)
        keys = [f"--keyring={DEBIANS_KEYS}"] if DEBIANS_KEYS.exists() else []
        command = [arguments[0], f"--mode={mode}", *keys, *arguments[1:], str(partial)]
        for line in steps.lines_of(command):
            if line.startswith("I: "):
                steps.say(f"Debian files: {line[3:]}")
        partial.replace(path)
