"""Moves that several transitions share: run a step, go on after a boundary, requeue, finish.

A `Turn` is one call of `transitions.step`: it holds the state, collects effects, and is the only
place where a task's value is replaced.
"""

from __future__ import annotations

import hashlib
from typing import Any

from clawdesk.domain import effects as do
from clawdesk.domain.model import (
    Boundary,
    Checkpoint,
    DiffStat,
    Kind,
    Phase,
    PlaneState,
    Record,
    Request,
    StepSpec,
    Task,
    TaskId,
)
from clawdesk.domain.replacing import replace
from clawdesk.domain.scheduling.index import index_of
from clawdesk.domain.ways import way_of

ATTEMPTS_MAX = 3
DEFERRED_MAX = 64


class Turn:
    """One event's worth of changes and effects."""

    def __init__(self, state: PlaneState, at_ms: int) -> None:
        self.state = state
        self.at_ms = at_ms
        self.effects: list[do.Effect] = []
        self.replay: list[object] = []  # deferred guest events to take up again
        self.touched: set[TaskId] = set()

    def put(self, task: Task, **changes: Any) -> Task:
        """Replace the task's value. Waiting for a person is not waiting in the queue."""
        new = replace(task, **changes)
        if task.phase is Phase.HELD and new.phase is not Phase.HELD:
            waited_ms = self.state.steady_ms - task.held_since_ms
            new = replace(new, eligible_ms=new.eligible_ms + waited_ms)
        elif task.phase is not Phase.HELD and new.phase is Phase.HELD:
            new = replace(new, held_since_ms=self.state.steady_ms)
        index_of(self.state).put(self.state.tasks.get(new.id), new)
        self.state.tasks[new.id] = new
        self.touched.add(new.id)
        return new

    def do(self, *effects: do.Effect) -> None:
        self.effects.extend(effects)

    def note(self, task: Task, event: str, commit: str = "", /, **fields: Any) -> Task:
        """Append to the task's audit trail."""
        record = Record(event, self.at_ms, dict(fields), commit)
        return self.put(task, records=(*task.records, record))

    def acknowledge(self, intent: str, ok: bool, text: str) -> None:
        if intent:
            self.do(do.Acknowledge(intent, ok, text))


def run_step(turn: Turn, task: Task, index: int) -> Task:
    """Begin a step (again), or finish when none is left."""
    if index >= len(task.steps):
        return finish(turn, task, Phase.DONE, "all steps done")
    spec = task.steps[index]
    rounds = list(task.rounds or (0,) * len(task.steps))
    rounds[index] += 1
    task = turn.put(
        task,
        phase=Phase.RUNNING,
        step_index=index,
        rounds=tuple(rounds),
        round=rounds[index],
        step_name=spec.name,
        step_running=True,
        reason=None,
    )
    task = turn.note(task, "step_started", index=index, name=spec.name, round=rounds[index])
    turn.do(do.RunStep(task.id, task.machine, index, rounds[index], spec, task.feedback))
    return task


def take_checkpoint(turn: Turn, task: Task, boundary: Boundary) -> Task:
    """Ask for the next checkpoint; its ordinal is used up even if it fails."""
    ordinal = task.next_ordinal
    task = turn.put(task, phase=Phase.SNAPSHOTTING, next_ordinal=ordinal + 1, boundary=boundary)
    turn.do(
        do.TakeCheckpoint(
            task=task.id,
            machine=task.machine,
            attempt=task.attempt,
            ordinal=ordinal,
            step_index=task.step_index,
            step_name=task.step_name,
            round=task.round,
            boundary=boundary,
            base=task.base or task.start_commit,
            since=task.judged,
        )
    )
    return task


PROMPT = "prompt"
"""Outcome of a further prompt for the agent that waits at a checkpoint; its text."""
AMEND = "amend"
"""Outcome of a decision for which a commit's tree is written into the workspace; its text."""


def files_for(task: Task, checkpoint: Checkpoint) -> str:
    """The commit a fresh machine is given at a checkpoint that has no memory any more."""
    return task.resume_text if task.resume_outcome == AMEND else checkpoint.commit


def take_amended(turn: Turn, task: Task, checkpoint: Checkpoint, put: str) -> Task:
    """Another version of the checkpoint was approved: its bytes become the next checkpoint."""
    boundary = Boundary(
        message=checkpoint.message,
        guest_request=checkpoint.guest_request,
        amends=checkpoint.ordinal,
        put=put,
        model_call=checkpoint.model_call,
    )
    return take_checkpoint(turn, task, boundary)


def go_on(turn: Turn, task: Task, checkpoint: Checkpoint) -> Task:
    """Continue behind a checkpoint whose machine runs (or was just restored)."""
    if checkpoint.guest_request:
        said = task.feedback if checkpoint.amends or checkpoint.approved else ""
        reply = do.ReplyToGuest(task.id, task.machine, checkpoint.guest_request, "continue", said)
        turn.do(reply)
        return run_on(turn, task)
    if checkpoint.mid_step:
        return run_on(turn, task)
    return run_step(turn, task, checkpoint.step_index + 1)


def run_on(turn: Turn, task: Task) -> Task:
    """The step goes on; take up what the guest said meanwhile."""
    turn.replay.extend(task.deferred)
    return turn.put(task, phase=Phase.RUNNING, step_running=True, deferred=(), reason=None)


def ask(turn: Turn, task: Task, checkpoint: Checkpoint) -> Task:
    """Hold the task at a checkpoint and commit the request before anyone is told."""
    question, request = checkpoint.question, request_about(task, checkpoint, turn.at_ms)
    if task.machine:
        turn.do(do.HoldMachine(task.id, task.machine))
    turn.do(do.RecordRequest(task.id, request))
    boundary = Boundary(
        mode="approve" if checkpoint.approval_reason else "auto",
        message=checkpoint.message,
        guest_request=checkpoint.guest_request,
        question=question,
        model_call=checkpoint.model_call,
    )
    return turn.put(task, phase=Phase.SNAPSHOTTING, boundary=boundary, yielding=None)


def request_about(task: Task, checkpoint: Checkpoint, at_ms: int) -> Request:
    """What a person is asked at a checkpoint; another id each time it is asked."""
    # A fork may be submitted with a request, which none of its records tells.
    number = sum(1 for record in task.records if record.event in ("submitted", "requested"))
    question = checkpoint.question
    return Request(
        id=_request_id(task, checkpoint.ordinal, number),
        kind=Kind.CLARIFY if question else Kind.APPROVE,
        at_ms=at_ms,
        ordinal=checkpoint.ordinal,
        digest=checkpoint.digest,
        guest_request=checkpoint.guest_request,
        key=question.key if question else "",
        question=question.text if question else "",
        choices=question.choices if question else (),
        default=question.default if question else "",
        message=checkpoint.message,
        why=checkpoint.approval_reason,
        diffstat=checkpoint.diffstat,
        look=checkpoint.look,
    )


RETRY, TELL, GIVE_UP = "retry", "tell the task", "give up"


def ask_to_retry(turn: Turn, task: Task, why: str, *, tell: bool = False) -> Task:
    """A checkpoint failed: hold the machine as it is and let the user decide.

    This request is not committed: the very thing that failed may be the commit.

    Args:
        tell: the task may be what can mend it, and something there can hear of it.
    """
    request = Request(
        id=_request_id(task, task.next_ordinal, len(task.records)),
        kind=Kind.CLARIFY,
        at_ms=turn.at_ms,
        ordinal=task.next_ordinal - 1,
        digest="",
        key=RETRY,
        question=f"The checkpoint could not be made: {why} Try again?",
        choices=(RETRY, TELL, GIVE_UP) if tell else (RETRY, GIVE_UP),
        diffstat=DiffStat(),
    )
    turn.do(do.HoldMachine(task.id, task.machine))
    return turn.put(task, phase=Phase.HELD, request=request)


def _request_id(task: Task, ordinal: int, number: int) -> str:
    text = f"{task.id}/{task.attempt}/{ordinal}/{number}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def release(turn: Turn, task: Task) -> Task:
    """Give the machine back; what comes next is decided when it is really gone."""
    task = _record_end(turn, task)
    if not task.machine:
        return settle_released(turn, task)
    turn.do(do.ReleaseMachine(task.id, task.machine))
    return turn.put(
        task, phase=Phase.RELEASING, request=None, deferred=(), step_running=False, reason=None
    )


def settle_released(turn: Turn, task: Task) -> Task:
    """The task owns no machine any more: it ends, or waits for the next one."""
    task = turn.put(task, machine="", request=None, deferred=(), step_running=False, yielding=None)
    if task.finish is None:
        return turn.put(task, phase=Phase.QUEUED)
    task = _record_end(turn, task)
    return close(turn, turn.put(task, phase=Phase.RELEASING))


def _record_end(turn: Turn, task: Task) -> Task:
    """The end is committed before the machine goes: a crash in between must not run it again."""
    if task.finish is None or task.finish_asked:
        return task
    text, spending = task.finish_text, task.spending
    turn.do(do.RecordFinish(task.id, task.finish, text, turn.at_ms, spending))
    return turn.put(task, finish_asked=True)


def close(turn: Turn, task: Task) -> Task:
    """Final once both hold: Git knows the end, and the machine is gone."""
    if task.finish is None or not task.finish_known or task.machine:
        return task
    if why := machines_go(task, task.finish):
        task = discard(turn, task, why)
    return turn.put(
        task,
        phase=task.finish,
        finish=None,
        finish_asked=False,
        finish_known=False,
        reason=None,
    )


def finish(turn: Turn, task: Task, status: Phase, text: str) -> Task:
    """Decide the task's end; it is final once the machine is gone and Git has it."""
    if task.wish is not None:
        turn.acknowledge(task.wish.intent, False, f"The task has ended: {text}")
    task = turn.put(task, finish=status, finish_text=text, wish=None)
    return release(turn, task)


MERGED = "Its machine was removed after the merge."
CANCELLED = "Its machine was removed when the task was cancelled."
KNEW_SECRETS = "Its machine was removed at the task's end: secrets were in its memory."


def machines_go(task: Task, end: Phase) -> str:
    """Why a task that ends so keeps no machine to go back to, "" where it does."""
    if end is Phase.CANCELLED:
        return CANCELLED
    return KNEW_SECRETS if task.definition.secrets else ""


def without_snapshots(task: Task, at: tuple[int, ...], why: str) -> Task:
    """The task with files only at the checkpoints of these ordinals."""
    checkpoints = tuple(
        replace(c, snapshot=None, why_files_only=why)
        if c.snapshot is not None and c.ordinal in at
        else c
        for c in task.checkpoints
    )
    return replace(task, checkpoints=checkpoints)


def ordinals(task: Task) -> tuple[int, ...]:
    """Of all its checkpoints."""
    return tuple(checkpoint.ordinal for checkpoint in task.checkpoints)


def discard(turn: Turn, task: Task, why: str) -> Task:
    """Its machine files go; that they do follows from a record that Git has already."""
    turn.do(do.DiscardSnapshots(task.id))
    return turn.put(without_snapshots(task, ordinals(task), why))


def forgotten(turn: Turn, task: Task, at: tuple[int, ...], why: str) -> Task:
    """Machines of checkpoints are given up, and Git is told."""
    task = turn.put(without_snapshots(task, at, why))
    return recorded(turn, task, "snapshots_removed", ordinals=list(at), why=why)


def recorded(turn: Turn, task: Task, event: str, **facts: Any) -> Task:
    """A fact that nobody waits for: noted at once, and on its way to Git."""
    turn.do(do.RecordEvent(task.id, event, turn.at_ms, tuple(facts.items())))
    return turn.note(task, event, **facts)


def requeue_at(turn: Turn, task: Task, ordinal: int, outcome: str = "", text: str = "") -> Task:
    """Wait for a machine that stands at `ordinal` (0 = the start of the task)."""
    task = turn.put(
        task,
        resume_from=ordinal,
        resume_outcome=outcome,
        resume_text=text,
        finish=None,
        finish_asked=False,
        finish_known=False,
    )
    return release(turn, task)


def before_step(task: Task, index: int) -> int:
    """Ordinal of the last checkpoint before step `index` began, or where the task begins.

    Steps with `checkpoint = "none"` leave none of their own and are run again too.
    """
    for checkpoint in way_of(task):
        between_steps = not checkpoint.guest_request and not checkpoint.mid_step
        if between_steps and checkpoint.step_index < index:
            return checkpoint.ordinal
    return task.beginning


def step_of(task: Task) -> StepSpec:
    return task.steps[min(task.step_index, len(task.steps) - 1)]
