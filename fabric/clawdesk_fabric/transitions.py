"""step(state, event) -> effects: the only writer of the Fabric's state.

No I/O, no clock, no randomness. Rules, cited below:
R1 never more calls in flight than a replica has slots; what waits, waits here, in our order.
R2 one start per model at a time, however many calls wait for it.
R3 a call leaves exactly once: forwarded, refused, or ended by its client.
R4 a call in flight is never evicted; a replica leaves when its last call ends.
R5 every waiting call has a reason.
"""

from __future__ import annotations

from bisect import insort

from clawdesk_fabric.effects import Effect, Effects, Refuse, StopReplica
from clawdesk_fabric.events import (
    CallArrived,
    CallEnded,
    ClosingAsked,
    EngineChanged,
    Event,
    LoadAsked,
    ReplicaAdopted,
    ReplicaFailed,
    ReplicaProgressed,
    ReplicaReady,
    ReplicaStopped,
    TimePassed,
    UnloadAsked,
)
from clawdesk_fabric.model import FabricState, Phase, Replica
from clawdesk_fabric.planning import plan, refuse_waiting


def step(state: FabricState, event: Event) -> Effects:
    """Apply one event; what must be done comes back in order."""
    effects: Effects = []
    match event:
        case CallArrived():
            effects += _arrived(state, event)
        case CallEnded():
            _ended(state, event)
        case LoadAsked():
            _load_asked(state, event)
        case UnloadAsked():
            replica = state.replicas[event.model]
            replica.wanted = False
            replica.leaving = replica.phase in (Phase.STARTING, Phase.READY)
        case EngineChanged():
            state.engine = event.view
        case ClosingAsked():
            state.closing = True
        case TimePassed():
            effects += _stop_idle(state, event.at_ms)
        case _:
            effects += _replica_event(state, event)
    return effects + plan(state, event.at_ms)


def _arrived(state: FabricState, event: CallArrived) -> Effects:
    call = event.call
    replica = state.replicas.get(call.model)
    if replica is None:
        return [Refuse(call.id, "model_not_found", f"there is no model {call.model}")]
    if state.waiting_count >= state.limits.waiting_max:
        text = f"{state.waiting_count} calls wait already, which is the limit"
        return [Refuse(call.id, "queue_full", text, retry_after_s=5)]
    if replica.memory_mib > state.limits.memory_mib:
        text = (
            f"{call.model} needs {replica.memory_mib} MiB; "
            f"the Fabric may use {state.limits.memory_mib} MiB in all"
        )
        return [Refuse(call.id, "no_capacity", text, "raise memory_mib in the settings file")]
    state.calls[call.id] = call
    insort(replica.waiting, call.key)
    return []


def _ended(state: FabricState, event: CallEnded) -> None:
    call = state.calls.pop(event.call, None)
    if call is None:
        return
    state.told.pop(call.id, None)
    replica = state.replicas[call.model]
    if call.id in replica.in_flight:
        replica.in_flight.discard(call.id)
        if not replica.in_flight:
            replica.idle_since_ms = event.at_ms
        if event.succeeded:
            replica.failures = 0
    elif call.key in replica.waiting:
        replica.waiting.remove(call.key)


def _load_asked(state: FabricState, event: LoadAsked) -> None:
    replica = state.replicas[event.model]
    if replica.phase is Phase.READY and not replica.leaving:
        replica.idle_since_ms = event.at_ms
        return
    replica.wanted = True
    # A person asked for it by name: try at once, whatever happened before.
    replica.retry_at_ms = 0
    replica.failures = 0
    replica.given_up = False
    replica.problem = replica.mend = ""


def _stop_idle(state: FabricState, at_ms: int) -> Effects:
    effects: list[Effect] = []
    for replica in state.replicas.values():
        if replica.phase is not Phase.READY or replica.in_flight or replica.waiting:
            continue
        if at_ms - replica.idle_since_ms >= replica.idle_stop_ms:
            replica.phase = Phase.STOPPING
            why = f"idle for {replica.idle_stop_ms // 1000} s"
            effects.append(StopReplica(replica.model, replica.generation, why))
    return effects


def _replica_event(
    state: FabricState,
    event: ReplicaAdopted | ReplicaProgressed | ReplicaReady | ReplicaFailed | ReplicaStopped,
) -> Effects:
    replica = state.replicas[event.model]
    if isinstance(event, ReplicaAdopted):
        # Only at start, before anything else could have started it.
        assert replica.phase is Phase.ABSENT
        replica.generation += 1
        replica.phase, replica.idle_since_ms = Phase.READY, event.at_ms
        return []
    if event.generation != replica.generation or replica.phase is Phase.ABSENT:
        return []
    match event:
        case ReplicaProgressed():
            replica.progress = event.text
        case ReplicaReady() if replica.phase is Phase.STARTING:
            replica.phase, replica.idle_since_ms = Phase.READY, event.at_ms
            replica.wanted = False
            replica.progress = replica.problem = replica.mend = ""
        case ReplicaFailed():
            return _failed(state, replica, event)
        case ReplicaStopped():
            _gone(replica)
    return []


def _gone(replica: Replica) -> None:
    """The container is no more. Its calls end by themselves: their connections break."""
    replica.phase = Phase.ABSENT
    replica.in_flight.clear()
    replica.leaving = False
    replica.progress = ""


def _failed(state: FabricState, replica: Replica, event: ReplicaFailed) -> Effects:
    stopping = replica.phase is Phase.STOPPING
    _gone(replica)
    if stopping:
        return []
    replica.failures += 1
    replica.problem, replica.mend, replica.code = event.text, event.mend, event.code
    limits = state.limits
    if event.permanent or replica.failures >= limits.failures_max:
        replica.wanted = False
        replica.given_up = True
        replica.retry_at_ms = event.at_ms + limits.cooldown_ms
        return refuse_waiting(
            state,
            replica,
            code=event.code,
            text=event.text,
            mend=event.mend,
            retry_after_s=limits.cooldown_ms // 1000,
        )
    replica.retry_at_ms = event.at_ms + limits.backoff_ms * 2 ** (replica.failures - 1)
    return []
