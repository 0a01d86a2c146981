"""What this computer gives to the set-up of an image, and what it keeps to itself."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from clawdesk.adapters.set_up import HostSetUps
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
