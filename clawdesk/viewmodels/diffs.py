"""A diff as rows of a list: file heads, hunk heads and lines, unified or side by side.

Lines are capped here so that a hostile diff cannot cost the window memory or time; every cut is
said in a row of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from clawdesk.domain.host_files import PROGRAM, host_rule
from clawdesk.ports.repository import Diff, DiffFile, DiffHunk, DiffLine
from clawdesk.viewmodels.amounts import files, listed
from clawdesk.viewmodels.language import tr
from clawdesk.viewmodels.review import LineComment
from clawdesk.viewmodels.told import told, told_parts
from clawdesk.viewmodels.words import short_path

PATHS_MAX = 4
ROWS_MAX = 20_000
LINE_MAX = 2_000


def whole_change(diff: Diff) -> str:
    """How much differs, and the first of the files."""
    stat = diff.stat
    if not stat.files:
        return tr("No file differs from the start.")
    amount = f"{files(stat.files)} +{stat.added} −{stat.removed}"  # noqa: RUF001
    names = listed([short_path(file.path) for file in diff.files], PATHS_MAX)
    return tr("{files} since it began: {names}", files=amount, names=names)


class RowKind(StrEnum):
    FILE = "file"
    HUNK = "hunk"
    LINE = "line"
    NOTE = "note"
    COMMENT = "comment"


@dataclass(frozen=True, slots=True)
class Side:
    """Half of a row; `origin` "" = no counterpart."""

    origin: str = ""
    number: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class DiffRow:
    """One row. Unified rows use `left` and `right` for the two numbers and `left.text`.

    Args:
        hunk: number of the hunk in its file, -1 outside of one.
        other: of a unified row, the line that stands in its place on the other side, "" = none.
    """

    kind: RowKind
    text: str = ""
    left: Side = Side()
    right: Side = Side()
    file: int = 0
    hunk: int = -1
    other: str = ""

    @property
    def changed(self) -> bool:
        """Whether it shows an added or removed line."""
        return self.kind is RowKind.LINE and " " not in (self.left.origin, self.right.origin)

    def place(self) -> tuple[int, str, str] | None:
        """(line number, side, text) that a comment on this row is about; None = no line."""
        if self.kind is not RowKind.LINE:
            return None
        if self.right.origin:
            return self.right.number or 0, "new", self.right.text
        if self.left.origin == "-":
            return self.left.number or 0, "old", self.left.text
        return self.right.number or 0, "new", self.left.text

    @property
    def spoken(self) -> str:
        if self.kind is RowKind.COMMENT:
            return tr("your comment: {text}", text=self.text)
        if self.kind is not RowKind.LINE:
            return self.text
        sides = [self.left] if self.right.origin == "" else [self.left, self.right]
        return " | ".join(_said(side) for side in sides if side.origin)


def _said(side: Side) -> str:
    match side.origin:
        case "+":
            return tr("added: {text}", text=side.text)
        case "-":
            return tr("removed: {text}", text=side.text)
    return side.text


def _cut(text: str) -> str:
    text = text.rstrip("\r\n")
    return text if len(text) <= LINE_MAX else f"{text[:LINE_MAX]} … {tr('line cut')}"


def file_title(file: DiffFile) -> str:
    """`path`, or `old → new` of a rename."""
    if file.old_path and file.old_path != file.path:
        return f"{file.old_path} → {file.path}"
    return file.path


def file_words(file: DiffFile) -> str:
    """What happened to the file, beside its name."""
    match file.status:
        case "added":
            return tr("new")
        case "deleted":
            return tr("deleted")
        case "renamed":
            return tr("renamed")
        case "mode":
            return tr("mode changed")
    return ""


def _unified(hunk: DiffHunk, place: int, number: int) -> Iterator[DiffRow]:
    others = _counterparts(hunk.lines)
    for line, other in zip(hunk.lines, others, strict=True):
        yield DiffRow(
            RowKind.LINE,
            left=Side(line.origin, line.old, _cut(line.text)),
            right=Side("", line.new),
            file=place,
            hunk=number,
            other=other,
        )


def _counterparts(lines: Sequence[DiffLine]) -> list[str]:
    """For each line the one in its place on the other side: removed and added ones go in pairs."""
    others = [""] * len(lines)
    removed: list[int] = []
    added: list[int] = []
    for place, line in enumerate([*lines, DiffLine(" ", None, None, "")]):
        if line.origin == "-" and not added:
            removed.append(place)
        elif line.origin == "+":
            added.append(place)
        else:
            for old, new in zip(removed, added, strict=False):
                others[old], others[new] = _cut(lines[new].text), _cut(lines[old].text)
            removed, added = ([place] if line.origin == "-" else []), []
    return others


def _split(hunk: DiffHunk, place: int, number: int) -> Iterator[DiffRow]:
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
                hunk=number,
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
                hunk=number,
            )
    yield from flush()


def _all_rows(
    diff: Diff, split: bool, comments: Sequence[LineComment], notes: dict[str, str]
) -> Iterator[DiffRow]:
    said: dict[tuple[str, int, str], str] = {(c.path, c.line, c.side): c.text for c in comments}
    for place, file in enumerate(diff.files):
        yield DiffRow(RowKind.FILE, file_title(file), file=place)
        if file.runs_on_host:
            yield DiffRow(RowKind.NOTE, host_words(file), file=place)
        for note in (notes.get(file.path, ""), told_parts(file.note)):
            if note:
                yield DiffRow(RowKind.NOTE, note, file=place)
        for number, hunk in enumerate(file.hunks):
            yield DiffRow(RowKind.HUNK, _cut(hunk.header), file=place, hunk=number)
            for row in (_split if split else _unified)(hunk, place, number):
                yield row
                if said:
                    at = row.place()
                    text = said.pop((file.path, at[0], at[1]), "") if at else ""
                    if text:
                        yield DiffRow(RowKind.COMMENT, text, file=place, hunk=number)


def host_words(file: DiffFile) -> str:
    """When the file would run on the user's machine."""
    rule = host_rule(file.path) or host_rule(file.old_path) or PROGRAM
    kind = told(rule.kind)
    return tr(
        "{kind}, after a merge: {when}. Read it with care.",
        kind=f"{kind[:1].upper()}{kind[1:]}",
        when=told(rule.when),
    )


def diff_rows(
    diff: Diff,
    *,
    split: bool,
    comments: Sequence[LineComment] = (),
    notes: dict[str, str] | None = None,
) -> tuple[DiffRow, ...]:
    """All rows, at most ROWS_MAX; the cut is the last row.

    Args:
        comments: shown below the lines they are about.
        notes: a sentence below the head of a file, by path.
    """
    rows: list[DiffRow] = []
    for row in _all_rows(diff, split, comments, notes or {}):
        if len(rows) >= ROWS_MAX:
            text = tr(
                "The diff is longer than {count} rows; the rest is not shown.",
                count=f"{ROWS_MAX:,}",
            )
            rows.append(DiffRow(RowKind.NOTE, text, file=row.file))
            break
        rows.append(row)
    return tuple(rows)


def is_cut(rows: tuple[DiffRow, ...]) -> bool:
    """Whether some of the diff is not on screen: then it cannot be approved from here."""
    return len(rows) > ROWS_MAX
