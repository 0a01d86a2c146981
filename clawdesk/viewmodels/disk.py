"""What machine files occupy, task by task, and what a clean-up would remove, before it acts."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from clawdesk.domain.model import PlaneState, TaskId
from clawdesk.domain.retention import prunable
from clawdesk.ports.machines import DiskUse, SnapshotUse
from clawdesk.viewmodels.phases import look
from clawdesk.viewmodels.words import DAY_MS, plural, size

ROWS_MAX = 200
AGES = ((0.0, "at any time"), (1.0, "1 day ago"), (7.0, "7 days ago"), (30.0, "30 days ago"))
"""How long ago a task must have ended, in days, and the words for it."""


@dataclass(frozen=True, slots=True)
class DiskRow:
    """One task's snapshots; `own` is what removing them frees."""

    task: TaskId
    title: str
    state: str
    count: str
    own: str
    shared: str
    goes: bool


@dataclass(frozen=True, slots=True)
class DiskView:
    """The sheet; `removes` is "" when there is nothing to remove."""

    totals: tuple[tuple[str, str], ...]
    rows: tuple[DiskRow, ...]
    more: str
    removes: str
    why_not: str


def disk_view(state: PlaneState, use: DiskUse, keep_days: float, now_ms: int) -> DiskView:
    """What occupies the disk, the largest first, and what `prune(keep_days)` would take of it."""
    by_task: dict[TaskId, list[SnapshotUse]] = defaultdict(list)
    for one in use.snapshots:
        by_task[one.task].append(one)
    ended = {t.id for t in prunable(state.tasks.values(), now_ms - round(keep_days * DAY_MS))}
    going = [task for task in by_task if task in ended]
    freed = sum(one.bytes for task in going for one in by_task[task])
    order = sorted(by_task, key=lambda task: -sum(one.bytes for one in by_task[task]))
    rows = tuple(_row(state, task, by_task[task], goes=task in ended) for task in order[:ROWS_MAX])
    removes = ""
    if going:
        removes = (
            f"Removes the machine snapshots of {plural(len(going), 'ended task')}, at least "
            f"{size(freed)}. Their commits stay: files can still be compared, forked and merged. "
            "This cannot be undone."
        )
    return DiskView(
        totals=(
            ("All snapshots", size(use.snapshots_bytes)),
            ("Machines that run", size(use.machines_bytes)),
            ("Warm templates", size(use.templates_bytes)),
            ("Everything", size(use.total_bytes)),
            ("Free", f"{size(use.free_bytes)} on the disk of {use.home}"),
        ),
        rows=rows,
        more=f"and {len(order) - ROWS_MAX} more tasks" if order[ROWS_MAX:] else "",
        removes=removes,
        why_not="" if going else "no task that ended so long ago has snapshots",
    )


def _row(state: PlaneState, task_id: TaskId, ones: list[SnapshotUse], *, goes: bool) -> DiskRow:
    task = state.tasks.get(task_id)
    shared = sum(one.shared_bytes for one in ones)
    return DiskRow(
        task=task_id,
        title=task.title if task is not None else f"{task_id}, of a project that is not open",
        state=look(task).word.lower() if task is not None else "unknown",
        count=plural(len(ones), "snapshot"),
        own=size(sum(one.bytes for one in ones)),
        shared=f"{size(shared)} shared" if shared else "",
        goes=goes,
    )
