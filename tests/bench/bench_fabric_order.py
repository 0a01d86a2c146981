"""The Fabric's decisions with 1,000 calls waiting, and F5 of performance.md in simulated time.

A decision is one call that ends and all that follows from it, through `transitions.step`.
"""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Iterator
from statistics import mean

from clawdesk_fabric import events
from clawdesk_fabric.effects import Effects, Forward, StartReplica, StopReplica
from clawdesk_fabric.invariants import check
from clawdesk_fabric.model import Call, CallClass, EngineView, FabricState, Limits
from clawdesk_fabric.transitions import new_replica, new_state, step
from clawdesk_fabric.waits import waits
from tests.bench.rows import Row, row
from tests.sim.fabric.loads import BACKLOGGED, play
from tests.sim.fabric.world import jain, p95

WAITING = 1_000
PROJECTS = 50
MODELS = 20
DECISIONS = 3_000
SEEDS = range(5)


def measure(n: int) -> Iterator[Row]:
    ms, place_ms = _decide(random.Random(1))
    ordered = sorted(ms)
    yield row("Fabric: decision with 1,000 waiting, median", ms, "ms", goal="at most 1 ms")
    yield row("Fabric: decision, p99", [ordered[int(len(ordered) * 0.99)]], "ms")
    yield row("Fabric: places and reasons of all 1,000", place_ms, "ms")
    ours = [play("clawdesk", seed) for seed in SEEDS]
    fifo = [play("fifo", seed) for seed in SEEDS]
    yield row(
        "F5 useful tokens in 10 simulated min",
        [float(world.tokens) for world in ours],
        "tokens",
        beside=[float(world.tokens) for world in fifo],
        ratio_to="one queue in order of arrival",
        goal="at least 2 times",
    )
    fair = [[jain(w.used_ms.get(p, 0.0) for p in BACKLOGGED) for w in ws] for ws in (ours, fifo)]
    yield row(
        "F5 Jain's index of GPU time (simulated)",
        [mean(fair[0])],
        "",
        beside=[mean(fair[1])],
        ratio_to="one queue in order of arrival",
        goal="at least 0.95, and its",
    )
    person = [p95(world.waits_ms(CallClass.INTERACTIVE)) / 1000 for world in ours]
    yield row("F5 a person waits, p95 (simulated)", person, "s", goal="at most 20.5 s")


def _decide(chance: random.Random) -> tuple[list[float], list[float]]:
    """Milliseconds of each decision; and of working out why everybody waits."""
    state, flying, at_ms, numbers = _full(chance)
    ms: list[float] = []
    gc.collect()
    for _ in range(DECISIONS):
        at_ms += 50
        chosen = flying.pop(chance.randrange(len(flying)))
        began = time.perf_counter()
        done = step(state, events.CallEnded(at_ms, chosen, True, 100))
        check(state)
        ms.append((time.perf_counter() - began) * 1000)
        _carry_out(state, done, flying, at_ms)
        numbers += 1
        done = step(state, _call(chance, numbers, at_ms))
        _carry_out(state, done, flying, at_ms)
    began = time.perf_counter()
    found = sum(len(waits(state, replica)) for replica in state.replicas.values())
    places_ms = (time.perf_counter() - began) * 1000
    assert found >= WAITING / 2
    return ms, [places_ms]


def _call(chance: random.Random, number: int, at_ms: int) -> events.CallArrived:
    made = Call(
        number,
        f"m{chance.randrange(MODELS)}",
        f"p{chance.randrange(PROJECTS)}",
        "",
        chance.choice(list(CallClass)),
        chance.randrange(-5, 6),
        at_ms,
    )
    return events.CallArrived(at_ms, made)


def _full(chance: random.Random) -> tuple[FabricState, list[int], int, int]:
    """Half of the models are loaded and busy, 1,000 calls wait for all of them."""
    replicas = [
        new_replica(f"m{n}", slots=4, memory_mib=1000, idle_stop_ms=600_000) for n in range(MODELS)
    ]
    limits = Limits(waiting_max=WAITING * 2, project_waiting_max=WAITING)
    view = EngineView(True, "none")
    state = new_state(limits, replicas, host_mib=1000 * MODELS // 2, engine=view)
    flying: list[int] = []
    number = 0
    while state.waiting_count < WAITING:
        number += 1
        _carry_out(state, step(state, _call(chance, number, number)), flying, number)
    return state, flying, number, number


def _carry_out(state: FabricState, done: Effects, flying: list[int], at_ms: int) -> None:
    """Starts succeed at once, stops end at once: only deciding is measured."""
    for effect in done:
        if isinstance(effect, Forward):
            flying.append(effect.call)
        elif isinstance(effect, StartReplica):
            ready = events.ReplicaReady(at_ms, effect.model, effect.generation)
            _carry_out(state, step(state, ready), flying, at_ms)
        elif isinstance(effect, StopReplica):
            gone = events.ReplicaStopped(at_ms, effect.model, effect.generation)
            _carry_out(state, step(state, gone), flying, at_ms)
