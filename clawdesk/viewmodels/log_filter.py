"""Which lines of a log a person wants to see, found a stretch at a time. Pure.

Lines are looked at once: those that come later are matched as they come, and a filter that only
lets pass less looks through what the one before has found.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from clawdesk.runtime import log_lines
from clawdesk.viewmodels.language import tr


class Kind(StrEnum):
    """What a line of a log is; ALL is none, but stands for every one."""

    ALL = "all"
    OUTPUT = "out"
    ERRORS = "err"  # what is printed to the error stream
    EVENTS = "event"  # what ClawDesk itself says
    CALLS = "model"  # of model calls: their heading, and what was asked and said


def kind_words() -> tuple[tuple[Kind, str], ...]:
    """Every kind with what a person reads, in the order of the switch."""
    return (
        (Kind.ALL, tr("All lines")),
        (Kind.OUTPUT, tr("Output")),
        (Kind.ERRORS, tr("Error output")),
        (Kind.EVENTS, tr("Events")),
        (Kind.CALLS, tr("Model calls")),
    )


class Line(NamedTuple):
    """A line as the list shows it; `text` is clean, `kind` is never ALL."""

    at_ms: int
    stream: str
    text: str
    kind: Kind


class Sorter:
    """Tells the kind of each line; only a line of ours, or one Git kept, begins a model call."""

    def __init__(self) -> None:
        self._call = ""  # the stream of the model call that the line before belongs to
        self._kept = False

    def kind(self, stream: str, text: str) -> Kind:
        """Of the next line."""
        ours = stream == Kind.EVENTS
        if self._call:
            if self._call == stream and text.startswith(log_lines.INDENT):
                return Kind.CALLS
            self._call = ""
        if (ours or self._kept) and log_lines.MODEL.fullmatch(text) is not None:
            self._call = stream
            return Kind.CALLS
        if ours:
            self._kept = log_lines.KEPT.fullmatch(text) is not None
            return Kind.EVENTS
        return Kind.ERRORS if stream == Kind.ERRORS else Kind.OUTPUT


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter: lines of that kind which hold every word; words are casefolded."""

    kind: Kind = Kind.ALL
    words: tuple[str, ...] = ()

    @property
    def everything(self) -> bool:
        return self.kind is Kind.ALL and not self.words

    def within(self, other: Wanted) -> bool:
        """Whether `other` lets pass every line that this one does."""
        kinds = other.kind in (Kind.ALL, self.kind)
        return kinds and all(any(word in own for own in self.words) for word in other.words)


def wanted(kind: Kind, text: str) -> Wanted:
    """The filter a person typed: plain words, in any order and case."""
    return Wanted(kind, tuple(dict.fromkeys(text.casefold().split())))


class Search:
    """The numbers of the lines that a filter lets pass, in order.

    A line keeps its number while older ones are forgotten: the first ever has 0.

    Args:
        lines: the log, to which others add at its end.
        first: the number of the oldest line that is still there.
        before: the search that this one takes the place of.
    """

    def __init__(
        self, asked: Wanted, lines: Sequence[Line], first: int, before: Search | None = None
    ) -> None:
        self.wanted = asked
        self.found: list[int] = []
        self._lines, self._first = lines, first
        self._again: Sequence[int] = ()  # what the one before found, of which this is a part
        self._turn = 0  # so many of them were looked at
        self._left = asked  # what they were not looked through for
        self._next = first
        if before is not None and asked.within(before.wanted):
            rest = before._again[before._turn :]
            self._again, self._next = [*before.found, *rest], before._next
            known = () if rest else before.wanted.words
            self._left = Wanted(asked.kind, tuple(w for w in asked.words if w not in known))

    @property
    def over(self) -> bool:
        """Whether every line there is was looked at."""
        looked = self._turn >= len(self._again)
        return looked and self._next >= self._first + len(self._lines)

    def go_on(self, count: int) -> int:
        """Look at so many lines more; how many of them were found."""
        places: Sequence[int] = self._again[self._turn : self._turn + count]
        self._turn += len(places)
        asked = self._left
        if not places:
            asked = self.wanted
            ends = min(self._next + count, self._first + len(self._lines))
            places, self._next = range(self._next, ends), ends
        found = self._held(places, asked)
        self.found += found
        return len(found)

    def _held(self, places: Sequence[int], asked: Wanted) -> Sequence[int]:
        # One pass for each condition: a call for each line would take several times as long.
        lines, first, kind = self._lines, self._first, asked.kind
        if kind is not Kind.ALL:
            places = [n for n in places if lines[n - first].kind is kind]
        for word in asked.words:
            places = [n for n in places if word in lines[n - first].text.casefold()]
        return places

    def forget(self, first: int) -> int:
        """Lines before that number are gone; how many found ones went with them."""
        self._first, self._next = first, max(self._next, first)
        self._turn = max(self._turn, bisect_left(self._again, first))
        gone = bisect_left(self.found, first)
        del self.found[:gone]
        return gone


def count_words(found: int, count: int, *, over: bool) -> str:
    """How many lines of a log pass its filter, e.g. `212 of 100,000`."""
    if not over:
        return tr("{found:,} of {count:,} so far", found=found, count=count)
    return tr("{found:,} of {count:,}", found=found, count=count)
