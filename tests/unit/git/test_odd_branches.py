"""Merging where branches are other names of branches, or not there yet."""

from __future__ import annotations

import pytest

from clawdesk.adapters.git import GitRepository
from clawdesk.ports.errors import RepositoryError
from tests.support.git_projects import GitProject
from tests.unit.git.test_merging import TASK, is_clean, merge, work

OTHER_NAME = ("symbolic-ref", "refs/heads/trunk", "refs/heads/main")


@pytest.mark.parametrize("into", ["", "main", "trunk"])
@pytest.mark.parametrize("on", ["main", "trunk"])
async def test_a_branch_with_two_names_is_one(
    project: GitProject, opened: GitRepository, on: str, into: str
) -> None:
    head = project.head
    await work(opened, {"a.txt": "agent\n"})
    project.git(*OTHER_NAME)
    project.git("symbolic-ref", "HEAD", f"refs/heads/{on}")
    outcome = await merge(opened, into)
    assert (outcome.branch, project.head) == ("main", outcome.commit)
    assert is_clean(project), "the files that are checked out followed"
    assert project.git("symbolic-ref", "refs/heads/trunk") == "refs/heads/main"
    await opened.unmerge(TASK, branch=outcome.branch, commit=outcome.commit)
    assert project.head == head
    assert is_clean(project)


async def test_names_that_lead_in_a_circle_are_no_branch(
    project: GitProject, opened: GitRepository
) -> None:
    await work(opened, {"a.txt": "agent\n"})
    project.git("symbolic-ref", "refs/heads/one", "refs/heads/two")
    project.git("symbolic-ref", "refs/heads/two", "refs/heads/one")
    with pytest.raises(RepositoryError) as caught:
        await merge(opened, "one")
    assert caught.value.code == "bad_branch"


async def test_a_branch_without_a_commit_that_is_checked_out_is_not_made(
    project: GitProject, opened: GitRepository
) -> None:
    """Its files would be those of before, and the next commit would take the work back."""
    await work(opened, {"a.txt": "agent\n"})
    project.git("symbolic-ref", "HEAD", "refs/heads/new")
    with pytest.raises(RepositoryError) as caught:
        await merge(opened)
    assert caught.value.code == "unborn"
    assert project.git("for-each-ref", "refs/heads/new") == ""


@pytest.mark.parametrize("name", ["a\0b", "caf\udce9"])
async def test_what_is_no_text_is_no_branch(
    project: GitProject, opened: GitRepository, name: str
) -> None:
    await work(opened, {"a.txt": "agent\n"})
    with pytest.raises(RepositoryError) as caught:
        await merge(opened, name)
    assert caught.value.code == "bad_branch"
