"""One running build as its parts see it: where progress goes, and how it is stopped."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence

from clawdesk_fabric.errors import BuildError


class Steps:
    """Reports progress and owns the child process of one build; `stop` may come from any thread."""

    def __init__(self, report: Callable[[str], None]) -> None:
        self._report = report
        self._lock = threading.Lock()
        self._child: subprocess.Popen[str] | None = None
        self._stopped = False

    def say(self, text: str) -> None:
        """Report one step. Raises BuildError when the build was stopped meanwhile."""
        if self._stopped:
            raise BuildError("the build was stopped", code="no_capacity")
        self._report(text)

    def stop(self) -> None:
        """End the build: its child is told to end, and the next `say` raises."""
        with self._lock:
            self._stopped = True
            if self._child is not None and self._child.poll() is None:
                self._child.terminate()

    def lines_of(self, command: Sequence[str]) -> Iterator[str]:
        """Run a command, yield the lines it prints (both streams), then check its exit code.

        Raises:
            BuildError: the program is missing, or it failed: then with its last lines.
        """
        with self._lock:
            if self._stopped:
                raise BuildError("the build was stopped", code="no_capacity")
            try:
                child = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    errors="replace",
                )
            except FileNotFoundError as error:
                raise BuildError(
                    f"{command[0]} is not installed, and the inference image is made with it",
                    mend=f"sudo apt-get install --no-install-recommends {command[0]}",
                    code="no_capacity",
                    permanent=True,
                ) from error
            self._child = child
        tail: list[str] = []
        with child:
            assert child.stdout is not None
            for line in child.stdout:
                tail = [*tail[-9:], line.rstrip()]
                yield line.rstrip()
        self._child = None
        if child.returncode != 0:
            said = " | ".join(line for line in tail if line)
            raise BuildError(
                f"{command[0]} ended with exit code {child.returncode}: {said}", code="no_capacity"
            )
