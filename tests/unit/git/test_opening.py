"""Every folder that cannot be opened is refused with its own reason."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from clawdesk.adapters.git.opening import find
from clawdesk.ports.errors import RepositoryError
from tests.support.git_projects import GitProject, only_own_settings


@pytest.fixture(autouse=True)
def settings(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "settings"
    folder.mkdir()
    with only_own_settings(folder):
        yield folder


def reason(path: Path) -> RepositoryError:
    with pytest.raises(RepositoryError) as caught:
        find(os.fspath(path))
    error = caught.value
    assert str(path) in error.what
    assert error.mend, "every refusal says what to do next"
    return error


def test_an_ordinary_project(tmp_path: Path) -> None:
    project = GitProject(tmp_path / "p", {"a": "1"})
    place = find(os.fspath(project.folder))
    assert place.path == project.path
    assert place.git_dir == place.common_dir == f"{project.path}/.git"
    (tmp_path / "link").symlink_to(project.folder)
    assert find(os.fspath(tmp_path / "link")) == place


def test_a_linked_work_tree_and_a_detached_head(tmp_path: Path) -> None:
    project = GitProject(tmp_path / "p", {"a": "1"})
    project.git("worktree", "add", "-q", "--detach", os.fspath(tmp_path / "w"))
    place = find(os.fspath(tmp_path / "w"))
    assert place.common_dir == f"{project.path}/.git"
    assert place.git_dir != place.common_dir


def test_no_such_folder(tmp_path: Path) -> None:
    assert reason(tmp_path / "none").code == "not_found"
    (tmp_path / "file").write_text("")
    assert "is a file" in reason(tmp_path / "file").what


def test_not_a_repository(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    error = reason(tmp_path / "plain")
    assert error.code == "not_a_repository"
    assert "git init" in error.mend


def test_a_file_that_leads_to_no_repository(tmp_path: Path) -> None:
    """`git init` would only repeat the complaint."""
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / ".git").write_text("gitdir: /etc\n")
    error = reason(tmp_path / "tree")
    assert error.code == "not_a_repository"
    assert "its file .git leads to none" in error.what
    assert error.mend == f"See what Git says: git -C {tmp_path / 'tree'} status"


def test_a_folder_inside_one(tmp_path: Path) -> None:
    project = GitProject(tmp_path / "p", {"sub/a": "1"})
    error = reason(project.folder / "sub")
    assert error.code == "inside"
    assert project.path in error.mend
    assert reason(project.folder / ".git").code in ("inside", "bare")


def test_bare(tmp_path: Path) -> None:
    GitProject(tmp_path / "p", {}, "--bare")
    assert reason(tmp_path / "p").code == "bare"


def test_no_commit_yet(tmp_path: Path) -> None:
    GitProject(tmp_path / "p", {})
    assert reason(tmp_path / "p").code == "unborn"


def test_sha256(tmp_path: Path) -> None:
    GitProject(tmp_path / "p", {"a": "1"}, "--object-format=sha256")
    assert reason(tmp_path / "p").code == "sha256"


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("extensions.refStorage", "reftable", "reftable"),
        ("extensions.partialClone", "origin", "partial_clone"),
        ("extensions.fromTheFuture", "true", "unsupported"),
    ],
)
def test_extensions(tmp_path: Path, key: str, value: str, code: str) -> None:
    project = GitProject(tmp_path / "p", {"a": "1"})
    project.git("config", "core.repositoryformatversion", "1")
    project.git("config", key, value)
    assert reason(project.folder).code == code


def test_a_remote_that_promises_objects(tmp_path: Path) -> None:
    project = GitProject(tmp_path / "p", {"a": "1"})
    project.git("config", "remote.origin.promisor", "true")
    assert reason(project.folder).code == "partial_clone"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_foreign_owner(tmp_path: Path, settings: Path) -> None:
    project = GitProject(tmp_path / "p", {"a": "1"})
    for path in [project.folder, *project.folder.rglob("*")]:
        os.chown(path, 12345, 12345)
    error = reason(project.folder)
    assert error.code == "foreign_owner"
    assert "safe.directory" in error.mend
    (settings / ".gitconfig").write_text(f"[safe]\n\tdirectory = {project.path}\n")
    assert find(os.fspath(project.folder)).path == project.path


def test_a_broken_head_and_a_broken_repository(tmp_path: Path) -> None:
    project = GitProject(tmp_path / "p", {"a": "1"})
    tip = project.head
    (project.folder / ".git/objects" / tip[:2] / tip[2:]).unlink()
    assert reason(project.folder).code == "damaged"
    (project.folder / ".git/config").write_text("[core\n")
    with pytest.raises(RepositoryError):
        find(os.fspath(project.folder))


def test_a_path_that_is_no_text(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    GitProject(folder, {"a": "1"})
    with pytest.raises(RepositoryError) as caught:
        find(os.fspath(folder))
    assert caught.value.code == "bad_name"
    assert "\\udce9" in caught.value.what


@pytest.mark.parametrize("name", ["x" * 300, "~nobody-has-this-name/x"])
def test_a_path_that_cannot_be_looked_at_is_refused_with_the_reason(name: str) -> None:
    """As a folder of somebody else, or on a network mount that died: it was a crash."""
    with pytest.raises(RepositoryError) as caught:
        find(name)
    assert caught.value.code == "not_found"
    assert "cannot be looked at" in caught.value.what
