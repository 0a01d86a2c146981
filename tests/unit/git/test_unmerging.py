"""Taking a merge back in real repositories: bytes, index, other work trees, races."""

from __future__ import annotations

from pathlib import Path

import pygit2
import pytest

from clawdesk.adapters.git import GitRepository, branches
from clawdesk.ports.errors import ConflictError, RepositoryError
from tests.support.git_projects import GitProject
from tests.unit.git.test_merging import TASK, is_clean, merge, work


async def undo(repository: GitRepository, commit: str, branch: str = "main") -> str:
    return await repository.unmerge(TASK, branch=branch, commit=commit)


@pytest.mark.parametrize("each", [False, True])
async def test_every_kind_of_change_goes_back_byte_for_byte(
    project: GitProject, opened: GitRepository, each: bool
) -> None:
    head, files = project.head, project.files()
    final = {
        "a.txt": b"\x00\xff" * 4_000,
        "run": "#!/bin/sh\n",
        "sub/c.txt": None,
        "link": "link:run",
    }
    await work(opened, {"a.txt": "draft\n"}, final)
    outcome = await merge(opened, each=each)
    assert project.files() != files
    said = await undo(opened, outcome.commit)
    assert said == f"main is as it was before the merge, at {head[:12]}; your files too."
    assert (project.head, project.files()) == (head, files)
    assert is_clean(project), "the index too"
    assert project.fsck() == ""


async def test_what_is_staged_since_is_not_thrown_away(
    project: GitProject, opened: GitRepository
) -> None:
    await work(opened, {"a.txt": "agent\n"})
    outcome = await merge(opened)
    project.edit({"a.txt": "staged\n"})
    project.git("add", "a.txt")
    project.edit({"a.txt": "agent\n"})
    before, status = project.users_side(), project.git("status", "--porcelain")
    with pytest.raises(ConflictError) as caught:
        await undo(opened, outcome.commit)
    assert caught.value.paths == ("a.txt",)
    assert "git stash" in caught.value.mend
    assert (project.users_side(), project.git("status", "--porcelain")) == (before, status)


async def test_a_branch_that_moves_meanwhile_puts_the_files_back(
    project: GitProject, opened: GitRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    await work(opened, {"a.txt": "agent\n"})
    outcome = await merge(opened)
    files, move = project.files(), branches.move

    def raced(
        repo: pygit2.Repository, branch: str, tip: pygit2.Oid, to: pygit2.Oid, note: str
    ) -> None:
        made = project.git("commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "at the same moment")
        project.git("update-ref", "refs/heads/main", made)
        move(repo, branch, tip, to, note)

    monkeypatch.setattr(branches, "move", raced)
    with pytest.raises(RepositoryError) as caught:
        await undo(opened, outcome.commit)
    assert caught.value.code == "changed"
    assert project.files() == files
    assert is_clean(project)


async def test_a_branch_that_is_not_checked_out_moves_alone(
    project: GitProject, opened: GitRepository
) -> None:
    project.git("branch", "other")
    head, files = project.head, project.files()
    await work(opened, {"a.txt": "agent\n"})
    outcome = await merge(opened, "other")
    said = await undo(opened, outcome.commit, "other")
    assert said.endswith(f"at {head[:12]}.")
    assert project.git("rev-parse", "other") == head
    assert project.files() == files


async def test_a_branch_checked_out_elsewhere_is_left(
    project: GitProject, opened: GitRepository, tmp_path: Path
) -> None:
    project.git("branch", "other")
    await work(opened, {"a.txt": "agent\n"})
    outcome = await merge(opened, "other")
    project.git("worktree", "add", "-q", str(tmp_path / "elsewhere"), "other")
    with pytest.raises(RepositoryError, match="checked out elsewhere") as caught:
        await undo(opened, outcome.commit, "other")
    assert "git revert" in caught.value.mend
    assert project.git("rev-parse", "other") == outcome.commit


async def test_a_merge_that_failed_since_does_not_hide_what_was_before_the_last_one(
    project: GitProject, opened: GitRepository
) -> None:
    head = project.head
    await work(opened, {"a.txt": "agent\n"})
    outcome = await merge(opened)
    with pytest.raises(RepositoryError):
        await merge(opened, "main/is-a-branch-already")
    assert (await undo(opened, outcome.commit)).startswith("main is as it was")
    assert project.head == head
