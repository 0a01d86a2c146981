"""A second `clawdesk PROJECT` opens it in the window that runs; the session returns."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.real_cli import make_project
from tests.support.stage import ROOT, Stage, needs_stage, real_stage

pytestmark = [pytest.mark.e2e, needs_stage]
CLAWDESK = [sys.executable, "-m", "clawdesk"]
TASK = {".clawdesk/tasks/t.toml": 'title = "T"\n[[steps]]\nname = "s"\nrun = "true"\n'}


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Stage]:
    with real_stage(tmp_path) as (made, _):
        yield made


def second_start(play: Stage, *paths: Path) -> subprocess.CompletedProcess[str]:
    command = [*CLAWDESK, *map(str, paths)]
    return subprocess.run(
        command, env=play.env, cwd=ROOT, check=False, capture_output=True, text=True, timeout=30
    )


def test_a_second_start_opens_its_project_in_the_window_and_a_third_only_raises_it(
    play: Stage, tmp_path: Path
) -> None:
    one, two = make_project(tmp_path / "one", TASK), make_project(tmp_path / "two", TASK)
    play.play([*CLAWDESK, str(one)])
    # The window takes a knock as soon as it is on screen, long before the plane is ready.
    play.tell("wait", "home.open")
    done = second_start(play, two)
    assert (done.returncode, done.stdout) == (0, "")
    assert "what you named is shown there" in done.stderr
    play.tell("wait", "project.*/one")
    play.tell("wait", "project.*/two")
    # Once more with the first: it is open already, and now it is the one that is looked at.
    assert second_start(play, one).returncode == 0
    play.tell("heard", "toolbar.project", text="one")
    assert "it has come forward" in second_start(play).stderr
    assert play.app is not None
    assert play.app.poll() is None
    play.app.terminate()
    assert play.app.wait(60) == 0, play.log()
    assert "Traceback" not in play.log()
    # The next start is the window again, with both projects as they were.
    play.play([*CLAWDESK])
    play.tell("wait", "project.*/one")
    play.tell("wait", "project.*/two")
    assert play.tell("text", "toolbar.project") == "one"
    assert play.app is not None
    play.app.terminate()
    assert play.app.wait(60) == 0, play.log()


def test_the_window_outlives_the_process_that_ran_the_tasks(play: Stage, tmp_path: Path) -> None:
    project = make_project(tmp_path / "one", TASK)
    command = [sys.executable, str(ROOT / "tests/support/plane_process.py"), str(project)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, env=play.env, cwd=ROOT, text=True, **pipes) as plane:  # type: ignore[call-overload]
        assert plane.stdout is not None
        assert plane.stdout.readline()
        play.play([*CLAWDESK, str(project)])
        play.tell("wait", "project.*/one")
        plane.kill()
    assert play.tell("heard", "banner", text="Reconnecting")
    # The window becomes the plane itself; what it was open on is open again.
    play.tell("wait", "run.t", enabled=True)
    assert play.app is not None
    play.app.terminate()
    assert play.app.wait(60) == 0, play.log()
    assert "Traceback" not in play.log()
