"""What Git tells of an attempt that ended, where it could not be told all of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clawdesk.domain import effects as do
from clawdesk.domain import events as ev
from clawdesk.domain.model import (
    Capacity,
    Checkpoint,
    Kind,
    Phase,
    PlaneState,
    ProjectPolicy,
    Record,
    Request,
    Snapshot,
    StepSpec,
    Task,
    TaskDefinition,
)
from clawdesk.domain.replay import Alive, read, recover, submission
from clawdesk.domain.transitions import step
from clawdesk.domain.values import as_fields
from tests.sim.hall import task_of

STEPS = (StepSpec("one", "true"), StepSpec("two", "true"))


def held() -> list[Record]:
    """A task that waits for a person at checkpoint 1, which has files only."""
    task = Task(
        "t",
        "/p",
        TaskDefinition("t", "T", STEPS),
        ProjectPolicy(),
        submitted_at_ms=1,
        base_commit="start",
        start_commit="start",
    )
    checkpoint = Checkpoint(1, 10, 0, "one", 1, "c1", "", "d1", approval_reason="the task asks")
    request = Request("r1", Kind.APPROVE, 11, 1, "d1", why="the task asks")
    stands = {"value": as_fields(checkpoint), "ordinal": 1, "approval": "the task asks"}
    return [
        submission(task),
        Record("started", 5, {"attempt": 1, "machine": "m1"}),
        Record("checkpoint", 10, stands, "c1"),
        Record("requested", 11, {"value": as_fields(request)}, "c2"),
    ]


ENDED = Record("attempt_ended", 20, {"attempt": 1, "why": "it does not answer"})
BEGUN = Record("started", 30, {"attempt": 2, "machine": "m2"})


def test_a_task_at_rest_waits_for_its_person() -> None:
    recovery = recover(read(held()), None)
    assert (recovery.task.phase, recovery.lost_attempt) == (Phase.HELD, 0)
    assert recovery.task.request is not None


def test_an_ended_attempt_leaves_nothing_to_decide() -> None:
    """Its way back was refused by Git: a fresh machine must not be taken for the old one."""
    recovery = recover(read([*held(), ENDED]), Alive("m2", attempt=2))
    task = recovery.task
    assert (task.phase, task.request, task.resume_from) == (Phase.QUEUED, None, None)
    assert (task.attempt, task.tip_ordinal, task.leaving) == (2, 0, "m2")
    assert recovery.lost_attempt == 0


@pytest.mark.parametrize("told", [[ENDED, BEGUN], [BEGUN]])
def test_the_next_attempt_says_that_the_one_before_ended(told: list[Record]) -> None:
    task = read([*held(), *told])
    assert (task.phase, task.request, task.attempt) == (Phase.RUNNING, None, 2)
    assert task.tip_ordinal == 0
    adopted = recover(task, Alive("m2", attempt=2)).task
    assert (adopted.phase, adopted.machine) == (Phase.UNKNOWN, "m2")
    assert recover(task, None).lost_attempt == 2


def test_a_checkpoint_of_a_later_attempt_says_so_too() -> None:
    late = Checkpoint(2, 40, 0, "one", 1, "c9", "", "d2", attempt=2)
    record = Record("checkpoint", 40, {"value": as_fields(late), "ordinal": 2}, "c9")
    task = read([*held(), record])
    assert (task.attempt, task.tip_ordinal, task.request) == (2, 2, None)


def test_a_lost_machine_begins_anew_and_its_last_checkpoint_is_offered_and_can_be_had() -> None:
    state = PlaneState(capacity=Capacity(1, 512, 1))
    step(state, ev.TaskSubmitted(1, task_of("t")))
    step(state, ev.MachineStarted(2, "t", 1, "m1", 1.0, "tcg", warm=True))
    step(state, ev.BoundaryAsked(3, "t", "m1", "g1", False, ""))
    taken = Checkpoint(1, 4, 0, "s0", 1, "c1", "t", "d1", snapshot=Snapshot("s", 60, 150, 1))
    taken = replace(taken, guest_request="g1")
    step(state, ev.CheckpointTaken(4, "t", "m1", taken))
    effects = step(state, ev.MachineLost(5, "t", "m1", "QEMU was killed by signal 9"))
    (told,) = [effect.text for effect in effects if isinstance(effect, do.Notify)]
    assert "starts again from its beginning. Checkpoint 1 can be restored instead." in told
    begun = step(state, ev.MachineReleased(6, "t", "m1"))
    assert do.StartMachine("t", 2, "s") in begun, "another attempt, from the start"
    step(state, ev.MachineStarted(7, "t", 2, "m2", 1.0, "tcg", warm=True))
    late = ev.StepEnded(7, "t", "m1", 0, timed_out=False, tail="", run="0.1")
    assert step(state, late) == (), "a word of the attempt before changes nothing"
    # The offer is taken: back to where it was, with its memory.
    step(state, ev.RestoreAsked(8, "t", 1, "me", "cli", "i"))
    safety = state.tasks["t"].next_ordinal - 1
    here = replace(taken, ordinal=safety, guest_request="", safety=True, mid_step=True, attempt=2)
    step(state, ev.CheckpointTaken(9, "t", "m2", here))
    step(state, ev.RestoreRecorded(10, "t", 1, "c3"))
    back = step(state, ev.MachineReleased(11, "t", "m2"))
    (restored,) = [effect for effect in back if isinstance(effect, do.RestoreMachine)]
    assert (restored.attempt, restored.checkpoint) == (2, taken)


@pytest.mark.parametrize("run", ["².1", "0.²", "0.1.1", "0.-1", f"0.{'9' * 40}", "7.1", "."])
def test_a_living_guest_that_speaks_of_no_step_of_its_task_is_given_up(run: str) -> None:
    state = PlaneState(capacity=Capacity(1, 512, 1))
    living = replace(task_of("t"), phase=Phase.UNKNOWN, machine="m1")
    step(state, ev.TaskRecovered(1, living))
    effects = step(state, ev.MachineAdopted(2, "t", 1, "m1", "tcg", run))
    assert do.ReleaseMachine("t", "m1") in effects
    assert (state.tasks["t"].attempt, state.tasks["t"].rounds) == (2, ())
