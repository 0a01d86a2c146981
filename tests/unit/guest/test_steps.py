"""Whom a signal to a step reaches, and in which order."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from clawdesk_guest import steps


def test_the_shell_is_told_before_what_it_began(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it would see its command die and begin the next, or say that it died by itself."""
    told: list[tuple[int, int]] = []
    with subprocess.Popen(
        ["/bin/sh", "-c", "sleep 60 & sleep 60 & sleep 60 & echo; wait"],
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as shell:
        try:
            assert shell.stdout is not None
            shell.stdout.readline()  # all three run
            # In which order /proc names pids is not promised: here the shell comes last.
            names = [path.name for path in Path("/proc").iterdir()]
            names.sort(key=lambda name: name == str(shell.pid))
            monkeypatch.setattr("clawdesk_guest.steps.os.listdir", lambda _: names)
            monkeypatch.setattr("clawdesk_guest.steps.os.kill", lambda *words: told.append(words))
            steps.signal_session(shell.pid, signal.SIGTERM)
        finally:
            monkeypatch.undo()
            steps.signal_session(shell.pid, signal.SIGKILL)
    assert told[0] == (shell.pid, signal.SIGTERM)
    assert len(told) == len(set(told)) == 4
