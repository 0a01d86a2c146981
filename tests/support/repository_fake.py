"""The Repository port in memory: deterministic, survives a "restart", fails on demand.

A project's history lives in `FakeProject`, so opening it again finds every task, as a real plane
would after a crash. Ids are hashes of contents: the same calls give the same ids. Merging compares
whole files, where Git compares lines.
"""

from __future__ import annotations

import asyncio
import io
import json
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from clawdesk.adapters.git import names
from clawdesk.adapters.git.diffs import edited
from clawdesk.adapters.git.records import BODY_BYTES_MAX
from clawdesk.domain import definitions as files
from clawdesk.domain import images
from clawdesk.domain.images import ImagePlan
from clawdesk.domain.model import Amendment, ProjectPolicy, Record, TaskDefinition, TaskId
from clawdesk.ports.errors import RepositoryError
from clawdesk.ports.guest import FileEntry, WorkspaceChanges
from clawdesk.ports.repository import (
    SIDE_BYTES_MAX,
    CheckpointCommit,
    Diff,
    DiffFile,
    FileSides,
    ProjectView,
    TaskHistory,
    no_approval,
)
from tests.support.fake_merges import Commit, FakeMerges, FakeProject
from tests.support.fake_trees import (
    Content,
    applied,
    content_id,
    diff_of,
    tree_id,
    tree_of,
)


class FakeRepositories:
    """The Repositories port; add projects before opening them."""

    def __init__(self) -> None:
        self.projects: dict[str, FakeProject] = {}

    def add(self, path: str, contents: Mapping[str, Content]) -> FakeProject:
        self.projects[path] = FakeProject(path, tree_of(contents))
        return self.projects[path]

    async def open(self, path: str) -> FakeRepository:
        await asyncio.sleep(0)
        if path not in self.projects:
            raise RepositoryError(
                f"{path} is not a Git repository.", mend="git init", code="not_a_repository"
            )
        if self.projects[path].gone:
            raise _unavailable(path)
        return FakeRepository(self.projects[path])


class FakeRepository(FakeMerges):
    """The Repository port over a FakeProject."""

    def __init__(self, project: FakeProject) -> None:
        self.project = project
        self.closed = False

    @property
    def path(self) -> str:
        return self.project.path

    async def _enter(self, call: str, *, write: bool = False) -> None:
        await asyncio.sleep(0)
        if self.closed:
            raise RepositoryError(f"{self.path} was closed.", code="closed")
        self.project.calls.append(call)
        if self.project.gone:
            raise _unavailable(self.path)
        waiting = self.project.faults.get(call, [])
        if waiting:
            after, error = waiting[0]
            if after:
                waiting[0] = (after - 1, error)
            else:
                waiting.pop(0)
                raise error
        if write and self.project.held_by:
            raise RepositoryError(
                f"{self.path} is open read-only: {self.project.held_by}.", code="read_only"
            )

    async def view(self) -> ProjectView:
        await self._enter("view")
        project = self.project
        found: list[TaskDefinition] = []
        mistakes: list[str] = []
        for path, (_, content) in sorted(({**project.head.tree, **project.work}).items()):
            folder, _, name = path.rpartition("/")
            try:
                if folder == files.TASKS_FOLDER and name.endswith(".toml"):
                    found.append(files.parse_task(content.decode(), name.removesuffix(".toml")))
                elif path == files.PROJECT_FILE:
                    files.parse_project(content.decode())
                elif path == images.IMAGE_FILE:
                    images.parse_image(content.decode())
            except files.DefinitionError as error:
                mistakes += error.mistakes
        return ProjectView(
            path=project.path,
            name=Path(project.path).name,
            branch=project.branch,
            head=project.branches[project.branch],
            dirty=project.dirty(),
            definitions=tuple(found),
            mistakes=tuple(mistakes),
            read_only=project.held_by,
        )

    async def read_only(self) -> str:
        await self._enter("read_only")
        return self.project.held_by

    async def definition(self, name: str, commit: str = "") -> TaskDefinition:
        await self._enter("definition")
        entry = self._commit(commit).tree.get(files.task_file(name))
        if entry is None:
            raise RepositoryError(f"There is no task {name!r}.", code="no_definition")
        try:
            return files.parse_task(entry[1].decode(), name)
        except files.DefinitionError as error:
            raise RepositoryError(str(error), code="bad_definition") from error

    async def policy(self, commit: str = "") -> ProjectPolicy:
        await self._enter("policy")
        entry = self._commit(commit).tree.get(files.PROJECT_FILE)
        try:
            return files.parse_project(entry[1].decode()) if entry else ProjectPolicy()
        except files.DefinitionError as error:
            raise RepositoryError(str(error), code="bad_definition") from error

    async def image_plan(self, commit: str = "") -> ImagePlan:
        await self._enter("image_plan")
        tree = self._commit(commit).tree
        entry = tree.get(images.IMAGE_FILE)
        if entry is None:
            return ImagePlan()
        try:
            spec = images.parse_image(entry[1].decode())
        except files.DefinitionError as error:
            raise RepositoryError(str(error), code="bad_definition") from error
        paths = [path for path in (spec.script, *spec.files) if path]
        if missing := [path for path in paths if path not in tree]:
            raise RepositoryError(f"There is no {missing[0]}.", code="bad_definition")
        return ImagePlan(spec, contents={path: tree[path][1] for path in paths})

    async def project_file(self, commit: str = "") -> bytes | None:
        await self._enter("project_file")
        entry = self._commit(commit).tree.get(files.PROJECT_FILE)
        return entry[1] if entry else None

    async def start_commit(self, *, include_changes: bool, definition: str) -> tuple[str, str]:
        await self._enter("start_commit", write=True)
        project = self.project
        base = start = project.branches[project.branch]
        dirty = project.dirty()
        if include_changes and dirty:
            start = project.commit(Commit(dict(project.work), base, note="uncommitted work"))
        path = files.task_file(definition)
        if definition and path not in project.commits[start].tree:
            code = "uncommitted_definition" if path in dirty else "no_definition"
            raise RepositoryError(f"There is no task {definition!r} in the start.", code=code)
        return base, start

    async def submit(self, task: TaskId, start: str, record: Record) -> str:
        await self._enter("submit", write=True)
        if task in self.project.tasks:
            raise RepositoryError(f"{task} exists already.", code="exists")
        commit = self._commit(start)
        _check_size(record)
        oid = self.project.commit(Commit(commit.tree, start, record))
        self.project.tasks[task] = [oid]
        return oid

    async def export(self, commit: str, into: Path) -> None:
        await self._enter("export")
        with tarfile.open(into, "w", format=tarfile.GNU_FORMAT) as tar:
            for path, (mode, content) in self._commit(commit).tree.items():
                entry = tarfile.TarInfo(f"workspace/{path}")
                entry.mode = mode & 0o777
                if mode == names.LINK_MODE:
                    entry.type, entry.linkname = tarfile.SYMTYPE, content.decode()
                    tar.addfile(entry)
                else:
                    entry.size = len(content)
                    tar.addfile(entry, io.BytesIO(content))

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
        await self._enter("checkpoint", write=True)
        chain = self._chain(task)
        before = self._commit(since or chain[-1]).tree
        tree, refused = applied(self._commit(base).tree, changes)
        shown = diff_of(before, tree)
        message = str(record.fields.get("message", ""))
        digest = content_id(tree_id(before), tree_id(tree), message)
        fields = {**record.fields, "tree": tree_id(tree), "digest": digest}
        stat = shown.stat
        fields["diffstat"] = {"files": stat.files, "added": stat.added, "removed": stat.removed}
        paths = tuple(file.path for file in shown.files)
        passed = as_approved and tree == self._commit(as_approved).tree
        approval = "" if passed else judge(paths)
        if approval:
            fields["approval"] = approval
        if refused:
            fields["refused"] = list(refused)
        record = replace(record, fields=fields)
        _check_size(record)
        chain.append(self.project.commit(Commit(tree, chain[-1], record)))
        running = tuple(file.path for file in shown.files if file.runs_on_host)
        return CheckpointCommit(
            chain[-1], tree_id(tree), digest, stat, paths, refused, approval, running
        )

    async def append(self, task: TaskId, record: Record, *, tree_of: str = "") -> str:
        await self._enter("append", write=True)
        chain = self._chain(task)
        tree = self._commit(tree_of or chain[-1]).tree
        _check_size(record)
        chain.append(self.project.commit(Commit(tree, chain[-1], record)))
        return chain[-1]

    async def amended(
        self, since: str, made: str, only: tuple[str, ...] | None, edits: Mapping[str, bytes]
    ) -> Amendment:
        await self._enter("amended", write=True)
        before, tree = self._commit(since).tree, dict(self._commit(made).tree)
        changed = {p for p in {*before, *tree} if before.get(p) != tree.get(p)}
        taken = set(changed) if only is None else set()
        for name in only or ():
            found = {p for p in changed if p == name or p.startswith(name.rstrip("/") + "/")}
            if not found and name not in edits:
                raise RepositoryError(
                    f"The path {name} is not among the changes.", code="no_such_path"
                )
            taken |= found
        left = sorted(changed - taken - set(edits))
        for path in left:
            if path in before:
                tree[path] = before[path]
            else:
                del tree[path]
        edited = []
        for path, content in sorted(edits.items()):
            if path not in tree or tree[path][0] == names.LINK_MODE:
                raise RepositoryError(f"The path {path} is no file.", code="no_such_path")
            if tree[path][1] != content:
                tree[path] = (tree[path][0], content)
                edited.append(path)
        kept = self.project.commit(Commit(tree, made, note="a tree that no ref has yet"))
        return Amendment(kept, tuple(left), tuple(edited))

    async def between(self, old: str, new: str) -> WorkspaceChanges:
        await self._enter("between")
        before, after = self._commit(old).tree, self._commit(new).tree
        changed = tuple(
            FileEntry(path, mode, content)
            for path, (mode, content) in sorted(after.items())
            if before.get(path) != (mode, content)
        )
        return WorkspaceChanges(changed, tuple(sorted(before.keys() - after.keys())))

    async def append_log(self, task: TaskId, step: str, output: bytes) -> None:
        await self._enter("append_log", write=True)
        self._chain(task)
        log = self.project.logs.setdefault(task, {})
        log[step] = log.get(step, b"") + output

    async def log(self, task: TaskId) -> Mapping[str, bytes]:
        await self._enter("log")
        return dict(self.project.logs.get(task, {}))

    async def histories(self) -> list[TaskHistory]:
        await self._enter("histories")
        found = []
        for task, chain in sorted(self.project.tasks.items()):
            commits = [(oid, self.project.commits[oid]) for oid in chain]
            records = tuple(replace(c.record, commit=oid) for oid, c in commits if c.record)
            found.append(TaskHistory(task, chain[-1], tree_id(commits[-1][1].tree), records))
        return found

    async def diff(self, old: str, new: str) -> Diff:
        await self._enter("diff")
        return diff_of(self._commit(old).tree, self._commit(new).tree)

    async def sides(self, old: str, new: str, path: str, *, old_path: str = "") -> FileSides:
        await self._enter("sides")
        was = self._commit(old).tree.get(old_path or path)
        now = self._commit(new).tree.get(path)
        for entry in (was, now):
            if entry is not None and entry[0] == names.LINK_MODE:
                return FileSides(None, None, "it is a link or a submodule, not a plain file")
            if entry is not None and len(entry[1]) > SIDE_BYTES_MAX:
                return FileSides(None, None, f"it has {len(entry[1]):,} bytes")
        return FileSides(was[1] if was else None, now[1] if now else None)

    async def diff_edited(
        self, old: str, new: str, path: str, content: bytes, *, old_path: str = ""
    ) -> DiffFile:
        await self._enter("diff_edited")
        was = self._commit(old).tree.get(old_path or path)
        now = self._commit(new).tree.get(path)
        if now is None or now[0] == names.LINK_MODE:
            raise RepositoryError(
                f"The path {path} is no file of this checkpoint.", code="no_such_path"
            )
        return edited(path, old_path or path, was, (now[0], content))

    async def close(self) -> None:
        self.closed = True

    def _commit(self, commit: str) -> Commit:
        if not commit:
            return self.project.head
        if commit not in self.project.commits:
            raise RepositoryError(f"The commit {commit} is gone.", code="no_commit")
        return self.project.commits[commit]


def _unavailable(path: str) -> RepositoryError:
    return RepositoryError(
        f"{path} is not there any more: moved, deleted or unmounted.",
        mend="Bring it back to its place, or open it where it is now.",
        code="unavailable",
    )


def _check_size(record: Record) -> None:
    if len(json.dumps(record.fields)) > BODY_BYTES_MAX:
        raise RepositoryError("The record is too large.", code="too_large")
