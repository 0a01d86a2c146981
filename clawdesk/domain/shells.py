"""Whether a person can have a shell in a task's machine now: where it runs, and only there."""

from __future__ import annotations

from clawdesk.domain.model import Phase, Task

_WHY_NOT = {
    Phase.QUEUED: "has no machine while it waits",
    Phase.STARTING: "has a machine that still starts: try again in a moment",
    Phase.RESTORING: "has a machine that is being brought back: try again in a moment",
    Phase.SNAPSHOTTING: "takes a checkpoint: try again in a moment",
    Phase.HELD: "stands still until you have answered",
    Phase.RELEASING: "gives its machine back",
    Phase.UNKNOWN: "has a machine that cannot be reached",
}


def why_no_shell(task: Task) -> str:
    """Why no shell can be opened now, after the task's name; "" = it can."""
    if task.phase is Phase.RUNNING and task.machine:
        return ""
    return _WHY_NOT.get(task.phase, "has ended, and its machine is gone")
