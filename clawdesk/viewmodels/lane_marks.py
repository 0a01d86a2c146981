"""The marks of a timeline lane, and an index that finds the ones in a stretch of time quickly.

A lane may hold thousands of marks while the screen has a few hundred pixels: what a painter asks
for costs as much as the screen is wide, not as the history is long.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate


class MarkKind(StrEnum):
    """What a mark is drawn as."""

    STEP = "step"
    RUNNING = "running"
    FAILED = "failed"
    LOST = "lost"
    DISC = "disc"  # checkpoint of machine and files
    RING = "ring"  # files only
    STAR = "star"  # approved
    NEED_APPROVAL = "need_approval"
    NEED_ANSWER = "need_answer"
    WAITING = "waiting"
    YIELDED = "yielded"  # it gave its machine to another task
    PARKED = "parked"  # its memory was given back while it waited for a person
    RESTORE = "restore"  # from start_ms back to end_ms
    FORK = "fork"  # where a fork begins
    LEASE = "lease"  # a model held; drawn as a strip under the lane


POINTS = frozenset({MarkKind.DISC, MarkKind.RING, MarkKind.STAR})
BLOCKS = frozenset({MarkKind.STEP, MarkKind.RUNNING, MarkKind.FAILED, MarkKind.LOST})
NEEDS = frozenset({MarkKind.NEED_APPROVAL, MarkKind.NEED_ANSWER})
LOUD = (MarkKind.FAILED, MarkKind.NEED_APPROVAL, MarkKind.NEED_ANSWER, MarkKind.LOST)
"""Seen in whatever they are merged into, the most important first."""
STILL = frozenset({MarkKind.WAITING, MarkKind.YIELDED})
SIGNS = frozenset({MarkKind.RESTORE, MarkKind.FORK, MarkKind.PARKED})
"""Drawn however dense a lane is: each changed what came after it."""

NO_CARD = -1


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark; times in ms since the epoch, `end_ms == start_ms` for a point.

    Args:
        number: the step's number from 1, the checkpoint's ordinal, or the number of the GPU that a
            lease is on, NO_CARD where none is known.
        label: short text drawn on or beside the mark.
        text: the whole sentence for hover, focus and screen readers.
        row: 0 = the lane, 1 = the abandoned branch under it.
    """

    kind: MarkKind
    start_ms: int
    end_ms: int
    number: int = 0
    label: str = ""
    text: str = ""
    row: int = 0

    @property
    def key(self) -> tuple[object, ...]:
        """Stays the same while the mark grows with time."""
        return (self.kind, self.start_ms, self.number, self.row)


def _by_time(mark: Mark) -> tuple[int, int, int, int]:
    first, last = sorted((mark.start_ms, mark.end_ms))
    return (first, last, mark.row, mark.number)


class Stretch:
    """Marks of one sort and row, by time, none over another; with the sums a merge asks for."""

    def __init__(self, marks: Sequence[Mark]) -> None:
        self.marks = tuple(sorted(marks, key=_by_time))
        self.starts = [m.start_ms for m in self.marks]
        self._sums = {
            kind: [0, *accumulate(m.kind is kind for m in self.marks)]
            for kind in {m.kind for m in self.marks}
        }
        self._loud = [0, *accumulate(m.kind in LOUD for m in self.marks)]

    def __len__(self) -> int:
        return len(self.marks)

    def count(self, kind: MarkKind, first: int, end: int) -> int:
        """How many of a kind lie in places first..end-1."""
        sums = self._sums.get(kind)
        return sums[end] - sums[first] if sums else 0

    def is_loud(self, first: int, end: int) -> bool:
        """Whether one of the LOUD lies in places first..end-1."""
        return self._loud[end] > self._loud[first]

    def runs(self, from_ms: int, until_ms: int, least_ms: float) -> Iterator[tuple[int, int]]:
        """Places (first, end) of what lies in a stretch of time.

        Marks that begin within `least_ms` of the first one are one run, if that one is shorter.
        """
        marks, starts = self.marks, self.starts
        place = max(0, bisect_left(starts, from_ms) - 1)
        while place < len(marks):
            start_ms, end_ms = starts[place], marks[place].end_ms
            if start_ms > until_ms:
                return
            end = place + 1
            if end_ms - start_ms < least_ms:
                end = max(end, bisect_left(starts, round(start_ms + least_ms), end))
                if end > place + 1 and marks[end - 1].end_ms - starts[end - 1] >= least_ms:
                    end -= 1  # only the last can be long, since none lies over another
            if end_ms >= from_ms or marks[end - 1].end_ms >= from_ms:
                yield place, end
            place = end


class Past:
    """What has happened on a lane; made once for a state of a task and never changed.

    Args:
        marks: in the order of drawing.
    """

    def __init__(self, marks: Sequence[Mark]) -> None:
        self.marks = tuple(marks)
        self.rows = 2 if any(m.row for m in marks) else 1
        self.order = tuple(sorted(marks, key=_by_time))
        self.signs = tuple(m for m in marks if m.kind in SIGNS)
        self.leases = Stretch([m for m in marks if m.kind is MarkKind.LEASE])
        others = SIGNS | POINTS | {MarkKind.LEASE}
        rows = range(self.rows)
        self.spans = [Stretch([m for m in marks if m.row == r and m.kind not in others])
                      for r in rows]  # fmt: skip
        self.points = [Stretch([m for m in marks if m.row == r and m.kind in POINTS]) for r in rows]
        self.end_ms = max((max(m.start_ms, m.end_ms) for m in marks), default=0)

    def checkpoint(self, ordinal: int) -> Mark | None:
        """The mark of a checkpoint."""
        found = (m for row in self.points for m in row.marks if m.number == ordinal)
        return next(found, None)


@dataclass(frozen=True, slots=True)
class Lane:
    """What happened, and the few marks that reach to the present. Equal pasts are the same one."""

    past: Past
    live: tuple[Mark, ...]
    start_ms: int
    end_ms: int

    @property
    def marks(self) -> tuple[Mark, ...]:
        """In the order of drawing."""
        return (*self.past.marks, *self.live)

    @property
    def order(self) -> tuple[Mark, ...]:
        """By time: the way the arrow keys go."""
        return (*self.past.order, *sorted(self.live, key=_by_time))

    @property
    def rows(self) -> int:
        """1, or 2 with an abandoned branch."""
        return self.past.rows

    @property
    def leased(self) -> bool:
        """Whether there is a strip under the lane."""
        return bool(self.past.leases) or any(m.kind is MarkKind.LEASE for m in self.live)
