"""The decision contract (H1 to H9, H11) over interleavings of all that can happen to a request.

Two people, a time limit, a cancel, a way back, refused commits and crashes meet one approval. Each
story is one list of acts; DECISION_STORIES sets how many are told.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from clawdesk.domain import effects as do
from clawdesk.domain import events as ev
from clawdesk.domain.audit import checkpoint_record, record_of
from clawdesk.domain.model import (
    FINAL,
    Capacity,
    Checkpoint,
    CheckpointMode,
    Phase,
    PlaneState,
    ProjectPolicy,
    Record,
    Snapshot,
    StepSpec,
    Task,
    TaskDefinition,
    Verdict,
)
from clawdesk.domain.replacing import replace
from clawdesk.domain.replay import read, recover, submission
from clawdesk.domain.transitions import step

STORIES = int(os.environ.get("DECISION_STORIES", "100"))
LIMIT_S = 60
RECORDING = do.RecordRequest | do.RecordDecision | do.RecordRestore | do.RecordFinish
Effect = do.Effect


@dataclass
class Story:
    """One task at its approval; commits happen when the story says so, in order."""

    log: list[Record] = field(default_factory=list)
    waiting: list[RECORDING] = field(default_factory=list)
    acks: dict[str, bool] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)  # intent -> what was wanted
    shown: set[str] = field(default_factory=set)  # requests a person has seen
    machine: str = "m1"

    def __post_init__(self) -> None:
        policy = ProjectPolicy(on_timeout="reject", timeout_s=LIMIT_S)
        steps = (StepSpec("one", "true", checkpoint=CheckpointMode.APPROVE),)
        task = Task("T", "/p", TaskDefinition("t", "T", steps), policy, 0, "b", "s")
        self.state = PlaneState()
        self._commit(submission(task))
        self.post(ev.CapacityChanged(0, Capacity()))
        self.post(ev.TaskSubmitted(0, task))
        self.commit()

    def post(self, event: ev.Event) -> None:
        effects = step(self.state, event)
        request = self.state.tasks["T"].request if "T" in self.state.tasks else None
        if request is not None and request.key != "retry":  # that one cannot be committed
            assert request.id in [r.fields.get("request") for r in self.log], "shown, not committed"
            self.shown.add(request.id)
        for effect in effects:
            self._do(effect)

    def _do(self, effect: Effect) -> None:
        match effect:
            case do.StartMachine(attempt=attempt):
                self.post(ev.MachineStarted(0, "T", attempt, self.machine, 1.0, "tcg", warm=True))
            case do.RestoreMachine(attempt=attempt, checkpoint=c):
                restored = ev.MachineRestored(
                    0, "T", attempt, self.machine, c.ordinal, True, 1.0, "tcg"
                )
                self.post(restored)
            case do.RunStep(index=index, round=round_):
                self.post(ev.StepEnded(0, "T", self.machine, 0, run=f"{index}.{round_}"))
            case do.TakeCheckpoint():
                self.post(ev.CheckpointTaken(0, "T", self.machine, self._checkpoint(effect)))
            case do.ReleaseMachine(machine=machine):
                self.post(ev.MachineReleased(0, "T", machine))
            case do.RecordEvent():
                self._commit(record_of(effect, 0))
            case do.Acknowledge(intent=intent, ok=ok):
                assert intent not in self.acks, f"{intent} was answered twice"
                self.acks[intent] = ok
            case do.RecordRequest() | do.RecordDecision() | do.RecordRestore() | do.RecordFinish():
                self.waiting.append(effect)

    def _checkpoint(self, e: do.TakeCheckpoint) -> Checkpoint:
        taken = Checkpoint(
            e.ordinal,
            0,
            e.step_index,
            e.step_name,
            e.round,
            "",
            "",
            "",
            snapshot=Snapshot(f"s{e.ordinal}", 1.0, 1.0, 1),
            attempt=e.attempt,
        )
        asks = "asks" if e.boundary.mode == "approve" else ""
        record = checkpoint_record(taken, e.boundary.mode)
        more = {"digest": f"d{e.ordinal}", "approval": asks}
        commit = self._commit(replace(record, fields={**record.fields, **more}))
        return replace(taken, commit=commit, digest=f"d{e.ordinal}", approval_reason=asks)

    def _commit(self, record: Record) -> str:
        name = f"c{len(self.log)}"
        self.log.append(replace(record, commit=name))
        return name

    # -- what may happen ------------------------------------------------------------------
    def commit(self) -> None:
        """The next commit becomes durable, and the plane hears of it."""
        if not self.waiting:
            return
        effect = self.waiting.pop(0)
        commit = self._commit(record_of(effect, 0))
        match effect:
            case do.RecordRequest(request=request):
                self.post(ev.RequestRecorded(0, "T", request, commit))
            case do.RecordDecision(request=request):
                self.post(ev.DecisionRecorded(0, "T", request.id, commit))
            case do.RecordRestore(ordinal=ordinal):
                self.post(ev.RestoreRecorded(0, "T", ordinal, commit))
            case do.RecordFinish():
                self.post(ev.EventRecorded(0, "T", "finished", commit))

    def refuse(self) -> None:
        """Git does not take the next commit."""
        if self.waiting and isinstance(self.waiting[0], do.RecordDecision | do.RecordRestore):
            effect = self.waiting.pop(0)
            self.post(ev.RecordFailed(0, "T", record_of(effect, 0).event, "no."))

    def crash(self, durable: bool) -> None:
        """The plane dies while the next commit is made; another one begins from Git."""
        if durable and self.waiting:
            self._commit(record_of(self.waiting[0], 0))
        self.waiting.clear()
        self.asked.clear()
        self.acks.clear()
        recovery = recover(read(self.log), None)
        for record in recovery.ends_attempt(0, "killed"):
            self._commit(record)
        self.state = PlaneState()
        self.post(ev.TaskRecovered(0, recovery.task))
        self.post(ev.CapacityChanged(0, Capacity()))

    def answer(self, verdict: Verdict, fresh: bool) -> None:
        task = self.state.tasks["T"]
        ordinal = task.request.ordinal if task.request else task.tip_ordinal
        digest = f"d{ordinal}" if fresh else "stale"
        intent = self._intent(verdict.value if fresh else "stale")
        self.post(
            ev.DecisionGiven(
                0, "T", str(ordinal), verdict, "ann", "cli", digest, "a note", "", intent
            )
        )

    def _intent(self, wanted: str) -> str:
        intent = f"i{len(self.asked)}"
        self.asked[intent] = wanted
        return intent

    def cancel(self) -> None:
        self.post(ev.CancelAsked(0, "T", "ann", "cli", self._intent("cancel")))
        task = self.state.tasks["T"]
        assert task.request is None, "H8: what was asked is withdrawn at once"
        assert task.phase in FINAL or task.finish is not None

    def back(self) -> None:
        self.post(ev.RestoreAsked(0, "T", 0, "ann", "cli", self._intent("back")))

    def silence(self) -> None:
        for _ in range(LIMIT_S // 10 + 2):
            self.post(ev.Ticked(0, 10_000))

    # -- what must hold -------------------------------------------------------------------
    def check(self) -> None:
        decisions = [r for r in self.log if r.event == "decision"]
        ids = [r.fields["request"] for r in decisions]
        assert len(ids) == len(set(ids)), f"H1: decided twice: {ids}"
        assert set(ids) <= self.shown, "decided before anybody saw it"
        for record in decisions:
            assert record.fields["digest"] == f"d{record.fields['ordinal']}", "H3: another digest"
            silent = record.fields["channel"] == "policy"
            assert not silent or record.fields["verdict"] == "rejected", "H11: silence approved"
        said_yes = [i for i, ok in self.acks.items() if ok and self.asked.get(i) in _VERDICTS]
        assert len(said_yes) <= len(decisions), "told yes, and nothing is committed"
        assert not [i for i, ok in self.acks.items() if ok and self.asked.get(i) == "stale"]
        approved = {
            r.fields["ordinal"] for r in decisions if r.fields["verdict"] == Verdict.APPROVED.value
        }
        shown = {c.ordinal for c in self.state.tasks["T"].checkpoints if c.approved}
        assert shown <= approved, f"approved without a committed decision: {shown} {approved}"

    def settle(self) -> None:
        while self.waiting:
            self.commit()
        unanswered = set(self.asked) - set(self.acks)
        assert not unanswered, f"nobody answered {unanswered}"
        self.check()
        events = [r for r in self.log if r.event in ("finished", "decision", "restored")]
        ends = [n for n, r in enumerate(events) if r.fields.get("status") == "cancelled"]
        if ends:
            behind = [r.event for r in events[ends[0] + 1 :]]
            assert behind[:1] != ["decision"], "I18: something was decided behind a cancel"
            assert behind or self.state.tasks["T"].phase is Phase.CANCELLED


_VERDICTS = {Verdict.APPROVED.value, Verdict.REJECTED.value}
ACTS = st.one_of(
    st.just(("commit",)),
    st.just(("refuse",)),
    st.tuples(st.just("crash"), st.booleans()),
    st.tuples(
        st.just("answer"), st.sampled_from((Verdict.APPROVED, Verdict.REJECTED)), st.just(True)
    ),
    st.tuples(st.just("answer"), st.just(Verdict.APPROVED), st.just(False)),
    st.just(("cancel",)),
    st.just(("back",)),
    st.just(("silence",)),
)


@settings(max_examples=STORIES, deadline=None)
@given(st.lists(ACTS, max_size=12))
def test_every_request_has_at_most_one_decision(acts: list[tuple[object, ...]]) -> None:
    story = Story()
    for name, *more in acts:
        getattr(story, str(name))(*more)
        story.check()
    story.settle()


def told(story: Story) -> list[str]:
    return [str(r.fields["verdict"]) for r in story.log if r.event == "decision"]


def test_the_first_of_two_answers_counts_and_the_second_is_told() -> None:
    story = Story()
    story.answer(Verdict.APPROVED, fresh=True)
    story.answer(Verdict.REJECTED, fresh=True)
    story.settle()
    assert story.acks == {"i0": True, "i1": False}
    assert told(story) == ["approved"]


def test_the_same_answer_again_changes_nothing() -> None:
    story = Story()
    for _ in range(2):
        story.answer(Verdict.APPROVED, fresh=True)
        story.commit()
    story.settle()
    assert told(story) == ["approved"]
    assert story.acks == {"i0": True, "i1": False}


def test_a_limit_and_an_answer_have_one_winner() -> None:
    for first in ("silence", "answer"):
        story = Story()
        for act in (first, "answer" if first == "silence" else "silence"):
            if act == "silence":
                story.silence()
            else:
                story.answer(Verdict.APPROVED, fresh=True)
        assert len(story.waiting) == 1
        story.commit()
        assert told(story) == ["rejected" if first == "silence" else "approved"]


def test_an_answer_after_a_cancel_is_refused_and_a_second_cancel_too() -> None:
    story = Story()
    story.cancel()
    story.answer(Verdict.APPROVED, fresh=True)
    story.cancel()
    story.settle()
    assert story.acks == {"i0": True, "i1": False, "i2": False}
    assert told(story) == []
    assert story.state.tasks["T"].phase is Phase.CANCELLED


def test_what_was_decided_before_a_crash_is_carried_out_after_it() -> None:
    story = Story()
    story.answer(Verdict.APPROVED, fresh=True)
    story.crash(durable=True)
    story.settle()
    assert told(story) == ["approved"]
    assert story.state.tasks["T"].phase is Phase.DONE
    lost = Story()
    lost.answer(Verdict.APPROVED, fresh=True)
    lost.crash(durable=False)
    assert lost.state.tasks["T"].phase is Phase.HELD, "it asks again: nobody was told yes"
