"""The Repository port over pygit2: calls become work in bounded threads, errors become sentences.

One writer thread a project, so that its commits are made one after the other; reading shares a
small pool among all projects. Every call opens the repository anew, so that it sees what the user
and other programs did meanwhile. Nothing here decides anything about tasks.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import pygit2

from clawdesk.adapters.git import (
    amending,
    diffs,
    export,
    history,
    logs,
    merging,
    records,
    refs,
    starts,
    taskfiles,
    trees,
    unmerging,
    viewing,
)
from clawdesk.adapters.git.mending import Foreign, explain
from clawdesk.adapters.git.opening import Place, open_place
from clawdesk.adapters.git.tips import KnownTips
from clawdesk.domain.definitions import DefinitionError
from clawdesk.domain.images import ImagePlan
from clawdesk.domain.model import Amendment, ProjectPolicy, Record, TaskDefinition, TaskId
from clawdesk.ports.errors import PortError, RepositoryError
from clawdesk.ports.guest import WorkspaceChanges
from clawdesk.ports.repository import (
    HISTORY_GONE,
    CheckpointCommit,
    Conflicts,
    Diff,
    DiffFile,
    FileSides,
    MergeOutcome,
    ProjectView,
    Settlement,
    TaskHistory,
    no_approval,
)

Result = TypeVar("Result")


@dataclass(slots=True)
class Bench:
    """The threads and the lock behind the handles on one work tree.

    `hold` takes or keeps the right to write; it returns "" or who has it. `put_back` holds the
    sentences about refs that another program deleted and that were put back.
    """

    place: Place
    readers: Executor
    writer: Executor
    hold: Callable[[], str]
    tips: KnownTips
    handles: int = 0
    put_back: dict[str, None] = field(default_factory=dict)


class GitRepository:
    """A handle on an open project. See `clawdesk.ports.repository.Repository` for the calls.

    Args:
        bench: what all handles on the same work tree share.
        leave: gives this handle back; when it was the last, the returned future is done once
            everything was written and the lock is free.
    """

    def __init__(self, bench: Bench, *, leave: Callable[[Bench], Future[None] | None]) -> None:
        self.place = bench.place
        self._bench = bench
        self._leave = leave
        self._is_open = True

    @property
    def path(self) -> str:
        return self.place.path

    async def view(self) -> ProjectView:
        def work(repo: pygit2.Repository) -> ProjectView:
            found = viewing.view(self.place, repo, self._read_only(repo))
            return replace(found, warnings=(*found.warnings, *self._bench.put_back))

        return await self._read("read the project", work)

    async def read_only(self) -> str:
        return await self._read("look at the project", self._read_only)

    async def definition(self, name: str, commit: str = "") -> TaskDefinition:
        return await self._read(
            "read the task file", lambda repo: taskfiles.in_commit(_tree(repo, commit), name)
        )

    async def policy(self, commit: str = "") -> ProjectPolicy:
        return await self._read(
            "read the project file", lambda repo: taskfiles.policy_in(_tree(repo, commit))
        )

    async def image_plan(self, commit: str = "") -> ImagePlan:
        return await self._read(
            "read the image file", lambda repo: taskfiles.image_in(_tree(repo, commit))
        )

    async def project_file(self, commit: str = "") -> bytes | None:
        return await self._read(
            "read the project file", lambda repo: taskfiles.project_file_in(_tree(repo, commit))
        )

    async def start_commit(self, *, include_changes: bool, definition: str) -> tuple[str, str]:
        def work() -> tuple[str, str]:
            repo = open_place(self.place)
            try:
                return starts.start_commit(
                    repo, include_changes=include_changes, definition=definition
                )
            finally:
                repo.free()

        return await self._write("take the start of the task", work)

    async def submit(self, task: TaskId, start: str, record: Record) -> str:
        def work() -> str:
            refs.ensure_schema(self.place, record.at_ms)
            tree, parent = self._tree_and_id(start)
            draft = refs.Draft(tree, records.encode(task, record), record.at_ms)
            ref = records.TASK_REFS + _checked(task)
            commit = refs.create(self.place, ref, [parent], draft)
            self._bench.tips.note(task, commit)
            return commit

        return await self._write("keep the task", work)

    async def export(self, commit: str, into: Path) -> None:
        def work(repo: pygit2.Repository) -> None:
            export.export(repo, _commit(repo, commit), into)

        await self._read("pack the workspace", work)

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
        def work() -> CheckpointCommit:
            made: list[CheckpointCommit] = []

            def draft(repo: pygit2.Repository, tip: pygit2.Commit | None) -> refs.Draft:
                assert tip is not None, "the tip was looked at before"
                before = _tree(repo, since) if since else tip.tree
                drawn = self._draft_checkpoint(repo, before, base, changes, record)
                passed = as_approved and drawn.tree == str(_tree(repo, as_approved).id)
                made[:] = [drawn if passed else replace(drawn, approval=judge(drawn.paths))]
                full = _described(record, made[0])
                tree = pygit2.Oid(hex=made[0].tree)
                return refs.Draft(tree, records.encode(task, full), record.at_ms)

            commit = self._advance(task, draft)
            return replace(made[0], commit=commit)

        return await self._write("make the checkpoint", work)

    def _draft_checkpoint(
        self,
        repo: pygit2.Repository,
        before: pygit2.Tree,
        base: str,
        changes: WorkspaceChanges,
        record: Record,
    ) -> CheckpointCommit:
        base_tree = _tree(repo, base)
        accepted, refused = trees.accept(repo, base_tree, changes)
        tree = repo[trees.with_changes(repo, base_tree, accepted)].peel(pygit2.Tree)
        stat, paths, running = diffs.measure(repo, before, tree)
        message = str(record.fields.get("message", ""))
        seen = hashlib.sha256(f"{before.id}\n{tree.id}\n{message}".encode())
        digest = seen.hexdigest()
        return CheckpointCommit("", str(tree.id), digest, stat, paths, refused, running=running)

    async def append(self, task: TaskId, record: Record, *, tree_of: str = "") -> str:
        def draft(repo: pygit2.Repository, tip: pygit2.Commit | None) -> refs.Draft:
            assert tip is not None, "the tip was looked at before"
            tree = _tree(repo, tree_of).id if tree_of else tip.tree_id
            return refs.Draft(tree, records.encode(task, record), record.at_ms)

        return await self._write(
            f"record “{record.event}”",
            lambda: self._advance(task, draft),
        )

    async def amended(
        self, since: str, made: str, only: tuple[str, ...] | None, edits: Mapping[str, bytes]
    ) -> Amendment:
        def work() -> Amendment:
            repo = open_place(self.place)
            try:
                return amending.amended(repo, _tree(repo, since), _tree(repo, made), only, edits)
            finally:
                repo.free()

        return await self._write("keep the version you approve", work)

    async def between(self, old: str, new: str) -> WorkspaceChanges:
        return await self._read(
            "compare", lambda repo: amending.between(_tree(repo, old), _tree(repo, new))
        )

    async def append_log(self, task: TaskId, step: str, output: bytes) -> None:
        def draft(repo: pygit2.Repository, tip: pygit2.Commit | None) -> refs.Draft:
            owner = refs.tip_or_refuse(repo, self._known(task))
            tree = logs.with_output(repo, tip.tree if tip is not None else None, step, output)
            message = f"clawdesk: output of {records.one_line(step)}\n\nClawdesk-Task: {task}\n"
            return refs.Draft(tree, message, owner.commit_time * 1000)

        await self._write(
            "keep the output",
            lambda: refs.advance(self.place, records.LOG_REFS + _checked(task), draft),
        )

    async def log(self, task: TaskId) -> Mapping[str, bytes]:
        def work(repo: pygit2.Repository) -> dict[str, bytes]:
            tip = refs.tip_of(repo, records.LOG_REFS + _checked(task))
            return logs.outputs(tip.tree if tip is not None else None)

        return await self._read("read the output", work)

    async def histories(self) -> list[TaskHistory]:
        return await self._read(
            "read the tasks",
            lambda repo: history.read_all(repo, self._bench.tips),
        )

    async def diff(self, old: str, new: str) -> Diff:
        return await self._read(
            "compare", lambda repo: diffs.diff(repo, _tree(repo, old), _tree(repo, new))
        )

    async def sides(self, old: str, new: str, path: str, *, old_path: str = "") -> FileSides:
        return await self._read(
            "read the file",
            lambda repo: amending.sides(_tree(repo, old), _tree(repo, new), path, old_path or path),
        )

    async def diff_edited(
        self, old: str, new: str, path: str, content: bytes, *, old_path: str = ""
    ) -> DiffFile:
        def work(repo: pygit2.Repository) -> DiffFile:
            before, made = _tree(repo, old), _tree(repo, new)
            return amending.diff_edited(before, made, path, old_path or path, content)

        return await self._read("compare your version", work)

    async def conflicts(self, task: TaskId, *, into: str) -> Conflicts:
        wanted = merging.Wanted(_checked(task), into, each_checkpoint=False, title="")
        return await self._read("compare", lambda _: merging.conflicts(self.place, wanted))

    async def merge(
        self,
        task: TaskId,
        *,
        into: str,
        each_checkpoint: bool,
        title: str,
        settled: Settlement | None = None,
    ) -> MergeOutcome:
        wanted = merging.Wanted(_checked(task), into, each_checkpoint, title, settled)
        return await self._write("merge", lambda: merging.merge(self.place, wanted))

    async def unmerge(self, task: TaskId, *, branch: str, commit: str) -> str:
        name = _checked(task)
        return await self._write(
            "undo the merge", lambda: unmerging.unmerge(self.place, name, branch, commit)
        )

    async def close(self) -> None:
        """Let go; safe to repeat. The project's lock is freed when its last handle is closed."""
        if self._is_open:
            self._is_open = False
            ended = self._leave(self._bench)
            if ended is not None:
                await asyncio.wrap_future(ended)

    # -- threads --------------------------------------------------------------------------
    async def _read(self, doing: str, work: Callable[[pygit2.Repository], Result]) -> Result:
        def guarded() -> Result:
            repo = open_place(self.place)
            try:
                return work(repo)
            finally:
                repo.free()

        return await self._run(self._bench.readers, doing, guarded)

    async def _write(self, doing: str, work: Callable[[], Result]) -> Result:
        def guarded() -> Result:
            repo = open_place(self.place)
            try:
                holder = self._read_only(repo)
            finally:
                repo.free()
            if holder:
                raise RepositoryError(
                    f"{self.path} is open read-only: {holder}.",
                    mend="Work there, or close it there first.",
                    code="read_only",
                )
            return work()

        return await self._run(self._bench.writer, doing, guarded)

    async def _run(self, pool: Executor, doing: str, work: Callable[[], Result]) -> Result:
        if not self._is_open:
            raise RepositoryError(f"{self.path} was closed.", code="closed")

        def translated() -> Result:
            try:
                return work()
            except PortError:
                raise
            except DefinitionError as error:
                raise RepositoryError(str(error), code="bad_definition") from error
            except Foreign as error:
                raise explain(error, self.path, doing) from error

        return await asyncio.get_running_loop().run_in_executor(pool, translated)

    # -- small parts ----------------------------------------------------------------------
    def _read_only(self, repo: pygit2.Repository) -> str:
        """Why nothing may be written now; "" when it may. A dead holder's lock is taken at once."""
        schema = refs.schema_of(repo)
        if schema > records.SCHEMA:
            return f"a newer ClawDesk wrote its tasks (schema {schema})"
        held = self._bench.hold()
        if not held and not os.access(self.place.common_dir, os.W_OK):
            return "its Git directory cannot be written (is its disk mounted read-only?)"
        return held

    def _advance(
        self,
        task: TaskId,
        draft: Callable[[pygit2.Repository, pygit2.Commit | None], refs.Draft],
    ) -> str:
        """Commit on a task's ref, unless its history lacks what was durable before (rule G7)."""
        tips = self._bench.tips

        def checked(repo: pygit2.Repository, tip: pygit2.Commit | None) -> refs.Draft:
            if tip is not None:
                tips.check(repo, task, tip.id)
            return draft(repo, tip)

        commit = refs.advance(self.place, self._known(task), checked)
        tips.note(task, commit)
        return commit

    def _known(self, task: TaskId) -> str:
        """The ref of a task that exists, put back where another program deleted it.

        Raises RepositoryError `unknown_task`, `history_gone`.
        """
        ref = records.TASK_REFS + _checked(task)
        repo = open_place(self.place)
        try:
            if self._bench.tips.of(task) and refs.tip_of(repo, ref) is None:
                self._put_back(repo, task, ref)
            else:
                refs.tip_or_refuse(repo, ref)
        finally:
            repo.free()
        return ref

    def _put_back(self, repo: pygit2.Repository, task: TaskId, ref: str) -> None:
        known = self._bench.tips.of(task)
        if not history.chain_from(repo, task, known).start:
            raise RepositoryError(
                f"{ref} was deleted by another program, and its commits are gone from {self.path}.",
                mend="If a backup has them, bring them back and try again; else submit it anew.",
                code=HISTORY_GONE,
            )
        refs.put_back(self.place, ref, known)
        said = f"{ref} was deleted by another program while its task went on; it was put back."
        self._bench.put_back[said] = None

    def _tree_and_id(self, commit: str) -> tuple[pygit2.Oid, pygit2.Oid]:
        repo = open_place(self.place)
        try:
            found = _commit(repo, commit)
            return found.tree_id, found.id
        finally:
            repo.free()


def _checked(task: TaskId) -> TaskId:
    """A task's id names a ref and a folder, so nothing but a ULID's characters may be in it."""
    if not task.isalnum() or not task.isascii() or len(task) > 64:
        raise RepositoryError(f"{task!r} is not the id of a task.", code="unknown_task")
    return task


def _commit(repo: pygit2.Repository, commit: str) -> pygit2.Commit:
    """A commit by its full name, HEAD for "". Raises RepositoryError `no_commit`."""
    if not commit:
        return repo.head.peel(pygit2.Commit)
    try:
        return repo[commit].peel(pygit2.Commit)
    except (KeyError, ValueError, pygit2.InvalidSpecError) as error:
        raise RepositoryError(
            f"The commit {commit[:40]} is not in the repository any more.",
            mend="If `git gc --prune=now` was run, restart the task.",
            code="no_commit",
        ) from error


def _tree(repo: pygit2.Repository, name: str) -> pygit2.Tree:
    """The tree of that name, or of the commit of that name."""
    try:
        found = repo[name] if name else None
    except (KeyError, ValueError, pygit2.InvalidSpecError):
        found = None
    return found if isinstance(found, pygit2.Tree) else _commit(repo, name).tree


def _described(record: Record, made: CheckpointCommit) -> Record:
    """The record with what only the commit knows; read back from history as its fields."""
    stat = made.diffstat
    fields = {
        **record.fields,
        "tree": made.tree,
        "digest": made.digest,
        "diffstat": {"files": stat.files, "added": stat.added, "removed": stat.removed},
    }
    if made.approval:
        fields["approval"] = made.approval
    if made.refused:
        fields["refused"] = [text[:200] for text in made.refused[:20]]
    return replace(record, fields=fields)
