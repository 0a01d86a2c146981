"""Another version of a checkpoint, on the fake repository and on the real one."""

from __future__ import annotations

from clawdesk.domain.model import Amendment, Record
from clawdesk.ports.guest import FileEntry, WorkspaceChanges
from clawdesk.ports.repository import SIDE_BYTES_MAX, FileSides
from tests.support.repository_kit import TASK, Kit, kit, refusal

__all__ = ["kit"]

WORK = {"a.txt": "one\n2\nthree\n", "b.txt": None, "new/one.txt": "1\n", "new/two.txt": "2\n"}


async def made(kit: Kit) -> tuple[str, str]:
    """(start, commit of the work)."""
    start = await kit.submit()
    return start, (await kit.checkpoint(start, WORK, 1)).commit


async def decided(kit: Kit, amendment: Amendment) -> str:
    """The commit of a decision that has the amended tree."""
    record = Record("decision", 5_000, {"ordinal": 1, "verdict": "amended"})
    return await kit.repository.append(TASK, record, tree_of=amendment.tree)


async def paths(kit: Kit, old: str, new: str) -> set[str]:
    return {file.path for file in (await kit.repository.diff(old, new)).files}


async def test_a_part_is_taken_and_the_rest_is_as_before(kit: Kit) -> None:
    start, commit = await made(kit)
    amendment = await kit.repository.amended(start, commit, ("a.txt", "new/"), {})
    assert amendment.left_out == ("b.txt",)
    assert amendment.edited == ()
    decision = await decided(kit, amendment)
    assert await paths(kit, start, decision) == {"a.txt", "new/one.txt", "new/two.txt"}
    nothing = await kit.repository.amended(start, commit, (), {})
    assert await paths(kit, start, await decided(kit, nothing)) == set()
    assert set(nothing.left_out) == {"a.txt", "b.txt", "new/one.txt", "new/two.txt"}


async def test_an_edit_takes_the_place_of_what_was_made(kit: Kit) -> None:
    start, commit = await made(kit)
    edits = {"new/one.txt": b"mine\n", "src/c.py": b"c = 2\n", "a.txt": b"one\n2\nthree\n"}
    amendment = await kit.repository.amended(start, commit, ("b.txt",), edits)
    assert amendment.edited == ("new/one.txt", "src/c.py"), "an edit that changes nothing is none"
    assert amendment.left_out == ("new/two.txt",)
    decision = await decided(kit, amendment)
    assert await kit.repository.between(commit, decision) == WorkspaceChanges(
        (
            FileEntry("new/one.txt", 0o100644, b"mine\n"),
            FileEntry("src/c.py", 0o100644, b"c = 2\n"),
        ),
        ("new/two.txt",),
    )


async def test_paths_that_are_none_are_refused(kit: Kit) -> None:
    start, commit = await made(kit)
    for only, edits in (
        (("nothing.txt",), {}),
        (("src/c.py",), {}),  # is there, but not among the changes
        (("a.tx",), {}),
        (None, {"b.txt": b"it is deleted\n"}),
        (None, {"new": b"a folder\n"}),
        (None, {"../x": b"out\n"}),
        (None, {".git/config": b"x\n"}),
        (None, {"": b"x\n"}),
    ):
        await refusal(kit.repository.amended(start, commit, only, edits), "no_such_path")


async def test_work_that_is_what_was_approved_is_not_judged(kit: Kit) -> None:
    start, commit = await made(kit)
    amendment = await kit.repository.amended(start, commit, ("a.txt",), {})
    decision = await decided(kit, amendment)
    record = Record("checkpoint", 6_000, {"ordinal": 2, "step": "s", "mode": "auto"})

    async def again(changes: WorkspaceChanges) -> str:
        return (
            await kit.repository.checkpoint(
                TASK,
                start,
                changes,
                record,
                lambda _paths: "look again",
                since=start,
                as_approved=decision,
            )
        ).approval

    exact = WorkspaceChanges((FileEntry("a.txt", 0o100644, b"one\n2\nthree\n"),), ())
    assert await again(exact) == ""
    more = WorkspaceChanges((*exact.changed, FileEntry("z.txt", 0o100644, b"z\n")), ())
    assert await again(more) == "look again"


async def test_a_file_is_read_on_both_sides(kit: Kit) -> None:
    start, commit = await made(kit)
    assert await kit.repository.sides(start, commit, "a.txt") == FileSides(
        b"one\ntwo\nthree\n", b"one\n2\nthree\n"
    )
    assert (await kit.repository.sides(start, commit, "b.txt")).new is None
    assert (await kit.repository.sides(start, commit, "new/one.txt")).old is None
    moved = await kit.repository.sides(start, commit, "new/one.txt", old_path="a.txt")
    assert moved.old == b"one\ntwo\nthree\n"
    assert await kit.repository.sides(start, commit, "nowhere") == FileSides(None, None)


async def test_a_file_that_is_too_large_says_so(kit: Kit) -> None:
    start = await kit.submit()
    commit = (await kit.checkpoint(start, {"big.txt": "x" * (SIDE_BYTES_MAX + 1)}, 1)).commit
    found = await kit.repository.sides(start, commit, "big.txt")
    assert found == FileSides(None, None, "it has 1,000,001 bytes")


async def test_an_edited_version_is_compared_with_the_work_before(kit: Kit) -> None:
    start, commit = await made(kit)
    file = await kit.repository.diff_edited(start, commit, "a.txt", b"one\nzwei\nthree\n")
    assert (file.path, file.status, file.added, file.removed) == ("a.txt", "modified", 1, 1)
    assert [line.text for line in file.hunks[0].lines if line.origin == "+"] == ["zwei"]
    fresh = await kit.repository.diff_edited(start, commit, "new/one.txt", b"x\n")
    assert (fresh.status, fresh.added) == ("added", 1)
    same = await kit.repository.diff_edited(start, commit, "a.txt", b"one\ntwo\nthree\n")
    assert same.hunks == ()
    for path in ("b.txt", "nowhere"):
        await refusal(kit.repository.diff_edited(start, commit, path, b"x\n"), "no_such_path")
