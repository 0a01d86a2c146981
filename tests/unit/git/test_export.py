"""The workspace tar: sound, repeatable, and without anything of the user's `.git`."""

from __future__ import annotations

import subprocess
import tarfile
from pathlib import Path

import pygit2
import pytest

from clawdesk.adapters.git import packs
from clawdesk.adapters.git.export import export
from clawdesk.ports.errors import RepositoryError
from tests.support.git_projects import ENVIRONMENT, GitProject


def exported(project: GitProject, into: Path) -> Path:
    repo = pygit2.Repository(project.path)
    try:
        export(repo, repo.head.peel(pygit2.Commit), into)
    finally:
        repo.free()
    return into


def unpacked(tar: Path, into: Path) -> Path:
    into.mkdir()
    subprocess.run(["tar", "-xf", tar, "-C", into], check=True)
    return into


def git(folder: Path, *arguments: str) -> str:
    command = ["git", f"--git-dir={folder}/base.git", f"--work-tree={folder}/workspace"]
    done = subprocess.run(
        [*command, "-c", "core.bare=false", *arguments],
        env=ENVIRONMENT,
        cwd=folder / "workspace",
        capture_output=True,
        check=True,
    )
    return (done.stdout + done.stderr).decode("utf-8", "replace")


def test_git_accepts_the_base_and_sees_no_difference(project: GitProject, tmp_path: Path) -> None:
    project.edit(
        {"bin/run": "#!/bin/sh\n", "ä ö.bin": bytes(range(256)) * 500, "sub/.gitignore": "!y\n"}
    )
    (project.folder / "bin/run").chmod(0o755)
    (project.folder / "link").symlink_to("a.txt")
    project.commit({})
    folder = unpacked(exported(project, tmp_path / "w.tar"), tmp_path / "x")
    assert "error" not in git(folder, "fsck", "--strict", "--full")
    git(folder, "read-tree", "base")
    assert git(folder, "status", "--porcelain") == ""
    assert git(folder, "rev-parse", "base^{tree}").strip() == project.tree("HEAD")
    assert (
        git(folder, "log", "--format=%an %ae %s%b%P", "base")
        == "ClawDesk clawdesk@localhost base\n"
    )
    listed = git(folder, "ls-tree", "-r", "-z", "--full-tree", "base").replace(" blob ", " ")
    assert (folder / "listing").read_text() == listed
    assert (folder / "excludes").read_text() == "*.o\n!/sub/**/y\n"
    assert project.files() == GitProjectFiles(folder / "workspace").files()


class GitProjectFiles(GitProject):
    """Only the listing of files, of a folder that is no repository."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder


def test_the_same_commit_gives_the_same_bytes(project: GitProject, tmp_path: Path) -> None:
    first = exported(project, tmp_path / "1.tar").read_bytes()
    assert exported(project, tmp_path / "2.tar").read_bytes() == first


def test_nothing_of_the_users_repository_is_in_it(project: GitProject, tmp_path: Path) -> None:
    project.git("config", "user.name", "CANARY-NAME")
    project.git("config", "http.extraHeader", "CANARY-TOKEN")
    project.commit({"secret.txt": "CANARY-OLD\n"})
    project.commit({"secret.txt": "new\n"})
    (project.folder / ".git/hooks").mkdir()
    (project.folder / ".git/hooks/pre-commit").write_text("CANARY-HOOK")
    folder = unpacked(exported(project, tmp_path / "w.tar"), tmp_path / "x")
    everything = git(folder, "cat-file", "--batch-all-objects", "--batch", "--buffer")
    files = [p.read_bytes() for p in folder.rglob("*") if p.is_file()]
    assert not [content for content in files if b"CANARY" in content]
    assert "CANARY" not in everything
    before = project.git("count-objects", "-v")
    exported(project, tmp_path / "again.tar")
    assert project.git("count-objects", "-v") == before, "the user's repository was written to"


def test_a_submodule_is_an_empty_folder(project: GitProject, tmp_path: Path) -> None:
    project.git("update-index", "--add", "--cacheinfo", f"160000,{project.head},module")
    project.git("commit", "-q", "-m", "module")
    folder = unpacked(exported(project, tmp_path / "w.tar"), tmp_path / "x")
    assert list((folder / "workspace/module").iterdir()) == []
    git(folder, "fsck", "--strict")


@pytest.mark.parametrize("name", [b"..", b".git", b".GIT", b"git~1"])
def test_a_hostile_tree_is_not_unpacked(project: GitProject, tmp_path: Path, name: bytes) -> None:
    blob = project.git("hash-object", "-w", "--stdin", stdin=b"x")
    raw = b"100644 " + name + b"\0" + bytes.fromhex(blob)
    tree = project.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=raw)
    nested = b"40000 dir\0" + bytes.fromhex(tree)
    top = project.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=nested)
    commit = project.git("commit-tree", "-m", "evil", top)
    project.git("update-ref", "HEAD", commit)
    with pytest.raises(RepositoryError) as caught:
        exported(project, tmp_path / "w.tar")
    assert caught.value.code == "hostile_tree"
    assert list(tmp_path.glob("w.tar*")) == []


def test_a_pack_over_the_limit_is_refused(
    project: GitProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packs, "PACK_BYTES_MAX", 100)
    with pytest.raises(RepositoryError) as caught:
        exported(project, tmp_path / "w.tar")
    assert caught.value.code == "too_large"
    assert list(tmp_path.glob("w.tar*")) == []


def test_entries_have_no_owner_of_ours(project: GitProject, tmp_path: Path) -> None:
    with tarfile.open(exported(project, tmp_path / "w.tar")) as tar:
        assert {(entry.uid, entry.gid, entry.uname) for entry in tar} == {(0, 0, "")}
        assert {entry.mtime for entry in tar} == {1_700_000_000}
