"""What happened, in the past tense; `at_ms` is in milliseconds of a monotonic clock.

What every call makes is a Struct: the same to whoever reads it, and made in an eighth of the time.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from clawdesk_fabric.leases import Budget, Lease, Reservation
from clawdesk_fabric.model import Call, CallId, DeviceId, EngineView, Figures, GpuReading


class CallArrived(msgspec.Struct, frozen=True):
    at_ms: int
    call: Call


class CallEnded(msgspec.Struct, frozen=True):
    """Answered, failed, or its client left; also while it still waited. Safe to repeat.

    Args:
        tokens: of prompt and completion together, as the engine counted them.
    """

    at_ms: int
    call: CallId
    succeeded: bool = False
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class ReplicaAdopted:
    """A container of ours from before a crash answers and matches its catalog entry."""

    at_ms: int
    model: str
    devices: tuple[DeviceId, ...] = ()


@dataclass(frozen=True, slots=True)
class ReplicaProgressed:
    at_ms: int
    model: str
    generation: int
    text: str


@dataclass(frozen=True, slots=True)
class ReplicaReady:
    at_ms: int
    model: str
    generation: int


@dataclass(frozen=True, slots=True)
class ReplicaFailed:
    """It did not start, or it ended by itself. Nothing of it is left.

    Args:
        code: what clients see, `model_failed` or `no_capacity`; `out_of_memory` also has its
            promise raised.
        permanent: trying again unchanged cannot help.
    """

    at_ms: int
    model: str
    generation: int
    text: str
    mend: str = ""
    code: str = "model_failed"
    permanent: bool = False


@dataclass(frozen=True, slots=True)
class ReplicaStopped:
    """It was stopped by us and is gone."""

    at_ms: int
    model: str
    generation: int


@dataclass(frozen=True, slots=True)
class EngineChanged:
    at_ms: int
    view: EngineView


@dataclass(frozen=True, slots=True)
class CatalogRead:
    """The list of models was read anew.

    Args:
        models: those that are new or changed.
        removed: names of those it has no more.
    """

    at_ms: int
    models: tuple[Figures, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OthersPromised:
    """What other Fabrics of this machine promised to models and does not show as used yet.

    Args:
        mib: by device; one that is not named has none.
    """

    at_ms: int
    mib: tuple[tuple[DeviceId, int], ...]


@dataclass(frozen=True, slots=True)
class LoadAsked:
    at_ms: int
    model: str


@dataclass(frozen=True, slots=True)
class UnloadAsked:
    at_ms: int
    model: str


@dataclass(frozen=True, slots=True)
class PinSet:
    """A person wants the model kept loaded, or no longer."""

    at_ms: int
    model: str
    pinned: bool


@dataclass(frozen=True, slots=True)
class GpusRead:
    """NVML was asked.

    Args:
        owners: container id -> model, of all our containers, those that still start included.
        note: why there is no GPU, "" if there is one.
        kept_mib: the desktop's share of each GPU.
    """

    at_ms: int
    readings: tuple[GpuReading, ...]
    owners: tuple[tuple[str, str], ...] = ()
    note: str = ""
    kept_mib: int = 0


@dataclass(frozen=True, slots=True)
class LeaseAsked:
    at_ms: int
    lease: Lease


@dataclass(frozen=True, slots=True)
class LeaseRenewed:
    at_ms: int
    lease: str


@dataclass(frozen=True, slots=True)
class LeaseReleased:
    """Given back at a step boundary, or its task ended. Safe to repeat."""

    at_ms: int
    lease: str


@dataclass(frozen=True, slots=True)
class ReservationMade:
    at_ms: int
    reservation: Reservation


@dataclass(frozen=True, slots=True)
class ReservationEnded:
    at_ms: int
    reservation: str


@dataclass(frozen=True, slots=True)
class WallClockMoved:
    """The machine slept, or its clock was set: people's time went on by so much more than ours."""

    at_ms: int
    by_ms: int


@dataclass(frozen=True, slots=True)
class BudgetSet:
    """What a project may use from now on; None = no limit any more."""

    at_ms: int
    project: str
    budget: Budget | None


@dataclass(frozen=True, slots=True)
class WeightSet:
    """How much of the GPUs a project gets beside others; 1 is usual."""

    at_ms: int
    project: str
    weight: float


@dataclass(frozen=True, slots=True)
class UsageKnown:
    """What a project had used when an earlier Fabric ended."""

    at_ms: int
    project: str
    used_ms: float
    tokens: int


@dataclass(frozen=True, slots=True)
class PeakLearned:
    """What the model was measured to need when it last ran; replaces its estimate."""

    at_ms: int
    model: str
    memory_mib: int


@dataclass(frozen=True, slots=True)
class SettingsRead:
    """The user's settings were read anew.

    Args:
        waiting_max: calls that may wait, over all models.
        host_mib: what models on this host's processors may take together.
    """

    at_ms: int
    waiting_max: int
    host_mib: int


@dataclass(frozen=True, slots=True)
class TimePassed:
    at_ms: int


@dataclass(frozen=True, slots=True)
class ClosingAsked:
    """The Fabric will exit: waiting calls are refused, those in flight may end."""

    at_ms: int


Event = (
    CallArrived
    | CallEnded
    | ReplicaAdopted
    | ReplicaProgressed
    | ReplicaReady
    | ReplicaFailed
    | ReplicaStopped
    | EngineChanged
    | CatalogRead
    | SettingsRead
    | OthersPromised
    | LoadAsked
    | UnloadAsked
    | PinSet
    | GpusRead
    | LeaseAsked
    | LeaseRenewed
    | LeaseReleased
    | ReservationMade
    | ReservationEnded
    | WallClockMoved
    | BudgetSet
    | WeightSet
    | UsageKnown
    | PeakLearned
    | TimePassed
    | ClosingAsked
)
