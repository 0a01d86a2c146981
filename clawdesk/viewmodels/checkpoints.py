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
    undoes: bool = False  # going here undoes the last restore


@dataclass(frozen=True, slots=True)
class RestoreView:
    """The restore dialog: every line is a whole sentence for the user."""

    task: TaskId
    ordinal: int
    title: str
    undoes: tuple[str, ...]
    keeps: tuple[str, ...]
    notes: tuple[str, ...]
    go: str


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


def why_no_restore(task: Task) -> str:
    """Why none of its checkpoints can be restored now, "" when they can."""
    if task.phase is Phase.DONE and task.merged_into:
        return "the task is merged"
    if task.phase in {Phase.CANCELLED, Phase.REJECTED}:
        return "the task has ended"
    if task.phase in {Phase.RESTORING, Phase.RELEASING, Phase.SNAPSHOTTING}:
        return "the machine is busy, try again in a moment"
    return ""


def checkpoint_rows(task: Task, offset_ms: int = 0) -> tuple[CheckpointRow, ...]:
    """Newest first."""
    why_not, undo = why_no_restore(task), undo_of(task)
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
            undoes=c.ordinal == undo,
        )
        for c in reversed(task.checkpoints)
    )


def undo_of(task: Task) -> int | None:
    """The checkpoint with the state before the last restore; None once the task has gone on.

    A task that ran was made safe first, so that is its safety checkpoint; one that stood still
    stood at a checkpoint already.
    """
    back: int | None = None
    for record in reversed(task.records):
        ordinal = record.fields.get("ordinal")
        if record.event not in {"restored", "checkpoint"} or not isinstance(ordinal, int):
            continue
        if back is not None:
            return ordinal if ordinal != back and task.checkpoint(ordinal) else None
        if record.event == "checkpoint":
            return None
        back = ordinal
    return None


PATHS_MAX = 4


def restore_view(
    task: Task,
    ordinal: int,
    *,
    own_edits: tuple[str, ...] = (),
    paths: tuple[str, ...] | None = None,
) -> RestoreView:
    """What going back to `ordinal` undoes and keeps; ordinal 0 is the start.

    Args:
        own_edits: paths the user changed in their own folder.
        paths: what differs between now and then in the task's copy; None = not known.
    """
    target = task.checkpoint(ordinal)
    where = f"checkpoint {ordinal}" if ordinal else "the start"
    notes = []
    if task.phase not in FINAL and task.step_running:
        notes.append("A safety checkpoint of the present state is made first; you can undo this.")
    elif task.tip_ordinal and task.tip_ordinal != ordinal:
        notes.append(f"The present state is checkpoint {task.tip_ordinal}; you can undo this.")
    if target is None:
        notes.append("The task begins again on a fresh machine.")
    elif target.snapshot is None:
        why = target.why_files_only.rstrip(".") or "no machine snapshot was made"
        notes.append(f"Files only ({why}): the machine starts afresh with these files.")
    else:
        memory = size(target.snapshot.bytes)
        notes.append(f"Files, processes and memory ({memory}) are as they were then.")
    return RestoreView(
        task=task.id,
        ordinal=ordinal,
        title=f"Restore {task.title} to {where}?",
        undoes=_undoes(task, ordinal, paths),
        keeps=_keeps(own_edits),
        notes=tuple(notes),
        go=f"Restore {where}",
    )


def _undoes(task: Task, ordinal: int, paths: tuple[str, ...] | None) -> tuple[str, ...]:
    later = [c for c in task.checkpoints if c.ordinal > ordinal and not c.safety]
    steps = len({(c.step_index, c.round) for c in later})
    undoes = [f"{plural(steps, 'step')} of work, {plural(len(later), 'checkpoint')} after it"]
    if paths:
        undoes.append(f"{plural(len(paths), 'file')} of the task's copy: {_some(paths)}")
    elif paths is None and later:
        undoes.append("changes in the task's copy, which could not be listed now")
    if task.phase not in FINAL and task.step_running:
        undoes.append(f"step {task.step_index + 1}, which runs now, with its machine's memory")
    return tuple(undoes)


def _keeps(own_edits: tuple[str, ...]) -> tuple[str, ...]:
    keeps = ["your own folder, index, branches and HEAD: nothing in them changes"]
    if own_edits:
        keeps.append(f"your edits: {_some(own_edits)}")
    keeps.append("the branch you leave, greyed on the timeline; you can come back to it")
    return tuple(keeps)


def _some(paths: tuple[str, ...]) -> str:
    more = len(paths) - PATHS_MAX
    return ", ".join(paths[:PATHS_MAX]) + (f" and {more} more" if more > 0 else "")
