"""Another version of a checkpoint, as a person wants it: a part of it, or changed."""

from __future__ import annotations

from collections.abc import Mapping

import pygit2
from pygit2.enums import FileMode

from clawdesk.adapters.git import diffs, trees
from clawdesk.adapters.git.lookup import Change, changes_between, entry_at
from clawdesk.adapters.git.loose import write_blob
from clawdesk.adapters.git.names import parent_of
from clawdesk.domain.model import Amendment
from clawdesk.ports.errors import RepositoryError
from clawdesk.ports.guest import FileEntry, WorkspaceChanges
from clawdesk.ports.repository import SIDE_BYTES_MAX, DiffFile, FileSides

NAMED_CHARS_MAX = 16_000
"""As much of the names as a record has room for; the rest is counted."""
_FILES = (FileMode.BLOB, FileMode.BLOB_EXECUTABLE)


def amended(
    repo: pygit2.Repository,
    before: pygit2.Tree,
    made: pygit2.Tree,
    only: tuple[str, ...] | None,
    edits: Mapping[str, bytes],
) -> Amendment:
    """Write the tree; see `Repository.amended`."""
    changes = {change.path: change for change in changes_between(before, made)}
    taken = set(changes) if only is None else _chosen(changes, only, edits)
    left = sorted(set(changes) - taken - set(edits))
    _no_file_above({p for p in left if changes[p].old}, (taken | set(edits)) - set(left))
    wanted: dict[str, trees.Entry | None] = {path: changes[path].old for path in left}
    edited = []
    for path, content in sorted(edits.items()):
        entry = entry_at(made, path)
        if not isinstance(entry, pygit2.Blob) or entry.filemode not in _FILES:
            raise _no_such(path, "is no file of this checkpoint")
        if entry.data != content:
            wanted[path] = (int(entry.filemode), write_blob(repo, content))
            edited.append(path)
    tree = trees.with_changes(repo, made, wanted)
    named = _named(left)
    return Amendment(str(tree), named, _named(edited), len(left) - len(named))


def between(old: pygit2.Tree, new: pygit2.Tree) -> WorkspaceChanges:
    """What makes `new` out of `old`; submodules are nobody's to write."""
    changed, deleted = [], []
    for change in changes_between(old, new):
        if change.new is None:
            deleted.append(change.path)
            continue
        mode, _ = change.new
        entry = entry_at(new, change.path)
        if mode != FileMode.COMMIT and isinstance(entry, pygit2.Blob):
            changed.append(FileEntry(change.path, mode, entry.data))
    return WorkspaceChanges(tuple(changed), tuple(deleted))


def sides(old: pygit2.Tree, new: pygit2.Tree, path: str, old_path: str) -> FileSides:
    """One file before and after; see `Repository.sides`."""
    was, now = entry_at(old, old_path), entry_at(new, path)
    for entry in (was, now):
        if entry is None:
            continue
        if not isinstance(entry, pygit2.Blob) or entry.filemode not in _FILES:
            return FileSides(None, None, "it is a link or a submodule, not a plain file")
        if entry.size > SIDE_BYTES_MAX:
            return FileSides(None, None, f"it has {entry.size:,} bytes")
    before = was.data if isinstance(was, pygit2.Blob) else None
    return FileSides(before, now.data if isinstance(now, pygit2.Blob) else None)


def diff_edited(
    old: pygit2.Tree, new: pygit2.Tree, path: str, old_path: str, content: bytes
) -> DiffFile:
    """One file with another content; see `Repository.diff_edited`."""
    was, now = entry_at(old, old_path), entry_at(new, path)
    if not isinstance(now, pygit2.Blob) or now.filemode not in _FILES:
        raise _no_such(path, "is no file of this checkpoint")
    before = (int(was.filemode), was.data) if isinstance(was, pygit2.Blob) else None
    return diffs.edited(path, old_path, before, (int(now.filemode), content))


def _chosen(
    changes: Mapping[str, Change], only: tuple[str, ...], edits: Mapping[str, bytes]
) -> set[str]:
    chosen: set[str] = set()
    for name in only:
        folder = f"{name.rstrip('/')}/"
        found = {path for path in changes if path == name or path.startswith(folder)}
        if not found and name not in edits:
            raise _no_such(name, "is not among the changes of this checkpoint")
        chosen |= found
    return chosen


def _no_file_above(put_back: set[str], taken: set[str]) -> None:
    """A folder that was a file is taken with that, or not at all. Raises RepositoryError."""
    for path in sorted(taken):
        above = parent_of(path)
        while above:
            if above in put_back:
                raise _no_such(path, f"cannot be taken without {above}, which was a file before")
            above = parent_of(above)


def _named(paths: list[str]) -> tuple[str, ...]:
    named, chars = [], 0
    for path in paths:
        chars += len(path)
        if chars > NAMED_CHARS_MAX:
            break
        named.append(path)
    return tuple(named)


def _no_such(path: str, why: str) -> RepositoryError:
    return RepositoryError(
        f"The path {path} {why}.",
        mend="The diff of the checkpoint names the paths: clawdesk diff TASK ORDINAL",
        code="no_such_path",
    )
