"""Approvals that nobody gives, and rules that change while tasks wait."""

from __future__ import annotations

from dataclasses import replace

from clawdesk.domain import effects as do
from clawdesk.domain import events as ev
from clawdesk.domain.model import (
    Capacity,
    Checkpoint,
    CheckpointMode,
    Kind,
    Phase,
    PlaneState,
    PriorityClass,
    ProjectPolicy,
    Record,
    Request,
    StepSpec,
    Task,
    TaskDefinition,
    Verdict,
)
from clawdesk.domain.policy import under
from clawdesk.domain.rules import ProjectRules, Rules
from clawdesk.domain.transitions import step

STEPS = (StepSpec("one", "true", checkpoint=CheckpointMode.APPROVE),)


def held(policy: ProjectPolicy, *silent: str) -> PlaneState:
    """One task that waits for an approval; `silent`: the channels of its decisions so far."""
    checkpoint = Checkpoint(1, 0, 0, "one", 1, "c", "t", "digest", approval_reason="asks")
    task = Task(
        id="T",
        project="/p",
        definition=TaskDefinition("t", "T", STEPS),
        policy=policy,
        submitted_at_ms=0,
        base_commit="b",
        start_commit="b",
        phase=Phase.HELD,
        next_ordinal=2,
        tip_ordinal=1,
        checkpoints=(checkpoint,),
        request=Request("r", Kind.APPROVE, 0, 1, "digest"),
        records=tuple(Record("decision", 0, {"channel": channel}) for channel in silent),
    )
    return PlaneState(tasks={"T": task})


def wait(state: PlaneState, seconds: int) -> list[do.Effect]:
    effects: list[do.Effect] = []
    for _ in range(seconds):
        effects += step(state, ev.Ticked(0, 1_000))
    return effects


def decisions(effects: list[do.Effect]) -> list[do.RecordDecision]:
    return [effect for effect in effects if isinstance(effect, do.RecordDecision)]


def notices(effects: list[do.Effect]) -> list[str]:
    return [effect.text for effect in effects if isinstance(effect, do.Notify)]


def test_by_default_an_approval_waits_for_ever() -> None:
    state = held(ProjectPolicy(on_timeout="reject"))
    assert wait(state, 100_000) == []
    assert state.tasks["T"].phase is Phase.HELD


def test_a_policy_that_rejects_does_so_once_in_time_and_never_approves() -> None:
    state = held(ProjectPolicy(on_timeout="reject", timeout_s=60))
    assert wait(state, 59) == []
    found = wait(state, 6)
    (recorded,) = decisions(found)
    assert recorded.decision.verdict is Verdict.REJECTED
    assert (recorded.decision.actor, recorded.decision.channel) == ("clawdesk", "policy")
    assert "Nobody decided within 60 s" in recorded.decision.note
    assert len(notices(found)) == 1
    assert wait(state, 600) == [], "the decision is being recorded; nothing is decided twice"


def test_a_clock_that_jumps_and_a_host_that_slept_are_no_silence() -> None:
    state = held(ProjectPolicy(on_timeout="reject", timeout_s=60))
    for _ in range(5):
        assert step(state, ev.Ticked(10**12, 86_400_000)) == ()
    assert state.steady_ms == 5 * ev.TICK_MS_MAX


def test_a_policy_that_holds_says_so_once() -> None:
    state = held(ProjectPolicy(timeout_s=60))
    assert notices(wait(state, 1_000)) == ["Nobody decided within 60 s; it stays held."]
    assert state.tasks["T"].phase is Phase.HELD


def test_after_two_silences_in_a_row_it_stays_held() -> None:
    policy = ProjectPolicy(on_timeout="reject", timeout_s=60)
    for silent, rejected in ((("policy",), 1), (("policy", "policy"), 0), (("policy", "cli"), 1)):
        state = held(policy, *silent)
        effects = wait(state, 100)
        assert len(decisions(effects)) == rejected, silent
        assert len(notices(effects)) == 1


def test_a_question_has_no_such_time() -> None:
    state = held(ProjectPolicy(on_timeout="reject", timeout_s=60))
    task = state.tasks["T"]
    state.tasks["T"] = replace(task, request=Request("r", Kind.CLARIFY, 0, 1, "", key="k"))
    assert wait(state, 100) == []


def test_rules_that_change_hold_for_tasks_that_wait() -> None:
    asked = ProjectPolicy(weight=3.0, default_class=PriorityClass.INTERACTIVE)
    state = held(asked)
    state.capacity = Capacity()
    task = replace(state.tasks["T"], policy_asked=asked, policy_digest="d")
    state.tasks["T"] = under(task, state.rules)
    assert len(state.tasks["T"].policy_asks) == 2
    assert state.tasks["T"].priority_class is PriorityClass.INTERACTIVE
    bound = ProjectRules(weight_max=2.0, class_max="agent", approval_paths=("x",))
    step(state, ev.RulesChanged(0, Rules(projects={"/p": bound}), frozenset()))
    now = state.tasks["T"]
    assert (now.policy.weight, now.policy_asks, now.policy.approval_paths) == (2.0, (), ("x",))
    assert now.priority_class is PriorityClass.AGENT
    assert now.phase is Phase.HELD
    assert "T" in state.touched
    step(state, ev.RulesChanged(0, Rules(), frozenset()))
    assert state.tasks["T"].policy == asked, "taking a rule back takes its bound back"
    assert len(state.tasks["T"].policy_asks) == 2


def test_the_way_back_after_a_rejection_carries_why_as_its_commit_does() -> None:
    state = held(ProjectPolicy(on_timeout="reject", timeout_s=60))
    (recorded,) = decisions(wait(state, 66))
    effects = step(state, ev.DecisionRecorded(0, "T", recorded.request.id, "c2"))
    assert any(isinstance(effect, do.RecordRestore) and effect.feedback for effect in effects)
    step(state, ev.RestoreRecorded(0, "T", 0, "c3"))
    last = state.tasks["T"].records[-1]
    assert (last.event, last.fields["channel"]) == ("restored", "policy")
    assert last.fields["feedback"] == recorded.decision.note
