"""What a shell (window, command line, chat) may ask of the control plane.

Two things implement it: `runtime.plane.Plane` inside the process that owns the machines, and
`runtime.client.PlaneClient` in every other process of the same user, over the plane's socket.
A shell never learns which of the two it holds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from clawdesk.domain.channel.model import Delivery
from clawdesk.domain.from_prompt import TaskPrompt
from clawdesk.domain.model import PlaneState, Reason, TaskId
from clawdesk.domain.package_sources import PackageSource
from clawdesk.domain.policy_rules import PolicyRule
from clawdesk.ports.channel import ChannelStatus
from clawdesk.ports.inference import FabricStatus
from clawdesk.ports.machines import DiskUse, MachineSupport
from clawdesk.ports.repository import (
    Conflicts,
    Diff,
    DiffFile,
    FileSides,
    MergeOutcome,
    ProjectView,
    Settlement,
)
from clawdesk.ports.telemetry import HostLoad
from clawdesk.runtime.deeds import Deed
from clawdesk.runtime.outcome import Outcome as Outcome  # noqa: PLC0414 (a part of this)
from clawdesk.runtime.pairing_api import PairingApi


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of a task's log. `stream` is out | err | event; `text` is hostile, unescaped."""

    number: int
    at_ms: int
    step: str
    round: int
    stream: str
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """What moved since the last notice; a subscriber repaints only that."""

    tasks: frozenset[TaskId] = frozenset()
    logs: frozenset[TaskId] = frozenset()
    projects: bool = False
    load: bool = False
    environment: bool = False
    notices: tuple[str, ...] = ()  # sentences for the user, e.g. "already answered by ... via ..."


@dataclass(frozen=True, slots=True)
class PolicyView:
    """A project's file, as far as trust goes.

    Args:
        digest: sha256 of its bytes; "" = the project has no such file.
        asks: what it asks beyond the usual, each with its line in the file.
        trusted: the user trusts exactly these bytes.
        text: hostile, unescaped.
        uncommitted: the work tree has another version, which no task starts from yet.
        rules: the whole policy as it counts, each rule with the line it comes from.
        own_image: its image file says something: its images are its own, and not the catalog's.
    """

    project: str
    digest: str
    asks: tuple[tuple[int, str], ...]
    trusted: bool
    text: str = ""
    uncommitted: bool = False
    rules: tuple[PolicyRule, ...] = ()
    own_image: bool = False


@dataclass(frozen=True, slots=True)
class UserRules:
    """The user's own `policy.toml`, as it counts for this machine.

    Args:
        path: where the file is, or would be.
        present: it exists.
        mistakes: why it is not in force, each with its line; () when it is.
        kept: which rules count instead of a mistaken file.
    """

    path: str
    present: bool
    rules: tuple[PolicyRule, ...]
    mistakes: tuple[str, ...] = ()
    kept: str = ""


@dataclass(frozen=True, slots=True)
class CatalogAccess:
    """What the images of catalog agents may be set up from, and what this computer would ask for.

    Args:
        sources: where this computer gets packages.
        hosts, own: what the user's own file allows now.
        path, line: where that rule stands, or would; line 0 = it does not.
        built: agents whose image is there already, in a machine as usual; None = nobody could look.
    """

    sources: tuple[PackageSource, ...] = ()
    hosts: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    path: str = ""
    line: int = 0
    built: tuple[str, ...] | None = None


ABSENT = ChannelStatus()


@dataclass(frozen=True, slots=True)
class ChannelView:
    """The user's channel (OpenClaw): its connection, and how far each request has come there."""

    status: ChannelStatus = ABSENT
    deliveries: tuple[Delivery, ...] = ()


NO_CHANNEL = ChannelView()


@dataclass(frozen=True, slots=True)
class Environment:
    """Health of the parts, for the always-visible bar and the first-run page.

    Args:
        peers_barred: the user's own rules let no project use models of peers.
    """

    machines: MachineSupport | None = None
    fabric: FabricStatus | None = None
    channel: ChannelView = NO_CHANNEL
    peers_barred: bool = False


@dataclass(frozen=True, slots=True)
class ShellText:
    """What a person's shell printed; hostile, unescaped.

    Args:
        over: it has ended, with that exit code; `why` it was closed, "" = by itself.
    """

    printed: bytes
    over: bool = False
    exit_code: int = 0
    why: str = ""


class PlaneApi(PairingApi, Protocol):
    """All times in ms since the epoch. Intents never raise for an expected refusal: see Outcome.

    Reads that fail raise PortError, whose `what` and `mend` are for the user's eyes.
    """

    @property
    def state(self) -> PlaneState:
        """The present state, read-only for callers (a mirror in a client)."""
        ...

    @property
    def projects(self) -> dict[str, ProjectView]:
        """Open projects by path."""
        ...

    @property
    def load(self) -> HostLoad | None: ...

    @property
    def environment(self) -> Environment: ...

    @property
    def ended(self) -> asyncio.Future[None]:
        """Done when this plane can no longer be used: its process ended, or it met a bug.

        The exception of a bug stands in it; do not cancel it, wait with `asyncio.wait`.
        """
        ...

    def subscribe(self, tell: Callable[[Change], None]) -> Callable[[], None]:
        """Call `tell` on the caller's loop after every change; returns the unsubscriber."""
        ...

    async def open_project(self, path: str) -> ProjectView: ...

    async def close_project(self, path: str) -> Outcome: ...

    async def submit(
        self,
        project: str,
        process: str | TaskPrompt,
        *,
        priority: int | None = None,
        include_changes: bool = False,
        settings: dict[str, str] | None = None,
    ) -> TaskId:
        """Durable when it returns. Raises PortError, RepositoryError for a mistake in a task file.

        Args:
            process: the name of a task file, or what an agent shall be told without one.
            priority: instead of the file's suggestion.
            include_changes: it starts from the user's files as they are, else from HEAD.
            settings: variables for its steps.
        """
        ...

    async def fork(
        self,
        task: TaskId,
        ordinal: int,
        *,
        settings: dict[str, str] | None = None,
        title: str = "",
    ) -> TaskId:
        """Another task from that checkpoint (0 = the start), with a machine and ref of its own.

        Durable when it returns. Raises PortError.

        Args:
            settings: reach steps that begin after the fork.
            title: what a person calls it; "" = as the task it comes from.
        """
        ...

    async def keep(self, task: TaskId, *, channel: str) -> Outcome:
        """Keep one of a family of forks: the others are ended, and give their machine files back.

        Their commits stay; what had ended before stays as it ended.
        """
        ...

    async def approve(
        self,
        task: TaskId,
        ordinal: int,
        digest: str,
        *,
        channel: str,
        note: str = "",
        only: tuple[str, ...] | None = None,
        edits: dict[str, bytes] | None = None,
        key: str = "",
    ) -> Outcome:
        """Approve what was shown, a part of it, or with changes.

        Args:
            only: paths of the diff to be taken, or folders; the rest goes back to the task as
                feedback. None = all.
            edits: new contents of files of the checkpoint.
            key: the caller's name for this answer; the same key again has the same result. So of
                `reject` and `answer`, whose `ref` is the question's key or the request's id.
        """
        ...

    async def reject(
        self, task: TaskId, ordinal: int, digest: str, *, channel: str, note: str, key: str = ""
    ) -> Outcome: ...

    async def answer(
        self, task: TaskId, ref: str, text: str, *, channel: str, key: str = ""
    ) -> Outcome: ...

    async def ask_back(
        self, task: TaskId, ref: str, text: str, *, channel: str, key: str = ""
    ) -> Outcome:
        """A question in return, as `answer`; not where the plane itself asks."""
        ...

    async def restore(self, task: TaskId, ordinal: int, *, channel: str) -> Outcome: ...

    async def prompt(self, task: TaskId, text: str, *, channel: str) -> Outcome:
        """Tell an ACP agent more, when it has ended its turn or its task has ended."""
        ...

    async def cancel(self, task: TaskId, *, channel: str) -> Outcome: ...

    async def why(self, task: TaskId) -> Reason | None:
        """Why a task waits, worked out now with all its numbers; None where it does not wait."""
        ...

    async def yield_now(self, task: TaskId, *, channel: str) -> Outcome:
        """Give its machine back at once: a checkpoint in the middle of its step, then the queue."""
        ...

    async def open_shell(self, task: TaskId, columns: int, rows: int, *, term: str) -> str:
        """A shell of a person in the machine of a task that runs, beside its step; its name.

        It ends with the next checkpoint, and when it is not read for long. The task's log says
        that there was one. Raises PortError.

        Args:
            term: the kind of terminal, as TERM has it.
        """
        ...

    async def read_shell(self, shell: str) -> ShellText:
        """What it printed since; after a moment nothing, if nothing came. Raises PortError."""
        ...

    async def write_shell(self, shell: str, content: bytes) -> None:
        """Type into it. Raises PortError."""
        ...

    async def resize_shell(self, shell: str, columns: int, rows: int) -> None: ...

    async def close_shell(self, shell: str) -> None: ...

    async def conflicts(self, task: TaskId, *, into: str = "") -> Conflicts:
        """What merging a finished task would stumble over; no files = nothing. Raises PortError."""
        ...

    async def merge(
        self,
        task: TaskId,
        *,
        into: str = "",
        each_checkpoint: bool = False,
        settled: Settlement | None = None,
    ) -> MergeOutcome:
        """Bring its approved work into a branch. Raises PortError, ConflictError with the paths.

        Args:
            settled: what a person decided of each conflict that `conflicts` told.
        """
        ...

    async def unmerge(self, task: TaskId) -> Outcome:
        """Take its last merge back: branch and files as before. Raises PortError as the port does.

        Only while the branch stands at the merge, and where nothing of the user's would be lost;
        the refusal's `mend` is the command that does it in Git.
        """
        ...

    async def disk_use(self) -> DiskUse:
        """What machine files occupy, snapshot by snapshot. Raises PortError."""
        ...

    async def prune(self, keep_days: float) -> Outcome:
        """Remove the machine snapshots of tasks that ended longer ago; commits stay.

        One task after the other; the state tells how far it is.
        """
        ...

    async def remove_images(self, images: tuple[str, ...]) -> Outcome:
        """Remove these guest images of `disk_use`; those that something stands on by now stay."""
        ...

    async def stop_prune(self) -> None:
        """Call a clean-up off: after the task it is at. What was removed stays removed."""
        ...

    async def project_policy(self, project: str, task: TaskId = "") -> PolicyView:
        """The project's file at HEAD, or as the task started with it.

        Raises RepositoryError for a mistake in the file.
        """
        ...

    async def deeds(self) -> tuple[Deed, ...]:
        """What was done that no task's own record tells, oldest first; at most 500."""
        ...

    async def user_rules(self) -> UserRules:
        """What the user's own file says of this machine."""
        ...

    async def trust(self, project: str, digest: str) -> Outcome:
        """Trust the project file of that digest; refused when none has it any more."""
        ...

    async def untrust(self, project: str) -> Outcome: ...

    async def catalog_access(self) -> CatalogAccess:
        """What images of catalog agents may be set up from, and where this computer looks."""
        ...

    async def allow_catalog(self, hosts: tuple[str, ...], own: tuple[str, ...]) -> Outcome:
        """Write into the user's own file that such images may be set up from there.

        Args:
            hosts, own: what the person was shown; refused when this computer is set otherwise.
        """
        ...

    async def take_back_catalog(self) -> Outcome:
        """Take that rule out of the file again; images that are built stay."""
        ...

    async def diff(self, task: TaskId, old: int | None, new: int, *, other: TaskId = "") -> Diff:
        """Between two ordinals; 0 = the start.

        Args:
            old: None = what `new` is asked about: everything since what was last let past.
            other: the task `new` belongs to, of the same project; "" = the same task.
        """
        ...

    async def diff_branch(self, task: TaskId, ordinal: int) -> Diff:
        """From the user's branch as it is committed now to a checkpoint."""
        ...

    async def file_sides(
        self, task: TaskId, ordinal: int, path: str, *, old_path: str = ""
    ) -> FileSides:
        """A file of what a checkpoint is asked about, whole: before, and as it was made."""
        ...

    async def diff_edited(
        self, task: TaskId, ordinal: int, path: str, content: bytes, *, old_path: str = ""
    ) -> DiffFile:
        """How a file would differ from before, were it approved with this content."""
        ...

    async def log_lines(self, task: TaskId, after: int = 0) -> tuple[LogLine, ...]:
        """Lines with number > after, oldest first; at most 10,000."""
        ...

    async def check_environment(self) -> Environment:
        """Look again at libvirt, KVM, Docker and the Fabric."""
        ...

    async def load_model(self, model: str) -> Outcome:
        """Done once it is ready, which may take minutes; its progress is in `environment`."""
        ...

    async def unload_model(self, model: str) -> Outcome:
        """Done once it is gone: its calls in flight end first, nothing is cut off."""
        ...

    async def pin_model(self, model: str, pinned: bool) -> Outcome:
        """A pinned model stays loaded until it is unpinned."""
        ...

    async def reserve_model(
        self, model: str, project: str, from_s: float, until_s: float
    ) -> Outcome:
        """Have a model loaded in a window (seconds since 1970) for a project, "" = for all."""
        ...

    async def end_reservation(self, reservation: str) -> Outcome: ...

    async def set_budget(self, project: str, gpu_hours: float, tokens: int) -> Outcome:
        """What a project may use of the models from now on; 0 and 0 = no limit."""
        ...

    async def set_weight(self, project: str, weight: float) -> Outcome:
        """A project's share of GPU time beside others, 0.01 to 1000; 1 is usual."""
        ...

    async def revoke_peer(self, name: str) -> Outcome:
        """Unpair another machine: nothing is lent to it or borrowed of it any more."""
        ...

    async def add_channel(self, address: str, token: str) -> Outcome:
        """Answer from chats through the OpenClaw gateway at that address from now on.

        Args:
            token: the gateway's; kept in the keyring, and only until it has given us our own.
        """
        ...

    async def remove_channel(self) -> Outcome:
        """Use no channel any more, and forget what let us in."""
        ...

    async def test_channel(self, wait_s: float) -> Outcome:
        """Show a test message there and wait so long for a tap; 0 = only show it."""
        ...

    async def channel(self) -> ChannelView:
        """The channel as it is now; where no plane runs, after one look at the gateway."""
        ...

    async def doctor(self) -> list[dict[str, object]]:
        """The checks of `clawdesk doctor --json`."""
        ...
