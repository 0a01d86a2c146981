"""Where a task starts: the user's last commit, or that commit with the uncommitted work on top."""

from __future__ import annotations

import pygit2

from clawdesk.adapters.git.changes import changed_paths, work_tree
from clawdesk.adapters.git.lookup import entry_at
from clawdesk.adapters.git.taskfiles import tasks_there
from clawdesk.domain.definitions import task_file
from clawdesk.ports.errors import RepositoryError

_TRAILER = "Clawdesk-Base: "


def start_commit(
    repo: pygit2.Repository, *, include_changes: bool, definition: str
) -> tuple[str, str]:
    """(base commit, start commit); equal without uncommitted work. Writes objects only.

    Raises:
        RepositoryError: code `no_definition` or `uncommitted_definition` when the start commit
            has no task file of that name.
    """
    base = repo.head.peel(pygit2.Commit)
    start = _with_changes(repo, base) if include_changes else base
    _require_definition(repo, start.tree, definition, committed_only=not include_changes)
    return str(base.id), str(start.id)


def base_of(repo: pygit2.Repository, start: pygit2.Commit) -> pygit2.Commit:
    """The user's commit a start commit stands on: itself, unless we made it."""
    if _TRAILER in start.message and start.parent_ids:
        return repo[start.parent_ids[0]].peel(pygit2.Commit)
    return start


def _with_changes(repo: pygit2.Repository, base: pygit2.Commit) -> pygit2.Commit:
    tree = work_tree(repo, base.tree) if changed_paths(repo) else base.tree_id
    if tree == base.tree_id:
        return base
    author = pygit2.Signature("ClawDesk", "clawdesk@localhost")
    message = f"clawdesk: uncommitted work included\n\n{_TRAILER}{base.id}\n"
    oid = repo.create_commit(None, author, author, message, tree, [base.id])
    return repo[oid].peel(pygit2.Commit)


def _require_definition(
    repo: pygit2.Repository, tree: pygit2.Tree, name: str, *, committed_only: bool
) -> None:
    path = task_file(name)
    if not name or entry_at(tree, path) is not None:
        return
    if committed_only and path in changed_paths(repo):
        raise RepositoryError(
            f"{path} is not committed yet, so the task would start without it.",
            mend="Commit it, or start with your changes included: --changes include",
            code="uncommitted_definition",
        )
    raise RepositoryError(
        f"There is no task {name!r}: {path} does not exist.",
        mend=f"{tasks_there(repo, tree)} Or write that file.",
        code="no_definition",
    )
