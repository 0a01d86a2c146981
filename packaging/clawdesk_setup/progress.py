"""What set-up prints: one numbered line a step, and the interesting lines of long commands.

It runs commands and shows them; it never decides what to run.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

KEPT_LINES = 40
"""How much of a failed command's output is shown."""


class SetupError(Exception):
    """Set-up cannot go on.

    Args:
        what: what happened and why, one sentence.
        mend: the one next step, "" if there is none.
    """

    def __init__(self, what: str, mend: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.mend = mend


def say(text: str) -> None:
    """Print a line at once: beside a child process, buffered lines would come out of order."""
    print(text, flush=True)


class Steps:
    """Numbers the steps and tells how long each took."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._at = 0
        self._began = 0.0

    def begin(self, title: str) -> None:
        self._at += 1
        self._began = time.monotonic()
        say(f"[{self._at}/{self._total}] {title}")

    def done(self, text: str) -> None:
        say(f"      {text} ({time.monotonic() - self._began:.1f} s)")


def stream(
    command: Sequence[str],
    *,
    show: Callable[[str], str],
    cwd: Path | None = None,
    mend: str = "",
) -> None:
    """Run a command to its end, printing what `show` makes of each line ("" = nothing).

    Raises:
        SetupError: the command is missing or failed; its last lines have been printed.
    """
    last: deque[str] = deque(maxlen=KEPT_LINES)
    try:
        process = subprocess.Popen(
            list(command),
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
        )
    except OSError as error:
        raise SetupError(f"{command[0]} cannot be run: {error.strerror}.", mend) from error
    with process:
        assert process.stdout is not None
        for line in process.stdout:
            last.append(line.rstrip())
            shown = show(line.strip())
            if shown:
                say(f"      {shown[:92]}")
    if process.returncode != 0:
        for line in last:
            print(f"      | {line}", file=sys.stderr, flush=True)
        name = " ".join(command[:3])
        raise SetupError(f"`{name} ...` ended with exit code {process.returncode}.", mend)
