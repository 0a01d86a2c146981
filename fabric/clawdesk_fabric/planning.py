"""Who runs: fills free slots, starts what is asked for, makes room, and gives every wait a reason.

Called at the end of each step; changes the state only through what it returns as effects and the
phases that go with them. A simple order for now: class, priority, arrival.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from clawdesk_fabric.effects import (
    Effect,
    Effects,
    Forward,
    Refuse,
    StartReplica,
    StopReplica,
    TellWaiting,
)
from clawdesk_fabric.model import FabricState, Key, Phase, Replica, Wait

_WANTED: Key = (3, 0, 0)
"""A model somebody asked for by name comes after every waiting call."""


@dataclass(slots=True)
class _Room:
    """Memory that this plan has promised already, and who makes room for whom."""

    promised_mib: int = 0
    kept_for: dict[str, str] = field(default_factory=dict)  # leaving model -> model it is left for


def plan(state: FabricState, at_ms: int) -> Effects:
    """Everything that can be done now."""
    effects: list[Effect] = []
    if state.closing:
        for replica in state.replicas.values():
            effects += refuse_waiting(
                state,
                replica,
                code="no_capacity",
                text="the Fabric is shutting down",
                retry_after_s=5,
            )
    for replica in _by_urgency(state):
        effects += _refuse_hopeless(state, replica, at_ms)
    room = _Room()
    for replica in _by_urgency(state):
        if replica.phase is Phase.READY:
            if not replica.leaving and replica.model not in room.kept_for:
                effects += _forward(state, replica)
        elif replica.phase is Phase.ABSENT and at_ms >= replica.retry_at_ms:
            effects += _start(state, replica, room)
    effects += _stop_leaving(state)
    return effects + _tell(state, room)


def refuse_waiting(
    state: FabricState,
    replica: Replica,
    *,
    code: str,
    text: str,
    mend: str = "",
    retry_after_s: int = 0,
) -> Effects:
    """Every call that waits for the model ends here."""
    effects: list[Effect] = []
    for _, _, call in replica.waiting:
        del state.calls[call]
        state.told.pop(call, None)
        effects.append(Refuse(call, code, text, mend, retry_after_s))
    replica.waiting.clear()
    return effects


def _by_urgency(state: FabricState) -> list[Replica]:
    """Models that are asked for, the one with the first call to serve first."""
    asked = [r for r in state.replicas.values() if r.waiting or (r.wanted and not state.closing)]
    return sorted(asked, key=lambda r: r.waiting[0] if r.waiting else _WANTED)


def _refuse_hopeless(state: FabricState, replica: Replica, at_ms: int) -> Effects:
    """Calls for a model that cannot be started now are told so at once, not kept waiting."""
    if replica.phase is not Phase.ABSENT:
        return []
    if not state.engine.available:
        problem, mend = state.engine.problem, state.engine.mend
        replica.wanted = False
        replica.problem, replica.mend = problem, mend
        return refuse_waiting(
            state, replica, code="no_capacity", text=problem, mend=mend, retry_after_s=10
        )
    if replica.given_up and at_ms < replica.retry_at_ms:
        retry_after_s = max(1, (replica.retry_at_ms - at_ms) // 1000)
        return refuse_waiting(
            state,
            replica,
            code=replica.code,
            text=replica.problem,
            mend=replica.mend,
            retry_after_s=retry_after_s,
        )
    return []


def _forward(state: FabricState, replica: Replica) -> Effects:
    effects: list[Effect] = []
    while replica.waiting and len(replica.in_flight) < replica.slots:
        _, _, call = replica.waiting.pop(0)
        replica.in_flight.add(call)
        state.told.pop(call, None)
        effects.append(Forward(call, replica.model, replica.generation))
    return effects


def _start(state: FabricState, replica: Replica, room: _Room) -> Effects:
    """Start the model if it fits; else send idle ones away and let busy ones run dry for it."""
    short_mib = (
        state.memory_used_mib + room.promised_mib + replica.memory_mib - state.limits.memory_mib
    )
    if short_mib <= 0:
        replica.phase = Phase.STARTING
        replica.generation += 1
        replica.given_up = False
        return [StartReplica(replica.model, replica.generation)]
    room.promised_mib += replica.memory_mib
    effects: list[Effect] = []
    short_mib -= sum(
        r.memory_mib
        for r in state.replicas.values()
        if r.phase is Phase.STOPPING or r.model in room.kept_for
    )
    for victim in _victims(state, replica, room):
        if short_mib <= 0:
            break
        short_mib -= victim.memory_mib
        room.kept_for[victim.model] = replica.model
        if not victim.in_flight:
            victim.phase = Phase.STOPPING
            why = f"makes room for {replica.model}"
            effects.append(StopReplica(victim.model, victim.generation, why))
    return effects


def _victims(state: FabricState, replica: Replica, room: _Room) -> list[Replica]:
    """Who could make room: idle ones first, the longest idle first; a busy one runs dry."""
    ready = [
        r
        for r in state.replicas.values()
        if r.phase is Phase.READY and r is not replica and r.model not in room.kept_for
    ]
    return sorted(ready, key=lambda r: (bool(r.in_flight), bool(r.waiting), r.idle_since_ms))


def _stop_leaving(state: FabricState) -> Effects:
    effects: list[Effect] = []
    for replica in state.replicas.values():
        if replica.phase is Phase.READY and replica.leaving and not replica.in_flight:
            replica.phase = Phase.STOPPING
            effects.append(StopReplica(replica.model, replica.generation, "asked to unload"))
    return effects


def _tell(state: FabricState, room: _Room) -> Effects:
    """Places and reasons that changed since each waiting call last heard."""
    effects: list[Effect] = []
    for replica in state.replicas.values():
        if not replica.waiting:
            continue
        code, text, frees = _reason(state, replica, room)
        for position, (_, _, call) in enumerate(replica.waiting, start=1):
            wait = Wait(position, code, text, frees)
            if state.told.get(call) != wait:
                state.told[call] = wait
                effects.append(TellWaiting(call, wait))
    return effects


def _reason(state: FabricState, replica: Replica, room: _Room) -> tuple[str, str, str]:
    """Why the model's queue does not move: code, sentence, what would free it."""
    model = replica.model
    match replica.phase:
        case Phase.STARTING:
            step = f": {replica.progress}" if replica.progress else ""
            return "loading", f"{model} is being loaded{step}", f"{model} is ready"
        case Phase.STOPPING:
            return "stopping", f"{model} is being stopped and will start again", "it is stopped"
        case Phase.READY if replica.leaving:
            return "leaving", f"{model} was asked to unload", "its calls in flight end"
        case Phase.READY if model in room.kept_for:
            older = room.kept_for[model]
            return "memory", f"{model} makes room for {older}", f"{older} has been served"
        case Phase.READY:
            text = f"all {replica.slots} slots of {model} are in use"
            return "slots_busy", text, "a call in flight ends"
    if replica.failures and not room.kept_for:
        return "failed", f"{model} failed and starts again: {replica.problem}", "the next start"
    users = ", ".join(r.model for r in state.replicas.values() if r.phase is not Phase.ABSENT)
    text = (
        f"{model} needs {replica.memory_mib} MiB; {state.memory_used_mib} of "
        f"{state.limits.memory_mib} MiB are in use by {users}"
    )
    return "memory", text, f"{users} ends"
