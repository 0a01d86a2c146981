"""A task's checkpoints as a list, and what a restore would undo and keep.

Says beforehand what an act does; decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from clawdesk.domain.model import FINAL, Checkpoint, Phase, Task, TaskId
from clawdesk.viewmodels.words import clock_time, plural, short_duration, size


@dataclass(frozen=True, slots=True)
class CheckpointRow:
    """One line of the checkpoint list; `why_not` is "" when it can be restored."""

    ordinal: int
    title: str
    detail: str
    at: str
    kind: str  # disc | ring | star, as on the timeline
    commit: str
    current: bool
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class RestoreView:
    """The restore dialog: every line is a whole sentence for the user."""

    task: TaskId
    ordinal: int
    title: str
    undoes: tuple[str, ...]
    keeps: tuple[str, ...]
    notes: tuple[str, ...]


def _kind(checkpoint: Checkpoint) -> str:
    if checkpoint.approved:
        return "star"
    return "disc" if checkpoint.snapshot is not None else "ring"


def _detail(checkpoint: Checkpoint) -> str:
    stat = checkpoint.diffstat
    parts = [f"{plural(stat.files, 'file')} +{stat.added} −{stat.removed}"]  # noqa: RUF001
    if checkpoint.snapshot is not None:
        parts.append(f"machine {size(checkpoint.snapshot.bytes)}")
        parts.append(short_duration(checkpoint.snapshot.snapshot_ms))
    else:
        parts.append(f"files only: {checkpoint.why_files_only or 'no machine snapshot'}")
    if checkpoint.safety:
        parts.append("made before a restore")
    return " · ".join(parts)


def _why_not(task: Task) -> str:
    if task.phase is Phase.DONE and task.merged_into:
        return "the task is merged"
    if task.phase in {Phase.CANCELLED, Phase.REJECTED}:
        return "the task has ended"
    if task.phase in {Phase.RESTORING, Phase.RELEASING, Phase.SNAPSHOTTING}:
        return "the machine is busy, try again in a moment"
    return ""


def checkpoint_rows(task: Task, offset_ms: int = 0) -> tuple[CheckpointRow, ...]:
    """Newest first."""
    why_not = _why_not(task)
    return tuple(
        CheckpointRow(
            ordinal=c.ordinal,
            title=f"Checkpoint {c.ordinal} · {c.step_name or 'step'}"
            + (f", round {c.round}" if c.round > 1 else ""),
            detail=_detail(c),
            at=clock_time(c.at_ms, offset_ms, seconds=True),
            kind=_kind(c),
            commit=c.commit[:10],
            current=c.ordinal == task.tip_ordinal,
            why_not=why_not,
        )
        for c in reversed(task.checkpoints)
    )


def restore_view(task: Task, ordinal: int, *, own_edits: tuple[str, ...] = ()) -> RestoreView:
    """What going back to `ordinal` undoes and keeps; ordinal 0 is the start."""
    later = [c for c in task.checkpoints if c.ordinal > ordinal and not c.safety]
    target = task.checkpoint(ordinal)
    steps = len({(c.step_index, c.round) for c in later})
    files = sum(c.diffstat.files for c in later)
    undoes = [f"{plural(steps, 'step')} of work, {plural(len(later), 'checkpoint')} after it"]
    if files:
        undoes.append(f"{plural(files, 'file change')} in the task's copy")
    if task.phase not in FINAL and task.step_running:
        undoes.append(f"step {task.step_index + 1}, which runs now")
    keeps = ["your own folder, index, branches and HEAD: nothing in them changes"]
    if own_edits:
        keeps.append(f"your edits: {', '.join(own_edits[:4])}" + (" …" if own_edits[4:] else ""))
    keeps.append("the branch you leave, greyed on the timeline; you can come back to it")
    notes = ["A safety checkpoint of the present state is made first."]
    if target is not None and target.snapshot is None:
        why = target.why_files_only or "no machine snapshot was made"
        notes.append(f"Files only ({why}): the machine starts afresh with these files.")
    return RestoreView(
        task=task.id,
        ordinal=ordinal,
        title=f"Restore {task.title} to checkpoint {ordinal}?",
        undoes=tuple(undoes),
        keeps=tuple(keeps),
        notes=tuple(notes),
    )
