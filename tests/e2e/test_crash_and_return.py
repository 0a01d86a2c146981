"""The window is killed, and the process that runs the tasks is killed under it: both come back.

The real program with real machines, from outside. What was written is there again, nothing was
answered meanwhile, and the machine goes on where it stood.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stories.preemption import files_of
from tests.support.patience import NET_S
from tests.support.real_cli import RealCli, make_project
from tests.support.stage import Stage, needs_stage, real_stage

pytestmark = [pytest.mark.e2e, needs_stage]
CLAWDESK = [sys.executable, "-m", "clawdesk"]
TASK = """\
title = "Paint"
[machine]
memory_mib = 256
[[steps]]
name = "paint"
run = "claw ask 'Which colour?' --choice red --choice blue --key colour > colour.txt"
checkpoint = "approve"
"""


@pytest.fixture
def real(tmp_path: Path) -> Iterator[tuple[Stage, RealCli]]:
    with real_stage(tmp_path) as made:
        yield made


def project_of(folder: Path) -> Path:
    return make_project(folder / "paint", {".clawdesk/tasks/paint.toml": TASK})


def kept(play: Stage, words: str) -> None:
    """Until what was written is on the disk, where a kill does not reach it."""
    home, end_s = Path(play.env["XDG_STATE_HOME"]), time.monotonic() + NET_S
    while not any(words in file.read_text() for file in home.rglob("drafts/*.json")):
        assert time.monotonic() < end_s, "the draft was not kept"
        os.sched_yield()


def merge_is_offered(play: Stage, cli: RealCli, project: Path, colour: str) -> None:
    """The task ended in the attempt in which it began, with what was answered."""
    play.tell("says", "inspector.act", text="Merge")
    (task,) = (json.loads(line) for line in cli.run("tasks", "--json").stdout.splitlines())
    shown = json.loads(cli.run("show", task["task"], "--json").stdout)
    assert (shown["state"], shown["attempt"]) == ("done", 1)
    assert files_of(project, task["task"], "colour.txt")["colour.txt"] == f"{colour}\n"
    play.key("ctrl+q")
    assert play.app is not None
    assert play.app.wait(60) == 0, play.log()
    assert "Traceback" not in play.log()


def approve(play: Stage) -> None:
    """Press it once the changes are there and the guard is down."""
    play.tell("rows", "approval.diff", filled=True)
    play.tell("press", "approval.approve")
    play.tell("gone", "approval.digest")


def test_a_killed_window_comes_back_with_its_task_and_the_words_of_its_dialog(
    real: tuple[Stage, RealCli], tmp_path: Path
) -> None:
    play, cli = real
    project = project_of(tmp_path)
    play.play([*CLAWDESK, str(project)])
    play.tell("press", "run.paint")
    play.tell("press", "inbox.open.*")
    play.tell("press", "question.choice.2")
    play.tell("press", "question.send")
    play.tell("gone", "question.send")
    play.tell("press", "inbox.open.*")
    play.tell("rows", "approval.diff", filled=True)
    play.tell("type", "approval.note", text="blue it is")
    kept(play, "blue it is")
    assert play.app is not None
    play.app.kill()
    play.app.wait()
    play.play(CLAWDESK)
    play.tell("press", "inbox.open.*")
    assert play.tell("text", "approval.note") == "blue it is"
    approve(play)
    merge_is_offered(play, cli, project, "blue")


def test_an_answer_written_while_the_plane_is_lost_is_kept_and_sent_by_a_person(
    real: tuple[Stage, RealCli], tmp_path: Path
) -> None:
    play, cli = real
    project = project_of(tmp_path)
    with cli.at_a_terminal("run", str(project), "paint", "--headless") as plane:
        assert plane.stdout is not None
        assert plane.stdout.readline(), "it runs the task now"
        play.play([*CLAWDESK, str(project)])
        play.tell("press", "inbox.open.*")
        play.tell("type", "question.free", text="green")
        play.tell("wait", "question.send", enabled=True)
        plane.kill()
        play.tell("spoken", text="Reconnecting")
        play.tell("spoken", text="What you answer now is kept")
    # The window becomes the plane itself, finds the task and its machine, and asks the same.
    play.tell("spoken", text="Connected again. Nothing was sent")
    assert play.tell("text", "question.free") == "green"
    play.tell("press", "question.send")
    play.tell("gone", "question.send")
    play.tell("press", "inbox.open.*")
    approve(play)
    merge_is_offered(play, cli, project, "green")
