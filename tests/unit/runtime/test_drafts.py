"""Drafts on the disk: kept whole, bounded, dropped, and never a reason to fail."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from clawdesk.ports.errors import PortError
from clawdesk.runtime.drafts import DRAFT_BYTES_MAX, DRAFTS_MAX, Drafts


@dataclass(frozen=True)
class Words:
    """Something to keep."""

    text: str = ""


def test_kept_read_again_and_dropped(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path / "state" / "drafts")
    assert drafts.load("r/../1", Words) is None
    drafts.keep("r/../1", Words("one"))
    drafts.keep("r2", Words("two"))
    assert Drafts(tmp_path / "state" / "drafts").load("r/../1", Words) == Words("one")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["state"], "an id is no path"
    drafts.drop("r/../1")
    drafts.drop("r/../1")
    assert drafts.load("r/../1", Words) is None
    assert drafts.load("r2", Words) == Words("two")


def test_all_of_a_folder_are_read_the_oldest_first(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path / "drafts")
    assert drafts.all(Words) == []
    for at, text in enumerate(("b", "a", "c")):
        drafts.keep(text, Words(text))
        os.utime(drafts._place(text), ns=(at, at))
    (tmp_path / "drafts" / "damaged.json").write_text("{")
    assert [words.text for words in drafts.all(Words)] == ["b", "a", "c"]


def test_the_folder_is_the_users_alone(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path / "drafts")
    drafts.keep("r", Words("secret"))
    assert (tmp_path / "drafts").stat().st_mode & 0o077 == 0


def test_damaged_and_foreign_files_are_no_draft(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    drafts.keep("r", Words("one"))
    (place,) = tmp_path.glob("*.json")
    for content in (b"", b"{", b'{"text": 3}', b"[" * 100_000):
        place.write_bytes(content)
        assert drafts.load("r", Words) is None


def test_one_that_is_too_large_is_refused_and_the_old_one_stays(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    drafts.keep("r", Words("one"))
    with pytest.raises(PortError, match="too large"):
        drafts.keep("r", Words("x" * DRAFT_BYTES_MAX))
    assert drafts.load("r", Words) == Words("one")


def test_the_oldest_go_when_there_are_too_many(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    for number in range(DRAFTS_MAX):
        drafts.keep(f"r{number}", Words(str(number)))
        place = drafts._place(f"r{number}")
        os.utime(place, ns=(number * 1_000_000_000, number * 1_000_000_000))
    drafts.keep("new", Words("new"))
    assert len(list(tmp_path.glob("*.json"))) == DRAFTS_MAX
    assert drafts.load("r0", Words) is None
    assert drafts.load("r1", Words) == Words("1")
    assert drafts.load("new", Words) == Words("new")


def test_a_disk_that_refuses_is_said(tmp_path: Path) -> None:
    (tmp_path / "drafts").write_text("in the way")
    with pytest.raises(PortError, match="could not be kept"):
        Drafts(tmp_path / "drafts").keep("r", Words("one"))
