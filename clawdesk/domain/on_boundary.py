"""Steps and the boundaries between them: what a guest says, and what a checkpoint leads to."""

from __future__ import annotations

from typing import Any

from clawdesk.domain import effects as do
from clawdesk.domain import events as ev
from clawdesk.domain import moves, on_adoption, on_decision, on_pressure
from clawdesk.domain.agents import speaks_acp
from clawdesk.domain.model import (
    Boundary,
    Checkpoint,
    CheckpointMode,
    Phase,
    Question,
    Task,
    Verdict,
)
from clawdesk.domain.moves import Turn
from clawdesk.domain.processes import asks_at_end, ran_short
from clawdesk.domain.replacing import replace
from clawdesk.domain.spending import FURTHER, spent_fields

_PAUSED = frozenset({Phase.SNAPSHOTTING, Phase.HELD})
KEPT_EVERY = 16
"""Every so many checkpoints the output of a step is kept, whatever happens there."""
STEP_CHARS_MAX = 80
REJECTED_EXIT_CODE = 3
"""`claw checkpoint` exits with it after a rejection; a step that passes it on was rejected."""
ASKED_BACK_EXIT_CODES = frozenset({4, REJECTED_EXIT_CODE})
"""`claw ask` exits so where a person asks back; with 3 in a guest that does not know it yet."""


def _from_guest(turn: Turn, task: Task, event: ev.Event) -> bool:
    """True when a guest's word may be acted on now; else it is dropped (R1) or kept for later."""
    if getattr(event, "machine", "") != task.machine or not task.machine:
        return False
    if task.phase is Phase.RUNNING:
        return True
    if task.phase in _PAUSED:
        if len(task.deferred) >= moves.DEFERRED_MAX:
            why = f"the guest sent more than {moves.DEFERRED_MAX} requests while it was paused."
            turn.replay.append(ev.MachineLost(event.at_ms, task.id, task.machine, why))
            return False
        turn.put(task, deferred=(*task.deferred, event))
    return False


def step_ended(turn: Turn, task: Task, event: ev.StepEnded) -> None:
    """A step's process has exited: the boundary between two steps, or the end by failure."""
    if event.run and event.run != f"{task.step_index}.{task.round}":
        return  # R1: the end of an earlier round
    if not _from_guest(turn, task, event):
        return
    spec = moves.step_of(task)
    turn.do(do.KeepOutput(task.id, spec.name, task.round))
    task = turn.put(task, step_running=False)
    if event.timed_out or event.exit_code != 0:
        _step_failed(turn, task, event)
        return
    last = task.step_index + 1 >= len(task.steps)
    if spec.checkpoint is CheckpointMode.NONE and not last:
        moves.run_step(turn, task, task.step_index + 1)
        return
    mode = "approve" if spec.checkpoint is CheckpointMode.APPROVE else "auto"
    if mode == "approve" and speaks_acp(task.definition.agent):
        mode = "changed"  # it was asked about at the end of the agent's last turn
    moves.take_checkpoint(turn, task, Boundary(mode))


def _step_failed(turn: Turn, task: Task, event: ev.StepEnded) -> None:
    spec = moves.step_of(task)
    rejected = event.exit_code == REJECTED_EXIT_CODE and _last_said_no(task)
    if rejected and task.feedback and not event.timed_out:
        text = f"Step {spec.name} ended after your rejection: {task.feedback}"
        moves.finish(turn, task, Phase.REJECTED, text)
        return
    how = (
        f"ran longer than its limit of {spec.timeout_s} s"
        if event.timed_out
        else f"exited with {event.exit_code}"
    )
    short = f" {ran_short(event.killed, task.definition.machine)}" if event.killed else ""
    if not event.timed_out and not short and event.exit_code in ASKED_BACK_EXIT_CODES:
        short = _not_asked_again(task)
    tail = f"\n{event.tail}" if event.tail else ""
    moves.finish(turn, task, Phase.FAILED, f"Step {spec.name} {how}.{short}{tail}")


def _last_said_no(task: Task) -> bool:
    """Whether the last decision was a rejection: a note may stand with an approval too."""
    return _last_decision(task).get("verdict") == Verdict.REJECTED.value


def _not_asked_again(task: Task) -> str:
    """What to do about a step that ended where it was asked back, "" = it was not."""
    last = _last_decision(task)
    here = last.get("ordinal") == task.tip_ordinal
    if not here or last.get("verdict") != Verdict.ASKED_BACK.value:
        return ""
    return (
        " You asked back, and the step takes no question in return: to answer, go back to "
        f"checkpoint {task.tip_ordinal}."
    )


def _last_decision(task: Task) -> dict[str, Any]:
    decisions = (r.fields for r in reversed(task.records) if r.event == "decision")
    return next(decisions, {})


def boundary_asked(turn: Turn, task: Task, event: ev.BoundaryAsked) -> None:
    """`claw checkpoint`, `claw step NAME` or a model call: the caller waits inside the machine."""
    if not _from_guest(turn, task, event):
        return
    if on_adoption.answer_again(turn, task, event.guest_request):
        return
    mode = "approve" if event.approve else _inside(task) if event.model_call else "auto"
    boundary = Boundary(mode, event.message, event.guest_request, model_call=event.model_call)
    moves.take_checkpoint(turn, task, boundary)
    if event.next_step:
        _call_it(turn, turn.state.tasks[task.id], event.next_step)


def _inside(task: Task) -> str:
    """The mode of a point in the middle of a step, whose end may ask about all of it."""
    return "within" if asks_at_end(task.steps, task.step_index) else "auto"


def part_started(turn: Turn, task: Task, event: ev.PartStarted) -> None:
    """No boundary: only what its work is called changes, also while it stands still."""
    if event.machine == task.machine and task.step_running:
        _call_it(turn, task, event.name or moves.step_of(task).name)


def _call_it(turn: Turn, task: Task, name: str) -> None:
    """What its step works at from now on."""
    if name != task.step_name:
        task = turn.put(task, step_name=name)
        turn.note(task, "part_started", index=task.step_index, name=name, round=task.round)


def models_used(turn: Turn, task: Task, event: ev.ModelsUsed) -> None:
    """Calls are counted whatever the task does now, until its end is being committed."""
    ours = event.machine in (task.machine, task.leaving) and bool(event.machine)
    if not ours or task.finish_asked:
        return  # R1

    def place_of(run: str) -> tuple[int, str]:
        number, dot, _ = run.partition(".")
        index = int(number) if dot and number.isdecimal() else task.step_index
        if index >= len(task.steps):
            return -1, FURTHER
        here = index == task.step_index and task.step_name
        return index, (here or task.steps[index].name)[:STEP_CHARS_MAX]

    spending = task.spending.plus(event.uses, place_of)
    if spending is not task.spending:
        turn.put(task, spending=spending)


def question_asked(turn: Turn, task: Task, event: ev.QuestionAsked) -> None:
    """`claw ask`: a checkpoint first, so that the task can be given another answer later."""
    if not _from_guest(turn, task, event):
        return
    if on_adoption.answer_again(turn, task, event.guest_request):
        return
    question = Question(event.key, event.question, event.choices, event.default)
    boundary = Boundary(_inside(task), guest_request=event.guest_request, question=question)
    moves.take_checkpoint(turn, task, boundary)


def checkpoint_taken(turn: Turn, task: Task, event: ev.CheckpointTaken) -> None:
    """The work is durable: hold for a person, obey a wish, or go on."""
    at_rest = event.machine == task.machine and task.phase is Phase.SNAPSHOTTING
    if not at_rest and task.finish is None:
        return  # R1; a task on its way out still shows what was committed
    checkpoint = replace(event.checkpoint, after=task.tip_ordinal)
    task = turn.put(
        task,
        checkpoints=(*task.checkpoints, checkpoint),
        tip_ordinal=checkpoint.ordinal,
    )
    task = turn.note(task, "checkpoint", checkpoint.commit, **describe(checkpoint))
    if _keeps_output(task, checkpoint):
        name = moves.step_of(task).name
        turn.do(do.KeepOutput(task.id, name, task.round, ended=False))
    if task.finish is not None or on_pressure.refuse_to_leave(turn, task, checkpoint):
        return
    if on_decision.obey_wish(turn, task):
        return
    if checkpoint.question or checkpoint.approval_reason:
        moves.ask(turn, task, checkpoint)
    elif task.yielding is not None and checkpoint.loses_nothing:
        on_pressure.leave(turn, task, checkpoint)
    else:
        task = on_pressure.stays(turn, task, checkpoint)
        moves.go_on(turn, task, checkpoint)


def _keeps_output(task: Task, checkpoint: Checkpoint) -> bool:
    """Whether what a step printed so far is made durable: where it may be long until it goes on,
    and now and then. Not each time: every time costs as much as all that it has printed."""
    if not checkpoint.guest_request and not checkpoint.mid_step:
        return False  # the step has ended, and that was done
    stands = checkpoint.question or checkpoint.approval_reason or checkpoint.safety
    return bool(stands or task.yielding or not checkpoint.ordinal % KEPT_EVERY)


def describe(checkpoint: Checkpoint) -> dict[str, Any]:
    """The fields of a checkpoint's record, as commits, logs and JSON events show them."""
    snapshot, stat = checkpoint.snapshot, checkpoint.diffstat
    return {
        "ordinal": checkpoint.ordinal,
        "step": checkpoint.step_name,
        "step_index": checkpoint.step_index,
        "round": checkpoint.round,
        "commit": checkpoint.commit,
        "digest": checkpoint.digest,
        "snapshot_ms": round(snapshot.snapshot_ms, 1) if snapshot else None,
        "pause_ms": round(snapshot.pause_ms, 1) if snapshot else None,
        "bytes": snapshot.bytes if snapshot else 0,
        "files_only": snapshot is None,
        "why_files_only": checkpoint.why_files_only,
        "diffstat": {"files": stat.files, "added": stat.added, "removed": stat.removed},
        "message": checkpoint.message,
        "not_taken": list(checkpoint.not_taken),
        "safety": checkpoint.safety,
        "amends": checkpoint.amends,
        **spent_fields(checkpoint.spent),
    }


def checkpoint_failed(turn: Turn, task: Task, event: ev.CheckpointFailed) -> None:
    """Nothing was lost: the machine stands still as it is until the user decides."""
    if event.machine != task.machine or task.phase is not Phase.SNAPSHOTTING:
        return
    if task.wish is not None:
        wish, text = task.wish, f"No safety checkpoint could be made: {event.why}"
        turn.acknowledge(wish.intent, False, text)
        task = turn.put(task, wish=None)
    if task.boundary is not None and task.boundary.safety:
        moves.run_on(turn, task)
        return
    task = turn.note(task, "checkpoint_failed", why=event.why)
    moves.ask_to_retry(turn, task, event.why, tell=_may_go_on(task, task.boundary or Boundary()))


def _may_go_on(task: Task, boundary: Boundary) -> bool:
    """Whether the task may do without this checkpoint: nobody's word is due here."""
    if boundary.question or boundary.put or (boundary.model_call and boundary.mode == "approve"):
        return False
    last = task.checkpoint(task.tip_ordinal)
    return last is None or not on_adoption.undecided(task, last)


def continue_from(turn: Turn, task: Task, event: ev.MachineRestored) -> None:
    """The machine stands there again: answer what waits there, ask again, or go on."""
    checkpoint = task.checkpoint(event.ordinal)
    assert checkpoint is not None, "restored to an ordinal the task never had"
    outcome, text = task.resume_outcome, task.resume_text
    began = checkpoint.base if event.memory else moves.files_for(task, checkpoint)
    task = turn.put(
        task,
        resume_from=None,
        resume_outcome="",
        resume_text="",
        step_index=checkpoint.step_index,
        step_name=checkpoint.step_name,
        round=checkpoint.round,
        tip_ordinal=checkpoint.ordinal,
        base=event.base or began,
    )
    waits = checkpoint.guest_request or checkpoint.mid_step
    if waits and event.ended and event.memory:
        run = f"{checkpoint.step_index}.{checkpoint.round}"
        ended = ev.StepEnded(
            event.at_ms, task.id, task.machine, event.exit_code, event.timed_out, run=run
        )
        task = turn.put(task, deferred=(ended,))
    if waits and not event.memory:
        # Without memory nobody waits in the machine: the step begins anew on the same files.
        moves.run_step(turn, task, checkpoint.step_index)
    elif outcome == moves.AMEND:
        moves.take_amended(turn, task, checkpoint, text)
    elif outcome and checkpoint.guest_request:
        said = "rejected" if outcome == moves.PROMPT else outcome
        turn.do(do.ReplyToGuest(task.id, task.machine, checkpoint.guest_request, said, text))
        moves.run_on(turn, task)
    elif not outcome and (
        checkpoint.question or (checkpoint.approval_reason and not checkpoint.approved)
    ):
        moves.ask(turn, task, checkpoint)
    else:
        moves.go_on(turn, task, checkpoint)
