"""Simulated guests and Git: what outlives a plane.

A guest works by itself, keeps what it did (`work`), waits in `claw` calls, and stands still while
its virtual CPUs are stopped. A snapshot is a copy of all of it, a checkpoint's tree a copy of its
work. Git holds records a task, in order, durable one after the other.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field

from clawdesk.domain.model import Record


@dataclass
class Inside:
    """Everything in one machine's memory and disk."""

    work: list[str] = field(default_factory=list)
    base: str = ""  # the commit its workspace began with
    run: str = ""
    ended: bool = False
    exit_code: int = 0
    waiting: dict[str, tuple[bool, bool, bool]] = field(default_factory=dict)
    """id -> (asks, approve, is a model call)"""
    asked_back: bool = False  # what it heard last was no answer: it most often asks again

    @property
    def runs(self) -> bool:
        """A process computes; it neither waits for an answer nor has it ended."""
        return bool(self.run) and not self.ended and not self.waiting


@dataclass
class Guest:
    """A living machine. `connected`: the present plane hears it."""

    name: str
    task: str
    attempt: int
    inside: Inside
    suspended: bool = False
    connected: bool = True
    due: bool = False  # something happens inside, now or when the CPUs go on


@dataclass
class Outside:
    """The world that no crash of the plane touches."""

    guests: dict[str, Guest] = field(default_factory=dict)
    snapshots: dict[str, Inside] = field(default_factory=dict)
    trees: dict[str, list[str]] = field(default_factory=dict)  # commit -> work
    log: dict[str, list[Record]] = field(default_factory=dict)
    commits: int = 0
    heard: set[tuple[str, str, str]] = field(default_factory=set)  # (call, outcome, words)
    forgot: set[tuple[str, int]] = field(default_factory=set)
    """(task, ordinal) of checkpoints whose machine came again without its memory"""
    leases: dict[str, int] = field(default_factory=dict)  # task -> epoch of the plane that asked

    def commit(self, task: str, record: Record, work: list[str] | None = None) -> str:
        """Make a record durable; returns its commit."""
        from dataclasses import replace

        self.commits += 1
        name = f"c{self.commits}"
        self.log.setdefault(task, []).append(replace(record, commit=name))
        if work is not None:
            self.trees[name] = list(work)
        return name

    def begin_anew(self, task: str, record: Record, needed: set[str]) -> str:
        """Another program removed a task's commits, but those that forks stand on; it is submitted
        once more."""
        for gone in self.log.pop(task):
            if gone.commit not in needed:
                self.trees.pop(gone.commit, None)
        return self.commit(task, record)

    def freeze(self, snapshot: str, inside: Inside) -> None:
        self.snapshots[snapshot] = deepcopy(inside)

    def thaw(self, snapshot: str) -> Inside:
        return deepcopy(self.snapshots[snapshot])

    def share(self, snapshot: str, name: str) -> bool:
        """Another name for the same snapshot; False where it is gone."""
        if snapshot in self.snapshots:
            self.snapshots[name] = self.snapshots[snapshot]
        return name in self.snapshots

    def discard(self, task: str) -> None:
        for name in [name for name in self.snapshots if name.startswith(f"s{task}.")]:
            del self.snapshots[name]


@dataclass
class Act:
    """Something under way in the world: `happen` changes it, `told` tells the plane.

    A crash of the plane may cut it before it happens, or between the two.
    """

    at_ms: int
    lane: str  # acts of one lane happen in order
    happen: Callable[[], None]
    told: Callable[[], None]
