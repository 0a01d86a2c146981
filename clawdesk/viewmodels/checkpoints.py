"""A task's checkpoints as a list, and what a restore would undo and keep.

Says beforehand what an act does; decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from clawdesk.domain.model import FINAL, Checkpoint, Phase, Record, Task, TaskId
from clawdesk.domain.spending import Spent
from clawdesk.viewmodels.amounts import files, listed, moment, steps, where
from clawdesk.viewmodels.costs import spent_at, used_words
from clawdesk.viewmodels.language import counted, tr
from clawdesk.viewmodels.told import told
from clawdesk.viewmodels.words import short_duration, size

_NOTHING = Spent()


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


def _detail(checkpoint: Checkpoint, used: Spent) -> str:
    stat = checkpoint.diffstat
    parts = [f"{files(stat.files)} +{stat.added} −{stat.removed}"]  # noqa: RUF001
    if checkpoint.snapshot is not None:
        parts.append(tr("machine {size}", size=size(checkpoint.snapshot.bytes)))
        parts.append(short_duration(checkpoint.snapshot.snapshot_ms))
    else:
        parts.append(files_only(checkpoint))
    if checkpoint.safety:
        parts.append(tr("made before a restore"))
    if used.calls:
        parts.append(used_words(used))
    return " · ".join(parts)


def files_only(checkpoint: Checkpoint) -> str:
    """That no machine was kept, and why."""
    why = told(checkpoint.why_files_only) or tr("no machine snapshot")
    return tr("files only: {why}", why=why)


def why_no_restore(task: Task) -> str:
    """Why none of its checkpoints can be restored now, "" when they can."""
    if task.phase is Phase.DONE and task.merged_into:
        return tr("the task is merged")
    if task.phase in {Phase.CANCELLED, Phase.REJECTED}:
        return tr("the task has ended")
    if task.phase in {Phase.RESTORING, Phase.RELEASING, Phase.SNAPSHOTTING}:
        return tr("the machine is busy, try again in a moment")
    return ""


def _title(checkpoint: Checkpoint) -> str:
    place = tr("Checkpoint {ordinal}", ordinal=checkpoint.ordinal)
    turn = checkpoint.round
    again = f", {tr('round {round}', round=turn)}" if turn > 1 else ""
    return f"{place} · {checkpoint.step_name or tr('step')}{again}"


def checkpoint_rows(task: Task, offset_ms: int = 0, now_ms: int = 0) -> tuple[CheckpointRow, ...]:
    """Newest first; with `now_ms` those of another day have its date."""
    why_not, undo, used = why_no_restore(task), undo_of(task), spent_at(task)
    return tuple(
        CheckpointRow(
            ordinal=c.ordinal,
            title=_title(c),
            detail=_detail(c, used.get(c.ordinal, _NOTHING)),
            at=moment(c.at_ms, now_ms, offset_ms, seconds=True),
            kind=_kind(c),
            commit=c.commit[:10],
            current=c.ordinal == task.tip_ordinal,
            why_not=why_not,
            undoes=c.ordinal == undo,
        )
        for c in reversed(task.checkpoints)
    )


def by_rejection(record: Record) -> bool:
    """Whether a way back followed from a rejection: nobody asked for it by itself.

    A person's own way back carries no words, a prompt names them so, and what the plane does by
    itself (a suspension) only hands on what was said before.
    """
    fields = record.fields
    said = bool(fields.get("feedback")) and not fields.get("prompt")
    return record.event == "restored" and said and fields.get("channel") != "plane"


def rejected_back(task: Task) -> bool:
    """Whether it stands where it does because its work was rejected, and did nothing since."""
    last = next((r for r in reversed(task.records) if _moves(r)), None)
    return last is not None and by_rejection(last)


def undo_of(task: Task) -> int | None:
    """The checkpoint with the state before the last restore; None once the task has gone on."""
    back = next((r for r in reversed(task.records) if _moves(r)), None)
    return left_by_restore(task) if back is not None and back.event == "restored" else None


def _moves(record: Record) -> bool:
    """Whether it says at which checkpoint the task stood from then on."""
    return record.event in {"restored", "checkpoint"} and isinstance(
        record.fields.get("ordinal"), int
    )


def left_by_restore(task: Task) -> int | None:
    """The same, also where the task has gone on since; None = it was never restored.

    A task that ran was made safe first, so that is its safety checkpoint; one that stood still
    stood at a checkpoint already.
    """
    back: int | None = None
    for record in reversed(task.records):
        if not _moves(record):
            continue
        ordinal = int(record.fields["ordinal"])
        if back is not None:
            return ordinal if ordinal != back and task.checkpoint(ordinal) else None
        if record.event == "restored":
            back = ordinal
    return None


PATHS_MAX = 4


def why_no_memory(checkpoint: Checkpoint) -> str:
    """Why a checkpoint has no machine, to stand inside a sentence."""
    return told(checkpoint.why_files_only).rstrip(".") or tr("no machine snapshot was made")


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
    place = where(ordinal)
    notes = []
    if task.phase not in FINAL and task.step_running:
        notes.append(
            tr("A safety checkpoint of the present state is made first; you can undo this.")
        )
    elif task.tip_ordinal and task.tip_ordinal != ordinal:
        present = tr(
            "The present state is {where}; you can undo this.", where=where(task.tip_ordinal)
        )
        notes.append(present)
    if target is None:
        notes.append(tr("The task begins again on a fresh machine."))
    elif target.snapshot is None:
        notes.append(
            tr(
                "Files only ({why}): the machine starts afresh with these files.",
                why=why_no_memory(target),
            )
        )
    else:
        memory = size(target.snapshot.bytes)
        notes.append(tr("Files, processes and memory ({size}) are as they were then.", size=memory))
    return RestoreView(
        task=task.id,
        ordinal=ordinal,
        title=tr("Restore {task} to {where}?", task=task.title, where=place),
        undoes=_undoes(task, ordinal, paths),
        keeps=_keeps(own_edits),
        notes=tuple(notes),
        go=tr("Restore {where}", where=place),
    )


def older_of(task: Task) -> int:
    """The checkpoint before the one the task stands at; 0 = there is none."""
    return max((c.ordinal for c in task.checkpoints if c.ordinal < task.tip_ordinal), default=0)


def _after(task: Task, ordinal: int) -> list[Checkpoint]:
    return [c for c in task.checkpoints if c.ordinal > ordinal and not c.safety]


def work_after(task: Task, ordinal: int) -> str:
    """What was done since a checkpoint: `1 step of work, 1 checkpoint after it`."""
    return counted(
        len(_after(task, ordinal)),
        "{steps} of work, {count} checkpoint after it",
        "{steps} of work, {count} checkpoints after it",
        steps=steps_after(task, ordinal),
    )


def steps_after(task: Task, ordinal: int) -> str:
    """How many steps were worked at since a checkpoint: `1 step`."""
    return steps(len({(c.step_index, c.round) for c in _after(task, ordinal)}))


def _undoes(task: Task, ordinal: int, paths: tuple[str, ...] | None) -> tuple[str, ...]:
    later = _after(task, ordinal)
    undoes = [work_after(task, ordinal)]
    if paths:
        names = listed(paths, PATHS_MAX)
        undoes.append(
            tr("{files} of the task's copy: {paths}", files=files(len(paths)), paths=names)
        )
    elif paths is None and later:
        undoes.append(tr("changes in the task's copy, which could not be listed now"))
    if task.phase not in FINAL and task.step_running:
        number = task.step_index + 1
        undoes.append(tr("step {number}, which runs now, with its machine's memory", number=number))
    return tuple(undoes)


def _keeps(own_edits: tuple[str, ...]) -> tuple[str, ...]:
    keeps = [tr("your own folder, index, branches and HEAD: nothing in them changes")]
    if own_edits:
        keeps.append(tr("your edits: {paths}", paths=listed(own_edits, PATHS_MAX)))
    keeps.append(tr("the branch you leave, greyed on the timeline; you can come back to it"))
    return tuple(keeps)
