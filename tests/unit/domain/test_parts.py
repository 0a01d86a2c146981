"""What a step works at, as it says: another name for its work, and no boundary."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clawdesk.domain import effects as do
from clawdesk.domain import events as ev
from clawdesk.domain.model import Phase, PlaneState, Task
from clawdesk.domain.transitions import step
from tests.sim.hall import task_of


def plane(**changes: object) -> PlaneState:
    running = replace(
        task_of("T", steps=2),
        phase=Phase.RUNNING,
        machine="m",
        step_running=True,
        step_name="s0",
    )
    task: Task = replace(running, **changes)  # type: ignore[arg-type]
    return PlaneState(tasks={"T": task})


def told(state: PlaneState) -> list[tuple[int, str]]:
    records = state.tasks["T"].records
    return [(r.fields["index"], r.fields["name"]) for r in records if r.event == "part_started"]


@pytest.mark.parametrize("phase", [Phase.RUNNING, Phase.SNAPSHOTTING])
def test_it_is_the_steps_name_until_the_step_says_otherwise(phase: Phase) -> None:
    state = plane(phase=phase)
    assert step(state, ev.PartStarted(1, "T", "m", "look")) == ()
    assert state.tasks["T"].step_name == "look"
    step(state, ev.PartStarted(2, "T", "m", "look"))  # a new connection tells it again
    step(state, ev.PartStarted(3, "T", "m", ""))
    assert state.tasks["T"].step_name == "s0"
    assert told(state) == [(0, "look"), (0, "s0")]
    assert state.tasks["T"].phase is phase


def test_a_checkpoint_bears_it_and_the_next_step_does_not() -> None:
    state = plane()
    step(state, ev.PartStarted(1, "T", "m", "look"))
    (take,) = step(state, ev.BoundaryAsked(2, "T", "m", "r", False, "", model_call=True))
    assert isinstance(take, do.TakeCheckpoint)
    assert take.step_name == "look"
    state = plane()
    step(state, ev.PartStarted(1, "T", "m", "look"))
    (take,) = step(state, ev.StepEnded(2, "T", "m", 0, run="0.1"))[-1:]
    assert isinstance(take, do.TakeCheckpoint)


def test_claw_step_begins_one_behind_its_boundary() -> None:
    state = plane()
    asked = ev.BoundaryAsked(1, "T", "m", "r", False, "", "mend")
    (take,) = step(state, asked)
    assert isinstance(take, do.TakeCheckpoint)
    assert take.step_name == "s0"
    assert (state.tasks["T"].step_name, told(state)) == ("mend", [(0, "mend")])


def test_words_of_an_older_machine_or_between_two_steps_change_nothing() -> None:
    for state, machine in ((plane(), "older"), (plane(step_running=False), "m")):
        step(state, ev.PartStarted(1, "T", machine, "look"))
        assert (state.tasks["T"].step_name, told(state)) == ("s0", [])
