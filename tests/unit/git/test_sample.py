"""The sample project: where it cannot be made, it says so in one sentence."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from clawdesk.adapters.git.sample import make_sample
from clawdesk.ports.errors import RepositoryError


def test_a_file_is_no_folder_for_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(RepositoryError, match="no empty folder") as refused:
        make_sample(tmp_path, tmp_path / "file")
    assert "--dir" in refused.value.mend


def test_many_files_that_found_no_room_are_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Path, target: Path, **_: object) -> None:
        raise shutil.Error([(str(n), str(n), f"[Errno 28] No space left: {n}") for n in range(20)])

    monkeypatch.setattr(shutil, "copytree", full)
    with pytest.raises(RepositoryError, match="could not be written") as refused:
        make_sample(tmp_path, tmp_path / "new")
    assert refused.value.what.count("No space left") == 1
    assert "room" in refused.value.mend


def test_a_place_for_it_that_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").write_text("")
    monkeypatch.setenv("XDG_DATA_HOME", os.fspath(tmp_path / "data"))
    with pytest.raises(RepositoryError, match="could not be written: Not a directory"):
        make_sample(tmp_path, None)
