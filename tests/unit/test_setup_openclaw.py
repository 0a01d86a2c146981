"""Set-up of the real gateway for tests: fetched whole or not at all, and its absence is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from clawdesk_setup import openclaw
from clawdesk_setup.progress import SetupError


def npm(folder: Path, script: str) -> None:
    folder.mkdir()
    program = folder / "npm"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.delenv("CI", raising=False)
    return tmp_path


def test_it_is_there_whole_and_found_the_next_time(place: Path) -> None:
    npm(place / "bin", 'mkdir -p node_modules/openclaw; echo "$@" > asked; echo "added 2 packages"')
    assert "ready" in openclaw.ensure()
    assert openclaw.present()
    asked = (openclaw.folder() / "asked").read_text()
    assert f"openclaw@{openclaw.VERSION}" in asked
    assert "--ignore-scripts" in asked
    npm(place / "other", "exit 1")
    assert openclaw.ensure() == "up to date"


def test_a_registry_out_of_reach_is_said_and_stops_nothing_but_ci(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    npm(place / "bin", 'echo "npm error code ENOTFOUND"; exit 1')
    assert "cannot be reached" in openclaw.ensure()
    assert not openclaw.present()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(SetupError):
        openclaw.ensure()


def test_another_failure_stops_and_leaves_nothing_half_done(place: Path) -> None:
    npm(place / "bin", 'mkdir node_modules; echo "npm error code ENOSPC"; exit 1')
    with pytest.raises(SetupError):
        openclaw.ensure()
    assert not openclaw.present()
    assert list(openclaw.folder().parent.iterdir()) == []
