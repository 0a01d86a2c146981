"""A process that commits checkpoints and merges until it is killed; it prints what is durable.

Run as `python -m tests.support.git_writer PATH TASK START`; prints one commit a line.
"""

from __future__ import annotations

import asyncio
import itertools
import sys

from clawdesk.adapters.git import GitRepositories
from clawdesk.domain.model import Record
from clawdesk.ports.guest import FileEntry, WorkspaceChanges


async def main(path: str, task: str, start: str) -> None:
    repository = await GitRepositories().open(path)
    histories = {history.task: history for history in await repository.histories()}
    first = len(histories[task].records)
    for ordinal in itertools.count(first):
        content = f"{ordinal}\n".encode() * 1_000
        sent = WorkspaceChanges((FileEntry("a.txt", 0o100644, content),), ())
        fields = {"ordinal": ordinal, "step": "s", "mode": "auto"}
        made = await repository.checkpoint(task, start, sent, Record("checkpoint", ordinal, fields))
        print(made.commit, flush=True)
        await repository.append_log(task, "s", b"x" * 10_000)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
