"""Differences as values: what is shown, what is summarised, what nothing can hide."""

from __future__ import annotations

from collections.abc import Mapping

import pygit2
import pytest

from clawdesk.adapters.git import diffs
from clawdesk.domain.host_files import runs_on_host
from clawdesk.domain.model import DiffStat
from clawdesk.ports.repository import Diff, DiffFile
from tests.support.git_projects import GitProject


def compare(project: GitProject, contents: Mapping[str, bytes | str | None]) -> Diff:
    old = project.head
    project.commit(contents)
    repo = pygit2.Repository(project.path)
    try:
        before, after = (repo[commit].peel(pygit2.Tree) for commit in (old, project.head))
        shown = diffs.diff(repo, before, after)
        stat, paths, _ = diffs.measure(repo, before, after)
        assert stat == shown.stat
        assert set(paths) == {file.path for file in shown.files} | {f.old_path for f in shown.files}
        return shown
    finally:
        repo.free()


def only(project: GitProject, contents: Mapping[str, bytes | str | None]) -> DiffFile:
    (file,) = compare(project, contents).files
    return file


def test_no_difference(project: GitProject) -> None:
    assert compare(project, {}) == Diff((), DiffStat())


def test_counts_equal_gits(project: GitProject) -> None:
    shown = compare(project, {"a.txt": "1\n3\n4\nx\n6\n7\n8\n9", "b.txt": None, "n": "q\nr"})
    counted = project.git("diff", "--numstat", "HEAD~1", "HEAD").split("\n")
    assert [f"{f.added}\t{f.removed}\t{f.path}" for f in shown.files] == counted


def test_a_rename_is_found(project: GitProject) -> None:
    old = (project.folder / "a.txt").read_text()
    file = only(project, {"a.txt": None, "moved/a.txt": old + "10\n"})
    assert (file.status, file.old_path, file.path) == ("renamed", "a.txt", "moved/a.txt")
    assert (file.added, file.removed) == (1, 0)


def test_a_mode(project: GitProject) -> None:
    (project.folder / "a.txt").chmod(0o755)
    file = only(project, {})
    assert (file.status, file.note, file.runs_on_host) == ("mode", "becomes executable", True)
    assert file.hunks == ()


def test_a_file_that_becomes_a_link(project: GitProject) -> None:
    (project.folder / "a.txt").unlink()
    (project.folder / "a.txt").symlink_to("b.txt")
    shown = compare(project, {})
    assert any("symbolic link" in file.note for file in shown.files)


def test_binary_is_summarised(project: GitProject) -> None:
    file = only(project, {"x.bin": b"a\0b" * 100})
    assert (file.hunks, file.added, file.note) == ((), 0, "binary, none → 300 bytes")


def test_attributes_hide_nothing(project: GitProject) -> None:
    project.commit({".gitattributes": "*.txt -diff binary\n*.c diff=evil\n"})
    file = only(project, {"b.txt": "seen\n"})
    assert [line.text for line in file.hunks[0].lines] == ["b", "seen"]


def test_large_files_are_summarised(project: GitProject) -> None:
    file = only(project, {"big.txt": "x\n" * 600_000})
    assert file.hunks == ()
    assert file.added == 600_000
    assert file.note == "too large to show, none → 1,200,000 bytes"


def test_long_lines_are_cut_and_that_is_said(project: GitProject) -> None:
    file = only(project, {"b.txt": "y" * 5_000 + "\n"})
    added = file.hunks[0].lines[-1]
    assert len(added.text) == diffs.LINE_CHARS_MAX + 1
    assert "cut" in file.note


def test_many_lines_together(project: GitProject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diffs, "LINES_TOTAL_MAX", 10)
    first, second = compare(project, {"x": "l\n" * 8, "y": "l\n" * 8}).files
    assert first.hunks
    assert second.hunks == ()
    assert "not shown" in second.note


def test_bytes_that_are_not_utf8(project: GitProject) -> None:
    file = only(project, {"b.txt": b"\xff\xfe caf\xe9\n"})
    assert file.hunks[0].lines[-1].text == "�� caf�"


@pytest.mark.parametrize(
    ("before", "after", "note"),
    [
        ("b", "b\n", "a line break at the end"),
        ("b\n", "b", "no line break at the end any more"),
    ],
)
def test_the_last_line_break(project: GitProject, before: str, after: str, note: str) -> None:
    project.commit({"b.txt": before})
    file = only(project, {"b.txt": after})
    assert file.note == note
    assert [line.origin for line in file.hunks[0].lines] == ["-", "+"]


@pytest.mark.parametrize(
    "path",
    ["Makefile", "x/GNUmakefile", ".github/workflows/ci.yml", ".gitlab-ci.yml", ".envrc",
     ".vscode/tasks.json", "web/.idea/x.xml", "package.json", "setup.py", "pyproject.toml",
     ".husky/pre-commit", ".githooks/x.sh", "hooks/post-merge", ".pre-commit-config.yaml",
     ".gitattributes", ".clawdesk/tasks/x.toml", "conftest.py", "tools/x.mk", "vite.config.ts",
     "Dockerfile.dev", ".gitmodules"],
)  # fmt: skip
def test_what_runs_on_the_users_machine(path: str) -> None:
    assert runs_on_host(path)
    assert runs_on_host(path.upper())


@pytest.mark.parametrize("path", ["a.py", "README.md", "src/make.c", "notes/package.txt", "x.sh"])
def test_what_does_not(path: str) -> None:
    assert not runs_on_host(path, 0o100644)
    assert runs_on_host(path, 0o100755)
