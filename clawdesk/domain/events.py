"""What happened: the only input of `transitions.step`. Past tense; each carries `at_ms`.

Events of a machine carry the attempt and the machine they speak for, so that a late word of an
older one is refused. `intent` names a waiting caller; an `Acknowledge` effect answers it.
"""

from __future__ import annotations

from dataclasses import dataclass

from clawdesk.domain.lease_events import (
    LeaseAskedBack,
    LeaseEnded,
    LeaseGranted,
    LeaseRefused,
    LeaseWaits,
)
from clawdesk.domain.merge_events import ForkKept, TaskMerged, TaskUnmerged
from clawdesk.domain.model import (
    Amendment,
    Capacity,
    Checkpoint,
    MachineId,
    Reason,
    Request,
    Task,
    TaskId,
    Verdict,
)
from clawdesk.domain.rules import Rules
from clawdesk.domain.spending import CallUse

TICK_MS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class CapacityChanged:
    """The host's offer, and the reason why no machine can start at all (None = they can)."""

    at_ms: int
    capacity: Capacity
    environment: Reason | None = None


@dataclass(frozen=True, slots=True)
class Ticked:
    """Running time has passed; at most `TICK_MS_MAX` counts, whatever the clock says."""

    at_ms: int
    elapsed_ms: int


@dataclass(frozen=True, slots=True)
class RulesChanged:
    """The user's `policy.toml`, or what they trust, was read (again)."""

    at_ms: int
    rules: Rules
    trusted: frozenset[str]


@dataclass(frozen=True, slots=True)
class ProjectPaused:
    """Why nothing may be started or decided in a project: its folder is gone, others hold it.

    None = it may again. What runs goes on until its next commit.
    """

    at_ms: int
    project: str
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class TaskSubmitted:
    """The task's ref is durable; the submission has been acknowledged."""

    at_ms: int
    task: Task


@dataclass(frozen=True, slots=True)
class TaskRecovered:
    """A task found in Git at start; its machine, if any, is gone."""

    at_ms: int
    task: Task


@dataclass(frozen=True, slots=True)
class MachineStarted:
    at_ms: int
    task: TaskId
    attempt: int
    machine: MachineId
    boot_ms: float
    accelerator: str
    warm: bool


@dataclass(frozen=True, slots=True)
class MachineAdopted:
    """A machine that outlived the plane before this one answers again.

    Args:
        run: `INDEX.ROUND` of the step it runs or ran last; "" = none yet.
        ended: that step's process has exited, with `exit_code`.
    """

    at_ms: int
    task: TaskId
    attempt: int
    machine: MachineId
    accelerator: str
    run: str
    ended: bool = False
    exit_code: int = 0
    timed_out: bool = False


@dataclass(frozen=True, slots=True)
class MachineFailed:
    """A machine could not be started or restored. `hopeless`: another try would end like this."""

    at_ms: int
    task: TaskId
    attempt: int
    why: str
    damaged_ordinal: int = 0
    hopeless: bool = False


@dataclass(frozen=True, slots=True)
class ImageBuilding:
    """A machine is still to be started: its image is being set up, for so long."""

    at_ms: int
    task: TaskId
    attempt: int
    step: str
    seconds: int


@dataclass(frozen=True, slots=True)
class ImageReady:
    """The image that a machine was to be started with has been built: now one can be."""

    at_ms: int
    task: TaskId
    attempt: int


@dataclass(frozen=True, slots=True)
class MachineLost:
    """A running machine ended, or its guest fell silent or broke the protocol."""

    at_ms: int
    task: TaskId
    machine: MachineId
    why: str


@dataclass(frozen=True, slots=True)
class MachineReleased:
    at_ms: int
    task: TaskId
    machine: MachineId


@dataclass(frozen=True, slots=True)
class MachineRestored:
    """The machine stands at checkpoint `ordinal` again.

    Args:
        memory: True when memory came back too; False: only the files, in a fresh machine.
        ended: the step that ran at the checkpoint had exited inside, with `exit_code`, before the
            memory was copied; nobody will say so again.
        base: the commit its workspace began with, where the machine itself was asked; "" = as the
            checkpoint says.
    """

    at_ms: int
    task: TaskId
    attempt: int
    machine: MachineId
    ordinal: int
    memory: bool
    boot_ms: float
    accelerator: str
    note: str = ""
    ended: bool = False
    exit_code: int = 0
    timed_out: bool = False
    base: str = ""


@dataclass(frozen=True, slots=True)
class StepBegan:
    at_ms: int
    task: TaskId
    machine: MachineId


@dataclass(frozen=True, slots=True)
class StepEnded:
    """`tail` is the last output of a step that failed, at most 2,000 characters.

    `killed`: programs that the guest's kernel ended meanwhile because memory had run out.
    """

    at_ms: int
    task: TaskId
    machine: MachineId
    exit_code: int
    timed_out: bool = False
    tail: str = ""
    run: str = ""  # `INDEX.ROUND`; the end of any other run is an old word
    killed: int = 0


@dataclass(frozen=True, slots=True)
class BoundaryAsked:
    at_ms: int
    task: TaskId
    machine: MachineId
    guest_request: str
    approve: bool
    message: str = ""
    next_step: str = ""
    model_call: bool = False  # an agent's own call waits, of which the agent knows nothing


@dataclass(frozen=True, slots=True)
class PartStarted:
    """What a running step works at from now on, as it says; "" = the step as a whole."""

    at_ms: int
    task: TaskId
    machine: MachineId
    name: str


@dataclass(frozen=True, slots=True)
class ModelsUsed:
    """Model calls that are over; the same one may be told again."""

    at_ms: int
    task: TaskId
    machine: MachineId
    uses: tuple[CallUse, ...]


@dataclass(frozen=True, slots=True)
class QuestionAsked:
    at_ms: int
    task: TaskId
    machine: MachineId
    guest_request: str
    key: str
    question: str
    choices: tuple[str, ...] = ()
    default: str = ""


@dataclass(frozen=True, slots=True)
class CheckpointTaken:
    """Commit durable, snapshot taken (or files only). `question` asks right at this point."""

    at_ms: int
    task: TaskId
    machine: MachineId
    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True)
class CheckpointFailed:
    """The work could not be made durable (no space, refused names, Git unavailable)."""

    at_ms: int
    task: TaskId
    machine: MachineId
    why: str


@dataclass(frozen=True, slots=True)
class HistoryLost:
    """Another program removed the task's commits from Git; it was submitted again, for `attempt`.

    `commit` is that submission's.
    """

    at_ms: int
    task: TaskId
    attempt: int
    why: str
    commit: str


@dataclass(frozen=True, slots=True)
class RequestRecorded:
    """The request is committed; now a person may be told."""

    at_ms: int
    task: TaskId
    request: Request
    commit: str


@dataclass(frozen=True, slots=True)
class DecisionGiven:
    """A person decided. `ref` is an ordinal (approve, reject) or a key or request id (answer).

    `seen`: "summary" where the change itself was not shown; such an approval is not always enough.
    `prompt`: the note is meant as a further prompt for an agent.
    """

    at_ms: int
    task: TaskId
    ref: str
    verdict: Verdict
    actor: str
    channel: str
    digest: str = ""
    note: str = ""
    text: str = ""
    intent: str = ""
    amendment: Amendment | None = None
    key: str = ""
    seen: str = ""
    prompt: bool = False


@dataclass(frozen=True, slots=True)
class DecisionRecorded:
    at_ms: int
    task: TaskId
    request_id: str
    commit: str


@dataclass(frozen=True, slots=True)
class RestoreAsked:
    at_ms: int
    task: TaskId
    ordinal: int
    actor: str
    channel: str
    intent: str = ""


@dataclass(frozen=True, slots=True)
class PromptAsked:
    """A further prompt for the task's agent."""

    at_ms: int
    task: TaskId
    text: str
    actor: str
    channel: str
    intent: str = ""


@dataclass(frozen=True, slots=True)
class RestoreRecorded:
    at_ms: int
    task: TaskId
    ordinal: int
    commit: str


@dataclass(frozen=True, slots=True)
class CancelAsked:
    at_ms: int
    task: TaskId
    actor: str
    channel: str
    intent: str = ""


@dataclass(frozen=True, slots=True)
class SuspendAsked:
    """Give the machine back without losing a byte: a held task is parked, a running one leaves
    behind a safety checkpoint and goes on from it when a machine is free again."""

    at_ms: int
    task: TaskId
    intent: str = ""


@dataclass(frozen=True, slots=True)
class EventRecorded:
    """An event that changes nothing but the audit trail is durable (started, finished, merged)."""

    at_ms: int
    task: TaskId
    event: str
    commit: str


@dataclass(frozen=True, slots=True)
class RecordFailed:
    """Git refused a commit that the task needs to go on."""

    at_ms: int
    task: TaskId
    event: str
    why: str
    intent: str = ""


@dataclass(frozen=True, slots=True)
class SnapshotForgotten:
    """The machine behind a checkpoint is given up by policy; the checkpoint keeps its files."""

    at_ms: int
    task: TaskId
    ordinal: int
    snapshot: str
    why: str


@dataclass(frozen=True, slots=True)
class DiscardAsked:
    """The machine files of an ended task are not wanted any more."""

    at_ms: int
    task: TaskId


Event = (
    CapacityChanged
    | Ticked
    | RulesChanged
    | ProjectPaused
    | TaskSubmitted
    | TaskRecovered
    | LeaseGranted
    | LeaseWaits
    | LeaseRefused
    | LeaseAskedBack
    | LeaseEnded
    | MachineStarted
    | MachineAdopted
    | MachineFailed
    | ImageBuilding
    | ImageReady
    | MachineLost
    | MachineReleased
    | MachineRestored
    | StepBegan
    | StepEnded
    | BoundaryAsked
    | PartStarted
    | ModelsUsed
    | QuestionAsked
    | CheckpointTaken
    | CheckpointFailed
    | HistoryLost
    | RequestRecorded
    | DecisionGiven
    | DecisionRecorded
    | RestoreAsked
    | PromptAsked
    | RestoreRecorded
    | CancelAsked
    | SuspendAsked
    | EventRecorded
    | RecordFailed
    | TaskMerged
    | TaskUnmerged
    | SnapshotForgotten
    | DiscardAsked
    | ForkKept
)
