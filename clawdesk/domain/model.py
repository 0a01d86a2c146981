"""The values of the control plane: what a task, a step, a checkpoint, a request is.

Everything here is a frozen value except `PlaneState`, which only `transitions.step` writes.
No I/O, no clock, no randomness: times arrive as `at_ms` (milliseconds since the epoch) in events.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from clawdesk.domain.beside import NOTHING_BESIDE, Beside
from clawdesk.domain.processes import AgentSpec as AgentSpec  # noqa: PLC0414 - a task's own part
from clawdesk.domain.processes import CheckpointMode as CheckpointMode  # noqa: PLC0414
from clawdesk.domain.processes import MachineNeed as MachineNeed  # noqa: PLC0414
from clawdesk.domain.processes import StepSpec as StepSpec  # noqa: PLC0414
from clawdesk.domain.processes import TaskDefinition as TaskDefinition  # noqa: PLC0414
from clawdesk.domain.processes import asks_at_end
from clawdesk.domain.rules import Rules
from clawdesk.domain.spending import NOTHING_SPENT, Spending, StepSpent

TaskId = str
"""A ULID, 26 characters; also the name of the task's Git ref."""
MachineId = str
"""Name of a libvirt domain; a new one for every start and every restore."""


class Phase(StrEnum):
    """Where a task stands; docs/guide/states.md draws the arrows from the transition table."""

    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    SNAPSHOTTING = "snapshotting"  # a checkpoint is being taken
    HELD = "held"  # a person must approve or answer
    RESTORING = "restoring"
    RELEASING = "releasing"  # its machine is being destroyed
    UNKNOWN = "unknown"  # its machine outlived the plane and does not answer yet
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


FINAL = frozenset({Phase.DONE, Phase.FAILED, Phase.CANCELLED, Phase.REJECTED})


class Lease(StrEnum):
    """A task's hold on its model, as the Fabric answered last; see `leases.py`."""

    NONE = "none"
    ASKED = "asked"
    WAITS = "waits"  # the Fabric has no room for the model yet
    GRANTED = "granted"
    ASKED_BACK = "asked back"  # to be given at the next boundary
    LATER = "later"  # its image is being built: asked for with the machine that it is built for
    REFUSED = "refused"  # cannot be had now: the task goes on, and its calls say why they fail


class PriorityClass(StrEnum):
    """What kind of work a project's tasks are; a step of ten points each (domain/scheduling)."""

    INTERACTIVE = "interactive"
    AGENT = "agent"
    BATCH = "batch"


class Kind(StrEnum):
    """What a request asks of a person."""

    APPROVE = "approve"
    CLARIFY = "clarify"


NOT_LOOKED_AT = "it is not known which files it changes."
"""Of a checkpoint whose files were not looked at (or by an older version): chat never approves."""


class Verdict(StrEnum):
    """What a person decided."""

    APPROVED = "approved"
    AMENDED = "amended"  # approved in part, or with changes of one's own
    REJECTED = "rejected"
    ANSWERED = "answered"
    ASKED_BACK = "asked_back"  # a question in return; the task hears it and may ask again


@dataclass(frozen=True, slots=True)
class ProjectPolicy:
    """`.clawdesk/project.toml`; absent file = these defaults."""

    weight: float = 1.0
    priority_min: int = -10
    priority_max: int = 10
    approval_paths: tuple[str, ...] = ()
    on_timeout: str = "hold"  # hold | reject
    timeout_s: int = 0  # how long an approval waits before `on_timeout`; 0 = for ever
    default_class: PriorityClass = PriorityClass.AGENT
    checkpoint_every_s: int = 300  # what its tasks are expected to keep
    network_allow: tuple[str, ...] = ()
    own_networks: tuple[str, ...] = ()  # the user's word alone: addresses its hosts may stand for
    permissions: str = "ask"  # the most that its agents are given: reject | ask | allow
    secrets_allow: tuple[str, ...] = ()  # what its tasks may be given of the user's secrets
    keys_allow: tuple[str, ...] = ()  # SECRET@host: what may be added to its tasks' requests
    gpu_hours: float | None = None
    tokens: int | None = None
    peers: str = "never"


@dataclass(frozen=True, slots=True)
class DiffStat:
    """Size of a change: files touched, lines added, lines removed."""

    files: int = 0
    added: int = 0
    removed: int = 0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The hypervisor's image behind a checkpoint; `None` in a checkpoint means files only.

    Args:
        pause_ms: how long the guest stood still.
        snapshot_ms: the whole call.
        bytes: memory file on disk.
        digest: sha256 over the files, "" until hashed off the pause path.
    """

    id: str
    pause_ms: float
    snapshot_ms: float
    bytes: int
    accelerator: str = "tcg"
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What `claw ask` asked; the answer is text, chosen or free."""

    key: str
    text: str
    choices: tuple[str, ...] = ()
    default: str = ""


@dataclass(frozen=True, slots=True)
class Boundary:
    """A point where work is to be made durable, and what waits in the machine there.

    `mode` is auto | approve | within: approved with its step's end | changed: to be approved where
    anything did change. `mid_step`: a step runs on behind it (safety checkpoints only). `amends`: a
    person approved another version of that checkpoint, the tree of commit `put`; it is written
    into the workspace first.
    """

    mode: str = "auto"
    message: str = ""
    guest_request: str = ""
    question: Question | None = None
    safety: bool = False
    mid_step: bool = False
    amends: int = 0
    put: str = ""
    model_call: bool = False


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A durable point of a task. Its `tree` is the project's tree at that moment.

    `guest_request` is the `claw` call that waits inside the machine at this point ("" = none
    waits); a restore answers it once more, or asks its `question` again. `mid_step` marks a
    safety checkpoint taken while a step ran: a restore lets it run on.
    """

    ordinal: int
    at_ms: int
    step_index: int
    step_name: str
    round: int
    commit: str
    tree: str
    digest: str
    diffstat: DiffStat = DiffStat()
    snapshot: Snapshot | None = None
    why_files_only: str = ""
    message: str = ""
    not_taken: tuple[str, ...] = ()  # "NAME: why" of what the guest offered and Git did not get
    guest_request: str = ""
    approval_reason: str = ""  # "" = no approval needed
    approved: bool = False
    safety: bool = False
    mid_step: bool = False
    question: Question | None = None
    attempt: int = 1
    amends: int = 0  # ordinal of the one whose approved version this is; 0 = it is none
    base: str = ""  # commit whose tree its guest compares with; "" = the task's start
    since: str = ""  # commit that its change, diffstat and digest are counted from
    model_call: bool = False  # what waits at `guest_request` is an agent's call, not `claw`
    beside: Beside = NOTHING_BESIDE  # what its machine did since the one before
    look: str = NOT_LOOKED_AT  # why a summary is not enough to approve it; "" = it is
    spent: tuple[StepSpent, ...] = ()  # by the whole task until then, as its record says
    after: int = 0  # ordinal at which the task stood before; the order of commits tells it

    @property
    def loses_nothing(self) -> bool:
        """Whether no process that is in the middle of its work would begin anew from here."""
        return self.snapshot is not None or not (self.guest_request or self.mid_step)


@dataclass(frozen=True, slots=True)
class Request:
    """Something a person must decide; committed to Git before anyone is told."""

    id: str
    kind: Kind
    at_ms: int
    ordinal: int
    digest: str
    guest_request: str = ""
    key: str = ""
    question: str = ""
    choices: tuple[str, ...] = ()
    default: str = ""
    message: str = ""
    why: str = ""
    diffstat: DiffStat = DiffStat()
    look: str = NOT_LOOKED_AT  # why a summary is not enough to approve it; "" = it is

    @property
    def is_ours(self) -> bool:
        """Whether the plane itself asks: nobody in a machine waits for what is said to it."""
        return self.kind is Kind.CLARIFY and not self.guest_request


@dataclass(frozen=True, slots=True)
class Amendment:
    """The version of a checkpoint that a person approves instead.

    Args:
        tree: of the whole project, in Git.
        left_out: paths whose changes are not taken; they are as before the checkpoint.
        edited: paths that hold what the person wrote.
        more: how many further paths were left out than are named.
    """

    tree: str
    left_out: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    more: int = 0

    def feedback(self, note: str) -> str:
        """What the task is told, one fact a line."""
        lines = [note] if note else []
        lines += [f"Not approved, and put back as it was before: {path}" for path in self.left_out]
        lines += [f"The same for {self.more} more."] if self.more else []
        lines += [f"Approved with changes by the user: {path}" for path in self.edited]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's answer to a request; `intent` is the caller that waits for the acknowledgement.

    `amendment` belongs to the verdict `amended`.
    """

    request_id: str
    verdict: Verdict
    at_ms: int
    actor: str
    channel: str
    digest: str = ""
    note: str = ""
    text: str = ""
    intent: str = ""
    amendment: Amendment | None = None
    key: str = ""  # the answerer's own name for this answer: the same key twice is one answer
    more_intents: tuple[str, ...] = ()  # callers that gave the same answer again meanwhile
    seen: str = ""  # "summary": the change itself was not on the screen; "" = it was
    prompt: bool = False  # the note is meant as a further prompt for an agent


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a task waits: a code, a sentence with numbers, and what would free it."""

    code: str
    text: str
    frees: str = ""
    facts: tuple[tuple[str, str | int | float], ...] = ()  # the numbers behind `text`, by name
    also: tuple[Reason, ...] = ()  # further causes; each alone would keep the task waiting


@dataclass(frozen=True, slots=True)
class Yielding:
    """A running task was asked to leave at its next checkpoint.

    Args:
        since_ms: in `PlaneState.steady_ms`.
    """

    for_task: TaskId
    since_ms: int
    why: str
    told_overdue: bool = False
    told_files_only: bool = False


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a fork comes from: its first machine is the snapshot of that checkpoint.

    Args:
        start: the commit the work before the fork began with; a merge counts from there.
    """

    task: TaskId
    ordinal: int
    commit: str
    start: str


@dataclass(frozen=True, slots=True)
class Record:
    """One line of a task's audit trail; `fields` is what stands as JSON in the commit's body.

    `commit` is "" for records that are only shown (a step began), never needed after a restart.
    """

    event: str
    at_ms: int
    fields: dict[str, Any] = field(default_factory=dict)
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """A way back that was asked for: by the user, or by a rejection (then with its feedback).

    `prompt`: the feedback is the next prompt of the agent that waits there.
    """

    ordinal: int
    actor: str
    channel: str
    intent: str = ""
    feedback: str = ""
    prompt: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """One run of a process on a project. Replaced as a whole at every change."""

    id: TaskId
    project: str  # absolute path of the repository's work tree
    definition: TaskDefinition
    policy: ProjectPolicy
    submitted_at_ms: int
    base_commit: str
    start_commit: str
    settings: tuple[tuple[str, str], ...] = ()  # `--set KEY=VALUE`, in the steps' environment
    policy_asked: ProjectPolicy | None = None  # as its file has it; `policy` is what counts of it
    policy_digest: str = ""  # of the project file it was submitted under
    policy_asks: tuple[str, ...] = ()  # what that file asks beyond the defaults, in words
    forked_from: Origin | None = None
    seq: int = 0
    phase: Phase = Phase.QUEUED
    attempt: int = 1
    priority: int = 0  # the process's suggestion; `scheduling.score` bounds it
    priority_class: PriorityClass = PriorityClass.AGENT
    eligible_ms: int = 0  # steady time from which it ages; not while it waited for a person
    machine_since_ms: int = 0  # steady time at which it last got a machine
    held_since_ms: int = 0  # steady time at which it last began to wait for a person
    preemptions: int = 0
    yielding: Yielding | None = None
    stuck_since_ms: int | None = None  # steady time since which it heads the queue without room
    promised: bool = False  # others left for it: what they gave back is kept for it
    lease: Lease = Lease.NONE
    told_refused: bool = False  # the user knows that its model cannot be had
    machine: MachineId = ""
    base: str = ""  # commit whose tree its machine's workspace began with; "" = the start
    leaving: MachineId = ""  # parked: being released while the task stays held; still counted
    accelerator: str = ""
    step_index: int = 0
    rounds: tuple[int, ...] = ()  # how often each step was begun; only grows
    round: int = 1  # of the present step's run in the machine; less than `rounds` after going back
    step_name: str = (
        ""  # what `claw step` called the present part of the step, else the step's name
    )
    step_running: bool = False
    boundary: Boundary | None = None  # of the checkpoint last asked for; a retry needs it
    next_ordinal: int = 1
    checkpoints: tuple[Checkpoint, ...] = ()
    tip_ordinal: int = 0  # the checkpoint whose tree the task's tip has; 0 = the start
    request: Request | None = None
    deciding: Decision | None = None
    resume_from: int | None = None  # ordinal to restore when the task next gets a machine
    resume_outcome: str = (
        ""  # what to tell the waiting `claw` call then; "" = continue or ask again
    )
    resume_text: str = ""
    wish: Wish | None = None  # a restore that waits for the present act to end
    deferred: tuple[Any, ...] = ()  # guest events that arrived while the task was not running
    start_failures: int = 0
    feedback: str = ""
    reason: Reason | None = None
    finish: Phase | None = None  # decided end, while the machine is still being released
    finish_text: str = ""
    finish_asked: bool = False  # its commit is under way
    finish_known: bool = False  # Git has it, or has refused it for good
    finish_intents: tuple[str, ...] = ()  # callers who wait for that
    merged_into: str = ""
    spending: Spending = NOTHING_SPENT  # only grows, whatever the task goes back to
    records: tuple[Record, ...] = ()

    @property
    def steps(self) -> tuple[StepSpec, ...]:
        return self.definition.steps

    @property
    def title(self) -> str:
        return self.definition.title or self.definition.name

    @property
    def beginning(self) -> int:
        """The ordinal it starts at, also again: of a fork the one it was forked at, else 0."""
        return self.forked_from.ordinal if self.forked_from is not None else 0

    @property
    def judged(self) -> str:
        """The commit up to which a person, or a rule, has let the present work pass.

        What is asked about next is everything since: also what a safety checkpoint holds, what was
        rejected, and what a question interrupted before anybody approved it.
        """
        checkpoint = self.checkpoint(self.tip_ordinal)
        if checkpoint is None:
            return self.start_commit
        waits = checkpoint.approval_reason or self.is_within(checkpoint)
        passed = not checkpoint.safety and (checkpoint.approved or not waits)
        return checkpoint.commit if passed else checkpoint.since or self.start_commit

    def is_within(self, checkpoint: Checkpoint) -> bool:
        """Whether it stands in a step whose end asks for approval of all that the step did."""
        waits = checkpoint.model_call or checkpoint.question is not None
        return waits and asks_at_end(self.steps, checkpoint.step_index)

    def checkpoint(self, ordinal: int) -> Checkpoint | None:
        """The checkpoint of that ordinal, or None. Ordinals only grow, so scan from the newest."""
        return next((c for c in reversed(self.checkpoints) if c.ordinal == ordinal), None)


@dataclass(frozen=True, slots=True)
class Capacity:
    """What this host gives to machines, after the desktop's reserve."""

    cpu_count: int = 2
    memory_mib: int = 2048
    machines: int = 4


@dataclass(slots=True)
class PlaneState:
    """Run-time state of the control plane; written by `transitions.step` alone.

    Args:
        rules: the user's own policy.
        trusted: digests of project files whose wishes the user allowed.
        steady_ms: running time of this plane; grows by `Ticked` alone, so that neither a jump of
            the wall clock nor a sleep of the host is time that somebody waited.
        paused: projects in which nothing may be started or decided, and why; replaced as a whole.
        touched: tasks the last `step` replaced.
    """

    capacity: Capacity = Capacity()
    environment: Reason | None = None  # set while no machine can be started at all
    rules: Rules = field(default_factory=Rules)
    trusted: frozenset[str] = frozenset()
    steady_ms: int = 0
    paused: dict[str, Reason] = field(default_factory=dict)
    tasks: dict[TaskId, Task] = field(default_factory=dict)
    next_seq: int = 1
    touched: frozenset[TaskId] = frozenset()
    index: Any = field(default=None, compare=False, repr=False)  # scheduling.Index, made on demand
