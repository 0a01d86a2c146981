"""Open projects, and the tasks that their refs tell of."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from clawdesk.domain.forking import unborn
from clawdesk.domain.model import Phase, Reason, Task, TaskId
from clawdesk.domain.replacing import replace
from clawdesk.domain.replay import Alive, Recovery, at_rest, read, recover
from clawdesk.domain.values import UnreadableHistoryError
from clawdesk.ports.clock import Clock
from clawdesk.ports.errors import PortError, RepositoryError
from clawdesk.ports.repository import ProjectView, Repositories, Repository, TaskHistory
from clawdesk.runtime.pauses import held_reason
from clawdesk.runtime.recents import remember_project

FREEZE_FROM = 100_000
"""Values made in one go that are worth being left out of every later search for garbage."""
LOST = "ClawDesk ended while the task ran."


@dataclass(frozen=True, slots=True)
class Opened:
    """What opening a project found.

    Args:
        tasks: those that were not known before, or are only shown.
        paused: why they are only shown.
        unborn: forks that were begun and never submitted; what machine files have of them may go.
    """

    view: ProjectView
    tasks: list[Task]
    paused: Reason | None = None
    unborn: tuple[TaskId, ...] = ()


def shown(task: Task) -> Task:
    """A task of another plane's: its machine, if it runs, is not ours to speak to."""
    return replace(task, phase=Phase.UNKNOWN) if task.phase is Phase.RUNNING else task


def _read_all(histories: list[TaskHistory], path: str) -> tuple[list[Task], list[str]]:
    """Tasks and, for each that tells no story, a sentence. Runs beside the loop."""
    found, unread = [], []
    for history in histories:
        first = history.records[0] if history.records else None
        if first is not None and first.event == "damaged":
            unread.append(f"Task {history.task}: {first.fields.get('why', 'it is damaged.')}")
            continue
        try:
            found.append(replace(read(history.records), project=path))
        except UnreadableHistoryError as error:
            unread.append(f"Task {history.task} cannot be read: {error}")
    return found, unread


@contextmanager
def no_collections() -> Iterator[None]:
    """Many values that will live are made: looking for garbage among them takes half the time.

    What has been made is then left out of later searches, which would stall the window.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if gc.get_count()[0] > FREEZE_FROM:
            gc.freeze()
        if was_on:
            gc.enable()


class Projects:
    """The repositories a plane works on.

    Args:
        drive: False = only look: an attempt that was cut off is not ended in Git.
        say: takes a sentence for the user.
        lives: whether this very plane has a machine of a task, whatever Git tells of it.
    """

    def __init__(
        self,
        repositories: Repositories,
        clock: Clock,
        *,
        drive: bool,
        say: Callable[[str], None],
        lives: Callable[[TaskId], bool],
    ) -> None:
        self._adapter = repositories
        self._clock = clock
        self._drive = drive
        self._say = say
        self._lives = lives
        self.open_ones: dict[str, Repository] = {}
        self._shown_only: set[str] = set()
        self.alive: dict[TaskId, Alive] = {}
        """Machines that outlived an earlier plane and that no open project has claimed yet."""
        self.views: dict[str, ProjectView] = {}

    def repository(self, path: str) -> Repository:
        """The open repository of a project. Raises RepositoryError."""
        try:
            return self.open_ones[path]
        except KeyError:
            raise RepositoryError(f"The project {path} is not open.", code="closed") from None

    async def open(self, path: str) -> Opened:
        """Open a project, or look at it again; its tasks where this plane drives them from now.

        The tasks of a project that somebody else holds are given as Git tells of them, every time.
        """
        opened = await self._adapter.open(path)
        repository = self.open_ones.get(opened.path, opened)
        if repository is not opened:
            await opened.close()
        view = await repository.view()
        path = repository.path
        first = path not in self.open_ones
        self.open_ones[path] = repository
        self.views[path] = view
        remember_project(path)
        why = held_reason(path, view.read_only) if view.read_only else None
        if not first and path not in self._shown_only:
            return Opened(view, [], why)
        histories = await repository.histories()
        found = await self._read(histories, repository.path)
        if why is not None:
            self._shown_only.add(path)
            return Opened(view, [shown(task) for task in found], why)
        self._shown_only.discard(path)
        tasks = [await self._take_up(repository, task) for task in found]
        known = [task for task in tasks if task is not None]
        return Opened(view, known, why, unborn(found, [one.task for one in histories]))

    def is_shown_only(self, path: str) -> bool:
        """Whether another plane held the project whenever this one looked."""
        return path in self._shown_only

    async def _read(self, histories: list[TaskHistory], path: str) -> list[Task]:
        """Every task Git tells of; what cannot be read is said."""
        found, unread = await asyncio.to_thread(_read_all, histories, path)
        for text in unread:
            self._say(text)
        return found

    async def look_again(self, path: str) -> None:
        self.views[path] = await self.repository(path).view()

    async def close(self, path: str) -> None:
        self.views.pop(path, None)
        self._shown_only.discard(path)
        repository = self.open_ones.pop(path, None)
        if repository is not None:
            await repository.close()

    async def close_all(self) -> None:
        for path in list(self.open_ones):
            await self.close(path)

    async def _take_up(self, repository: Repository, task: Task) -> Task | None:
        if not self._drive or self._lives(task.id):
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
