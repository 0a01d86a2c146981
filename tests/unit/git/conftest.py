"""Fixtures of the Git adapter's tests: settings of their own, and a project."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pygit2
import pytest

from clawdesk.adapters.git import GitRepositories, GitRepository
from tests.support.git_projects import GitProject, only_own_settings

TIDY = '[[steps]]\nname = "tidy"\nrun = "true"\n'


@pytest.fixture(autouse=True)
def settings(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "settings"
    folder.mkdir()
    with only_own_settings(folder):
        yield folder


@pytest.fixture
def project(tmp_path: Path) -> GitProject:
    return GitProject(
        tmp_path / "p",
        {
            "a.txt": "1\n2\n3\n4\n5\n6\n7\n8\n9\n",
            "b.txt": "b\n",
            "sub/c.txt": "c\n",
            ".gitignore": "*.o\n",
            ".clawdesk/tasks/tidy.toml": TIDY,
        },
    )


@pytest.fixture
def repo(project: GitProject) -> Iterator[pygit2.Repository]:
    found = pygit2.Repository(project.path)
    yield found
    found.free()


@pytest.fixture
async def opened(project: GitProject) -> AsyncIterator[GitRepository]:
    """The project, open; closed at the end of the test whatever happened."""
    async with AsyncExitStack() as stack:
        repository = await GitRepositories().open(project.path)
        stack.push_async_callback(repository.close)
        yield repository
