"""A task file saved into a person's folder: over no other one unasked, and through no link."""

from __future__ import annotations

from pathlib import Path

import pytest

from clawdesk.ports.errors import PortError
from clawdesk.runtime.task_files import EXISTS, save


def test_it_is_written_with_the_folders_it_needs(tmp_path: Path) -> None:
    path = save(str(tmp_path), "mend", "one\n")
    assert path == tmp_path / ".clawdesk/tasks/mend.toml"
    assert path.read_text() == "one\n"
    assert [p.name for p in path.parent.iterdir()] == ["mend.toml"]


def test_a_file_that_is_there_stays_unless_a_person_says_so(tmp_path: Path) -> None:
    path = save(str(tmp_path), "mend", "one\n")
    with pytest.raises(PortError) as refused:
        save(str(tmp_path), "mend", "two\n")
    assert refused.value.code == EXISTS
    assert path.read_text() == "one\n"
    save(str(tmp_path), "mend", "two\n", over=True)
    assert path.read_text() == "two\n"
    assert [p.name for p in path.parent.iterdir()] == ["mend.toml"]


@pytest.mark.parametrize("over", [False, True])
@pytest.mark.parametrize("part", [".clawdesk", ".clawdesk/tasks", ".clawdesk/tasks/mend.toml"])
def test_nothing_is_written_through_a_link(tmp_path: Path, part: str, over: bool) -> None:
    away, project = tmp_path / "away", tmp_path / "project"
    away.mkdir()
    (away / "tasks").mkdir()
    kept = away / "mend.toml"
    kept.write_text("theirs")
    link = project / part
    link.parent.mkdir(parents=True)
    link.symlink_to(kept if part.endswith(".toml") else away)
    before = sorted(str(p) for p in away.rglob("*"))
    if over and part.endswith(".toml"):
        save(str(project), "mend", "ours", over=True)  # the link goes, what it led to stays
        assert not link.is_symlink()
    else:
        with pytest.raises(PortError):
            save(str(project), "mend", "ours", over=over)
    assert sorted(str(p) for p in away.rglob("*")) == before
    assert kept.read_text() == "theirs"


def test_what_cannot_be_written_is_said_with_the_file_and_why(tmp_path: Path) -> None:
    (tmp_path / ".clawdesk/tasks/mend.toml").mkdir(parents=True)
    with pytest.raises(PortError, match="could not be written: Is a directory"):
        save(str(tmp_path), "mend", "two\n", over=True)
    assert [p.name for p in (tmp_path / ".clawdesk/tasks").iterdir()] == ["mend.toml"]
