"""Asking back: a question in return for a question, which the task hears in place of an answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clawdesk.domain import effects as do
from clawdesk.domain import events as ev
from clawdesk.domain import moves
from clawdesk.domain.audit import record_of
from clawdesk.domain.model import (
    Checkpoint,
    Kind,
    Phase,
    PlaneState,
    Question,
    Record,
    Snapshot,
    Task,
    Verdict,
)
from clawdesk.domain.moves import GIVE_UP, RETRY, TELL, Turn
from clawdesk.domain.on_decision import OWN_QUESTION
from clawdesk.domain.replay import Alive, read, recover, submission
from clawdesk.domain.transitions import step
from clawdesk.domain.values import as_fields
from tests.sim.hall import task_of

CHOICES = ("full\nSame set as before", "mini")
QUESTION = Question("data", "Which data?", CHOICES)
POINT = Checkpoint(
    *(1, 1, 0, "s0", 1, "c1", "t", "d1"),
    guest_request="g1",
    question=QUESTION,
    snapshot=Snapshot("s1", 1.0, 1.0, 1),
)


def asking(**changes: object) -> Task:
    """A task whose step waits in `claw ask`."""
    task = replace(task_of("T"), machine="m", step_name="s0", rounds=(1,))
    task = replace(task, checkpoints=(POINT,), tip_ordinal=1, next_ordinal=2)
    request = moves.request_about(task, POINT, 2)
    held = replace(task, phase=Phase.HELD, request=request)
    return replace(held, **changes)  # type: ignore[arg-type]


def says(words: str, verdict: Verdict = Verdict.ASKED_BACK, key: str = "") -> ev.DecisionGiven:
    return ev.DecisionGiven(3, "T", "data", verdict, "ann", "cli", text=words, intent="i", key=key)


def plane(task: Task) -> PlaneState:
    return PlaneState(tasks={"T": task})


def acknowledged(effects: do.Effects) -> do.Acknowledge:
    (found,) = (effect for effect in effects if isinstance(effect, do.Acknowledge))
    return found


def recorded(state: PlaneState, event: ev.DecisionGiven) -> tuple[Record, do.Effects]:
    """What of it goes to Git, and what follows once it is there."""
    (effect,) = step(state, event)
    assert isinstance(effect, do.RecordDecision)
    there = ev.DecisionRecorded(4, "T", effect.request.id, "c2")
    return record_of(effect, 3), step(state, there)


def test_the_words_are_recorded_and_the_call_hears_that_they_are_no_answer() -> None:
    state = plane(asking())
    record, effects = recorded(state, says("full"))
    assert record.fields["verdict"] == "asked_back"
    assert record.fields["text"] == "full", "they name no choice, whatever they are"
    assert do.ReplyToGuest("T", "m", "g1", "asked_back", "full") in effects
    assert acknowledged(effects) == do.Acknowledge(
        "i", True, "Asked back about 'data'; the task may ask again."
    )
    task = state.tasks["T"]
    assert (task.phase, task.records[-1].fields["verdict"]) == (Phase.RUNNING, "asked_back")
    again = ev.QuestionAsked(9, "T", "m", "g2", "data", "Which of the two?")
    (take,) = step(state, again)
    assert isinstance(take, do.TakeCheckpoint), "another call is another question"


@pytest.mark.parametrize("words", ["", " \n"])
def test_it_needs_words(words: str) -> None:
    state = plane(asking())
    assert acknowledged(step(state, says(words))).text == "A question back needs some text."
    assert state.tasks["T"].deciding is None


def test_of_the_planes_own_question_nobody_can_be_asked_back() -> None:
    state = plane(replace(asking(), phase=Phase.SNAPSHOTTING, request=None))
    turn = Turn(state, 2)
    moves.ask_to_retry(turn, state.tasks["T"], "No space.")
    asked = replace(says("why?"), ref=RETRY)
    assert acknowledged(step(state, asked)) == do.Acknowledge("i", False, OWN_QUESTION)
    assert state.tasks["T"].phase is Phase.HELD
    assert acknowledged(step(state, replace(asked, verdict=Verdict.ANSWERED, text=GIVE_UP))).ok


@pytest.mark.parametrize("words", ["yes", "Retry", TELL])
def test_other_words_than_the_planes_own_end_no_task(words: str) -> None:
    state = plane(replace(asking(), phase=Phase.SNAPSHOTTING, request=None))
    turn = Turn(state, 2)
    moves.ask_to_retry(turn, state.tasks["T"], "No space.")
    answer = replace(says(words, Verdict.ANSWERED), ref=RETRY)
    told = acknowledged(step(state, answer))
    assert told == do.Acknowledge("i", False, "Answer with one of: retry, give up.")
    assert state.tasks["T"].request is not None, "it is asked still"
    assert acknowledged(step(state, replace(answer, text=" retry\n"))).ok
    assert state.tasks["T"].request is None


def test_an_approval_cannot_be_asked_back() -> None:
    task = asking()
    assert task.request is not None
    approval = replace(task.request, kind=Kind.APPROVE, key="")
    refused = acknowledged(step(plane(replace(task, request=approval)), says("why?")))
    assert refused.text == "Question data is not waiting; checkpoint 1 is."


def test_a_question_of_a_task_may_be_called_as_the_planes_own() -> None:
    """`claw ask --key retry` is answered like any other."""
    task = asking()
    assert task.request is not None
    state = plane(replace(task, request=replace(task.request, key=RETRY)))
    _, effects = recorded(state, replace(says("no", Verdict.ANSWERED), ref=RETRY))
    assert do.ReplyToGuest("T", "m", "g1", "answered", "no") in effects


def test_the_first_of_an_answer_and_a_question_back_counts() -> None:
    state = plane(asking())
    assert len(step(state, says("which?"))) == 1
    late = acknowledged(step(state, replace(says("mini", Verdict.ANSWERED), intent="j")))
    assert late == do.Acknowledge("j", False, "Question data was just answered by ann via cli.")


def test_the_same_one_again_is_told_and_changes_nothing() -> None:
    state = plane(asking())
    recorded(state, says("which?", key="k"))
    told = acknowledged(step(state, says("which?", key="k")))
    assert told == do.Acknowledge("i", True, "Asked back already, by this same answer.")


def history(*more: Record) -> list[Record]:
    """As Git tells of it: asked, and what followed."""
    task = asking()
    assert task.request is not None
    bare = replace(task, checkpoints=(), records=(), request=None, phase=Phase.QUEUED, machine="")
    fresh = replace(bare, tip_ordinal=0, next_ordinal=1, rounds=())
    point = {"value": as_fields(POINT), "ordinal": 1, "step_index": 0, "round": 1, "digest": "d1"}
    return [
        submission(fresh),
        Record("started", 1, {"attempt": 1, "machine": "m"}),
        Record("checkpoint", 1, point, "c1"),
        record_of(do.RecordRequest("T", task.request), 2),
        *more,
    ]


def asked_back() -> Record:
    record, _ = recorded(plane(asking()), says("which?"))
    return replace(record, commit="c2")


def test_where_the_machine_is_gone_it_is_told_to_the_one_that_comes_back() -> None:
    recovered = recover(read(history(asked_back())), None).task
    assert (recovered.phase, recovered.resume_from) == (Phase.QUEUED, 1)
    assert (recovered.resume_outcome, recovered.resume_text) == ("asked_back", "which?")
    state = plane(replace(recovered, phase=Phase.RESTORING))
    back = ev.MachineRestored(5, "T", 1, "m2", 1, True, 1.0, "tcg")
    assert do.ReplyToGuest("T", "m2", "g1", "asked_back", "which?") in step(state, back)


def test_a_machine_that_outlived_the_plane_hears_it_once_more() -> None:
    recovered = recover(read(history(asked_back())), Alive("m", 1, "tcg")).task
    assert recovered.phase is Phase.UNKNOWN
    state = plane(recovered)
    step(state, ev.MachineAdopted(5, "T", 1, "m", "tcg", "0.1", False, 0))
    told = step(state, ev.QuestionAsked(6, "T", "m", "g1", "data", "Which data?", CHOICES))
    assert told == (do.ReplyToGuest("T", "m", "g1", "asked_back", "which?"),)


def test_a_parked_task_hears_it_in_the_machine_that_is_restored_for_it() -> None:
    state = plane(asking(machine=""))
    recorded(state, says("which?"))
    task = state.tasks["T"]
    assert (task.resume_outcome, task.resume_text) == ("asked_back", "which?")
    assert task.resume_from == 1


def test_back_at_the_question_it_is_asked_again() -> None:
    """Whoever asked back in vain goes there to answer."""
    task = read(history(asked_back(), Record("restored", 4, {"ordinal": 1}, "c3")))
    state = plane(replace(task, phase=Phase.RESTORING))
    effects = step(state, ev.MachineRestored(5, "T", 1, "m2", 1, True, 1.0, "tcg"))
    assert any(isinstance(effect, do.RecordRequest) for effect in effects)
    assert not any(isinstance(effect, do.ReplyToGuest) for effect in effects)


@pytest.mark.parametrize(("code", "says_why"), [(4, True), (3, True), (1, False)])
def test_a_step_that_was_not_written_for_it_ends_with_what_to_do(code: int, says_why: bool) -> None:
    state = plane(asking())
    recorded(state, says("which?"))
    step(state, ev.StepEnded(5, "T", "m", code, run="0.1"))
    task = state.tasks["T"]
    assert task.finish is Phase.FAILED
    assert task.finish_text.startswith(f"Step s0 exited with {code}.")
    assert ("go back to checkpoint 1" in task.finish_text) is says_why


def test_a_step_that_ended_so_much_later_is_told_nothing_of_it() -> None:
    state = plane(asking())
    recorded(state, says("which?"))
    points = (POINT, replace(POINT, ordinal=2))
    later = replace(state.tasks["T"], tip_ordinal=2, next_ordinal=3, checkpoints=points)
    state = plane(later)
    step(state, ev.StepEnded(5, "T", "m", 4, run="0.1"))
    assert "asked back" not in state.tasks["T"].finish_text
