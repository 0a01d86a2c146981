"""The Fabric's state: models, their replicas, the calls that wait and those in flight.

Values only; `transitions.step` is the one writer of `FabricState`. Times are milliseconds of a
monotonic clock that arrive in events.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

CallId = int
"""Grows by one with each call, so it also is the order of arrival."""


class CallClass(StrEnum):
    """Who asks: a person at the keyboard goes before an agent, an agent before a batch."""

    INTERACTIVE = "interactive"
    AGENT = "agent"
    BATCH = "batch"


RANK = {CallClass.INTERACTIVE: 0, CallClass.AGENT: 1, CallClass.BATCH: 2}

Key = tuple[int, int, CallId]
"""Order of waiting calls: class rank, negated priority, arrival. Smaller goes first."""


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


@dataclass(frozen=True, slots=True)
class Call:
    """One model call, admitted by the gateway."""

    id: CallId
    model: str
    project: str = ""
    task: str = ""
    call_class: CallClass = CallClass.AGENT
    priority: int = 0

    @property
    def key(self) -> Key:
        return (RANK[self.call_class], -self.priority, self.id)


@dataclass(frozen=True, slots=True)
class Wait:
    """Why a call waits: its place in its model's queue, a code, a sentence, what would free it."""

    position: int
    code: str
    text: str
    frees: str = ""


@dataclass(slots=True)
class Replica:
    """The one container of a model, and what waits for it.

    Args:
        generation: grows with every start; events of an older one are ignored.
        in_flight: calls the container works on; never more than `slots`.
        waiting: keys of waiting calls, sorted.
        wanted: somebody asked for the model by name; cleared when it is ready or fails.
        leaving: no new calls; it stops when the last one in flight ends.
        failures: starts and runs that ended badly since a call last succeeded.
        retry_at_ms: not started before this time.
        given_up: until then, calls are refused rather than kept waiting.
    """

    model: str
    slots: int
    memory_mib: int
    idle_stop_ms: int
    phase: Phase = Phase.ABSENT
    generation: int = 0
    in_flight: set[CallId] = field(default_factory=set)
    waiting: list[Key] = field(default_factory=list)
    wanted: bool = False
    leaving: bool = False
    idle_since_ms: int = 0
    failures: int = 0
    retry_at_ms: int = 0
    given_up: bool = False
    progress: str = ""
    problem: str = ""
    mend: str = ""
    code: str = "model_failed"  # what clients see while given up


@dataclass(frozen=True, slots=True)
class EngineView:
    """Whether containers can be started now; texts are meant for the user."""

    available: bool = False
    name: str = ""
    problem: str = "the container engine was not asked yet"
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the Fabric gives.

    Args:
        memory_mib: all replicas together.
        waiting_max: waiting calls over all models.
        failures_max: after so many failures in a row waiting calls are refused.
        backoff_ms: pause after the first failure; doubles with each further one.
        cooldown_ms: pause after `failures_max` failures, or one that trying again cannot mend.
    """

    memory_mib: int = 4096
    waiting_max: int = 256
    failures_max: int = 3
    backoff_ms: int = 500
    cooldown_ms: int = 15_000


@dataclass(slots=True)
class FabricState:
    """All of it. `calls`: waiting and in flight; `told`: what each waiting call last heard."""

    limits: Limits
    replicas: dict[str, Replica]
    engine: EngineView = EngineView()
    calls: dict[CallId, Call] = field(default_factory=dict)
    told: dict[CallId, Wait] = field(default_factory=dict)
    closing: bool = False

    @property
    def waiting_count(self) -> int:
        return sum(len(replica.waiting) for replica in self.replicas.values())

    @property
    def memory_used_mib(self) -> int:
        """A container holds its memory from its start until it is known to be gone."""
        return sum(r.memory_mib for r in self.replicas.values() if r.phase is not Phase.ABSENT)
