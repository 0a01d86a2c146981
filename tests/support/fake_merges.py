"""The fake repository's project, and how work gets into its branches and out of them again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from clawdesk.adapters.git.approved import approved
from clawdesk.domain.model import Record, TaskId
from clawdesk.ports.errors import ConflictError, PortError, RepositoryError
from clawdesk.ports.repository import Conflicts, MergeOutcome, Settlement
from tests.support.fake_trees import (
    Content,
    Entry,
    Tree,
    clashes,
    content_id,
    three_way,
    tree_id,
    tree_of,
)


@dataclass(frozen=True)
class Commit:
    """`record` is set on commits of tasks."""

    tree: Tree
    parent: str
    record: Record | None = None
    note: str = ""


@dataclass
class FakeProject:
    """One repository: commits, branches, tasks, the work tree; and the faults that wait in it."""

    path: str
    work: dict[str, Entry]
    branch: str = "main"
    user: str = "Ann"
    held_by: str = ""  # set: another plane holds the project
    gone: bool = False  # set: the folder was moved, deleted or unmounted
    commits: dict[str, Commit] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    tasks: dict[TaskId, list[str]] = field(default_factory=dict)
    logs: dict[TaskId, dict[str, bytes]] = field(default_factory=dict)
    backups: dict[TaskId, Tree] = field(default_factory=dict)
    merges: dict[TaskId, tuple[str, str, bool]] = field(default_factory=dict)
    faults: dict[str, list[tuple[int, PortError]]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.branches[self.branch] = self.commit(Commit(dict(self.work), "", note="first"))

    @property
    def head(self) -> Commit:
        return self.commits[self.branches[self.branch]]

    def commit(self, commit: Commit) -> str:
        record = commit.record
        said = (record.event, record.at_ms, json.dumps(record.fields)) if record else ()
        oid = content_id(commit.parent, tree_id(commit.tree), said, commit.note)
        self.commits[oid] = commit
        return oid

    def user_commits(self, contents: Mapping[str, Content | None]) -> str:
        """The user changes files and commits them (None deletes one)."""
        self.user_edits(contents)
        commit = Commit(dict(self.work), self.branches[self.branch], note="by the user")
        self.branches[self.branch] = self.commit(commit)
        return self.branches[self.branch]

    def user_edits(self, contents: Mapping[str, Content | None]) -> None:
        """The user changes files of the work tree without committing."""
        for path, content in contents.items():
            if content is None:
                self.work.pop(path, None)
            else:
                self.work |= tree_of({path: content})

    def fail(self, call: str, error: PortError, *, after: int = 0) -> None:
        """Let a call of that name fail once, after `after` calls that go well."""
        self.faults.setdefault(call, []).append((after, error))

    def dirty(self) -> tuple[str, ...]:
        head = self.head.tree
        paths = set(head) | set(self.work)
        return tuple(sorted(path for path in paths if head.get(path) != self.work.get(path)))


class FakeMerges:
    """The merging half of `FakeRepository`, which supplies the rest."""

    project: FakeProject

    async def _enter(self, call: str, *, write: bool = False) -> None:
        raise NotImplementedError

    def _pairs(self, chain: list[str]) -> list[tuple[str, Commit]]:
        return [(oid, self.project.commits[oid]) for oid in chain]

    def _chain(self, task: TaskId) -> list[str]:
        if task not in self.project.tasks:
            raise RepositoryError(f"There is no task {task}.", code="unknown_task")
        return self.project.tasks[task]

    def _line(self, tip: str) -> set[str]:
        """A commit and all before it."""
        line: set[str] = set()
        while tip:
            line.add(tip)
            tip = self.project.commits[tip].parent
        return line

    def _merging(self, task: TaskId, into: str) -> tuple[Tree, str, str, list[str]]:
        """The tree that both began with, the branch, its tip, and the commits to merge."""
        project, chain = self.project, self._chain(task)
        if not project.user:
            raise RepositoryError("Git does not know your name.", code="no_identity")
        records = [replace(c.record, commit=o) for o, c in self._pairs(chain) if c.record]
        points = approved(records).points
        if not points:
            raise RepositoryError("There is nothing to merge.", code="nothing_to_merge")
        fork = records[0].fields.get("fork", {})
        start = project.commits[fork.get("start", project.commits[chain[0]].parent)].tree
        branch = into or project.branch
        tip = project.branches.get(branch, project.branches[project.branch])
        return start, branch, tip, [point.commit for point in points]

    async def conflicts(self, task: TaskId, *, into: str) -> Conflicts:
        await self._enter("conflicts")
        start, branch, tip, points = self._merging(task, into)
        commits = self.project.commits
        files = clashes(start, commits[tip].tree, commits[points[-1]].tree)
        return Conflicts(branch, tip, points[-1], tuple(files))

    async def merge(
        self,
        task: TaskId,
        *,
        into: str,
        each_checkpoint: bool,
        title: str,
        settled: Settlement | None = None,
    ) -> MergeOutcome:
        await self._enter("merge", write=True)
        project = self.project
        start, branch, tip, points = self._merging(task, into)
        if settled is not None and (settled.tip, settled.work) != (tip, points[-1]):
            raise RepositoryError("It has moved on since.", code="changed")
        final = project.commits[points[-1]].tree
        decided = settled.files if settled is not None else ()
        merged = three_way(start, project.commits[tip].tree, final, decided)
        if merged == project.commits[tip].tree and branch in project.branches:
            _, made, _ = project.merges.get(task, ("", "", False))
            known = made in self._line(tip)
            kept = content_id("backup", task) if known else ""
            text = f"{branch} contains this work already."
            return MergeOutcome(made if known else tip, branch, "fast", text, kept)
        work = project.work
        if branch == project.branch:
            work = three_way(project.commits[tip].tree, work, merged)
        project.backups[task] = dict(project.work)
        before, own = tip, branch not in project.branches
        for point in points if each_checkpoint and settled is None else points[-1:]:
            tree = project.commits[point].tree if each_checkpoint else merged
            last = merged if point is points[-1] else tree
            tip = project.commit(Commit(last, tip, note=f"{title} {task}"))
        project.branches[branch] = tip
        project.merges[task] = (before, tip, own)
        project.work = work
        how = "fast" if merged == final else "commit"
        return MergeOutcome(tip, branch, how, f"Merged into {branch}.", content_id("backup", task))

    async def unmerge(self, task: TaskId, *, branch: str, commit: str) -> str:
        await self._enter("unmerge", write=True)
        project = self.project
        tip, made, own = project.merges.get(task, ("", "", False))
        if made != commit:
            raise RepositoryError("It is not known what was before.", code="unknown")
        if own:
            raise RepositoryError("The merge made that branch.", code="own_branch")
        if project.branches[branch] == tip:
            return f"{branch} is as it was before the merge."
        if project.branches[branch] != commit:
            raise RepositoryError(f"{branch} has moved on.", mend="git revert", code="changed")
        old, new = project.commits[commit].tree, project.commits[tip].tree
        if branch == project.branch:
            paths = {p for p in (*old, *new) if old.get(p) != new.get(p)}
            now = project.work
            own_edits = tuple(
                sorted(p for p in paths if now.get(p) not in (old.get(p), new.get(p)))
            )
            if own_edits:
                raise ConflictError(f"You changed {', '.join(own_edits)}.", own_edits)
            kept = {path: entry for path, entry in now.items() if path not in paths}
            project.work = kept | {path: new[path] for path in paths if path in new}
        project.branches[branch] = tip
        return f"{branch} is as it was before the merge."
