"""Taking a merge back, on the fake and on the real repository."""

from __future__ import annotations

import pytest

from clawdesk.ports.errors import ConflictError
from clawdesk.ports.repository import MergeOutcome
from tests.support.repository_kit import FILES, TASK, Kit, bytes_of, kit, refusal

__all__ = ["kit"]


async def merged(kit: Kit) -> MergeOutcome:
    """What the task made of a.txt and b.txt, on the user's branch."""
    start = await kit.submit()
    await kit.checkpoint(start, {"a.txt": "final\n", "b.txt": None, "n/new": "n\n"}, 1)
    return await kit.repository.merge(TASK, into="", each_checkpoint=False, title="Tidy")


async def test_a_merge_is_taken_back_with_its_files(kit: Kit) -> None:
    outcome = await merged(kit)
    kit.user_edits({"src/c.py": "c = 2\n", "notes.txt": "untracked\n"})
    said = await kit.repository.unmerge(TASK, branch=outcome.branch, commit=outcome.commit)
    assert "main is as it was before the merge" in said
    assert kit.in_branch("main") == bytes_of(FILES)
    mine = {"src/c.py": b"c = 2\n", "notes.txt": b"untracked\n"}
    assert kit.on_disk() == {**bytes_of(FILES), **mine}
    assert (await kit.repository.view()).dirty == ("notes.txt", "src/c.py")
    again = await kit.repository.merge(TASK, into="", each_checkpoint=False, title="Tidy")
    assert kit.in_branch("main")["a.txt"] == b"final\n"
    assert again.backup


async def test_a_merge_under_later_work_is_not_taken_back(kit: Kit) -> None:
    outcome = await merged(kit)
    kit.user_commits({"src/c.py": "c = 2\n"})
    before = kit.in_branch("main")
    undone = kit.repository.unmerge(TASK, branch="main", commit=outcome.commit)
    error = await refusal(undone, "changed")
    assert "git revert" in error.mend
    assert kit.in_branch("main") == before


async def test_a_merge_is_not_taken_back_over_what_was_edited_since(kit: Kit) -> None:
    outcome = await merged(kit)
    kit.user_edits({"a.txt": "mine\n"})
    on_disk, committed = kit.on_disk(), kit.in_branch("main")
    with pytest.raises(ConflictError) as caught:
        await kit.repository.unmerge(TASK, branch="main", commit=outcome.commit)
    assert caught.value.paths == ("a.txt",)
    assert (kit.on_disk(), kit.in_branch("main")) == (on_disk, committed)


async def test_a_branch_that_a_merge_made_is_left_to_its_owner(kit: Kit) -> None:
    start = await kit.submit()
    await kit.checkpoint(start, {"a.txt": "final\n"}, 1)
    outcome = await kit.repository.merge(TASK, into="new", each_checkpoint=False, title="T")
    await refusal(
        kit.repository.unmerge(TASK, branch=outcome.branch, commit=outcome.commit), "own_branch"
    )
    assert kit.in_branch("new")["a.txt"] == b"final\n"


async def test_an_undo_whose_record_was_never_made_is_told_again_and_moves_nothing(
    kit: Kit,
) -> None:
    outcome = await merged(kit)
    said = await kit.repository.unmerge(TASK, branch="main", commit=outcome.commit)
    kit.user_edits({"a.txt": "mine\n", "src/c.py": "c = 2\n"})
    on_disk, committed = kit.on_disk(), kit.in_branch("main")
    again = await kit.repository.unmerge(TASK, branch="main", commit=outcome.commit)
    assert again.startswith("main is as it was before the merge")
    assert said.startswith(again.rstrip("."))
    assert (kit.on_disk(), kit.in_branch("main")) == (on_disk, committed)


@pytest.mark.parametrize("later", [False, True])
async def test_a_merge_whose_record_was_never_made_is_the_one_that_asking_again_names(
    kit: Kit, later: bool
) -> None:
    outcome = await merged(kit)
    if later:
        kit.user_commits({"src/c.py": "c = 2\n"})
    committed = kit.in_branch("main")
    again = await kit.repository.merge(TASK, into="", each_checkpoint=False, title="Tidy")
    assert kit.in_branch("main") == committed
    assert (again.commit, again.backup) == (outcome.commit, outcome.backup)
    undone = kit.repository.unmerge(TASK, branch="main", commit=again.commit)
    if later:
        await refusal(undone, "changed")
        return
    await undone
    assert kit.in_branch("main") == bytes_of(FILES)
