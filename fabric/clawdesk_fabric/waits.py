"""Why each call waits, with numbers: from the same state and rules that decide.

Worked out when somebody looks, so that deciding costs nothing for it.
"""

from __future__ import annotations

from clawdesk_fabric import leases, ledger, order
from clawdesk_fabric.model import HOST, CallId, DeviceId, FabricState, Phase, Replica, Wait

Reason = tuple[str, str, str]
"""Code, sentence, what would free it."""


def waits(state: FabricState, replica: Replica) -> dict[CallId, Wait]:
    """Every waiting call of the model, in the order in which they would be served."""
    code, text, frees = reason(state, replica)
    first_ms = _until_moving_ms(state, replica)
    found: dict[CallId, Wait] = {}
    for position, number in enumerate(order.ranking(state, replica), start=1):
        call = replica.waiting.calls[number]
        own = _own_reason(state, call.project, order.reserved_for_others(state, call))
        if own is not None:
            found[number] = Wait(position, *own)
            continue
        expected_ms = None
        if first_ms is not None and replica.call_ms:
            rounds = (position - 1) // replica.slots
            expected_ms = first_ms + rounds * replica.call_ms
        found[number] = Wait(position, code, text, frees, expected_ms)
    return found


def _own_reason(state: FabricState, project: str, reserved_for: str) -> Reason | None:
    paused = order.why_paused(state, project)
    if paused:
        text = f"the budget of {project or 'this caller'} is used up: {paused}"
        return "budget", text, "you raise the budget"
    if reserved_for:
        return "reserved", f"the model is reserved for {reserved_for} now", "the window ends"
    return None


def _until_moving_ms(state: FabricState, replica: Replica) -> int | None:
    """When the next call can be forwarded, by what was measured; None = not known."""
    if replica.phase is Phase.READY and not replica.makes_room_for:
        if replica.busy < replica.slots_open:
            return 0
        if not replica.call_ms:
            return None
        oldest = min(replica.in_flight.values())
        return max(0, replica.call_ms - (state.at_ms - oldest))
    if replica.phase is Phase.STARTING and replica.load_ms:
        return max(0, replica.load_ms - (state.at_ms - replica.started_ms))
    return None


def reason(state: FabricState, replica: Replica) -> Reason:
    """Why the model's queue does not move."""
    model = replica.model
    match replica.phase:
        case Phase.STARTING:
            step = f": {replica.progress}" if replica.progress else ""
            return "loading", f"{model} is being loaded{step}", f"{model} is ready"
        case Phase.STOPPING:
            return "stopping", f"{model} is being stopped and will start again", "it is stopped"
        case Phase.READY if replica.leaving:
            return "leaving", f"{model} was asked to unload", "its calls in flight end"
        case Phase.READY if replica.makes_room_for:
            other = replica.makes_room_for
            return "memory", f"{model} makes room for {other}", f"{other} has been served"
        case Phase.READY:
            text = f"all {replica.slots} slots of {model} are in use"
            return "slots_busy", text, "a call in flight ends"
    if replica.failures and state.at_ms < replica.retry_at_ms:
        pause_s = (replica.retry_at_ms - state.at_ms) / 1000
        text = f"{model} failed and starts again in {pause_s:.1f} s: {replica.problem}"
        return "failed", text, "the next start"
    return _memory(state, replica)


def _memory(state: FabricState, replica: Replica) -> Reason:
    """Who holds the memory that an absent model needs."""
    model, need = replica.model, replica.memory_mib
    ids = [HOST] if not replica.on_gpu else [device.id for device in ledger.gpus(state)]
    if not ids:
        return "no_gpu", f"{model} needs a GPU, and none can be used now", "a GPU comes back"
    budget = sum(state.devices[d].budget_mib for d in ids)
    used = sum(ledger.used_mib(state, d) for d in ids)
    if not any(ledger.spreads(state, replica)):
        return "others", _held_by_others(state, replica, ids), "other programs give memory back"
    holders = {r.model: r for d in ids for r in ledger.holders(state, d)}
    back = sum(release.mib for release in state.releases if release.device in ids)
    if back and not any(r.phase is Phase.READY for r in holders.values()):
        return "memory_back", f"{model} waits until {back} MiB are really free", "the GPU shows it"
    names = ", ".join(_holder(state, holder) for holder in holders.values())
    text = f"{model} needs {need} MiB; {used} of {budget} MiB are in use by {names}"
    if replica.on_gpu:
        text = (
            f"{model} needs {need} MiB; {used} of {budget} MiB of GPU memory are in use by {names}"
        )
    return "memory", text, " or ".join(_frees(state, holder) for holder in holders.values())


def _held_by_others(state: FabricState, replica: Replica, ids: list[DeviceId]) -> str:
    where = " of GPU memory" if replica.on_gpu else ""
    others = sum(state.devices[d].others_mib for d in ids)
    elsewhere = sum(state.devices[d].elsewhere_mib for d in ids)
    said = [f"other Fabrics of this machine promised {elsewhere} MiB{where}"] if elsewhere else []
    if others or not elsewhere:
        said.insert(0, f"other programs hold {others} MiB{where}")
    return f"{replica.model} needs {replica.memory_mib} MiB; {', '.join(said)}"


def _holder(state: FabricState, holder: Replica) -> str:
    held = sum(ledger.held_mib(holder, device) for device in holder.held)
    if holder.pinned:
        return f"{holder.model} ({held} MiB, pinned)"
    if leases.reserved(state, holder.model, state.at_ms) is not None:
        return f"{holder.model} ({held} MiB, reserved)"
    count = len(leases.granted(state, holder.model))
    if count:
        return f"{holder.model} ({held} MiB, {count} {'lease' if count == 1 else 'leases'})"
    return f"{holder.model} ({held} MiB, {len(holder.in_flight)} in flight)"


def _frees(state: FabricState, holder: Replica) -> str:
    if holder.pinned:
        return f"{holder.model} is no longer pinned"
    if leases.granted(state, holder.model):
        return f"the leases of {holder.model} are given back"
    if holder.in_flight or holder.waiting:
        return f"{holder.model} has served its turn"
    return f"{holder.model} leaves"
