"""Commits checkpoints while the n-th write or fsync fails, n = 1, 2, ...; prints what it was told.

Run with git_eio.c preloaded: `python -m tests.support.git_failing_writer PATH TASK START`. One JSON
line a try: {"n", "fired", "commit" or "error"}; it ends when a try met no failure any more.
"""

from __future__ import annotations

import asyncio
import ctypes
import itertools
import json
import sys

from clawdesk.adapters.git import GitRepositories
from clawdesk.domain.model import Record
from clawdesk.ports.errors import RepositoryError
from clawdesk.ports.guest import FileEntry, WorkspaceChanges


async def main(path: str, task: str, start: str) -> None:
    shim = ctypes.CDLL(None)
    repository = await GitRepositories().open(path)
    for n in itertools.count(1):
        content = f"{n}\n".encode() * 100
        sent = WorkspaceChanges((FileEntry("sub/a.txt", 0o100644, content),), ())
        record = Record("checkpoint", n, {"ordinal": n, "step": "s", "mode": "auto"})
        told: dict[str, object] = {"n": n}
        shim.eio_arm(n)
        try:
            made = await repository.checkpoint(task, start, sent, record)
            told["commit"] = made.commit
        except RepositoryError as error:
            told["error"] = error.what
        told["fired"] = bool(shim.eio_fired())
        shim.eio_arm(0)
        print(json.dumps(told), flush=True)
        if not told["fired"]:
            break
    await repository.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
