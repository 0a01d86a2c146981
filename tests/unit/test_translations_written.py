"""A compiled translation takes the place of the old one as a whole file."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from clawdesk_setup.progress import SetupError
from clawdesk_setup.translations import FOLDER, compiled


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return Path(shutil.copy(FOLDER / "clawdesk_de.ts", tmp_path))


def test_who_has_the_old_file_mapped_keeps_it_whole(source: Path) -> None:
    old = source.with_suffix(".qm")
    old.write_bytes(b"what a window that runs has mapped")
    with old.open("rb") as mapped:
        made = compiled(source)
        assert mapped.read() == b"what a window that runs has mapped"
    assert made == old
    assert made.stat().st_size > 1_000
    assert sorted(path.name for path in source.parent.iterdir()) == [made.name, source.name]


def test_what_is_committed_was_compiled_from_what_is_committed(source: Path) -> None:
    assert compiled(source).read_bytes() == (FOLDER / "clawdesk_de.qm").read_bytes()


def test_what_cannot_be_compiled_leaves_the_old_file(source: Path) -> None:
    old = source.with_suffix(".qm")
    old.write_bytes(b"old")
    source.write_text("no translation", "utf-8")
    with pytest.raises(SetupError):
        compiled(source)
    assert old.read_bytes() == b"old"
