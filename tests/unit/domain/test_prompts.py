"""Further prompts: to an agent that waits for approval, and to one whose task has ended."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clawdesk.domain import effects as do
from clawdesk.domain import events as ev
from clawdesk.domain.audit import record_of
from clawdesk.domain.model import (
    AgentSpec,
    Checkpoint,
    CheckpointMode,
    Kind,
    Phase,
    PlaneState,
    ProjectPolicy,
    Question,
    Record,
    Request,
    Snapshot,
    StepSpec,
    Task,
    TaskDefinition,
)
from clawdesk.domain.moves import PROMPT
from clawdesk.domain.on_prompt import TEXT_CHARS_MAX, prompt_refusal
from clawdesk.domain.policy import approval_reason
from clawdesk.domain.replay import Alive, at_rest, read, recover, submission
from clawdesk.domain.transitions import step
from clawdesk.domain.values import as_fields

AGENT = StepSpec("agent", "agent", checkpoint=CheckpointMode.APPROVE)
DEFINITION = TaskDefinition("t", "T", (AGENT,), agent=AgentSpec("acp", "Mend it.", "agent"))
SNAPSHOT = Snapshot("s", 1.0, 1.0, 1)
REST = Checkpoint(
    *(2, 1, 0, "agent", 1, "c2", "t", "d"), guest_request="r2", snapshot=SNAPSHOT, approved=True
)
LAST = Checkpoint(3, 1, 0, "agent", 1, "c3", "t", "d", snapshot=SNAPSHOT)
CALL = replace(REST, ordinal=1, guest_request="r1", model_call=True)
ENDED = Task(
    id="T",
    project="/p",
    definition=DEFINITION,
    policy=ProjectPolicy(),
    submitted_at_ms=0,
    base_commit="b",
    start_commit="b",
    phase=Phase.DONE,
    checkpoints=(CALL, REST, LAST),
    tip_ordinal=3,
    next_ordinal=4,
)
ASK = ev.PromptAsked(5, "T", "and the docs", "me", "cli", "i")


def refusal(task: Task, text: str = "and the docs") -> str:
    (told,) = step(PlaneState(tasks={"T": task}), replace(ASK, text=text))
    assert isinstance(told, do.Acknowledge)
    assert not told.ok
    return told.text


def held(request: Request, *checkpoints: Checkpoint) -> Task:
    return replace(
        ENDED,
        phase=Phase.HELD,
        machine="m",
        request=request,
        checkpoints=checkpoints,
        tip_ordinal=2,
    )


def test_an_ended_task_goes_back_to_where_its_agent_waits_and_tells_it() -> None:
    state = PlaneState(tasks={"T": ENDED})
    assert prompt_refusal(ENDED) == ""
    (back,) = step(state, ASK)
    assert isinstance(back, do.RecordRestore)
    assert (back.ordinal, back.commit, back.feedback, back.prompt) == (
        2,
        "c2",
        "and the docs",
        True,
    )
    effects = step(state, ev.RestoreRecorded(6, "T", 2, "c4"))
    assert do.Acknowledge("i", True, "The agent gets your prompt.") in effects
    (restore,) = [effect for effect in effects if isinstance(effect, do.RestoreMachine)]
    assert restore.checkpoint == REST
    again = ev.MachineRestored(7, "T", 1, "m2", 2, memory=True, boot_ms=1, accelerator="kvm")
    assert do.ReplyToGuest("T", "m2", "r2", "rejected", "and the docs") in step(state, again)
    assert state.tasks["T"].phase is Phase.RUNNING


def test_without_memory_the_step_begins_anew_with_the_prompt_as_what_was_said() -> None:
    bare = replace(ENDED, checkpoints=(replace(REST, snapshot=None),), tip_ordinal=2)
    state = PlaneState(tasks={"T": bare})
    step(state, ASK)
    step(state, ev.RestoreRecorded(6, "T", 2, "c4"))
    again = ev.MachineRestored(7, "T", 1, "m2", 2, memory=False, boot_ms=1, accelerator="kvm")
    (run,) = [effect for effect in step(state, again) if isinstance(effect, do.RunStep)]
    assert run.feedback == "and the docs"


def test_a_prompt_to_an_agent_that_waits_for_approval_sends_its_work_back() -> None:
    asked = Request("q", Kind.APPROVE, 1, 2, "d", guest_request="r2")
    state = PlaneState(tasks={"T": held(asked, REST)})
    step(state, ASK)
    effects = step(state, ev.DecisionRecorded(6, "T", "q", "c3"))
    assert do.ReplyToGuest("T", "m", "r2", "rejected", "and the docs") in effects
    assert do.Acknowledge("i", True, "The agent gets your prompt.") in effects


def test_what_cannot_be_prompted_says_why() -> None:
    assert "Only an agent" in refusal(replace(ENDED, definition=replace(DEFINITION, agent=None)))
    assert "needs some text" in refusal(ENDED, " \n")
    assert f"at most {TEXT_CHARS_MAX}" in refusal(ENDED, "x" * (TEXT_CHARS_MAX + 1))
    assert "not ended a turn" in refusal(replace(ENDED, checkpoints=(CALL, LAST)))
    running = replace(ENDED, phase=Phase.RUNNING, machine="m", step_running=True)
    assert "at its work" in refusal(running)
    may = Request("q", Kind.CLARIFY, 1, 2, "d", guest_request="r2", key="permission")
    assert "your word on permission" in refusal(held(may, REST))


@pytest.mark.parametrize("began", [False, True])
def test_a_prompt_survives_the_plane(began: bool) -> None:
    """Recorded, it is carried out by the next plane; where the machine stands, the agent asks."""
    back = do.RecordRestore("T", 2, "c2", "me", "cli", "and the docs", prompt=True)
    story = [
        submission(replace(ENDED, phase=Phase.QUEUED, checkpoints=(), tip_ordinal=0)),
        Record("checkpoint", 2, {"value": as_fields(REST), "ordinal": 2}, "c2"),
        Record("finished", 3, {"status": "done"}),
        record_of(back, 4),
    ]
    if not began:
        task = at_rest(read(story))
        assert (task.resume_from, task.resume_outcome) == (2, PROMPT)
        assert (task.resume_text, task.phase) == ("and the docs", Phase.QUEUED)
        old = recover(read(story), Alive("m-old", attempt=1)).task
        assert (old.machine, old.leaving) == ("", "m-old"), "the machine of before the end"
        return
    told = {"attempt": 1, "ordinal": 2, "machine": "m2", "memory": True}
    task = recover(read([*story, Record("resumed", 5, told)]), Alive("m2", attempt=1)).task
    state = PlaneState(tasks={"T": task})
    step(state, ev.MachineAdopted(6, "T", 1, "m2", "kvm", run="0.1"))
    asks = ev.BoundaryAsked(7, "T", "m2", "r2", approve=False)
    assert do.ReplyToGuest("T", "m2", "r2", "rejected", "and the docs") in step(state, asks)


def test_at_the_end_of_the_step_only_what_is_new_is_asked_about() -> None:
    state = PlaneState(tasks={"T": replace(ENDED, phase=Phase.RUNNING, machine="m")})
    effects = step(state, ev.StepEnded(1, "T", "m", 0))
    (take,) = [effect for effect in effects if isinstance(effect, do.TakeCheckpoint)]
    assert approval_reason(take.boundary.mode, (), ProjectPolicy()) == ""
    assert approval_reason(take.boundary.mode, ("a",), ProjectPolicy()) != ""


def test_a_question_is_no_end_of_a_turn() -> None:
    asked = replace(REST, question=Question("permission", "May I?"))
    assert "not ended a turn" in refusal(replace(ENDED, checkpoints=(asked, LAST)))


def test_an_agent_that_was_taken_back_is_prompted_where_it_stands() -> None:
    """What it did on a way that was left behind is newer, and counts no more."""
    asked = Request("q", Kind.APPROVE, 1, 2, "d", guest_request="r2")
    here, left = replace(REST, approved=False), replace(REST, ordinal=5, after=3)
    assert prompt_refusal(held(asked, here, left)) == ""
    both = (CALL, REST, replace(LAST, after=2), left)
    ended = replace(ENDED, checkpoints=both, tip_ordinal=3, next_ordinal=6)
    (back,) = step(PlaneState(tasks={"T": ended}), ASK)
    assert isinstance(back, do.RecordRestore)
    assert back.ordinal == 2
