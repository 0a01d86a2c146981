"""C1: a checkpoint commit in a repository of 50,000 files, beside Git's own command line.

One changed file, everything durable in both. The command line works on a temporary index, as a tool
without a library would: it must not touch the user's. Both take turns, so that both meet the same
noise.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pygit2

from clawdesk.adapters.git import GitRepositories, GitRepository
from clawdesk.domain.model import Record
from clawdesk.ports.guest import FileEntry, WorkspaceChanges
from tests.bench.rows import Row, row

FILES = 50_000
FOLDER_FILES = 250
TASK = "01JBENCH000000000000000001"
ENVIRONMENT = {
    **os.environ,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    **{f"GIT_{who}_{what}": "bench@localhost" for who in ("AUTHOR", "COMMITTER")
       for what in ("NAME", "EMAIL")},
}  # fmt: skip


def measure(n: int) -> Iterator[Row]:
    """The row C1; `n` is raised to 20, a commit is short."""
    with tempfile.TemporaryDirectory(prefix="cd-bench-") as folder:
        start = _repository(Path(folder))
        ours, theirs = asyncio.run(_alternate(Path(folder), start, max(20, n)))
    yield row(
        "C1 checkpoint commit, 50,000 files, 1 changed",
        ours,
        "ms",
        beside=theirs,
        ratio_to="git command line, temporary index, core.fsync=all",
        goal="at most 0.05 times; first step 0.1",
    )


def _repository(folder: Path) -> str:
    """A repository whose HEAD has 50,000 files; its work tree stays empty."""
    repo = pygit2.init_repository(str(folder), initial_head="main")
    top = repo.TreeBuilder()
    for number in range(FILES // FOLDER_FILES):
        builder = repo.TreeBuilder()
        for file in range(FOLDER_FILES):
            if file < 4:
                blob = repo.create_blob(f"{number} {file}\n".encode() * 5)
            builder.insert(f"file{file:03}.txt", blob, pygit2.enums.FileMode.BLOB)
        top.insert(f"folder{number:03}", builder.write(), pygit2.enums.FileMode.TREE)
    who = pygit2.Signature("bench", "bench@localhost")
    commit = repo.create_commit("HEAD", who, who, "start", top.write(), [])
    repo.free()
    return str(commit)


async def _alternate(folder: Path, start: str, n: int) -> tuple[list[float], list[float]]:
    repository = await GitRepositories().open(str(folder))
    ours, theirs = [], []
    try:
        await repository.submit(TASK, start, Record("submitted", 1, {}))
        _prepare(folder, start)
        for number in range(n + 1):
            ours.append(await _ours(repository, start, number))
            theirs.append(_theirs(folder, number))
    finally:
        await repository.close()
    # The first of each fills caches.
    return ours[1:], theirs[1:]


async def _ours(repository: GitRepository, start: str, number: int) -> float:
    """One checkpoint in ms, as the control plane calls it: until it is durable and read back."""
    content = f"changed {number}\n".encode()
    sent = WorkspaceChanges((FileEntry("folder100/file007.txt", 0o100644, content),), ())
    fields = {"ordinal": number + 1, "step": "bench", "mode": "auto"}
    begun = time.perf_counter()
    await repository.checkpoint(TASK, start, sent, Record("checkpoint", number, fields))
    return (time.perf_counter() - begun) * 1000


def _prepare(folder: Path, start: str) -> None:
    _git(folder, "update-ref", "refs/bench/tip", start)
    _git(folder, "read-tree", start, index="bench.index")


def _theirs(folder: Path, number: int) -> float:
    """The same with seven processes of Git, in ms."""
    content = f"theirs {number}\n".encode()
    begun = time.perf_counter()
    tip = _git(folder, "rev-parse", "refs/bench/tip")
    _git(folder, "read-tree", f"{tip}^{{tree}}", index="bench.index")
    blob = _git(folder, "hash-object", "-w", "--stdin", stdin=content)
    entry = f"100644,{blob},folder100/file007.txt"
    _git(folder, "update-index", "--cacheinfo", entry, index="bench.index")
    tree = _git(folder, "write-tree", index="bench.index")
    commit = _git(folder, "commit-tree", tree, "-p", tip, "-m", f"checkpoint {number}")
    _git(folder, "update-ref", "refs/bench/tip", commit, tip)
    return (time.perf_counter() - begun) * 1000


def _git(folder: Path, *arguments: str, index: str = "", stdin: bytes = b"") -> str:
    environment = dict(ENVIRONMENT)
    if index:
        environment["GIT_INDEX_FILE"] = str(folder / ".git" / index)
    done = subprocess.run(
        ["git", "-C", str(folder), "-c", "core.fsync=all", *arguments],
        env=environment,
        input=stdin,
        capture_output=True,
        check=True,
    )
    return done.stdout.decode().strip()
