"""Differences of two trees as our own values, from blobs alone.

No attribute, no textconv, no external diff takes part: a `.gitattributes` cannot hide a change by
calling it binary, and nothing configured in the project is run. What is too large to show says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import pygit2
from pygit2.enums import DeltaStatus, DiffFind, DiffOption, FileMode

from clawdesk.adapters.git.lookup import Change, changes_between
from clawdesk.domain.host_files import runs_on_host
from clawdesk.domain.model import DiffStat
from clawdesk.ports.repository import SIDE_BYTES_MAX, Diff, DiffFile, DiffHunk, DiffLine

COUNTED_BYTES_MAX = 16_000_000
LINES_MAX = 20_000
LINES_TOTAL_MAX = 100_000
LINE_CHARS_MAX = 2_000
RENAMES_FILES_MAX = 2_000
_BINARY_PROBE_BYTES = 8_000
_NO_NEWLINE = frozenset("<>=")
_LINK_NOTE = "a symbolic link: its text is where it points"


def diff(repo: pygit2.Repository, old: pygit2.Tree, new: pygit2.Tree) -> Diff:
    """Every difference of two trees, renames found, in path order."""
    files = []
    lines_left = LINES_TOTAL_MAX
    for delta in _deltas(old, new):
        shown = _file(repo, delta, lines_left)
        lines_left -= sum(len(hunk.lines) for hunk in shown.hunks)
        files.append(shown)
    stat = DiffStat(
        len(files), sum(shown.added for shown in files), sum(shown.removed for shown in files)
    )
    return Diff(tuple(files), stat)


def measure(
    repo: pygit2.Repository, old: pygit2.Tree, new: pygit2.Tree
) -> tuple[DiffStat, tuple[str, ...], tuple[str, ...]]:
    """Size of a difference as `diff` would count it, every path it touches (old names too), and
    those of them that would run on the user's machine after a merge."""
    if old.id == new.id:
        return DiffStat(), (), ()
    files = added = removed = 0
    paths: set[str] = set()
    running: set[str] = set()
    for delta in _deltas(old, new):
        paths.update((delta.old_path, delta.path))
        running.update(_running(delta))
        before, after = _blobs(repo, delta)
        plus, minus = line_counts(before, after)
        files, added, removed = files + 1, added + plus, removed + minus
    return DiffStat(files, added, removed), tuple(sorted(paths)), tuple(sorted(running))


@dataclass(frozen=True, slots=True)
class _Delta:
    """One file of a difference; a side that does not exist has mode 0 and no object."""

    status: str
    path: str
    old_path: str
    old: tuple[int, pygit2.Oid | None]
    new: tuple[int, pygit2.Oid | None]


def _deltas(old: pygit2.Tree, new: pygit2.Tree) -> list[_Delta]:
    changes = list(changes_between(old, new))
    added = sum(change.old is None for change in changes)
    deleted = sum(change.new is None for change in changes)
    if added and deleted and len(changes) <= RENAMES_FILES_MAX:
        return _with_renames(old, new)
    return [_delta(change) for change in changes]


def _delta(change: Change) -> _Delta:
    if change.old is None:
        status = "added"
    elif change.new is None:
        status = "deleted"
    else:
        status = "mode" if change.old[1] == change.new[1] else "modified"
    none = (0, None)
    return _Delta(status, change.path, change.path, change.old or none, change.new or none)


def _with_renames(old: pygit2.Tree, new: pygit2.Tree) -> list[_Delta]:
    found = old.diff_to_tree(new, flags=DiffOption.SKIP_BINARY_CHECK)
    # Unbounded, comparing every new with every deleted file would take minutes.
    found.find_similar(flags=DiffFind.FIND_RENAMES, rename_limit=200)
    deltas = []
    for delta in found.deltas:
        before, after = delta.old_file, delta.new_file
        old_path, path = str(before.path), str(after.path)
        old_side = (int(before.mode), before.id if before.mode else None)
        new_side = (int(after.mode), after.id if after.mode else None)
        if delta.status == DeltaStatus.RENAMED:
            deltas.append(_Delta("renamed", path, old_path, old_side, new_side))
        else:
            deltas.append(_delta(Change(path, _side(old_side), _side(new_side))))
    return deltas


def _side(side: tuple[int, pygit2.Oid | None]) -> tuple[int, pygit2.Oid] | None:
    mode, oid = side
    return (mode, oid) if oid is not None else None


def _blobs(repo: pygit2.Repository, delta: _Delta) -> tuple[bytes | None, bytes | None]:
    """Contents before and after; None where there is no file (or a submodule)."""
    return _content(repo, *delta.old), _content(repo, *delta.new)


def _content(repo: pygit2.Repository, mode: int, oid: pygit2.Oid | None) -> bytes | None:
    if oid is None or mode == FileMode.COMMIT:
        return None
    return repo[oid].read_raw()


def is_binary(content: bytes) -> bool:
    """Git's own rule: a zero byte near the beginning."""
    return b"\0" in content[:_BINARY_PROBE_BYTES]


def line_counts(before: bytes | None, after: bytes | None) -> tuple[int, int]:
    """Lines added and removed; (0, 0) for what is not counted."""
    old, new = before or b"", after or b""
    if is_binary(old) or is_binary(new) or len(old) + len(new) > COUNTED_BYTES_MAX:
        return 0, 0
    if not old or not new:
        return _line_count(new), _line_count(old)
    _, added, removed = pygit2.Patch.create_from(old, new).line_stats
    return added, removed


def _line_count(content: bytes) -> int:
    return content.count(b"\n") + (bool(content) and not content.endswith(b"\n"))


def _file(repo: pygit2.Repository, delta: _Delta, lines_left: int) -> DiffFile:
    return _shown(delta, *_blobs(repo, delta), lines_left)


def edited(
    path: str, old_path: str, before: tuple[int, bytes] | None, after: tuple[int, bytes]
) -> DiffFile:
    """One file whose new content is in no tree yet; (mode, content) on each side."""
    status = "added" if before is None else "modified" if path == old_path else "renamed"
    old = (before[0] if before else 0, None)
    delta = _Delta(status, path, old_path, old, (after[0], None))
    return _shown(delta, before[1] if before else None, after[1], LINES_MAX)


def _shown(delta: _Delta, before: bytes | None, after: bytes | None, lines_left: int) -> DiffFile:
    added, removed = line_counts(before, after)
    notes = [_modes_note(delta)]
    hunks: tuple[DiffHunk, ...] = ()
    unshown = _unshown(before, after, added + removed, lines_left)
    if unshown:
        notes.append(unshown)
    elif before != after:
        hunks, cut = hunks_of(before or b"", after or b"")
        notes.append("long lines are cut" if cut else "")
        notes.append(_end_note(before, after))
    return DiffFile(
        path=delta.path,
        old_path=delta.old_path,
        status=delta.status,
        added=added,
        removed=removed,
        hunks=hunks,
        note="; ".join(note for note in notes if note),
        runs_on_host=bool(_running(delta)),
    )


def _running(delta: _Delta) -> tuple[str, ...]:
    """Names of a change that would run on the user's machine after a merge."""
    sides = ((delta.path, delta.new[0]), (delta.old_path, 0))
    return tuple(path for path, mode in sides if runs_on_host(path, mode))


def _end_note(before: bytes | None, after: bytes | None) -> str:
    """Two last lines may look equal and differ in their line break alone."""
    if not before or not after or before.endswith(b"\n") == after.endswith(b"\n"):
        return ""
    if after.endswith(b"\n"):
        return "a line break at the end"
    return "no line break at the end any more"


def _modes_note(delta: _Delta) -> str:
    (old, old_id), (new, new_id) = delta.old, delta.new
    if FileMode.COMMIT in (old, new):
        return f"submodule {str(old_id or 'none')[:10]} → {str(new_id or 'none')[:10]}"
    if FileMode.LINK in (old, new):
        return _LINK_NOTE
    if new == FileMode.BLOB_EXECUTABLE and old != new:
        return "becomes executable" if old else "executable"
    if old == FileMode.BLOB_EXECUTABLE and new == FileMode.BLOB:
        return "no longer executable"
    return ""


def _unshown(before: bytes | None, after: bytes | None, changed: int, lines_left: int) -> str:
    """Why the lines of a file are not shown; "" when they are."""
    old, new = before or b"", after or b""
    if before is None and after is None:
        return "no content to show"
    sizes = f"{_size(before)} → {_size(after)}"
    if is_binary(old) or is_binary(new):
        return f"binary, {sizes}"
    if len(old) > SIDE_BYTES_MAX or len(new) > SIDE_BYTES_MAX or changed > LINES_MAX:
        return f"too large to show, {sizes}"
    if changed > lines_left:
        return f"not shown: the whole difference is over {LINES_TOTAL_MAX:,} lines"
    return ""


def _size(content: bytes | None) -> str:
    return "none" if content is None else f"{len(content):,} bytes"


def hunks_of(old: bytes, new: bytes) -> tuple[tuple[DiffHunk, ...], bool]:
    """Hunks of two texts, and whether a line was cut.

    Contents are given as bytes, not as blobs: pygit2 reads a patch's lines from memory it does not
    own, and a blob may be freed before.
    """
    patch = pygit2.Patch.create_from(old, new, context_lines=3)
    hunks = []
    cut = False
    for hunk in patch.hunks:
        lines: list[DiffLine] = []
        for line in hunk.lines:
            if line.origin in _NO_NEWLINE:
                continue
            raw = line.raw_content.rstrip(b"\n")
            text = raw.decode("utf-8", "replace")
            if len(text) > LINE_CHARS_MAX:
                text, cut = text[:LINE_CHARS_MAX] + "…", True
            old_no = line.old_lineno if line.old_lineno > 0 else None
            new_no = line.new_lineno if line.new_lineno > 0 else None
            lines.append(DiffLine(line.origin, old_no, new_no, text))
        hunks.append(DiffHunk(hunk.header.strip()[:LINE_CHARS_MAX], tuple(lines)))
    return tuple(hunks), cut
