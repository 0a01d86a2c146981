"""kill -9 at any moment: nothing acknowledged is lost, the repository is sound, nothing is blocked.

CLAWDESK_KILLS sets how many times; the default keeps the suite quick.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from clawdesk.adapters.git import GitRepositories
from clawdesk.domain.model import Record
from tests.support.git_projects import GitProject

KILLS = int(os.environ.get("CLAWDESK_KILLS", "4"))
ROOT = Path(__file__).resolve().parents[3]
TASK = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


def killed_writer(project: GitProject, start: str, lines: int, delay_s: float) -> list[str]:
    """Commits acknowledged by a writer that was killed `delay_s` after its `lines`-th one."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.git_writer", project.path, TASK, start],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    acknowledged = [process.stdout.readline().strip() for _ in range(lines)]
    timer = threading.Timer(delay_s, process.kill)
    timer.start()
    rest, _ = process.communicate()
    timer.join()
    # A line that was cut off by the kill was not acknowledged.
    acknowledged += [line.strip() for line in rest.splitlines(keepends=True) if line[-1] == "\n"]
    return acknowledged


@pytest.mark.timeout(60 + 10 * KILLS)
async def test_kill_9(project: GitProject) -> None:
    seed = random.SystemRandom().randrange(2**32)
    chance = random.Random(seed)
    repository = await GitRepositories().open(project.path)
    start = project.head
    await repository.submit(TASK, start, Record("submitted", 1, {}))
    await repository.close()
    before = project.users_side()
    acknowledged: list[str] = []
    for number in range(KILLS):
        lines, delay_s = chance.randrange(1, 6), chance.uniform(0, 0.05)
        acknowledged += killed_writer(project, start, lines, delay_s)
        told = f"seed {seed}, kill {number}"
        chain = project.git("rev-list", "--first-parent", f"refs/clawdesk/tasks/{TASK}").split("\n")
        assert set(acknowledged) <= set(chain), told
        assert project.users_side() == before, told
        assert project.fsck() == "", told
    repository = await GitRepositories().open(project.path)
    (history,) = await repository.histories()
    assert [record.event for record in history.records[:2]] == ["submitted", "checkpoint"]
    # Locks the killed ones left, on either ref, are waited out and removed.
    await repository.append(TASK, Record("finished", 9, {}))
    await repository.append_log(TASK, "s", b"last\n")
    await repository.close()
    assert list((project.folder / ".git/refs/clawdesk").rglob("*.lock")) == []
    assert not (project.folder / ".git/clawdesk.lock").exists()
