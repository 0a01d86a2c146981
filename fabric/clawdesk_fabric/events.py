"""What happened, in the past tense; `at_ms` is in milliseconds of a monotonic clock."""

from __future__ import annotations

from dataclasses import dataclass

from clawdesk_fabric.model import Call, CallId, EngineView


@dataclass(frozen=True, slots=True)
class CallArrived:
    at_ms: int
    call: Call


@dataclass(frozen=True, slots=True)
class CallEnded:
    """Answered, failed, or its client left; also while it still waited. Safe to repeat."""

    at_ms: int
    call: CallId
    succeeded: bool = False


@dataclass(frozen=True, slots=True)
class ReplicaAdopted:
    """A container of ours from before a crash answers and matches its catalog entry."""

    at_ms: int
    model: str


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
        code: what clients see, `model_failed` or `no_capacity`.
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
class LoadAsked:
    at_ms: int
    model: str


@dataclass(frozen=True, slots=True)
class UnloadAsked:
    at_ms: int
    model: str


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
    | LoadAsked
    | UnloadAsked
    | TimePassed
    | ClosingAsked
)
