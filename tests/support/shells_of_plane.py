"""The shells of a fake plane: one that says what it is and ends when it is told to."""

from __future__ import annotations

from clawdesk.domain.model import TaskId
from clawdesk.runtime.api import ShellText


class FakeShellActs:
    """The part of `FakePlane` that gives a person a shell."""

    async def open_shell(self, task: TaskId, columns: int, rows: int, *, term: str) -> str:
        return f"shell of {task}"

    async def read_shell(self, shell: str) -> ShellText:
        return ShellText(b"", over=True)

    async def write_shell(self, shell: str, content: bytes) -> None:
        """Swallowed."""

    async def resize_shell(self, shell: str, columns: int, rows: int) -> None:
        """Nothing is shown in any size."""

    async def close_shell(self, shell: str) -> None:
        """It is over already."""
