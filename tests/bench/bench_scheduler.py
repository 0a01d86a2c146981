"""Rows C2 and C3 of performance.md: the scheduler at 100,000 waiting tasks over 200 projects.

A decision is one machine given back and the plan that starts the next task, through
`transitions.step`, as in the running program; nothing else is measured and nothing is left out.
"""

from __future__ import annotations

import gc
import random
import statistics
import time
from collections.abc import Iterator
from dataclasses import replace

from clawdesk.domain import effects as do
from clawdesk.domain import events as ev
from clawdesk.domain.model import (
    Capacity,
    MachineNeed,
    PlaneState,
    PriorityClass,
    ProjectPolicy,
    StepSpec,
    Task,
    TaskDefinition,
)
from clawdesk.domain.scheduling import explain
from clawdesk.domain.transitions import step
from tests.bench.rows import Row, row

TASKS = 100_000
PROJECTS = 200
SLOTS = 64
DECISIONS = 5_000
PUBLISHED = {"Slurm": 500, "Nomad": 1_500, "Kueue": 43}
"""Decisions a second, as their makers publish them."""


def measure(n: int) -> Iterator[Row]:
    state, running = _full(random.Random(1))
    ms = _decide(state, running)
    each_s = 1000 / statistics.mean(ms)
    ordered = sorted(ms)
    p99, worst = ordered[int(len(ordered) * 0.99)], ordered[-1]
    yield row("C2 decision, median", ms, "ms")
    yield row("C2 decision, p99", [p99], "ms", goal="at most 2 ms")
    yield row("C2 decision, longest of 5,000", [worst], "ms", goal="at most 20 ms")
    published = max(PUBLISHED.items(), key=lambda item: item[1])
    yield row(
        "C2 decisions a second",
        [each_s],
        "1/s",
        beside=[float(published[1])],
        ratio_to=f"{published[0]} as published (others: Slurm 500, Kueue 43)",
        goal="at least 5,000",
    )
    yield row("C3 why does it wait", _explain(state, max(n, 20)), "ms", goal="at most 50 ms")


def _full(rng: random.Random) -> tuple[PlaneState, list[do.StartMachine]]:
    """A plane with everything submitted, and the machines that were started meanwhile."""
    state, running = PlaneState(), []
    started = ev.CapacityChanged(0, Capacity(SLOTS, SLOTS * 1024, SLOTS))
    step(state, started)
    for number in range(TASKS):
        for effect in step(state, ev.TaskSubmitted(0, _task(rng, number))):
            if isinstance(effect, do.StartMachine):
                running.append(effect)
    for effect in running:
        _has_started(state, effect)
    return state, running


def _task(rng: random.Random, number: int) -> Task:
    project = f"/projects/{rng.randrange(PROJECTS):03}"
    need = MachineNeed(memory_mib=rng.choice((256, 512, 1024)), cpu_count=rng.choice((1, 1, 2)))
    definition = TaskDefinition("t", f"Task {number}", (StepSpec("s", "true"),), machine=need)
    return Task(
        id=f"{number:026}",
        project=project,
        definition=definition,
        policy=ProjectPolicy(weight=rng.choice((0.5, 1.0, 2.0))),
        submitted_at_ms=0,
        base_commit="b",
        start_commit="s",
        priority=rng.randint(-5, 5),
        priority_class=rng.choice(list(PriorityClass)),
    )


def _has_started(state: PlaneState, effect: do.StartMachine) -> None:
    machine = f"m{effect.task}"
    started = ev.MachineStarted(1, effect.task, effect.attempt, machine, 1.0, "tcg", warm=True)
    step(state, started)


def _decide(state: PlaneState, running: list[do.StartMachine]) -> list[float]:
    """End one task after another; the ms of each step that gives a machine back."""
    found: list[float] = []
    queue = list(running)
    gc.collect()
    while len(found) < DECISIONS and queue:
        effect = queue.pop(0)
        task = effect.task
        step(state, ev.CancelAsked(2, task, "bench", "bench"))
        begun = time.perf_counter()
        effects = step(state, ev.MachineReleased(2, task, f"m{task}"))
        found.append((time.perf_counter() - begun) * 1000)
        step(state, ev.EventRecorded(2, task, "finished", "c"))
        for more in effects:
            if isinstance(more, do.StartMachine):
                _has_started(state, more)
                queue.append(more)
    return found


def _explain(state: PlaneState, n: int) -> list[float]:
    rng, found = random.Random(2), []
    waiting = [t.id for t in state.tasks.values() if t.phase.value == "queued"]
    state.rules = replace(state.rules)  # as after a restart: the index is made anew once
    explain(state, waiting[0])
    for task in rng.sample(waiting, n):
        begun = time.perf_counter()
        assert explain(state, task) is not None
        found.append((time.perf_counter() - begun) * 1000)
    return found
