"""Model calls as boundaries: what waits there is an agent's own call, which takes no verdict."""

from __future__ import annotations

from dataclasses import replace

from clawdesk.domain import effects as do
from clawdesk.domain import events as ev
from clawdesk.domain import moves, on_pressure
from clawdesk.domain.model import (
    Checkpoint,
    CheckpointMode,
    Kind,
    Phase,
    PlaneState,
    ProjectPolicy,
    Request,
    StepSpec,
    Task,
    TaskDefinition,
    Verdict,
)
from clawdesk.domain.transitions import step

AGENT = StepSpec("agent", "agent", checkpoint=CheckpointMode.MODEL_CALL, every_calls=1)
RUNNING = Task(
    id="T",
    project="/p",
    definition=TaskDefinition("t", "T", (AGENT,)),
    policy=ProjectPolicy(),
    submitted_at_ms=0,
    base_commit="b",
    start_commit="b",
    phase=Phase.RUNNING,
    machine="m",
    step_running=True,
)


def plane(task: Task) -> PlaneState:
    return PlaneState(tasks={task.id: task})


def of(effects: list[do.Effect] | do.Effects, kind: type) -> list[do.Effect]:
    return [effect for effect in effects if isinstance(effect, kind)]


def test_the_call_goes_on_behind_its_checkpoint() -> None:
    state = plane(RUNNING)
    asked = ev.BoundaryAsked(1, "T", "m", "r1", False, "before model call 2", model_call=True)
    (take,) = of(step(state, asked), do.TakeCheckpoint)
    assert isinstance(take, do.TakeCheckpoint)
    assert (take.boundary.model_call, take.boundary.mode) == (True, "auto")
    made = Checkpoint(1, 1, 0, "agent", 1, "c", "t", "d", guest_request="r1", model_call=True)
    (reply,) = of(step(state, ev.CheckpointTaken(2, "T", "m", made)), do.ReplyToGuest)
    assert reply == do.ReplyToGuest("T", "m", "r1", "continue", "")


def test_a_rejection_there_begins_the_step_again_with_the_note() -> None:
    made = Checkpoint(
        *(1, 1, 0, "agent", 1, "c", "t", "d"),
        guest_request="r1",
        model_call=True,
        approval_reason="it changes src/",
    )
    held = replace(
        RUNNING,
        phase=Phase.HELD,
        next_ordinal=2,
        tip_ordinal=1,
        checkpoints=(made,),
        request=Request("q", Kind.APPROVE, 1, 1, "d", guest_request="r1"),
    )
    state = plane(held)
    no = ev.DecisionGiven(
        2, "T", "1", Verdict.REJECTED, actor="me", channel="test", digest="d", note="leave src/"
    )
    step(state, no)
    effects = step(state, ev.DecisionRecorded(3, "T", "q", "c2"))
    assert not of(effects, do.ReplyToGuest)
    (back,) = of(effects, do.RecordRestore)
    assert isinstance(back, do.RecordRestore)
    assert (back.ordinal, back.feedback) == (0, "leave src/")


def test_a_task_that_is_to_yield_leaves_at_its_next_call() -> None:
    turn = moves.Turn(plane(RUNNING), 1)
    on_pressure.ask_to_yield(turn, "T", "other", "needed")
    assert turn.effects == [do.WantTurn("T", "m")]
    plain = replace(AGENT, checkpoint=CheckpointMode.AUTO, every_calls=0)
    other = replace(RUNNING, definition=TaskDefinition("t", "T", (plain,)))
    turn = moves.Turn(plane(other), 1)
    on_pressure.ask_to_yield(turn, "T", "other", "needed")
    assert turn.effects == []
