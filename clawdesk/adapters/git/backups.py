"""The state before a merge, kept under refs/clawdesk/backup: one chain a task.

Each link's tree is the work tree at that moment (or the branch's tree), its parents are the branch
tip and the link before. Its message also tells a later merge of the same task what is merged
already, so that work is never brought in twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pygit2

from clawdesk.adapters.git.changes import changed_paths, work_tree
from clawdesk.adapters.git.opening import Place
from clawdesk.adapters.git.records import BACKUP_REFS
from clawdesk.adapters.git.refs import retried, tip_of
from clawdesk.domain.model import TaskId

_CHAIN_MAX = 200


@dataclass(frozen=True, slots=True)
class Merged:
    """A merge that was prepared: the commit it made and the approved commit it brought in."""

    commit: str
    approved: str


def keep(
    place: Place,
    repo: pygit2.Repository,
    task: TaskId,
    *,
    tip: pygit2.Commit,
    branch: str,
    merged: Merged,
    with_files: bool,
    made_branch: bool = False,
) -> str:
    """Write the next link; returns its commit.

    Args:
        with_files: the work tree will be changed.
        made_branch: the merge makes a branch, and moves none.
    """
    tree, dirty = tip.tree_id, False
    extra: list[pygit2.Oid] = []
    author = pygit2.Signature("ClawDesk", "clawdesk@localhost")
    if with_files and changed_paths(repo):
        dirty = True
        tree = work_tree(repo, tip.tree)
        staged = repo.index.write_tree()
        if staged not in (tip.tree_id, tree):
            text = f"clawdesk: index before a merge into {branch}\n"
            extra = [repo.create_commit(None, author, author, text, staged, [tip.id])]
    fields = {
        "branch": branch,
        "tip": str(tip.id),
        "merged": merged.commit,
        "approved": merged.approved,
        "dirty": dirty,
        "made_branch": made_branch,
    }
    message = f"clawdesk: before a merge into {branch}\n\n{json.dumps(fields, sort_keys=True)}\n"
    ref = BACKUP_REFS + task

    def attempt() -> pygit2.Oid:
        last = tip_of(repo, ref)
        if last is None:
            oid = repo.create_commit(None, author, author, message, tree, [tip.id, *extra])
            repo.create_reference(ref, oid, force=False)
            return oid
        # The first parent is the link before: compare-and-swap goes by it.
        parents = [last.id, tip.id, *extra]
        return repo.create_commit(ref, author, author, message, tree, parents)

    return str(retried(place, attempt))


@dataclass(frozen=True, slots=True)
class Before:
    """What stood before the last merge of a task; `merged` is the commit that it made.

    `link` is the commit that keeps it.
    """

    tip: str
    branch: str
    merged: str
    made_branch: bool
    link: str


def before_last(repo: pygit2.Repository, task: TaskId) -> Before | None:
    """As the newest link tells it; None where there is none, or it cannot be read."""
    link = tip_of(repo, BACKUP_REFS + task)
    return None if link is None else _before(link)


def before_merge(repo: pygit2.Repository, task: TaskId, branch: str, merged: str) -> Before | None:
    """What stood before the merge into a branch that made a commit.

    Later links may be of merges that failed, also of one into another branch with the same commit.
    """
    found = [before for link in _links(repo, task) if (before := _before(link)) is not None]
    made = [before for before in found if before.merged == merged]
    moved = [before for before in made if before.branch == branch and not before.made_branch]
    return next(iter([*moved, *made]), None)


def _before(link: pygit2.Commit) -> Before | None:
    fields = _fields(link.message)
    tip, merged = fields.get("tip"), fields.get("merged")
    if not isinstance(tip, str) or not isinstance(merged, str):
        return None
    branch, made_branch = str(fields.get("branch", "")), fields.get("made_branch") is True
    return Before(tip, branch, merged, made_branch, str(link.id))


def _links(repo: pygit2.Repository, task: TaskId) -> Iterator[pygit2.Commit]:
    """The chain of a task, newest first."""
    link = tip_of(repo, BACKUP_REFS + task)
    for _ in range(_CHAIN_MAX):
        if link is None:
            return
        yield link
        above = repo.get(link.parent_ids[0]) if link.parent_ids else None
        ours = isinstance(above, pygit2.Commit) and _read(above.message) is not None
        link = above if ours and isinstance(above, pygit2.Commit) else None


@dataclass(frozen=True, slots=True)
class Kept:
    """A merge that a branch contains: the commit it made, what it brought, the link before it."""

    merged: str
    approved: pygit2.Commit
    link: str


def already_merged(repo: pygit2.Repository, task: TaskId, tip: pygit2.Commit) -> Kept | None:
    """The newest merge of a task that the branch still contains."""
    for link in _links(repo, task):
        merged = _read(link.message)
        if merged is not None and _contains(repo, tip, merged.commit):
            found = repo.get(merged.approved)
            if not isinstance(found, pygit2.Commit):
                return None
            return Kept(merged.commit, found, str(link.id))
    return None


def _contains(repo: pygit2.Repository, tip: pygit2.Commit, commit: str) -> bool:
    if str(tip.id) == commit:
        return True
    try:
        return commit in repo and repo.descendant_of(tip.id, commit)
    except (pygit2.GitError, KeyError, ValueError):
        return False


def _fields(message: str) -> dict[str, object]:
    line = message.partition("\n\n")[2].strip()
    try:
        found = json.loads(line) if line.startswith("{") else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _read(message: str) -> Merged | None:
    fields = _fields(message)
    if "merged" not in fields or "approved" not in fields:
        return None
    return Merged(str(fields["merged"]), str(fields["approved"]))
