"""Which models there are: replicas made from the catalog's figures, and a catalog read anew.

A model that is loaded goes on as it was started; what the catalog says of it now counts from its
next start. One that the catalog has no more serves what it works on, and is forgotten. Part of
`transitions.step`.
"""

from __future__ import annotations

from collections.abc import Sequence

from clawdesk_fabric import leases, order
from clawdesk_fabric.effects import Effects, Refuse
from clawdesk_fabric.model import FabricState, Figures, Phase, Replica
from clawdesk_fabric.order import Queue
from clawdesk_fabric.planning import refuse_waiting


def replica_of(figures: Figures) -> Replica:
    """A model that is not loaded."""
    replica = Replica(figures.model, 1, 0, 0, Queue())
    give(replica, figures)
    return replica


def give(replica: Replica, figures: Figures) -> None:
    """Have it these figures from now on; nothing of it may run."""
    replica.slots = figures.slots
    replica.memory_mib = figures.memory_mib
    replica.idle_stop_ms = figures.idle_stop_ms
    replica.on_gpu = figures.gpus_max > 0
    replica.gpus_max = max(1, figures.gpus_max)
    replica.remote = figures.remote
    replica.coming = None


def read(state: FabricState, models: Sequence[Figures], removed: Sequence[str]) -> Effects:
    """Take in what differs in the catalog from what it was."""
    for figures in models:
        replica = state.replicas.get(figures.model)
        if replica is None:
            state.replicas[figures.model] = replica_of(figures)
            continue
        replica.is_removed = False
        replica.coming = figures
        settle(state, replica)
    effects: Effects = []
    for name in removed:
        if name in state.replicas:
            effects += _remove(state, state.replicas[name])
    return effects


def settle(state: FabricState, replica: Replica) -> None:
    """Once it is gone: forget it if the catalog has, and give it the figures that were to come."""
    if replica.phase is not Phase.ABSENT:
        _resize(state, replica)
        return
    if replica.is_removed:
        del state.replicas[replica.model]
    elif replica.coming is not None:
        give(replica, replica.coming)


def _resize(state: FabricState, replica: Replica) -> None:
    """Nothing of a model elsewhere runs here: it takes more calls at a time at once, or fewer as
    soon as no more are in flight and no more hold a lease of it."""
    coming = replica.coming
    if not replica.remote or coming is None or not coming.remote:
        return
    held = len(leases.granted(state, replica.model))
    if replica.busy <= coming.slots and held <= coming.slots * state.limits.leases_per_slot:
        give(replica, coming)
        # A call that wants more answers than there were slots takes more of them now.
        calls = [state.calls[number] for number in replica.in_flight]
        replica.busy = sum(order.width(replica, call) for call in calls)


def _remove(state: FabricState, replica: Replica) -> Effects:
    why = Refuse(0, "model_not_found", f"{replica.model} was removed from the list of models")
    replica.is_removed = True
    replica.wanted = replica.pinned = False
    replica.leaving = replica.phase in (Phase.STARTING, Phase.READY)
    for name in [n for n, r in state.reservations.items() if r.model == replica.model]:
        del state.reservations[name]
    effects = refuse_waiting(state, replica, why) + leases.lost(state, replica.model, why.text)
    settle(state, replica)
    return effects
