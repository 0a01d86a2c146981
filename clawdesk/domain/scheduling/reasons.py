"""Why a task waits: one sentence with its numbers, from the parts that decide."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from clawdesk.domain.memory_size import memory_size, memory_sizes
from clawdesk.domain.model import PlaneState, Reason, Task, TaskId
from clawdesk.domain.scheduling.index import Index
from clawdesk.domain.scheduling.resources import (
    MEMORY,
    NAMES,
    NOTHING,
    Need,
    fits,
    minus,
    need_of,
    of_capacity,
    plus,
)
from clawdesk.domain.scheduling.scores import score_of

EAGER_MAX = 50
"""A queue up to this long has every reason worked out at every change; see `coarse`."""

_IN_UNITS = {"GiB": "GiB of memory", "MiB": MEMORY}


@dataclass(frozen=True, slots=True)
class Situation:
    """What is free after a plan, for whom it is set aside, and who is the first to get some."""

    state: PlaneState
    index: Index
    free: Need
    reserved: dict[TaskId, Need]
    leaves_room: Callable[[Need], bool]
    first: TaskId | None


def coarse(state: PlaneState, index: Index, task: Task) -> Reason:
    """True at any place of a long queue, so that it need not be written again with each start."""
    if task.project in index.paused:
        return index.paused[task.project]
    if task.id in index.untrusted:
        return _untrusted(task)
    need, points = need_of(task), score_of(task, state.rules).total
    text = (
        f"more than {EAGER_MAX} tasks wait on this host; it needs {need[0]} CPUs and "
        f"{memory_size(need[1])} of memory, and has {points} points"
    )
    facts = (("cpus", need[0]), ("needs", need[1]), ("score", points))
    return Reason("rank", text, f"its turn; `clawdesk why {task.id}` counts it out", facts)


def reason_of(situation: Situation, task: Task) -> Reason:
    """What keeps it from starting, after a plan was drawn up; the first of `causes_of`."""
    return next(_causes(situation, task))


def causes_of(situation: Situation, task: Task) -> tuple[Reason, ...]:
    """All that keeps it from starting: without all of them it starts, with any of them it waits."""
    return tuple(_causes(situation, task))


def _causes(situation: Situation, task: Task) -> Iterator[Reason]:
    index, state = situation.index, situation.state
    if task.wish is not None:
        yield Reason("restoring", f"is being taken back to checkpoint {task.wish.ordinal}", "that")
        return
    free = True
    if task.project in index.paused:
        free = False
        yield index.paused[task.project]
    if task.policy_asks and task.policy_digest not in index.trusted:
        free = False
        yield _untrusted(task)
    for cause in _want_of_room(situation, task, need_of(task), of_capacity(state.capacity)):
        free = False
        yield cause
    if free:
        yield Reason("next", "starts with the next change", "nothing")


def _want_of_room(situation: Situation, task: Task, need: Need, total: Need) -> Iterator[Reason]:
    for name, wanted, given in zip(NAMES, need, total, strict=True):
        if wanted > given:
            yield Reason(
                "too_big",
                "needs {} {}, this host gives {} to machines".format(*_said(name, wanted, given)),
                "a smaller [machine] table in the task file, or a larger host",
                (("needs", wanted), ("capacity", given)),
            )
            break
    if not situation.index.within_quota(task.project, need):
        yield _quota(situation, task)
    grown = (max(need[0], total[0]), max(need[1], total[1]), max(need[2], total[2]))
    held = not fits(need, minus(grown, minus(total, situation.free)))
    if held:
        yield _capacity(situation, task)
    if task.id in situation.reserved or not situation.reserved:
        return
    # Behind those that hold the host now, others may be waiting for what they leave.
    if _behind_others(situation, task, grown) if held else not situation.leaves_room(need):
        yield _set_aside(situation, task)


def _behind_others(situation: Situation, task: Task, total: Need) -> bool:
    """Whether it would wait for those that room is set aside for even on an idle host."""
    need, others, siblings = need_of(task), NOTHING, NOTHING
    for task_id in situation.reserved:
        other = situation.state.tasks[task_id]
        others = plus(others, need_of(other))
        if other.project == task.project:
            siblings = plus(siblings, need_of(other))
    if not fits(plus(need, others), total):
        return True
    index = situation.index
    alone = index.within_quota(task.project, need)
    return alone and not index.within_quota(task.project, need, siblings)


def _untrusted(task: Task) -> Reason:
    asks = "; ".join(task.policy_asks)
    return Reason(
        "untrusted",
        f"its project's policy asks for more than you have allowed: {asks}",
        f"clawdesk trust {task.project}",
        (("asks", len(task.policy_asks)),),
    )


def _quota(situation: Situation, task: Task) -> Reason:
    index = situation.index
    shelf = index.shelves.get(task.project)
    used, quota = shelf.used if shelf else NOTHING, index.rules.of(task.project).quota
    memory, lent, held = quota.memory_mib or 0, quota.memory_mib_borrow or 0, used[1]
    own_words, lent_words, held_words = memory_sizes(memory, lent, held)
    limit = ", ".join(
        nominal + (f" (+{borrow} borrowed)" if borrow else "")
        for nominal, borrow, limits in (
            (own_words, lent_words if lent else "", quota.memory_mib is not None),
            (f"{quota.machines} machines", quota.machines_borrow, quota.machines is not None),
        )
        if limits
    )
    return Reason(
        "quota",
        f"its project may hold {limit}, and holds {held_words} in {used[2]} machines",
        "another task of its project ends, or a larger quota in policy.toml",
        (("project_memory_mib", used[1]), ("project_machines", used[2])),
    )


def _capacity(situation: Situation, task: Task) -> Reason:
    state, index = situation.state, situation.index
    need, free, capacity = need_of(task), situation.free, of_capacity(state.capacity)
    short = [
        (name, wanted, left, total)
        for name, wanted, left, total in zip(NAMES, need, free, capacity, strict=True)
        if wanted > left
    ]
    name, wanted, left, total = short[0] if len(short) == 1 else _tightest(short)
    tasks = state.tasks
    defined = [tasks[t].definition for t in index.holding]
    holders = sorted([each.title or each.name for each in defined])
    names = ", ".join(holders[:3]) + (f" and {len(holders) - 3} more" if len(holders) > 3 else "")
    victims = sorted(
        t for t in index.yielding if (y := state.tasks[t].yielding) and y.for_task == task.id
    )
    frees = f"{names} ends, yields, or waits for you"
    facts: list[tuple[str, str | int | float]] = [
        ("needs", wanted),
        ("free", max(0, left)),
        ("capacity", total),
        ("what", name),
        ("holders", names),
    ]
    text = "needs {} {}, {} of {} are free".format(*_said(name, wanted, max(0, left), total))
    if names:
        text += f"; held by {names}"
    if victims:
        titles = ", ".join(state.tasks[v].title for v in victims)
        due_s = max(state.tasks[v].policy.checkpoint_every_s for v in victims)
        text += f"; {titles} was asked to yield"
        frees = f"the next checkpoint of {titles}, expected every {due_s} s"
        facts.append(("yields_within_s", due_s))
    elif task.id == situation.first and (found := _room_within(situation, need)) is not None:
        within_s, runs, title = found
        median = f" takes as long as its last {runs} runs, in the median"
        frees += f"; estimate: within {_span(within_s)}, if {title}"
        frees += median if runs > 1 else " takes as long as its last run"
        facts += [("estimate_within_s", within_s), ("estimate_runs", runs)]
    return Reason("capacity", text, frees, tuple(facts))


def _said(name: str, wanted: int, *others: int) -> tuple[str, ...]:
    """What is wanted and its name, then the other amounts, as a person reads them."""
    if name != MEMORY:
        return (str(wanted), name, *map(str, others))
    first, *rest = memory_sizes(wanted, *others)
    number, _, unit = first.partition(" ")
    return (number, _IN_UNITS[unit], *rest)


def _room_within(situation: Situation, need: Need) -> tuple[int, int, str] | None:
    """When enough of those that work now are done, if they take as long as before.

    Returns (seconds at most, how many runs of the last of them were measured, its title), None
    where too few of them have run before.
    """
    tasks, index = situation.state.tasks, situation.index
    known = []
    for task_id in index.holding:
        lasting = index.runs.lasting(tasks[task_id], tasks)
        if lasting is not None:
            known.append((lasting.within_s, lasting.runs, task_id))
    room = situation.free
    for within_s, runs, task_id in sorted(known):
        room = plus(room, need_of(tasks[task_id]))
        if fits(need, room):
            return within_s, runs, tasks[task_id].title
    return None


def _span(seconds: int) -> str:
    return f"{seconds} s" if seconds < 120 else f"{-(-seconds // 60)} min"


def _tightest(short: list[tuple[str, int, int, int]]) -> tuple[str, int, int, int]:
    """Memory says more than slots do."""
    return next((found for found in short if found[0] == MEMORY), short[0])


def _set_aside(situation: Situation, task: Task) -> Reason:
    state = situation.state
    others = sorted(state.tasks[t].title for t in situation.reserved if t != task.id)
    names = ", ".join(others)
    return Reason(
        "reserved",
        f"would fit, but what is free is set aside for {names}",
        f"{names} starts",
        (("reserved_for", names),),
    )


def rank_facts(situation: Situation, task: Task) -> tuple[tuple[str, str | int | float], ...]:
    state, index = situation.state, situation.index
    score = score_of(task, state.rules)
    waited_s = max(0, state.steady_ms - task.eligible_ms) // 1000
    facts: list[tuple[str, str | int | float]] = [
        ("score", score.total),
        ("class", task.priority_class.value),
        ("class_points", score.base),
        ("suggestion_points", score.suggestion),
        ("waited_s", waited_s),
        ("ageing_points", round(waited_s / max(1, state.rules.ageing_s), 1)),
        ("queued", index.queued),
    ]
    if index.key_at(task.id) is not None:
        capacity = of_capacity(state.capacity)
        mine = index.share(task.project, capacity)
        ahead = sum(
            1
            for project, shelf in index.shelves.items()
            if shelf.queued and index.share(project, capacity) < mine
        )
        facts += [
            ("place_in_project", index.place(task.id)),
            ("project_share", round(mine, 4)),
            ("projects_served_first", ahead),
        ]
    return tuple(facts)
