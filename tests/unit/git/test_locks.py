"""One writer a project, dead or alive; and the ref locks a killed one leaves."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from clawdesk.adapters.git import GitRepositories, GitRepository
from clawdesk.adapters.git.locks import LOCK_NAME, ProjectLock, clear_stale
from clawdesk.adapters.host import boot_id
from clawdesk.domain.model import Record
from clawdesk.ports.errors import RepositoryError
from tests.support.git_projects import GitProject

TASK = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
HOLDER = """
import sys
from clawdesk.adapters.git.locks import ProjectLock
lock = ProjectLock(sys.argv[1])
print(repr(lock.acquire()), flush=True)
sys.stdin.read()
"""


def hold(common_dir: Path) -> subprocess.Popen[str]:
    """Another process that holds a project until it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, os.fspath(common_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "''\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_a_lock_names_its_holder_and_leaves_nothing(tmp_path: Path) -> None:
    place = tmp_path / "common"
    place.mkdir()
    first, second = ProjectLock(str(place)), ProjectLock(str(place))
    assert first.acquire() == first.acquire() == ""
    assert f"process {os.getpid()} " in second.acquire()
    assert boot_id() in (place / LOCK_NAME).read_text()
    assert (place / LOCK_NAME).stat().st_mode & 0o777 == 0o600
    first.release()
    assert list(place.iterdir()) == []
    assert second.acquire() == ""
    second.release()
    second.release()


def test_a_lock_whose_text_is_hostile(tmp_path: Path) -> None:
    (tmp_path / LOCK_NAME).write_text('{"pid": "1; rm", "user": "\x1b[31m"}')
    first, second = ProjectLock(str(tmp_path)), ProjectLock(str(tmp_path))
    assert first.acquire() == ""
    (tmp_path / LOCK_NAME).write_text('["\x1b[31m"]')
    assert second.acquire() == "another ClawDesk holds it"
    first.release()


def test_a_dead_holders_lock_is_free_at_once(tmp_path: Path) -> None:
    holder = hold(tmp_path)
    lock = ProjectLock(str(tmp_path))
    try:
        assert f"process {holder.pid} " in lock.acquire()
    finally:
        end(holder)
    assert lock.acquire() == ""
    lock.release()


def test_a_repository_replaced_under_us_is_locked_anew(tmp_path: Path) -> None:
    lock, other = ProjectLock(str(tmp_path)), ProjectLock(str(tmp_path))
    lock.acquire()
    (tmp_path / LOCK_NAME).unlink()
    assert other.acquire() == ""
    assert "holds it" in lock.acquire()
    other.release()


async def test_a_second_plane_sees_but_does_not_write(project: GitProject) -> None:
    holder = hold(project.folder / ".git")
    repository = await GitRepositories().open(project.path)
    try:
        view = await repository.view()
        assert f"process {holder.pid}" in view.read_only
        assert view.definitions
        with pytest.raises(RepositoryError) as caught:
            await repository.submit(TASK, view.head, Record("submitted", 1, {}))
        assert caught.value.code == "read_only"
        assert str(holder.pid) in caught.value.what
        end(holder)
        assert (await repository.view()).read_only == ""
        await repository.submit(TASK, view.head, Record("submitted", 1, {}))
    finally:
        end(holder)
        await repository.close()
    assert not (project.folder / ".git" / LOCK_NAME).exists()


async def test_two_work_trees_of_one_repository_share_the_lock(
    project: GitProject, tmp_path: Path
) -> None:
    project.git("worktree", "add", "-q", "-b", "side", os.fspath(tmp_path / "w"))
    repositories = GitRepositories()
    first = await repositories.open(project.path)
    second = await repositories.open(os.fspath(tmp_path / "w"))
    assert (await second.view()).branch == "side"
    await first.close()
    assert (await second.view()).read_only == ""
    await second.submit(TASK, project.head, Record("submitted", 1, {}))
    await second.close()
    assert not (project.folder / ".git" / LOCK_NAME).exists()


async def test_closing_and_opening_again_at_once(project: GitProject) -> None:
    repositories = GitRepositories()
    for _ in range(5):
        repository = await repositories.open(project.path)
        closing = repository.close()
        again = repositories.open(project.path)
        await closing
        opened = await again
        assert (await opened.view()).read_only == ""
        await opened.close()


async def test_tasks_of_a_newer_version_are_read_only(project: GitProject) -> None:
    tree = project.git("mktree")
    meta = project.git("commit-tree", tree, "-m", "clawdesk: schema 99\n\nClawdesk-Schema: 99")
    project.git("update-ref", "refs/clawdesk/meta", meta)
    repository = await GitRepositories().open(project.path)
    assert "newer ClawDesk" in (await repository.view()).read_only
    with pytest.raises(RepositoryError) as caught:
        await repository.submit(TASK, project.head, Record("submitted", 1, {}))
    assert caught.value.code == "read_only"
    await repository.close()


def leave_lock(project: GitProject, name: str, age_s: float) -> Path:
    """A lock file as a killed writer leaves it."""
    path = project.folder / ".git" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    now_s = path.stat().st_mtime
    os.utime(path, (now_s - age_s, now_s - age_s))
    return path


async def test_an_old_lock_of_ours_does_not_block(
    project: GitProject, opened: GitRepository
) -> None:
    await opened.submit(TASK, project.head, Record("submitted", 1, {}))
    lock = leave_lock(project, f"refs/clawdesk/tasks/{TASK}.lock", 3.0)
    await opened.append(TASK, Record("finished", 2, {}))
    assert not lock.exists()
    assert project.fsck() == ""


async def test_a_fresh_lock_of_ours_is_waited_for(
    project: GitProject, opened: GitRepository
) -> None:
    await opened.submit(TASK, project.head, Record("submitted", 1, {}))
    leave_lock(project, f"refs/clawdesk/tasks/{TASK}.lock", 1.0)
    await opened.append(TASK, Record("finished", 2, {}))


async def test_locks_of_others_are_never_touched(
    project: GitProject, opened: GitRepository
) -> None:
    start = project.head
    await opened.submit(TASK, start, Record("submitted", 1, {}))
    names = ["index.lock", "HEAD.lock", "packed-refs.lock", "refs/heads/main.lock"]
    locks = [leave_lock(project, name, 3_600) for name in names]
    common_dir = project.folder / ".git"
    assert clear_stale(str(common_dir)) == []
    await opened.append(TASK, Record("finished", 2, {}))
    assert all(lock.exists() for lock in locks)


def test_on_a_full_disk_the_lock_is_held_without_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The project can then be looked at, and every write says for itself what it lacks."""

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    first, second = ProjectLock(str(tmp_path)), ProjectLock(str(tmp_path))
    monkeypatch.setattr(os, "pwrite", full)
    assert first.acquire() == ""
    assert second.acquire() == "another ClawDesk holds it"
    first.release()
