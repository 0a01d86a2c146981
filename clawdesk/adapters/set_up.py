"""`SetUps` from this computer: its certificate authorities, its pip and where pip looks.

Whoever works behind a mirror, or behind a proxy that signs for it, has told this computer so. The
set-up of an image is told the same, but for secrets: an address with a password in it stays here.
"""

from __future__ import annotations

import importlib.util
import io
import shlex
import shutil
import ssl
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from clawdesk.ports.errors import PortError

_ASK_S = 30


class HostSetUps:
    """See `ports.set_up`."""

    def write(self, contents: Mapping[str, bytes], into: Path) -> None:
        try:
            with tarfile.open(into, "w", format=tarfile.GNU_FORMAT) as tar:
                tar.add(_installer(), "python/pip")
                _put(tar, "ca.crt", _authorities())
                _put(tar, "settings", _settings().encode())
                for path, content in contents.items():
                    _put(tar, f"files/{path}", content)
        except OSError as error:
            raise PortError(
                f"The files of the image's set-up cannot be written: {error.strerror or error}",
                mend="Free some disk space.",
                code="no_space",
            ) from error


def _put(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o755
    tar.addfile(entry, io.BytesIO(content))


def _installer() -> Path:
    """The folder of pip's package. Raises PortError."""
    found = importlib.util.find_spec("pip")
    if found is None or not found.submodule_search_locations:
        raise PortError(
            "pip, which puts Python packages into images, is not installed beside ClawDesk.",
            mend=f"{sys.executable} -m ensurepip, or install python3-pip",
            code="missing_program",
        )
    return Path(found.submodule_search_locations[0])


def _authorities() -> bytes:
    """The bundle this computer's programs trust; empty where there is none."""
    paths = ssl.get_default_verify_paths()
    for path in (paths.cafile, paths.openssl_cafile, "/etc/ssl/certs/ca-certificates.crt"):
        if path and Path(path).is_file():
            return Path(path).read_bytes()
    return b""


def pip_index() -> str:
    """The index this computer's pip is set to; "" where it goes by its own.

    `pip config get` does not see all that pip goes by; its list does, the environment first.
    """
    listed = _said([sys.executable, "-m", "pip", "config", "list"])
    found = dict(line.split("=", 1) for line in listed.splitlines() if "=" in line)
    keys = (":env:.index-url", "install.index-url", "global.index-url")
    return next((found[key].strip("'\"") for key in keys if key in found), "")


def _settings() -> str:
    """What a shell exports, so that installers look where those of this computer look."""
    registry = _said(["npm", "config", "get", "registry"])
    found = {"PIP_INDEX_URL": pip_index(), "npm_config_registry": registry}
    return "".join(
        f"export {name}={shlex.quote(address)}\n"
        for name, address in found.items()
        if _may_be_told(address)
    )


def _may_be_told(address: str) -> bool:
    """Whether it is an address on a network, and holds no password."""
    parts = urlsplit(address)
    open_one = parts.scheme in ("http", "https") and not parts.username and not parts.password
    return open_one and len(address.split()) == 1


def _said(command: list[str]) -> str:
    """What a program prints; "" where there is none, or it fails."""
    if shutil.which(command[0]) is None:
        return ""
    done = subprocess.run(command, capture_output=True, text=True, timeout=_ASK_S, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""
