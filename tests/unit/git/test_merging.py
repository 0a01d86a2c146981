"""Merging into real branches: bytes, users' files, other work trees, filters, races."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from clawdesk.adapters.git import GitRepositories, GitRepository, branches, checkout
from clawdesk.domain.model import Record
from clawdesk.ports.errors import ConflictError, RepositoryError
from clawdesk.ports.guest import FileEntry, WorkspaceChanges
from clawdesk.ports.repository import MergeOutcome
from tests.support.git_projects import GitProject

TASK = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
BACKUP = f"refs/clawdesk/backup/{TASK}"
Contents = Mapping[str, bytes | str | None]


async def work(
    repository: GitRepository, *states: Contents, task: str = TASK, include_changes: bool = False
) -> list[str]:
    """A task with an automatic checkpoint a state; the commits of the checkpoints."""
    _, start = await repository.start_commit(include_changes=include_changes, definition="tidy")
    await repository.submit(task, start, Record("submitted", 1, {}))
    return [await checkpoint(repository, start, s, n, task) for n, s in enumerate(states, 1)]


async def checkpoint(
    repository: GitRepository, start: str, contents: Contents, ordinal: int, task: str = TASK
) -> str:
    changed = [entry(path, content) for path, content in contents.items() if content is not None]
    sent = WorkspaceChanges(tuple(changed), tuple(p for p, c in contents.items() if c is None))
    fields = {"ordinal": ordinal, "step": f"s{ordinal}", "mode": "auto"}
    record = Record("checkpoint", ordinal, fields)
    return (await repository.checkpoint(task, start, sent, record)).commit


def entry(path: str, content: bytes | str) -> FileEntry:
    raw = content.encode() if isinstance(content, str) else content
    if raw.startswith(b"link:"):
        return FileEntry(path, 0o120000, raw[5:])
    return FileEntry(path, 0o100755 if raw.startswith(b"#!") else 0o100644, raw)


async def merge(
    repository: GitRepository, into: str = "", *, each: bool = False, task: str = TASK
) -> MergeOutcome:
    return await repository.merge(task, into=into, each_checkpoint=each, title="Tidy the notes")


def is_clean(project: GitProject) -> bool:
    """Git itself sees no difference between HEAD, index and files."""
    return project.git("status", "--porcelain") == ""


async def test_every_kind_of_change_arrives_byte_for_byte(
    project: GitProject, opened: GitRepository
) -> None:
    final: Contents = {
        "a.txt": bytes(range(256)) * 40,
        "b.txt": "b\r\nno end",
        "run": "#!/bin/sh\n",
        "sub": "a file now\n",
        "sub/c.txt": None,
        "new/deep/er/f": "f\n",
        "link": "link:new/deep/er/f",
        "empty": "",
    }
    (commit,) = await work(opened, final)
    outcome = await merge(opened)
    assert (outcome.how, outcome.branch) == ("fast", "main")
    assert project.tree("HEAD") == project.tree(commit)
    assert is_clean(project)
    disk = project.files()
    for path, content in final.items():
        if content is not None:
            assert disk[path] == entry(path, content).content
    assert os.access(project.folder / "run", os.X_OK)
    assert (project.folder / "link").is_symlink()
    assert not (project.folder / ".git/index.lock").exists()
    assert list((project.folder / ".git").glob(".clawdesk*")) == []
    assert project.fsck() == ""


async def test_a_folder_becomes_a_file_and_a_file_a_folder(
    project: GitProject, opened: GitRepository
) -> None:
    await work(opened, {"sub/c.txt": None, "sub": "x\n", "b.txt": None, "b.txt/in": "y\n"})
    await merge(opened)
    assert is_clean(project)
    assert (project.folder / "b.txt/in").read_text() == "y\n"


async def test_the_commit_is_the_users_and_says_no_more_than_the_title(
    project: GitProject, opened: GitRepository
) -> None:
    await work(opened, {"b.txt": "1\n"}, {"b.txt": "2\n"})
    await opened.append(TASK, Record("decision", 5, {"text": "CANARY-ANSWER"}))
    tip = project.head
    outcome = await opened.merge(
        TASK, into="", each_checkpoint=False, title="Tidy\n\nCo-authored-by: x\x1b[31m"
    )
    log = project.git("log", "--format=%H|%P|%an|%ae|%cn|%B", f"{tip}..main")
    head, _, rest = log.partition("\n")
    assert head == f"{outcome.commit}|{tip}|Ann|ann@localhost|Ann|Tidy  Co-authored-by: x [31m"
    assert rest.strip() == f"Clawdesk-Task: {TASK}"
    assert "CANARY" not in project.git("log", "-p", "main")


async def test_one_commit_a_checkpoint(project: GitProject, opened: GitRepository) -> None:
    commits = await work(opened, {"b.txt": "1\n"}, {"b.txt": "1\n"}, {"b.txt": "2\n"})
    await merge(opened, each=True)
    subjects = project.git("log", "--format=%s", "HEAD").split("\n")
    assert subjects == ["Tidy the notes: s3", "Tidy the notes: s1", "by the user"]
    assert project.tree("HEAD") == project.tree(commits[2])
    assert project.tree("HEAD~1") == project.tree(commits[0])
    assert is_clean(project)


async def test_lines_of_both_sides(project: GitProject, opened: GitRepository) -> None:
    await work(opened, {"a.txt": "1\n2\n3\n4\n5\n6\n7\n8\nnine\n"})
    project.commit({"a.txt": "one\n2\n3\n4\n5\n6\n7\n8\n9\n"})
    outcome = await merge(opened)
    assert outcome.how == "commit"
    assert (project.folder / "a.txt").read_text() == "one\n2\n3\n4\n5\n6\n7\n8\nnine\n"
    assert is_clean(project)


async def test_conflicting_lines(project: GitProject, opened: GitRepository) -> None:
    await work(opened, {"a.txt": "agent\n", "b.txt": "agent\n"})
    project.commit({"a.txt": "user\n"})
    before = project.users_side()
    with pytest.raises(ConflictError) as caught:
        await merge(opened)
    assert caught.value.paths == ("a.txt",)
    assert project.users_side() == before
    # The way out that the message names.
    outcome = await merge(opened, "clawdesk-work")
    assert outcome.branch == "clawdesk-work"
    assert project.git("show", "clawdesk-work:a.txt") == "agent"


@pytest.mark.parametrize("staged", [False, True])
async def test_included_edits_of_the_same_file(
    project: GitProject, opened: GitRepository, staged: bool
) -> None:
    """The user's line 1 stays uncommitted (or staged), the task's line 9 is committed."""
    project.edit({"a.txt": "one\n2\n3\n4\n5\n6\n7\n8\n9\n"})
    if staged:
        project.git("add", "a.txt")
    final = "one\n2\n3\n4\n5\n6\n7\n8\nnine\n"
    await work(opened, {"a.txt": final}, include_changes=True)
    await merge(opened)
    assert project.git("show", "HEAD:a.txt") == "1\n2\n3\n4\n5\n6\n7\n8\nnine"
    assert (project.folder / "a.txt").read_text() == final
    assert project.git("status", "--porcelain") == ("M  a.txt" if staged else " M a.txt")
    assert "+one" in project.git("diff", "HEAD", "--", "a.txt")
    assert "nine" not in project.git("diff", "HEAD", "-U0", "--", "a.txt")


async def test_included_edits_that_the_user_committed_meanwhile(
    project: GitProject, opened: GitRepository
) -> None:
    project.edit({"a.txt": "mine\n", "new.txt": "new\n"})
    await work(opened, {"a.txt": "mine, better\n", "new.txt": "newer\n"}, include_changes=True)
    with pytest.raises(ConflictError):
        await merge(opened)
    project.git("add", "-A")
    project.git("commit", "-q", "-m", "mine")
    await merge(opened)
    assert (project.folder / "a.txt").read_text() == "mine, better\n"
    assert is_clean(project)


async def test_uncommitted_work_elsewhere_stays_and_is_kept(
    project: GitProject, opened: GitRepository
) -> None:
    await work(opened, {"b.txt": "agent\n"})
    project.edit({"a.txt": "edit\n", "untracked.txt": "u\n", "st.txt": "staged\n"})
    project.git("add", "st.txt")
    project.edit({"st.txt": "and edited\n"})
    tip, status = project.head, project.git("status", "--porcelain")
    outcome = await merge(opened)
    assert project.git("status", "--porcelain") == status
    assert project.git("rev-parse", BACKUP) == outcome.backup
    assert project.git("show", f"{BACKUP}:a.txt") == "edit"
    assert project.git("show", f"{BACKUP}:untracked.txt") == "u"
    assert project.git("show", f"{BACKUP}:b.txt") == "b"
    first, second = project.git("show", "-s", "--format=%P", BACKUP).split()
    assert first == tip
    assert project.git("show", f"{second}:st.txt") == "staged"


@pytest.mark.parametrize("path", ["new.txt", "new.txt/inside"])
async def test_untracked_files_in_the_way(
    project: GitProject, opened: GitRepository, path: str
) -> None:
    await work(opened, {"new.txt": "agent\n", "b.txt": "agent\n"})
    project.edit({path: "user\n"})
    before = project.users_side()
    with pytest.raises(ConflictError) as caught:
        await merge(opened)
    assert caught.value.paths == ("new.txt",)
    assert project.users_side() == before


async def test_an_untracked_file_with_the_same_bytes(
    project: GitProject, opened: GitRepository
) -> None:
    await work(opened, {"new.txt": "same\n"})
    project.edit({"new.txt": "same\n"})
    await merge(opened)
    assert is_clean(project)


async def test_a_link_in_place_of_a_folder(
    project: GitProject, opened: GitRepository, tmp_path: Path
) -> None:
    await work(opened, {"sub/c.txt": "agent\n", "sub/new": "agent\n"})
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "c.txt").write_text("c\n")
    (project.folder / "sub/c.txt").unlink()
    (project.folder / "sub").rmdir()
    (project.folder / "sub").symlink_to(outside)
    with pytest.raises(ConflictError):
        await merge(opened)
    assert [p.name for p in outside.iterdir()] == ["c.txt"]
    assert (outside / "c.txt").read_text() == "c\n"


async def test_a_branch_that_is_not_checked_out(project: GitProject, opened: GitRepository) -> None:
    project.git("branch", "side")
    await work(opened, {"b.txt": "agent\n"})
    index = (project.folder / ".git/index").read_bytes()
    outcome = await merge(opened, "side")
    assert outcome.how == "fast"
    assert project.git("rev-parse", "side") == outcome.commit
    assert (project.folder / ".git/index").read_bytes() == index
    assert is_clean(project)


async def test_a_branch_checked_out_in_another_work_tree(
    project: GitProject, opened: GitRepository, tmp_path: Path
) -> None:
    project.git("worktree", "add", "-q", "-b", "side", os.fspath(tmp_path / "w"))
    await work(opened, {"b.txt": "agent\n"})
    side = project.git("rev-parse", "side")
    outcome = await merge(opened, "side")
    assert (outcome.how, outcome.branch) == ("branch-only", "clawdesk/tidy-the-notes")
    assert "git merge --ff-only clawdesk/tidy-the-notes" in outcome.text
    assert project.git("rev-parse", "side") == side
    assert project.git("rev-parse", outcome.branch) == outcome.commit
    # The command that was shown works.
    project.git("-C", os.fspath(tmp_path / "w"), "merge", "-q", "--ff-only", outcome.branch)
    assert (tmp_path / "w/b.txt").read_text() == "agent\n"


async def test_a_project_that_is_itself_a_linked_work_tree(
    project: GitProject, tmp_path: Path
) -> None:
    project.git("worktree", "add", "-q", "-b", "side", os.fspath(tmp_path / "w"))
    repository = await GitRepositories().open(os.fspath(tmp_path / "w"))
    await work(repository, {"b.txt": "agent\n"})
    assert (await merge(repository)).branch == "side"
    assert (tmp_path / "w/b.txt").read_text() == "agent\n"
    assert project.git("-C", os.fspath(tmp_path / "w"), "status", "--porcelain") == ""
    assert (await merge(repository, "main")).how == "branch-only"
    await repository.close()
    assert is_clean(project)


@pytest.mark.parametrize(
    ("attributes", "settings"),
    [
        ("*.txt filter=lfs\n", {}),
        ("b.txt working-tree-encoding=UTF-16\n", {}),
        ("", {"core.autocrlf": "true"}),
        ("", {"core.sparseCheckout": "true"}),
    ],
)
async def test_where_bytes_are_converted_a_branch_is_written(
    project: GitProject, opened: GitRepository, attributes: str, settings: dict[str, str]
) -> None:
    project.edit({".gitattributes": attributes})
    for key, value in settings.items():
        project.git("config", key, value)
    await work(opened, {"b.txt": "agent\n"})
    before = project.head
    outcome = await merge(opened)
    assert outcome.how == "branch-only"
    assert "because" in outcome.text
    assert project.head == before
    again = await merge(opened)
    assert (again.branch, again.commit, again.backup, again.text) == (
        *(outcome.branch, outcome.commit, outcome.backup, outcome.text),
    ), "one branch, also where nobody recorded the first"
    tree = f"{outcome.branch}^{{tree}}"
    more = project.git("commit-tree", tree, "-p", outcome.branch, "-m", "of the user's")
    project.git("update-ref", f"refs/heads/{outcome.branch}", more)
    assert (await merge(opened)).branch == "clawdesk/tidy-the-notes-2", "theirs is left alone"


async def test_a_merge_that_brings_a_filter_itself(
    project: GitProject, opened: GitRepository
) -> None:
    await work(opened, {".gitattributes": "*.bin filter=lfs\n"})
    assert (await merge(opened)).how == "branch-only"


async def test_a_merge_under_way(project: GitProject, opened: GitRepository) -> None:
    await work(opened, {"b.txt": "agent\n"})
    project.git("branch", "other")
    (project.folder / ".git/MERGE_HEAD").write_text(project.head + "\n")
    assert (await merge(opened)).how == "branch-only"


async def test_a_detached_head(project: GitProject, opened: GitRepository) -> None:
    await work(opened, {"b.txt": "agent\n"})
    project.git("checkout", "-q", "--detach")
    with pytest.raises(RepositoryError) as caught:
        await merge(opened)
    assert caught.value.code == "detached"
    assert (await merge(opened, "main")).how == "fast"


@pytest.mark.parametrize("name", ["a..b", "-x", "HEAD", "x.lock", "a b", "refs/heads/~"])
async def test_bad_branch_names(project: GitProject, opened: GitRepository, name: str) -> None:
    await work(opened, {"b.txt": "agent\n"})
    with pytest.raises(RepositoryError) as caught:
        await merge(opened, name)
    assert caught.value.code == "bad_branch"


async def test_more_work_after_a_merge(project: GitProject, opened: GitRepository) -> None:
    start = project.head
    await work(opened, {"a.txt": "first\n"})
    await merge(opened)
    project.commit({"b.txt": "user\n"})
    await checkpoint(opened, start, {"a.txt": "second\n"}, 2)
    await merge(opened)
    assert project.files()["a.txt"] == b"second\n"
    assert project.files()["b.txt"] == b"user\n"
    assert len(project.git("log", "--format=%H").split("\n")) == 4
    # Undone by the user, it comes back when merged again.
    project.git("reset", "-q", "--hard", start)
    await merge(opened)
    assert project.files()["a.txt"] == b"second\n"


async def test_a_branch_that_moves_meanwhile_puts_everything_back(
    project: GitProject, opened: GitRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    await work(opened, {"a.txt": "agent\n", "new/f": "n\n", "sub/c.txt": None})
    project.edit({"untracked": "u\n"})
    files, status = project.files(), project.git("status", "--porcelain")
    real_move = branches.move

    def late(*arguments: object) -> None:
        project.git("update-ref", "refs/heads/main", other)
        real_move(*arguments)  # type: ignore[arg-type]

    other = project.git("commit-tree", "-p", "HEAD", "-m", "rival", "HEAD^{tree}")
    monkeypatch.setattr(branches, "move", late)
    with pytest.raises(RepositoryError) as caught:
        await merge(opened)
    assert caught.value.code == "changed"
    assert project.head == other
    assert project.files() == files
    assert project.git("status", "--porcelain") == status
    monkeypatch.setattr(branches, "move", real_move)
    assert (await merge(opened)).how == "fast"


async def test_an_index_that_is_locked(project: GitProject, opened: GitRepository) -> None:
    await work(opened, {"a.txt": "agent\n", "new": "n\n"})
    lock = project.folder / ".git/index.lock"
    lock.touch()
    before = project.files()
    with pytest.raises(RepositoryError) as caught:
        await merge(opened)
    assert caught.value.code == "locked"
    assert "index.lock" in caught.value.what
    assert project.files() == before
    assert lock.exists()
    lock.unlink()
    await merge(opened)
    assert is_clean(project)


@pytest.mark.parametrize("at", range(4))
async def test_a_failure_at_any_file_puts_everything_back(
    project: GitProject, opened: GitRepository, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    await work(opened, {"a.txt": "1\n", "b.txt": "2\n", "n/e/w": "3\n", "sub/c.txt": None})
    before, index = project.files(), project.git("ls-files", "-s")
    real_put = checkout._put
    calls = 0

    def failing(*arguments: object) -> None:
        nonlocal calls
        calls += 1
        if calls == at + 1:
            raise OSError(28, "No space left on device")
        real_put(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(checkout, "_put", failing)
    with pytest.raises(RepositoryError) as caught:
        await merge(opened)
    assert caught.value.code == "no_space"
    assert project.files() == before
    assert project.git("ls-files", "-s") == index
    assert is_clean(project)


async def test_a_merge_that_was_killed_half_way_can_be_repeated(
    project: GitProject, opened: GitRepository
) -> None:
    await work(opened, {"a.txt": "agent\n", "new": "n\n", "b.txt": None})
    # As if killed after some files were in place: the branch moves last.
    project.edit({"a.txt": "agent\n", "b.txt": None})
    project.git("add", "a.txt")
    await merge(opened)
    assert is_clean(project)


async def test_disks_without_an_executable_bit(project: GitProject, opened: GitRepository) -> None:
    project.edit({"run": "#!/bin/sh\n"})
    (project.folder / "run").chmod(0o755)
    project.commit({})
    project.git("config", "core.fileMode", "false")
    (project.folder / "run").chmod(0o644)
    await work(opened, {"run": "#!/bin/sh\nexit\n"})
    await merge(opened)
    assert project.git("ls-tree", "HEAD", "run").startswith("100755")
    assert is_clean(project)


async def test_what_a_merge_that_was_killed_had_staged_is_not_in_the_way(
    project: GitProject, opened: GitRepository
) -> None:
    await work(opened, {"a.txt": "agent\n"})
    left = project.folder / ".git" / f".clawdesk-merge-{TASK}"
    left.mkdir()
    (left / "0").write_text("half")
    outcome = await merge(opened)
    assert outcome.how == "fast"
    assert project.files()["a.txt"] == b"agent\n"
    assert not left.exists()
