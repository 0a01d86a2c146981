"""A full disk, a folder that moves, objects that vanish: plain words, and work goes on."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from clawdesk.adapters.git import GitRepositories, GitRepository
from clawdesk.domain.model import Record
from clawdesk.ports.errors import RepositoryError
from clawdesk.ports.guest import FileEntry, WorkspaceChanges
from clawdesk.ports.repository import HISTORY_GONE
from tests.support.git_projects import GitProject

TASK = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


def sent(content: bytes) -> WorkspaceChanges:
    return WorkspaceChanges((FileEntry("a.txt", 0o100644, content),), ())


def point(ordinal: int) -> Record:
    return Record("checkpoint", ordinal, {"ordinal": ordinal, "step": "s", "mode": "auto"})


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 12 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", os.fspath(place)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip("needs the right to mount")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", os.fspath(place)], check=True)


async def test_a_full_disk(small_disk: Path) -> None:
    project = GitProject(small_disk / "p", {"a.txt": "1\n", ".clawdesk/tasks/t.toml": ""})
    repository = await GitRepositories().open(project.path)
    start = project.head
    await repository.submit(TASK, start, Record("submitted", 1, {}))
    acknowledged: list[str] = []

    async def fill() -> None:
        for ordinal in range(1, 100):
            changes = sent(os.urandom(700_000))
            made = await repository.checkpoint(TASK, start, changes, point(ordinal))
            acknowledged.append(made.commit)

    with pytest.raises(RepositoryError) as caught:
        await fill()
    assert caught.value.code == "no_space"
    assert "KiB free" in caught.value.what
    assert "Free some space" in caught.value.mend
    (history,) = await repository.histories()
    assert history.tip == acknowledged[-1], "the tip is the last checkpoint that was acknowledged"
    with pytest.raises(RepositoryError) as caught:
        await repository.merge(TASK, into="", each_checkpoint=False, title="T")
    assert caught.value.code == "no_space"
    assert project.git("status", "--porcelain") == ""
    # Space again: work goes on where it stood.
    subprocess.run(
        ["mount", "-o", "remount,size=40m", os.fspath(small_disk)], check=True, capture_output=True
    )
    made = await repository.checkpoint(TASK, start, sent(b"after\n"), point(100))
    assert (await repository.histories())[0].tip == made.commit
    await repository.merge(TASK, into="", each_checkpoint=False, title="T")
    await repository.close()
    assert project.fsck() == ""
    assert project.git("status", "--porcelain") == ""


async def test_a_disk_that_became_read_only(small_disk: Path) -> None:
    project = GitProject(small_disk / "p", {"a.txt": "1\n"})
    repositories = GitRepositories()
    await (await repositories.open(project.path)).close()
    remount = ["mount", "-o", "remount,size=12m,ro", os.fspath(small_disk)]
    subprocess.run(remount, check=True, capture_output=True)
    repository = await repositories.open(project.path)
    try:
        assert "cannot be written" in (await repository.view()).read_only
        start = project.head
        with pytest.raises(RepositoryError) as caught:
            await repository.submit(TASK, start, Record("submitted", 1, {}))
        assert caught.value.code == "read_only"
        remount[2] = "remount,size=12m,rw"
        subprocess.run(remount, check=True, capture_output=True)
        await repository.submit(TASK, start, Record("submitted", 1, {}))
    finally:
        await repository.close()


async def test_a_project_that_was_moved(project: GitProject, opened: GitRepository) -> None:
    start = project.head
    await opened.submit(TASK, start, Record("submitted", 1, {}))
    elsewhere = project.folder.with_name("elsewhere")
    project.folder.rename(elsewhere)
    for call in (
        opened.view(),
        opened.checkpoint(TASK, start, sent(b"x"), point(1)),
        opened.append_log(TASK, "s", b"x"),
        opened.merge(TASK, into="", each_checkpoint=False, title="T"),
    ):
        with pytest.raises(RepositoryError) as caught:
            await call
        assert caught.value.code == "unavailable"
    assert not project.folder.exists(), "nothing is made at the old place"
    elsewhere.rename(project.folder)
    await opened.checkpoint(TASK, start, sent(b"x"), point(1))


async def test_a_project_that_was_deleted(project: GitProject) -> None:
    repository = await GitRepositories().open(project.path)
    shutil.rmtree(project.folder)
    with pytest.raises(RepositoryError):
        await repository.view()
    await repository.close()


async def test_objects_that_git_gc_took_away(project: GitProject, opened: GitRepository) -> None:
    """What was committed to a ref survives; what the user destroyed is said, never guessed."""
    start = project.head
    await opened.submit(TASK, start, Record("submitted", 1, {}))
    made = await opened.checkpoint(TASK, start, sent(b"kept\n"), point(1))
    project.git("gc", "-q", "--prune=now")
    await opened.checkpoint(TASK, start, sent(b"more\n"), point(2))
    assert len((await opened.histories())[0].records) == 3
    with pytest.raises(RepositoryError) as caught:
        await opened.export("1" * 40, project.folder / "never.tar")
    assert caught.value.code == "no_commit"
    project.git("update-ref", "-d", f"refs/clawdesk/tasks/{TASK}")
    project.git("gc", "-q", "--prune=now")
    for call in (
        opened.append(TASK, Record("finished", 3, {})),
        opened.checkpoint(TASK, start, sent(b"lost\n"), point(3)),
        opened.append_log(TASK, "s", b"lost\n"),
    ):
        with pytest.raises(RepositoryError) as caught:
            await call
        assert caught.value.code == HISTORY_GONE
        assert "deleted by another program" in caught.value.what
    assert project.git("for-each-ref", f"refs/clawdesk/tasks/{TASK}") == ""
    with pytest.raises(RepositoryError) as caught:
        await opened.diff(start, made.commit)
    assert caught.value.code == "no_commit"


async def test_a_task_begins_anew_where_its_commits_are_gone(
    project: GitProject, opened: GitRepository
) -> None:
    start = project.head
    await opened.submit(TASK, start, Record("submitted", 1, {}))
    await opened.checkpoint(TASK, start, sent(b"kept\n"), point(1))
    project.git("update-ref", "-d", f"refs/clawdesk/tasks/{TASK}")
    project.git("gc", "-q", "--prune=now")
    await opened.submit(TASK, start, Record("submitted", 2, {}))
    await opened.checkpoint(TASK, start, sent(b"again\n"), point(2))
    (history,) = await opened.histories()
    assert [record.event for record in history.records] == ["submitted", "checkpoint"]
    assert project.git("fsck", "--no-dangling") == ""


async def test_a_ref_that_was_deleted_is_put_back_with_all_that_was_acknowledged(
    project: GitProject, opened: GitRepository
) -> None:
    """As `git fetch --prune` from a mirror deletes what the remote does not have."""
    start = project.head
    commits = [
        await opened.submit(TASK, start, Record("submitted", 1, {})),
        (await opened.checkpoint(TASK, start, sent(b"kept\n"), point(1))).commit,
    ]
    ref = f"refs/clawdesk/tasks/{TASK}"
    project.git("update-ref", "-d", ref)
    assert not any(ref in text for text in (await opened.view()).warnings)
    await opened.append_log(TASK, "s", b"printed\n")
    assert project.git("rev-parse", ref).strip() == commits[-1]
    project.git("update-ref", "-d", ref)
    commits.append((await opened.checkpoint(TASK, start, sent(b"more\n"), point(2))).commit)
    project.git("update-ref", "-d", ref)
    commits.append(await opened.append(TASK, Record("finished", 3, {})))
    (history,) = await opened.histories()
    assert [record.commit for record in history.records] == commits
    (warned,) = [text for text in (await opened.view()).warnings if ref in text]
    assert "put back" in warned


async def test_a_torn_object_in_a_chain(project: GitProject, opened: GitRepository) -> None:
    start = project.head
    first = await opened.submit(TASK, start, Record("submitted", 1, {}))
    await opened.append(TASK, Record("started", 2, {}))
    await opened.append(TASK, Record("finished", 3, {}))
    torn = project.folder / ".git/objects" / first[:2] / first[2:]
    torn.chmod(0o600)
    torn.write_bytes(b"\0" * torn.stat().st_size)
    (history,) = await opened.histories()
    assert [record.event for record in history.records] == ["damaged", "started", "finished"]
    with pytest.raises(RepositoryError) as caught:
        await opened.merge(TASK, into="", each_checkpoint=False, title="T")
    assert caught.value.code == "damaged"


async def test_a_ref_that_is_no_task(project: GitProject, opened: GitRepository) -> None:
    project.git("update-ref", f"refs/clawdesk/tasks/{TASK}", project.head)
    (history,) = await opened.histories()
    assert [record.event for record in history.records] == ["damaged"]


async def test_another_writer_beside_us(project: GitProject, opened: GitRepository) -> None:
    """A ref that somebody moved is read again, not overwritten: nothing of theirs is lost."""
    start = project.head
    await opened.submit(TASK, start, Record("submitted", 1, {}))
    ref = f"refs/clawdesk/tasks/{TASK}"
    theirs = project.git("commit-tree", "-p", ref, "-m", "theirs", f"{ref}^{{tree}}")
    project.git("update-ref", ref, theirs)
    commit = await opened.append(TASK, Record("finished", 2, {}))
    assert project.git("rev-parse", f"{commit}^") == theirs
