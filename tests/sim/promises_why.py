"""Whether a reason for waiting is the cause of it (I15): take it away, and the task starts."""

from __future__ import annotations

import random
from dataclasses import replace

from clawdesk.domain.model import Capacity, Phase, PlaneState, Reason, Task
from clawdesk.domain.rules import ProjectRules, Quota, Rules
from clawdesk.domain.scheduling import explain, plan
from clawdesk.domain.scheduling.index import index_of
from clawdesk.domain.scheduling.plan import reservations
from clawdesk.domain.scheduling.resources import need_of, of_capacity, plus
from tests.sim.hall import task_of
from tests.sim.promises import SEEDS, plane, queued, running


def every_reason_is_the_cause() -> None:
    """Taking away what a reason names lets the task start; leaving any part of it does not."""
    for seed in range(SEEDS * 6):
        rng = random.Random(seed)
        state = _stuck(rng)
        plan_once = plan(state)
        started = set(plan_once.start)
        for task in list(state.tasks.values()):
            if task.phase is Phase.QUEUED and task.id not in started and not started:
                _check_reason(state, task, f"seed {seed}")


def _stuck(rng: random.Random) -> PlaneState:
    """A full host, and tasks that wait for every cause there is."""
    quota = ProjectRules(quota=Quota(machines=1, machines_borrow=0))
    rules = Rules(projects={"/q": quota}, run_s_min=10_000)
    runs = [running(task_of(f"r{n}", rng.choice(("/q", "/a")))) for n in range(3)]
    waits = []
    for number in range(8):
        project = rng.choice(("/q", "/a", "/b", "/gone"))
        memory_mib = rng.choice((512, 1024, 4096))
        task = queued(task_of(f"w{number}", project, memory_mib=memory_mib), number)
        if rng.random() < 0.3:
            task = replace(task, policy_asks=("more",), policy_digest="d")
        if rng.random() < 0.3:
            task = replace(task, stuck_since_ms=0)
        waits.append(task)
    state = plane(*runs, *waits, rules=rules)
    state.paused = {"/gone": Reason("project_unavailable", "is gone", "bring it back")}
    for task_id in plan(state).start:
        task = state.tasks[task_id]
        state.tasks[task_id] = running(task)
    state.index = None
    return state


def _check_reason(state: PlaneState, task: Task, where: str) -> None:
    reason = explain(state, task.id)
    assert reason is not None, where
    causes = [reason, *reason.also]
    codes = [cause.code for cause in causes]
    where = f"{where}: {task.id} {codes}"
    assert len(codes) == len(set(codes)), where
    assert _starts_without(state, task, set(codes)), f"{where} was not all"
    for code in codes:
        assert not _starts_without(state, task, set(codes) - {code}), f"{where}: {code} is none"


def _starts_without(state: PlaneState, task: Task, codes: set[str]) -> bool:
    """Whether it starts in the same world with those causes taken away, and nobody else waiting."""
    reserved = reservations(state, index_of(state), frozenset())
    waits = {t.id for t in state.tasks.values() if t.phase is Phase.QUEUED and t.id != task.id}
    gone = waits if "reserved" in codes else waits - reserved.keys()
    tasks = {t.id: t for t in state.tasks.values() if t.id not in gone}
    if task.id not in reserved:
        tasks[task.id] = replace(task, stuck_since_ms=None)
    total, used, need = of_capacity(state.capacity), index_of(state).used, need_of(task)
    if "too_big" in codes:
        total = (max(total[0], need[0]), max(total[1], need[1]), max(total[2], need[2]))
    if "capacity" in codes:
        # What the running ones hold is given back; with "too_big" the host grows as well.
        total = plus(total, used)
    rules = Rules(run_s_min=10_000) if "quota" in codes else state.rules
    other = PlaneState(
        capacity=Capacity(*total),
        rules=rules,
        trusted=frozenset({"d"}) if "untrusted" in codes else state.trusted,
        steady_ms=state.steady_ms,
        paused={} if "project_unavailable" in codes else state.paused,
        tasks=tasks,
    )
    return task.id in plan(other).start
