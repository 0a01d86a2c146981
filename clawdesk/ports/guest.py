"""The program inside a machine: run steps, hear its requests, collect its files."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from clawdesk.domain.model import MachineId
from clawdesk.domain.network import NOWHERE, Reach
from clawdesk.domain.spending import CallUse


@dataclass(frozen=True, slots=True)
class StepRun:
    """A step to run. `run_id` names it in every later message.

    Args:
        command: given to `/bin/sh -c` in /workspace.
        env: added to the guest's environment (OPENAI_MODEL, ...).
        every_calls, every_s: before which model calls the step stands still for a checkpoint
            (`BoundaryAsked.model_call`); 0 = not by that. A guest of an older version does not.
        when_changed: and before those where files have changed since. A guest that cannot tell
            stands still before each.
    """

    run_id: str
    name: str
    command: str
    timeout_s: int
    env: Mapping[str, str] = field(default_factory=dict)
    every_calls: int = 0
    every_s: int = 0
    when_changed: bool = False


@dataclass(frozen=True, slots=True)
class StepOutput:
    """Bytes a step printed; `stream` is "out" or "err"."""

    run_id: str
    stream: str
    chunk: bytes


@dataclass(frozen=True, slots=True)
class StepEnded:
    """A step's shell is gone.

    `killed`: programs of it, or of what earlier steps left, that the guest's kernel ended meanwhile
    because they had taken all memory; the step may have come to a good end all the same.
    """

    run_id: str
    exit_code: int
    timed_out: bool = False
    killed: int = 0


@dataclass(frozen=True, slots=True)
class BoundaryAsked:
    """`claw checkpoint`, `claw step` or a model call about to go: it waits until `reply`."""

    request_id: str
    approve: bool
    message: str = ""
    next_step: str = ""  # set by `claw step NAME`
    artifacts: tuple[str, ...] = ()
    model_call: bool = False


@dataclass(frozen=True, slots=True)
class PartStarted:
    """What the step works at from now on, "" = the step as a whole; told again on each connection.

    Hostile text of one line or more; a session tells no more than `PARTS_MAX`.
    """

    name: str


PARTS_MAX = 1000


@dataclass(frozen=True, slots=True)
class QuestionAsked:
    """`claw ask`: the caller waits until `reply`."""

    request_id: str
    key: str
    question: str
    choices: tuple[str, ...] = ()
    default: str = ""


@dataclass(frozen=True, slots=True)
class GuestLost:
    """The channel ended or the guest broke the protocol; the attempt cannot go on."""

    why: str


@dataclass(frozen=True, slots=True)
class NetworkUsed:
    """A connection of a program to the outside that is over, or was `refused` for that reason.

    `untold`: how many more there were since the last that was told.
    `keys`: names of the secrets that were sent with its request.
    """

    host: str
    port: int
    sent_bytes: int
    received_bytes: int
    refused: str = ""
    untold: int = 0
    keys: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """Where it led, and with what, in a few words."""
        place = f"{self.host}:{self.port}"
        return f"{place} with {', '.join(self.keys)}" if self.keys else place


@dataclass(frozen=True, slots=True)
class ModelCalled:
    """A model call that is over. Texts are hostile, and cut.

    Args:
        model: as the program named it.
        asked: the last thing said to the model.
        answer: what it said, its calls of tools on lines of their own; of a failed call why.
        status: of HTTP.
        tokens_in, tokens_out: as the Fabric or the answer says; None = neither does.
        untold: how many more there were since the last that was told.
        uses: what this one used, last, and others before it that were not told yet.
    """

    model: str
    asked: str
    answer: str
    status: int
    took_ms: float
    tokens_in: int | None = None
    tokens_out: int | None = None
    untold: int = 0
    uses: tuple[CallUse, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelsUsed:
    """Model calls that are over, too many to be told one by one: only what they used."""

    uses: tuple[CallUse, ...]


GuestMessage = (
    StepOutput
    | StepEnded
    | BoundaryAsked
    | PartStarted
    | QuestionAsked
    | NetworkUsed
    | ModelCalled
    | ModelsUsed
    | GuestLost
)


@dataclass(frozen=True, slots=True)
class GuestGreeting:
    """What the guest says when a host connects.

    Args:
        pending: `claw` calls that still wait; each is told again as a message.
        last_run: the run that goes on or went last, "" = none yet.
        last_ended: it has exited, with `last_exit_code`; that may be told again as StepEnded.
    """

    boot_id: str
    python: str
    kernel: str
    running: str = ""  # run_id of the step that runs, "" = idle
    pending: tuple[str, ...] = ()
    last_run: str = ""
    last_ended: bool = False
    last_exit_code: int = 0
    last_timed_out: bool = False


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A changed file of the workspace. `mode` is 0o100644, 0o100755 or 0o120000 (symlink)."""

    path: str
    mode: int
    content: bytes


@dataclass(frozen=True, slots=True)
class WorkspaceChanges:
    """Difference to the tree the guest was last told (`base`); names are NOT yet validated."""

    changed: tuple[FileEntry, ...]
    deleted: tuple[str, ...]
    skipped: tuple[str, ...] = ()  # what could not be taken (sockets, nested repositories), and why


@dataclass(frozen=True, slots=True)
class ShellEnd:
    """How a shell ended. `why` it was closed, "" = by itself, with that exit code."""

    exit_code: int
    why: str = ""


class GuestShell(Protocol):
    """A person's shell on a terminal inside a machine. Calls raise GuestError."""

    @property
    def end(self) -> ShellEnd | None:
        """How it ended, once `read` gave no more; None before."""
        ...

    async def read(self) -> bytes:
        """What it printed, as it came; b"" once it is over. Not read, it stands still."""
        ...

    async def write(self, content: bytes) -> None:
        """Type. Waits while nothing inside reads."""
        ...

    async def resize(self, columns: int, rows: int) -> None: ...

    async def close(self) -> None:
        """Hang up: its programs end."""
        ...


class GuestSession(Protocol):
    """One connection to one machine. Calls raise GuestError."""

    greeting: GuestGreeting

    async def run(self, step: StepRun) -> None:
        """Start a step; its end arrives as StepEnded."""
        ...

    async def kill(self, run_id: str) -> None: ...

    async def want_turn(self) -> None:
        """Make the next model call a boundary, in a step where model calls are."""
        ...

    async def reply(self, request_id: str, payload: Mapping[str, object]) -> None:
        """Answer a waiting `claw` call.

        Payloads: {"outcome": "continue"} | {"outcome": "rejected", "feedback": str}
        | {"outcome": "answered" | "asked_back", "text": str}.
        """
        ...

    async def set_feedback(self, text: str) -> None:
        """What `claw feedback` prints from now on."""
        ...

    async def collect(self) -> WorkspaceChanges:
        """Everything that differs from the start tree (not from the last checkpoint)."""
        ...

    async def apply(self, files: Sequence[FileEntry], deleted: Sequence[str]) -> None:
        """Make these paths of the workspace exactly so, and those absent.

        For an approved part or an edited version, before a new checkpoint is taken; the step and
        its `claw` calls may wait meanwhile. A file appears whole, under its name, by a rename:
        a process that has the old one open keeps it. Directories are made as needed, and removed
        when a deletion leaves them empty. Nothing else is lost: a directory that must become a
        file gives way only when all files in it are in `deleted` (or none is there), a file or
        symbolic link that must become a directory only when it is in `deleted`. No symbolic link
        is ever followed.

        Raises:
            GuestError: `refused`: the text names the path; files before it are written, later ones
                are not, and calling again completes the work. `old_guest`: the machine goes on
                from a snapshot whose guest cannot do this; nothing was changed. `bad_path`,
                `too_many_changes` (the limits of `collect`): nothing was changed. `lost`,
                `no_answer`: as with every call.
        """
        ...

    async def shell(self, columns: int, rows: int, env: Mapping[str, str]) -> GuestShell:
        """A shell in the workspace beside the step, on a terminal of that size.

        It is closed by `quiesce`: no snapshot holds one.

        Raises:
            GuestError: `old_guest`: the machine goes on from a snapshot whose guest has none;
                `refused`: too many are open, or a checkpoint is being taken.
        """
        ...

    async def quiesce(self, timeout_s: float = 120.0) -> bool:
        """Hold model calls not yet forwarded, drain those in flight, sync file systems.

        Returns False when calls were still in flight at the limit: files only, then.
        """
        ...

    async def rest(self, timeout_s: float = 120.0) -> tuple[bool, WorkspaceChanges]:
        """`quiesce`, and what `collect` says then; that is told where it is not quiet, too.

        Raises:
            GuestError: as `collect`.
        """
        ...

    async def unquiesce(self) -> None: ...

    def pause_heartbeat(self, paused: bool) -> None:
        """Whether silence is expected: the machine's virtual CPUs are stopped."""
        ...

    async def close(self) -> None: ...

    def messages(self) -> AsyncIterator[GuestMessage]:
        """Control messages in order, for the loop that called `connect`."""
        ...


class Guests(Protocol):
    async def connect(
        self,
        machine: MachineId,
        *,
        token: str,
        start: bool,
        network: Reach = NOWHERE,
        timeout_s: float = 60.0,
    ) -> GuestSession:
        """Greet the guest of a started or restored machine: clock and random seed are set here.

        Args:
            network: what its programs may reach.
            token: the Fabric's bearer token for this task; stays on the host.
            start: True after `Machines.start`: the workspace is unpacked first.
        Raises:
            GuestError: no answer in time, or not our protocol.
        """
        ...

    async def close(self) -> None: ...
