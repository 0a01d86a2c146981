"""Rule G1: index, files, HEAD and branches are the user's; and nothing of a project is ever run."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from clawdesk.adapters.git import GitRepositories, GitRepository
from clawdesk.domain.model import Record
from clawdesk.ports.errors import RepositoryError
from clawdesk.ports.guest import FileEntry, WorkspaceChanges
from tests.support.git_projects import ENVIRONMENT, GitProject

TASK = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


HOOKS = """pre-commit post-commit reference-transaction post-checkout post-index-change
           pre-merge-commit post-merge fsmonitor-watchman""".split()  # noqa: SIM905


async def everything_but_merge(
    repository: GitRepository, tmp_path: Path, *, include_changes: bool
) -> None:
    """Each call of the port once."""
    await repository.view()
    _, start = await repository.start_commit(include_changes=include_changes, definition="tidy")
    await repository.definition("tidy", start)
    await repository.policy(start)
    await repository.submit(TASK, start, Record("submitted", 1, {}))
    await repository.export(start, tmp_path / "w.tar")
    sent = WorkspaceChanges((FileEntry("a.txt", 0o100644, b"agent\n"),), ("b.txt",))
    fields = {"ordinal": 1, "step": "tidy"}
    made = await repository.checkpoint(TASK, start, sent, Record("checkpoint", 2, fields))
    await repository.append(TASK, Record("restored", 3, {"ordinal": 0}), tree_of=start)
    await repository.append_log(TASK, "tidy", b"output\n")
    await repository.log(TASK)
    await repository.histories()
    await repository.diff(start, made.commit)


@pytest.mark.parametrize("include_changes", [False, True])
async def test_no_call_but_merge_touches_the_users_side(
    project: GitProject, tmp_path: Path, include_changes: bool
) -> None:
    project.edit({"a.txt": "uncommitted\n", "new.txt": "untracked\n", "sub/c.txt": None})
    project.edit({"staged.txt": "staged\n"})
    project.git("add", "staged.txt")
    project.git("branch", "other")
    status, before = project.git("status", "--porcelain"), project.users_side()
    repository = await GitRepositories().open(project.path)
    await everything_but_merge(repository, tmp_path, include_changes=include_changes)
    await repository.close()
    assert project.users_side() == before
    assert project.git("status", "--porcelain") == status
    assert project.fsck() == ""
    refs = project.git("for-each-ref", "--format=%(refname)").split("\n")
    assert [ref for ref in refs if not ref.startswith("refs/heads/")] == [
        f"refs/clawdesk/logs/{TASK}",
        "refs/clawdesk/meta",
        f"refs/clawdesk/tasks/{TASK}",
    ]


async def test_the_start_holds_the_users_bytes(project: GitProject) -> None:
    project.edit({"a.txt": b"crlf\r\n\xff", "ign.o": "x", "new/deep.txt": "n\n", "b.txt": None})
    (project.folder / "run").write_text("#!/bin/sh\n")
    (project.folder / "run").chmod(0o755)
    (project.folder / "dangling").symlink_to("nowhere/at all")
    (project.folder / "nested/.git").mkdir(parents=True)
    project.git("config", "core.autocrlf", "input")
    repository = await GitRepositories().open(project.path)
    base, start = await repository.start_commit(include_changes=True, definition="tidy")
    await repository.close()
    assert base == project.head
    assert project.git("rev-parse", f"{start}^") == base
    listed = project.git("ls-tree", "-r", "--name-only", start).split("\n")
    assert sorted({"run", "dangling", "new/deep.txt", "a.txt"} - set(listed)) == []
    assert {"b.txt", "ign.o"} & set(listed) == set()
    assert project.git("cat-file", "-s", f"{start}:a.txt") == "7"
    assert project.git("ls-tree", start, "run").startswith("100755")
    assert project.git("cat-file", "-p", f"{start}:dangling") == "nowhere/at all"
    assert "ann@" not in project.git("log", "-1", "--format=%ae%ce%B", start)


async def test_a_link_in_place_of_a_folder_is_not_followed(
    project: GitProject, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "c.txt").write_text("outside\n")
    (project.folder / "sub/c.txt").unlink()
    (project.folder / "sub").rmdir()
    (project.folder / "sub").symlink_to(outside)
    repository = await GitRepositories().open(project.path)
    _, start = await repository.start_commit(include_changes=True, definition="tidy")
    await repository.close()
    listed = project.git("ls-tree", "-r", start)
    assert "sub/c.txt" not in listed
    assert "120000 blob" in listed


def hostile(project: GitProject, canary: Path) -> None:
    """Everything that makes Git's own program run a command, at once."""
    touch = f"touch {canary}"
    settings = {
        "core.fsmonitor": touch,
        "core.hooksPath": "evil-hooks",
        "core.pager": touch,
        "core.editor": touch,
        "core.sshCommand": touch,
        "diff.external": touch,
        "diff.evil.textconv": touch,
        "diff.evil.command": touch,
        "merge.evil.driver": touch,
        "filter.evil.clean": touch,
        "filter.evil.smudge": touch,
        "filter.evil.process": touch,
        "filter.evil.required": "true",
        "gpg.program": touch,
        "commit.gpgSign": "true",
        "credential.helper": f"!{touch}",
        "core.alternateRefsCommand": touch,
        "uploadpack.packObjectsHook": touch,
    }
    project.commit({".gitattributes": "*.txt filter=evil diff=evil merge=evil\n"})
    for folder in ("evil-hooks", ".git/hooks"):
        for name in HOOKS:
            hook = project.folder / folder / name
            hook.parent.mkdir(exist_ok=True)
            hook.write_text(f"#!/bin/sh\n{touch}\n")
            hook.chmod(0o755)
    for key, value in settings.items():
        project.git("config", key, value)


async def test_a_hostile_repository_runs_nothing(project: GitProject, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    hostile(project, canary)
    project.edit({"a.txt": "uncommitted\n", "new.txt": "n\n"})
    repository = await GitRepositories().open(project.path)
    await everything_but_merge(repository, tmp_path, include_changes=True)
    _, start = await repository.start_commit(include_changes=False, definition="tidy")
    other = TASK[:-1] + "W"
    await repository.submit(other, start, Record("submitted", 1, {}))
    sent = WorkspaceChanges(
        (FileEntry("b.txt", 0o100644, b"m\n"), FileEntry("n.c", 0o100644, b"m\n")), ()
    )
    fields = {"ordinal": 1, "step": "tidy", "mode": "auto"}
    await repository.checkpoint(other, start, sent, Record("checkpoint", 2, fields))
    filtered = await repository.merge(other, into="", each_checkpoint=False, title="One")
    assert filtered.how == "branch-only"
    await repository.merge(other, into="new", each_checkpoint=False, title="Two")
    (project.folder / ".gitattributes").write_text("")
    await repository.merge(other, into="", each_checkpoint=False, title="Three")
    await repository.close()
    assert not canary.exists()


async def test_the_canary_would_sing(project: GitProject, tmp_path: Path) -> None:
    """The trap of the test above is armed: Git's own program does run it."""
    hostile(project, tmp_path / "canary")
    project.edit({"a.txt": "uncommitted\n"})
    command = ["git", "-C", project.path, "status", "--porcelain"]
    subprocess.run(command, env=ENVIRONMENT, capture_output=True, check=False)
    assert (tmp_path / "canary").exists()


async def test_names_that_are_not_utf8(project: GitProject, tmp_path: Path) -> None:
    """Old projects have them; a task may run beside them, and they come through unchanged."""
    old = os.fsencode(project.folder) + b"/caf\xe9.txt"
    with open(old, "wb") as file:  # noqa: PTH123 - the name is bytes
        file.write(b"old\n")
    project.commit({})
    repository = await GitRepositories().open(project.path)
    try:
        await everything_but_merge(repository, tmp_path, include_changes=False)
        checkpoint = (await repository.histories())[0].records[1]
        kept = [line for line in project.git("ls-tree", "-r", "HEAD").split("\n") if "caf" in line]
        assert kept[0] in project.git("ls-tree", "-r", checkpoint.commit)
        with open(old, "wb") as file:  # noqa: PTH123
            file.write(b"edited\n")
        with pytest.raises(RepositoryError) as caught:
            await repository.start_commit(include_changes=True, definition="tidy")
        assert caught.value.code == "bad_name"
        assert caught.value.what.isprintable()
    finally:
        await repository.close()
    assert project.fsck() == ""
