"""Conflicts of a merge: their three sides to look at, and what a person decided put in their place.

Works on the index in memory that libgit2 gives for a merge of trees; touches no file and no ref.
"""

from __future__ import annotations

from collections.abc import Iterator

import pygit2

from clawdesk.adapters.git.blobs import store
from clawdesk.ports.repository import (
    OURS,
    SIDE_BYTES_MAX,
    THEIRS,
    ConflictFile,
    Settled,
    Settlement,
)

_FILE, _PROGRAM = pygit2.enums.FileMode.BLOB, pygit2.enums.FileMode.BLOB_EXECUTABLE
_BINARY_BYTES = 8_000
Side = pygit2.IndexEntry | None
Sides = tuple[Side, Side, Side]


def _all(index: pygit2.Index) -> Iterator[tuple[str, Sides]]:
    """Every conflict by the name the branch has for it, else the task's, else the old one."""
    for base, ours, theirs in list(index.conflicts or ()):
        named = ours or theirs or base
        assert named is not None, "a conflict has a side"
        yield str(named.path), (base, ours, theirs)


def paths_of(index: pygit2.Index) -> tuple[str, ...]:
    """The paths of all sides, each once."""
    return tuple(sorted({str(side.path) for _, sides in _all(index) for side in sides if side}))


def files_of(repo: pygit2.Repository, index: pygit2.Index) -> tuple[ConflictFile, ...]:
    """All conflicts with their three sides, by path."""
    found = [_file(repo, path, sides) for path, sides in _all(index)]
    return tuple(sorted(found, key=lambda file: file.path))


def _file(repo: pygit2.Repository, path: str, sides: Sides) -> ConflictFile:
    why_not = next(filter(None, (_why_not(repo, side) for side in sides)), "")
    if why_not:
        # What is there and what is not stays visible: an empty content stands for a side.
        base, ours, theirs = (b"" if side else None for side in sides)
    else:
        base, ours, theirs = (_content(repo, side) if side else None for side in sides)
    return ConflictFile(path, base, ours, theirs, why_not)


def _content(repo: pygit2.Repository, side: pygit2.IndexEntry) -> bytes:
    blob = repo[side.id]
    assert isinstance(blob, pygit2.Blob), "an index names blobs"
    return blob.data


def _why_not(repo: pygit2.Repository, side: Side) -> str:
    if side is None:
        return ""
    if side.mode not in {_FILE, _PROGRAM}:
        return "it is a link or a submodule"
    content = _content(repo, side)
    if len(content) > SIDE_BYTES_MAX:
        return f"it has {len(content):,} bytes; up to {SIDE_BYTES_MAX:,} are shown"
    return "it is binary" if b"\0" in content[:_BINARY_BYTES] else ""


def settle(repo: pygit2.Repository, index: pygit2.Index, settlement: Settlement) -> None:
    """Put what a person decided into the index; what was not decided stays a conflict."""
    wanted = {one.path: one for one in settlement.files}
    for path, sides in list(_all(index)):
        decided = wanted.get(path)
        if decided is not None:
            entry = _entry(repo, path, sides, decided)
            for name in {side.path for side in sides if side}:
                if name in index.conflicts:
                    del index.conflicts[name]
            if entry is not None:
                index.add(entry)


def _entry(
    repo: pygit2.Repository, path: str, sides: Sides, decided: Settled
) -> pygit2.IndexEntry | None:
    _, ours, theirs = sides
    if decided.take in {OURS, THEIRS}:
        side = ours if decided.take == OURS else theirs
        return pygit2.IndexEntry(side.path, side.id, side.mode) if side else None
    modes = [side.mode for side in (ours, theirs) if side and side.mode in {_FILE, _PROGRAM}]
    [oid] = store(repo, [decided.content])
    return pygit2.IndexEntry(path, oid, modes[0] if modes else _FILE)
