"""What a test with real parts that failed had started: ended with it, pipes too."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stories.preemption import App
from tests.support.real_cli import RealCli


def open_pipes(process: subprocess.Popen[str]) -> list[object]:
    pipes = (process.stdin, process.stdout, process.stderr)
    return [pipe for pipe in pipes if pipe is not None and not pipe.closed]


def test_an_app_that_never_said_what_was_waited_for() -> None:
    command = [sys.executable, "-c", "import signal; signal.pause()"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL
    )
    app = App(process)
    with pytest.raises(AssertionError, match="never its end"):
        app.wait_for("its end", lambda _: True, within_s=0)
    assert process.returncode == -signal.SIGKILL
    assert open_pipes(process) == []


def test_an_app_that_nobody_waited_for(tmp_path: Path) -> None:
    cli = RealCli(tmp_path, tmp_path, dict(os.environ))
    process = cli.start("tasks", stdin=subprocess.PIPE)
    cli.end_all()
    assert process.returncode is not None
    assert open_pipes(process) == []
