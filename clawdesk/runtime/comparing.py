"""Which two commits a person means when they compare checkpoints."""

from __future__ import annotations

from clawdesk.domain.model import Task
from clawdesk.ports.errors import PortError
from clawdesk.ports.repository import Diff
from clawdesk.runtime.projects import Projects


async def compare(
    old_task: Task, old: int | None, new_task: Task, new: int, projects: Projects
) -> Diff:
    """See `PlaneApi.diff`. Raises PortError."""
    if old_task.project != new_task.project:
        raise PortError("The two tasks belong to different projects.", code="usage")
    if old is None:
        target = new_task.checkpoint(new)
        before = (target.since if target else "") or new_task.start_commit
    else:
        before = commit_of(old_task, old)
    return await projects.repository(new_task.project).diff(before, commit_of(new_task, new))


def commit_of(task: Task, ordinal: int) -> str:
    """The commit of an ordinal; 0 = where the task's work began. Raises PortError."""
    if ordinal == 0:
        return task.forked_from.start if task.forked_from else task.start_commit
    checkpoint = task.checkpoint(ordinal)
    if checkpoint is None:
        have = ", ".join(str(c.ordinal) for c in task.checkpoints) or "none"
        raise PortError(
            f"The task has no checkpoint {ordinal}; there are: {have}.", code="no_checkpoint"
        )
    return checkpoint.commit
