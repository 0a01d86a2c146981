"""`plan(state)`: pure and deterministic; the same tasks give the same plan in any order."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

from clawdesk.domain.model import Lease, Phase, PlaneState, Reason, Task, TaskId
from clawdesk.domain.scheduling.index import Front, Index, Rank, index_of
from clawdesk.domain.scheduling.pressure import Pressure
from clawdesk.domain.scheduling.reasons import (
    EAGER_MAX,
    Situation,
    causes_of,
    coarse,
    rank_facts,
    reason_of,
)
from clawdesk.domain.scheduling.resources import (
    NOTHING,
    Need,
    fits,
    minus,
    need_of,
    of_capacity,
    plus,
)
from clawdesk.domain.scheduling.scores import Key


@dataclass(frozen=True, slots=True)
class Yield:
    """`victim` is to leave at its next checkpoint, so that `for_task` can start."""

    victim: TaskId
    for_task: TaskId
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done now.

    Args:
        start: in order.
        asks: for which there is room, and whose model is to be asked for first.
        reasons: of waiting tasks, where they changed.
        yields: running tasks to be asked to leave at their next checkpoint.
        parks: held tasks whose memory is needed now.
        keeps: tasks asked to leave, still running, for somebody who needs their place no more.
        blocked: the first in line, where it finds no room.
    """

    start: tuple[TaskId, ...] = ()
    asks: tuple[TaskId, ...] = ()
    reasons: dict[TaskId, Reason] = field(default_factory=dict)
    yields: tuple[Yield, ...] = ()
    parks: tuple[TaskId, ...] = ()
    keeps: tuple[TaskId, ...] = ()
    blocked: TaskId | None = None


def plan(state: PlaneState) -> Plan:
    """Decide who starts, who leaves, and who waits for what."""
    index = index_of(state)
    keeps = tuple(sorted(v for v in index.yielding if _may_stay(state, index, v)))
    if not index.queued and not index.untrusted:
        return Plan(keeps=keeps)
    if state.environment is not None:
        waiting = [*index.unexplained, *_first(index, EAGER_MAX)]
        # Asked of each task that a start finds: most have been told, and by this very object.
        untold = [t for t in waiting if state.tasks[t].reason is not state.environment]
        return Plan(reasons=_changed(state, dict.fromkeys(untold, state.environment)), keeps=keeps)
    draft = _Draft(state, index, frozenset(keeps))
    draft.start_what_fits()
    blocked = draft.first_blocked()
    pressure = Pressure(
        state, index, draft.free, draft.reserved, frozenset(keeps), started=draft.started
    )
    parks, victims, beneficiary = pressure.relieve(draft.most_important)
    yields = tuple(Yield(v, beneficiary, pressure.why(v, beneficiary)) for v in victims)
    tasks = state.tasks
    return Plan(
        start=tuple(t for t in draft.started if has_model(tasks[t])),
        asks=tuple(t for t in draft.started if lacks_model(tasks[t])),
        reasons=_reasons(state, index, draft, blocked),
        yields=yields,
        parks=parks,
        keeps=keeps,
        blocked=blocked,
    )


def has_model(task: Task) -> bool:
    """Whether nothing but a machine is missing: it needs no model, or has or cannot have it."""
    return not task.definition.model or task.lease in (Lease.GRANTED, Lease.REFUSED)


def lacks_model(task: Task) -> bool:
    """Whether its model is to be asked for; not twice."""
    return bool(task.definition.model) and task.lease is Lease.NONE


def _may_stay(state: PlaneState, index: Index, victim: TaskId) -> bool:
    """Nobody needs its place any more, and it has not begun to leave: that may be in Git by now."""
    task = state.tasks[victim]
    if task.phase is not Phase.RUNNING or task.yielding is None:
        return False
    return not _could_start(state, index, task.yielding.for_task)


def _could_start(state: PlaneState, index: Index, task_id: TaskId) -> bool:
    """Whether room is all that it lacks: nothing is kept free for whom this host is too small."""
    if index.key_at(task_id) is None:
        return False
    task = state.tasks[task_id]
    need = need_of(task)
    return fits(need, of_capacity(state.capacity)) and index.within_quota(task.project, need)


def reservations(state: PlaneState, index: Index, keeps: frozenset[TaskId]) -> dict[TaskId, Need]:
    """For whom room is set aside, and how much of it is already on its way.

    Tasks that others were asked to leave for, also once those have left, and the one that has
    found no room for longest.
    """
    coming: dict[TaskId, Need] = {}
    for victim in sorted(index.yielding - keeps):
        yielding = state.tasks[victim].yielding
        if yielding is not None and _could_start(state, index, yielding.for_task):
            before = coming.get(yielding.for_task, NOTHING)
            coming[yielding.for_task] = plus(before, need_of(state.tasks[victim]))
    for task_id in sorted(index.promised):
        if _could_start(state, index, task_id):
            coming.setdefault(task_id, NOTHING)
    latest_ms = state.steady_ms - state.rules.reserve_after_s * 1000
    longest: tuple[int, Key, TaskId] | None = None
    for task_id in index.stuck:
        since = state.tasks[task_id].stuck_since_ms
        if since is None or since > latest_ms or (key := index.key_at(task_id)) is None:
            continue
        if longest is not None and longest < (since, key, task_id):
            continue
        if _could_start(state, index, task_id):
            longest = (since, key, task_id)
    if longest is not None:
        coming.setdefault(longest[2], NOTHING)
    return coming


class _Draft:
    """The plan while starts are chosen."""

    def __init__(self, state: PlaneState, index: Index, keeps: frozenset[TaskId]) -> None:
        self.state = state
        self.index = index
        self.capacity = of_capacity(state.capacity)
        self.free = minus(self.capacity, index.used)
        self.reserved = reservations(state, index, keeps)
        self.started: dict[TaskId, None] = {}
        self._extra: dict[str, Need] = {}  # what starts of this plan add to a project
        self._taken: dict[tuple[str, Need], int] = {}  # how many of a bucket have started
        self._fronts: dict[str, Front] = {}  # of projects of which some have started
        self._ranks: list[Rank] | None = None

    def start_what_fits(self) -> None:
        """Those that room is set aside for first, then by the least share."""
        tasks = self.state.tasks
        for task_id in sorted(self.reserved, key=lambda t: self.index.key_at(t) or (0, 0, t)):
            if self._may_start(tasks[task_id].project, need_of(tasks[task_id]), reserved=True):
                self._start(tasks[task_id])
        while self.free[2] > 0:
            found = self._next_that_fits()
            if found is None:
                return
            self._start(tasks[found])

    def _next_that_fits(self) -> TaskId | None:
        small = frozenset(need for need in self.index.needs if fits(need, self.free))
        if not small:
            return None
        for _, _, project in self.ranks():
            for head in self._front(project).heads:
                if head.need in small and self._may_start(project, head.need):
                    return head.key[2]
        return None

    def ranks(self) -> list[Rank]:
        """Projects with waiting tasks, the least share first; of equal ones by their first task."""
        if self._ranks is None:
            self._ranks = list(self.index.ranks(self.capacity))
            for project, extra in self._extra.items():
                listed = self.index.shelves[project].listed
                if listed is not None:
                    del self._ranks[bisect_left(self._ranks, listed[0])]
                    share = self.index.share(project, self.capacity, extra)
                    insort(self._ranks, (share, self._front(project).across, project))
        return self._ranks

    def _front(self, project: str) -> Front:
        """The first task of each bucket that has not started in this plan."""
        if project not in self._extra:
            return self.index.front(project)
        if project not in self._fronts:
            self._fronts[project] = self.index.front_of(self._left(project))
        return self._fronts[project]

    def _left(self, project: str) -> Iterator[tuple[Key, Need]]:
        for need, bucket in self.index.shelves[project].buckets.items():
            place = self._taken.get((project, need), 0)
            while place < len(bucket) and bucket[place][2] in self.started:
                place += 1
            if place < len(bucket):
                yield bucket[place], need

    def most_important(self) -> Iterator[TaskId]:
        """The first tasks of all buckets, by their points, then in serving order."""
        ranks = self.ranks()
        levels = set(self.index.points)
        for project in self._extra:
            levels |= self._front(project).points
        for points in sorted(levels, reverse=True):
            for _, _, project in ranks:
                front = self._front(project)
                if points in front.points:
                    yield from (head.key[2] for head in front.heads if head.across == points)

    def first_blocked(self) -> TaskId | None:
        """The head of the queue, if only room is missing."""
        for _, _, project in self.ranks():
            for head in self._front(project).heads:
                if fits(head.need, self.capacity) and self._within_quota(project, head.need):
                    return head.key[2]
        return None

    def _within_quota(self, project: str, need: Need) -> bool:
        return self.index.within_quota(project, need, self._extra.get(project, NOTHING))

    def _may_start(self, project: str, need: Need, *, reserved: bool = False) -> bool:
        if not fits(need, self.free) or not self._within_quota(project, need):
            return False
        return reserved or self.leaves_room(need)

    def leaves_room(self, need: Need) -> bool:
        """Whether those that room is set aside for would still find it."""
        room, wanted = minus(self.free, need), NOTHING
        for task_id, coming in self.reserved.items():
            if task_id not in self.started:
                room = plus(room, coming)
                wanted = plus(wanted, need_of(self.state.tasks[task_id]))
        return wanted == NOTHING or fits(wanted, room)

    def _start(self, task: Task) -> None:
        need = need_of(task)
        self.started[task.id] = None
        self.free = minus(self.free, need)
        self._extra[task.project] = plus(self._extra.get(task.project, NOTHING), need)
        bucket = self.index.shelves[task.project].buckets[need]
        self._ranks = None
        self._fronts.pop(task.project, None)
        place = self._taken.get((task.project, need), 0)
        if place < len(bucket) and bucket[place][2] == task.id:
            self._taken[task.project, need] = place + 1


def _reasons(
    state: PlaneState, index: Index, draft: _Draft, blocked: TaskId | None
) -> dict[TaskId, Reason]:
    """Exact ones while the queue is short; in a long one what is true at any place of it."""
    situation = Situation(state, index, draft.free, draft.reserved, draft.leaves_room, blocked)
    wanted: dict[TaskId, Reason] = {}
    if index.queued + len(index.untrusted) <= EAGER_MAX:
        for task_id in (*_first(index, EAGER_MAX), *index.untrusted):
            if task_id not in draft.started:
                wanted[task_id] = reason_of(situation, state.tasks[task_id])
            elif not has_model(state.tasks[task_id]):
                wanted[task_id] = asked_for_its_model(state.tasks[task_id])
    else:
        for task_id in index.unexplained - draft.started.keys():
            wanted[task_id] = coarse(state, index, state.tasks[task_id])
        if blocked is not None:
            wanted[blocked] = reason_of(situation, state.tasks[blocked])
    return _changed(state, wanted)


def asked_for_its_model(task: Task) -> Reason:
    """There is room for it; its machine and its model are given in one step."""
    model = task.definition.model
    return Reason("model", f"the model {model} is being asked for", "the Fabric answers")


def _first(index: Index, count: int) -> list[TaskId]:
    """Some waiting tasks; all of them where there are no more than `count`."""
    found: list[TaskId] = []
    for project in sorted(index.shelves):
        for bucket in index.shelves[project].buckets.values():
            found.extend([key[2] for key in islice(bucket, count - len(found))])
            if len(found) >= count:
                return found
    return found


def _changed(state: PlaneState, wanted: dict[TaskId, Reason]) -> dict[TaskId, Reason]:
    tasks = state.tasks
    return {
        task_id: reason
        for task_id, reason in sorted(wanted.items())
        if tasks[task_id].phase is Phase.QUEUED and tasks[task_id].reason != reason
    }


def explain(state: PlaneState, task_id: TaskId) -> Reason | None:
    """The exact reason of one waiting task, with every other cause, its rank and its ageing.

    None where it does not wait.
    """
    task = state.tasks[task_id]
    if task.phase is not Phase.QUEUED or task.lease is Lease.WAITS:
        return task.reason
    if state.environment is not None:
        return state.environment
    index = index_of(state)
    draft = _Draft(state, index, frozenset())
    first = draft.first_blocked()
    situation = Situation(state, index, draft.free, draft.reserved, draft.leaves_room, first)
    reason, *others = causes_of(situation, task)
    facts = (*reason.facts, *rank_facts(situation, task))
    return replace(reason, facts=facts, also=tuple(others))
