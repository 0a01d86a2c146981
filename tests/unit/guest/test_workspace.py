"""Unpacking and comparing a workspace, with the real git and tar, outside a machine."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from clawdesk.adapters.libvirt.channel_files import ChangesParser
from clawdesk.ports.errors import GuestError
from clawdesk.ports.guest import WorkspaceChanges
from clawdesk_guest.workspace import Workspace
from tests.support.guest_tar import workspace_tar

FILES = {
    "a.txt": b"a\n",
    "crlf.txt": b"one\r\ntwo\r\n",
    "bin/tool*": b"#!/bin/sh\n",
    "sub/deep/c.txt": b"c\n",
    "link": b"->a.txt",
    ".gitignore": b"*.o\n/out/\n!keep.o\n",
    "sub/.gitignore": b"/local\ncache/\n",
}


class Place:
    """An unpacked workspace and what the guest would tell of it."""

    def __init__(self, folder: Path) -> None:
        tar = workspace_tar(folder, FILES)
        self.path = folder / "workspace"
        self._workspace = Workspace(str(self.path), str(folder / "state"), str(tar))
        self._workspace.unpack(-1)

    def has_changed(self) -> bool:
        return self._workspace.has_changed()

    def collect(self, files_max: int = 100, bytes_max: int = 1 << 20) -> WorkspaceChanges:
        parser = ChangesParser()
        read, write = os.pipe()
        with os.fdopen(read, "rb") as source:
            try:
                self._workspace.collect(write, files_max, bytes_max)
            finally:
                os.close(write)
            parser.feed(source.read())
        return parser.changes()

    def write(self, path: str, content: str = "x\n") -> None:
        target = self.path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def _git(folder: Path, *words: str) -> str:
    """The workspace's own repository, which is ours: made from the tar a moment ago."""
    env = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": "/dev/null", "HOME": str(folder)}
    done = subprocess.run(["git", *words], cwd=folder, env=env, capture_output=True, check=True)
    return done.stdout.decode()


def test_the_workspace_is_an_ordinary_clean_checkout(place: Place) -> None:
    assert _git(place.path, "status", "--porcelain") == ""
    assert _git(place.path, "log", "--format=%s").split() == ["base"]
    assert _git(place.path, "fsck", "--strict") == ""
    assert os.access(place.path / "bin/tool", os.X_OK)
    assert (place.path / "link").readlink() == Path("a.txt")


def test_nothing_has_changed(place: Place) -> None:
    assert place.collect() == WorkspaceChanges((), ())


def test_a_touched_file_has_not_changed(place: Place) -> None:
    os.utime(place.path / "a.txt")
    assert place.collect() == WorkspaceChanges((), ())


def test_it_tells_whether_anything_changed_since_it_was_asked_before(place: Place) -> None:
    assert not place.has_changed()
    for path in ("x.o", "sub/local", ".git/ours"):  # nothing that a checkpoint would take
        place.write(path)
    os.utime(place.path / "sub/deep/c.txt")
    place.collect()
    assert not place.has_changed()
    for content in ("one\n", "two\n"):  # as long as before, in the same file
        place.write("a.txt", content)
        os.utime(place.path / "a.txt", (1, 1))
        assert place.has_changed()
        place.collect()
        assert not place.has_changed()
    (place.path / "sub/deep/c.txt").unlink()
    assert place.has_changed()
    (place.path / "bin/tool").chmod(0o644)
    assert place.has_changed()
    place.write("a.txt", "a\n")  # as at the start: a change since
    assert place.has_changed()
    assert not place.has_changed()


def test_every_kind_of_change(place: Place) -> None:
    place.write("a.txt", "b\n")
    place.write("new/file.txt")
    (place.path / "bin/tool").chmod(0o644)
    (place.path / "sub/deep/c.txt").unlink()
    (place.path / "link").unlink()
    (place.path / "link").symlink_to("/etc/passwd")
    changes = place.collect()
    assert {f.path: (f.mode, f.content) for f in changes.changed} == {
        "a.txt": (0o100644, b"b\n"),
        "new/file.txt": (0o100644, b"x\n"),
        "bin/tool": (0o100644, b"#!/bin/sh\n"),
        "link": (0o120000, b"/etc/passwd"),
    }
    assert changes.deleted == ("sub/deep/c.txt",)


def test_the_start_trees_rules_say_what_is_ignored(place: Place) -> None:
    for path in ("x.o", "sub/x.o", "out/y", "sub/local", "sub/deep/cache/z"):
        place.write(path)
    for path in ("keep.o", "sub/out/y", "deep/local", "cache/z"):
        place.write(path)
    (place.path / ".gitignore").write_text("*\n")  # a change, not a rule
    changed = {f.path for f in place.collect().changed}
    assert changed == {".gitignore", "keep.o", "sub/out/y", "deep/local", "cache/z"}


def test_line_ends_count_whatever_the_attributes_say(place: Place) -> None:
    place.write(".gitattributes", "* text=auto eol=crlf\n")
    (place.path / "crlf.txt").write_bytes(b"one\ntwo\n")
    changed = {f.path: f.content for f in place.collect().changed}
    assert changed["crlf.txt"] == b"one\ntwo\n"


def test_what_a_task_does_to_its_own_repository_does_not_matter(place: Place) -> None:
    place.write("a.txt", "b\n")
    _git(place.path, "add", "-A")
    _git(place.path, "-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "mine")
    (place.path / ".git/config").write_text('[core]\n\tfsmonitor = "touch /tmp/never"\n')
    (place.path / ".git/index").write_bytes(b"broken")
    assert [f.path for f in place.collect().changed] == ["a.txt"]


def test_a_folder_in_place_of_a_file_and_the_other_way_round(place: Place) -> None:
    (place.path / "a.txt").unlink()
    place.write("a.txt/inside")
    (place.path / "sub/deep/c.txt").unlink()
    (place.path / "sub/deep").rmdir()
    place.write("sub/deep", "now a file\n")
    changes = place.collect()
    assert {f.path for f in changes.changed} == {"a.txt/inside", "sub/deep"}
    assert set(changes.deleted) == {"a.txt", "sub/deep/c.txt"}


PLACES = ("a.txt", "bin", "bin/tool", "link", "sub", "sub/deep", "sub/deep/c.txt", "sub/new", "new")


def _disturb(rng: random.Random, root: Path) -> str:
    """Do something to one place; returns what, for the story of a failure."""
    path = root / rng.choice(PLACES)
    if not all(each.is_dir() and not each.is_symlink() for each in path.parents):
        return f"{path.name} has no folder"
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    act = rng.choice(("gone", "file", "folder", "link", "linked folder", "pipe", "same", "mode"))
    if act in ("file", "same", "mode"):
        path.write_bytes(FILES.get(str(path.relative_to(root)), b"x") if act == "same" else b"new")
        path.chmod(0o755 if act == "mode" else 0o644)
    elif act == "folder":
        path.mkdir()
        (path / "c.txt").write_bytes(b"c\n")
    elif act in ("link", "linked folder"):
        path.symlink_to(root / "sub" if act == "linked folder" else "a.txt")
    elif act == "pipe":
        os.mkfifo(path)
    return f"{path.name} {act}"


def _seen(root: Path) -> dict[str, tuple[int, bytes]]:
    """What a copy of the workspace would hold, by looking at every file."""
    found = {}
    for folder, folders, files in os.walk(root):
        if ".git" in folders:
            folders.remove(".git")
        for name in [*files, *(each for each in folders if (Path(folder) / each).is_symlink())]:
            path = Path(folder) / name
            if path.is_symlink():
                entry = (0o120000, os.fsencode(path.readlink()))
            elif path.is_file():
                executable = path.stat().st_mode & 0o100
                entry = (0o100755 if executable else 0o100644, path.read_bytes())
            else:
                continue
            found[str(path.relative_to(root))] = entry
    return found


@pytest.mark.parametrize("seed", range(40))
def test_whatever_was_done_what_is_told_makes_the_same_files(tmp_path: Path, seed: int) -> None:
    place, rng = Place(tmp_path), random.Random(seed)
    start, story = _seen(place.path), []
    for _ in range(rng.randint(1, 4)):
        story.append(_disturb(rng, place.path))
        changes, now = place.collect(), _seen(place.path)
        put = {file.path for file in changes.changed}  # in Git a file ends the folder of its name
        kept = [p for p in start if not put & {str(each) for each in Path(p).parents}]
        told = {path: start[path] for path in kept if path not in changes.deleted}
        told |= {file.path: (file.mode, file.content) for file in changes.changed}
        # A pipe in a file's place is named as left out; the file stays as it was.
        left_out = {line.split(":")[0] for line in changes.skipped}
        assert {p: e for p, e in told.items() if p not in left_out} == now, story
        assert not set(changes.deleted) - start.keys(), story
        assert all(start.get(f.path) != (f.mode, f.content) for f in changes.changed), story


def test_what_cannot_be_taken_is_named(place: Place) -> None:
    os.mkfifo(place.path / "pipe")
    nested = place.path / "nested"
    nested.mkdir()
    _git(nested, "init", "-q")
    (nested / "file").write_text("x")
    Path(os.fsdecode(os.fsencode(place.path) + b"/\xff.txt")).write_text("x")
    skipped = place.collect().skipped
    assert len(skipped) == 3
    assert "pipe: neither a file nor a symbolic link" in skipped
    assert "nested/: a Git repository inside the workspace is not taken" in skipped
    assert "\\xff.txt: its name is not UTF-8" in skipped


def test_too_many_changes_are_a_question(place: Place) -> None:
    for number in range(5):
        place.write(f"n{number}")
    with pytest.raises(GuestError, match="5 files") as caught:
        place.collect(files_max=4)
    assert caught.value.code == "too_many_changes"
    with pytest.raises(GuestError, match="changed 5 files"):
        place.collect(bytes_max=9)


def test_a_cut_tar_is_an_error_in_words(tmp_path: Path) -> None:
    tar = workspace_tar(tmp_path, FILES)
    tar.write_bytes(tar.read_bytes()[:1100])
    workspace = Workspace(str(tmp_path / "w"), str(tmp_path / "s"), str(tar))
    with pytest.raises(RuntimeError, match="tar ended with 2"):
        workspace.unpack(-1)
