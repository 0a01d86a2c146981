"""Who runs: fills free slots, loads what is asked for, and makes room for the more urgent.

Called at the end of each step. Rules, cited in tests and in ADR 0017:
P1 a call of ours in flight is never cut off for another; a replica leaves when its last one ends.
P2 a more urgent class has the other one's model leave at once, the same class only after its
   minimum residency, and when its project had less of the GPUs or it waited the longest allowed.
P3 whatever is pinned or reserved stays; what is leased is asked back and leaves at a step boundary.
P4 what fits without touching anybody starts, whoever waits for more; memory that others leave for
   a more urgent one is kept for it.
P5 of all ways to make room, the one that disturbs least: idle models, then few, then small.
P6 a peer's call has no model of ours leave, and ends where one of ours wants its slot or memory.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import msgspec

from clawdesk_fabric import leases, ledger, order
from clawdesk_fabric.effects import (
    CutOff,
    Effect,
    Effects,
    Forward,
    Refuse,
    StartReplica,
    StopReplica,
)
from clawdesk_fabric.model import (
    AGE_MS_PER_POINT,
    HOST,
    RANK,
    Call,
    CallClass,
    Device,
    DeviceId,
    FabricState,
    Phase,
    Replica,
)
from clawdesk_fabric.order import Urgency

_BACKGROUND: Urgency = (3, 0.0, (0, 0))
"""A model somebody asked for by name comes after every waiting call."""
_PROMISED: Urgency = (-1, 0.0, (0, 0))
"""A reservation comes before them."""


class Demand(msgspec.Struct, frozen=True):
    """A model that is asked for, and how urgently.

    Args:
        waited_ms: how long the first one that asks has waited.
        project: who pays for its load; None = nobody in particular.
        head: its first waiting call, if that is what asks for it.
    """

    replica: Replica
    urgency: Urgency
    waited_ms: int
    project: str | None
    head: tuple[Urgency, Call] | None = None

    @property
    def band(self) -> int:
        return self.urgency[0]


@dataclass(slots=True)
class _Draft:
    """What one plan has decided so far.

    Args:
        kept: memory that is meant for a more urgent model already, by device.
    """

    state: FabricState
    at_ms: int
    kept: dict[DeviceId, int] = field(default_factory=dict)
    has_forwarded: bool = False
    _heads: dict[str, tuple[Urgency, Call] | None] = field(default_factory=dict)

    def head(self, replica: Replica) -> tuple[Urgency, Call] | None:
        """`order.first`, looked for once until something is forwarded."""
        if replica.model not in self._heads:
            self._heads[replica.model] = order.first(self.state, replica)
        return self._heads[replica.model]

    def forwarded(self) -> None:
        """Everybody's standing may be another one now."""
        self.has_forwarded = True
        self._heads.clear()


@dataclass(slots=True)
class _Way:
    """One way to make room."""

    spread: ledger.Spread
    victims: list[Replica] = field(default_factory=list)

    def cost(self) -> tuple[int, int, int]:
        busy = sum(bool(victim.in_flight) for victim in self.victims)
        return (busy, len(self.victims), sum(victim.memory_mib for victim in self.victims))


def plan(state: FabricState, at_ms: int) -> Effects:
    """Everything that can be done now."""
    effects: list[Effect] = []
    if state.closing:
        for replica in state.replicas.values():
            why = Refuse(0, "no_capacity", "the Fabric is shutting down", retry_after_s=5)
            effects += refuse_waiting(state, replica, why)
    for replica in state.replicas.values():
        if replica.phase is Phase.ABSENT:
            effects += _refuse_hopeless(state, replica, at_ms)
    wanted = demands(state, at_ms)
    _forget_reasons_to_leave(state, wanted)
    if wanted:
        effects += _serve(_Draft(state, at_ms), wanted)
    if state.leases:
        for replica in state.replicas.values():
            effects += leases.grant(state, replica, at_ms)
    effects += peers_yield(state)
    return effects + _stop_leaving(state) + _give_way_to_others(state, at_ms)


def _serve(draft: _Draft, wanted: list[Demand]) -> Effects:
    effects: list[Effect] = []
    has_engine = draft.state.engine.available
    for demand in wanted:
        replica = demand.replica
        if replica.phase is Phase.READY:
            effects += _forward(draft, demand)
        elif (
            replica.phase is Phase.ABSENT
            and draft.at_ms >= replica.retry_at_ms
            and (has_engine or replica.remote)
        ):
            effects += _start(draft, demand)
    return effects


def demands(state: FabricState, at_ms: int) -> list[Demand]:
    """Models that are asked for, the most urgent first."""
    found = []
    for replica in state.replicas.values():
        demand = _demand(state, replica, at_ms)
        if demand is not None:
            found.append(demand)
    if len(found) > 1:
        found.sort(key=lambda demand: (demand.urgency, demand.replica.model))
    return found


def _demand(state: FabricState, replica: Replica, at_ms: int) -> Demand | None:
    asked = replica.waiting.calls or replica.wanted or replica.pinned
    if not (asked or state.leases or state.reservations):
        return None  # as of most models most of the time
    best: Demand | None = None
    is_full = replica.phase is Phase.READY and replica.busy >= replica.slots_open
    # Nothing can be done for it now, so its first call need not be looked for.
    head = order.first(state, replica) if replica.waiting.calls and not is_full else None
    if head is not None:
        urgency, call = head
        best = Demand(replica, urgency, at_ms - call.arrived_ms, call.project, head)
    for lease in leases.waiting(state, replica.model)[:1]:
        rank = RANK[lease.call_class]
        key = (lease.asked_ms - AGE_MS_PER_POINT * lease.priority, 0)
        urgency = (rank, order.standing(state, lease.project), key)
        if best is None or urgency < best.urgency:
            best = Demand(replica, urgency, at_ms - lease.asked_ms, lease.project)
    is_promised = leases.reserved(state, replica.model, at_ms) is not None and not state.closing
    if is_promised and (replica.phase is Phase.ABSENT or best is None):
        return Demand(replica, _PROMISED, 0, None)
    is_theirs = best is None or best.urgency > _BACKGROUND
    if is_theirs and leases.is_wanted(state, replica, at_ms):
        return Demand(replica, _BACKGROUND, 0, None)
    return best


def refuse_waiting(state: FabricState, replica: Replica, why: Refuse) -> Effects:
    """Every call and lease that waits for the model ends here."""
    effects: list[Effect] = [refuse_call(state, call, why) for call in list(replica.waiting)]
    return effects + leases.refuse(state, replica.model, why.text)


def refuse_call(state: FabricState, call: Call, why: Refuse) -> Refuse:
    """`why` for this call, which waits no longer."""
    order.leave(state, call)
    del state.calls[call.id]
    return replace(why, call=call.id)


def cannot_fit(state: FabricState, replica: Replica) -> tuple[str, str]:
    """Why the model could not be placed even if all else were gone, and what mends it; "" if so."""
    if replica.remote:
        return "", ""
    if not replica.on_gpu:
        room = state.devices[HOST].total_mib
        if replica.memory_mib <= room:
            return "", ""
        text = f"{replica.model} needs {replica.memory_mib} MiB; the Fabric may use {room} MiB"
        return text + " in all", "raise memory_mib in the settings file"
    known = ledger.gpus(state)
    if not known:
        lost = "; ".join(d.problem for d in state.devices.values() if d.id != HOST and d.problem)
        why = lost or state.gpu_note or "no GPU was found"
        return f"{replica.model} needs a GPU: {why}", "clawdesk doctor"
    most = sorted((_most_mib(device) for device in known), reverse=True)[: replica.gpus_max]
    for count, room in enumerate(most, start=1):
        if ledger.part_mib(replica, count) <= room:
            return "", ""
    text = (
        f"{replica.model} needs {replica.memory_mib} MiB of GPU memory; the largest GPU can give "
        f"{most[0]} MiB"
    )
    return text, "choose fewer slots, a shorter context, or more GPUs for it"


def _most_mib(device: Device) -> int:
    return device.total_mib - device.reserved_mib - device.kept_mib


def _refuse_hopeless(state: FabricState, replica: Replica, at_ms: int) -> Effects:
    """Who waits for an absent model that cannot be started now is told so at once."""
    engine = state.engine
    if not engine.available and not replica.remote:
        replica.wanted = False
        replica.problem, replica.mend = engine.problem, engine.mend
        why = Refuse(0, "no_capacity", engine.problem, engine.mend, retry_after_s=10)
        return refuse_waiting(state, replica, why)
    if replica.given_up and at_ms < replica.retry_at_ms:
        pause_s = max(1, (replica.retry_at_ms - at_ms) // 1000)
        why = Refuse(0, replica.code, replica.problem, replica.mend, retry_after_s=pause_s)
        return refuse_waiting(state, replica, why)
    if not replica.waiting and not replica.wanted and not leases.waiting(state, replica.model):
        return []
    problem, mend = cannot_fit(state, replica)
    if not problem:
        return []
    replica.wanted = False
    replica.problem, replica.mend, replica.code = problem, mend, "no_capacity"
    return refuse_waiting(state, replica, Refuse(0, "no_capacity", problem, mend))


def _forget_reasons_to_leave(state: FabricState, wanted: list[Demand]) -> None:
    """Nobody makes room any longer for a model that nobody asks for, or that has its place."""
    leaving = [replica for replica in state.replicas.values() if replica.makes_room_for]
    if not leaving:
        return
    missing = {d.replica.model for d in wanted if d.replica.phase is Phase.ABSENT}
    for replica in leaving:
        if replica.makes_room_for not in missing:
            replica.makes_room_for = ""


def _forward(draft: _Draft, demand: Demand) -> Effects:
    state, replica = draft.state, demand.replica
    effects: list[Effect] = []
    if replica.leaving:
        return effects
    tasks: frozenset[str] | None = None
    if replica.makes_room_for:
        # Tasks that still hold a lease must reach their step boundary.
        tasks = frozenset(lease.task for lease in leases.granted(state, replica.model))
        if not tasks:
            return effects
    # Looked for already, and right until anything is forwarded.
    known = demand.head if tasks is None and not draft.has_forwarded else None
    while replica.waiting.calls and replica.busy < replica.slots_open:
        head, known = known or order.first(state, replica, tasks), None
        width = 0 if head is None else order.width(replica, head[1])
        if head is None or replica.busy + width > replica.slots:
            break  # one that needs several slots is not passed, or it would never get them
        call = head[1]
        order.leave(state, call)
        order.share_of(state, call.project).in_flight += 1
        replica.in_flight[call.id] = draft.at_ms
        replica.busy += width
        if replica.loaded_band == RANK[CallClass.PEER]:
            replica.loaded_band = order.band_of(state, call)  # ours, from the first of ours on
        draft.forwarded()
        effects.append(Forward(call.id, replica.model, replica.generation))
    return effects


def peers_yield(state: FabricState) -> Effects:
    """The newest calls of peers in flight end where ours want what they hold (P6)."""
    effects: list[Effect] = []
    for replica in state.replicas.values():
        if not (replica.waiting.calls or replica.makes_room_for or replica.leaving):
            continue  # nobody wants anything of it
        theirs = [
            number
            for number in replica.in_flight
            if number in state.calls and state.calls[number].call_class is CallClass.PEER
        ]
        if not theirs:
            continue
        ending = [number for number in theirs if number in state.cut]
        missing = _slots_missing(state, replica) - len(ending)
        for number in [n for n in reversed(theirs) if n not in ending][: max(0, missing)]:
            state.cut.append(number)
            effects.append(CutOff(number, f"a call of its owner's own needs {replica.model}"))
    return effects


def _slots_missing(state: FabricState, replica: Replica) -> int:
    """How many slots our most urgent call lacks; all of them where the model is to leave."""
    if replica.makes_room_for or replica.leaving:
        return replica.slots
    head = order.first(state, replica) if replica.waiting.calls else None
    if head is None or head[1].call_class is CallClass.PEER:
        return 0
    return replica.busy + order.width(replica, head[1]) - replica.slots


def _start(draft: _Draft, demand: Demand) -> Effects:
    state, replica = draft.state, demand.replica
    spread = () if replica.remote else ledger.place(state, replica, draft.kept)
    if spread is None:
        return _make_room(draft, demand)
    ledger.hold(replica, spread)
    replica.phase = Phase.STARTING
    replica.generation += 1
    replica.given_up = False
    replica.started_ms, replica.ready_ms = draft.at_ms, 0
    replica.loaded_for, replica.loaded_band = demand.project, demand.band
    devices = tuple(device for device in spread if device != HOST)
    return [StartReplica(replica.model, replica.generation, devices)]


# -- making room -----------------------------------------------------------------------------------


def _make_room(draft: _Draft, demand: Demand) -> Effects:
    """Have the least disturbing set of replicas leave; the memory is kept for the demand."""
    state, kept = draft.state, draft.kept
    able = [
        replica
        for replica in state.replicas.values()
        if replica.phase is Phase.READY
        and not replica.makes_room_for
        and replica.on_gpu == demand.replica.on_gpu
        and not replica.remote
        and may_leave(draft, replica, demand)
    ]
    able.sort(key=lambda r: (bool(r.in_flight), len(r.waiting), r.idle_since_ms, r.model))
    best: _Way | None = None
    for spread in ledger.spreads(state, demand.replica):
        way = _way(draft, demand, spread, able)
        if way is not None and (best is None or way.cost() < best.cost()):
            best = way
    if best is None:
        return []
    part = ledger.part_mib(demand.replica, len(best.spread))
    for device in best.spread:
        kept[device] = kept.get(device, 0) + part
    effects: list[Effect] = []
    for victim in best.victims:
        effects += _leave_for(state, victim, demand.replica.model)
    return effects


def _leave_for(state: FabricState, victim: Replica, model: str) -> Effects:
    victim.makes_room_for = model
    effects: list[Effect] = []
    holders = leases.granted(state, victim.model)
    for lease in holders:
        if not lease.asked_back:
            effects.append(leases.ask_back(state, lease, f"{model} needs the memory"))
    if not victim.in_flight and not holders:
        victim.phase = Phase.STOPPING
        effects.append(StopReplica(victim.model, victim.generation, f"makes room for {model}"))
    return effects


def _way(draft: _Draft, demand: Demand, spread: ledger.Spread, able: list[Replica]) -> _Way | None:
    """Who must leave for the model to lie there; None = those who stay are too many."""
    state, kept = draft.state, draft.kept
    part = ledger.part_mib(demand.replica, len(spread))
    short = {
        d: part - ledger.free_mib(state, d) + kept.get(d, 0) - _coming_mib(state, demand, d)
        for d in spread
    }
    way = _Way(spread)
    for victim in able:
        if all(mib <= 0 for mib in short.values()):
            break
        if any(short.get(d, 0) > 0 for d in victim.held):
            way.victims.append(victim)
            for device in victim.held:
                if device in short:
                    short[device] -= ledger.held_mib(victim, device)
    if any(mib > 0 for mib in short.values()):
        return None
    for victim in list(way.victims):
        # A small one that was taken first may not be needed after a large one was.
        spare = all(short[d] + ledger.held_mib(victim, d) <= 0 for d in victim.held if d in short)
        if spare:
            way.victims.remove(victim)
            for device in victim.held:
                if device in short:
                    short[device] += ledger.held_mib(victim, device)
    return way


def _coming_mib(state: FabricState, demand: Demand, device: DeviceId) -> int:
    """Memory that is on its way back already and not meant for another model."""
    leaving = sum(
        ledger.held_mib(replica, device)
        for replica in ledger.holders(state, device)
        if replica.makes_room_for in ("", demand.replica.model)
        and (replica.phase is Phase.STOPPING or replica.makes_room_for)
    )
    return leaving + sum(r.mib for r in state.releases if r.device == device)


def may_leave(draft: _Draft, victim: Replica, demand: Demand) -> bool:
    """Whether the replica may be made to leave for this demand (P2, P3)."""
    state, at_ms = draft.state, draft.at_ms
    if demand.band == RANK[CallClass.PEER] or leases.is_kept(state, victim, at_ms):
        return False
    limits = state.limits
    overdue = demand.waited_ms >= limits.collate_ms_max
    leased = leases.least_urgent_class(leases.granted(state, victim.model))
    if leased < 3 and not (demand.band < leased or (overdue and demand.band <= leased)):
        return False
    head = draft.head(victim)
    if head is None and not victim.in_flight:
        came_for_peer = victim.loaded_band == RANK[CallClass.PEER]
        long_idle = at_ms - victim.idle_since_ms >= limits.linger_ms
        return demand.band <= 0 or came_for_peer or long_idle
    bands = [order.band_of(state, state.calls[c]) for c in victim.in_flight if c in state.calls]
    waiting_band = head[0][0] if head else 3
    if demand.band < min([waiting_band, *bands]):
        return True
    resident_ms = at_ms - victim.ready_ms
    worth_ms = max(limits.residency_ms_min, limits.residency_loads * demand.replica.load_ms)
    # A model that came for somebody more urgent took the turn of others: it has none of its own.
    is_guest = victim.loaded_band < demand.band
    least_ms = min(worth_ms, limits.collate_ms_max)
    if overdue or is_guest:
        least_ms = limits.residency_ms_min
    return resident_ms >= least_ms and (head is None or demand.urgency < head[0])


def _stop_leaving(state: FabricState) -> Effects:
    """Replicas whose last call ended, and that nobody holds any longer."""
    effects: list[Effect] = []
    for replica in state.replicas.values():
        if replica.phase is not Phase.READY or replica.in_flight:
            continue
        if replica.leaving:
            why = "asked to unload"
        elif replica.makes_room_for and not leases.granted(state, replica.model):
            why = f"makes room for {replica.makes_room_for}"
        else:
            continue
        replica.phase = Phase.STOPPING
        effects.append(StopReplica(replica.model, replica.generation, why))
        if replica.leaving:
            effects += leases.lost(state, replica.model, f"{replica.model} was unloaded")
    return effects


def _give_way_to_others(state: FabricState, at_ms: int) -> Effects:
    """Where other programs took memory that was promised to us, idle models leave."""
    effects: list[Effect] = []
    for device in state.devices.values():
        if device.id == HOST or device.problem or ledger.free_mib(state, device.id) >= 0:
            continue
        idle = [
            r
            for r in ledger.holders(state, device.id)
            if r.phase is Phase.READY
            and not r.in_flight
            and not r.waiting
            and not leases.is_kept(state, r, at_ms)
            and not leases.granted(state, r.model)
        ]
        if idle:
            victim = min(idle, key=lambda r: (r.idle_since_ms, r.model))
            victim.phase = Phase.STOPPING
            why = f"other programs need memory of GPU {device.index}"
            effects.append(StopReplica(victim.model, victim.generation, why))
    return effects
