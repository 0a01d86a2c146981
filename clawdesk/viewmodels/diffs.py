"""A diff as rows of a list: file heads, hunk heads and lines, unified or side by side.

Lines are capped here so that a hostile diff cannot cost the window memory or time; every cut is
said in a row of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from clawdesk.ports.repository import Diff, DiffFile, DiffHunk, DiffLine

ROWS_MAX = 20_000
LINE_MAX = 2_000


class RowKind(StrEnum):
    FILE = "file"
    HUNK = "hunk"
    LINE = "line"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Side:
    """Half of a row; `origin` "" = no counterpart."""

    origin: str = ""
    number: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class DiffRow:
    """One row. Unified rows use `left` and `right` for the two numbers and `left.text`."""

    kind: RowKind
    text: str = ""
    left: Side = Side()
    right: Side = Side()
    file: int = 0

    @property
    def spoken(self) -> str:
        if self.kind is not RowKind.LINE:
            return self.text
        sides = [self.left] if self.right.origin == "" else [self.left, self.right]
        words = {"+": "added: ", "-": "removed: "}
        return " | ".join(words.get(s.origin, "") + s.text for s in sides if s.origin)


def _cut(text: str) -> str:
    text = text.rstrip("\r\n")
    return text if len(text) <= LINE_MAX else text[:LINE_MAX] + " … line cut"


def file_title(file: DiffFile) -> str:
    """`path`, or `old → new` of a rename."""
    if file.old_path and file.old_path != file.path:
        return f"{file.old_path} → {file.path}"
    return file.path


def file_words(file: DiffFile) -> str:
    """What happened to the file, beside its name."""
    word = {"added": "new", "deleted": "deleted", "renamed": "renamed", "mode": "mode changed"}
    return word.get(file.status, "")


def _unified(hunk: DiffHunk, place: int) -> Iterator[DiffRow]:
    for line in hunk.lines:
        yield DiffRow(
            RowKind.LINE,
            left=Side(line.origin, line.old, _cut(line.text)),
            right=Side("", line.new),
            file=place,
        )


def _split(hunk: DiffHunk, place: int) -> Iterator[DiffRow]:
    removed: list[DiffLine] = []
    added: list[DiffLine] = []

    def flush() -> Iterator[DiffRow]:
        for i in range(max(len(removed), len(added))):
            old = removed[i] if i < len(removed) else None
            new = added[i] if i < len(added) else None
            yield DiffRow(
                RowKind.LINE,
                left=Side("-", old.old, _cut(old.text)) if old else Side(),
                right=Side("+", new.new, _cut(new.text)) if new else Side(),
                file=place,
            )
        removed.clear()
        added.clear()

    for line in hunk.lines:
        if line.origin == "-":
            if added:
                yield from flush()
            removed.append(line)
        elif line.origin == "+":
            added.append(line)
        else:
            yield from flush()
            text = _cut(line.text)
            yield DiffRow(
                RowKind.LINE,
                left=Side(" ", line.old, text),
                right=Side(" ", line.new, text),
                file=place,
            )
    yield from flush()


def _all_rows(diff: Diff, split: bool) -> Iterator[DiffRow]:
    for place, file in enumerate(diff.files):
        yield DiffRow(RowKind.FILE, file_title(file), file=place)
        if file.runs_on_host:
            text = "This file runs on your machine after a merge: read it with care."
            yield DiffRow(RowKind.NOTE, text, file=place)
        if file.note:
            yield DiffRow(RowKind.NOTE, file.note, file=place)
        for hunk in file.hunks:
            yield DiffRow(RowKind.HUNK, _cut(hunk.header), file=place)
            yield from (_split if split else _unified)(hunk, place)


def diff_rows(diff: Diff, *, split: bool) -> tuple[DiffRow, ...]:
    """All rows, at most ROWS_MAX; the cut is the last row."""
    rows: list[DiffRow] = []
    for row in _all_rows(diff, split):
        if len(rows) >= ROWS_MAX:
            text = f"The diff is longer than {ROWS_MAX:,} rows; the rest is not shown."
            rows.append(DiffRow(RowKind.NOTE, text, file=row.file))
            break
        rows.append(row)
    return tuple(rows)


def is_cut(rows: tuple[DiffRow, ...]) -> bool:
    """Whether some of the diff is not on screen: then it cannot be approved from here."""
    return len(rows) > ROWS_MAX
