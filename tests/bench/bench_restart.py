"""C4: a plane is killed with SIGKILL and started again beside 10,000 tasks and 20 machines.

From the start of the process until every task of the project is known and every machine claimed.
The process is really killed each time, so that the next one meets what a killed one leaves. The
machines are simulated; Git, replay, kernel and socket are the real ones.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.bench.rows import Row, row
from tests.support.git_crowd import make_crowd
from tests.support.git_projects import GitProject

TASKS = 10_000
MACHINES = 20
PROGRAM = Path(__file__).with_name("restart_plane.py")
FILES = {"a.txt": "1\n", ".clawdesk/tasks/tidy.toml": '[[steps]]\nname = "a"\nrun = "true"\n'}


def measure(n: int) -> Iterator[Row]:
    """Two rows: objects in one pack, and each in a file of its own with nothing cached."""
    for layout in ("packed", "loose"):
        with tempfile.TemporaryDirectory(prefix="cd-bench-") as folder:
            project = GitProject(Path(folder) / "p", FILES)
            git_dir = project.folder / ".git"
            crowd = make_crowd(
                git_dir,
                project.head,
                project.tree("HEAD"),
                TASKS,
                running=MACHINES,
                loose=layout == "loose",
            )
            found = [restart_s(project.path, crowd.running, Path(folder)) for _ in range(n)]
        yield row(
            f"C4 restart after SIGKILL, {TASKS:,} tasks, {MACHINES} machines, {layout}",
            found,
            "s",
            goal="at most 5",
        )


def restart_s(project: str, running: Sequence[str], folder: Path) -> float:
    """Seconds from exec to ready; the process is killed then.

    Raises:
        RuntimeError: it ended early, or did not find every task.
    """
    environment = {
        **os.environ,
        "XDG_STATE_HOME": str(folder / "state"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "CLAWDESK_RUNTIME_DIR": str(folder / "run"),
    }
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, str(PROGRAM), project, *running],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RuntimeError("the plane ended before it was ready")
        told = json.loads(line)
    finally:
        process.kill()
        process.communicate()
    if sum(told["phases"].values()) != TASKS:
        raise RuntimeError(f"not every task was found: {told['phases']}")
    return float(told["at"] - began)
