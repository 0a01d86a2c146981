"""Each picture that the guide shows is there, and a command draws it."""

from __future__ import annotations

import re

from tests.support import gallery_pictures, guide_pictures

SHOWN = re.compile(r"!\[[^\]]+\]\(([^)\s]+\.png)\)")


def test_what_the_pages_show_is_there_and_is_drawn_by_the_command() -> None:
    pages = [guide_pictures.ROOT / "README.md", *(guide_pictures.ROOT / "docs").rglob("*.md")]
    shown = {
        (page.parent / path).resolve()
        for page in pages
        for path in SHOWN.findall(page.read_text("utf-8"))
    }
    assert shown
    for path in shown:
        assert path.is_file(), path
        assert path.parent == guide_pictures.FOLDER
        assert path.name in guide_pictures.files(), f"nothing draws {path.name}"


def test_the_folder_holds_what_the_command_draws_and_nothing_else() -> None:
    found = {path.name for path in guide_pictures.FOLDER.glob("*.png")}
    assert found == set(guide_pictures.files())


def test_every_sample_is_a_scene() -> None:
    for name, made in guide_pictures.PICTURES.items():
        assert (made.source == "sample") == name.startswith("sample-"), name
        if made.source == "sample":
            assert made.scene in gallery_pictures.SCENES, name
        else:
            assert (guide_pictures.ROOT / made.source).is_file(), name
            assert f'"{made.scene}"' in (guide_pictures.ROOT / made.source).read_text("utf-8")
