"""`step(state, event) -> effects`: the only writer of the plane's state.

No I/O, no clock, no randomness. Rules, cited in the code:
R1  A word about an older machine or attempt changes nothing; a machine it brought is destroyed.
R2  A machine is counted until MachineReleased says that it is gone.
R3  Nothing is shown to a person before it is committed; nothing is acknowledged before that.
R4  A decision counts only for the request that waits, with the digest that was on screen.
R5  A final phase is left only by a restore.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from clawdesk.domain import effects as do
from clawdesk.domain import events as ev
from clawdesk.domain import (
    leases,
    moves,
    on_adoption,
    on_boundary,
    on_decision,
    on_history,
    on_pressure,
    on_prompt,
    on_silence,
)
from clawdesk.domain.invariants import check
from clawdesk.domain.lease_events import (
    LeaseAskedBack,
    LeaseEnded,
    LeaseGranted,
    LeaseRefused,
    LeaseWaits,
)
from clawdesk.domain.merge_events import ForkKept, TaskMerged, TaskUnmerged
from clawdesk.domain.model import FINAL, Phase, PlaneState, Reason, Task, TaskId
from clawdesk.domain.moves import Turn, without_snapshots
from clawdesk.domain.policy import under
from clawdesk.domain.replacing import replace
from clawdesk.domain.replay import waited_for_a_machine_ms
from clawdesk.domain.scheduling import plan
from clawdesk.domain.scheduling.resources import COMING
from clawdesk.domain.spending import counted_fields, spent_fields

GONE, CLOSED = "project_unavailable", "project_closed"
"""Codes of reasons for which a project is paused: its folder is not there; the user closed it."""
PRUNED = "Its machine was removed by prune."
_Move = Callable[[Turn, Task, Any], None]


def step(state: PlaneState, event: ev.Event) -> do.Effects:
    """Take one event in; return what must be done, in order."""
    turn = Turn(state, event.at_ms)
    _dispatch(turn, event)
    while turn.replay:
        _dispatch(turn, turn.replay.pop(0))  # type: ignore[arg-type]
    leases.queue_again(turn)
    _apply_plan(turn)
    leases.settle(turn)
    check(state, turn.touched)
    state.touched = frozenset(turn.touched)
    return tuple(turn.effects)


def _dispatch(turn: Turn, event: ev.Event) -> None:
    state = turn.state
    if isinstance(event, ev.CapacityChanged):
        state.capacity, state.environment = event.capacity, event.environment
        return
    if isinstance(event, ev.Ticked):
        before_ms = state.steady_ms
        state.steady_ms += max(0, min(event.elapsed_ms, ev.TICK_MS_MAX))
        on_pressure.time_passed(turn)
        on_silence.time_passed(turn, before_ms)
        return
    if isinstance(event, ev.RulesChanged):
        _rules_changed(turn, event)
        return
    if isinstance(event, ev.ProjectPaused):
        _project_paused(turn, event)
        return
    if isinstance(event, ev.TaskSubmitted | ev.TaskRecovered):
        _enter(turn, event)
        return
    task = state.tasks.get(event.task)
    if task is None:
        intent = getattr(event, "intent", "")
        turn.acknowledge(intent, False, f"There is no task {event.task}.")
        return
    why = state.paused.get(task.project)
    if why is not None and not task.machine and isinstance(event, _INTENTS):
        turn.acknowledge(event.intent, False, f"{why.text} What mends it: {why.frees}.")
        return
    _TABLE[type(event)](turn, task, event)


def _rules_changed(turn: Turn, event: ev.RulesChanged) -> None:
    """They hold at once; what runs goes on, and may have to be trusted before its next machine."""
    state = turn.state
    state.rules, state.trusted = event.rules, event.trusted
    for task in list(state.tasks.values()):
        new = under(task, state.rules)
        if task.phase not in FINAL and new != task:
            turn.put(new)


def _project_paused(turn: Turn, event: ev.ProjectPaused) -> None:
    """Its waiting tasks say why at once; afterwards planning gives them a reason again."""
    state = turn.state
    others = {path: why for path, why in state.paused.items() if path != event.project}
    # A new mapping each time: the index of planning knows by it that it is out of date.
    state.paused = others if event.reason is None else {**others, event.project: event.reason}
    for task in list(state.tasks.values()):
        if task.project == event.project and task.phase in (Phase.QUEUED, Phase.UNKNOWN):
            turn.put(task, reason=event.reason, start_failures=0)


def _enter(turn: Turn, event: ev.TaskSubmitted | ev.TaskRecovered) -> None:
    """A task of a paused project is only shown, and replaced when Git is read again."""
    state = turn.state
    paused, shown = state.paused.get(event.task.project), state.tasks.get(event.task.id)
    if shown is not None and shown.project != event.task.project:
        left = state.paused.get(shown.project)
        if left is not None and left.code == GONE:
            # Its folder was moved, and is open where it is now: there it goes on, as it stands.
            moved = replace(shown, project=event.task.project, reason=None)
            turn.put(under(moved, state.rules))
        if left is None or left.code != CLOSED:
            return  # of a copy nothing is taken in: it is the same task
    elif shown is not None and (paused is None or shown.machine):
        return
    waited_ms = 0
    if isinstance(event, ev.TaskRecovered):
        waited_ms = waited_for_a_machine_ms(event.task, event.at_ms)
    task = replace(
        under(event.task, state.rules),
        seq=state.next_seq,
        eligible_ms=state.steady_ms - waited_ms,
        held_since_ms=state.steady_ms,
        reason=paused if event.task.phase in (Phase.QUEUED, Phase.UNKNOWN) else None,
    )
    state.next_seq += 1
    turn.put(task)


def _apply_plan(turn: Turn) -> None:
    decided = plan(turn.state)
    for task_id in decided.asks:
        leases.ask(turn, turn.state.tasks[task_id])
    for task_id in decided.start:
        _start(turn, turn.state.tasks[task_id])
    for task_id in decided.parks:
        on_pressure.park(turn, task_id, "another task needs its memory")
    for wanted in decided.yields:
        on_pressure.ask_to_yield(turn, wanted.victim, wanted.for_task, wanted.why)
    for task_id in decided.keeps:
        on_pressure.keep(turn, task_id)
    _mark_blocked(turn, decided.blocked)
    for task_id, reason in decided.reasons.items():
        task = turn.state.tasks[task_id]
        if task.reason != reason:
            turn.put(task, reason=reason)


def _mark_blocked(turn: Turn, blocked: TaskId | None) -> None:
    """Remember since when the head of the queue finds no room: in time it gets a reservation."""
    if blocked is not None and turn.state.tasks[blocked].stuck_since_ms is None:
        turn.put(turn.state.tasks[blocked], stuck_since_ms=turn.state.steady_ms)


def _start(turn: Turn, task: Task) -> None:
    task = turn.put(
        task,
        machine_since_ms=turn.state.steady_ms,
        stuck_since_ms=None,
        promised=False,
        yielding=None,
    )
    checkpoint = task.checkpoint(task.resume_from) if task.resume_from else None
    if checkpoint is None:
        turn.put(task, phase=Phase.STARTING, reason=None)
        turn.do(do.StartMachine(task.id, task.attempt, task.start_commit))
    else:
        turn.put(task, phase=Phase.RESTORING, reason=None)
        files = moves.files_for(task, checkpoint)
        turn.do(do.RestoreMachine(task.id, task.attempt, checkpoint, files))


def _machine_started(turn: Turn, task: Task, event: ev.MachineStarted) -> None:
    expected = task.phase is Phase.STARTING and not task.resume_from and not task.machine
    if task.attempt != event.attempt or not expected:
        turn.do(do.ReleaseMachine(task.id, event.machine))  # R1
        return
    facts: dict[str, Any] = {
        "attempt": event.attempt,
        "machine": event.machine,
        "boot_ms": round(event.boot_ms),
        "accelerator": event.accelerator,
        "warm": event.warm,
    }
    task = turn.put(
        task,
        machine=event.machine,
        accelerator=event.accelerator,
        base="",
        resume_from=None,
        start_failures=0,
        reason=None,
    )
    if task.finish is not None:
        moves.release(turn, task)
        return
    turn.note(task, "started", **facts)
    task = turn.state.tasks[task.id]
    turn.do(do.RecordEvent(task.id, "started", event.at_ms, tuple(facts.items())))
    on_decision.turn_back(turn, moves.run_step(turn, task, 0))


def _machine_restored(turn: Turn, task: Task, event: ev.MachineRestored) -> None:
    expected = task.phase is Phase.RESTORING and not task.machine
    if task.attempt != event.attempt or task.resume_from != event.ordinal or not expected:
        turn.do(do.ReleaseMachine(task.id, event.machine))  # R1
        return
    task = turn.put(
        task,
        machine=event.machine,
        accelerator=event.accelerator,
        start_failures=0,
        reason=None,
    )
    if task.finish is not None:
        moves.release(turn, task)
        return
    facts: dict[str, Any] = {
        "attempt": event.attempt,
        "ordinal": event.ordinal,
        "machine": event.machine,
        "memory": event.memory,
        "boot_ms": round(event.boot_ms),
        "note": event.note,
    }
    task = turn.note(task, "resumed", **facts)
    turn.do(do.RecordEvent(task.id, "resumed", event.at_ms, tuple(facts.items())))
    on_boundary.continue_from(turn, task, event)
    on_decision.turn_back(turn, turn.state.tasks[task.id])


def _machine_failed(turn: Turn, task: Task, event: ev.MachineFailed) -> None:
    if not _is_wanted(turn, task, event):
        return
    if event.damaged_ordinal:
        # Never boot a damaged snapshot: Git's copy of the files is still good, say so and use it.
        _forget_snapshot(turn, task, event.damaged_ordinal, event.why)
        return
    # A folder or a libvirt that is gone is no failure of the task: it waits for that.
    blameless = task.project in turn.state.paused or turn.state.environment is not None
    failures = task.start_failures + (not blameless)
    task = turn.put(task, start_failures=failures)
    if failures >= 2 or event.hopeless:
        moves.finish(turn, task, Phase.FAILED, f"The machine did not start: {event.why}")
    else:
        on_decision.obey_wish(turn, turn.put(task, phase=Phase.QUEUED))


def _image_building(turn: Turn, task: Task, event: ev.ImageBuilding) -> None:
    if task.attempt == event.attempt and task.phase in COMING:
        task = leases.put_off(turn, task)
        text = f"Its image is being built: {event.step}, {event.seconds} s."
        facts = (("step", event.step), ("seconds", event.seconds))
        turn.put(task, reason=Reason("image", text, "it is built once", facts))


def _image_ready(turn: Turn, task: Task, event: ev.ImageReady) -> None:
    """Back to the queue, where it keeps its place: its machine and its model are given together."""
    if _is_wanted(turn, task, event):
        on_decision.obey_wish(turn, turn.put(task, phase=Phase.QUEUED, reason=None))


def _is_wanted(turn: Turn, task: Task, event: ev.MachineFailed | ev.ImageReady) -> bool:
    """Whether the task waits for its machine still; one that was told to end does so now."""
    if task.attempt != event.attempt or task.phase not in COMING:
        return False  # R1
    if task.finish is not None:
        moves.settle_released(turn, task)
    return task.finish is None


def _forget_snapshot(turn: Turn, task: Task, ordinal: int, why: str) -> None:
    bare = without_snapshots(task, (ordinal,), why)
    on_decision.obey_wish(turn, turn.put(bare, phase=Phase.QUEUED))
    turn.do(do.Notify(task.id, f"Checkpoint {ordinal}: {why} Its files are used without memory."))


def _machine_lost(turn: Turn, task: Task, event: ev.MachineLost) -> None:
    if event.machine != task.machine or task.phase in FINAL or task.phase is Phase.RELEASING:
        return  # R1, R2
    if task.phase is Phase.HELD and task.request is not None and not task.request.is_ours:
        # At rest there is nothing to lose: its snapshot waits for the decision.
        turn.do(do.ReleaseMachine(task.id, task.machine))
        turn.put(task, machine="", leaving=task.machine, deferred=())
        return
    if task.phase is Phase.UNKNOWN and task.resume_from is not None:
        # A decision is committed and not carried out: that can be done from its snapshot as well.
        outcome, text = task.resume_outcome, task.resume_text
        moves.requeue_at(turn, task, task.resume_from, outcome, text)
        return
    taken = task.next_ordinal - 1
    if task.phase is Phase.SNAPSHOTTING and task.wish and task.checkpoint(taken):
        return  # on its way back to a checkpoint anyway: RestoreRecorded gives the machine up
    if task.deciding is not None:
        on_decision.answer(turn, task.deciding, False, f"The machine was lost: {event.why}")
    if task.wish is not None:
        turn.acknowledge(task.wish.intent, False, f"The machine was lost: {event.why}")
    facts: dict[str, Any] = {"attempt": task.attempt, "why": event.why}
    facts |= spent_fields(task.spending.steps) | counted_fields(task.spending.counted)
    task = turn.note(task, "attempt_ended", **facts)
    turn.do(do.RecordEvent(task.id, "attempt_ended", event.at_ms, tuple(facts.items())))
    task = turn.put(
        task, attempt=task.attempt + 1, rounds=(), feedback="", wish=None, deciding=None
    )
    if task.attempt > moves.ATTEMPTS_MAX:
        moves.finish(turn, task, Phase.FAILED, f"Lost {moves.ATTEMPTS_MAX} machines: {event.why}")
        return
    further = task.tip_ordinal > task.beginning
    offer = f" Checkpoint {task.tip_ordinal} can be restored instead." if further else ""
    why = f"{event.why[:1].upper()}{event.why[1:].rstrip('.')}."
    first = task.beginning
    turn.do(
        do.RecordRestore(task.id, first, task.start_commit, "clawdesk", "plane"),
        do.Notify(task.id, f"{why} The task starts again from its beginning.{offer}"),
    )
    moves.requeue_at(turn, turn.put(task, tip_ordinal=first), first)


def _machine_released(turn: Turn, task: Task, event: ev.MachineReleased) -> None:
    if event.machine == task.leaving:
        turn.put(task, leaving="")
    elif event.machine == task.machine and task.phase is Phase.RELEASING:
        moves.settle_released(turn, task)


def _recorded(turn: Turn, task: Task, event: ev.EventRecorded) -> None:
    if event.event == "yielded":
        on_pressure.left(turn, task, event.commit)
    if event.event != "finished" or task.finish is None or task.phase in FINAL:
        return
    status, text = task.finish.value, task.finish_text
    spent = spent_fields(task.spending.steps)
    task = turn.note(task, "finished", event.commit, status=status, text=text, **spent)
    task = on_decision.cancel_known(turn, task)
    moves.close(turn, turn.put(task, finish_known=True))


def _record_failed(turn: Turn, task: Task, event: ev.RecordFailed) -> None:
    if event.event == "finished" and task.finish is not None:
        # The end is a fact even where Git cannot take it; the next start finds the task unfinished.
        text = f"{task.finish_text} (not recorded: {event.why})"
        task = on_decision.cancel_known(turn, task, event.why)
        moves.close(turn, turn.put(task, finish_text=text, finish_known=True))
    elif event.event == "yielded":
        on_pressure.not_left(turn, task, event.why)
    elif event.event in ("decision", "requested", "restored"):
        on_decision.not_recorded(turn, task, event)
    else:
        turn.do(do.Notify(task.id, f"Not recorded: {event.why}"))


def _merged(turn: Turn, task: Task, event: TaskMerged) -> None:
    made = {"merge_commit": event.merge_commit, "backup": event.backup}
    task = turn.note(task, "merged", event.commit, branch=event.branch, **made)
    if task.phase not in FINAL:
        return  # it was taken back meanwhile: its work is another one now
    task = turn.put(task, merged_into=event.branch)
    if task.wish is None:
        moves.discard(turn, task, moves.MERGED)


def _unmerged(turn: Turn, task: Task, event: TaskUnmerged) -> None:
    turn.note(turn.put(task, merged_into=""), "unmerged", event.commit, branch=event.branch)


def _fork_kept(turn: Turn, task: Task, event: ForkKept) -> None:
    moves.recorded(turn, task, "kept", over=list(event.over))
    for name in event.over:
        other = turn.state.tasks.get(name)
        if other is not None:
            other = moves.recorded(turn, other, "passed_over", kept=task.id, title=task.title)
            _discard_asked(turn, other, event)


def _discard_asked(turn: Turn, task: Task, event: ev.DiscardAsked | ForkKept) -> None:
    ended = task.phase in FINAL and task.wish is None
    if ended and any(c.snapshot for c in task.checkpoints):
        moves.forgotten(turn, task, moves.ordinals(task), PRUNED)
        turn.do(do.DiscardSnapshots(task.id))


def _snapshot_forgotten(turn: Turn, task: Task, event: ev.SnapshotForgotten) -> None:
    checkpoint = task.checkpoint(event.ordinal)
    snapshot = checkpoint.snapshot if checkpoint is not None else None
    if snapshot is not None and snapshot.id == event.snapshot:
        moves.forgotten(turn, task, (event.ordinal,), event.why)


_INTENTS = (ev.DecisionGiven, ev.RestoreAsked, ev.PromptAsked, ev.CancelAsked, ev.SuspendAsked)
_TABLE: dict[type, _Move] = {
    LeaseGranted: leases.granted,
    LeaseWaits: leases.waits,
    LeaseRefused: leases.refused,
    LeaseAskedBack: leases.asked_back,
    LeaseEnded: leases.ended,
    ev.MachineStarted: _machine_started,
    ev.MachineRestored: _machine_restored,
    ev.MachineAdopted: on_adoption.machine_adopted,
    ev.MachineFailed: _machine_failed,
    ev.ImageBuilding: _image_building,
    ev.ImageReady: _image_ready,
    ev.MachineLost: _machine_lost,
    ev.MachineReleased: _machine_released,
    ev.StepBegan: lambda turn, task, event: None,
    ev.StepEnded: on_boundary.step_ended,
    ev.BoundaryAsked: on_boundary.boundary_asked,
    ev.PartStarted: on_boundary.part_started,
    ev.ModelsUsed: on_boundary.models_used,
    ev.QuestionAsked: on_boundary.question_asked,
    ev.CheckpointTaken: on_boundary.checkpoint_taken,
    ev.CheckpointFailed: on_boundary.checkpoint_failed,
    ev.HistoryLost: on_history.history_lost,
    ev.RequestRecorded: on_decision.request_recorded,
    ev.DecisionGiven: on_decision.decision_given,
    ev.DecisionRecorded: on_decision.decision_recorded,
    ev.RestoreAsked: on_decision.restore_asked,
    ev.PromptAsked: on_prompt.prompt_asked,
    ev.RestoreRecorded: on_decision.restore_recorded,
    ev.CancelAsked: on_decision.cancel_asked,
    ev.SuspendAsked: on_decision.suspend_asked,
    ev.EventRecorded: _recorded,
    ev.RecordFailed: _record_failed,
    TaskMerged: _merged,
    TaskUnmerged: _unmerged,
    ev.SnapshotForgotten: _snapshot_forgotten,
    ev.DiscardAsked: _discard_asked,
    ForkKept: _fork_kept,
}
