"""Kits for the Repository port's contract suites: one for the fake, one for the real adapter."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from clawdesk.domain.model import Record
from clawdesk.ports.errors import RepositoryError
from clawdesk.ports.guest import FileEntry, WorkspaceChanges
from clawdesk.ports.repository import CheckpointCommit, Repositories, Repository
from tests.support.git_projects import GitProject, only_own_settings
from tests.support.repository_fake import FakeRepositories

TASK = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
OTHER = "01ARZ3NDEKTSV4RRFFQ69G5FAW"
TIDY = '[[steps]]\nname = "tidy"\nrun = "true"\n'
FILES: dict[str, bytes | str] = {
    "a.txt": "one\ntwo\nthree\n",
    "b.txt": "b\n",
    "src/c.py": "c = 1\n",
    ".gitignore": "*.o\n/build/\n",
    ".clawdesk/tasks/tidy.toml": TIDY,
}
Contents = Mapping[str, bytes | str | None]


@dataclass
class Kit:
    """An implementation, and the user beside it."""

    repositories: Repositories
    repository: Repository
    path: str
    user_edits: Callable[[Contents], object]
    user_commits: Callable[[Contents], object]
    user_forgets_name: Callable[[], object]
    on_disk: Callable[[], dict[str, bytes]]
    in_branch: Callable[[str], dict[str, bytes]]

    async def submit(self, task: str = TASK, *, include_changes: bool = False) -> str:
        _, start = await self.repository.start_commit(
            include_changes=include_changes, definition="tidy"
        )
        await self.repository.submit(task, start, Record("submitted", 1_000, {"schema": 1}))
        return start

    async def checkpoint(
        self,
        start: str,
        contents: Contents,
        ordinal: int,
        *,
        task: str = TASK,
        **fields: object,
    ) -> CheckpointCommit:
        all_fields = {"ordinal": ordinal, "step": f"step{ordinal}", "mode": "auto", **fields}
        record = Record("checkpoint", 1_000 + ordinal, all_fields)
        return await self.repository.checkpoint(task, start, changes(contents), record)


def changes(contents: Contents) -> WorkspaceChanges:
    """What a guest would send: always against the start tree."""
    changed = [
        FileEntry(path, 0o100644, content.encode() if isinstance(content, str) else content)
        for path, content in contents.items()
        if content is not None
    ]
    return WorkspaceChanges(tuple(changed), tuple(p for p, c in contents.items() if c is None))


async def _fake_kit() -> Kit:
    repositories = FakeRepositories()
    project = repositories.add("/p/notes", FILES)

    def in_branch(name: str) -> dict[str, bytes]:
        tree = project.commits[project.branches[name]].tree
        return {path: content for path, (_, content) in tree.items()}

    return Kit(
        repositories,
        await repositories.open("/p/notes"),
        "/p/notes",
        project.user_edits,
        project.user_commits,
        lambda: setattr(project, "user", ""),
        lambda: {path: content for path, (_, content) in project.work.items()},
        in_branch,
    )


async def _real_kit(folder: Path) -> Kit:
    from clawdesk.adapters.git import GitRepositories

    project = GitProject(folder / "notes", FILES)
    repositories = GitRepositories()

    def in_branch(name: str) -> dict[str, bytes]:
        listed = project.git("ls-tree", "-r", "--name-only", name).split("\n")
        # The adapter's own reader is not used to judge the adapter.
        return {path: _show(project, f"{name}:{path}") for path in listed}

    def forget() -> None:
        project.git("config", "--unset", "user.name")
        project.git("config", "user.useConfigOnly", "true")

    return Kit(
        repositories,
        await repositories.open(str(project.folder)),
        project.path,
        project.edit,
        project.commit,
        forget,
        project.files,
        in_branch,
    )


def _show(project: GitProject, name: str) -> bytes:
    # `git` strips the last line break of what it returns; every file here ends with one.
    return (project.git("show", name) + "\n").encode()


@pytest.fixture(params=["fake", "real"])
async def kit(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Kit]:
    (tmp_path / "settings").mkdir()
    with only_own_settings(tmp_path / "settings"):
        made = await _fake_kit() if request.param == "fake" else await _real_kit(tmp_path)
        yield made
        await made.repository.close()


def bytes_of(contents: Mapping[str, bytes | str]) -> dict[str, bytes]:
    return {p: c.encode() if isinstance(c, str) else c for p, c in contents.items()}


async def refusal(call: object, code: str) -> RepositoryError:
    with pytest.raises(RepositoryError) as caught:
        await call  # type: ignore[misc]
    assert caught.value.code == code, caught.value
    assert caught.value.what
    return caught.value
