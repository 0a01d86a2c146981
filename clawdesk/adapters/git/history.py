"""Tasks as their refs tell them: chains of records, oldest first.

A chain ends at its `submitted` commit; the commit before that is the start commit. What the user's
own `git gc --prune=now` or a broken disk took away is said in a record `damaged`, never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pygit2

from clawdesk.adapters.git import records
from clawdesk.adapters.git.tips import KnownTips
from clawdesk.domain.model import Record, TaskId
from clawdesk.ports.repository import TaskHistory

DAMAGED = "damaged"
CHAIN_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class Chain:
    """A task's history with its start commit ("" when the chain is damaged)."""

    history: TaskHistory
    start: str


def task_ids(repo: pygit2.Repository) -> list[TaskId]:
    """Tasks of a project in the order of their submission (ULIDs sort by time)."""
    prefix = records.TASK_REFS.encode()
    found = [ref for ref in repo.raw_listall_references() if ref.startswith(prefix)]
    return sorted(ref[len(prefix) :].decode("utf-8", "replace") for ref in found)


def read_all(repo: pygit2.Repository, tips: KnownTips) -> list[TaskHistory]:
    """Every task, oldest first; also those whose ref is gone though it was durable once."""
    found = []
    present = task_ids(repo)
    for task in sorted({*present, *tips.tasks()}):
        chain = read_chain(repo, task).history
        known = tips.of(task)
        if known and known != chain.tip and all(r.commit != known for r in chain.records):
            lost = _damage(tips.sentence(repo, task))
            chain = replace(chain, records=(lost, *chain.records))
        found.append(chain)
    return found


def read_chain(repo: pygit2.Repository, task: TaskId) -> Chain:
    """Walk a task's chain from its tip to its submission."""
    reference = repo.references.get(records.TASK_REFS + task)
    if reference is None:
        return Chain(TaskHistory(task, "", "", (_damage("Its ref is gone."),)), "")
    return chain_from(repo, task, reference.target)


def chain_from(repo: pygit2.Repository, task: TaskId, tip_id: pygit2.Oid | str) -> Chain:
    """The chain that ends at a commit, whether or not a ref points there."""
    found: list[Record] = []
    start, tip_tree = "", ""
    oid: pygit2.Oid | str = tip_id
    try:
        for _ in range(CHAIN_MAX):
            commit = repo[oid]
            if not isinstance(commit, pygit2.Commit):
                raise ValueError(f"{oid} is not a commit")
            tip_tree = tip_tree or str(commit.tree_id)
            record = records.decode(commit.message, str(commit.id))
            if record is None or records.task_of(commit.message) != task:
                raise ValueError(f"{oid} is not a record of this task")
            found.append(record)
            if record.event == "submitted":
                start = str(commit.parent_ids[0]) if commit.parent_ids else ""
                break
            oid = commit.parent_ids[0]
    except (pygit2.GitError, KeyError, ValueError, IndexError, OSError) as error:
        found.append(_damage(f"Commits of this task cannot be read: {error}"))
    history = TaskHistory(task, str(tip_id), tip_tree, tuple(reversed(found)))
    return Chain(history, start)


def _damage(why: str) -> Record:
    return Record(DAMAGED, 0, {"why": why})
