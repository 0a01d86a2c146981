"""What opening a project shows: branch, uncommitted work, tasks, mistakes, warnings."""

from __future__ import annotations

from pathlib import Path

import pygit2

from clawdesk.adapters.git import taskfiles
from clawdesk.adapters.git.branches import head_branch
from clawdesk.adapters.git.changes import changed_paths
from clawdesk.adapters.git.lookup import entry_at
from clawdesk.adapters.git.merging import user_of
from clawdesk.adapters.git.opening import Place
from clawdesk.ports.errors import RepositoryError
from clawdesk.ports.repository import ProjectView


def view(place: Place, repo: pygit2.Repository, read_only: str) -> ProjectView:
    """Read a project's present state; changes nothing."""
    head = repo.head.peel(pygit2.Commit)
    definitions, mistakes = taskfiles.listed(repo, head.tree)
    return ProjectView(
        path=place.path,
        name=Path(place.path).name,
        branch=head_branch(repo),
        head=str(head.id),
        dirty=tuple(changed_paths(repo)),
        definitions=definitions,
        mistakes=mistakes,
        read_only=read_only,
        warnings=tuple(_warnings(repo, head.tree)),
    )


def _warnings(repo: pygit2.Repository, tree: pygit2.Tree) -> list[str]:
    """What does not stop a task but may surprise the user."""
    found = []
    config = {entry.name.lower(): entry.value or "" for entry in repo.config}
    if config.get("gc.pruneexpire", "").lower() in ("now", "all"):
        found.append(
            "gc.pruneExpire is “now”: a `git gc` while a task works could delete its newest commit."
        )
    for name, value in config.items():
        if name.startswith("remote.") and name.endswith(".mirror") and value.lower() == "true":
            remote = name[len("remote.") : -len(".mirror")]
            found.append(
                f"The remote {remote} is a mirror: pushing to it would publish refs/clawdesk, with"
                " questions and answers."
            )
    if entry_at(tree, ".gitmodules") is not None:
        found.append("The project has submodules: a task sees them as empty folders.")
    attributes = entry_at(tree, ".gitattributes")
    if isinstance(attributes, pygit2.Blob) and b"filter=" in attributes.data:
        found.append(
            "Some files pass through a filter (Git LFS?): a task sees what is stored in Git, and"
            " merges go to a branch of their own."
        )
    if config.get("commit.gpgsign", "").lower() in ("true", "yes", "on", "1"):
        found.append("commit.gpgSign is on: commits made by a merge here are not signed yet.")
    try:
        user_of(repo)
    except RepositoryError as error:
        found.append(f"{error.what} Merging needs: {error.mend}")
    return found
