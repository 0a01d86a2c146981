"""What must be done: the only output of `transitions.step`. Imperative; performed in order.

Effects of one task are performed one after the other (`runtime.perform` keeps a queue a task), so
that a commit is durable before the next effect tells anyone about it.
"""

from __future__ import annotations

from dataclasses import dataclass

from clawdesk.domain.model import (
    Boundary,
    Checkpoint,
    Decision,
    MachineId,
    Phase,
    Request,
    StepSpec,
    TaskId,
)
from clawdesk.domain.spending import NOTHING_SPENT, Spending


@dataclass(frozen=True, slots=True)
class StartMachine:
    """Boot a machine whose workspace is the tree of `commit`."""

    task: TaskId
    attempt: int
    commit: str


@dataclass(frozen=True, slots=True)
class RestoreMachine:
    """Bring the machine of a checkpoint back: with memory where a snapshot stands behind it.

    Args:
        files: the commit whose tree a fresh machine gets where no snapshot does.
    """

    task: TaskId
    attempt: int
    checkpoint: Checkpoint
    files: str


@dataclass(frozen=True, slots=True)
class RunStep:
    task: TaskId
    machine: MachineId
    index: int
    round: int
    spec: StepSpec
    feedback: str = ""


@dataclass(frozen=True, slots=True)
class WantTurn:
    """Make the next model call of a running step a boundary: its machine is wanted elsewhere."""

    task: TaskId
    machine: MachineId


@dataclass(frozen=True, slots=True)
class ReplyToGuest:
    """Answer a `claw` call that waits in the machine.

    Args:
        outcome: continue | rejected | answered | asked_back.
    """

    task: TaskId
    machine: MachineId
    guest_request: str
    outcome: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class TakeCheckpoint:
    """Quiesce, collect, snapshot, commit.

    Args:
        base: the commit whose tree the guest compares its workspace with.
        since: the commit that the change is counted from, for diffstat, digest and approval.
    """

    task: TaskId
    machine: MachineId
    attempt: int
    ordinal: int
    step_index: int
    step_name: str
    round: int
    boundary: Boundary
    base: str
    since: str


@dataclass(frozen=True, slots=True)
class HoldMachine:
    """Stop the virtual CPUs while a person thinks."""

    task: TaskId
    machine: MachineId


@dataclass(frozen=True, slots=True)
class ResumeMachine:
    task: TaskId
    machine: MachineId


@dataclass(frozen=True, slots=True)
class ReleaseMachine:
    """Destroy the machine; snapshots stay."""

    task: TaskId
    machine: MachineId


@dataclass(frozen=True, slots=True)
class AskLease:
    """Have the Fabric hold the task's model for it; the answer is an event."""

    task: TaskId


@dataclass(frozen=True, slots=True)
class ReleaseLease:
    """Give the model back. Safe to repeat."""

    task: TaskId


@dataclass(frozen=True, slots=True)
class RecordRequest:
    task: TaskId
    request: Request


@dataclass(frozen=True, slots=True)
class RecordDecision:
    task: TaskId
    request: Request
    decision: Decision


@dataclass(frozen=True, slots=True)
class RecordRestore:
    """The tip's tree becomes that of `checkpoint` again (None = the start tree)."""

    task: TaskId
    ordinal: int
    commit: str
    actor: str
    channel: str
    feedback: str = ""
    prompt: bool = False


@dataclass(frozen=True, slots=True)
class RecordEvent:
    """Commit an event with its parent's tree; its end is EventRecorded."""

    task: TaskId
    event: str
    at_ms: int
    fields: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class RecordFinish:
    task: TaskId
    status: Phase
    text: str
    at_ms: int
    spending: Spending = NOTHING_SPENT


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Answer the caller that waits for `intent`."""

    intent: str
    ok: bool
    text: str


@dataclass(frozen=True, slots=True)
class Notify:
    """A sentence for the user about a task (never a decision)."""

    task: TaskId
    text: str


@dataclass(frozen=True, slots=True)
class DiscardSnapshots:
    """Remove a task's machine files; its commits stay."""

    task: TaskId


@dataclass(frozen=True, slots=True)
class KeepOutput:
    """Make the output of a step durable: of one that `ended`, or so far of one that waits."""

    task: TaskId
    step_name: str
    round: int
    ended: bool = True


Effect = (
    StartMachine
    | RestoreMachine
    | RunStep
    | WantTurn
    | ReplyToGuest
    | TakeCheckpoint
    | HoldMachine
    | ResumeMachine
    | ReleaseMachine
    | AskLease
    | ReleaseLease
    | RecordRequest
    | RecordDecision
    | RecordRestore
    | RecordEvent
    | RecordFinish
    | Acknowledge
    | Notify
    | DiscardSnapshots
    | KeepOutput
)
Effects = tuple[Effect, ...]
