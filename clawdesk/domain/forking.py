"""Forks: another task from the same moment, and the family they make. Pure.

A fork is a task of its own, with a ref whose first commit stands on the forked checkpoint. It has
that checkpoint as its beginning: its first machine is that snapshot, and where its worker is lost
it begins there again (ADR 0014).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from clawdesk.domain.model import (
    FINAL,
    Checkpoint,
    Origin,
    Phase,
    PlaneState,
    Record,
    Snapshot,
    Task,
    TaskId,
)
from clawdesk.domain.moves import request_about

WITHIN = "Its step's end asks for your approval of it."


def forked(
    parent: Task,
    ordinal: int,
    snapshot: Snapshot | None,
    *,
    task_id: TaskId,
    at_ms: int,
    settings: Mapping[str, str],
    title: str = "",
) -> Task:
    """The new task, as it is to be submitted.

    Args:
        ordinal: a checkpoint of the parent, or 0: then it is the parent's start once more.
        snapshot: its own claim on the checkpoint's machine; None = its files only.
        settings: added to the parent's; they reach steps that begin after the fork.
        title: what a person calls it; "" = as the parent.
    """
    checkpoint = parent.checkpoint(ordinal)
    start = parent.forked_from.start if parent.forked_from else parent.start_commit
    commit = checkpoint.commit if checkpoint is not None else parent.start_commit
    inherited = _inherited(parent, checkpoint, snapshot) if checkpoint is not None else None
    definition = replace(parent.definition, title=title) if title else parent.definition
    task = Task(
        id=task_id,
        project=parent.project,
        definition=definition,
        policy=parent.policy,
        submitted_at_ms=at_ms,
        base_commit=parent.base_commit,
        start_commit=commit,
        settings=tuple(sorted({**dict(parent.settings), **settings}.items())),
        policy_asked=parent.policy_asked,
        policy_digest=parent.policy_digest,
        policy_asks=parent.policy_asks,
        forked_from=Origin(parent.id, ordinal, commit, start),
        priority=parent.priority,
        priority_class=parent.priority_class,
        feedback=parent.feedback if ordinal == parent.tip_ordinal else "",
        resume_from=ordinal if inherited else None,
        next_ordinal=ordinal + 1,
        tip_ordinal=ordinal,
        checkpoints=(inherited,) if inherited else (),
        step_index=inherited.step_index if inherited else 0,
        step_name=inherited.step_name if inherited else "",
    )
    if inherited is None or snapshot is None or not _asks(inherited):
        return task
    # What a person is asked there needs no machine until it is answered.
    request = request_about(task, inherited, at_ms)
    return replace(task, phase=Phase.HELD, request=request, resume_from=None)


def _asks(checkpoint: Checkpoint) -> bool:
    unapproved = bool(checkpoint.approval_reason) and not checkpoint.approved
    return checkpoint.question is not None or unapproved


def _inherited(parent: Task, checkpoint: Checkpoint, snapshot: Snapshot | None) -> Checkpoint:
    why = checkpoint.why_files_only or "Its machine could not be shared with the fork."
    return replace(
        checkpoint,
        snapshot=snapshot,
        why_files_only="" if snapshot else why,
        base=checkpoint.base or parent.start_commit,
        since=checkpoint.since or parent.start_commit,
        attempt=1,
        spent=(),
    )


def origin_fields(task: Task) -> dict[str, Any]:
    """What the submission of a fork says of where it comes from, for Git and for a merge.

    `point`: the inherited checkpoint as a merge reads it, None when it begins at the start.
    """
    origin = task.forked_from
    assert origin is not None, "only of a fork"
    checkpoint = task.checkpoint(origin.ordinal)
    fields: dict[str, Any] = {
        "task": origin.task,
        "ordinal": origin.ordinal,
        "commit": origin.commit,
        "start": origin.start,
    }
    if checkpoint is not None:
        fields["step"] = checkpoint.step_name
        fields["safety"] = checkpoint.safety
        waits = checkpoint.approval_reason or (WITHIN if task.is_within(checkpoint) else "")
        fields["approval"] = "" if checkpoint.approved else waits
    return fields


def shown_fields(task: Task) -> dict[str, Any]:
    """What a task's audit trail shows of its submission."""
    fields: dict[str, Any] = {"definition": task.definition.name}
    if task.forked_from is not None:
        fields["forked_from"] = task.forked_from.task
        fields["forked_ordinal"] = task.forked_from.ordinal
    return fields


def forked_record(child: TaskId, ordinal: int, at_ms: int) -> Record:
    """What the parent's audit trail says, before anything of the fork exists."""
    return Record("forked", at_ms, {"task": child, "ordinal": ordinal})


def unborn(tasks: Iterable[Task], submitted: Iterable[TaskId]) -> tuple[TaskId, ...]:
    """Forks that a crash left without a submission: only machine files can be left of them.

    Args:
        submitted: all that have a history, also where it cannot be read now.
    """
    begun = {str(r.fields.get("task")) for t in tasks for r in t.records if r.event == "forked"}
    return tuple(sorted(begun.difference(submitted)))


def root_of(state: PlaneState, task: Task) -> TaskId:
    """The task a family of forks goes back to; it may be one that is no longer known."""
    seen = {task.id}
    while task.forked_from is not None and task.forked_from.task not in seen:
        parent = state.tasks.get(task.forked_from.task)
        if parent is None:
            return task.forked_from.task
        seen.add(parent.id)
        task = parent
    return task.id


def family(state: PlaneState, task: Task) -> tuple[Task, ...]:
    """The task and all that share an origin with it, oldest first."""
    root = root_of(state, task)
    found = [t for t in state.tasks.values() if t.project == task.project]
    return tuple(sorted((t for t in found if root_of(state, t) == root), key=lambda t: t.id))


def to_end(tasks: Iterable[Task], kept: TaskId) -> tuple[Task, ...]:
    """Those of a family that still go on although another one is kept."""
    return tuple(t for t in tasks if t.id != kept and t.phase not in FINAL and t.finish is None)
