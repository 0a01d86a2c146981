"""A file with only some of its hunks: the old content with the chosen ones applied.

Contents are bytes and lines end at line feeds alone, as Git counts them; nothing is decoded, so
what is not shown well (other encodings, long lines) is still taken over exactly.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from clawdesk.ports.repository import DiffHunk

_RANGES = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


class PatchError(ValueError):
    """The hunks do not belong to these contents: a part of them cannot be worked out."""


@dataclass(frozen=True, slots=True)
class Span:
    """Lines [begin, end) of one side, counted from 0."""

    begin: int
    end: int


def spans_of(hunk: DiffHunk) -> tuple[Span, Span]:
    """The lines a hunk covers, old and new. Raises PatchError for a header that says none."""
    found = _RANGES.match(hunk.header)
    if found is None:
        raise PatchError("a hunk does not say which lines it is about")
    old_begin, old_count, new_begin, new_count = (
        1 if text is None else int(text) for text in found.groups()
    )
    return _span(old_begin, old_count), _span(new_begin, new_count)


def _span(begin: int, count: int) -> Span:
    # Of an empty range Git names the line before it, of any other its first line.
    first = begin - 1 if count else begin
    return Span(first, first + count)


def lines_of(content: bytes) -> list[bytes]:
    """Lines with their line feeds; the last may have none."""
    lines = content.split(b"\n")
    ended = [line + b"\n" for line in lines[:-1]]
    return [*ended, lines[-1]] if lines[-1] else ended


def with_hunks(old: bytes, new: bytes, hunks: Sequence[DiffHunk], chosen: Collection[int]) -> bytes:
    """`old` with the hunks of these numbers applied; all = `new`, none = `old`.

    Raises:
        PatchError: the hunks are not the whole difference of the two contents.
    """
    before, after = lines_of(old), lines_of(new)
    result: list[bytes] = []
    at_old = at_new = 0
    for number, hunk in enumerate(hunks):
        was, now = spans_of(hunk)
        same = before[at_old : was.begin]
        if was.begin < at_old or same != after[at_new : now.begin]:
            raise PatchError("the hunks are of another version of the file")
        result += same
        result += after[now.begin : now.end] if number in chosen else before[was.begin : was.end]
        at_old, at_new = was.end, now.end
    if before[at_old:] != after[at_new:] or at_old > len(before) or at_new > len(after):
        raise PatchError("the hunks are not all that differs")
    result += before[at_old:]
    return b"".join(result)
