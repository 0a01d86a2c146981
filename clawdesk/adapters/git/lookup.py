"""Finding objects inside a tree; read-only."""

from __future__ import annotations

from collections.abc import Iterator

import pygit2


def entry_at(tree: pygit2.Tree, path: str) -> pygit2.Object | None:
    """The object at a path (with its `filemode`), None when there is none."""
    try:
        return tree[path]
    except KeyError:
        return None


def folder_at(tree: pygit2.Tree, path: str) -> pygit2.Tree | None:
    """The tree at a path ("" = the root), None when there is none."""
    if not path:
        return tree
    found = entry_at(tree, path)
    return found if isinstance(found, pygit2.Tree) else None


def files_of(tree: pygit2.Tree, prefix: str = "") -> Iterator[tuple[str, pygit2.Object]]:
    """Every path that is not a folder, depth first, in Git's order.

    A submodule is given too: its `filemode` is COMMIT, and its object is not in the repository.
    """
    for entry in tree:
        path = prefix + str(entry.name)
        if isinstance(entry, pygit2.Tree):
            yield from files_of(entry, path + "/")
        else:
            yield path, entry
