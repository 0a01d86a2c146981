"""What must be done, in the imperative; `runtime.Fabric` does it."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from clawdesk_fabric.model import CallId, DeviceId


@dataclass(frozen=True, slots=True)
class StartReplica:
    """Build the image if it is missing, run the container, wait until it is healthy.

    Args:
        devices: GPUs it may use; () = the host's processors.
    """

    model: str
    generation: int
    devices: tuple[DeviceId, ...] = ()


@dataclass(frozen=True, slots=True)
class StopReplica:
    model: str
    generation: int
    why: str


class Forward(msgspec.Struct, frozen=True):
    """The call may go to that replica now; it holds one slot until CallEnded."""

    call: CallId
    model: str
    generation: int


@dataclass(frozen=True, slots=True)
class Refuse:
    """The call ends here. `code` is what a client sees, `retry_after_s` 0 = do not say."""

    call: CallId
    code: str
    text: str
    mend: str = ""
    retry_after_s: int = 0


@dataclass(frozen=True, slots=True)
class CutOff:
    """A peer's call in flight ends now, for a call of ours wants its slot or its memory."""

    call: CallId
    text: str


@dataclass(frozen=True, slots=True)
class GrantLease:
    lease: str


@dataclass(frozen=True, slots=True)
class AskBack:
    """Tell the lease's holder to give it at its next step boundary."""

    lease: str
    why: str


@dataclass(frozen=True, slots=True)
class EndLease:
    """The lease is no more, whatever its holder thinks."""

    lease: str
    why: str


Effect = StartReplica | StopReplica | Forward | Refuse | CutOff | GrantLease | AskBack | EndLease
Effects = list[Effect]
