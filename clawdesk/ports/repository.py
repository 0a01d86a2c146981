"""A project's Git repository: the only durable store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from clawdesk.domain.images import ImagePlan
from clawdesk.domain.model import Amendment, DiffStat, ProjectPolicy, Record, TaskDefinition, TaskId
from clawdesk.ports.guest import WorkspaceChanges

HISTORY_GONE = "history_gone"
"""Code of the RepositoryError of a task whose ref and commits another program removed."""


@dataclass(frozen=True, slots=True)
class ProjectView:
    """What opening a folder found. `branch` is "" when HEAD is detached."""

    path: str
    name: str
    branch: str
    head: str
    dirty: tuple[str, ...]  # paths the user changed, relative
    definitions: tuple[TaskDefinition, ...]
    mistakes: tuple[str, ...]  # "FILE:LINE: key: found X; allowed Y" of malformed task files
    read_only: str = ""  # who holds the project, when another plane does
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DiffLine:
    """`origin` is " ", "+" or "-"; a number is None where the line does not exist."""

    origin: str
    old: int | None
    new: int | None
    text: str


@dataclass(frozen=True, slots=True)
class DiffHunk:
    header: str
    lines: tuple[DiffLine, ...]


@dataclass(frozen=True, slots=True)
class DiffFile:
    """One file of a diff. Binary or oversized files have no hunks and say so in `note`."""

    path: str
    old_path: str
    status: str  # "added" | "deleted" | "modified" | "renamed" | "mode"
    added: int
    removed: int
    hunks: tuple[DiffHunk, ...]
    note: str = ""
    runs_on_host: bool = (
        False  # would run on the user's machine after a merge (hooks, CI, Makefile)
    )


@dataclass(frozen=True, slots=True)
class Diff:
    files: tuple[DiffFile, ...]
    stat: DiffStat


SIDE_BYTES_MAX = 1_000_000
"""A file larger than this is neither shown line by line nor edited here."""


@dataclass(frozen=True, slots=True)
class FileSides:
    """Whole contents of one file before and after; None = there is no such file on that side.

    `why_not` says why the contents are not given: too large, a link, a submodule. "" = they are.
    """

    old: bytes | None
    new: bytes | None
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class ConflictFile:
    """A file that the branch and the task changed in the same places; None = it has no such file.

    Args:
        base: as both began with it.
        ours: as the branch has it; `theirs`: as the task left it.
        why_not: why the contents are not given (too large, binary, a link); a side can be taken
            as a whole all the same.
    """

    path: str
    base: bytes | None
    ours: bytes | None
    theirs: bytes | None
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Conflicts:
    """Why a merge cannot be made by itself; no files = it can.

    `tip` of the branch and `work` of the task say which states were looked at.
    """

    branch: str
    tip: str
    work: str
    files: tuple[ConflictFile, ...] = ()


OURS, THEIRS, EDITED = "ours", "theirs", "edited"


@dataclass(frozen=True, slots=True)
class Settled:
    """What a person wants of one conflicting file: `take` is OURS, THEIRS or EDITED."""

    path: str
    take: str
    content: bytes = b""  # of an edited one


@dataclass(frozen=True, slots=True)
class Settlement:
    """A person's answer to `Conflicts` with that `tip` and `work`, and to no other."""

    tip: str
    work: str
    files: tuple[Settled, ...]


@dataclass(frozen=True, slots=True)
class CheckpointCommit:
    """`digest` binds what a person sees: sha256 over the tree of `since`, tree and message."""

    commit: str
    tree: str
    digest: str
    diffstat: DiffStat  # against the tree of `since`
    paths: tuple[str, ...]  # changed against the tree of `since`
    refused: tuple[str, ...] = ()  # names from the guest that were not taken, and why
    approval: str = ""  # why it must be approved, as `judge` said; it stands in the commit
    running: tuple[str, ...] = ()  # of `paths`: would run on the user's machine after a merge


def no_approval(paths: tuple[str, ...]) -> str:
    """A judge that asks for nothing."""
    return ""


@dataclass(frozen=True, slots=True)
class MergeOutcome:
    """`how` says what happened, `text` says it to the user.

    "fast": the branch now has exactly the approved tree (or had this work already). "commit": it
    has that work beside newer work of the user's. "branch-only": where filters apply or the branch
    is checked out elsewhere, the work stands on `branch`, and `text` shows the command.
    `backup` is the commit that keeps the state before; "" when nothing was moved.
    """

    commit: str
    branch: str
    how: str
    text: str
    backup: str = ""


@dataclass(frozen=True, slots=True)
class TaskHistory:
    """A task as its ref tells it: oldest record first."""

    task: TaskId
    tip: str
    tip_tree: str
    records: tuple[Record, ...]


class Repository(Protocol):
    """One project. Calls raise RepositoryError; none touches index, work tree, HEAD or branches
    except `merge` and `unmerge`.

    A task's ref that another program deleted is put back by the next call that writes to it, where
    its commits are still there (then `view` warns of it); else that call raises `history_gone`.
    """

    @property
    def path(self) -> str: ...

    async def view(self) -> ProjectView: ...

    async def read_only(self) -> str:
        """Why nothing may be written now, "" when it may; quick enough for every second.

        Raises RepositoryError `unavailable` when the folder is gone.
        """
        ...

    async def definition(self, name: str, commit: str = "") -> TaskDefinition:
        """The task file as it stands in a commit (default HEAD). Mistakes raise RepositoryError."""
        ...

    async def policy(self, commit: str = "") -> ProjectPolicy:
        """`.clawdesk/project.toml` of a commit (default HEAD); no such file = the defaults."""
        ...

    async def image_plan(self, commit: str = "") -> ImagePlan:
        """What `.clawdesk/image.toml` asks for, with the files it names; empty where there is none.

        Raises:
            RepositoryError: `bad_definition`: a mistake, or a file that is not there or too large.
        """
        ...

    async def project_file(self, commit: str = "") -> bytes | None:
        """The bytes of `.clawdesk/project.toml` in a commit (default HEAD); None = no such file."""
        ...

    async def start_commit(self, *, include_changes: bool, definition: str) -> tuple[str, str]:
        """(base commit, start commit). With changes included the start commit's tree holds them.

        Args:
            definition: the task file that must be there; "" = none need.
        """
        ...

    async def submit(self, task: TaskId, start: str, record: Record) -> str:
        """Create the task's ref with its `submitted` commit; returns the commit once durable."""
        ...

    async def export(self, commit: str, into: Path) -> None:
        """Write the workspace tar of a commit's tree to the file `into`.

        It holds `workspace/` (the files), `base.git/` (a repository with that tree as its only
        commit), `listing` (its files) and `excludes` (the tree's ignore rules for
        `git ls-files --exclude-from`).
        """
        ...

    async def checkpoint(
        self,
        task: TaskId,
        base: str,
        changes: WorkspaceChanges,
        record: Record,
        judge: Callable[[tuple[str, ...]], str] = no_approval,
        *,
        since: str = "",
        as_approved: str = "",
    ) -> CheckpointCommit:
        """Commit base tree + changes as the task's next checkpoint (compare-and-swap).

        Args:
            base: the commit that was exported for the machine the changes come from.
            since: the commit that diffstat, digest and paths are counted from; "" = the tip.
            as_approved: a commit a person approved; work that is exactly its tree is not judged.

        `judge` is asked with the changed paths before the commit, so that why it must be approved
        is as durable as the checkpoint itself.
        The committed record has the fields `tree`, `digest`, `diffstat` and, if any, `refused` and
        `approval` beside those of `record`. A merge reads of it `ordinal`, `step`, `mode` (approve
        and within need an approval) and `safety`; of "requested" `ordinal` and `kind`; of
        "decision" `ordinal` and `verdict`; of "restored" `ordinal`.
        Raises:
            RepositoryError: code `too_large`, more than 10,000 changed files or 1 GB.
        """
        ...

    async def append(self, task: TaskId, record: Record, *, tree_of: str = "") -> str:
        """Commit an event with the parent's tree, or with that of `tree_of`, a commit or a tree."""
        ...

    async def amended(
        self, since: str, made: str, only: tuple[str, ...] | None, edits: Mapping[str, bytes]
    ) -> Amendment:
        """Write the tree that a person approves instead of what was made.

        Args:
            since: commit with the work before.
            made: commit with the work that waits.
            only: of the paths that differ, those to be taken (a folder's name means all below it);
                None = all. The others stay as in `since`.
            edits: new contents of paths of `made`; their modes stay.
        Raises:
            RepositoryError: code `no_such_path`, a path that the work does not change or have.
        """
        ...

    async def between(self, old: str, new: str) -> WorkspaceChanges:
        """What makes the tree of `new` out of that of `old`, file by file."""
        ...

    async def append_log(self, task: TaskId, step: str, output: bytes) -> None:
        """Keep a step's output under refs/clawdesk/logs (head and tail, at most 5 MiB)."""
        ...

    async def log(self, task: TaskId) -> Mapping[str, bytes]: ...

    async def histories(self) -> list[TaskHistory]:
        """All tasks, oldest first. A chain with unreadable commits begins with a record whose event
        is `damaged` and whose field `why` says what is missing."""
        ...

    async def diff(self, old: str, new: str) -> Diff:
        """Difference of two commits' trees."""
        ...

    async def sides(self, old: str, new: str, path: str, *, old_path: str = "") -> FileSides:
        """One file in two commits; `old_path` is its name in `old` where it was renamed."""
        ...

    async def diff_edited(
        self, old: str, new: str, path: str, content: bytes, *, old_path: str = ""
    ) -> DiffFile:
        """How one file would differ from `old` if it had `content` and the mode it has in `new`.

        Raises RepositoryError `no_such_path`: `path` is no file of `new`.
        """
        ...

    async def conflicts(self, task: TaskId, *, into: str) -> Conflicts:
        """What a merge as one commit would stumble over. Nothing is changed. Raises as `merge`."""
        ...

    async def merge(
        self,
        task: TaskId,
        *,
        into: str,
        each_checkpoint: bool,
        title: str,
        settled: Settlement | None = None,
    ) -> MergeOutcome:
        """Bring approved work into a branch ("" = the one HEAD is on; an unknown one is made).

        Args:
            settled: what a person decided of each conflict; the merge is one commit then. Where
                branch or task are no more as they were looked at: RepositoryError `changed`.
        Raises:
            ConflictError: both sides changed the same places, or the user's files are in the way.
            RepositoryError: codes `nothing_to_merge`, `no_identity`, `detached`, `bad_branch`,
                `changed` (try again), `locked`, `no_space`. Nothing was changed then.
        """
        ...

    async def unmerge(self, task: TaskId, *, branch: str, commit: str) -> str:
        """Take the task's last merge back, branch and files; what was done, for the user.

        Args:
            branch, commit: of that merge, as its outcome told them.
        Raises:
            ConflictError: the user has changed files since that the merge had changed.
            RepositoryError: codes `changed` (the branch has moved on), `own_branch` (the merge made
                a branch), `in_the_way`, `unknown`. `mend` is the command that does it in Git.
                Nothing was changed then.
        """
        ...

    async def close(self) -> None:
        """Give this handle back; safe to repeat. Calls on it raise RepositoryError `closed`."""
        ...


class Repositories(Protocol):
    async def open(self, path: str) -> Repository:
        """A handle of its own, also when the project is open already; close each.

        Raises RepositoryError naming exactly why a folder cannot be opened.
        """
        ...
