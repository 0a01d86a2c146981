"""The rows of a conversation on screen: headings, wrapped lines, and what is folded away. Pure.

Rows are all of one height, so that a list paints only those that are seen. Only the rows behind the
first entry that changed are made anew.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from clawdesk.runtime.api import LogLine
from clawdesk.viewmodels.conversation import Entry, Kind, Reader
from clawdesk.viewmodels.language import counted, tr

LINES_MAX = 20_000
"""Of all entries together; the oldest are forgotten."""
COLUMNS_MIN = 20
_SLACK = 6
"""So many rows more are shown rather than folded."""
_ENDS = {Kind.PRINTED: (4, 8), Kind.TOOL: (4, 8)}
_WORDS = (16, 0)


class Part(StrEnum):
    """What a row is of its entry."""

    HEAD = "head"
    TEXT = "text"
    NOTE = "note"  # an entry of one row
    FOLD = "fold"  # opens or closes


@dataclass(frozen=True, slots=True)
class Row:
    """`text` of a heading is who; `facts` stand behind it."""

    entry: int
    kind: Kind
    part: Part
    text: str
    at_ms: int = 0
    facts: str = ""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Splice:
    """`gone` rows from `place` on have been replaced by `came`."""

    place: int
    gone: int
    came: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A line of an entry that holds what is searched; -1 = its heading."""

    entry: int
    line: int


class Rows:
    """The rows of one task's conversation; `columns`: of a line."""

    def __init__(self, *, acp: bool = False) -> None:
        self.rows: list[Row] = []
        self._reader = Reader(acp=acp)
        self.columns = 80
        self._opened: set[int] = set()
        self._begins: list[int] = []  # of each entry, its first row
        self._wrapped: dict[int, list[list[str]]] = {}  # by entry: of each line its rows
        self._lines = 0

    @property
    def entries(self) -> Sequence[Entry]:
        return self._reader.entries

    def feed(self, lines: Sequence[LogLine]) -> list[Splice]:
        """Read on; what has changed, in the order in which it happened."""
        changed = self._reader.feed(lines)
        done = [self._anew(changed)]
        self._lines += len(lines)
        if self._lines > LINES_MAX:
            done.append(self._drop())
        return done

    def wrap(self, columns: int) -> None:
        """Break lines there from now on; all rows are other ones then."""
        if columns != self.columns:
            self.columns = columns
            self._wrapped.clear()
            self._anew(0)

    def toggle(self, row: int) -> Splice | None:
        """Fold or unfold the entry of a row; None = it has nothing to fold."""
        place = self._entry_at(row)
        entry = self.entries[place] if place is not None else None
        if place is None or entry is None or not self._is_long(entry):
            return None
        self._opened ^= {entry.number}
        return self._anew(place)

    def hits(self, words: str) -> list[Hit]:
        """Lines that hold the words, whatever their case, oldest first; also folded ones."""
        wanted = words.casefold()
        if not wanted:
            return []
        return [
            Hit(place, number)
            for place, entry in enumerate(self.entries)
            for number, text in enumerate((f"{entry.who} {entry.facts}", *entry.lines), -1)
            if wanted in text.casefold()
        ]

    def reveal(self, hit: Hit) -> tuple[int, Splice | None]:
        """The row that shows it, after what was unfolded for it."""
        entry = self.entries[hit.entry]
        splice = None
        if hit.line >= 0 and self._is_long(entry) and entry.number not in self._opened:
            self._opened.add(entry.number)
            splice = self._anew(hit.entry)
        begin = self._begins[hit.entry]
        if hit.line < 0 or not entry.who:
            return begin, splice
        before = sum(map(len, self._wrapped_of(entry)[: hit.line]))
        return begin + 1 + before, splice

    def hidden(self, row: int) -> str:
        """What a row folds away."""
        place = self._entry_at(row)
        if place is None:
            return ""
        entry = self.entries[place]
        head, tail = _ENDS.get(entry.kind, _WORDS)
        texts = [text for line in self._wrapped_of(entry) for text in line]
        return "\n".join(texts[head : len(texts) - tail])

    def whole(self) -> str:
        """All of it as text."""
        found = []
        for entry in self.entries:
            found += [f"{entry.who} {entry.facts}".strip()] if entry.who else []
            found += [f"    {line}" if entry.who else line for line in entry.lines]
        return "\n".join(found)

    # -- making rows ----------------------------------------------------------------------
    def _anew(self, place: int) -> Splice:
        """Make the rows of this entry and all behind it again."""
        begin = self._begins[place] if place < len(self._begins) else len(self.rows)
        made: list[Row] = []
        del self._begins[place:]
        for entry in self.entries[place:]:
            self._begins.append(begin + len(made))
            made += self._rows_of(entry)
        old = self.rows[begin:]
        same = next(
            (n for n, (a, b) in enumerate(zip(old, made, strict=False)) if a != b),
            min(len(old), len(made)),
        )
        self.rows[begin:] = made
        return Splice(begin + same, len(old) - same, len(made) - same)

    def _rows_of(self, entry: Entry) -> Iterator[Row]:
        kind, number, at_ms = entry.kind, entry.number, entry.at_ms
        texts = [text for line in self._wrapped_of(entry) for text in line]
        if not entry.who:
            yield Row(number, kind, Part.NOTE, texts[0] if texts else "", at_ms)
            for text in texts[1:]:
                yield Row(number, kind, Part.TEXT, text)
            return
        yield Row(number, kind, Part.HEAD, entry.who, at_ms, entry.facts, entry.failed)
        if not self._is_long(entry):
            yield from (Row(number, kind, Part.TEXT, text) for text in texts)
            return
        head, tail = _ENDS.get(kind, _WORDS)
        hidden = len(texts) - head - tail
        opened = number in self._opened
        yield from (Row(number, kind, Part.TEXT, text) for text in texts[:head])
        if not opened:
            more = counted(hidden, "{count} more line", "{count} more lines")
            yield Row(number, kind, Part.FOLD, more)
        yield from (
            Row(number, kind, Part.TEXT, text)
            for text in (texts[head:] if opened else texts[len(texts) - tail :])
        )
        if opened:
            yield Row(number, kind, Part.FOLD, tr("less"))

    def _is_long(self, entry: Entry) -> bool:
        head, tail = _ENDS.get(entry.kind, _WORDS)
        count = sum(map(len, self._wrapped_of(entry)))
        return bool(entry.who) and count > head + tail + _SLACK

    def _wrapped_of(self, entry: Entry) -> list[list[str]]:
        known = self._wrapped.setdefault(entry.number, [])
        for line in entry.lines[len(known) :]:
            known.append(wrapped(line, max(COLUMNS_MIN, self.columns)))
        return known

    def _entry_at(self, row: int) -> int | None:
        if not 0 <= row < len(self.rows):
            return None
        number = self.rows[row].entry
        for place in range(len(self.entries) - 1, -1, -1):
            if self.entries[place].number == number:
                return place
        return None

    def _drop(self) -> Splice:
        """Forget the oldest entries, all but the newest half of what is kept."""
        count, lines = 0, 0
        while count < len(self.entries) - 1 and self._lines - lines > LINES_MAX // 2:
            lines += len(self.entries[count].lines)
            count += 1
        rows = self._begins[count]
        for entry in self.entries[:count]:
            self._opened.discard(entry.number)
            self._wrapped.pop(entry.number, None)
        self._reader.drop(count)
        self._lines -= lines
        del self.rows[:rows]
        self._begins = [begin - rows for begin in self._begins[count:]]
        return Splice(0, rows, 0)


def wrapped(text: str, columns: int) -> list[str]:
    """The text in pieces of at most so many columns, broken at spaces where there are any.

    >>> wrapped("one two three", 8)
    ['one two', 'three']
    """
    found = []
    while (end := _fitting(text, columns)) < len(text):
        space = text.rfind(" ", end // 2, end + 1)
        cut = space if space > 0 else end
        found.append(text[:cut])
        text = text[cut:].removeprefix(" ")
    return [*found, text]


def _fitting(text: str, columns: int) -> int:
    """How many characters fit; some are two columns wide."""
    if text.isascii():
        return min(len(text), columns)
    used = 0
    for place, char in enumerate(text):
        used += 2 if unicodedata.east_asian_width(char) in "WF" else 1
        if used > columns:
            return max(1, place)
    return len(text)
