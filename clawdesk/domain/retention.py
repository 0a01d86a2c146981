"""Which machine snapshots are given up: of tasks long ended, and the oldest over the cap. Pure.

Commits stay; a checkpoint without its snapshot still has its files. A task that goes on keeps the
snapshot it would go on from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from clawdesk.domain.model import FINAL, Phase, Task, TaskId
from clawdesk.domain.rules import Rules

GIB = 1 << 30
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Kept:
    """A snapshot on the disk; `bytes` is what giving it up frees.

    Args:
        memory: names the file with the guest's memory; forks share theirs with the task they are
            of, and only the last one that is given up frees its `memory_bytes`.
    """

    id: str
    task: TaskId
    ordinal: int
    bytes: int
    at_ms: int
    memory: str = ""
    memory_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Forget:
    """A snapshot to give up, and why, as a sentence for the checkpoint."""

    snapshot: str
    task: TaskId
    ordinal: int
    why: str


@dataclass(frozen=True, slots=True)
class Decided:
    """`bytes_over`: how much is over the cap even then, because tasks that go on need it."""

    forget: tuple[Forget, ...]
    bytes_over: int = 0


def prunable(tasks: Iterable[Task], before_ms: int) -> tuple[Task, ...]:
    """Those whose snapshots a clean-up takes: of what ended at or before that moment."""
    ended = [t for t in tasks if t.phase in FINAL and t.records and t.wish is None]
    return tuple(
        t
        for t in ended
        if t.records[-1].at_ms <= before_ms and any(c.snapshot for c in t.checkpoints)
    )


def decide(
    tasks: Mapping[TaskId, Task],
    kept: Iterable[Kept],
    total_bytes: int,
    rules: Rules,
    now_ms: int,
    *,
    wanted_bytes: int = 0,
) -> Decided:
    """What to give up now.

    Args:
        kept: the snapshots on the disk, of known tasks and others.
        total_bytes: what all of them occupy.
        wanted_bytes: room for one that is about to be taken.
    """
    oldest_first = sorted(kept, key=lambda k: (k.at_ms, k.task, k.ordinal, k.id))
    found: list[Forget] = []
    alike: dict[str, list[Kept]] = {}  # those that share a memory are of the same moment
    for one in oldest_first:
        alike.setdefault(one.memory or one.id, []).append(one)
    left: list[list[Kept]] = []
    for group in alike.values():
        why_now = {one.id: _expired(tasks.get(one.task), one, rules, now_ms) for one in group}
        gone = [one for one in group if why_now[one.id]]
        found += [Forget(one.id, one.task, one.ordinal, why_now[one.id]) for one in gone]
        total_bytes -= _freed(gone, group, is_last=len(gone) == len(group))
        left.append([one for one in group if not why_now[one.id]])
    cap_bytes = rules.snapshot_gib_max * GIB
    why = f"Its machine was given up: all snapshots have {rules.snapshot_gib_max} GiB at most."
    for rest, group in zip(left, alike.values(), strict=True):
        if not rest:
            continue
        if total_bytes + wanted_bytes <= cap_bytes:
            break
        # Of a task that is not known here nothing can be told, and what a fork still needs would
        # free nothing: giving the others up would only lose them their machines.
        if all(one.task in tasks and not _is_needed(tasks[one.task], one.ordinal) for one in rest):
            found += [Forget(one.id, one.task, one.ordinal, why) for one in rest]
            total_bytes -= _freed(rest, group, is_last=True)
    return Decided(tuple(found), max(0, total_bytes + wanted_bytes - cap_bytes))


def _freed(gone: Sequence[Kept], group: Sequence[Kept], *, is_last: bool) -> int:
    """What giving some of a group up frees; a shared memory goes with the last one."""
    shared_bytes = group[0].memory_bytes if is_last and len(group) > 1 else 0
    return shared_bytes + sum(one.bytes for one in gone)


def still_spare(task: Task, one: Forget) -> bool:
    """Whether nothing goes on from it either now, some time after it was decided."""
    checkpoint = task.checkpoint(one.ordinal)
    snapshot = checkpoint.snapshot if checkpoint is not None else None
    claimed = snapshot is not None and snapshot.id == one.snapshot
    return not claimed or not _is_needed(task, one.ordinal)


def _expired(task: Task | None, one: Kept, rules: Rules, now_ms: int) -> str:
    """Why a snapshot is given up whatever room there is, "" = it is not."""
    if task is None:
        return ""
    checkpoint = task.checkpoint(one.ordinal)
    snapshot = checkpoint.snapshot if checkpoint is not None else None
    claimed = snapshot is not None and snapshot.id == one.id
    if not claimed and task.phase is not Phase.SNAPSHOTTING:
        return "No checkpoint has it."  # left over by a crash
    if task.phase not in FINAL or task.wish is not None or not task.records:
        return ""
    if now_ms - task.records[-1].at_ms < rules.snapshot_keep_days * DAY_MS:
        return ""
    return f"Its machine was given up {rules.snapshot_keep_days} days after the task had ended."


def _is_needed(task: Task, ordinal: int) -> bool:
    wish = task.wish.ordinal if task.wish is not None else None
    if task.phase in FINAL:
        return ordinal == wish
    request = task.request.ordinal if task.request is not None else None
    return ordinal in (task.resume_from, task.tip_ordinal, task.beginning, request, wish)
