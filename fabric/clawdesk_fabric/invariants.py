"""check(state): what must hold after every step, in tests and in production."""

from __future__ import annotations

from clawdesk_fabric.model import FabricState, Phase


def check(state: FabricState) -> None:
    """Raises AssertionError naming the first rule that is broken."""
    placed: set[int] = set()
    for replica in state.replicas.values():
        name = replica.model
        assert len(replica.in_flight) <= replica.slots, f"{name}: more in flight than slots"
        assert not replica.in_flight or replica.phase is Phase.READY, f"{name}: calls without one"
        assert replica.waiting == sorted(replica.waiting), f"{name}: waiting calls out of order"
        mine = replica.in_flight | {key[2] for key in replica.waiting}
        assert len(mine) == len(replica.in_flight) + len(replica.waiting), f"{name}: call twice"
        assert not mine & placed, f"{name}: a call of another model"
        placed |= mine
        for _, _, call in replica.waiting:
            assert call in state.told, f"{name}: call {call} waits without a reason"
        full = len(replica.in_flight) == replica.slots
        if replica.phase is Phase.READY and replica.waiting and not full and not replica.leaving:
            # Only a model that makes room for an older call holds calls back.
            reasons = {state.told[key[2]].code for key in replica.waiting}
            assert reasons == {"memory"}, f"{name}: a free slot while calls wait"
    # A call whose replica broke stays known until its connection ends.
    assert placed <= state.calls.keys(), "a placed call is unknown"
    assert state.told.keys() <= placed, "a reason for a call that does not wait"
    assert state.memory_used_mib <= state.limits.memory_mib, "more memory than the budget"
