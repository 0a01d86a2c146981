"""Projects in which nothing may be written for now: the folder is gone, or somebody else holds it.

Their tasks are shown and wait with a reason; nothing is made anew at the old place. Projects are
looked at every two seconds, so that work goes on by itself when the folder or the right is back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from clawdesk.domain import events as ev
from clawdesk.domain.model import PlaneState, Reason, Task
from clawdesk.domain.transitions import CLOSED, GONE
from clawdesk.ports.clock import Clock
from clawdesk.ports.errors import PortError
from clawdesk.ports.repository import ProjectView, Repository
from clawdesk.runtime.api import Change

LOOK_S = 2.0
UNAVAILABLE = "unavailable"


def held_reason(path: str, holder: str) -> Reason:
    """Why a project is read-only, e.g. "another ClawDesk holds it: process 12 of user bob"."""
    text = f"{path} is open read-only: {holder}."
    return Reason("read_only", text, "its holder ends or gives the project up")


def gone_reason(error: PortError) -> Reason:
    """Why a project cannot be reached."""
    mend = error.mend.rstrip(".") or "bring the folder back"
    return Reason(GONE, error.what, f"{mend[:1].lower()}{mend[1:]}")


def closed_reason(path: str) -> Reason:
    """Why nothing of a project starts that the user closed."""
    return Reason(CLOSED, f"The project {path} is closed.", "it is opened again")


def left_behind(state: PlaneState, path: str, tasks: Iterable[Task]) -> set[str]:
    """Where the tasks that were found at `path` were before; nothing of them is there any more."""
    known = (state.tasks.get(task.id) for task in tasks)
    before = {task.project for task in known if task is not None and task.project != path}
    return {place for place in before if place in state.paused}


async def why_paused(repository: Repository) -> Reason | None:
    """Look whether a project can be read and written; None = both."""
    try:
        holder = await repository.read_only()
    except PortError as error:
        return gone_reason(error) if error.code == UNAVAILABLE else None
    return held_reason(repository.path, holder) if holder else None


class ProjectWatch:
    """Tells the kernel which projects are paused.

    Args:
        repositories: the open ones, by path.
        open_project: opens one anew, whose tasks were only shown so far.
        shown_only: whether a project's tasks were never driven by this plane.
    """

    def __init__(
        self,
        *,
        state: PlaneState,
        clock: Clock,
        repositories: dict[str, Repository],
        post: Callable[[ev.Event], None],
        publish: Callable[[Change], None],
        open_project: Callable[[str], Awaitable[ProjectView]],
        shown_only: Callable[[str], bool],
    ) -> None:
        self._state = state
        self._clock = clock
        self._repositories = repositories
        self._post = post
        self._publish = publish
        self._open_project = open_project
        self._shown_only = shown_only

    async def keep_looking(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            await self.look()

    async def look(self) -> None:
        """Look at every open project once."""
        for path, repository in list(self._repositories.items()):
            why = await why_paused(repository)
            if path not in self._repositories or why == self._state.paused.get(path):
                continue
            if self._shown_only(path):
                await self._open_again(path)
            else:
                self._tell(path, why)

    async def _open_again(self, path: str) -> None:
        """Its holder changed or is gone: its tasks are what Git tells now."""
        try:
            await self._open_project(path)
        except PortError as error:
            self._tell(path, gone_reason(error))

    def _tell(self, path: str, why: Reason | None) -> None:
        self._post(ev.ProjectPaused(self._clock.now_ms(), path, why))
        text = f"{path} is there and can be written again." if why is None else why.text
        self._publish(Change(projects=True, notices=(text,)))
