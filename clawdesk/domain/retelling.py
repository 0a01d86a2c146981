"""One committed record after the other, told to the task it belongs to. Pure.

Each function takes the task as the records before tell of it, and returns it one record later;
records that change nothing a restart needs are passed over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from clawdesk.domain import moves
from clawdesk.domain.model import (
    FINAL,
    Amendment,
    Checkpoint,
    DiffStat,
    Phase,
    Record,
    Request,
    Task,
    Verdict,
)
from clawdesk.domain.replacing import replace
from clawdesk.domain.spending import spending_in, spent_in
from clawdesk.domain.values import from_fields


def retell(task: Task, record: Record) -> Task:
    """The task after one more record."""
    tale = _TALES.get(record.event)
    task = task if tale is None else tale(task, record)
    return _spent(task, record) if "spent" in record.fields else task


def _spent(task: Task, record: Record) -> Task:
    """Records hold sums since the task began; the largest one is what was spent."""
    spending = spending_in(record.fields)
    grown = spending.total.calls >= task.spending.total.calls
    return replace(task, spending=spending) if grown else task


def _requested(task: Task, record: Record) -> Task:
    request = from_fields(record.fields.get("value"), Request)
    if task.checkpoint(request.ordinal) is None:
        return task  # the last word of an attempt whose history was removed
    checkpoints = tuple(
        replace(c, approval_reason=request.why, look=request.look)
        if c.ordinal == request.ordinal
        else c
        for c in task.checkpoints
    )
    return replace(task, request=request, phase=Phase.HELD, checkpoints=checkpoints)


def _restored(task: Task, record: Record) -> Task:
    ordinal, prompt = int(record.fields.get("ordinal", 0)), str(record.fields.get("prompt", ""))
    return replace(
        _standing_at(task, ordinal),
        request=None,
        resume_from=_known(task, ordinal),
        resume_outcome=moves.PROMPT if prompt else "",
        resume_text=prompt,
        phase=Phase.QUEUED,
        finish_text="",
        merged_into="",
        feedback=str(record.fields.get("feedback", task.feedback)),
    )


def _yielded(task: Task, record: Record) -> Task:
    return replace(
        task,
        phase=Phase.QUEUED,
        request=None,
        resume_from=_known(task, int(record.fields.get("ordinal", task.tip_ordinal))),
        resume_outcome="",
        preemptions=task.preemptions + 1,
    )


def _known(task: Task, ordinal: int) -> int | None:
    """Where it resumes; its beginning where that checkpoint went with a history that is gone."""
    if not ordinal or task.checkpoint(ordinal) is not None:
        return ordinal
    return task.beginning or None


def _attempt_ended(task: Task, record: Record) -> Task:
    task = replace(task, attempt=int(record.fields.get("attempt", task.attempt)) + 1)
    if task.attempt > moves.ATTEMPTS_MAX:
        return task
    return _at_the_beginning(task)


def _at_the_beginning(task: Task) -> Task:
    """A lost attempt leaves nothing to wait for, also where the way back was not recorded."""
    return replace(
        _standing_at(task, task.beginning),
        phase=Phase.QUEUED,
        request=None,
        resume_from=task.beginning or None,
        resume_outcome="",
        feedback="",
    )


def _of_attempt(task: Task, attempt: int) -> Task:
    """A record of a later attempt says that the ones before ended, where Git refused that word."""
    if attempt <= task.attempt:
        return task
    return _at_the_beginning(replace(task, attempt=attempt))


def _finished(task: Task, record: Record) -> Task:
    status = Phase(str(record.fields.get("status", "failed")))
    text = str(record.fields.get("text", ""))
    task = replace(task, phase=status, request=None, finish_text=text)
    why = moves.machines_go(task, status)
    return moves.without_snapshots(task, moves.ordinals(task), why) if why else task


def _merged(task: Task, record: Record) -> Task:
    if task.phase not in FINAL:
        return task
    task = replace(task, merged_into=str(record.fields.get("branch", "")))
    return moves.without_snapshots(task, moves.ordinals(task), moves.MERGED)


def _snapshots_removed(task: Task, record: Record) -> Task:
    ordinals = tuple(int(ordinal) for ordinal in record.fields.get("ordinals", ()))
    return moves.without_snapshots(task, ordinals, str(record.fields.get("why", "")))


def _got_a_machine(task: Task, record: Record) -> Task:
    task = _of_attempt(task, int(record.fields.get("attempt", 0)))
    task = _standing_at(task, int(record.fields.get("ordinal", 0)))
    return replace(
        task,
        base=_base(task, memory=record.fields.get("memory") is not False),
        phase=Phase.RUNNING,
        request=None,
        resume_from=None,
        resume_outcome="",
    )


def _standing_at(task: Task, ordinal: int) -> Task:
    """Its machine was brought to that checkpoint (0 = the start)."""
    checkpoint = task.checkpoint(ordinal)
    if checkpoint is None:
        return replace(task, tip_ordinal=0, step_index=0, step_name="")
    return replace(
        task,
        tip_ordinal=ordinal,
        step_index=checkpoint.step_index,
        step_name=checkpoint.step_name,
        round=checkpoint.round,
    )


def _base(task: Task, *, memory: bool) -> str:
    """What the machine that was brought to the task's tip began with."""
    checkpoint = task.checkpoint(task.tip_ordinal)
    if checkpoint is None:
        return ""
    return checkpoint.base if memory else checkpoint.commit


def _with_checkpoint(task: Task, record: Record) -> Task:
    checkpoint = from_fields(record.fields.get("value"), Checkpoint)
    task = _of_attempt(task, checkpoint.attempt)
    checkpoint = replace(
        checkpoint,
        commit=record.commit,
        tree=str(record.fields.get("tree", checkpoint.tree)),
        digest=str(record.fields.get("digest", checkpoint.digest)),
        diffstat=from_fields(record.fields.get("diffstat", {}), DiffStat),
        approval_reason=str(record.fields.get("approval", "")),
        not_taken=tuple(str(name) for name in record.fields.get("refused", ())),
        approved=bool(checkpoint.amends) and not record.fields.get("approval"),
        spent=spent_in(record.fields),
        after=task.tip_ordinal,
    )
    return replace(
        task,
        checkpoints=(*task.checkpoints, checkpoint),
        tip_ordinal=checkpoint.ordinal,
        next_ordinal=checkpoint.ordinal + 1,
        step_index=checkpoint.step_index,
        step_name=checkpoint.step_name,
        round=checkpoint.round,
        phase=Phase.RUNNING,
        request=None,
        resume_from=None,
        resume_outcome="",
    )


def _decided(task: Task, record: Record) -> Task:
    """A decision whose consequence may not have been carried out yet."""
    request, fields = task.request, record.fields
    if request is None or request.id != fields.get("request"):
        return task
    verdict, note = Verdict(str(fields.get("verdict"))), str(fields.get("note", ""))
    task = replace(task, request=None, phase=Phase.QUEUED, resume_from=request.ordinal)
    if verdict in (Verdict.ANSWERED, Verdict.ASKED_BACK):
        text = str(fields.get("text", ""))
        return replace(task, resume_outcome=verdict.value, resume_text=text)
    if verdict is Verdict.APPROVED:
        checkpoints = tuple(
            replace(c, approved=True) if c.ordinal == request.ordinal else c
            for c in task.checkpoints
        )
        task = replace(task, checkpoints=checkpoints, feedback=note)
        return replace(task, resume_outcome="continue", resume_text=note)
    if verdict is Verdict.AMENDED:
        told = amendment_of(fields).feedback(note)
        outcome, text = moves.AMEND, record.commit
        return replace(task, resume_outcome=outcome, resume_text=text, feedback=told)
    task = replace(task, feedback=note)
    checkpoint = task.checkpoint(request.ordinal)
    if request.guest_request and not (checkpoint and checkpoint.model_call):
        return replace(task, resume_outcome="rejected", resume_text=note)
    index = checkpoint.step_index if checkpoint else 0
    return replace(task, resume_from=moves.before_step(task, index))


def amendment_of(fields: dict[str, Any]) -> Amendment:
    """The amendment in the fields of a decision."""
    return Amendment(
        str(fields.get("tree", "")),
        tuple(map(str, fields.get("left_out", ()))),
        tuple(map(str, fields.get("edited", ()))),
        int(fields.get("more", 0)),
    )


_TALES: dict[str, Callable[[Task, Record], Task]] = {
    "checkpoint": _with_checkpoint,
    "requested": _requested,
    "decision": _decided,
    "restored": _restored,
    "yielded": _yielded,
    "attempt_ended": _attempt_ended,
    "finished": _finished,
    "merged": _merged,
    "unmerged": lambda task, _: replace(task, merged_into=""),
    "snapshots_removed": _snapshots_removed,
    "started": _got_a_machine,
    "resumed": _got_a_machine,
}
