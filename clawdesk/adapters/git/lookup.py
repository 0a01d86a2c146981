"""Finding objects inside a tree; read-only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pygit2
from pygit2.enums import FileMode


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


@dataclass(frozen=True, slots=True)
class Change:
    """A path that differs between two trees; mode and object on each side, None = no file."""

    path: str
    old: tuple[int, pygit2.Oid] | None
    new: tuple[int, pygit2.Oid] | None


def changes_between(
    old: pygit2.Tree | None, new: pygit2.Tree | None, prefix: str = ""
) -> Iterator[Change]:
    """Paths that differ, in the order of their names.

    Equal folders are passed over unread. libgit2's own comparison opens each of them, which costs
    20 ms in a project of 50,000 files, more than the rest of a checkpoint.
    """
    before = {str(entry.name): entry for entry in old or ()}
    after = {str(entry.name): entry for entry in new or ()}
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name), after.get(name)
        if was is not None and now is not None and _is_same(was, now):
            continue
        path = prefix + name
        old_file, new_file = _file_entry(was), _file_entry(now)
        if old_file is not None or new_file is not None:
            yield Change(path, old_file, new_file)
        old_folder = was if isinstance(was, pygit2.Tree) else None
        new_folder = now if isinstance(now, pygit2.Tree) else None
        if old_folder is not None or new_folder is not None:
            yield from changes_between(old_folder, new_folder, path + "/")


def _is_same(one: pygit2.Object, other: pygit2.Object) -> bool:
    return bool(one.id == other.id and one.filemode == other.filemode)


def _file_entry(entry: pygit2.Object | None) -> tuple[int, pygit2.Oid] | None:
    if entry is None or entry.filemode == FileMode.TREE:
        return None
    return int(entry.filemode), entry.id
