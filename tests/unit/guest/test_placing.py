"""Putting files into a folder: nothing outside, nothing half, nothing lost but what was named."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from clawdesk_guest.paths import PART_NAME
from clawdesk_guest.placing import InTheWayError, Placer

FILE, PROGRAM, LINK = 0o100644, 0o100755, 0o120000


class Place:
    """A workspace with a neighbour that must stay as it is."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "workspace"
        self.outside = folder / "outside"
        for made in (self.path, self.outside):
            made.mkdir()
        (self.outside / "kept").write_bytes(b"kept")
        self.placer = Placer(str(self.path))

    def put(self, path: str, content: bytes = b"x", mode: int = FILE) -> None:
        self.placer.put(path, mode, content, first=True, last=True)

    def remove(self, path: str) -> None:
        self.placer.remove(path, prune=True)

    def tree(self) -> set[str]:
        return {str(path.relative_to(self.path)) for path in self.path.rglob("*")}


def _descriptors() -> set[Path]:
    return set(Path("/proc/self/fd").iterdir())


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    opened = _descriptors()
    place = Place(tmp_path)
    yield place
    place.placer.drop()
    assert [path.name for path in place.outside.iterdir()] == ["kept"]
    assert not any(path.name == PART_NAME for path in tmp_path.rglob("*"))
    assert _descriptors() <= opened, "a descriptor was left open"


def test_modes_are_exact_whatever_the_umask(place: Place) -> None:
    before = os.umask(0o077)
    try:
        place.put("file")
        place.put("tool", mode=PROGRAM)
    finally:
        os.umask(before)
    modes = {name: (place.path / name).stat().st_mode for name in ("file", "tool")}
    assert modes == {"file": FILE, "tool": PROGRAM}


def test_a_file_appears_whole_and_an_open_one_stays(place: Place) -> None:
    place.put("a", b"old")
    with (place.path / "a").open("rb") as reader:
        place.placer.put("a", FILE, b"new", first=True, last=False)
        assert (place.path / "a").read_bytes() == b"old"
        place.placer.put("a", FILE, b"er", first=False, last=True)
        assert (place.path / "a").read_bytes() == b"newer"
        assert reader.read() == b"old"


def test_another_name_of_the_file_keeps_its_content(place: Place) -> None:
    os.link(place.outside / "kept", place.path / "a")
    place.put("a")
    assert (place.outside / "kept").read_bytes() == b"kept"


@pytest.mark.parametrize(
    "path", ["", "/etc/x", "../outside/x", "a/../../outside/x", "a//b", "./a", ".git/x", "a/.GiT/x"]
)
def test_hostile_paths_are_refused_here_too(place: Place, path: str) -> None:
    with pytest.raises(InTheWayError, match="the path"):
        place.put(path)
    with pytest.raises(InTheWayError, match="the path"):
        place.remove(path)
    assert place.tree() == set()


@pytest.mark.parametrize(
    ("mode", "content"), [(0o104755, b"x"), (0o040000, b""), (LINK, b""), (LINK, b"a\0b")]
)
def test_what_is_neither_file_nor_link_is_refused(place: Place, mode: int, content: bytes) -> None:
    with pytest.raises(InTheWayError):
        place.put("a", content, mode)
    assert place.tree() == set()


@pytest.mark.parametrize("target", ["../outside", "missing"])
def test_no_link_is_followed(place: Place, target: str) -> None:
    (place.path / "link").symlink_to(target)
    (place.path / "leaf").symlink_to("../outside/kept")
    with pytest.raises(InTheWayError, match="a symbolic link is in the way, link"):
        place.put("link/kept")
    place.remove("link/kept")  # no such file is there
    place.put("leaf", b"new")
    assert (place.path / "link").is_symlink()
    assert not (place.path / "leaf").is_symlink()
    assert (place.outside / "kept").read_bytes() == b"kept"
    place.remove("link")
    assert place.tree() == {"leaf"}


def test_a_workspace_that_is_a_link_is_not_followed(place: Place) -> None:
    place.path.rmdir()
    place.path.symlink_to("outside")
    with pytest.raises(OSError, match="directory"):
        place.put("x")


def test_special_files_give_way(place: Place) -> None:
    for name in ("one", "two", "folder"):
        os.mkfifo(place.path / name)
    place.put("one")
    place.remove("two")
    with pytest.raises(InTheWayError, match="a file is in the way, folder"):
        place.put("folder/x")
    assert (place.path / "one").read_bytes() == b"x"
    assert place.tree() == {"one", "folder"}


def test_empty_folders_give_way_and_others_name_what_is_in_them(place: Place) -> None:
    (place.path / "a/b/c").mkdir(parents=True)
    (place.path / "a/d").mkdir()
    (place.path / "a/b/c/ignored.o").touch()
    with pytest.raises(InTheWayError, match=r"a/b/c/ignored\.o"):
        place.put("a")
    assert (place.path / "a/d").is_dir()  # nothing was begun
    (place.path / "a/b/c/ignored.o").unlink()
    place.put("a")
    assert place.tree() == {"a"}


def test_a_link_to_a_folder_is_something_to_lose(place: Place) -> None:
    (place.path / "a").mkdir()
    (place.path / "a/link").symlink_to("../../outside")
    with pytest.raises(InTheWayError, match="a/link"):
        place.put("a")


def test_removing_leaves_no_empty_folders_but_others(place: Place) -> None:
    for path in ("a/b/c/x", "a/b/c/y", "a/z"):
        place.put(path)
    place.remove("a/b/c/x")
    assert place.tree() == {"a", "a/b", "a/b/c", "a/b/c/y", "a/z"}
    place.remove("a/b/c/y")
    assert place.tree() == {"a", "a/z"}
    place.remove("a/z")
    assert place.tree() == set()
    place.remove("a/z")
    assert place.path.is_dir()


def test_a_second_removal_finishes_what_the_first_left(place: Place) -> None:
    place.put("a/b/x")
    place.placer.remove("a/b/x", prune=False)
    assert place.tree() == {"a", "a/b"}
    place.remove("a/b/x")
    assert place.tree() == set()


def test_removing_a_file_that_is_a_folder_touches_nothing(place: Place) -> None:
    place.put("a/b")
    place.remove("a")
    place.remove("a/b/c")
    assert place.tree() == {"a", "a/b"}


def test_a_file_that_is_not_finished_leaves_nothing(place: Place) -> None:
    place.placer.put("a/x", FILE, b"1", first=True, last=False)
    place.put("b")
    assert place.tree() == {"a", "b"}
    with pytest.raises(InTheWayError, match="out of order"):
        place.placer.put("a/x", FILE, b"2", first=False, last=True)


def test_what_a_crash_left_is_no_hindrance(place: Place) -> None:
    (place.path / "a").mkdir()
    (place.path / "a" / PART_NAME).write_bytes(b"half")
    (place.path / PART_NAME).symlink_to("../outside/kept")
    place.put("b")
    place.put("a")
    assert place.tree() == {"a", "b"}


def test_a_full_disk_leaves_the_old_file(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.put("a", b"old")

    def full(_descriptor: int, _content: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(OSError, match="No space left"):
            place.put("a", b"new")
    assert (place.path / "a").read_bytes() == b"old"
    assert place.tree() == {"a"}
