"""Who is asked to give its machine back leaves where nothing of its work is done again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clawdesk.domain import effects as do
from clawdesk.domain import events as ev
from clawdesk.domain.model import Boundary, Capacity, Checkpoint, Phase, PlaneState, Snapshot
from clawdesk.domain.rules import Rules
from clawdesk.domain.transitions import step
from tests.sim.hall import task_of

SNAPSHOT = Snapshot("s", 60, 150, 1)


def asked_to_leave() -> PlaneState:
    """A task runs; a more important one has come, and there is room for one."""
    state = PlaneState(capacity=Capacity(1, 512, 1), rules=Rules(run_s_min=0))
    step(state, ev.TaskSubmitted(1, task_of("old", hint=-5)))
    step(state, ev.MachineStarted(2, "old", 1, "m", 1.0, "tcg", warm=True))
    step(state, ev.TaskSubmitted(3, task_of("new", hint=5)))
    assert state.tasks["old"].yielding is not None
    return state


def reach(state: PlaneState, request: str, snapshot: Snapshot | None) -> list[do.Effect]:
    """It comes to a checkpoint: in the middle of its step by a call, or with "" at its end."""
    if request:
        step(state, ev.BoundaryAsked(4, "old", "m", request, False, ""))
    else:
        step(state, ev.StepEnded(4, "old", "m", 0, timed_out=False, tail="", run="0.1"))
    boundary = state.tasks["old"].boundary
    assert isinstance(boundary, Boundary)
    ordinal = state.tasks["old"].next_ordinal - 1
    made = Checkpoint(ordinal, 5, 0, "s0", 1, f"c{ordinal}", "t", "d", snapshot=snapshot)
    made = replace(made, guest_request=request, why_files_only="" if snapshot else "No room.")
    return list(step(state, ev.CheckpointTaken(5, "old", "m", made)))


def leaves(effects: list[do.Effect]) -> bool:
    return any(isinstance(e, do.RecordEvent) and e.event == "yielded" for e in effects)


@pytest.mark.parametrize(("request_id", "snapshot"), [("g1", SNAPSHOT), ("", SNAPSHOT), ("", None)])
def test_it_leaves_with_its_memory_or_between_two_steps(
    request_id: str, snapshot: Snapshot | None
) -> None:
    state = asked_to_leave()
    assert leaves(reach(state, request_id, snapshot))
    assert state.tasks["old"].phase is Phase.SNAPSHOTTING


def test_without_memory_it_stays_until_the_next_one_and_says_so_once() -> None:
    state = asked_to_leave()
    effects = reach(state, "g1", None)
    assert not leaves(effects)
    assert any(isinstance(e, do.ReplyToGuest) and e.outcome == "continue" for e in effects)
    (told,) = [e.text for e in effects if isinstance(e, do.Notify)]
    assert "keeps it: checkpoint 1 holds files only (No room), and its step" in told
    assert state.tasks["old"].phase is Phase.RUNNING
    again = reach(state, "g2", None)
    assert not [e for e in again if isinstance(e, do.Notify)]
    assert leaves(reach(state, "g3", SNAPSHOT))


@pytest.mark.parametrize("snapshot", [None, SNAPSHOT])
def test_a_person_who_asks_for_the_machine_is_told_where_a_step_would_begin_again(
    snapshot: Snapshot | None,
) -> None:
    state = asked_to_leave()
    step(state, ev.SuspendAsked(4, "old", "i"))
    made = Checkpoint(1, 5, 0, "s0", 1, "c1", "t", "d", snapshot=snapshot, safety=True)
    made = replace(made, mid_step=True, why_files_only="" if snapshot else "No room.")
    effects = step(state, ev.CheckpointTaken(5, "old", "m", made))
    if snapshot:
        effects = step(state, ev.RestoreRecorded(6, "old", 1, "c2"))
    (told,) = [e for e in effects if isinstance(e, do.Acknowledge)]
    assert told.ok is (snapshot is not None)
    task = state.tasks["old"]
    if snapshot is None:
        assert "keeps it: checkpoint 1 holds files only (No room)" in told.text
        assert (task.phase, task.machine, task.wish) == (Phase.RUNNING, "m", None)
        step(state, ev.StepEnded(7, "old", "m", 0, timed_out=False, tail="", run="0.1"))
        assert state.tasks["old"].phase is Phase.SNAPSHOTTING, "it goes on as before"


def test_when_the_plane_ends_a_machine_is_given_back_all_the_same() -> None:
    state = asked_to_leave()
    step(state, ev.SuspendAsked(4, "old", ""))
    made = Checkpoint(1, 5, 0, "s0", 1, "c1", "t", "d", safety=True, mid_step=True)
    effects = step(state, ev.CheckpointTaken(5, "old", "m", made))
    assert any(isinstance(effect, do.RecordRestore) for effect in effects)
