"""What scheduling promises, as checks that raise AssertionError; docs/adr/0012-scheduling.md.

A check builds its own small world. tests/sim/test_scheduling.py runs each one on the code as it
is, tests/sim/test_mutants.py runs it on code with one rule taken out: there it must fail.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

from clawdesk.domain import events as ev
from clawdesk.domain.model import (
    Capacity,
    Phase,
    PlaneState,
    PriorityClass,
    ProjectPolicy,
    Task,
)
from clawdesk.domain.rules import ProjectRules, Quota, Rules
from clawdesk.domain.scheduling import plan
from clawdesk.domain.scheduling.index import index_of
from clawdesk.domain.scheduling.plan import reservations
from clawdesk.domain.scheduling.resources import (
    NOTHING,
    fits,
    minus,
    need_of,
    of_capacity,
    plus,
)
from clawdesk.domain.scheduling.scores import BAND, BASE, key_of, score_of
from tests.sim.hall import BOOT_MS, CHECKPOINT_MS, COMMIT_MS, RELEASE_MS, Hall, task_of

SEEDS = int(os.environ.get("PLAN_SEEDS", "3"))
SLACK_S = 1 + (BOOT_MS + CHECKPOINT_MS + COMMIT_MS + RELEASE_MS) / 1000
"""What machines and Git take beside what the rules say, and the second that a tick may be late."""
ODD = (0, 7, -7, 10**9, -(10**9), float("nan"), float("inf"), -float("inf"), 2**70)


def running(task: Task, since_ms: int = 0, preemptions: int = 0) -> Task:
    """The task with a machine that it got at that steady time."""
    return replace(
        task,
        phase=Phase.RUNNING,
        machine=f"m{task.id}",
        machine_since_ms=since_ms,
        preemptions=preemptions,
        step_running=True,
    )


def plane(
    *tasks: Task,
    rules: Rules | None = None,
    steady_ms: int = 600_000,
    capacity: Capacity | None = None,
) -> PlaneState:
    """A plane that holds these tasks, ten minutes after it began."""
    return PlaneState(
        capacity=capacity or Capacity(cpu_count=4, memory_mib=2048, machines=4),
        rules=rules or Rules(),
        steady_ms=steady_ms,
        tasks={task.id: task for task in tasks},
    )


def queued(task: Task, seq: int, eligible_ms: int = 0, stuck_ms: int | None = None) -> Task:
    return replace(task, seq=seq, eligible_ms=eligible_ms, stuck_since_ms=stuck_ms)


# -- I6, I7, I8: order --------------------------------------------------------------------
def scores_stay_inside_the_systems_bounds() -> None:
    for kind, base in BASE.items():
        for hint in ODD:
            for low in ODD:
                for high in ODD:
                    policy = ProjectPolicy(priority_min=low, priority_max=high)  # type: ignore[arg-type]
                    task = task_of("t", hint=hint, kind=kind, policy=policy)  # type: ignore[arg-type]
                    for rules in (Rules(), Rules(hint_max=10**9)):
                        score = score_of(task, rules)
                        assert abs(score.total - base) <= BAND, (hint, low, high)
                        assert isinstance(key_of(task, rules)[0], int)
                    assert abs(score_of(task, Rules()).total - base) <= BAND


def a_suggestion_counts_only_so_much() -> None:
    for hint, counts in ((3, 3), (10**9, 5), (-(10**9), -5), (float("nan"), 0)):
        task = task_of("t", hint=hint)  # type: ignore[arg-type]
        assert score_of(task, Rules()).total == counts
    bound = ProjectPolicy(priority_max=2)
    assert score_of(task_of("t", hint=10**9, policy=bound), Rules()).total == 2


def _crowd(rng: random.Random, hints: bool) -> list[Task]:
    """Tasks of three projects, some of them running; only those of /a suggest a priority."""
    found = []
    for number in range(rng.randint(6, 14)):
        project = rng.choice(("/a", "/b", "/c"))
        hint = rng.randint(-9, 9)
        task = task_of(f"t{number:02}", project, hint=hint if hints and project == "/a" else 0)
        runs = rng.random() < 0.25
        waited = queued(task, number, rng.randint(0, 600_000))
        found.append(running(waited) if runs else waited)
    return found


def a_suggestion_takes_nothing_from_other_projects() -> None:
    for seed in range(SEEDS * 10):
        with_hints, without = (_crowd(random.Random(seed), hints) for hints in (True, False))
        room = Capacity(8, 4096, random.Random(seed).randint(2, 8))
        told = [plan(plane(*tasks, capacity=room)) for tasks in (with_hints, without)]
        others = [[t for t in p.start if _project(with_hints, t) != "/a"] for p in told]
        both = min(map(len, others))
        assert others[0][:both] == others[1][:both], f"seed {seed}: {others}"
        for asked in told[0].yields:
            winner = _project(with_hints, asked.for_task)
            loser = _project(with_hints, asked.victim)
            assert winner != "/a" or loser == "/a", f"seed {seed}: {asked}"
    alone = [queued(task_of("b", "/b"), 1, 1_000), queued(task_of("a", "/a", hint=5), 2, 2_000)]
    one = Capacity(1, 512, 1)
    assert plan(plane(*alone, capacity=one)).start == ("b",), "it gains no tie of equal shares"


def _project(tasks: list[Task], task_id: str) -> str:
    return next(t.project for t in tasks if t.id == task_id)


def the_same_tasks_give_the_same_plan_in_any_order() -> None:
    for seed in range(SEEDS * 5):
        rng = random.Random(seed)
        tasks = [replace(t, seq=0, eligible_ms=0) for t in _crowd(rng, hints=True)]
        first = plan(plane(*tasks))
        for _ in range(3):
            rng.shuffle(tasks)
            assert plan(plane(*tasks)) == first, f"seed {seed}"


def the_index_kept_up_to_date_is_the_one_made_anew() -> None:
    def compare(hall: Hall) -> None:
        kept = plan(hall.state)
        anew = plan(replace(hall.state, index=None))
        assert kept == anew, hall.now_ms

    _mixed(1, watch=compare)


# -- I9, I10, I11: waiting ----------------------------------------------------------------
def nobody_is_overtaken_by_more_than_its_ageing() -> None:
    for seed in range(SEEDS):
        rng = random.Random(seed)
        hall = Hall(capacity=Capacity(1, 512, 1), rules=Rules(ageing_s=20, margin=100))
        kinds = list(PriorityClass)
        for number in range(40):
            task = task_of(f"t{number:02}", hint=rng.randint(-9, 9), kind=rng.choice(kinds))
            hall.submit(task, step_s=rng.randint(1, 15), at_s=rng.uniform(0, 300))
        hall.run(900)
        assert len(hall.began_s) == 40
        _check_overtaking(hall, seed)


def _check_overtaking(hall: Hall, seed: int) -> None:
    tasks, rules = hall.state.tasks, hall.rules
    for later in tasks.values():
        for earlier in tasks.values():
            ahead_s = hall.submitted_s[later.id] - hall.submitted_s[earlier.id]
            overtook = hall.began_s[later.id] < hall.began_s[earlier.id]
            if ahead_s <= 0 or not overtook:
                continue
            points = score_of(later, rules).total - score_of(earlier, rules).total
            # Age counts whole ticks of a second.
            assert ahead_s < rules.ageing_s * points + 1, f"seed {seed}: {later.id} {earlier.id}"


def nothing_idles_that_somebody_could_use() -> None:
    for seed in range(SEEDS):
        _mixed(seed, watch=work_is_conserved)


def work_is_conserved(hall: Hall) -> None:
    """After an event, no waiting task fits what is free beside what is set aside."""
    state = hall.state
    index = index_of(state)
    free = minus(of_capacity(state.capacity), index.used)
    set_aside, reserved = NOTHING, reservations(state, index, frozenset())
    for task_id, coming in reserved.items():
        set_aside = plus(set_aside, minus(need_of(state.tasks[task_id]), coming))
    kept = (max(0, set_aside[0]), max(0, set_aside[1]), set_aside[2])
    for task in hall.waits():
        need = need_of(task)
        room = free if task.id in reserved else minus(free, kept)
        if index.within_quota(task.project, need) and fits(need, room):
            # Room that comes by asking somebody to leave is given at the next change of anything.
            assert task.id in plan(state).start, f"{task.id} could run: {free}"


def _mixed(seed: int, watch: Callable[[Hall], None]) -> Hall:
    """Four minutes of tasks of every size, class and suggestion from three projects."""
    rng = random.Random(seed)
    quota = ProjectRules(quota=Quota(machines=1, machines_borrow=rng.choice((None, 2))))
    rules = Rules(run_s_min=5, reserve_after_s=20, ageing_s=5, projects={"/c": quota})
    hall = Hall(rules=rules, watch=watch)
    for number in range(18):
        task = task_of(
            f"t{number:02}",
            rng.choice(("/a", "/b", "/c")),
            steps=rng.randint(1, 4),
            memory_mib=rng.choice((256, 512, 1024, 2048)),
            hint=rng.randint(-5, 5),
            kind=rng.choice(list(PriorityClass)),
        )
        hall.submit(task, step_s=rng.randint(2, 12), at_s=rng.uniform(0, 120))
    return hall.run(240)


def a_whole_machine_task_gets_its_turn() -> None:
    """One that needs everything, among small ones that never stop coming (load 1.2)."""
    rules = Rules(reserve_after_s=60, margin=100)
    for seed in range(SEEDS):
        rng = random.Random(seed)
        hall = Hall(rules=rules)
        for number in range(160):
            length_s = rng.randint(10, 30)
            hall.submit(task_of(f"s{number:03}", "/small"), length_s, at_s=number * 4.2)
        hall.submit(task_of("whole", "/whole", memory_mib=2048), 10, at_s=30)
        hall.run(30 + 60 + 30 + 2 * SLACK_S)
        assert "whole" in hall.began_s, f"seed {seed}: it waits for ever"


def a_reservation_lasts_as_long_as_its_holder_waits() -> None:
    """Whatever else happens: tasks come and end, rules are read again, hours pass."""
    hall = Hall(rules=Rules(reserve_after_s=30, margin=100))
    hall.submit(task_of("long", "/small"), 1_000)
    hall.submit(task_of("whole", "/whole", memory_mib=2048), 10, at_s=1)
    for number in range(12):
        hall.submit(task_of(f"s{number:02}", "/small"), 30, at_s=40 + 70 * number)
    hall.run(990)
    late = [name for name in hall.began_s if name.startswith("s")]
    assert not late, f"{late} took what was set aside"
    hall.run(1_000 + 2 * SLACK_S)
    assert "whole" in hall.began_s


def a_reservation_that_cannot_be_used_blocks_nobody() -> None:
    """The host shrank below what its holder needs: others run meanwhile, and it keeps its place."""
    for shrunk in (Capacity(4, 1024, 4), Capacity(4, 2048, 4)):
        quota = Quota() if shrunk.memory_mib < 2048 else Quota(machines=0, machines_borrow=0)
        rules = Rules(projects={"/w": ProjectRules(quota=quota)})
        whole = queued(task_of("whole", "/w", memory_mib=2048), 1, stuck_ms=0)
        small = queued(task_of("small", "/s"), 2)
        decided = plan(plane(whole, small, rules=rules, capacity=shrunk))
        assert decided.start == ("small",), decided


# -- I12, I13, I14: shares, quotas, leaving -----------------------------------------------
def two_busy_projects_get_their_weights() -> None:
    for weights in ((1.0, 1.0), (2.0, 1.0), (3.0, 1.0)):
        rng = random.Random(7)
        hall = Hall(capacity=Capacity(8, 8192, 8))
        for number in range(110):
            for name, weight in zip("ab", weights, strict=True):
                task = task_of(f"{name}{number:03}", f"/{name}", weight=weight)
                hall.submit(task, step_s=rng.randint(15, 45))
        hall.run(400)
        assert len([t for t in hall.waits() if t.project == "/a"]) > 8, "both have work to do"
        got = hall.held_ms["/a"] / (hall.held_ms["/a"] + hall.held_ms["/b"])
        wanted = weights[0] / sum(weights)
        assert abs(got - wanted) <= 0.05, f"{weights}: {got:.3f} instead of {wanted:.3f}"


def a_project_holds_no_more_than_it_may_borrow() -> None:
    quota = ProjectRules(quota=Quota(machines=1, machines_borrow=1))
    waiting = [queued(task_of(f"t{number}"), number) for number in range(4)]
    decided = plan(plane(*waiting, rules=Rules(projects={"/p": quota})))
    assert len(decided.start) == 2, decided.start


def what_was_lent_comes_back_at_the_next_checkpoint() -> None:
    """Also past the heads of many other projects, all of them more important."""
    quota = ProjectRules(quota=Quota(machines=0, machines_borrow=None))
    owner = ProjectRules(quota=Quota(machines=2))
    rules = Rules(run_s_min=5, margin=100, projects={"/borrower": quota, "/owner": owner})
    hall = Hall(rules=rules)
    for number in range(4):
        hall.submit(task_of(f"b{number}", "/borrower", steps=60), 10)
    for number in range(10):
        kind = PriorityClass.INTERACTIVE
        hall.submit(task_of(f"x{number}", f"/x{number}", kind=kind), 10, at_s=20)
    hall.submit(task_of("mine", "/owner", kind=PriorityClass.BATCH), 10, at_s=20)
    hall.run(20 + 10 + 2 * SLACK_S)
    assert "mine" in hall.began_s, f"{hall.asked}"
    assert [for_task for _, for_task, _ in hall.asked] == ["mine"], hall.asked


def no_pair_swaps_twice() -> None:
    """And nobody leaves before its time, which doubles with every time that it left."""
    for seed in range(SEEDS):
        hall = _mixed(seed, watch=lambda hall: None)
        swaps = {(one, other): at_s for one, other, at_s in hall.left}
        for (one, other), at_s in swaps.items():
            back_s = swaps.get((other, one))
            assert back_s is None or abs(back_s - at_s) >= hall.rules.run_s_min, f"seed {seed}"


def _newcomer(hint: int, *others: Task, rules: Rules | None = None, **more: object) -> list[str]:
    """Who is asked to leave for a new task of their project."""
    new = queued(task_of("new", hint=hint, **more), 99)  # type: ignore[arg-type]
    return [asked.victim for asked in plan(plane(new, *others, rules=rules)).yields]


def only_a_clear_margin_makes_a_task_yield() -> None:
    others = [running(task_of(f"r{n}", hint=0)) for n in range(4)]
    assert _newcomer(4, *others) == []
    assert len(_newcomer(5, *others)) == 1


def a_machine_runs_a_while_before_it_is_asked() -> None:
    for ran_s, asked in ((29, 0), (30, 1)):
        others = [running(task_of(f"r{n}", hint=-5), 600_000 - ran_s * 1000) for n in range(4)]
        assert len(_newcomer(5, *others)) == asked, ran_s


def who_left_often_is_left_alone_for_longer() -> None:
    for ran_s, asked in ((119, 0), (120, 1)):
        since_ms = 600_000 - ran_s * 1000
        others = [running(task_of(f"r{n}", hint=-5), since_ms, preemptions=2) for n in range(4)]
        assert len(_newcomer(5, *others)) == asked, ran_s


def no_more_leave_than_must() -> None:
    """Of three the newest are tried first; the one that is enough alone remains."""
    small = [running(task_of(f"s{n}", hint=-5, memory_mib=256), 500_000 + n) for n in range(2)]
    large = running(task_of("large", hint=-4, memory_mib=1024), 400_000)
    rest = running(task_of("rest", hint=5, memory_mib=512), 1_000)
    assert _newcomer(5, *small, large, rest, memory_mib=1024) == ["large"]


def the_least_important_leave_first_then_the_newest() -> None:
    tasks = [running(task_of(f"r{n}", hint=h), n) for n, h in enumerate((-3, -5, -5, 0))]
    assert _newcomer(5, *tasks) == ["r2"]
    quota = ProjectRules(quota=Quota(machines=0))
    rules = Rules(projects={"/borrower": quota, "/p": ProjectRules(quota=Quota(machines=4))})
    borrower = running(task_of("b", "/borrower", hint=5), 0)
    assert _newcomer(5, *tasks[:3], borrower, rules=rules) == ["b"]


def what_is_on_its_way_is_enough() -> None:
    """While one leaves for it, nobody else is asked to; and who need not leave may stay."""
    hall = Hall(capacity=Capacity(2, 1024, 2), rules=Rules(run_s_min=1))
    for number in range(2):
        hall.submit(task_of(f"r{number}", hint=-5, steps=30), 20)
    hall.submit(task_of("new", hint=5, steps=30), 20, at_s=10)
    hall.run(19)
    assert len(hall.asked) == 1, hall.asked
    assert hall.left == []
    hall.post(ev.CancelAsked(0, "new", "me", "test"))
    hall.run(60)
    assert hall.left == [], "its place was not needed any more"


def tasks_leave_only_at_a_checkpoint() -> None:
    """And a task that is late is told of, never killed."""
    hall = Hall(capacity=Capacity(1, 512, 1), rules=Rules(run_s_min=1))
    hall.submit(task_of("r", hint=-5, steps=2), 200)
    hall.submit(task_of("new", hint=5), 10, at_s=10)
    hall.run(200)
    task = hall.state.tasks["r"]
    assert (task.phase, hall.left) == (Phase.RUNNING, [])
    assert task.yielding is not None
    assert task.yielding.told_overdue
    hall.run(230)
    assert [name for name, _, _ in hall.left] == ["r"]
    assert hall.state.tasks["r"].checkpoints, "it left something to come back to"
    hall.run(500)
    assert set(hall.ended_s) == {"r", "new"}


# -- I16, I20, I21 ------------------------------------------------------------------------
def room_is_given_whole_or_not_at_all() -> None:
    for short in (Capacity(1, 2048, 4), Capacity(4, 512, 4), Capacity(4, 2048, 1)):
        used = running(task_of("r", cpu_count=1, memory_mib=256))
        new = queued(task_of("new", cpu_count=1, memory_mib=512), 1)
        assert plan(plane(used, new, capacity=short)).start == (), short
    assert plan(plane(used, new)).start == ("new",)


def more_room_never_keeps_the_first_in_line_waiting() -> None:
    """With the same tasks running; over time there are anomalies, see `anomalies`."""
    for seed in range(SEEDS * 20):
        tasks = _crowd(random.Random(seed), hints=True)
        started = []
        for slots in range(2, 10):
            start = plan(plane(*tasks, capacity=Capacity(slots, 512 * slots, slots))).start
            started.append(start)
        for less, more in pairwise(started):
            assert not less or less[0] in more, f"seed {seed}: {less} {more}"


def anomalies(seeds: int) -> tuple[int, int]:
    """(how often more room made the most important of several sizes start later, of how many).

    As in every queue of tasks of different sizes: with more room another set of them runs when it
    arrives. No promise; docs/adr/0012-scheduling.md tells how often.
    """
    later = 0
    for seed in range(seeds):
        begun = []
        for more in (0, 1):
            rng = random.Random(seed)
            hall = Hall(capacity=Capacity(2 + more, 1024 + 512 * more, 2 + more))
            for number in range(8):
                hall.submit(task_of(f"r{number}", steps=2), rng.randint(5, 60))
            hall.submit(task_of("first", hint=5, memory_mib=1024), 10, at_s=5)
            begun.append(hall.run(600).began_s["first"])
        later += begun[1] > begun[0]
    return later, seeds


def a_jump_of_the_clock_changes_nothing() -> None:
    def jumpy(now_ms: int) -> int:
        day_ms = 86_400_000
        return now_ms + (day_ms, -day_ms, 0)[now_ms // 7_000 % 3]

    told = []
    for wall_ms in (lambda now_ms: now_ms, jumpy):
        rng = random.Random(3)
        hall = Hall(rules=Rules(run_s_min=5, reserve_after_s=20, ageing_s=5), wall_ms=wall_ms)
        for number in range(14):
            task = task_of(f"t{number:02}", steps=3, hint=rng.randint(-5, 5), memory_mib=1024)
            hall.submit(task, step_s=rng.randint(2, 12), at_s=rng.uniform(0, 60))
        hall.run(300)
        told.append((hall.starts, hall.began_s, hall.asked, hall.left))
    assert told[0] == told[1]
