"""Making room: held tasks give their memory back at once, running ones yield at a checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from itertools import chain, islice

from clawdesk.domain.model import Phase, PlaneState, Task, TaskId
from clawdesk.domain.scheduling.index import Index
from clawdesk.domain.scheduling.resources import (
    NOTHING,
    Need,
    fits,
    minus,
    need_of,
    of_capacity,
    plus,
)

LOOK_MAX = 8
"""So many of the most important waiting tasks are considered; the others' turn comes with them."""


class Pressure:
    """What may be taken back, and for whom.

    Args:
        free: what nobody holds.
        reserved: for whom room is set aside, and how much of it comes from tasks that leave; one
            that starts has taken its room from what is free.
    """

    def __init__(
        self,
        state: PlaneState,
        index: Index,
        free: Need,
        reserved: dict[TaskId, Need],
        keeps: frozenset[TaskId],
        *,
        started: Collection[TaskId],
    ) -> None:
        self._state = state
        self._index = index
        self._reserved = reserved
        self._keeps = keeps
        self._parkable = self._may_be_parked()
        self._movable = self._may_be_asked()
        coming = NOTHING
        for task_id in index.leaving | (index.yielding - keeps):
            coming = plus(coming, need_of(state.tasks[task_id]))
        self._room = plus(free, coming)
        for task_id in reserved:
            if task_id not in started:
                self._room = minus(self._room, need_of(state.tasks[task_id]))

    def relieve(
        self, most_important: Callable[[], Iterator[TaskId]]
    ) -> tuple[tuple[TaskId, ...], tuple[TaskId, ...], TaskId]:
        """Held tasks to park, running ones to ask to leave, and for whom; () where none is.

        Args:
            most_important: the first waiting tasks of all projects, by their points.
        """
        if not (self._parkable or self._movable):
            return (), (), ""
        capacity = of_capacity(self._state.capacity)
        waiting = most_important()
        for task_id in chain(islice(waiting, LOOK_MAX), self._owners(waiting)):
            task = self._state.tasks[task_id]
            need = need_of(task)
            if not fits(need, capacity) or not self._index.within_quota(task.project, need):
                continue
            room = self._room
            if task_id in self._reserved:
                room = plus(room, need)
            if fits(need, room):
                continue  # what is on its way is enough
            found = self._make_room(task, room)
            if found is not None:
                return (*found, task_id)
        return (), (), ""

    def _owners(self, waiting: Iterator[TaskId]) -> Iterator[TaskId]:
        """Those whose project has lent what is its own: importance does not count for them."""
        index, tasks = self._index, self._state.tasks
        if not index.anybody_borrows():
            return
        found = (t for t in waiting if index.within_nominal(tasks[t].project, need_of(tasks[t])))
        yield from islice(found, LOOK_MAX)

    def why(self, victim: TaskId, beneficiary: TaskId) -> str:
        """In words, for the one that is asked to leave."""
        mine, other = self._state.tasks[victim], self._state.tasks[beneficiary]
        if self._index.borrows(mine.project) and self._index.within_nominal(
            other.project, need_of(other)
        ):
            return f"{other.title} gets back what its project lent"
        return (
            f"{other.title} is more important "
            f"({self._points(other, mine)} against {self._points(mine, other)} points)"
        )

    def _make_room(
        self, task: Task, room: Need
    ) -> tuple[tuple[TaskId, ...], tuple[TaskId, ...]] | None:
        need = need_of(task)
        parks: list[TaskId] = []
        for task_id in self._parkable:
            if fits(need, room):
                break
            parks.append(task_id)
            room = plus(room, need_of(self._state.tasks[task_id]))
        victims: list[TaskId] = []
        for task_id in self._victims(task):
            if fits(need, room):
                break
            victims.append(task_id)
            room = plus(room, need_of(self._state.tasks[task_id]))
        if not fits(need, room):
            return None
        chosen = [*victims[::-1], *parks[::-1]]  # running ones are let off before held ones
        for task_id in chosen[:]:
            without = minus(room, need_of(self._state.tasks[task_id]))
            if fits(need, without):
                room = without
                chosen.remove(task_id)
        kept = frozenset(chosen)
        return (
            tuple(t for t in parks if t in kept),
            tuple(t for t in victims if t in kept),
        )

    def _may_be_parked(self) -> list[TaskId]:
        tasks = self._state.tasks
        found = [t for t in self._index.held if may_park(tasks[t])]
        return sorted(found, key=lambda t: (tasks[t].held_since_ms, t))

    def _may_be_asked(self) -> list[TaskId]:
        """Who runs long enough to be asked to leave, and was not."""
        tasks, found = self._state.tasks, []
        now_ms, least_ms = self._state.steady_ms, self._state.rules.run_s_min * 1000
        for task_id in self._index.running - self._index.yielding:
            other = tasks[task_id]
            ran_ms = now_ms - other.machine_since_ms
            if ran_ms < least_ms or other.wish is not None:
                continue
            if ran_ms >= least_ms * 2 ** min(other.preemptions, 20):
                found.append(task_id)
        return found

    def _victims(self, task: Task) -> list[TaskId]:
        """Who may be asked to leave for it: borrowers, then the least important, then newest."""
        tasks, index, rules = self._state.tasks, self._index, self._state.rules
        reclaims = index.within_nominal(task.project, need_of(task))
        found = []
        for task_id in self._movable:
            other = tasks[task_id]
            borrower = index.borrows(other.project)
            points = self._points(other, task)
            allowed = self._points(task, other) >= points + rules.margin
            if allowed or (reclaims and borrower and other.project != task.project):
                rank = (not borrower, points, -other.machine_since_ms, task_id)
                found.append((rank, task_id))
        return [task_id for _, task_id in sorted(found)]

    def _points(self, task: Task, beside: Task | None = None) -> int:
        """Its score beside another task; a suggestion raises it above its own project's only."""
        score = self._index.score(task)
        inside = beside is not None and beside.project == task.project
        return score.total if inside else score.across


def may_park(task: Task) -> bool:
    """Whether a held task's memory can be given back and come again from a snapshot."""
    request = task.request
    if task.phase is not Phase.HELD or not task.machine or request is None:
        return False
    if request.is_ours or task.deciding is not None or task.wish is not None:
        return False
    checkpoint = task.checkpoint(request.ordinal)
    return checkpoint is not None and checkpoint.snapshot is not None
