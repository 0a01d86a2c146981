"""What runs inside the machine whose power is cut, and inside the one that looks at its disk after.

`python -m tests.support.power_guest write FOLDER [no-fsync]` keeps checkpoints in a new repository
and says each one that is acknowledged; `... check DEVICE...` says of each disk, as one JSON line,
what is left: {"mounted", "commits", "records", "fsck", "problem"}.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pygit2

from clawdesk.adapters.git import GitRepositories
from clawdesk.domain.model import Record
from tests.support import git_writer
from tests.support.git_projects import GitProject

TASK = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
READY = "ready"


async def write(folder: Path, *, durable: bool) -> None:
    """Until the power is cut."""
    project = GitProject(folder, {"a.txt": "start\n", "b.txt": "of the user\n"})
    os.sync()
    pygit2.settings.enable_fsync_gitdir(durable)
    if not durable:
        os.fsync = lambda fd: None
    repository = await GitRepositories().open(project.path)
    await repository.submit(TASK, project.head, Record("submitted", 1, {}))
    await repository.close()
    os.sync()
    print(READY, flush=True)
    await git_writer.main(project.path, TASK, project.head)


def check(device: str, folder: Path) -> dict[str, object]:
    """Mount a disk and look at the repository on it, as Git and as ClawDesk do."""
    folder.mkdir()
    found: dict[str, object] = {"mounted": False, "commits": [], "records": 0, "fsck": ""}
    found["problem"] = ""
    try:
        _run("/bin/busybox", "mount", "-t", "ext4", device, str(folder))
        found["mounted"] = True
        project = folder / "project"
        found["fsck"] = _run("git", "-C", str(project), "fsck", "--full", "--no-dangling")
        ref = f"refs/clawdesk/tasks/{TASK}"
        found["commits"] = _run("git", "-C", str(project), "rev-list", ref).split()
        found["records"] = asyncio.run(_go_on(str(project)))
    except Exception as error:  # it is what the test is about, and told there
        found["problem"] = f"{type(error).__name__}: {error}"
    return found


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command}: {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


async def _go_on(project: str) -> int:
    """Records that the next start reads; it must be able to add one."""
    repository = await GitRepositories().open(project)
    (history,) = await repository.histories()
    await repository.append(TASK, Record("finished", 9, {}))
    await repository.close()
    return len(history.records)


def main(do: str, *arguments: str) -> None:
    if do == "write":
        asyncio.run(write(Path(arguments[0]), durable="no-fsync" not in arguments))
    for device in arguments:
        folder = Path("/mnt") / Path(device).name
        print(json.dumps({"device": device, **check(device, folder)}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
