"""Short ways to build the Fabric's pure state, to feed it events, and to look at what it did."""

from __future__ import annotations

from typing import Any

from clawdesk_fabric import events
from clawdesk_fabric.effects import Effect
from clawdesk_fabric.invariants import check_queues
from clawdesk_fabric.leases import Lease
from clawdesk_fabric.model import (
    Call,
    CallClass,
    EngineView,
    FabricState,
    GpuProcess,
    GpuReading,
    Limits,
    Wait,
)
from clawdesk_fabric.transitions import new_replica, new_state, step
from clawdesk_fabric.waits import waits

UP = EngineView(True, "docker 1")
GIB = 1024


def host_state(*models: str, slots: int = 2, memory_mib: int = 4096, **limits: int) -> FabricState:
    """Models of 1 GiB on this host's processors."""
    replicas = [
        new_replica(name, slots=slots, memory_mib=GIB, idle_stop_ms=60_000) for name in models
    ]
    return new_state(Limits(**limits), replicas, host_mib=memory_mib, engine=UP)


def gpu_state(gpus: int, slots: int = 2, gpus_max: int = 1, **models: int) -> FabricState:
    """Models of so many GiB of GPU memory, on GPUs of 24 GiB each."""
    replicas = [
        new_replica(name, slots=slots, memory_mib=gib * GIB, idle_stop_ms=60_000, gpus_max=gpus_max)
        for name, gib in models.items()
    ]
    state = new_state(Limits(), replicas, host_mib=4096, engine=UP)
    step(state, read(0, *(gpu(index) for index in range(gpus))))
    return state


def gpu(
    index: int,
    used_gib: float = 0,
    processes: tuple[GpuProcess, ...] = (),
    problem: str = "",
    *,
    is_lost: bool = False,
) -> GpuReading:
    return GpuReading(
        f"GPU-{index}",
        index,
        "card",
        24 * GIB,
        0,
        int(used_gib * GIB),
        processes,
        problem,
        is_lost=is_lost,
    )


def read(at_ms: int, *readings: GpuReading, **owners: str) -> events.GpusRead:
    return events.GpusRead(at_ms, readings, tuple(owners.items()), "" if readings else "no driver")


def does(state: FabricState, *happened: events.Event) -> list[Effect]:
    """What all of them led to; every rule is checked after each."""
    effects: list[Effect] = []
    for event in happened:
        effects += step(state, event)
        check_queues(state)
    return effects


def call(number: int, model: str = "m", at_ms: int | None = None, **fields: Any) -> events.Event:
    """Arrives at `at_ms`; without it, at as many milliseconds as its number."""
    now_ms = number if at_ms is None else at_ms
    return events.CallArrived(now_ms, Call(number, model, arrived_ms=now_ms, **fields))


def lease(
    name: str, model: str, at_ms: int, call_class: CallClass = CallClass.AGENT, task: str = ""
) -> events.Event:
    made = Lease(name, model, "p", task or name, call_class, 0, at_ms, at_ms + 90_000)
    return events.LeaseAsked(at_ms, made)


def up(state: FabricState, model: str, at_ms: int) -> list[Effect]:
    """The start of the model that is under way succeeds."""
    generation = state.replicas[model].generation
    return does(state, events.ReplicaReady(at_ms, model, generation))


def down(state: FabricState, model: str, at_ms: int) -> list[Effect]:
    """The stop of the model that is under way ends."""
    generation = state.replicas[model].generation
    return does(state, events.ReplicaStopped(at_ms, model, generation))


def of(kind: type[Any], effects: list[Effect]) -> list[Any]:
    return [effect for effect in effects if isinstance(effect, kind)]


def told(state: FabricState, number: int) -> Wait:
    """Why this call waits."""
    return waits(state, state.replicas[state.calls[number].model])[number]
