"""A task's machine and its model are given in one step, or neither is (I16, I17)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clawdesk.domain import effects as do
from clawdesk.domain import events as ev
from clawdesk.domain.lease_events import (
    LeaseAskedBack,
    LeaseEnded,
    LeaseGranted,
    LeaseRefused,
    LeaseWaits,
)
from clawdesk.domain.model import Capacity, Lease, Phase, PlaneState, Reason, Task
from clawdesk.domain.scheduling import explain
from clawdesk.domain.transitions import step
from tests.sim.hall import task_of

BUSY = Reason(
    "memory", "coder needs 15360 MiB; 20000 of 24576 MiB are in use by chat", "chat leaves"
)


def with_model(name: str, hint: int = 0) -> Task:
    task = task_of(name, hint=hint)
    return replace(task, definition=replace(task.definition, model="coder"))


def plane(*tasks: Task, machines: int = 1) -> PlaneState:
    state = PlaneState(capacity=Capacity(8, 4096, machines))
    for task in tasks:
        step(state, ev.TaskSubmitted(1, task))
    return state


def kinds(effects: do.Effects) -> list[tuple[str, str]]:
    return [(type(effect).__name__, getattr(effect, "task", "")) for effect in effects]


def test_a_machine_starts_in_the_step_in_which_its_model_is_granted() -> None:
    state = PlaneState(capacity=Capacity(8, 4096, 1))
    assert kinds(step(state, ev.TaskSubmitted(1, with_model("a")))) == [("AskLease", "a")]
    task = state.tasks["a"]
    assert task.reason is not None
    assert (task.phase, task.reason.code) == (Phase.QUEUED, "model")
    assert kinds(step(state, ev.Ticked(2, 1))) == [], "it is asked once"
    assert kinds(step(state, LeaseGranted(3, "a"))) == [("StartMachine", "a")]


def test_no_model_is_asked_for_while_there_is_no_room() -> None:
    state = plane(task_of("first"))
    assert kinds(step(state, ev.TaskSubmitted(2, with_model("a")))) == []


def test_a_model_that_comes_when_the_room_is_gone_is_given_back_at_once() -> None:
    state = plane(with_model("a"))
    step(state, LeaseWaits(2, "a", BUSY))
    # Its turn passes: another task takes the only machine meanwhile.
    assert ("StartMachine", "b") in kinds(step(state, ev.TaskSubmitted(3, task_of("b"))))
    assert kinds(step(state, LeaseGranted(4, "a"))) == [("ReleaseLease", "a")]
    assert state.tasks["a"].lease is Lease.NONE


def test_a_task_whose_model_has_no_room_says_the_fabrics_reason_and_lets_others_go_first() -> None:
    state = plane(with_model("a"))
    step(state, LeaseWaits(2, "a", BUSY))
    assert state.tasks["a"].reason == BUSY
    assert explain(state, "a") == BUSY
    step(state, ev.Ticked(3, 1))
    assert state.tasks["a"].reason == BUSY
    step(state, ev.CapacityChanged(4, Capacity(8, 4096, 2), None))
    assert kinds(step(state, ev.TaskSubmitted(5, task_of("b")))) == [("StartMachine", "b")]
    assert kinds(step(state, LeaseGranted(6, "a"))) == [("StartMachine", "a")]


def test_room_is_kept_while_the_model_of_the_first_in_line_is_asked_for() -> None:
    state = plane(with_model("a", hint=5))
    assert kinds(step(state, ev.TaskSubmitted(2, task_of("b")))) == []
    assert kinds(step(state, LeaseGranted(3, "a"))) == [("StartMachine", "a")]


def test_what_can_still_work_does_when_the_model_cannot_be_had() -> None:
    state = plane(with_model("a"))
    done = step(state, LeaseRefused(2, "a", "there is no model coder"))
    assert kinds(done) == [("Notify", "a"), ("StartMachine", "a")]


def test_that_its_model_cannot_be_had_is_said_once_until_it_can() -> None:
    state = plane(with_model("a"))
    step(state, LeaseRefused(2, "a", "there is no model coder"))
    # At its next step it asks anew, and is refused again.
    state.tasks["a"] = replace(state.tasks["a"], lease=Lease.ASKED)
    assert ("Notify", "a") not in kinds(step(state, LeaseRefused(3, "a", "still none")))
    state.tasks["a"] = replace(state.tasks["a"], lease=Lease.ASKED)
    step(state, LeaseGranted(4, "a"))
    state.tasks["a"] = replace(state.tasks["a"], lease=Lease.ASKED)
    assert ("Notify", "a") in kinds(step(state, LeaseRefused(5, "a", "gone again")))


@pytest.mark.parametrize("lease", [Lease.ASKED, Lease.WAITS])
def test_a_cancelled_task_gives_back_what_it_asked_for(lease: Lease) -> None:
    state = plane(with_model("a"))
    if lease is Lease.WAITS:
        step(state, LeaseWaits(2, "a", BUSY))
    done = kinds(step(state, ev.CancelAsked(3, "a", "me", "test", "i")))
    assert ("ReleaseLease", "a") in done
    # An answer that was on its way is given back as well.
    assert kinds(step(state, LeaseGranted(4, "a"))) == [("ReleaseLease", "a")]
    assert state.tasks["a"].lease is Lease.NONE


def lease_of(state: PlaneState) -> Lease:
    return state.tasks["a"].lease


def running(state: PlaneState) -> None:
    step(state, LeaseGranted(2, "a"))
    step(state, ev.MachineStarted(3, "a", 1, "m", 1.0, "tcg", warm=True))
    assert state.tasks["a"].phase is Phase.RUNNING
    assert state.tasks["a"].lease is Lease.GRANTED


def test_a_lease_asked_back_is_given_at_the_next_boundary_and_asked_for_anew() -> None:
    state = plane(with_model("a"))
    running(state)
    assert kinds(step(state, LeaseAskedBack(4, "a", "a person needs it"))) == []
    done = kinds(step(state, ev.StepEnded(5, "a", "m", 0, timed_out=False, tail="", run="0.1")))
    assert done.index(("TakeCheckpoint", "a")) < done.index(("ReleaseLease", "a"))
    assert state.tasks["a"].lease is Lease.NONE


def test_a_lost_lease_is_asked_for_again_by_a_task_that_works() -> None:
    state = plane(with_model("a"))
    running(state)
    done = step(state, LeaseEnded(4, "a", "the model crashed"))
    assert kinds(done) == [("AskLease", "a")]
    step(state, LeaseWaits(5, "a", BUSY))
    assert state.tasks["a"].reason is None, "it works: its calls say why they wait"


def test_a_task_that_queues_again_with_a_lease_asked_back_asks_anew_at_once() -> None:
    state = plane(with_model("a"))
    step(state, LeaseGranted(2, "a"))
    step(state, LeaseAskedBack(3, "a", "a person needs it"))
    done = kinds(step(state, ev.MachineFailed(4, "a", 1, "no boot")))
    assert done == [("ReleaseLease", "a"), ("AskLease", "a")]


def test_a_lease_that_an_earlier_plane_was_asked_for_is_given_back_and_asked_anew() -> None:
    """The Fabric knew it already when this plane asked: asked back is its first answer."""
    state = plane(with_model("a"))
    done = kinds(step(state, LeaseAskedBack(2, "a", "a person needs it")))
    assert done == [("ReleaseLease", "a"), ("AskLease", "a")]
    state = plane(with_model("a"))
    running(state)
    step(state, LeaseEnded(4, "a", "the plane was killed"))
    assert lease_of(state) is Lease.ASKED
    step(state, LeaseAskedBack(5, "a", "a person needs it"))
    assert lease_of(state) is Lease.ASKED_BACK


def test_a_task_of_a_paused_project_leaves_the_line_of_its_model_and_says_why_it_waits() -> None:
    state = plane(with_model("a"))
    step(state, LeaseWaits(2, "a", BUSY))
    gone = Reason("project_unavailable", "the folder is gone", "bring it back")
    project = state.tasks["a"].project
    assert ("ReleaseLease", "a") in kinds(step(state, ev.ProjectPaused(3, project, gone)))
    assert state.tasks["a"].reason == gone
    assert kinds(step(state, ev.ProjectPaused(4, project, None))) == [("AskLease", "a")]
    assert state.tasks["a"].reason is not None, "every wait has a reason"


def test_the_timeline_is_told_how_long_a_model_was_held() -> None:
    state = plane(with_model("a"))
    step(state, LeaseGranted(2, "a"))
    step(state, LeaseEnded(5, "a", "the Fabric is gone"))
    step(state, LeaseEnded(6, "a", "twice is once"))
    told = [(r.event, r.at_ms) for r in state.tasks["a"].records if r.event.startswith("lease")]
    assert told == [("lease_granted", 2), ("lease_ended", 5)]
    granted = next(r for r in state.tasks["a"].records if r.event == "lease_granted")
    assert granted.fields == {"model": "coder"}
    assert granted.commit == "", "it is only shown; no restart needs it"


def test_a_lease_that_was_only_waited_for_leaves_no_trace() -> None:
    state = plane(with_model("a"))
    step(state, LeaseWaits(2, "a", BUSY))
    step(state, ev.CancelAsked(3, "a", "i", "you", "t"))
    assert not [r for r in state.tasks["a"].records if r.event.startswith("lease")]


def building(state: PlaneState) -> list[tuple[str, str]]:
    """The task's machine was to be started, and its image turns out to be missing."""
    step(state, LeaseGranted(2, "a"))
    return kinds(step(state, ev.ImageBuilding(3, "a", 1, "Debian packages", 0)))


def test_who_waits_for_its_image_holds_no_model_and_gets_both_when_it_is_ready() -> None:
    state = plane(with_model("a"))
    assert building(state) == [("ReleaseLease", "a")]
    task = state.tasks["a"]
    assert (task.phase, task.lease) == (Phase.STARTING, Lease.LATER)
    assert [record.event for record in task.records][-2:] == ["lease_granted", "lease_ended"]
    assert kinds(step(state, ev.ImageBuilding(4, "a", 1, "Debian packages", 5))) == []
    # A word of the Fabric that was under way changes nothing.
    assert kinds(step(state, LeaseEnded(5, "a", "given back"))) == []
    assert kinds(step(state, LeaseGranted(5, "a"))) == [("ReleaseLease", "a")]
    assert kinds(step(state, ev.TaskSubmitted(6, task_of("b")))) == [], "its room is in use"
    assert kinds(step(state, ev.ImageReady(7, "a", 1))) == [("AskLease", "a")]
    assert state.tasks["a"].phase is Phase.QUEUED
    assert kinds(step(state, LeaseGranted(8, "a"))) == [("StartMachine", "a")]


def test_a_model_that_waits_for_room_is_no_longer_asked_for_while_the_image_is_built() -> None:
    state = plane(with_model("a"))
    step(state, LeaseGranted(2, "a"))
    step(state, LeaseEnded(2, "a", "the model crashed"))  # and is asked for anew
    step(state, LeaseWaits(2, "a", BUSY))
    assert kinds(step(state, ev.ImageBuilding(3, "a", 1, "x", 0))) == [("ReleaseLease", "a")]
    assert lease_of(state) is Lease.LATER


def test_a_task_whose_model_has_no_room_when_its_image_is_ready_lets_others_go_first() -> None:
    state = plane(with_model("a"))
    building(state)
    step(state, ev.TaskSubmitted(4, task_of("b")))
    step(state, ev.ImageReady(5, "a", 1))
    assert kinds(step(state, LeaseWaits(6, "a", BUSY))) == [("StartMachine", "b")]


def test_a_task_without_a_model_starts_at_once_when_its_image_is_ready() -> None:
    state = plane(task_of("a"))
    assert kinds(step(state, ev.ImageBuilding(3, "a", 1, "x", 0))) == []
    assert kinds(step(state, ev.ImageReady(4, "a", 1))) == [("StartMachine", "a")]


def test_an_image_that_fails_or_is_ready_too_late_gives_nothing_back_twice() -> None:
    state = plane(with_model("a"))
    building(state)
    done = kinds(step(state, ev.MachineFailed(4, "a", 1, "no such package", hopeless=True)))
    assert done == [("RecordFinish", "a")]
    assert lease_of(state) is Lease.NONE
    state = plane(with_model("a"))
    building(state)
    lost = ev.MachineFailed(4, "a", 1, "the machine of the set-up was lost")
    assert kinds(step(state, lost)) == [("AskLease", "a")]
    state = plane(with_model("a"))
    building(state)
    step(state, ev.CancelAsked(4, "a", "me", "test", "i"))
    assert kinds(step(state, ev.ImageReady(5, "a", 1))) == [("RecordFinish", "a")]
    assert kinds(step(state, ev.ImageReady(6, "a", 1))) == []
    assert lease_of(state) is Lease.NONE
