"""Rules G1 to G14 that other files do not show, and the faults of a disk and of the user's own Git.

Shown elsewhere: G1, G12, G13 test_untouched and test_merging; G2, G5 test_locks and
e2e/test_one_plane; G3 test_faults (another writer); G9 test_contract (logs); G10, ENOSPC
test_faults; G11 test_opening. Packing (G8) is not done: nothing of ours is ever packed over.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from clawdesk.adapters.git import GitRepositories, GitRepository
from clawdesk.domain.model import Record
from clawdesk.ports.errors import RepositoryError
from clawdesk.ports.guest import FileEntry, WorkspaceChanges
from tests.support.git_projects import GitProject

ROOT = Path(__file__).resolve().parents[3]
TASK = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
OTHER = "01ARZ3NDEKTSV4RRFFQ69G5FAW"
REF = f"refs/clawdesk/tasks/{TASK}"


def sent(content: bytes) -> WorkspaceChanges:
    return WorkspaceChanges((FileEntry("a.txt", 0o100644, content),), ())


def point(ordinal: int) -> Record:
    return Record("checkpoint", ordinal, {"ordinal": ordinal, "step": "s", "mode": "auto"})


async def two_tasks(repository: GitRepository, start: str) -> list[str]:
    """A task with three commits beside an untouched one; the commits of the first."""
    commits = [await repository.submit(TASK, start, Record("submitted", 1, {}))]
    await repository.submit(OTHER, start, Record("submitted", 1, {}))
    for ordinal in (1, 2):
        made = await repository.checkpoint(TASK, start, sent(b"%d\n" % ordinal), point(ordinal))
        commits.append(made.commit)
    return commits


async def other_is_fine(repository: GitRepository) -> None:
    histories = {history.task: history for history in await repository.histories()}
    assert [record.event for record in histories[OTHER].records] == ["submitted"]
    await repository.append(OTHER, Record("started", 2, {}))


# -- G4: durable before it is acknowledged ---------------------------------------------------------
async def test_g4_objects_and_refs_are_made_durable(project: GitProject) -> None:
    if shutil.which("strace") is None:
        pytest.skip("needs strace")
    repository = await GitRepositories().open(project.path)
    await repository.submit(TASK, project.head, Record("submitted", 1, {}))
    await repository.close()
    log = project.folder.parent / "trace"
    program = "tests.support.git_writer"
    process = subprocess.Popen(
        [
            *("strace", "-f", "-y", "-e", "trace=fsync,write", "-o", str(log)),
            *(sys.executable, "-m", program, project.path, TASK, project.head),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    commit = process.stdout.readline().strip()
    os.killpg(process.pid, signal.SIGKILL)  # with strace alone killed, what it traces runs on
    process.communicate()
    before = log.read_text().partition(commit + "\\n")[0]
    synced = [line for line in before.splitlines() if "fsync(" in line]
    assert any("/.git/objects/" in line for line in synced)
    assert any("/.git/refs/clawdesk/tasks>" in line for line in synced), "the folder of the ref"


# -- G6: nothing is left without a ref -------------------------------------------------------------
async def test_g6_no_object_of_ours_is_left_to_be_pruned(
    project: GitProject, opened: GitRepository
) -> None:
    commits = await two_tasks(opened, project.head)
    await opened.append_log(TASK, "s", b"output\n")
    lost = project.git("fsck", "--unreachable", "--no-reflogs")
    assert "commit" not in lost
    project.git("gc", "-q", "--prune=now")
    assert len((await opened.histories())[0].records) == len(commits)


async def test_g6_the_user_is_warned_of_an_expiry_of_now(
    project: GitProject, opened: GitRepository
) -> None:
    assert not any("pruneExpire" in text for text in (await opened.view()).warnings)
    project.git("config", "gc.pruneExpire", "now")
    assert any("pruneExpire" in text for text in (await opened.view()).warnings)


# -- G7: a ref that was set back -------------------------------------------------------------------
async def opened_with_tips(project: GitProject) -> GitRepository:
    return await GitRepositories(tips=project.folder.parent / "tips").open(project.path)


@pytest.mark.parametrize("how", ["set back", "rewritten", "deleted"])
async def test_g7_a_ref_that_lost_commits_is_said_and_never_guessed(
    project: GitProject, how: str
) -> None:
    repository = await opened_with_tips(project)
    commits = await two_tasks(repository, project.head)
    if how == "set back":
        project.git("update-ref", REF, commits[1])
    elif how == "rewritten":
        theirs = project.git("commit-tree", "-p", commits[1], "-m", "t", f"{commits[2]}^{{tree}}")
        project.git("update-ref", REF, theirs)
    else:
        project.git("update-ref", "-d", REF)
    if how != "deleted":  # one that is deleted is put back by who writes to it: test_faults
        with pytest.raises(RepositoryError) as caught:
            await repository.append(TASK, Record("finished", 9, {}))
        assert caught.value.code == "rewritten"
    await repository.close()
    # A later start has the memory too.
    repository = await opened_with_tips(project)
    histories = {history.task: history for history in await repository.histories()}
    assert histories[TASK].records[0].event == "damaged"
    why = str(histories[TASK].records[0].fields["why"])
    command = why.partition("To bring it back: ")[2].partition(" To go on")[0]
    assert command.startswith("git -C ")
    await other_is_fine(repository)
    project.git(*command.split()[3:])
    histories = {history.task: history for history in await repository.histories()}
    assert [record.commit for record in histories[TASK].records] == commits
    await repository.append(TASK, Record("finished", 9, {}))
    await repository.close()


async def test_g7_commits_of_others_on_top_are_no_rollback(project: GitProject) -> None:
    repository = await opened_with_tips(project)
    await two_tasks(repository, project.head)
    beside = await GitRepositories().open(project.path)  # another plane, without our memory
    await repository.close()
    await beside.append(TASK, Record("finished", 9, {}))
    await beside.close()
    repository = await opened_with_tips(project)
    assert (await repository.histories())[0].records[0].event == "submitted"
    await repository.append(TASK, Record("merged", 10, {}))
    await repository.close()


async def test_g7_the_memory_may_be_lost_or_torn(project: GitProject) -> None:
    tips = project.folder.parent / "tips"
    repository = await opened_with_tips(project)
    commits = await two_tasks(repository, project.head)
    await repository.close()
    (file,) = tips.iterdir()
    file.write_bytes(file.read_bytes()[:-20] + b"\0\xff")
    repository = await opened_with_tips(project)
    assert (await repository.histories())[0].tip == commits[-1]
    await repository.close()
    file.unlink()
    repository = await opened_with_tips(project)
    await repository.append(TASK, Record("finished", 9, {}))
    await repository.close()
    file.unlink()
    tips.rmdir()
    tips.write_text("in the way")
    repository = await opened_with_tips(project)
    await repository.append(TASK, Record("merged", 10, {}))
    await repository.close()


async def test_g7_the_memory_does_not_grow_for_ever(project: GitProject) -> None:
    repository = await opened_with_tips(project)
    await two_tasks(repository, project.head)
    await repository.close()
    (file,) = (project.folder.parent / "tips").iterdir()
    last = file.read_text().splitlines()[-1]
    file.write_text((last + "\n") * 1_000 + file.read_text())
    await (await opened_with_tips(project)).close()
    assert len(file.read_text().splitlines()) == 2


# -- G14: publishing -------------------------------------------------------------------------------
async def test_g14_an_ordinary_push_takes_nothing_of_ours_and_a_mirror_is_warned_of(
    project: GitProject, opened: GitRepository, tmp_path: Path
) -> None:
    await two_tasks(opened, project.head)
    away = GitProject(tmp_path / "away", {}, "--bare")
    project.git("remote", "add", "away", str(away.folder))
    project.git("push", "-q", "--all", "away")
    assert "clawdesk" not in away.git("for-each-ref")
    assert (await opened.view()).warnings == ()
    project.git("config", "remote.away.mirror", "true")
    (warning,) = (await opened.view()).warnings
    assert "away is a mirror" in warning
    assert "refs/clawdesk" in warning


# -- fault 10: the n-th write fails ----------------------------------------------------------------
async def test_an_input_output_error_at_any_write_loses_nothing(
    project: GitProject, tmp_path: Path
) -> None:
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("needs a C compiler for the shim that lets a write fail")
    shim = tmp_path / "eio.so"
    source = ROOT / "tests/support/git_eio.c"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", shim, source, "-ldl"], check=True)
    repository = await GitRepositories().open(project.path)
    start = project.head
    await repository.submit(TASK, start, Record("submitted", 1, {}))
    await repository.close()
    before = project.users_side()
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.git_failing_writer", project.path, TASK, start],
        cwd=ROOT,
        env={**os.environ, "LD_PRELOAD": str(shim)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    told = [json.loads(line) for line in done.stdout.splitlines()]
    failed = [line for line in told if "error" in line]
    assert len(failed) >= 5, "writes and syncs of objects and refs were hit"
    assert not told[-1]["fired"], "in the end none was left to fail"
    chain = project.git("rev-list", "--first-parent", REF).split("\n")
    acknowledged = [line["commit"] for line in told if "commit" in line]
    assert set(acknowledged) <= set(chain)
    assert chain[0] == acknowledged[-1]
    assert project.fsck() == ""
    assert project.users_side() == before


# -- fault 11: what a power cut leaves -------------------------------------------------------------
@pytest.mark.parametrize("how", ["zeroed", "torn", "empty", "missing"])
async def test_a_tip_that_a_power_cut_tore_is_said_and_others_are_fine(
    project: GitProject, opened: GitRepository, how: str
) -> None:
    commits = await two_tasks(opened, project.head)
    path = project.folder / ".git/objects" / commits[-1][:2] / commits[-1][2:]
    path.chmod(0o600)
    content = path.read_bytes()
    if how == "missing":
        path.unlink()
    else:
        left = {"zeroed": b"\0" * len(content), "torn": content[: len(content) // 2], "empty": b""}
        path.write_bytes(left[how])
    histories = {history.task: history for history in await opened.histories()}
    assert histories[TASK].records[0].event == "damaged"
    assert "cannot be read" in str(histories[TASK].records[0].fields["why"])
    with pytest.raises(RepositoryError):
        await opened.append(TASK, Record("finished", 9, {}))
    await other_is_fine(opened)


async def test_a_pack_of_ours_that_was_cut_off(project: GitProject, opened: GitRepository) -> None:
    start = project.head
    await opened.submit(OTHER, start, Record("submitted", 1, {}))
    await opened.submit(TASK, start, Record("submitted", 1, {}))
    many = tuple(FileEntry(f"n/{n}", 0o100644, b"%d\n" % n * 50) for n in range(60))
    made = await opened.checkpoint(TASK, start, WorkspaceChanges(many, ()), point(1))
    (pack,) = (project.folder / ".git/objects/pack").glob("*.pack")
    pack.chmod(0o600)
    pack.write_bytes(pack.read_bytes()[:200])
    with pytest.raises(RepositoryError) as caught:
        await opened.diff(start, made.commit)
    assert caught.value.code == "damaged"
    assert "fsck" in caught.value.mend
    await other_is_fine(opened)


# -- faults 14 and 15: the user's own Git beside us ------------------------------------------------
async def test_the_user_rebases_switches_and_collects_while_tasks_work(
    project: GitProject, opened: GitRepository
) -> None:
    start = project.commit({"a.txt": "base\n"})
    await two_tasks(opened, start)
    project.git("checkout", "-q", "-b", "side")
    project.commit({"b.txt": "side\n"})
    project.git("commit", "-q", "--amend", "-m", "amended")
    project.git("checkout", "-q", "main")
    project.git("reset", "-q", "--hard", "HEAD~1")  # the start of the tasks is on no branch now
    project.git("reflog", "expire", "--expire=now", "--all")
    project.git("gc", "-q", "--prune=now")
    project.edit({"a.txt": "half an edit\n"})
    before = project.users_side()
    await opened.checkpoint(TASK, start, sent(b"later\n"), point(3))
    await opened.append_log(TASK, "s", b"output\n")
    await opened.export(start, project.folder.parent / "w.tar")
    assert project.users_side() == before, "the user's branch, index and edits are as they were"
    assert len((await opened.histories())[0].records) == 4
    assert project.fsck() == ""


# -- fault 16: a folder that is empty now, as an unmounted disk leaves it --------------------------
async def test_a_project_whose_disk_was_unmounted(
    project: GitProject, opened: GitRepository
) -> None:
    await opened.submit(TASK, project.head, Record("submitted", 1, {}))
    elsewhere = project.folder.with_name("elsewhere")
    project.folder.rename(elsewhere)
    project.folder.mkdir()
    for call in (opened.read_only(), opened.append(TASK, Record("finished", 2, {}))):
        with pytest.raises(RepositoryError) as caught:
            await call
        assert caught.value.code == "unavailable"
    assert list(project.folder.iterdir()) == [], "nothing is made in the empty folder"
    project.folder.rmdir()
    elsewhere.rename(project.folder)
    assert await opened.read_only() == ""
