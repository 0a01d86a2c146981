"""Which checkpoints of a task may be merged, read from its records.

Pure. A checkpoint counts when it still stands (the task did not go back to before it, or came back
to it), is no safety checkpoint, and either needed nobody's approval or got it. Undecided and
rejected ones never count.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from clawdesk.domain.model import Record


@dataclass(frozen=True, slots=True)
class Point:
    """A checkpoint whose tree may enter the user's history."""

    ordinal: int
    commit: str
    step: str


@dataclass(frozen=True, slots=True)
class Approved:
    """Mergeable points, oldest first, and the ordinals behind the last one that are not."""

    points: tuple[Point, ...]
    left_out: tuple[int, ...]


@dataclass(slots=True)
class _Standing:
    point: Point
    needs_approval: bool
    is_safety: bool
    verdict: str = ""

    @property
    def counts(self) -> bool:
        if self.is_safety or self.verdict == "rejected":
            return False
        return self.verdict == "approved" or not self.needs_approval


def approved(records: Iterable[Record]) -> Approved:
    """Read a task's records, oldest first."""
    standing: list[_Standing] = []
    ways: dict[int, list[_Standing]] = {}  # what stood at each checkpoint, itself the last
    for record in records:
        fields = record.fields
        ordinal = fields.get("ordinal")
        if record.event == "submitted":
            standing = _inherited(fields.get("fork"))
            ways |= {item.point.ordinal: standing for item in standing}
        if not isinstance(ordinal, int):
            continue
        if record.event == "checkpoint":
            standing = [*standing, _standing(record, ordinal)]
            ways[ordinal] = standing
        elif record.event in ("restored", "resumed"):
            # A way that was left comes back as it was, with what was decided on it.
            standing = ways.get(ordinal, [i for i in standing if i.point.ordinal <= ordinal])
        elif record.event in ("requested", "decision"):
            for item in standing:
                if item.point.ordinal == ordinal:
                    _note(item, record)
    points = [item.point for item in standing if item.counts]
    last = points[-1].ordinal if points else 0
    left_out = [i.point.ordinal for i in standing if i.point.ordinal > last and not i.is_safety]
    return Approved(tuple(points), tuple(left_out))


def _inherited(fork: object) -> list[_Standing]:
    """The checkpoint a fork begins with: it counts as if it were the fork's own."""
    if not isinstance(fork, dict) or "step" not in fork or not isinstance(fork["ordinal"], int):
        return []
    point = Point(fork["ordinal"], str(fork["commit"]), str(fork["step"]))
    return [_Standing(point, bool(fork.get("approval")), bool(fork.get("safety")))]


def _standing(record: Record, ordinal: int) -> _Standing:
    fields = record.fields
    needs = fields.get("mode") in ("approve", "within") or bool(fields.get("approval"))
    point = Point(ordinal, record.commit, str(fields.get("step", "")))
    return _Standing(point, needs, bool(fields.get("safety")))


def _note(item: _Standing, record: Record) -> None:
    if record.event == "requested":
        item.needs_approval |= record.fields.get("kind") == "approve"
    elif record.fields.get("verdict") in ("approved", "rejected"):
        item.verdict = str(record.fields["verdict"])
