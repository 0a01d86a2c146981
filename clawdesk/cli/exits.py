"""Exit codes of `clawdesk` (protocols.md, section 2)."""

from __future__ import annotations

from clawdesk.domain.model import Phase, Task

DONE = 0
FAILED = 1
WRONG_USE = 2
REFUSED = 3
WAITS = 4
NOT_READY = 5


def code_of(task: Task) -> int:
    """The exit code that tells how a task ended, or that it waits."""
    if task.phase is Phase.DONE:
        return DONE
    if task.phase is Phase.FAILED:
        return FAILED
    if task.phase in (Phase.REJECTED, Phase.CANCELLED):
        return REFUSED
    return WAITS
