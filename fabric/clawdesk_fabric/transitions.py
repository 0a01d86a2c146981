"""step(state, event) -> effects: the only writer of the Fabric's state.

No I/O, no clock, no randomness. Rules, cited below:
R1 never more calls in flight than a replica has slots; what waits, waits here, in our order.
R2 one start per model at a time, however many calls wait for it.
R3 a call leaves exactly once: forwarded, refused, or ended by its client.
R4 a call in flight is never evicted; a replica leaves when its last call ends.
R5 no memory is promised twice, and none that was not seen free.
R6 every hold ends: of a lease that is not renewed, of a call that waits too long.
R7 nothing runs on a GPU that is lost; calls in flight there end by themselves.
"""

from __future__ import annotations

from dataclasses import replace

from clawdesk_fabric import events as e
from clawdesk_fabric import leases, ledger, models_known, order
from clawdesk_fabric.effects import Effect, Effects, EndLease, Refuse, StopReplica
from clawdesk_fabric.model import (
    HOST,
    PEER_PROJECT,
    Device,
    EngineView,
    FabricState,
    Figures,
    Limits,
    Phase,
    Replica,
)
from clawdesk_fabric.planning import cannot_fit, plan, refuse_call, refuse_waiting

RAISED = 5 / 4
"""A model that ran out of memory is promised so much more at its next start."""
_LATEST = 0.3
"""Weight of the latest figure in a moving average."""
WEIGHTS = (0.01, 1000.0)


def new_replica(
    model: str,
    *,
    slots: int,
    memory_mib: int,
    idle_stop_ms: int,
    gpus_max: int = 0,
    remote: bool = False,
) -> Replica:
    """A model that is not loaded; see `Figures`."""
    figures = Figures(model, slots, memory_mib, idle_stop_ms, gpus_max, remote)
    return models_known.replica_of(figures)


def new_state(
    limits: Limits,
    replicas: list[Replica],
    *,
    host_mib: int,
    engine: EngineView | None = None,
) -> FabricState:
    """The start of every Fabric: nothing is loaded, nobody waits, no GPU was read."""
    host = Device(HOST, name="this host's memory", total_mib=host_mib, largest_mib=host_mib)
    return FabricState(
        limits,
        {HOST: host},
        {replica.model: replica for replica in replicas},
        engine=engine or EngineView(),
    )


def step(state: FabricState, event: e.Event) -> Effects:
    """Apply one event; what must be done comes back in order."""
    order.accrue(state, event.at_ms)
    at_ms = state.at_ms
    effects: Effects = []
    match event:
        case e.CallArrived():
            effects += _arrived(state, event)
        case e.CallEnded():
            _ended(state, event)
        case e.LoadAsked():
            _load_asked(state, event)
        case e.UnloadAsked():
            _unload_asked(state.replicas[event.model])
        case e.EngineChanged():
            _engine_changed(state, event)
        case e.ClosingAsked():
            state.closing = True
        case e.TimePassed():
            effects += _time_passed(state, at_ms)
        case e.LeaseAsked() | e.LeaseRenewed() | e.LeaseReleased():
            effects += _lease_event(state, event, at_ms)
        case (
            e.ReservationMade()
            | e.ReservationEnded()
            | e.WallClockMoved()
            | e.BudgetSet()
            | e.WeightSet()
            | e.UsageKnown()
            | e.SettingsRead()
        ):
            _set(state, event)
        case e.CatalogRead():
            effects += models_known.read(state, event.models, event.removed)
        case e.GpusRead() | e.PeakLearned() | e.PinSet() | e.OthersPromised():
            effects += _memory_event(state, event)
        case _:
            effects += _replica_event(state, event)
    return effects + plan(state, at_ms)


def _arrived(state: FabricState, event: e.CallArrived) -> Effects:
    call = event.call
    replica = state.replicas.get(call.model)
    if replica is None:
        return [Refuse(call.id, "model_not_found", f"there is no model {call.model}")]
    limits = state.limits
    if state.waiting_count >= limits.waiting_max:
        text = f"{state.waiting_count} calls wait already, which is the limit"
        return [Refuse(call.id, "queue_full", text, retry_after_s=_retry_after_s(replica))]
    share = order.share_of(state, call.project)
    if share.waiting >= limits.project_waiting_max:
        text = f"{share.waiting} calls of this project wait already, which is its limit"
        return [Refuse(call.id, "queue_full", text, retry_after_s=_retry_after_s(replica))]
    problem, mend = _no_place(state, replica)
    if problem:
        return [Refuse(call.id, "no_capacity", problem, mend)]
    state.calls[call.id] = call
    order.enter(state, call)
    return []


def _no_place(state: FabricState, replica: Replica) -> tuple[str, str]:
    """As `cannot_fit`, for a model that has no place yet: limits may have shrunk since."""
    if replica.phase in (Phase.STARTING, Phase.READY):
        return "", ""
    return cannot_fit(state, replica)


def _retry_after_s(replica: Replica) -> int:
    """When a place should be free by what was measured; at least 5 s."""
    rounds = 1 + len(replica.waiting) // replica.slots
    return max(5, min(600, rounds * replica.call_ms // 1000))


def _ended(state: FabricState, event: e.CallEnded) -> None:
    call = state.calls.pop(event.call, None)
    state.gpu_ms.pop(event.call, None)
    if event.call in state.cut:
        state.cut.remove(event.call)
    if call is None:
        return
    share = order.share_of(state, call.project)
    share.tokens += max(0, event.tokens)
    replica = state.replicas.get(call.model)
    if replica is None:
        return  # forgotten meanwhile; its connection has just ended
    if call.id in replica.in_flight:
        started_ms = replica.in_flight.pop(call.id)
        replica.busy -= order.width(replica, call)
        share.in_flight -= 1
        if not replica.in_flight:
            replica.idle_since_ms = event.at_ms
        if event.succeeded:
            replica.failures = 0
            took_ms = event.at_ms - started_ms
            replica.call_ms = _average(replica.call_ms, took_ms)
            state.call_ms = _average(state.call_ms, took_ms)
    elif call.id in replica.waiting.calls:
        order.leave(state, call)


def _average(before: int, now: int) -> int:
    return now if not before else round(before + _LATEST * (now - before))


def _load_asked(state: FabricState, event: e.LoadAsked) -> None:
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


def _engine_changed(state: FabricState, event: e.EngineChanged) -> None:
    """What was said of an engine that could not be used no longer holds for its models."""
    before = state.engine.problem
    state.engine = event.view
    for replica in state.replicas.values():
        if event.view.available and replica.problem == before and not replica.failures:
            replica.problem = replica.mend = ""


def _unload_asked(replica: Replica) -> None:
    replica.wanted = replica.pinned = False
    replica.leaving = replica.phase in (Phase.STARTING, Phase.READY)


def _memory_event(
    state: FabricState, event: e.GpusRead | e.PeakLearned | e.PinSet | e.OthersPromised
) -> Effects:
    match event:
        case e.OthersPromised():
            promised = dict(event.mib)
            for device in state.devices.values():
                device.elsewhere_mib = promised.get(device.id, 0)
        case e.GpusRead():
            state.gpu_note = event.note
            owners = dict(event.owners)
            ledger.read(state, event.readings, owners, kept_mib=event.kept_mib)
            return [effect for r in state.replicas.values() for effect in _lost(state, r)]
        case e.PinSet():
            state.replicas[event.model].pinned = event.pinned
        case e.PeakLearned():
            replica = state.replicas[event.model]
            # One that stops keeps what it holds; its next start is promised this.
            if replica.phase in (Phase.ABSENT, Phase.STOPPING) and event.memory_mib > 0:
                replica.memory_mib = event.memory_mib
    return []


def _lost(state: FabricState, replica: Replica) -> Effects:
    """A model whose GPU is gone is none any more, whatever its container says (R7)."""
    device = ledger.lost(state, replica) if replica.phase is Phase.READY else None
    if device is None:
        return []
    replica.phase = Phase.STOPPING
    name = f"GPU {device.index} ({device.name})"
    replica.problem = f"{name}, on which {replica.model} ran, cannot be used: {device.problem}"
    replica.mend = f"clawdesk-fabric load {replica.model} starts it anew where there is room"
    stop = StopReplica(replica.model, replica.generation, replica.problem)
    return [stop, *leases.lost(state, replica.model, replica.problem)]


def _lease_event(
    state: FabricState, event: e.LeaseAsked | e.LeaseRenewed | e.LeaseReleased, at_ms: int
) -> Effects:
    match event:
        case e.LeaseAsked():
            lease = event.lease
            replica = state.replicas.get(lease.model)
            if replica is None or replica.is_removed:
                return [EndLease(lease.id, f"there is no model {lease.model}")]
            problem, _ = _no_place(state, replica)
            if problem:
                return [EndLease(lease.id, problem)]
            if lease.id not in state.leases:
                if len(state.leases) >= state.limits.leases_max:
                    return [EndLease(lease.id, f"{len(state.leases)} leases are the limit")]
                state.leases[lease.id] = lease
        case e.LeaseRenewed():
            leases.renew(state, event.lease, at_ms)
        case e.LeaseReleased():
            leases.release(state, event.lease)
    return []


def _set(
    state: FabricState,
    event: e.ReservationMade
    | e.ReservationEnded
    | e.WallClockMoved
    | e.BudgetSet
    | e.WeightSet
    | e.UsageKnown
    | e.SettingsRead,
) -> None:
    """What a person decided of windows, budgets, weights and limits."""
    match event:
        case e.SettingsRead():
            state.limits = replace(state.limits, waiting_max=event.waiting_max)
            host = state.devices[HOST]
            # What is promised above a smaller limit stays until its models leave.
            host.total_mib = event.host_mib
            host.largest_mib = max(host.largest_mib, event.host_mib)
        case e.ReservationMade():
            state.reservations[event.reservation.id] = event.reservation
        case e.ReservationEnded():
            state.reservations.pop(event.reservation, None)
        case e.WallClockMoved(by_ms=by_ms):
            for name, found in state.reservations.items():
                begins, ends = found.from_ms - by_ms, found.until_ms - by_ms
                state.reservations[name] = replace(found, from_ms=begins, until_ms=ends)
        case e.BudgetSet() if event.budget is None:
            state.budgets.pop(event.project, None)
        case e.BudgetSet():
            assert event.budget is not None
            state.budgets[event.project] = event.budget
        case e.UsageKnown():
            share = order.share_of(state, event.project)
            share.used_ms += event.used_ms
            share.tokens += event.tokens
        case e.WeightSet():
            least, most = WEIGHTS
            if event.project.startswith(PEER_PROJECT):
                most = 1.0  # what is lent never weighs more than one project of ours
            order.share_of(state, event.project).weight = min(most, max(least, event.weight))


def _time_passed(state: FabricState, at_ms: int) -> Effects:
    effects = leases.end_old(state, at_ms)
    ledger.forget_old_releases(state, at_ms)
    for found in list(state.reservations.values()):
        if at_ms >= found.until_ms:
            del state.reservations[found.id]
    for replica in state.replicas.values():
        if replica.coming is not None and replica.phase is not Phase.ABSENT:
            models_known.settle(state, replica)  # calls or leases may have ended that it waited for
        for call in list(replica.waiting):
            limit_ms = call.arrived_ms + state.limits.wait_ms_max
            if at_ms >= min(limit_ms, call.deadline_ms or limit_ms):
                waited_s = (at_ms - call.arrived_ms) / 1000
                text = f"the call waited {waited_s:.0f} s, which is its limit"
                effects.append(refuse_call(state, call, Refuse(0, "deadline", text)))
    return effects + _stop_idle(state, at_ms)


def _stop_idle(state: FabricState, at_ms: int) -> Effects:
    effects: list[Effect] = []
    for replica in state.replicas.values():
        if replica.phase is not Phase.READY or replica.in_flight or replica.waiting:
            continue
        if leases.is_wanted(state, replica, at_ms):
            continue
        if at_ms - replica.idle_since_ms >= replica.idle_stop_ms:
            replica.phase = Phase.STOPPING
            why = f"idle for {replica.idle_stop_ms // 1000} s"
            effects.append(StopReplica(replica.model, replica.generation, why))
    return effects


def _replica_event(state: FabricState, event: e.Event) -> Effects:
    assert isinstance(
        event,
        e.ReplicaAdopted
        | e.ReplicaProgressed
        | e.ReplicaReady
        | e.ReplicaFailed
        | e.ReplicaStopped,
    )
    replica = state.replicas[event.model]
    if isinstance(event, e.ReplicaAdopted):
        # Only at start, before anything else could have started it.
        assert replica.phase is Phase.ABSENT
        replica.generation += 1
        replica.phase = Phase.READY
        replica.ready_ms = replica.idle_since_ms = event.at_ms
        if not replica.remote:
            ledger.hold(replica, event.devices or (HOST,))
        return []
    if event.generation != replica.generation or replica.phase is Phase.ABSENT:
        return []
    match event:
        case e.ReplicaProgressed():
            replica.progress = event.text
        case e.ReplicaReady() if replica.phase is Phase.STARTING:
            replica.phase = Phase.READY
            replica.ready_ms = replica.idle_since_ms = event.at_ms
            replica.load_ms = _average(replica.load_ms, event.at_ms - replica.started_ms)
            # Who asked for it after it was told to leave gets it once it has left.
            replica.wanted = replica.wanted and replica.leaving
            replica.progress = replica.problem = replica.mend = ""
            return _lost(state, replica)
        case e.ReplicaFailed():
            return _failed(state, replica, event)
        case e.ReplicaStopped():
            return _gone(state, replica, event.at_ms, "the model was stopped")
    return []


def _gone(state: FabricState, replica: Replica, at_ms: int, why: str) -> Effects:
    """The container is no more. Its calls end by themselves: their connections break."""
    replica.phase = Phase.ABSENT
    for number in replica.in_flight:
        call = state.calls.get(number)
        if call is not None:
            order.share_of(state, call.project).in_flight -= 1
    replica.in_flight.clear()
    replica.busy = 0
    replica.leaving = False
    replica.makes_room_for = ""
    replica.loaded_for = None
    replica.progress = ""
    ledger.let_go(state, replica, at_ms)
    models_known.settle(state, replica)
    return leases.lost(state, replica.model, why)


def _failed(state: FabricState, replica: Replica, event: e.ReplicaFailed) -> Effects:
    stopping = replica.phase is Phase.STOPPING
    effects = _gone(state, replica, event.at_ms, event.text)
    if stopping:
        return effects
    replica.failures += 1
    replica.problem, replica.mend = event.text, event.mend
    replica.code = "no_capacity" if event.code == "no_capacity" else "model_failed"
    if event.code == "out_of_memory" and replica.on_gpu:
        replica.memory_mib = round(replica.memory_mib * RAISED)
    limits = state.limits
    if event.permanent or replica.failures >= limits.failures_max:
        replica.wanted = False
        replica.given_up = True
        replica.retry_at_ms = event.at_ms + limits.cooldown_ms
        pause_s = limits.cooldown_ms // 1000
        why = Refuse(0, replica.code, event.text, event.mend, retry_after_s=pause_s)
        return effects + refuse_waiting(state, replica, why)
    replica.retry_at_ms = event.at_ms + limits.backoff_ms * 2 ** (replica.failures - 1)
    return effects
