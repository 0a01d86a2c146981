"""A first start on a machine where parts are missing, with the real program, from outside.

libvirt's drivers and the container engine are not to be found. The page says so and how to mend
it; tasks wait and say why; once libvirt is there, "Check again" sees it and the task runs.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.real_cli import RealCli, make_project
from tests.support.stage import ROOT, Stage, needs_stage, real_stage, settings_of

# The session's daemon of an ordinary user may run already, and looks for its drivers by itself.
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="libvirt's drivers are root's to hide")
pytestmark = [pytest.mark.e2e, needs_stage, only_root]
CLAWDESK = [sys.executable, "-m", "clawdesk"]
FOLDERS = ("/usr/lib/*/libvirt/connection-driver", "/usr/lib*/libvirt/connection-driver")
TASK = """
title = "Write one line"
[machine]
memory_mib = 256
disk_mib = 512
[[steps]]
name = "write"
run = "echo one > one.txt"
"""
LOOK_S = 120.0
"""One look at the whole machine; the probe boots a guest under emulation."""


def drivers() -> list[Path]:
    """libvirt's drivers, where this machine keeps them."""
    return [file for folder in FOLDERS for file in Path("/").glob(f"{folder[1:]}/*.so")]


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[tuple[Stage, RealCli, Path]]:
    """A screen, and the empty folder in which libvirt looks for its drivers."""
    hidden = tmp_path / "drivers"
    hidden.mkdir()
    with real_stage(tmp_path) as (play, cli):
        cli.environment["LIBVIRT_DRIVER_DIR"] = str(hidden)
        cli.environment["DOCKER_HOST"] = f"unix://{tmp_path}/nobody.sock"
        play.env |= settings_of(cli, "LIBVIRT_DRIVER_DIR", "DOCKER_HOST")
        yield play, cli, hidden


def test_missing_parts_are_named_and_mended_and_the_task_that_waited_runs(
    bare: tuple[Stage, RealCli, Path], tmp_path: Path
) -> None:
    play, _, hidden = bare
    play.play(CLAWDESK)
    _says_what_is_missing(play)
    _task_waits(play, make_project(tmp_path / "vision", {".clawdesk/tasks/t.toml": TASK}))
    for driver in drivers():
        (hidden / driver.name).symlink_to(driver)
    play.tell("press", "toolbar.home")
    play.tell("wait", "check.libvirt.again", enabled=True, timeout_s=LOOK_S)
    play.tell("press", "check.libvirt.again")
    play.tell("says", "check.libvirt", text="ready", timeout_s=LOOK_S)
    play.tell("gone", "check.libvirt.again")
    said = play.tell("says", "status.libvirt", text="ok", timeout_s=LOOK_S)
    assert "not ready" not in said
    # What was not mended still says so.
    assert "missing" in play.tell("text", "status.docker")
    play.tell("press", "home.back")
    play.tell("says", "inspector.act", text="Merge", timeout_s=LOOK_S)
    play.key("ctrl+q")
    assert play.app is not None
    assert play.app.wait(60) == 0, play.log()
    assert "Traceback" not in play.log()


def _says_what_is_missing(play: Stage) -> None:
    """The page comes up by itself, with why, with the command, and with a way to look again."""
    said = play.tell("says", "check.libvirt", text="needs a fix", timeout_s=LOOK_S)
    assert "none found" in said
    play.tell("wait", "check.libvirt.copy")
    # What is missing stands open; the command folds away and comes back.
    play.tell("says", "check.libvirt.fix", text="Hide how to mend libvirt")
    play.tell("press", "check.libvirt.fix")
    play.tell("gone", "check.libvirt.copy")
    play.tell("says", "check.libvirt.fix", text="Show how to mend libvirt")
    play.tell("press", "check.libvirt.fix")
    play.tell("wait", "check.libvirt.copy")
    play.tell("says", "status.libvirt", text="not ready")
    play.tell("says", "status.docker", text="missing")
    # Looked at again while nothing was mended, it says the same.
    play.tell("press", "check.libvirt.again")
    play.tell("says", "check.libvirt", text="needs a fix", timeout_s=LOOK_S)


def _task_waits(play: Stage, project: Path) -> None:
    """It is taken, waits, and says what for."""
    done = subprocess.run(
        [*CLAWDESK, str(project)], env=play.env, cwd=ROOT, check=False, timeout=60
    )
    assert done.returncode == 0
    play.tell("press", "run.t", timeout_s=60)
    # What it will wait for is said before; started all the same, it is taken.
    play.tell("says", "new_task.fit.Machine", text="It will wait")
    play.tell("wait", "new_task.go", enabled=True)
    play.tell("press", "new_task.go")
    play.tell("says", "inspector.state", text="Waiting", timeout_s=30)
    (row,) = play.tell("rows", "tasks.list", filled=True)
    assert row.startswith("Write one line, Waiting")
    assert "libvirt" in row
