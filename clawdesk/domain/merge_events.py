"""What became of ended work: merged, taken back, kept among forks; part of `events.Event`."""

from __future__ import annotations

from dataclasses import dataclass

from clawdesk.domain.model import TaskId


@dataclass(frozen=True, slots=True)
class TaskMerged:
    """`commit` records it in the task's chain; `merge_commit` stands on the branch.

    `backup` keeps the state before, "" where nothing was moved.
    """

    at_ms: int
    task: TaskId
    branch: str
    commit: str
    merge_commit: str
    backup: str


@dataclass(frozen=True, slots=True)
class TaskUnmerged:
    """Its last merge was taken back; `commit` records it in the task's chain."""

    at_ms: int
    task: TaskId
    branch: str
    commit: str


@dataclass(frozen=True, slots=True)
class ForkKept:
    """Of a family of forks a person keeps `task`; `over` are the others, which have ended or do."""

    at_ms: int
    task: TaskId
    over: tuple[TaskId, ...]
