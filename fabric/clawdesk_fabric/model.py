"""The Fabric's state: devices, models, their replicas, calls that wait and those in flight.

Values only; `transitions.step` is the one writer of `FabricState`. Times are milliseconds of a
monotonic clock that arrive in events; memory is MiB.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from clawdesk_fabric.leases import Budget, Lease, Reservation
    from clawdesk_fabric.order import Queue, Share

CallId = int
"""Grows by one with each call, so it also is the order of arrival."""
DeviceId = str
"""A GPU's UUID as NVML tells it, or HOST."""
HOST: DeviceId = "host"
"""This machine's own memory, for models that run on its processors."""


class CallClass(StrEnum):
    """Who asks: a person at the keyboard goes before an agent, an agent before a batch, and
    whatever is ours before another machine's Fabric."""

    INTERACTIVE = "interactive"
    AGENT = "agent"
    BATCH = "batch"
    PEER = "peer"


OWN_CLASSES = (CallClass.INTERACTIVE, CallClass.AGENT, CallClass.BATCH)
RANK = {CallClass.INTERACTIVE: 0, CallClass.AGENT: 1, CallClass.BATCH: 2, CallClass.PEER: 4}
"""Between ours and a peer's comes a model that somebody here asked for by name."""
PEER_PROJECT = "peer:"
"""Begins the name of the project that a peer's calls are counted for."""
AGE_MS_PER_POINT = 10_000
"""So much longer waiting counts as much as one point of priority."""
Key = tuple[int, CallId]
"""Order within one project and class: arrival less its priority's worth, then arrival."""


class Phase(StrEnum):
    """Where a model's replica stands."""

    ABSENT = "absent"
    STARTING = "starting"
    READY = "ready"
    STOPPING = "stopping"


@dataclass(frozen=True, slots=True)
class GpuProcess:
    """A process that holds memory of a GPU.

    Args:
        used_mib: None where the driver does not say.
        container: id of the container it runs in, "" for one of the host.
    """

    pid: int
    used_mib: int | None
    container: str = ""


@dataclass(frozen=True, slots=True)
class GpuReading:
    """One GPU as NVML tells of it, in MiB.

    Args:
        reserved_mib: what the driver keeps for itself; nobody can have it.
        used_mib: what all processes hold, without `reserved_mib`.
        problem: why the GPU cannot be used now (it is lost, its driver was reset), "" if it can.
        is_lost: whatever ran on it is lost too.
    """

    uuid: str
    index: int
    name: str
    total_mib: int
    reserved_mib: int
    used_mib: int
    processes: tuple[GpuProcess, ...] = ()
    problem: str = ""
    simulated: bool = False
    is_lost: bool = False


class Call(msgspec.Struct, frozen=True):
    """One model call, admitted by the gateway.

    Args:
        arrived_ms: when it was admitted.
        deadline_ms: refused if it still waits then; None = only the Fabric's own limit.
        width: how many of the engine's slots it takes: as many as it wants answers.
    """

    id: CallId
    model: str
    project: str = ""
    task: str = ""
    call_class: CallClass = CallClass.AGENT
    priority: int = 0
    arrived_ms: int = 0
    deadline_ms: int | None = None
    width: int = 1

    @property
    def key(self) -> Key:
        return (self.arrived_ms - AGE_MS_PER_POINT * self.priority, self.id)


@dataclass(frozen=True, slots=True)
class Wait:
    """Why a call waits: its place in its model's queue, a code, a sentence, what would free it.

    Args:
        expected_ms: how long it will still wait by what was measured; None = not known.
    """

    position: int
    code: str
    text: str
    frees: str = ""
    expected_ms: int | None = None


@dataclass(slots=True)
class Device:
    """What the ledger knows of one GPU, or of this host's memory. All figures in MiB.

    Args:
        reserved_mib: kept by the driver.
        others_mib: held by processes that are not ours.
        elsewhere_mib: promised to models by other Fabrics of this machine, and not in use yet.
        kept_mib: the desktop's share; no model gets it.
        largest_mib: the most that ours could ever hold together; the driver's own share may grow
            while models run, and that breaks no promise of ours.
        problem: why nothing can be started on it now, "" if it can.
        is_lost: whatever ran on it is lost too.
    """

    id: DeviceId
    name: str = ""
    index: int = 0
    total_mib: int = 0
    reserved_mib: int = 0
    others_mib: int = 0
    elsewhere_mib: int = 0
    kept_mib: int = 0
    largest_mib: int = 0
    problem: str = ""
    is_lost: bool = False
    simulated: bool = False
    read_ms: int = 0
    processes: tuple[GpuProcess, ...] = ()

    @property
    def budget_mib(self) -> int:
        """What all our replicas together may hold here."""
        taken_mib = self.reserved_mib + self.others_mib + self.elsewhere_mib + self.kept_mib
        return max(0, self.total_mib - taken_mib)


@dataclass(slots=True)
class Replica:
    """The one running copy of a model, and what waits for it.

    Args:
        memory_mib: what a start is promised: an estimate, or the peak once it was measured.
        on_gpu: whether it runs on GPUs; else on the host's processors.
        gpus_max: over how many GPUs it may be spread.
        held: the promise while it is placed, by device.
        measured: what it really holds, by device, as last read.
        peak_mib: the most it was seen to hold, all devices together.
        generation: grows with every start; events of an older one are ignored.
        in_flight: calls the container works on.
        busy: slots these take; never more than `slots`.
        wanted: somebody asked for the model by name; cleared when it is ready or fails.
        leaving: no new calls; it stops when the last one in flight ends.
        makes_room_for: the model it leaves for; no new calls meanwhile.
        load_ms, call_ms: moving averages of a start and of a call; 0 = not measured.
        failures: starts and runs that ended badly since a call last succeeded.
        retry_at_ms: not started before this time.
        given_up: until then, calls are refused rather than kept waiting.
        loaded_for: the project whose call had it started; pays for the load.
        loaded_band: how urgent that was; see `order.Urgency`.
        coming: figures of the catalog that count from the next start on; None = those it has.
        is_removed: the catalog has it no more; it is forgotten once it is gone.
    """

    model: str
    slots: int
    memory_mib: int
    idle_stop_ms: int
    waiting: Queue
    on_gpu: bool = False
    gpus_max: int = 1
    pinned: bool = False
    remote: bool = False
    phase: Phase = Phase.ABSENT
    generation: int = 0
    held: dict[DeviceId, int] = field(default_factory=dict)
    measured: dict[DeviceId, int] = field(default_factory=dict)
    peak_mib: int = 0
    in_flight: dict[CallId, int] = field(default_factory=dict)  # call -> when it was forwarded
    busy: int = 0
    wanted: bool = False
    leaving: bool = False
    makes_room_for: str = ""
    started_ms: int = 0
    ready_ms: int = 0
    idle_since_ms: int = 0
    load_ms: int = 0
    call_ms: int = 0
    failures: int = 0
    retry_at_ms: int = 0
    given_up: bool = False
    loaded_for: str | None = None
    loaded_band: int = 3
    progress: str = ""
    problem: str = ""
    mend: str = ""
    code: str = "model_failed"  # what clients see while given up
    coming: Figures | None = None
    is_removed: bool = False

    @property
    def slots_open(self) -> int:
        """Slots that may be filled now: of a model elsewhere that gets fewer, only those, or
        others would take each one that is left and it would never get them."""
        coming = self.coming
        if not self.remote or coming is None or not coming.remote:
            return self.slots
        return min(self.slots, coming.slots)


@dataclass(frozen=True, slots=True)
class Figures:
    """What the core knows of a model by its catalog entry.

    Args:
        gpus_max: 0 = it runs on the host's processors.
        remote: it runs elsewhere, takes no memory, and does not need the container engine.
    """

    model: str
    slots: int
    memory_mib: int
    idle_stop_ms: int
    gpus_max: int = 0
    remote: bool = False


@dataclass(frozen=True, slots=True)
class EngineView:
    """Whether containers can be started now; texts are meant for the user."""

    available: bool = False
    name: str = ""
    problem: str = "the container engine was not asked yet"
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the Fabric gives, and how it decides.

    Args:
        waiting_max: waiting calls over all models.
        project_waiting_max: waiting calls of one project.
        wait_ms_max: no call waits longer; it is refused.
        promote_ms: after so long a waiting batch call counts as an agent's.
        promote_first_ms: after so long any waiting call counts as a person's.
        residency_ms_min: a loaded model serves at least so long before one of the same class may
            take its memory, and at least `residency_loads` times as long as that one's load takes.
        collate_ms_max: but no longer than this, and no longer once a call waited so long.
        linger_ms: an idle model is kept so long for the next call of a conversation.
        memory_back_ms: how long freed GPU memory may take to be seen free.
        failures_max: after so many failures in a row waiting calls are refused.
        backoff_ms: pause after the first failure; doubles with each further one.
        cooldown_ms: pause after `failures_max` failures, or one that trying again cannot mend.
        leases_per_slot: tasks that may hold a lease of a model, for each of its slots.
        lease_ms: a lease ends unless it is renewed within this time.
        leases_max: leases that may exist, waiting ones included.
        hold_ms_max: a lease is asked back after this time, however often it is renewed.
    """

    waiting_max: int = 256
    project_waiting_max: int = 128
    wait_ms_max: int = 3_600_000
    promote_ms: int = 300_000
    promote_first_ms: int = 1_200_000
    residency_ms_min: int = 5_000
    residency_loads: int = 3
    collate_ms_max: int = 60_000
    linger_ms: int = 1_000
    memory_back_ms: int = 5_000
    failures_max: int = 3
    backoff_ms: int = 500
    cooldown_ms: int = 15_000
    leases_per_slot: int = 4
    lease_ms: int = 90_000
    leases_max: int = 4096
    hold_ms_max: int = 4 * 3_600_000


@dataclass(slots=True)
class Release:
    """GPU memory of a stopped replica that was not seen free yet."""

    device: DeviceId
    model: str
    mib: int
    at_ms: int


@dataclass(slots=True)
class FabricState:
    """All of it.

    Args:
        calls: waiting and in flight.
        gpu_ms: GPU time of calls in flight, so far.
        cut: calls of peers in flight that were told to end.
        releases: memory given back that NVML did not show as free yet.
        gpu_note: why there is no GPU, "" if there is one.
        call_ms: moving average of a call over all models; 0 = not measured.
        at_ms: time of the last event.
    """

    limits: Limits
    devices: dict[DeviceId, Device]
    replicas: dict[str, Replica]
    engine: EngineView = EngineView()
    calls: dict[CallId, Call] = field(default_factory=dict)
    gpu_ms: dict[CallId, float] = field(default_factory=dict)
    cut: list[CallId] = field(default_factory=list)
    shares: dict[str, Share] = field(default_factory=dict)
    leases: dict[str, Lease] = field(default_factory=dict)
    reservations: dict[str, Reservation] = field(default_factory=dict)
    budgets: dict[str, Budget] = field(default_factory=dict)
    releases: list[Release] = field(default_factory=list)
    gpu_note: str = ""
    closing: bool = False
    call_ms: int = 0
    at_ms: int = 0

    @property
    def waiting_count(self) -> int:
        return sum(len(replica.waiting) for replica in self.replicas.values())
