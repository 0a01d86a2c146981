"""Trees made from a tree and changes, without an index and without the work tree.

`with_changes` trusts its input (it serves the user's own files as well); `accept` is the gate for
what a guest sends: it takes what is harmless and says of everything else why not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pygit2
from pygit2.enums import FileMode

from clawdesk.adapters.git import names
from clawdesk.adapters.git.blobs import store
from clawdesk.adapters.git.ignoring import ignored_new
from clawdesk.adapters.git.lookup import entry_at, folder_at
from clawdesk.ports.errors import RepositoryError
from clawdesk.ports.guest import FileEntry, WorkspaceChanges

FILES_MAX = 10_000
BYTES_MAX = 1_000_000_000
REFUSED_SHOWN_MAX = 200

Entry = tuple[int, pygit2.Oid]
"""Mode and object of a path."""
Changes = Mapping[str, Entry | None]
"""Path to its new entry; None = deleted."""


@dataclass(slots=True)
class _Folder:
    """Changes below one folder: entries of its own, and folders with changes."""

    entries: dict[str, Entry | None] = field(default_factory=dict)
    folders: dict[str, _Folder] = field(default_factory=dict)


def with_changes(repo: pygit2.Repository, base: pygit2.Tree | None, changes: Changes) -> pygit2.Oid:
    """Write the tree that is `base` with `changes`; untouched folders are shared, not copied."""
    root = _Folder()
    for path, entry in changes.items():
        folder = root
        *parents, name = path.split("/")
        for part in parents:
            folder = folder.folders.setdefault(part, _Folder())
        folder.entries[name] = entry
    written = _write(repo, base, root)
    return written or repo.TreeBuilder().write()


def _write(repo: pygit2.Repository, base: pygit2.Tree | None, folder: _Folder) -> pygit2.Oid | None:
    """Returns None for a folder that became empty: Git has no empty folders."""
    builder = repo.TreeBuilder(base) if base is not None else repo.TreeBuilder()
    for name, entry in folder.entries.items():
        if entry is None:
            # A file made way for a folder of its name, or the other way round: only what the
            # deletion meant may go.
            if builder.get(name) is not None:
                builder.remove(name)
        else:
            builder.insert(name, entry[1], entry[0])
    for name, below in folder.folders.items():
        if folder.entries.get(name) is not None:
            continue  # the name is a file now; what was below it is gone with the folder
        present = builder.get(name)
        old = present if isinstance(present, pygit2.Tree) else None
        written = _write(repo, old, below)
        if written is not None:
            builder.insert(name, written, FileMode.TREE)
        elif old is not None:
            builder.remove(name)
    return builder.write() if len(builder) else None


def accept(
    repo: pygit2.Repository, start: pygit2.Tree, changes: WorkspaceChanges
) -> tuple[dict[str, Entry | None], tuple[str, ...]]:
    """Write the blobs of a guest's changes that may enter a tree.

    Returns the changes relative to the start tree, and a sentence for each one refused; of a
    refused one nothing is written.

    Raises:
        RepositoryError: code `too_large`, more than 10,000 files or 1 GB.
    """
    _check_size(changes)
    refused = [f"{names.shown(text)}" for text in changes.skipped]
    taken: dict[str, FileEntry] = {}
    new: list[str] = []
    for item in changes.changed:
        problem = _problem(start, item)
        if problem:
            refused.append(f"{names.shown(item.path)}: {problem}")
            continue
        taken[item.path] = item
        if entry_at(start, item.path) is None:
            new.append(item.path)
    gone = {path for path in changes.deleted if _may_delete(start, path)}
    for path, why in _new_paths_refused(start, new, taken, gone).items():
        taken.pop(path, None)
        refused.append(f"{names.shown(path)}: {why}")
    accepted: dict[str, Entry | None] = dict.fromkeys(sorted(gone - set(taken)))
    items = [item for _, item in sorted(taken.items())]
    stored = store(repo, (item.content for item in items))
    accepted |= {item.path: (item.mode, oid) for item, oid in zip(items, stored, strict=True)}
    return accepted, _shortened(refused)


def _check_size(changes: WorkspaceChanges) -> None:
    files = len(changes.changed) + len(changes.deleted)
    total_bytes = sum(len(item.content) for item in changes.changed)
    if files > FILES_MAX or total_bytes > BYTES_MAX:
        raise RepositoryError(
            f"The task changed {files:,} files with {total_bytes / 1e6:,.0f} MB; a checkpoint takes"
            f" at most {FILES_MAX:,} files and {BYTES_MAX / 1e6:,.0f} MB.",
            mend="Let the task write large or temporary files outside /workspace, or ignore them"
            " in .gitignore.",
            code="too_large",
        )


def _problem(start: pygit2.Tree, item: FileEntry) -> str:
    problem = names.path_problem(item.path) or names.mode_problem(item.mode)
    if not problem and item.mode == names.LINK_MODE:
        problem = names.link_problem(item.path, item.content)
    if not problem:
        present = entry_at(start, item.path)
        if present is not None and present.filemode == FileMode.COMMIT:
            problem = "a submodule stands there"
    return problem


def _may_delete(start: pygit2.Tree, path: str) -> bool:
    """Only files and links of the start tree: a submodule is merely absent in the guest."""
    if names.path_problem(path):
        return False
    present = entry_at(start, path)
    return isinstance(present, pygit2.Blob)


def _new_paths_refused(
    start: pygit2.Tree, new: list[str], taken: Mapping[str, FileEntry], gone: set[str]
) -> dict[str, str]:
    refused = ignored_new(start, new)
    for path in new:
        above = names.parent_of(path)
        while above:
            if above in taken:
                refused[path] = "its folder is also a file"
            above = names.parent_of(above)
    remaining = [path for path in sorted(new) if path not in refused]
    refused |= _folded_twice(start, remaining, gone)
    return refused


def _folded_twice(start: pygit2.Tree, new: list[str], gone: set[str]) -> dict[str, str]:
    """New paths of which a component differs from a neighbour by case or composition only."""
    refused: dict[str, str] = {}
    seen: dict[str, dict[str, str]] = {}
    for path in new:
        parts = path.split("/")
        for depth, name in enumerate(parts):
            folder = "/".join(parts[:depth])
            if folder not in seen:
                seen[folder] = _keys(start, folder, gone)
            other = seen[folder].setdefault(names.same_name_key(name), name)
            if other != name:
                refused[path] = f"differs from {names.shown(other)} by upper and lower case only"
                break
    return refused


def _keys(start: pygit2.Tree, folder: str, gone: set[str]) -> dict[str, str]:
    tree = folder_at(start, folder)
    prefix = folder + "/" if folder else ""
    present = [str(entry.name) for entry in tree or () if prefix + str(entry.name) not in gone]
    return {names.same_name_key(name): name for name in present}


def _shortened(refused: list[str]) -> tuple[str, ...]:
    if len(refused) <= REFUSED_SHOWN_MAX:
        return tuple(refused)
    more = len(refused) - REFUSED_SHOWN_MAX
    return (*refused[:REFUSED_SHOWN_MAX], f"and {more:,} more")
