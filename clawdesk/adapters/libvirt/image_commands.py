"""Runs the few programs an image is built with. It turns their failures into sentences."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from clawdesk.ports.errors import MachineError

_TAIL_BYTES = 2000
_NAMESPACES = (
    ("kernel/unprivileged_userns_clone", "0", "1"),  # Debian's kernels
    ("kernel/apparmor_restrict_unprivileged_userns", "1", "0"),  # Ubuntu's
    ("user/max_user_namespaces", "0", "10000"),
)
"""Settings that keep user namespaces from accounts: name, value that does, value that does not."""


def run(
    arguments: list[str],
    *,
    package: str,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> str:
    """Run a program to its end and return what it printed.

    Args:
        package: Debian package that holds it, for the message when it is missing.
        env: added to a small fixed environment.
    Raises:
        MachineError: code `missing_program`, or `build_failed` with the program's last lines.
    """
    require(arguments[0], package)
    done = subprocess.run(
        arguments, cwd=cwd, env=environment(env), capture_output=True, check=False, text=True
    )
    if done.returncode != 0:
        raise failed(arguments[0], done.returncode, done.stderr or done.stdout)
    return done.stdout


def require(program: str, package: str) -> None:
    """Raise MachineError (code `missing_program`) when `program` is not installed."""
    if shutil.which(program, path=environment(None)["PATH"]) is None:
        raise MachineError(
            f"{program} is not installed; it is needed to build the guest image",
            mend=f"sudo apt install --no-install-recommends {package}",
            code="missing_program",
        )


def failed(program: str, code: int, output: str) -> MachineError:
    """The error of a program that ended with `code`, with the end of what it said."""
    tail = output[-_TAIL_BYTES:].strip() or "it said nothing"
    if os.geteuid() and "unshare" in output and "not permitted" in output:
        return MachineError(
            f"{program} builds the image in a user namespace, and this system lets your account"
            f" make none: {tail}",
            mend=f"{_let_make_namespaces()}, then run: clawdesk images build",
            code="build_failed",
        )
    if "NO_PUBKEY" in output:
        return MachineError(
            f"{program} does not know the keys that Debian signs its packages with today, for this"
            f" system's debian-archive-keyring is too old: {tail}",
            mend="install a newer debian-archive-keyring (Ubuntu has one from 24.04 on), then run:"
            " clawdesk images build",
            code="build_failed",
        )
    return MachineError(
        f"{program} failed (exit {code}): {tail}",
        mend="check the network and the free disk space, then run: clawdesk images build",
        code="build_failed",
    )


def _let_make_namespaces(system: Path = Path("/proc/sys")) -> str:
    """The command that lifts the restriction that this system has."""
    for name, bars, frees in _NAMESPACES:
        with contextlib.suppress(OSError):
            if (system / name).read_text().strip() == bars:
                return f"sudo sysctl -w {name.replace('/', '.')}={frees}"
    return "ask who keeps this machine to allow user namespaces"


def environment(added: Mapping[str, str] | None) -> dict[str, str]:
    """The caller's environment with a complete PATH and messages in English."""
    path = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"
    return {**os.environ, "PATH": path.lstrip(":"), "LC_ALL": "C.UTF-8", **(added or {})}


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold an exclusive lock on the file `path` (made when missing).

    Args:
        wait: for other holders; else BlockingIOError is raised while there is one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
