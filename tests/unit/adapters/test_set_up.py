"""What this computer gives to the set-up of an image, and what it keeps to itself."""

from __future__ import annotations

import socket
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from clawdesk.adapters.set_up import HostSetUps
from clawdesk.domain.package_sources import NPM, PYPI, PackageSource
from clawdesk.ports.errors import PortError


def written(folder: Path, **contents: bytes) -> dict[str, bytes]:
    into = folder / "set-up.tar"
    HostSetUps().write(contents, into)
    with tarfile.open(into) as tar:
        found = {}
        for entry in tar:
            stream = tar.extractfile(entry)
            if stream is not None:
                found[entry.name] = stream.read()
    return found


def test_it_holds_the_installer_the_authorities_and_the_files(tmp_path: Path) -> None:
    found = written(tmp_path, script=b"true\n")
    assert found["files/script"] == b"true\n"
    assert "python/pip/__main__.py" in found
    assert b"BEGIN CERTIFICATE" in found["ca.crt"]


@pytest.mark.parametrize(
    ("address", "handed_in"),
    [
        ("https://mirror.example/simple", True),
        ("http://mirror.example:8080/a'b", True),
        ("https://ann:secret@mirror.example/simple", False),
        ("https://token@mirror.example/simple", False),
        ("file:///srv/simple", False),
        ("", False),
    ],
)
def test_an_address_is_handed_in_but_no_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, handed_in: bool
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # no npm
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    config = tmp_path / "pip.conf"
    config.write_text(f"[global]\nindex-url = {address}\n" if address else "")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
    settings = written(tmp_path)["settings"].decode()
    assert ("PIP_INDEX_URL" in settings) is handed_in
    assert "secret" not in settings
    assert "token" not in settings


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(PortError) as refused:
        HostSetUps().write({}, tmp_path / "none" / "set-up.tar")
    assert "cannot be written" in refused.value.what


@pytest.fixture
def set_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., PackageSource]:
    """Where packages of a sort come from, on a computer that is set to an address."""

    def sources(name: str, address: str, stands_for: str = "93.184.215.14") -> PackageSource:
        config = tmp_path / "pip.conf"
        config.write_text(f"[global]\nindex-url = {address}\n" if name == PYPI else "")
        monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
        monkeypatch.delenv("PIP_INDEX_URL", raising=False)
        npm = tmp_path / "npm"
        npm.write_text(f"#!/bin/sh\necho '{address}'\n")
        npm.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path) if name == NPM else "/nowhere")

        def look_up(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
            if not stands_for:
                raise OSError("no such name")
            return [(0, 0, 0, "", (text, port)) for text in stands_for.split()]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        return {source.name: source for source in HostSetUps().sources()}[name]

    return sources


@pytest.mark.parametrize("name", [PYPI, NPM])
def test_hosts_are_those_this_computer_is_set_to(
    set_to: Callable[..., PackageSource], name: str
) -> None:
    assert set_to(name, "https://Mirror.example/simple/") == PackageSource(
        name, ("mirror.example",)
    )
    assert set_to(name, "http://mirror.example:8080/").hosts == ("mirror.example:8080",)
    ours = set_to(name, "https://mirror.example/", "10.1.2.3 93.184.215.14 fd00::7")
    assert (ours.hosts, ours.own) == (("mirror.example",), ("10.1.2.3", "fd00::7"))
    later = set_to(name, "https://mirror.example/", "")
    assert (later.hosts, later.own) == (("mirror.example",), ()), "it is looked up when it is used"


@pytest.mark.parametrize(
    ("address", "stands_for", "why"),
    [
        ("http://10.1.2.3/simple", "10.1.2.3", "names no host as rules do"),
        ("http://mirror:8080/simple", "10.1.2.3", "names no host as rules do"),
        ("http://mirror.example:99999/", "10.1.2.3", "names no port that there is"),
        ("https://mirror.example/", "127.0.0.1", "stands for 127.0.0.1, which no machine may"),
        ("https://mirror.example/", "169.254.169.254", "which no machine may reach"),
        ("https://mirror.example/", "::1", "stands for ::1, which no machine may"),
    ],
)
def test_what_no_rule_can_let_through_is_said(
    set_to: Callable[..., PackageSource], address: str, stands_for: str, why: str
) -> None:
    found = set_to(PYPI, address, stands_for)
    assert (found.hosts, found.own) == ((), ())
    assert why in found.problem


@pytest.mark.parametrize(
    "address",
    ["https://ann:secret@mirror.example/simple", "file:///srv", "http://[mirror.example/simple"],
)
def test_where_an_address_is_not_handed_in_pips_own_hosts_count(
    set_to: Callable[..., PackageSource], address: str
) -> None:
    found = set_to(PYPI, address)
    assert len(found.hosts) == 2
    assert "mirror.example" not in found.hosts
    assert "secret" not in repr(found)


def test_without_npm_it_is_not_known_where_its_packages_are(
    set_to: Callable[..., PackageSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "does not say where it looks" in set_to(NPM, "").problem


def test_nothing_of_the_folder_it_is_started_in_is_run_or_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`clawdesk .` in a stranger's project."""
    usual = HostSetUps().sources()
    ran = tmp_path / "ran"
    (tmp_path / "pip").mkdir()
    for name in ("__init__", "__main__"):
        (tmp_path / "pip" / f"{name}.py").write_text(f"open({str(ran)!r}, 'w')\n")
    (tmp_path / ".npmrc").write_text("registry=https://evil.example/\n")
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = https://evil.example/\n")
    monkeypatch.chdir(tmp_path)
    assert HostSetUps().sources() == usual
    assert "evil" not in written(tmp_path)["settings"].decode()
    assert not ran.exists()
