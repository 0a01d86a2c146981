"""What planning needs to know of all tasks, kept up to date at every change of one.

Waiting tasks lie in buckets, one a project and need; everything in a bucket fits or fits not, so
looking at its first one is enough.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from clawdesk.domain.model import Lease, Phase, PlaneState, Reason, Task, TaskId
from clawdesk.domain.rules import Rules
from clawdesk.domain.scheduling.lasting import Runs
from clawdesk.domain.scheduling.resources import (
    NOTHING,
    Need,
    fits,
    holds_machine,
    minus,
    need_of,
    plus,
)
from clawdesk.domain.scheduling.scores import Key, Score, key_with, score_of
from clawdesk.domain.scheduling.sorting import Sorted, sorted_keys


class Head(NamedTuple):
    """The first waiting task of a bucket. `across`: its points beside other projects."""

    key: Key
    need: Need
    across: int


class Front(NamedTuple):
    """The first tasks of a project's buckets, by their keys.

    Args:
        across: the key by which the first of all compares with other projects.
        points: what the heads have beside other projects.
    """

    heads: tuple[Head, ...]
    across: Key
    points: frozenset[int]


Rank = tuple[float, Key, str]
"""What orders projects: the share each holds, then its first task; the least is served first."""


class _Place(NamedTuple):
    """Where a task waits."""

    project: str
    need: Need
    key: Key
    score: Score


@dataclass(slots=True)
class Shelf:
    """One project: its waiting tasks by need, and what it holds.

    `front` is what was last worked out of these, None where they changed since; `listed` is its
    place in the index's order of projects, and the points that count there.
    """

    weight: float = 1.0
    used: Need = NOTHING
    buckets: dict[Need, Sorted] = field(default_factory=dict)
    queued: int = 0
    front: Front | None = None
    listed: tuple[Rank, frozenset[int]] | None = None


class Index:
    """Make it with `index_of`.

    Args:
        rules: what keys depend on; other rules need another index.
        trusted: digests of project files; a task that asks for more waits beside the buckets
            (`untrusted`), and so do the tasks of a project that is `paused`.
    """

    def __init__(self, rules: Rules, trusted: frozenset[str], paused: Mapping[str, Reason]) -> None:
        self.rules = rules
        self.trusted = trusted
        self.paused = paused
        self.shelves: dict[str, Shelf] = {}
        self._has_quotas = any(
            each.quota.machines is not None or each.quota.memory_mib is not None
            for each in (rules.defaults, *rules.projects.values())
        )
        self.used: Need = NOTHING
        self.queued = 0
        self.untrusted: set[TaskId] = set()
        self.holding: set[TaskId] = set()
        self.running: set[TaskId] = set()
        self.held: set[TaskId] = set()
        self.yielding: set[TaskId] = set()
        self.leaving: set[TaskId] = set()
        self.stuck: set[TaskId] = set()
        self.promised: set[TaskId] = set()
        self.unexplained: set[TaskId] = set()
        self.runs = Runs()
        self.scores: dict[int, int] = {}  # of waiting tasks: score -> how many
        self.needs: dict[Need, int] = {}  # of waiting tasks: need -> how many
        self._places: dict[TaskId, _Place] = {}
        self._ranks: list[Rank] = []
        self._ranked_for: Need | None = None  # the capacity these are of
        self._stale: set[str] = set()  # projects that stand there as they were
        self.points: dict[int, int] = {}  # of the last `ranks`: how many have heads of so many
        self._held_scores: dict[TaskId, Score] = {}

    # -- changes --------------------------------------------------------------------------
    def put(self, old: Task | None, new: Task) -> None:
        """A task's value was replaced."""
        if new.phase is Phase.QUEUED or old is None or old.phase is Phase.QUEUED:
            self._queue(new)
        if (old is not None and old.phase is Phase.DONE) != (new.phase is Phase.DONE):
            self.runs.count(new)
        was = old is not None and holds_machine(old)
        now = holds_machine(new)
        if was != now:
            need = need_of(new)
            shelf = self._shelf(new)
            self.used = plus(self.used, need) if now else minus(self.used, need)
            shelf.used = plus(shelf.used, need) if now else minus(shelf.used, need)
            self._forget(new.project)
        _mark(self.holding, new.id, now)
        self._held_scores.pop(new.id, None)
        if not (was or now):
            return
        _mark(self.running, new.id, new.phase is Phase.RUNNING)
        _mark(self.held, new.id, new.phase is Phase.HELD and bool(new.machine))
        _mark(self.yielding, new.id, new.yielding is not None and bool(new.machine))
        # Its phase is RELEASING for a moment longer than it holds anything.
        _mark(self.leaving, new.id, now and (bool(new.leaving) or new.phase is Phase.RELEASING))

    def _queue(self, task: Task) -> None:
        waits = task.phase is Phase.QUEUED and task.wish is None
        waits = waits and task.lease is not Lease.WAITS  # its model is the Fabric's to give
        trusted = not task.policy_asks or task.policy_digest in self.trusted
        trusted = trusted and task.project not in self.paused
        _mark(self.untrusted, task.id, waits and not trusted)
        _mark(self.stuck, task.id, waits and task.stuck_since_ms is not None)
        _mark(self.promised, task.id, waits and task.promised)
        _mark(self.unexplained, task.id, waits and task.reason is None)
        place = self._places.get(task.id)
        if not (waits and trusted):
            if place is not None:
                self._take_out(task.id, place)
            return
        score = score_of(task, self.rules)
        key = key_with(task, self.rules, score.total)
        if place is not None:
            if place.key == key and place.score == score:
                return
            self._take_out(task.id, place)
        need, shelf = need_of(task), self._shelf(task)
        shelf.weight = max(0.01, task.policy.weight)
        self._forget(task.project)
        if need not in shelf.buckets:
            shelf.buckets[need] = sorted_keys()
        shelf.buckets[need].add(key)
        shelf.queued += 1
        self.queued += 1
        self.scores[score.total] = self.scores.get(score.total, 0) + 1
        self.needs[need] = self.needs.get(need, 0) + 1
        self._places[task.id] = _Place(task.project, need, key, score)

    def _take_out(self, task_id: TaskId, place: _Place) -> None:
        project, need, key, score = place
        shelf = self.shelves[project]
        self._forget(project)
        bucket = shelf.buckets[need]
        bucket.remove(key)
        if not len(bucket):
            del shelf.buckets[need]
        shelf.queued -= 1
        self.queued -= 1
        self.scores[score.total] -= 1
        if not self.scores[score.total]:
            del self.scores[score.total]
        self.needs[need] -= 1
        if not self.needs[need]:
            del self.needs[need]
        del self._places[task_id]

    def _forget(self, project: str) -> None:
        """Something of it changed: what was worked out is true no more."""
        self.shelves[project].front = None
        self._stale.add(project)

    def _shelf(self, task: Task) -> Shelf:
        return self.shelves.setdefault(task.project, Shelf())

    # -- questions ------------------------------------------------------------------------
    def share(self, project: str, capacity: Need, extra: Need = NOTHING) -> float:
        """Dominant share of the host that a project holds, divided by its weight."""
        shelf = self.shelves[project]
        return _share(plus(shelf.used, extra), capacity) / shelf.weight

    def ranks(self, capacity: Need) -> Sequence[Rank]:
        """All projects with waiting tasks, in the order they are served on such a host."""
        if self._ranked_for != capacity:
            self._ranked_for = capacity
            self._stale.update(self.shelves)
        for project in self._stale:
            self._list_anew(project, capacity)
        self._stale.clear()
        return self._ranks

    def _list_anew(self, project: str, capacity: Need) -> None:
        shelf = self.shelves[project]
        if shelf.listed is not None:
            rank, points = shelf.listed
            del self._ranks[bisect_left(self._ranks, rank)]
            for each in points:
                self.points[each] -= 1
                if not self.points[each]:
                    del self.points[each]
            shelf.listed = None
        if shelf.queued:
            front = self.front(project)
            rank = (self.share(project, capacity), front.across, project)
            insort(self._ranks, rank)
            for each in front.points:
                self.points[each] = self.points.get(each, 0) + 1
            shelf.listed = (rank, front.points)

    def front(self, project: str) -> Front:
        """The first tasks of its buckets."""
        shelf = self.shelves[project]
        if shelf.front is None:
            shelf.front = self.front_of((bucket[0], need) for need, bucket in shelf.buckets.items())
        return shelf.front

    def front_of(self, keys: Iterable[tuple[Key, Need]]) -> Front:
        """As `front`, of these waiting tasks."""
        heads = sorted(Head(key, need, self._places[key[2]].score.across) for key, need in keys)
        if not heads:
            return Front((), (0, 0, ""), frozenset())
        first, score = heads[0].key, self._places[heads[0].key[2]].score
        aged_ms = self.rules.ageing_s * 1000 * (score.total - score.across)
        across = (first[0] + aged_ms, first[1], first[2])
        return Front(tuple(heads), across, frozenset(head.across for head in heads))

    def score(self, task: Task) -> Score:
        """Of a task that waits or holds a machine, without working it out again."""
        place = self._places.get(task.id)
        if place is not None:
            return place.score
        score = self._held_scores.get(task.id)
        if score is None:
            score = score_of(task, self.rules)
            if task.id in self.holding:
                self._held_scores[task.id] = score
        return score

    def key_at(self, task: TaskId) -> Key | None:
        """The key under which a task waits; None where it is not eligible."""
        place = self._places.get(task)
        return place.key if place is not None else None

    def place(self, task: TaskId) -> int:
        """Its place among the waiting tasks of its project, from 1."""
        project, _need, key, _score = self._places[task]
        return 1 + sum(b.bisect_left(key) for b in self.shelves[project].buckets.values())

    def within_quota(self, project: str, need: Need, extra: Need = NOTHING) -> bool:
        """Whether the project may hold that much more, borrowing included."""
        quota = self.rules.of(project).quota
        shelf = self.shelves.get(project)
        total = plus(plus(shelf.used if shelf else NOTHING, extra), need)
        return fits(
            total,
            _limit(
                quota.memory_mib, quota.memory_mib_borrow, quota.machines, quota.machines_borrow
            ),
        )

    def within_nominal(self, project: str, need: Need) -> bool:
        """Whether the project would stay inside what is its own; never where it has no quota."""
        quota = self.rules.of(project).quota
        if quota.machines is None and quota.memory_mib is None:
            return False
        total = plus(self.shelves[project].used, need)
        return fits(total, _limit(quota.memory_mib, 0, quota.machines, 0))

    def anybody_borrows(self) -> bool:
        """Whether a project holds more than its quota."""
        return self._has_quotas and any(self.borrows(project) for project in self.shelves)

    def borrows(self, project: str) -> bool:
        """Whether the project holds more than its quota."""
        quota = self.rules.of(project).quota
        if quota.machines is None and quota.memory_mib is None:
            return False
        return not fits(self.shelves[project].used, _limit(quota.memory_mib, 0, quota.machines, 0))


_MUCH = 1 << 60


def _limit(
    memory: int | None, memory_borrow: int | None, machines: int | None, machines_borrow: int | None
) -> Need:
    def total(nominal: int | None, borrow: int | None) -> int:
        return _MUCH if nominal is None or borrow is None else nominal + borrow

    return (_MUCH, total(memory, memory_borrow), total(machines, machines_borrow))


def _share(used: Need, capacity: Need) -> float:
    return max(u / c if c > 0 else 0.0 for u, c in zip(used, capacity, strict=True))


def _mark(marked: set[TaskId], task: TaskId, wanted: bool) -> None:
    if wanted:
        marked.add(task)
    else:
        marked.discard(task)


def index_of(state: PlaneState) -> Index:
    """The state's index, made anew where there is none for its rules and trust."""
    index = state.index
    if isinstance(index, Index) and (index.rules, index.trusted, index.paused) == (
        state.rules,
        state.trusted,
        state.paused,
    ):
        return index
    made = Index(state.rules, state.trusted, state.paused)
    for task in state.tasks.values():
        made.put(None, task)
    state.index = made
    return made
