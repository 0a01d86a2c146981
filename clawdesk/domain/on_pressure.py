"""Giving machines back: a running task yields at its checkpoint, a held one parks its memory."""

from __future__ import annotations

from dataclasses import replace

from clawdesk.domain import effects as do
from clawdesk.domain import moves, on_decision
from clawdesk.domain.model import Checkpoint, Phase, Task, TaskId, Yielding
from clawdesk.domain.moves import Turn
from clawdesk.domain.scheduling import index_of, may_park


def ask_to_yield(turn: Turn, victim: TaskId, for_task: TaskId, why: str) -> None:
    """It goes on until its next checkpoint; then it leaves."""
    task = turn.state.tasks[victim]
    yielding = Yielding(for_task, turn.state.steady_ms, why)
    task = turn.put(task, yielding=yielding)
    task = turn.note(task, "yield_asked", why=why, for_task=for_task)
    if task.step_running and moves.step_of(task).at_calls:
        turn.do(do.WantTurn(task.id, task.machine))


def keep(turn: Turn, victim: TaskId) -> None:
    """Nobody needs its place any more."""
    turn.put(turn.state.tasks[victim], yielding=None)


def leave(turn: Turn, task: Task, checkpoint: Checkpoint) -> None:
    """It stands at a checkpoint: once Git knows that it yields, its machine is given back."""
    assert task.yielding is not None
    facts = (
        ("ordinal", checkpoint.ordinal),
        ("for_task", task.yielding.for_task),
        ("why", task.yielding.why),
    )
    turn.do(
        do.HoldMachine(task.id, task.machine),
        do.RecordEvent(task.id, "yielded", turn.at_ms, facts),
    )


def _keeps_it(checkpoint: Checkpoint) -> str:
    why = checkpoint.why_files_only.rstrip(".") or "its memory was not kept"
    return (
        f"It was to give its machine back, and keeps it: checkpoint {checkpoint.ordinal} holds "
        f"files only ({why}), and its step would begin again."
    )


def refuse_to_leave(turn: Turn, task: Task, checkpoint: Checkpoint) -> bool:
    """Whether a person asked for its machine, and got none that comes back as it is now."""
    wish = task.wish
    if wish is None or not wish.intent or wish.ordinal != checkpoint.ordinal:
        return False
    if checkpoint.loses_nothing:
        return False
    turn.acknowledge(wish.intent, False, _keeps_it(checkpoint))
    moves.go_on(turn, turn.put(task, wish=None), checkpoint)
    return True


def stays(turn: Turn, task: Task, checkpoint: Checkpoint) -> Task:
    """Who is asked to leave, and would have to begin its step again, goes on; it is told once."""
    if task.yielding is None or task.yielding.told_files_only:
        return task
    later = "It leaves at the next one that keeps its memory, or when its step ends."
    turn.do(do.Notify(task.id, f"{_keeps_it(checkpoint)} {later}"))
    return turn.put(task, yielding=replace(task.yielding, told_files_only=True))


def left(turn: Turn, task: Task, commit: str) -> None:
    """That it yields is durable."""
    if task.phase is not Phase.SNAPSHOTTING or task.yielding is None or task.finish is not None:
        return
    why, for_task = task.yielding.why, turn.state.tasks.get(task.yielding.for_task)
    if for_task is not None and for_task.phase is Phase.QUEUED:
        turn.put(for_task, promised=True)
    task = turn.put(task, yielding=None, preemptions=task.preemptions + 1)
    task = turn.note(task, "yielded", commit, ordinal=task.tip_ordinal, why=why)
    if not on_decision.obey_wish(turn, task):
        moves.requeue_at(turn, task, task.tip_ordinal)


def not_left(turn: Turn, task: Task, why: str) -> None:
    """Git could not take it: without a durable word the task keeps its machine and goes on."""
    turn.do(do.Notify(task.id, f"It keeps its machine: {why}"))
    if task.phase is not Phase.SNAPSHOTTING or not task.machine or task.finish is not None:
        return
    task = turn.put(task, yielding=None)
    if on_decision.obey_wish(turn, task):
        return
    turn.do(do.ResumeMachine(task.id, task.machine))
    checkpoint = task.checkpoint(task.tip_ordinal)
    assert checkpoint is not None
    moves.go_on(turn, task, checkpoint)


def park(turn: Turn, task_id: TaskId, why: str) -> None:
    """Give the memory of a task back that waits for a person."""
    task = turn.state.tasks[task_id]
    if not may_park(task):
        return
    turn.do(do.ReleaseMachine(task.id, task.machine))
    task = turn.put(task, machine="", leaving=task.machine, deferred=())
    turn.note(task, "parked", why=why)


def time_passed(turn: Turn) -> None:
    """What is due after a tick: held memory to give back, tasks that do not reach a checkpoint."""
    state = turn.state
    for task in [state.tasks[task_id] for task_id in sorted(index_of(state).holding)]:
        limit_ms = state.rules.held_memory_s * 1000
        if may_park(task) and state.steady_ms - task.held_since_ms >= limit_ms:
            park(turn, task.id, f"it waited for you for {state.rules.held_memory_s} s")
        elif task.yielding is not None and not task.yielding.told_overdue:
            _overdue(turn, task, task.yielding)


def _overdue(turn: Turn, task: Task, yielding: Yielding) -> None:
    """A task is never killed for being late; the user is told, and can make it leave."""
    waited_s = (turn.state.steady_ms - yielding.since_ms) // 1000
    if waited_s < task.policy.checkpoint_every_s:
        return
    turn.put(task, yielding=replace(yielding, told_overdue=True))
    text = (
        f"It was asked {waited_s} s ago to yield and has not reached a checkpoint; its policy "
        f"expects one every {task.policy.checkpoint_every_s} s. `clawdesk yield {task.id}` takes "
        f"one in the middle of its step, and gives its machine back."
    )
    turn.do(do.Notify(task.id, text))
