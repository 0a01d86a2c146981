"""Our flattened ignore rules against Git's own reading of the same `.gitignore` files."""

from __future__ import annotations

from pathlib import Path

import pygit2
import pytest

from clawdesk.adapters.git.ignoring import flattened, ignored_new, rebased
from tests.support.git_projects import GitProject

RULES = {
    ".gitignore": "*.o\n/build/\n!keep.o\ndoc/*.tmp\n# comment\n\\#odd\n\\!odd\ntrail  \nlog/\n"
    "**/deep/x\na[bc]d\n",
    "sub/.gitignore": "*.txt\n!yes.txt\n/top\ninner/leaf\nonly/\n\\#s\n\r\n",
    "s p[1]/.gitignore": "*.z\n!a.z\n",
    "log2/.gitignore": "*\n!.gitignore\n",
}
PATHS = [
    "x.o", "keep.o", "d/x.o", "d/keep.o", "build/y", "d/build/y", "doc/a.tmp", "doc/d/a.tmp",
    "#odd", "!odd", "trail", "log/a", "d/log/a", "q/deep/x", "deep/x", "abd", "acd", "aed",
    "sub/a.txt", "sub/yes.txt", "sub/d/a.txt", "sub/d/yes.txt", "sub/top", "sub/d/top",
    "sub/inner/leaf", "sub/d/inner/leaf", "sub/only/f", "sub/d/only/f", "sub/#s", "s p[1]/b.z",
    "s p[1]/a.z", "s p[1]/d/b.z", "log2/f", "log2/d/f", "a.txt", "top", "only/f", "s p1/b.z",
]  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> GitProject:
    made = GitProject(tmp_path / "r", RULES)
    made.edit(dict.fromkeys(PATHS, "x\n"))
    return made


def start(project: GitProject) -> tuple[pygit2.Repository, pygit2.Tree]:
    repo = pygit2.Repository(project.path)
    return repo, repo.head.peel(pygit2.Tree)


def listed(project: GitProject, *arguments: str) -> set[str]:
    return set(project.git("ls-files", "-z", "--others", *arguments).split("\0")) - {""}


def test_the_host_ignores_what_git_ignores(project: GitProject) -> None:
    repo, tree = start(project)
    expected = set(PATHS) - listed(project, "--exclude-per-directory=.gitignore")
    assert set(ignored_new(tree, PATHS)) == expected
    repo.free()


def test_the_guest_ignores_what_git_ignores(project: GitProject, tmp_path: Path) -> None:
    repo, tree = start(project)
    rules = tmp_path / "excludes"
    rules.write_text("".join(rule + "\n" for rule in flattened(tree)))
    expected = listed(project, "--exclude-per-directory=.gitignore")
    assert listed(project, f"--exclude-from={rules}") == expected
    repo.free()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("*.o", "/a/**/*.o"),
        ("/x", "/a/x"),
        ("x/y", "/a/x/y"),
        ("x/", "/a/**/x/"),
        ("!x", "!/a/**/x"),
        ("!/x", "!/a/x"),
        ("# c", ""),
        ("", ""),
        ("   ", ""),
        ("/", ""),
        ("x\\ ", "/a/**/x\\ "),
        ("x\r", "/a/**/x"),
    ],
)
def test_a_rule_moves_to_the_root(line: str, expected: str) -> None:
    assert rebased(line, "a") == expected
