"""Conflicts settled file by file, in real repositories: deletions, modes, what cannot be shown."""

from __future__ import annotations

import pytest

from clawdesk.adapters.git import GitRepository
from clawdesk.ports.errors import ConflictError
from clawdesk.ports.repository import MergeOutcome, Settled, Settlement
from tests.support.git_projects import GitProject
from tests.unit.git.test_merging import TASK, is_clean, work


async def settled(opened: GitRepository, **takes: str | bytes) -> MergeOutcome:
    """Merge with that decided: a name is a path with its dot as an underscore."""
    found = await opened.conflicts(TASK, into="")
    files = []
    for name, take in takes.items():
        path = name.replace("_", ".")
        one = Settled(path, take) if isinstance(take, str) else Settled(path, "edited", take)
        files.append(one)
    answer = Settlement(found.tip, found.work, tuple(files))
    return await opened.merge(TASK, into="", each_checkpoint=False, title="T", settled=answer)


@pytest.mark.parametrize(
    ("take", "left"), [("ours", None), ("theirs", "agent\n"), (b"mine\n", "mine\n")]
)
async def test_a_file_that_the_branch_deleted_and_the_task_changed(
    project: GitProject, opened: GitRepository, take: str | bytes, left: str | None
) -> None:
    await work(opened, {"a.txt": "agent\n", "b.txt": "agent\n"})
    project.commit({"a.txt": None})
    [file] = (await opened.conflicts(TASK, into="")).files
    assert (file.path, file.ours, file.theirs) == ("a.txt", None, b"agent\n")
    outcome = await settled(opened, a_txt=take)
    assert outcome.backup
    path = project.folder / "a.txt"
    assert (path.read_text() if path.exists() else None) == left
    assert (project.folder / "b.txt").read_text() == "agent\n", "what was no conflict comes along"
    assert (await opened.conflicts(TASK, into="")).files == ()
    assert is_clean(project)


async def test_both_made_the_same_file_anew_one_of_them_a_program(
    project: GitProject, opened: GitRepository
) -> None:
    await work(opened, {"run": "#!agent\n"})
    project.commit({"run": "#!user\n"})
    [file] = (await opened.conflicts(TASK, into="")).files
    assert file.base is None
    await settled(opened, run=b"#!both\n")
    assert (project.folder / "run").read_bytes() == b"#!both\n"
    assert project.git("ls-files", "-s", "run").split()[0] in {"100644", "100755"}
    assert is_clean(project)


@pytest.mark.parametrize(
    ("content", "word"),
    [(b"\0binary", "binary"), (b"x" * 1_000_001, "are shown"), (b"link:b", "link")],
)
async def test_what_cannot_be_shown_is_taken_as_a_whole(
    project: GitProject, opened: GitRepository, content: bytes, word: str
) -> None:
    await work(opened, {"new": content})
    project.commit({"new": "user\n"})
    [file] = (await opened.conflicts(TASK, into="")).files
    assert word in file.why_not
    assert (file.base, file.ours, file.theirs) == (None, b"", b"")
    await settled(opened, new="theirs")
    assert is_clean(project)
    path = project.folder / "new"
    assert path.is_symlink() if word == "link" else path.read_bytes() == content


async def test_the_users_files_outrank_what_was_settled(
    project: GitProject, opened: GitRepository
) -> None:
    await work(opened, {"a.txt": "agent\n"})
    project.commit({"a.txt": "user\n"})
    project.edit({"a.txt": "not committed\n"})
    before = project.users_side()
    with pytest.raises(ConflictError, match=r"a\.txt"):
        await settled(opened, a_txt="theirs")
    assert project.users_side() == before
