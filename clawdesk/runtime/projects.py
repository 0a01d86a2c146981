"""Open projects, and the tasks that their refs tell of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from clawdesk.domain.model import Task, TaskId
from clawdesk.domain.replay import Alive, Recovery, UnreadableHistoryError, at_rest, read, recover
from clawdesk.ports.clock import Clock
from clawdesk.ports.errors import PortError, RepositoryError
from clawdesk.ports.repository import ProjectView, Repositories, Repository, TaskHistory
from clawdesk.runtime.recents import remember_project

LOST = "ClawDesk ended while the task ran."


class Projects:
    """The repositories a plane works on.

    Args:
        drive: False = only look: an attempt that was cut off is not ended in Git.
        say: takes a sentence for the user.
    """

    def __init__(
        self,
        repositories: Repositories,
        clock: Clock,
        *,
        drive: bool,
        say: Callable[[str], None],
    ) -> None:
        self._adapter = repositories
        self._clock = clock
        self._drive = drive
        self._say = say
        self._open: dict[str, Repository] = {}
        self.alive: dict[TaskId, Alive] = {}
        """Machines that outlived an earlier plane and that no open project has claimed yet."""
        self.views: dict[str, ProjectView] = {}

    def repository(self, path: str) -> Repository:
        """The open repository of a project. Raises RepositoryError."""
        try:
            return self._open[path]
        except KeyError:
            raise RepositoryError(f"The project {path} is not open.", code="closed") from None

    async def open(self, path: str) -> tuple[ProjectView, list[Task]]:
        """Open a project, or look at it again; its tasks where it was not open before."""
        opened = await self._adapter.open(path)
        repository = self._open.get(opened.path, opened)
        if repository is not opened:
            await opened.close()
        view = await repository.view()
        first = repository.path not in self._open
        self._open[repository.path] = repository
        self.views[repository.path] = view
        remember_project(repository.path)
        if not first or view.read_only:
            return view, []
        found = [await self._recover(repository, h) for h in await repository.histories()]
        return view, [task for task in found if task is not None]

    async def look_again(self, path: str) -> None:
        self.views[path] = await self.repository(path).view()

    async def close(self, path: str) -> None:
        self.views.pop(path, None)
        repository = self._open.pop(path, None)
        if repository is not None:
            await repository.close()

    async def close_all(self) -> None:
        for path in list(self._open):
            await self.close(path)

    async def _recover(self, repository: Repository, history: TaskHistory) -> Task | None:
        try:
            task = replace(read(history.records), project=repository.path)
        except UnreadableHistoryError as error:
            self._say(f"Task {history.task} cannot be read: {error}")
            return None
        if not self._drive:
            return at_rest(task)
        recovery = recover(task, self.alive.pop(task.id, None))
        try:
            task = await self._end_attempt(repository, recovery)
        except PortError as error:
            self._say(f"{task.title}: {error.what}")
            return None
        if recovery.lost_attempt:
            self._say(f"{task.title}: {LOST} It starts again from its beginning.")
        return task

    async def _end_attempt(self, repository: Repository, recovery: Recovery) -> Task:
        """Where its worker is gone (ADR-006), say so in the audit trail."""
        task = recovery.task
        for record in recovery.ends_attempt(self._clock.now_ms(), LOST):
            tree_of = task.start_commit if record.event == "restored" else ""
            commit = await repository.append(task.id, record, tree_of=tree_of)
            task = replace(task, records=(*task.records, replace(record, commit=commit)))
        return task
