"""In which order calls are served: class, then the project's share of GPU time, then age.

A project's share is kept as virtual time: it grows by the GPU time the project used, divided by its
weight, and the project with the least goes first (start-time fair queueing: one that was idle comes
back level with the others, so neither credit nor debt is hoarded). A call that waited long counts
as a higher class, so that nothing waits for ever.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field

from clawdesk_fabric.model import (
    PEER_PROJECT,
    RANK,
    Call,
    CallClass,
    CallId,
    FabricState,
    Key,
    Phase,
    Replica,
)

Urgency = tuple[int, float, Key]
"""Band (0 first), virtual time of the project, key within it. Smaller goes first."""
_AVERAGE_MS = 1_000
"""What a call is taken to cost before one was measured."""


@dataclass(slots=True)
class Share:
    """What one project had of the GPUs.

    Args:
        virtual_ms: its place in the fair order.
        used_ms: GPU time over all, as budgets count it.
        tokens: prompt and completion tokens over all.
        waiting, in_flight: its calls.
    """

    weight: float = 1.0
    virtual_ms: float = 0.0
    used_ms: float = 0.0
    tokens: int = 0
    waiting: int = 0
    in_flight: int = 0


@dataclass(slots=True)
class _Bucket:
    """Waiting calls of one class of one project."""

    keys: list[Key] = field(default_factory=list)
    ids: list[CallId] = field(default_factory=list)

    def add(self, call: Call) -> None:
        insort(self.keys, call.key)
        insort(self.ids, call.id)

    def remove(self, call: Call) -> None:
        del self.keys[bisect_left(self.keys, call.key)]
        del self.ids[bisect_left(self.ids, call.id)]


@dataclass(slots=True)
class Queue:
    """Waiting calls of one model; adding, removing and finding the first never walk all of them."""

    calls: dict[CallId, Call] = field(default_factory=dict)
    buckets: dict[tuple[int, str], _Bucket] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.calls)

    def __iter__(self) -> Iterator[Call]:
        """In order of arrival."""
        return iter(self.calls.values())

    def add(self, call: Call) -> None:
        self.calls[call.id] = call
        key = (RANK[call.call_class], call.project)
        self.buckets.setdefault(key, _Bucket()).add(call)

    def remove(self, call: Call) -> None:
        del self.calls[call.id]
        key = (RANK[call.call_class], call.project)
        bucket = self.buckets[key]
        bucket.remove(call)
        if not bucket.keys:
            del self.buckets[key]


def share_of(state: FabricState, project: str) -> Share:
    """The project's share, made when it is first seen."""
    share = state.shares.get(project)
    if share is None:
        share = state.shares[project] = Share()
    return share


def enter(state: FabricState, call: Call) -> None:
    """A call waits from now on. A project that comes back stands level with the least of others."""
    share = share_of(state, call.project)
    if not share.waiting and not share.in_flight:
        busy = [
            s.virtual_ms
            for name, s in state.shares.items()
            if (s.waiting or s.in_flight) and not name.startswith(PEER_PROJECT)
        ]
        if busy:
            share.virtual_ms = max(share.virtual_ms, min(busy))
    share.waiting += 1
    state.replicas[call.model].waiting.add(call)


def leave(state: FabricState, call: Call) -> None:
    """A call waits no longer, for whatever reason."""
    share_of(state, call.project).waiting -= 1
    state.replicas[call.model].waiting.remove(call)


def width(replica: Replica, call: Call) -> int:
    """How many of the model's slots the call takes."""
    return min(call.width, replica.slots)


def band_of(state: FabricState, call: Call) -> int:
    """Its class, or a higher one after long waiting; the first one only after very long. A peer's
    call never rises: it would pass one of ours."""
    if call.call_class is CallClass.PEER:
        return RANK[CallClass.PEER]
    waited_ms, limits = state.at_ms - call.arrived_ms, state.limits
    if waited_ms >= limits.promote_first_ms:
        return 0
    rank = RANK[call.call_class]
    return 1 if rank > 1 and waited_ms >= limits.promote_ms else rank


def standing(state: FabricState, project: str) -> float:
    """Virtual time with the calls in flight counted as if each had had its usual cost already."""
    share = state.shares.get(project) or share_of(state, project)
    return share.virtual_ms + share.in_flight * (state.call_ms or _AVERAGE_MS) / share.weight


def urgency(state: FabricState, call: Call) -> Urgency:
    """Where it stands among all waiting calls. In its band no project can be passed for ever, as
    each one that is served moves back."""
    return (band_of(state, call), standing(state, call.project), call.key)


def first(
    state: FabricState, replica: Replica, tasks: frozenset[str] | None = None
) -> tuple[Urgency, Call] | None:
    """The waiting call of this model that is served next; None = none that may be served.

    Looks at two calls of each class and project, the first in order and the one that waits longest.

    Args:
        tasks: only calls of these; None = of everybody.
    """
    if tasks is not None:
        return _first_of_tasks(state, replica, tasks)
    calls, limits = replica.waiting.calls, state.limits
    promoted_ms = state.at_ms - limits.promote_ms
    promoted_first_ms = state.at_ms - limits.promote_first_ms
    best: Urgency | None = None
    for (rank, project), bucket in replica.waiting.buckets.items():
        # The one that waits longest is in the highest band of its bucket.
        band, key, oldest = rank, bucket.keys[0], calls[bucket.ids[0]]
        rises = 0 < rank < RANK[CallClass.PEER]
        if oldest.arrived_ms <= promoted_ms and rises and rank > 1:
            band, key = 1, oldest.key
        if oldest.arrived_ms <= promoted_first_ms and rises:
            band, key = 0, oldest.key
        if best is not None and band > best[0]:
            continue
        found = (band, standing(state, project), key)
        if (best is None or found < best) and not _is_held_back(state, project, calls[key[1]]):
            best = found
    return None if best is None else (best, calls[best[2][1]])


def _first_of_tasks(
    state: FabricState, replica: Replica, tasks: frozenset[str]
) -> tuple[Urgency, Call] | None:
    found = [
        (urgency(state, call), call)
        for call in replica.waiting
        if call.task in tasks and not _is_held_back(state, call.project, call)
    ]
    return min(found, key=lambda pair: pair[0], default=None)


def _is_held_back(state: FabricState, project: str, call: Call) -> bool:
    if not state.budgets and not state.reservations:
        return False
    return bool(why_paused(state, project) or reserved_for_others(state, call))


def why_paused(state: FabricState, project: str) -> str:
    """Which limit of its budget the project has reached, "" if none."""
    budget = state.budgets.get(project)
    return "" if budget is None else budget.exceeded(share_of(state, project))


def reserved_for_others(state: FabricState, call: Call) -> str:
    """The project whose window is open for this call's model, "" if it is open to the call."""
    for found in state.reservations.values():
        open_now = found.from_ms <= state.at_ms < found.until_ms
        if open_now and found.model == call.model and found.project not in ("", call.project):
            return found.project
    return ""


def ranking(state: FabricState, replica: Replica) -> list[CallId]:
    """All waiting calls in the order in which they would be served if nothing new came.

    Each call of a project is taken to cost the same, so the n-th of a project stands n times its
    cost later in virtual time.
    """
    cost_ms = replica.call_ms or _AVERAGE_MS
    tags: list[tuple[int, float, Key]] = []
    for (_, project), bucket in replica.waiting.buckets.items():
        weight = share_of(state, project).weight
        base = standing(state, project)
        for place, key in enumerate(bucket.keys):
            call = replica.waiting.calls[key[1]]
            tags.append((band_of(state, call), base + place * cost_ms / weight, key))
    tags.sort()
    return [key[1] for _, _, key in tags]


def accrue(state: FabricState, at_ms: int) -> None:
    """Charge the time since the last event to the projects that used it.

    A replica's time is shared by its calls in flight; a load is paid by who had it started; idle
    time is paid by nobody.
    """
    passed_ms = at_ms - state.at_ms
    if passed_ms <= 0:
        return
    state.at_ms = at_ms
    for replica in state.replicas.values():
        if replica.remote:
            continue
        devices = len(replica.held) or 1
        if replica.in_flight:
            part = passed_ms * devices / replica.busy
            calls, slots, on_gpu = state.calls, replica.slots, replica.on_gpu
            for call in replica.in_flight:
                known = calls.get(call)
                if known is not None:
                    own = part * (known.width if known.width < slots else slots)
                    charge(state, known.project, own)
                    if on_gpu:
                        state.gpu_ms[call] = state.gpu_ms.get(call, 0.0) + own
        elif replica.phase is Phase.STARTING and replica.loaded_for is not None:
            charge(state, replica.loaded_for, passed_ms * devices)


def gpu_ms(state: FabricState, call: Call, at_ms: int) -> float:
    """GPU time of a call up to now; calls of one replica share its time."""
    replica = state.replicas[call.model]
    used_ms = state.gpu_ms.get(call.id, 0.0)
    if not replica.on_gpu or call.id not in replica.in_flight:
        return used_ms
    devices = len(replica.held) or 1
    return used_ms + max(0, at_ms - state.at_ms) * devices / len(replica.in_flight)


def charge(state: FabricState, project: str, gpu_ms: float) -> None:
    share = state.shares.get(project) or share_of(state, project)
    share.virtual_ms += gpu_ms / share.weight
    share.used_ms += gpu_ms
