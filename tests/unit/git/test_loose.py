"""Loose objects that are not whole: an error at once, where libgit2's own reader never ends."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

import pygit2
import pytest

from clawdesk.adapters.git.loose import write_blob
from clawdesk.adapters.git.opening import find, open_place
from tests.support.git_projects import GitProject

pytestmark = pytest.mark.timeout(20)
CONTENTS = {"empty": b"", "small": b"x\n", "large": os.urandom(300_000) + b"\0" * 300_000}


def file_of(project: GitProject, name: str) -> Path:
    path = project.folder / ".git/objects" / name[:2] / name[2:]
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS.keys())
def test_what_git_wrote_is_read(project: GitProject, content: bytes) -> None:
    (project.folder / "f").write_bytes(content)
    name = project.git("hash-object", "-w", "f")
    repo = open_place(find(project.path))
    blob = repo[name]
    assert isinstance(blob, pygit2.Blob)
    assert blob.data == content
    assert repo[name[:9]].id == blob.id
    assert str(write_blob(repo, content)) == name


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS.keys())
@pytest.mark.parametrize("left", [0, 1, 2, 10, 0.2, 0.5, 0.9, -4, -1])
def test_one_that_was_cut_off_is_an_error(project: GitProject, content: bytes, left: float) -> None:
    (project.folder / "f").write_bytes(content)
    name = project.git("hash-object", "-w", "f")
    file = file_of(project, name)
    whole = file.read_bytes()
    file.write_bytes(whole[: left if isinstance(left, int) else int(len(whole) * left)])
    repo = open_place(find(project.path))
    for wanted in (name, name[:12]):
        with pytest.raises(pygit2.GitError, match="damaged"):
            repo[wanted]


@pytest.mark.parametrize(
    "bytes_",
    [
        b"blob 5\0abcd",
        b"blob 3\0abcd",
        b"blob -1\0a",
        b"blob x\0a",
        b"blob 99999999999999999999\0a",
        b"thing 1\0a",
        b"blob" + b" " * 100 + b"1\0a",
        b"b" * 1_000_000,
        b"",
    ],
)
def test_a_head_that_lies_is_an_error(project: GitProject, bytes_: bytes) -> None:
    (project.folder / "f").write_bytes(b"abc")
    name = project.git("hash-object", "-w", "f")
    file_of(project, name).write_bytes(zlib.compress(bytes_))
    with pytest.raises(pygit2.GitError, match="damaged"):
        open_place(find(project.path))[name]


def test_another_content_than_its_name_says(project: GitProject) -> None:
    (project.folder / "f").write_bytes(b"abc")
    name = project.git("hash-object", "-w", "f")
    file_of(project, name).write_bytes(zlib.compress(b"blob 3\0abd"))
    with pytest.raises(pygit2.GitError, match="hash"):
        open_place(find(project.path))[name]


def test_objects_that_are_borrowed_from_another_repository(
    project: GitProject, tmp_path: Path
) -> None:
    borrower = tmp_path / "borrower"
    project.git("clone", "-q", "--shared", str(project.folder), str(borrower))
    place = find(str(borrower))
    repo = open_place(place)
    assert repo[project.head].id == repo.head.target
    file = file_of(project, project.head)
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(pygit2.GitError, match="damaged"):
        open_place(place)[project.head]
