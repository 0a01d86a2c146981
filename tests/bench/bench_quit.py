"""Quitting with 20 tasks and real machines: from the press that confirms it.

The real window on a screen of its own, driven from outside. Each task stands in the middle of a
step; each machine is suspended with its memory before the process ends, which is checked. Told
apart are when the window is gone, for which a person waits, and when all is saved and the process
has ended.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from tests.bench.rows import Row, row
from tests.support.real_cli import RealCli, make_project
from tests.support.stage import Stage, missing, real_stage

TASKS = 20
GOAL = "at most 5 s"
PROGRAM = Path(__file__).with_name("quit_window.py")
BEGIN_S_MAX = 150.0
QUIT_S_MAX = 100.0
POLICY = f"[host]\nmachines_max = {TASKS}\n"
TASK = """\
title = "Waits"
[machine]
memory_mib = 256
[[steps]]
name = "wait"
run = "echo begun; sleep 3600"
"""


def measure(n: int) -> Iterator[Row]:
    """By the rules of this host, `n` samples; twenty machines at once are begun once, whatever `n`.

    Raises:
        RuntimeError: there is no screen to be had, or a task came off badly.
    """
    if missing():
        raise RuntimeError(f"the window needs {missing()}")
    given = min(TASKS, psutil.cpu_count() or 1)
    took = [_once([sys.executable, "-m", "clawdesk"], given) for _ in range(n)]
    yield from _rows(f"quit with {TASKS} tasks, {given} of them in the machines of this host", took)
    took = [_once([sys.executable, str(PROGRAM)], TASKS)]
    yield from _rows(f"quit with {TASKS} tasks in {TASKS} machines", took)


def _rows(name: str, took: list[tuple[float, float]]) -> Iterator[Row]:
    gone_s, ended_s = zip(*took, strict=True)
    yield row(f"{name}: the window is gone", list(gone_s), "s", goal=GOAL)
    yield row(f"{name}: all is saved, the process has ended", list(ended_s), "s")


def _once(program: list[str], machines: int) -> tuple[float, float]:
    with tempfile.TemporaryDirectory(prefix="cd-quit") as folder:
        return _quit_s(Path(folder), program, machines)


def _quit_s(folder: Path, program: list[str], machines: int) -> tuple[float, float]:
    """Seconds until the window is gone, and until the process has ended."""
    project = make_project(folder / "waits", {".clawdesk/tasks/wait.toml": TASK})
    with real_stage(folder) as (play, cli):
        rules = Path(cli.environment["XDG_CONFIG_HOME"], "clawdesk", "policy.toml")
        rules.parent.mkdir(parents=True)
        rules.write_text(POLICY)
        play.play([*program, str(project)])
        _begin_all(play, machines)
        play.key("ctrl+q")
        play.tell("wait", "quit.go", enabled=True)
        began = time.monotonic()
        play.tell("press", "quit.go")
        play.tell("gone", "status.work", timeout_s=QUIT_S_MAX)
        gone_s = time.monotonic() - began
        assert play.app is not None
        code = play.app.wait(QUIT_S_MAX)
        ended_s = time.monotonic() - began
        _check(cli, code)
        return gone_s, ended_s


def _begin_all(play: Stage, machines: int) -> None:
    """Every task is there, and as many as are given a machine are in their step."""
    for number in range(1, TASKS + 1):
        play.tell("press", "run.wait", timeout_s=BEGIN_S_MAX)
        play.tell("says", "tasks.filter.All", text=f"All {number}", timeout_s=BEGIN_S_MAX)
    waiting = TASKS - machines
    text = f"{machines} running" + (f" · {waiting} waiting" if waiting else "")
    play.tell("says", "status.work", text=text, timeout_s=BEGIN_S_MAX)


def _check(cli: RealCli, code: int) -> None:
    """The end was in order, and every task goes on at the next start."""
    tasks = cli.events(cli.run("tasks", "--json").stdout)
    left = [task for task in tasks if task["state"] in {"failed", "done", "cancelled"}]
    if code or left or len(tasks) != TASKS or cli.machines():
        raise RuntimeError(f"ended with {code}, {len(tasks)} tasks, {len(left)} of them ended")
