"""What machine files occupy, task by task, and what a clean-up would remove, before it acts."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from clawdesk.domain.model import PlaneState, TaskId
from clawdesk.domain.retention import prunable
from clawdesk.ports.machines import DiskUse, ImageUse, SnapshotUse
from clawdesk.viewmodels.amounts import day
from clawdesk.viewmodels.language import counted, marked, tr
from clawdesk.viewmodels.phases import look
from clawdesk.viewmodels.words import DAY_MS, size

ROWS_MAX = 200
AGES = (
    (0.0, marked("at any time")),
    (1.0, marked("1 day ago")),
    (7.0, marked("7 days ago")),
    (30.0, marked("30 days ago")),
)
"""How long ago a task must have ended, in days, and the words for it, not yet translated."""


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
class ImageRow:
    """A guest image that machines are not started from any more."""

    title: str
    stands: str
    size: str
    goes: bool


@dataclass(frozen=True, slots=True)
class DiskView:
    """The sheet; `removes` is "" when there is nothing to remove.

    Args:
        images: those of older versions; `spare` are ids of them that may go.
        images_removed: says what removing the spare ones does, "" when there is none.
    """

    totals: tuple[tuple[str, str], ...]
    rows: tuple[DiskRow, ...]
    more: str
    removes: str
    why_not: str
    images: tuple[ImageRow, ...] = ()
    spare: tuple[str, ...] = ()
    images_removed: str = ""


def disk_view(
    state: PlaneState, use: DiskUse, keep_days: float, now_ms: int, offset_ms: int = 0
) -> DiskView:
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
        removes = counted(
            len(going),
            "Removes the machine snapshots of {count} ended task, at least {size}. Their commits "
            "stay: files can still be compared, forked and merged. This cannot be undone.",
            "Removes the machine snapshots of {count} ended tasks, at least {size}. Their commits "
            "stay: files can still be compared, forked and merged. This cannot be undone.",
            size=size(freed),
        )
    free, left = size(use.free_bytes), len(order) - ROWS_MAX
    old = [image for image in use.images if not image.current]
    spare = [image for image in old if image.spare]
    more = counted(left, "and {count} more task", "and {count} more tasks") if left > 0 else ""
    return DiskView(
        totals=(
            (tr("All snapshots"), size(use.snapshots_bytes)),
            (tr("Machines that run"), size(use.machines_bytes)),
            (tr("Warm templates"), size(use.templates_bytes)),
            (tr("Guest images"), size(use.images_bytes)),
            (tr("Layers set up on them"), size(use.layers_bytes)),
            (tr("All machine files"), size(use.total_bytes)),
            (tr("Free"), tr("{size} on the disk of {path}", size=free, path=use.home)),
        ),
        rows=rows,
        more=more,
        removes=removes,
        why_not="" if going else _why_not(keep_days),
        images=tuple(_image_row(image, now_ms, offset_ms) for image in old),
        spare=tuple(image.id for image in spare),
        images_removed=_images_removed(spare),
    )


def _images_removed(spare: list[ImageUse]) -> str:
    if not spare:
        return ""
    return counted(
        len(spare),
        "Removes {count} guest image, {size}, and the warm templates on it. Nothing stands on it.",
        "Removes {count} guest images, {size}, and the warm templates on them. Nothing stands on "
        "them.",
        size=size(sum(image.bytes for image in spare)),
    )


def stands_on(image: ImageUse) -> str:
    """What would be lost without an image, in words."""
    if not image.whole:
        return tr("its build was cut off")
    parts = []
    if image.snapshots:
        parts.append(counted(image.snapshots, "{count} snapshot", "{count} snapshots"))
    if image.machines:
        parts.append(counted(image.machines, "{count} machine", "{count} machines"))
    if not parts:
        return tr("nothing stands on it")
    return tr("stays: {what} on it", what=", ".join(parts))


def _image_row(image: ImageUse, now_ms: int, offset_ms: int) -> ImageRow:
    built = day(image.at_ms, now_ms, offset_ms)
    return ImageRow(
        title=tr("{name}, built {when}", name=image.name, when=built),
        stands=stands_on(image),
        size=size(image.bytes),
        goes=image.spare,
    )


def _why_not(keep_days: float) -> str:
    if keep_days:
        return tr("no task that ended so long ago has snapshots")
    return tr("no ended task has snapshots")


def _row(state: PlaneState, task_id: TaskId, ones: list[SnapshotUse], *, goes: bool) -> DiskRow:
    task = state.tasks.get(task_id)
    shared = sum(one.shared_bytes for one in ones)
    return DiskRow(
        task=task_id,
        title=task.title
        if task is not None
        else tr("{task}, of a project that is not open", task=task_id),
        state=tr(look(task).word).lower() if task is not None else tr("unknown"),
        count=counted(len(ones), "{count} snapshot", "{count} snapshots"),
        own=size(sum(one.bytes for one in ones)),
        shared=tr("{size} shared", size=size(shared)) if shared else "",
        goes=goes,
    )
