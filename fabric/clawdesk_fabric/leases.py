"""Leases, pins, reservations and budgets: what keeps a model loaded, and what makes callers pause.

A lease says that a task will go on using a model: its replica stays while the lease is held. Every
hold has an end: a lease that is not renewed ends, one that is held too long or that somebody more
urgent needs is asked back, and its holder gives it at its next step boundary.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from clawdesk_fabric.effects import AskBack, Effect, Effects, EndLease, GrantLease
from clawdesk_fabric.model import HOST, RANK, CallClass, FabricState, Phase, Replica

RESERVATION_LEAD_MS = 60_000
"""A reserved model is loaded so long before its window, or its measured load time if longer."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A task's hold on a model.

    Args:
        granted_ms: None while it waits.
        expires_ms: it ends then unless it is renewed.
        asked_back: why it shall be given back at the next step boundary; "" if it need not.
    """

    id: str
    model: str
    project: str
    task: str
    call_class: CallClass
    priority: int
    asked_ms: int
    expires_ms: int
    granted_ms: int | None = None
    asked_back: str = ""


@dataclass(frozen=True, slots=True)
class Reservation:
    """A time window in which a model is loaded, for one project or for all ("")."""

    id: str
    model: str
    project: str
    from_ms: int
    until_ms: int


@dataclass(frozen=True, slots=True)
class Budget:
    """What a project may use; 0 = no limit. `used` counts from `gpu_ms_before`, `tokens_before`."""

    gpu_ms: int = 0
    tokens: int = 0
    gpu_ms_before: float = 0.0
    tokens_before: int = 0

    def exceeded(self, share: object) -> str:
        """Which limit is reached, "" if none."""
        used_ms = float(getattr(share, "used_ms", 0.0)) - self.gpu_ms_before
        tokens = int(getattr(share, "tokens", 0)) - self.tokens_before
        if self.gpu_ms and used_ms >= self.gpu_ms:
            hours = f"{used_ms / 3_600_000:.2f} of {self.gpu_ms / 3_600_000:.2f}"
            return f"{hours} GPU-hours are used"
        if self.tokens and tokens >= self.tokens:
            return f"{tokens} of {self.tokens} tokens are used"
        return ""


# -- leases ----------------------------------------------------------------------------------------


def granted(state: FabricState, model: str) -> list[Lease]:
    """Leases held on the model, those asked back included."""
    if not state.leases:
        return []
    return [
        lease
        for lease in state.leases.values()
        if lease.model == model and lease.granted_ms is not None
    ]


def waiting(state: FabricState, model: str) -> list[Lease]:
    """Leases that wait for the model, the most urgent first."""
    if not state.leases:
        return []
    found = [
        lease
        for lease in state.leases.values()
        if lease.model == model and lease.granted_ms is None
    ]
    return sorted(found, key=lambda e: (RANK[e.call_class], -e.priority, e.asked_ms, e.id))


def capacity(state: FabricState, replica: Replica) -> int:
    return replica.slots * state.limits.leases_per_slot


def renew(state: FabricState, lease_id: str, at_ms: int) -> None:
    """The holder is alive, at a step boundary or in a step. An ended lease stays ended."""
    lease = state.leases.get(lease_id)
    if lease is not None:
        state.leases[lease_id] = replace(lease, expires_ms=at_ms + state.limits.lease_ms)


def release(state: FabricState, lease_id: str) -> None:
    """Given back; safe to repeat."""
    state.leases.pop(lease_id, None)


def end_old(state: FabricState, at_ms: int) -> Effects:
    """Leases whose holder was not heard of end; those held too long are asked back."""
    effects: list[Effect] = []
    for lease in list(state.leases.values()):
        if at_ms >= lease.expires_ms:
            del state.leases[lease.id]
            effects.append(EndLease(lease.id, "its holder did not renew it in time"))
        elif (
            lease.granted_ms is not None
            and not lease.asked_back
            and at_ms - lease.granted_ms >= state.limits.hold_ms_max
        ):
            hours = state.limits.hold_ms_max / 3_600_000
            effects.append(ask_back(state, lease, f"it was held for {hours:g} hours"))
    return effects


def ask_back(state: FabricState, lease: Lease, why: str) -> AskBack:
    state.leases[lease.id] = replace(lease, asked_back=why)
    return AskBack(lease.id, why)


def lost(state: FabricState, model: str, why: str) -> Effects:
    """The model is gone: its leases are worth nothing. Their tasks ask anew when they go on."""
    effects: list[Effect] = []
    for lease in granted(state, model):
        del state.leases[lease.id]
        effects.append(EndLease(lease.id, why))
    return effects


def refuse(state: FabricState, model: str, why: str) -> Effects:
    """Leases that wait for a model which cannot be had now end."""
    effects: list[Effect] = []
    for lease in waiting(state, model):
        del state.leases[lease.id]
        effects.append(EndLease(lease.id, why))
    return effects


def grant(state: FabricState, replica: Replica, at_ms: int) -> Effects:
    """Give waiting leases of a model whose memory is promised, as many as it may carry."""
    effects: list[Effect] = []
    if not state.leases:
        return effects
    if replica.phase not in (Phase.STARTING, Phase.READY) or replica.leaving:
        return effects
    if replica.makes_room_for:
        return effects
    room = replica.slots_open * state.limits.leases_per_slot - len(granted(state, replica.model))
    for lease in waiting(state, replica.model)[: max(0, room)]:
        state.leases[lease.id] = replace(
            lease, granted_ms=at_ms, expires_ms=at_ms + state.limits.lease_ms
        )
        effects.append(GrantLease(lease.id))
    return effects


# -- reservations ----------------------------------------------------------------------------------


def reserved(state: FabricState, model: str, at_ms: int) -> Reservation | None:
    """The reservation whose window is open for the model, its lead included."""
    if not state.reservations:
        return None
    lead_ms = max(RESERVATION_LEAD_MS, state.replicas[model].load_ms)
    for found in state.reservations.values():
        if found.model == model and found.from_ms - lead_ms <= at_ms < found.until_ms:
            return found
    return None


def clash(state: FabricState, asked: Reservation) -> str:
    """Why the window cannot be promised, "" if it can: all models held then must fit together.

    Checked on the sum of all devices of a kind; a model that must lie on one device is also checked
    against the largest of them.
    """
    replica = state.replicas[asked.model]
    kind = [d for d in state.devices.values() if (d.id != HOST) == replica.on_gpu]
    total = sum(d.total_mib - d.reserved_mib - d.kept_mib for d in kind)
    held = {asked.model} | {
        r.model
        for r in state.reservations.values()
        if r.from_ms < asked.until_ms and asked.from_ms < r.until_ms
    }
    held |= {r.model for r in state.replicas.values() if r.pinned}
    same = sorted(m for m in held if state.replicas[m].on_gpu == replica.on_gpu)
    need = sum(state.replicas[m].memory_mib for m in same)
    if need <= total:
        return ""
    others = ", ".join(m for m in same if m != asked.model) or "it alone"
    return (
        f"{asked.model} does not fit then: with {others} that makes {need} MiB, "
        f"and there are {total} MiB"
    )


def is_kept(state: FabricState, replica: Replica, at_ms: int) -> bool:
    """Whether nobody may take the replica's memory, however urgent."""
    return replica.pinned or reserved(state, replica.model, at_ms) is not None


def is_wanted(state: FabricState, replica: Replica, at_ms: int) -> bool:
    """Whether it is to be loaded although no call waits for it."""
    if state.closing or replica.leaving:
        return False
    return (
        replica.wanted
        or is_kept(state, replica, at_ms)
        or bool(state.leases and any(e.model == replica.model for e in state.leases.values()))
    )


def least_urgent_class(leases: list[Lease]) -> int:
    """Rank of the most urgent class among the leases; 3 = there is none."""
    return min((RANK[lease.call_class] for lease in leases), default=3)
