"""A family of forks, and what snapshots occupy, for tests and pictures of the window."""

from __future__ import annotations

from dataclasses import replace

from clawdesk.domain.forking import forked, shown_fields
from clawdesk.domain.model import Record, Task
from clawdesk.ports.machines import DiskUse, ImageUse, SnapshotUse
from clawdesk.viewmodels.words import DAY_MS
from tests.support.plane_scenes import Story


def forked_house(now_ms: int) -> dict[str, Task]:
    """A task with two forks side by side, one of them with a fork of its own."""
    root = Story(20, "sweep-lr", now_ms, 41)
    root.started(40)
    root.step(40, 0)
    root.checkpoint(30, approved=True)
    root.step(30, 1)
    root.checkpoint(22, files=(3, 30, 4))
    root.step(22, 2)
    root.checkpoint(10, files=(3, 58, 21))
    root.step(10, 3)
    first = _fork(root.task, 21, "sweep-lr one cycle", now_ms, 20, 2)
    first.started(19.5)
    first.step(19.5, 2)
    first.checkpoint(6, files=(4, 73, 30))
    first.step(6, 3)
    second = _fork(root.task, 22, "sweep-lr warm restarts", now_ms, 15, 2)
    second.record("lease_granted", 14, model="coder-30b")
    second.started(14)
    second.step(14, 2)
    third = _fork(first.task, 23, "sweep-lr no clip", now_ms, 3, 3)
    return {t.id: t for t in (root.task, first.task, second.task, third.task)}


def _fork(parent: Task, seq: int, title: str, now_ms: int, at: float, ordinal: int) -> Story:
    story = Story(seq, parent.definition.name, now_ms, at)
    known = parent.checkpoint(ordinal)
    assert known is not None
    made = forked(
        parent,
        ordinal,
        known.snapshot,
        task_id=story.task.id,
        at_ms=story.task.submitted_at_ms,
        settings={"SCHEDULE": title.rpartition(" ")[2]},
        title=title,
    )
    record = Record("submitted", made.submitted_at_ms, shown_fields(made))
    story.task = replace(made, seq=seq, records=(record,))
    return story


def disk_use(tasks: dict[str, Task], now_ms: int) -> DiskUse:
    """Snapshots of every checkpoint that has one."""
    ones = tuple(
        SnapshotUse(f"{t.id}-{c.ordinal}", t.id, c.ordinal, (40 + 31 * c.ordinal) << 20, 9 << 20, 0)
        for t in tasks.values()
        for c in t.checkpoints
        if c.snapshot is not None
    )
    own = sum(one.bytes for one in ones)
    images = old_images(now_ms)
    held = sum(image.bytes for image in images)
    return DiskUse(
        ones,
        own,
        812 << 20,
        300 << 20,
        own + (1112 << 20) + held + (431 << 20),
        210 << 30,
        "/home/ada",
        images_bytes=held,
        layers_bytes=431 << 20,
        images=images,
    )


def old_images(now_ms: int) -> tuple[ImageUse, ...]:
    """Guest images of four versions: one that goes, one that stays, a cut one, and today's."""
    return (
        ImageUse("base-1-a", "base", 702 << 20, now_ms - 40 * DAY_MS),
        ImageUse("base-2-b", "base", 706 << 20, now_ms - 12 * DAY_MS, snapshots=2, machines=1),
        ImageUse(".base-3-c.part", "base", 96 << 20, now_ms - 3 * DAY_MS, whole=False),
        ImageUse("base-4-d", "base", 711 << 20, now_ms - 3 * DAY_MS, current=True, machines=4),
    )
