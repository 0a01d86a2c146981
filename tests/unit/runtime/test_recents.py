"""Which projects were open lately."""

from __future__ import annotations

from pathlib import Path

from clawdesk.runtime.recents import recent_projects, remember_project


def test_a_folder_that_cannot_be_looked_at_is_left_out(tmp_path: Path) -> None:
    """As on a network mount that died: then no project at all could be opened."""
    remember_project(str(tmp_path / ("x" * 300)))  # any error but "not there" stands for it
    remember_project(str(tmp_path))
    assert recent_projects() == [str(tmp_path)]
