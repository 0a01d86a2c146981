"""The risk in words: what runs here, what is deleted, what is not shown; and nothing invented."""

from __future__ import annotations

import pytest

from clawdesk.domain.host_files import PROGRAM, host_rule
from clawdesk.domain.model import DiffStat
from clawdesk.ports.repository import Diff, DiffFile
from clawdesk.viewmodels.diffs import host_words
from clawdesk.viewmodels.risk import NAMED_MAX, risk_view


def file(path: str, status: str = "modified", note: str = "", *, runs: bool = False) -> DiffFile:
    return DiffFile(path, path, status, 3, 1, (), note, runs or host_rule(path) is not None)


def diff(*files: DiffFile, added: int = 3, removed: int = 1) -> Diff:
    return Diff(files, DiffStat(len(files), added, removed))


@pytest.mark.parametrize(
    ("path", "kind", "by_itself"),
    [
        (".envrc", "shell set-up", True),
        ("sub/.direnv/x", "shell set-up", True),
        (".husky/pre-commit", "Git hook", True),
        ("hooks/post-merge", "Git hook", True),
        (".pre-commit-config.yaml", "Git hook", True),
        (".gitattributes", "Git setting", True),
        (".vscode/tasks.json", "editor setting", True),
        ("web/.idea/run.xml", "editor setting", True),
        (".devcontainer/devcontainer.json", "editor setting", True),
        (".mcp.json", "assistant setting", True),
        (".github/workflows/ci.yml", "CI setting", True),
        ("Jenkinsfile", "CI setting", True),
        (".clawdesk/project.toml", "ClawDesk setting", False),
        ("web/package.json", "package script", False),
        ("setup.py", "package script", False),
        ("Makefile", "build file", False),
        ("tools/rules.mk", "build file", False),
        ("Dockerfile.dev", "container recipe", False),
        ("tests/conftest.py", "test set-up", False),
        ("vite.config.ts", "tool setting", False),
        ("app.desktop", "tool setting", False),
    ],
)
def test_what_runs_here_and_when(path: str, kind: str, by_itself: bool) -> None:
    rule = host_rule(path)
    assert rule is not None
    assert (rule.kind, rule.by_itself) == (kind, by_itself)
    assert rule.when
    view = risk_view(diff(file(path)))
    assert view.level == ("high" if by_itself else "medium")
    assert view.lines[0].text == f"{path}: {kind}"
    assert view.lines[0].detail == rule.when
    assert "after a merge" in host_words(file(path))


def test_an_executable_file_is_named_whatever_it_is_called() -> None:
    assert host_rule("go", 0o100755) is PROGRAM
    assert host_rule("go", 0o100644) is None
    view = risk_view(diff(file("go", note="becomes executable", runs=True)))
    assert view.lines[0].text == "go: program"
    assert view.level == "medium"


def test_a_small_change_is_low_and_says_its_size() -> None:
    view = risk_view(diff(file("src/a.py")))
    assert view.level == "low"
    assert [(line.text, line.detail) for line in view.lines] == [("1 file", "+3 −1 lines")]  # noqa: RUF001


def test_deleted_unseen_and_shared_files_are_named() -> None:
    files = (
        file("gone.py", "deleted"),
        file("picture.png", note="binary, 10 bytes → 20 bytes"),
        file("both.py"),
    )
    view = risk_view(diff(*files), own_edits=("both.py", "other.py"))
    said = {line.text: line.detail for line in view.lines}
    assert said["deletes 1 file"] == "gone.py"
    assert said["1 file not shown in full"] == "you approve unseen: picture.png"
    assert said["also changed by you"] == "both.py"
    assert view.level == "medium"


def test_a_deleted_hook_runs_nowhere() -> None:
    view = risk_view(diff(file(".envrc", "deleted")))
    assert [line.text for line in view.lines] == ["deletes 1 file", "1 file"]


def test_a_large_change_warns_and_a_long_list_is_counted() -> None:
    assert risk_view(diff(file("a.py"), added=500)).level == "medium"
    many = [file(f"{n}/Makefile") for n in range(NAMED_MAX + 3)]
    view = risk_view(diff(*many))
    assert view.lines[NAMED_MAX].text == "3 more files that would run here"
