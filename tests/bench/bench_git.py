"""C1: a checkpoint's commit in a repository of 50,000 files, beside Git's own command line.

One file changes. Both write with fsync; Git uses an index of its own, as a tool that leaves the
user's index alone has to.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from clawdesk.adapters.git.repositories import GitRepositories
from clawdesk.domain.model import Record
from clawdesk.ports.guest import FileEntry, WorkspaceChanges
from tests.bench.rows import Row, row

FILES = 50_000
PER_FOLDER = 100
TASK = "01JBENCH000000000000000002"
CHANGED = "d007/f42.txt"
DEFINITION = 'title = "Bench"\n[[steps]]\nname = "one"\nrun = "true"\n'


def git(folder: Path, *words: str, given: bytes = b"", index: str = "") -> str:
    """Git on the benchmark's own repository."""
    environ = {**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    if index:
        environ["GIT_INDEX_FILE"] = index
    names = ["-c", "user.name=Bench", "-c", "user.email=bench@localhost", "-c", "core.fsync=all"]
    result = subprocess.run(
        ["git", *names, *words],
        cwd=folder,
        env=environ,
        input=given,
        capture_output=True,
        check=True,
    )
    return result.stdout.decode().strip()


def make(folder: Path) -> None:
    """One commit of 50,000 small files, in a pack; the work tree stays empty."""
    stream = [b"commit refs/heads/main\ncommitter Bench <bench@localhost> 1700000000 +0000\n"]
    stream.append(b"data 5\nBench\n")
    files = {".clawdesk/tasks/bench.toml": DEFINITION}
    for number in range(FILES):
        name = f"d{number // PER_FOLDER:03}/f{number % PER_FOLDER:02}.txt"
        files[name] = f"file {number}\n"
    for name, text in files.items():
        stream.append(f"M 644 inline {name}\ndata {len(text)}\n{text}\n".encode())
    git(folder, "init", "-q", "-b", "main")
    git(folder, "fast-import", "--quiet", given=b"".join(stream))


def by_git(folder: Path, number: int) -> float:
    """The same commit by Git, in ms."""
    with tempfile.TemporaryDirectory() as scratch:
        index = f"{scratch}/index"
        began = time.monotonic()
        git(folder, "read-tree", "main", index=index)
        blob = git(folder, "hash-object", "-w", "--stdin", given=f"git {number}\n".encode())
        git(folder, "update-index", "--cacheinfo", f"100644,{blob},{CHANGED}", index=index)
        tree = git(folder, "write-tree", index=index)
        commit = git(folder, "commit-tree", tree, "-p", "main", "-m", "checkpoint")
        git(folder, "update-ref", "refs/bench/task", commit)
        return (time.monotonic() - began) * 1000


async def by_us(folder: Path, n: int) -> list[float]:
    """Checkpoints through the port, in ms each."""
    repository = await GitRepositories().open(str(folder))
    try:
        _, start = await repository.start_commit(include_changes=False, definition="bench")
        await repository.submit(TASK, start, Record("submitted", 1_000, {"schema": 1}))
        took = []
        for number in range(1, n + 1):
            entry = FileEntry(CHANGED, 0o100644, f"ours {number}\n".encode())
            changes = WorkspaceChanges(changed=(entry,), deleted=())
            fields = {"ordinal": number, "step": "one", "mode": "auto"}
            record = Record("checkpoint", 1_000 + number, fields)
            began = time.monotonic()
            await repository.checkpoint(TASK, start, changes, record)
            took.append((time.monotonic() - began) * 1000)
        return took
    finally:
        await repository.close()


def measure(n: int) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="cdb-") as name:
        folder = Path(name)
        make(folder)
        theirs = [by_git(folder, number) for number in range(n)]
        ours = asyncio.run(by_us(folder, n))
    yield row(
        "C1 checkpoint commit, 50,000 files",
        ours,
        "ms",
        beside=theirs,
        ratio_to="git, temporary index",
        goal="at most 0.1 times",
    )
