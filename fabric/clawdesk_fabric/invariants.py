"""check(state): what must hold after every step, in tests and in production.

Costs a walk over models and devices, not over waiting calls; `check_queues` adds those in tests.
"""

from __future__ import annotations

from clawdesk_fabric import leases, order
from clawdesk_fabric.model import HOST, FabricState, Phase


def check(state: FabricState) -> None:
    """Raises AssertionError naming the first rule that is broken."""
    promised: dict[str, int] = {}
    for replica in state.replicas.values():
        name = replica.model
        assert len(replica.in_flight) <= replica.busy <= replica.slots, f"{name}: slots and calls"
        busy = replica.phase in (Phase.READY, Phase.STOPPING)
        assert not replica.in_flight or busy, f"{name}: calls in flight without a replica"
        placed = replica.phase is not Phase.ABSENT
        assert bool(replica.held) == (placed and not replica.remote), f"{name}: memory and phase"
        for device, mib in replica.held.items():
            assert mib >= 0, f"{name}: negative memory"
            promised[device] = promised.get(device, 0) + mib
        held = len(leases.granted(state, name)) if state.leases else 0
        assert held <= leases.capacity(state, replica), f"{name}: more leases than it carries"
    for device, mib in promised.items():
        most = state.devices[device].largest_mib
        assert mib <= most, f"{device}: {mib} MiB promised of {most}"
    assert HOST in state.devices


def check_queues(state: FabricState) -> None:
    """The same for every call: each is in one place, and every count is right."""
    check(state)
    placed: set[int] = set()
    waiting: dict[str, int] = {}
    flying: dict[str, int] = {}
    for replica in state.replicas.values():
        name = replica.model
        mine = set(replica.in_flight) | set(replica.waiting.calls)
        total = len(replica.in_flight) + len(replica.waiting)
        assert len(mine) == total, f"{name}: a call twice"
        assert not mine & placed, f"{name}: a call of another model"
        placed |= mine
        in_buckets = [key[1] for b in replica.waiting.buckets.values() for key in b.keys]
        assert sorted(in_buckets) == sorted(replica.waiting.calls), f"{name}: buckets differ"
        for call in replica.waiting:
            waiting[call.project] = waiting.get(call.project, 0) + 1
        taken = sum(order.width(replica, state.calls[number]) for number in replica.in_flight)
        assert replica.busy == taken, f"{name}: slots miscounted"
        for number in replica.in_flight:
            project = state.calls[number].project
            flying[project] = flying.get(project, 0) + 1
    # A call whose replica broke stays known until its connection ends.
    assert placed <= state.calls.keys(), "a placed call is unknown"
    for project, share in state.shares.items():
        assert share.waiting == waiting.get(project, 0), f"{project}: waiting miscounted"
        assert share.in_flight == flying.get(project, 0), f"{project}: in flight miscounted"
        assert share.virtual_ms >= 0
        assert share.used_ms >= 0
