"""`SetUps` from this computer: its certificate authorities, its pip and where pip looks.

Whoever works behind a mirror, or behind a proxy that signs for it, has told this computer so. The
set-up of an image is told the same, but for secrets: an address with a password in it stays here.
"""

from __future__ import annotations

import importlib.util
import io
import ipaddress
import shlex
import shutil
import socket
import ssl
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from clawdesk.adapters.egress import is_public, may_reach
from clawdesk.domain.network import WEB_PORTS, is_host, plain
from clawdesk.domain.package_sources import NPM, PYPI, PackageSource
from clawdesk.ports.errors import PortError

_ASK_S = 30
_PYTHON = (sys.executable, "-P")
"""Without modules of the folder it is started in: a `pip` there is no pip."""
_PIP_VARIABLE, _NPM_VARIABLE = "PIP_INDEX_URL", "npm_config_registry"
_SILENT = {
    PYPI: "pip of this computer does not say where it looks.",
    NPM: "npm of this computer does not say where it looks.",
}
_ASK_PIP = """
from pip._internal.models.index import PyPI
print(PyPI.simple_url, "https://" + PyPI.file_storage_domain)
"""
"""Where pip looks that is told nothing: the index, and the files it leads to."""


class HostSetUps:
    """See `ports.set_up`."""

    def sources(self) -> tuple[PackageSource, ...]:
        told = _told()
        index = told.get(_PIP_VARIABLE)
        usual = () if index else tuple(_said([*_PYTHON, "-c", _ASK_PIP]).split())
        registry = told.get(_NPM_VARIABLE)
        return (
            _source(PYPI, (index,) if index else usual),
            _source(NPM, (registry,) if registry else ()),
        )

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
    listed = _said([*_PYTHON, "-m", "pip", "config", "list"])
    found = dict(line.split("=", 1) for line in listed.splitlines() if "=" in line)
    keys = (":env:.index-url", "install.index-url", "global.index-url")
    return next((found[key].strip("'\"") for key in keys if key in found), "")


def _told() -> dict[str, str]:
    """What installers in the set-up are told, by variable: where those of this computer look."""
    registry = _said(["npm", "config", "get", "registry"])
    found = {_PIP_VARIABLE: pip_index(), _NPM_VARIABLE: registry}
    return {name: address for name, address in found.items() if _may_be_told(address)}


def _settings() -> str:
    """The same for a shell."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in _told().items())


def _source(name: str, addresses: tuple[str, ...]) -> PackageSource:
    """What a rule has to let through, so that packages come from these addresses."""
    found: list[str] = []
    own: list[str] = []
    if not addresses:
        return PackageSource(name, problem=_SILENT[name])
    for address in addresses:
        parts = urlsplit(address)
        host = plain(parts.hostname or "")
        try:
            port = parts.port or 443
        except ValueError:
            return PackageSource(name, problem=f"{address} names no port that there is.")
        written = host if port in WEB_PORTS else f"{host}:{port}"
        if not is_host(written):
            why = f"{address} names no host as rules do (example.org, example.org:8443)."
            return PackageSource(name, problem=why)
        found.append(written)
        addresses_here, problem = _of_our_network(host, port)
        if problem:
            return PackageSource(name, problem=problem)
        own += addresses_here
    return PackageSource(name, tuple(dict.fromkeys(found)), tuple(dict.fromkeys(own)))


def _of_our_network(host: str, port: int) -> tuple[list[str], str]:
    """The addresses that a name stands for outside the open internet, and what is wrong with them.

    A name that cannot be looked up now may be allowed all the same: it is when it is built.
    """
    try:
        entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return [], ""
    found = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in entries]
    ours = [address for address in found if not is_public(address)]
    for address in ours:
        if not may_reach(address, (str(address),)):
            return [], f"{host} stands for {address}, which no machine may reach."
    return [str(address) for address in ours], ""


def _may_be_told(address: str) -> bool:
    """Whether it is an address on a network, and holds no password."""
    try:
        parts = urlsplit(address)
    except ValueError:  # a bracket without its other one
        return False
    open_one = parts.scheme in ("http", "https") and not parts.username and not parts.password
    return open_one and len(address.split()) == 1


def _said(command: list[str]) -> str:
    """What a program prints; "" where there is none, or it fails.

    Not where we were started, which may be somebody's project: npm would go by a `.npmrc` there.
    """
    if shutil.which(command[0]) is None:
        return ""
    try:
        done = subprocess.run(
            command, cwd="/", capture_output=True, text=True, timeout=_ASK_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
