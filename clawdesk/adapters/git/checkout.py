"""Updating the checked-out files and the index after a merge, without losing a byte of the user's.

First everything is compared and staged, then renamed into place file by file; whatever goes wrong
on the way is undone. A file the user changed is never written over: it is either proven to be what
the task started from, or the merge is refused and names it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pygit2
from pygit2.enums import FileMode

from clawdesk.adapters.git.changes import disk_mode
from clawdesk.adapters.git.folder import FileState, Folder, OddFileError
from clawdesk.adapters.git.lookup import changes_between, entry_at
from clawdesk.adapters.git.packs import BLOB, object_id
from clawdesk.adapters.git.trees import Entry
from clawdesk.ports.errors import ConflictError, RepositoryError


@dataclass(frozen=True, slots=True)
class Trees:
    """What a merge works with.

    `base` is the user's last commit when the task began, `start` the same with the user's
    uncommitted work if it was included; `final` is the approved tree, `merged` the new tip's.
    """

    base: pygit2.Tree
    start: pygit2.Tree
    final: pygit2.Tree
    tip: pygit2.Tree
    merged: pygit2.Tree


@dataclass(frozen=True, slots=True)
class FileMove:
    """One path: what is on disk now, what shall be there, and the index entry (None = absent)."""

    path: str
    before: FileState | None
    after: FileState | None
    index: Entry | None


def plan(repo: pygit2.Repository, trees: Trees) -> list[FileMove]:
    """What has to change on disk; changes nothing itself.

    Raises:
        ConflictError: the user's own changes are in the way; names every such path.
    """
    folder = Folder(str(repo.workdir))
    paths = paths_between(trees.tip, trees.merged)
    moves, conflicts = [], []
    removed = {path for path in paths if entry_of(trees.merged, path) is None}
    for path in paths:
        move = _move(repo, folder, trees, path)
        if move is None or (move.after is not None and _in_the_way(folder, path, removed)):
            conflicts.append(path)
        else:
            moves.append(move)
    if conflicts:
        raise ConflictError(
            f"You changed {_listed(conflicts)}, which the task changed too. Nothing was merged.",
            tuple(conflicts),
            mend="Commit or stash your changes, then merge again; or merge into another branch:"
            " --into NAME",
        )
    return moves


def paths_between(old: pygit2.Tree, new: pygit2.Tree) -> list[str]:
    """Every path that differs between two trees."""
    return sorted(change.path for change in changes_between(old, new))


def entry_of(tree: pygit2.Tree, path: str) -> Entry | None:
    """Mode and object of a file in a tree; None for no file."""
    found = entry_at(tree, path)
    if found is None or isinstance(found, pygit2.Tree):
        return None
    return int(found.filemode), found.id


def _move(repo: pygit2.Repository, folder: Folder, trees: Trees, path: str) -> FileMove | None:
    """None when the user's own change of this path would be lost."""
    versions = _Versions.of(trees, path)
    try:
        before = folder.read(path)
    except OddFileError:
        if versions.old is not None:
            return None
        before = None  # a folder; whether it makes way for a file is looked at later
    target = versions.target(_present(repo, before, versions.old))
    index = versions.target(_indexed(repo, path))
    if isinstance(target, _Lost) or isinstance(index, _Lost):
        return None
    return FileMove(path, before, _state(repo, target), index)


class _Lost:
    """Neither the tip's, nor the merged, nor the included version."""


@dataclass(frozen=True, slots=True)
class _Versions:
    """One path in the trees of a merge."""

    old: Entry | None
    new: Entry | None
    started: Entry | None
    final: Entry | None
    included: bool  # the user's uncommitted version was the task's start: `final` contains it

    @classmethod
    def of(cls, trees: Trees, path: str) -> _Versions:
        old, started = entry_of(trees.tip, path), entry_of(trees.start, path)
        included = entry_of(trees.base, path) == old and started != old
        final, new = entry_of(trees.final, path), entry_of(trees.merged, path)
        return cls(old, new, started, final, included)

    def target(self, present: Entry | None) -> Entry | _Lost | None:
        """What must stand where `present` stands now."""
        if present in (self.old, self.new):
            return self.new
        if self.included and present in (self.started, self.final):
            return self.final
        return _Lost()


def _present(repo: pygit2.Repository, state: FileState | None, old: Entry | None) -> Entry | None:
    if state is None:
        return None
    mode = disk_mode(repo, state, old[0] if old is not None else None)
    return mode, pygit2.Oid(raw=object_id(BLOB, state.content))


def _indexed(repo: pygit2.Repository, path: str) -> Entry | None:
    if path not in repo.index:
        return None
    entry = repo.index[path]
    return int(entry.mode), entry.id


def _state(repo: pygit2.Repository, entry: Entry | None) -> FileState | None:
    return None if entry is None else FileState(entry[0], repo[entry[1]].read_raw())


def _in_the_way(folder: Folder, path: str, removed: set[str]) -> bool:
    """A folder or file of the user's stands where this path must go."""
    if not folder.is_blocked(path):
        return False
    return not any(r.startswith(path + "/") or path.startswith(r + "/") for r in removed)


def _listed(paths: list[str]) -> str:
    shown = ", ".join(paths[:5])
    return shown if len(paths) <= 5 else f"{shown} and {len(paths) - 5} more"


def apply(
    repo: pygit2.Repository, moves: list[FileMove], staging: Path, commit: Callable[[], None]
) -> None:
    """Put files and index in place, then call `commit`; if anything fails, put all of it back.

    Args:
        staging: a folder to make on the disk of the work tree, removed again.
    """
    folder = Folder(str(repo.workdir))
    done: list[FileMove] = []
    index_before = {move.path: _indexed(repo, move.path) for move in moves}
    shutil.rmtree(staging, ignore_errors=True)  # of a merge of this task that was killed in here
    try:
        staging.mkdir()
        staged = _stage(moves, staging)
        # Removals first, and the deepest first: a folder may have to become a file.
        for move in sorted(moves, key=lambda m: (m.after is not None, _depth_first(m))):
            _put(folder, move, staged.get(move.path))
            done.append(move)
        _write_index(repo, moves, {move.path: move.index for move in moves})
        commit()
    except BaseException:
        _undo(repo, folder, done, staging, index_before)
        raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _depth_first(move: FileMove) -> int:
    return -move.path.count("/")


def _stage(moves: list[FileMove], staging: Path) -> dict[str, str]:
    place = Folder(os.fspath(staging))
    staged = {}
    for number, move in enumerate(moves):
        if move.after is not None and move.after != move.before:
            place.stage(str(number), move.after)
            staged[move.path] = os.fspath(staging / str(number))
    return staged


def _put(folder: Folder, move: FileMove, staged: str | None) -> None:
    if move.after == move.before:
        return
    try:
        now = folder.read(move.path)
    except OddFileError:
        now = None
    if now != move.before:
        raise ConflictError(
            f"{move.path} was changed while the merge was being made. Nothing was merged.",
            (move.path,),
            mend="Try again.",
        )
    if staged is None:
        folder.remove(move.path)
        return
    try:
        folder.replace(move.path, staged)
    except (IsADirectoryError, NotADirectoryError, FileExistsError) as error:
        raise ConflictError(
            f"Files of yours are in the way of {move.path}. Nothing was merged.",
            (move.path,),
            mend="Move them away, then merge again.",
        ) from error


def _write_index(
    repo: pygit2.Repository, moves: list[FileMove], entries: dict[str, Entry | None]
) -> None:
    index = repo.index
    index.read(force=True)
    on_disk = {move.path: move.after for move in moves}
    for path in sorted(entries, key=lambda p: entries[p] is not None):
        entry = entries[path]
        if entry is None:
            if path in index:
                index.remove(path)
            continue
        wanted = pygit2.IndexEntry(path, entry[1], FileMode(entry[0]))
        state = on_disk[path]
        if state is not None and object_id(BLOB, state.content) == entry[1].raw:
            index.add(path)  # with times and size, so that Git need not read the file again
            if (index[path].id, int(index[path].mode)) == (entry[1], entry[0]):
                continue
        index.add(wanted)
    index.write()


def _undo(
    repo: pygit2.Repository,
    folder: Folder,
    done: list[FileMove],
    staging: Path,
    index_before: dict[str, Entry | None],
) -> None:
    """Put back what was there. What cannot be put back lies in the backup ref."""
    back = [FileMove(m.path, m.after, m.before, index_before[m.path]) for m in done]
    try:
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir()
        staged = _stage(back, staging)
        for move in sorted(back, key=lambda m: (m.after is not None, _depth_first(m))):
            _put(folder, move, staged.get(move.path))
        repo.index.read(force=True)  # what is on disk, not what was about to be written
        if any(_indexed(repo, path) != entry for path, entry in index_before.items()):
            _write_index(repo, back, index_before)
    except (OSError, pygit2.GitError, RepositoryError) as error:
        raise RepositoryError(
            f"The merge failed half way and your files could not all be put back: {error}.",
            mend="The state before is kept: git for-each-ref refs/clawdesk/backup",
            code="half_merged",
        ) from error
