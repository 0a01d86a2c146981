"""A project that may not be written: its tasks are shown, say why they wait, and are not driven."""

from __future__ import annotations

from clawdesk.domain import effects as do
from clawdesk.domain import events as ev
from clawdesk.domain.model import (
    Phase,
    PlaneState,
    ProjectPolicy,
    Reason,
    StepSpec,
    Task,
    TaskDefinition,
)
from clawdesk.domain.replacing import replace
from clawdesk.domain.transitions import step

GONE = Reason("project_unavailable", "/p is not there any more.", "bring it back")
TASK = Task(
    "01JP0000000000000000000001",
    "/p",
    TaskDefinition("t", "T", (StepSpec("s", "true"),)),
    ProjectPolicy(),
    1,
    "c",
    "c",
)


def starts(effects: do.Effects) -> list[str]:
    return [effect.task for effect in effects if isinstance(effect, do.StartMachine)]


def test_nothing_starts_until_the_project_is_back() -> None:
    state = PlaneState()
    assert starts(step(state, ev.ProjectPaused(1, "/p", GONE))) == []
    assert starts(step(state, ev.TaskSubmitted(2, TASK))) == []
    assert state.tasks[TASK.id].reason == GONE
    assert starts(step(state, ev.TaskSubmitted(3, replace(TASK, id="other", project="/q"))))
    assert state.tasks[TASK.id].reason == GONE
    assert starts(step(state, ev.ProjectPaused(4, "/p", None))) == [TASK.id]


def test_a_start_that_failed_for_want_of_the_folder_is_not_held_against_the_task() -> None:
    state = PlaneState()
    assert starts(step(state, ev.TaskSubmitted(1, TASK)))
    step(state, ev.ProjectPaused(2, "/p", GONE))
    for at_ms in range(3, 7):
        step(state, ev.MachineFailed(at_ms, TASK.id, 1, "The folder is gone."))
    assert state.tasks[TASK.id].phase is Phase.QUEUED
    assert state.tasks[TASK.id].reason == GONE
    assert starts(step(state, ev.ProjectPaused(9, "/p", None))) == [TASK.id]


def test_nor_is_one_that_failed_for_want_of_libvirt() -> None:
    state, capacity = PlaneState(), PlaneState().capacity
    gone = Reason("no_machines", "libvirt does not answer.", "start it")
    for at_ms in range(1, 9, 4):  # it comes and goes
        before = () if at_ms > 1 else step(state, ev.TaskSubmitted(at_ms, TASK))
        back = step(state, ev.CapacityChanged(at_ms, capacity))
        assert starts((*before, *back)) == [TASK.id]
        step(state, ev.CapacityChanged(at_ms + 1, capacity, gone))
        assert (
            starts(step(state, ev.MachineFailed(at_ms + 2, TASK.id, 1, "Connection reset"))) == []
        )
        assert (state.tasks[TASK.id].phase, state.tasks[TASK.id].reason) == (Phase.QUEUED, gone)
    assert starts(step(state, ev.CapacityChanged(9, capacity))) == [TASK.id]


def test_what_others_hold_is_shown_as_git_tells_it_and_refuses_decisions() -> None:
    state = PlaneState()
    held = Reason("read_only", "/p is held by process 7 of user bob.", "close it there")
    step(state, ev.ProjectPaused(1, "/p", held))
    step(state, ev.TaskRecovered(2, replace(TASK, phase=Phase.UNKNOWN)))
    assert state.tasks[TASK.id].reason == held
    effects = step(state, ev.CancelAsked(3, TASK.id, "ann", "cli", intent="i"))
    (answer,) = [effect for effect in effects if isinstance(effect, do.Acknowledge)]
    assert not answer.ok
    assert "process 7 of user bob" in answer.text
    # Git is read again, and later the holder is gone: the task is driven from what Git says then.
    step(state, ev.TaskRecovered(4, replace(TASK, phase=Phase.DONE)))
    assert state.tasks[TASK.id].phase is Phase.DONE
    step(state, ev.TaskRecovered(5, TASK))
    assert starts(step(state, ev.ProjectPaused(6, "/p", None))) == [TASK.id]
