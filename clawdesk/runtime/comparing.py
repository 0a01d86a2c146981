"""Which two commits a person means when they compare checkpoints, and what they read of them."""

from __future__ import annotations

from clawdesk.domain.model import Task, TaskId
from clawdesk.ports.errors import PortError
from clawdesk.ports.repository import Diff, DiffFile, FileSides
from clawdesk.runtime.kernel import Kernel
from clawdesk.runtime.projects import Projects


class Comparisons:
    """The comparing part of `Plane`, which supplies its parts. See `PlaneApi`."""

    _kernel: Kernel
    _projects: Projects

    async def diff(self, task: TaskId, old: int | None, new: int, *, other: TaskId = "") -> Diff:
        old_task, new_task = self._kernel.known(task), self._kernel.known(other or task)
        if old_task.project != new_task.project:
            raise PortError("The two tasks belong to different projects.", code="usage")
        before = commit_before(new_task, new) if old is None else commit_of(old_task, old)
        repository = self._projects.repository(new_task.project)
        return await repository.diff(before, commit_of(new_task, new))

    async def diff_branch(self, task: TaskId, ordinal: int) -> Diff:
        known = self._kernel.known(task)
        made = commit_of(known, ordinal)
        repository = self._projects.repository(known.project)
        # Asked anew: the user may have committed since the project was looked at.
        return await repository.diff((await repository.view()).head, made)

    async def file_sides(
        self, task: TaskId, ordinal: int, path: str, *, old_path: str = ""
    ) -> FileSides:
        known = self._kernel.known(task)
        before, made = commit_before(known, ordinal), commit_of(known, ordinal)
        repository = self._projects.repository(known.project)
        return await repository.sides(before, made, path, old_path=old_path)

    async def diff_edited(
        self, task: TaskId, ordinal: int, path: str, content: bytes, *, old_path: str = ""
    ) -> DiffFile:
        known = self._kernel.known(task)
        before, made = commit_before(known, ordinal), commit_of(known, ordinal)
        repository = self._projects.repository(known.project)
        return await repository.diff_edited(before, made, path, content, old_path=old_path)


def commit_before(task: Task, ordinal: int) -> str:
    """The commit that what an ordinal is asked about is counted from."""
    checkpoint = task.checkpoint(ordinal)
    return (checkpoint.since if checkpoint else "") or task.start_commit


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
