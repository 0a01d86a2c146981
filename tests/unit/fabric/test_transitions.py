"""The Fabric's pure core: examples of each rule, and a random world that must keep all of them."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from clawdesk_fabric import events
from clawdesk_fabric.effects import Effect, Forward, Refuse, StartReplica, StopReplica
from clawdesk_fabric.invariants import check_queues
from clawdesk_fabric.model import Call, CallClass, EngineView, Phase
from clawdesk_fabric.transitions import step
from tests.support.fabric_core import UP, call, does, host_state, of, told


def test_many_calls_start_a_model_once_and_fill_its_slots_in_order() -> None:
    state = host_state("m")
    effects = does(state, *(call(number) for number in (1, 2, 3)))
    assert of(StartReplica, effects) == [StartReplica("m", 1)]
    assert of(Forward, effects) == []
    assert told(state, 3).code == "loading"
    assert told(state, 3).position == 3
    ready = does(state, events.ReplicaReady(10, "m", 1))
    assert [f.call for f in of(Forward, ready)] == [1, 2]
    assert told(state, 3).code == "slots_busy"
    assert [f.call for f in of(Forward, does(state, events.CallEnded(20, 1)))] == [3]


def test_a_person_goes_before_an_agent_and_an_agent_before_a_batch() -> None:
    state = host_state("m", slots=1)
    does(
        state,
        call(1, call_class=CallClass.BATCH),
        call(2),
        call(3, priority=5),
        call(4, call_class=CallClass.INTERACTIVE),
    )
    order = []
    effects = does(state, events.ReplicaReady(10, "m", 1))
    while forwarded := of(Forward, effects):
        order.append(forwarded[0].call)
        effects = does(state, events.CallEnded(20, forwarded[0].call))
    assert order == [4, 3, 2, 1]


def test_a_client_that_leaves_while_waiting_is_never_forwarded() -> None:
    state = host_state("m", slots=1)
    does(state, call(1), call(2), call(3), events.CallEnded(5, 2))
    does(state, events.ReplicaReady(10, "m", 1))
    assert [f.call for f in of(Forward, does(state, events.CallEnded(20, 1)))] == [3]
    assert does(state, events.CallEnded(21, 2)) == []  # safe to repeat


def test_the_queue_is_bounded() -> None:
    state = host_state("m", waiting_max=2)
    effects = does(state, *(call(number) for number in (1, 2, 3)))
    (refused,) = of(Refuse, effects)
    assert (refused.call, refused.code) == (3, "queue_full")
    assert refused.retry_after_s > 0


def test_an_idle_model_stops_and_a_used_one_does_not() -> None:
    state = host_state("m")
    does(state, call(1), events.ReplicaReady(0, "m", 1))
    assert of(StopReplica, does(state, events.TimePassed(600_000))) == []
    does(state, events.CallEnded(600_000, 1, succeeded=True))
    assert of(StopReplica, does(state, events.TimePassed(659_999))) == []
    stops = of(StopReplica, does(state, events.TimePassed(660_000)))
    assert [s.model for s in stops] == ["m"]
    # A call that comes while it stops starts it anew, once it is gone.
    assert of(StartReplica, does(state, call(2))) == []
    assert told(state, 2).code == "stopping"
    assert of(StartReplica, does(state, events.ReplicaStopped(660_100, "m", 1)))


def test_without_an_engine_calls_are_refused_with_the_reason_and_the_mend() -> None:
    state = host_state("m")
    gone = EngineView(False, "", "Docker is not installed", "sudo apt-get install docker.io")
    effects = does(state, call(1), events.EngineChanged(1, gone))
    # It was starting: the start's own failure will tell. The next one is refused at once.
    failed = events.ReplicaFailed(2, "m", 1, "Docker is not installed", code="no_capacity")
    effects = does(state, failed, call(2))
    assert {(r.call, r.code, r.mend) for r in of(Refuse, effects)} == {
        (1, "no_capacity", gone.mend),
        (2, "no_capacity", gone.mend),
    }
    effects = does(state, events.EngineChanged(5000, UP), call(5001))
    assert of(StartReplica, effects)


def test_what_was_said_of_an_engine_is_forgotten_when_it_is_back() -> None:
    state = host_state("m")
    gone = EngineView(False, "", "no engine answers", "start it")
    does(state, events.EngineChanged(1, gone), call(2))
    assert state.replicas["m"].problem == gone.problem
    does(state, events.EngineChanged(3, UP))
    assert (state.replicas["m"].problem, state.replicas["m"].mend) == ("", "")


def test_a_start_that_fails_is_tried_again_with_pauses_then_given_up() -> None:
    state = host_state("m", failures_max=3, backoff_ms=500, cooldown_ms=15_000)
    does(state, call(1))
    assert of(StartReplica, does(state, events.ReplicaFailed(1000, "m", 1, "boom"))) == []
    assert "boom" in told(state, 1).text
    assert of(StartReplica, does(state, events.TimePassed(1499))) == []
    assert of(StartReplica, does(state, events.TimePassed(1500)))
    does(state, events.ReplicaFailed(2000, "m", 2, "boom"), events.TimePassed(3000))
    (refused,) = of(Refuse, does(state, events.ReplicaFailed(3500, "m", 3, "boom")))
    assert (refused.call, refused.code, refused.text) == (1, "model_failed", "boom")
    # While it is given up, callers are not kept waiting; afterwards it gets one more try.
    assert of(Refuse, does(state, call(4000)))
    assert of(StartReplica, does(state, call(20_000)))


def test_what_trying_again_cannot_mend_is_not_tried_again() -> None:
    state = host_state("m")
    effects = does(state, call(1), events.ReplicaFailed(5, "m", 1, "SIGILL", permanent=True))
    assert [r.code for r in of(Refuse, effects)] == ["model_failed"]
    assert len(of(StartReplica, effects)) == 1


def test_a_model_that_dies_frees_its_slots_and_serves_the_queue_again() -> None:
    state = host_state("m", slots=1)
    does(state, call(1), call(2), events.ReplicaReady(1, "m", 1))
    does(state, events.ReplicaFailed(2, "m", 1, "killed"), events.CallEnded(3, 1))
    assert of(StartReplica, does(state, events.TimePassed(10_000)))
    assert [f.call for f in of(Forward, does(state, events.ReplicaReady(11_000, "m", 2)))] == [2]


def test_an_older_generations_news_change_nothing() -> None:
    state = host_state("m")
    does(state, call(1), events.ReplicaFailed(1, "m", 1, "x"), events.TimePassed(5000))
    assert of(Forward, does(state, events.ReplicaReady(5001, "m", 1))) == []
    assert state.replicas["m"].phase is Phase.STARTING


def test_an_idle_model_makes_room_and_a_busy_one_runs_dry_first() -> None:
    state = host_state("a", "b", slots=2, memory_mib=1024, residency_ms_min=0)
    does(state, call(1, "a"), events.ReplicaReady(1, "a", 1))
    effects = does(state, call(2, "b"), call(3, "a"))
    assert of(StopReplica, effects) == []
    # The later call for `a` does not keep it alive: `b` came first.
    assert of(Forward, effects) == []
    assert told(state, 2).code == told(state, 3).code == "memory"
    assert [s.model for s in of(StopReplica, does(state, events.CallEnded(5, 1)))] == ["a"]
    assert of(StartReplica, does(state, events.ReplicaStopped(6, "a", 1))) == [StartReplica("b", 1)]


def test_a_model_that_is_asked_for_after_it_was_told_to_leave_comes_again() -> None:
    state = host_state("m")
    does(state, events.LoadAsked(1, "m"), events.UnloadAsked(2, "m"), events.LoadAsked(3, "m"))
    assert of(StopReplica, does(state, events.ReplicaReady(10, "m", 1)))
    assert of(StartReplica, does(state, events.ReplicaStopped(20, "m", 1)))
    does(state, events.ReplicaReady(30, "m", 2))
    assert (state.replicas["m"].phase, state.replicas["m"].wanted) == (Phase.READY, False)


def test_a_pinned_model_is_not_tried_without_an_engine_and_starts_when_there_is_one() -> None:
    state = host_state("m")
    gone = EngineView(False, "", "no engine answers", "start it")
    does(state, events.EngineChanged(1, gone))
    assert of(StartReplica, does(state, events.PinSet(2, "m", True))) == []
    assert of(StartReplica, does(state, events.TimePassed(20_000))) == []
    assert of(StartReplica, does(state, events.EngineChanged(20_001, UP)))


def test_unloading_waits_for_calls_in_flight() -> None:
    state = host_state("m")
    does(state, call(1), events.ReplicaReady(1, "m", 1))
    effects = does(state, events.UnloadAsked(2, "m"), call(3))
    assert of(StopReplica, effects) == of(Forward, effects) == []
    assert told(state, 3).code == "leaving"
    assert of(StopReplica, does(state, events.CallEnded(4, 1)))


def test_closing_refuses_what_waits_and_starts_nothing() -> None:
    state = host_state("m", slots=1)
    does(state, call(1), call(2), events.ReplicaReady(1, "m", 1))
    effects = does(state, events.ClosingAsked(3), call(4))
    assert [r.call for r in of(Refuse, effects)] == [2, 4]
    assert of(StartReplica, effects) == []


class World(RuleBasedStateMachine):
    """Random events in random order; the engine's answers come late, wrongly and twice."""

    def __init__(self) -> None:
        super().__init__()
        self.state = host_state("a", "b", "c", slots=2, memory_mib=2048, waiting_max=6)
        self.at_ms = 0
        self.next_call = 1
        self.open: set[int] = set()
        self.forwarded: set[int] = set()
        self.starting: dict[str, int] = {}
        self.stopping: dict[str, int] = {}

    def happen(self, event: events.Event) -> None:
        for effect in step(self.state, event):
            self._note(effect)
        check_queues(self.state)

    def _note(self, effect: Effect) -> None:
        match effect:
            case StartReplica():
                assert effect.model not in self.starting, "started twice at a time"
                self.starting[effect.model] = effect.generation
            case StopReplica():
                assert effect.model not in self.stopping, "stopped twice at a time"
                self.stopping[effect.model] = effect.generation
            case Forward():
                assert effect.call in self.open, "forwarded a call that is over"
                assert effect.call not in self.forwarded, "forwarded twice"
                self.forwarded.add(effect.call)
            case Refuse():
                assert effect.call in self.open - self.forwarded, "refused a call that is over"
                self.open.remove(effect.call)

    @rule(passed_ms=st.integers(0, 70_000))
    def time_passes(self, passed_ms: int) -> None:
        self.at_ms += passed_ms
        self.happen(events.TimePassed(self.at_ms))

    @rule(
        model=st.sampled_from(["a", "b", "c"]),
        call_class=st.sampled_from(CallClass),
        priority=st.integers(-5, 5),
    )
    def arrives(self, model: str, call_class: CallClass, priority: int) -> None:
        made = Call(self.next_call, model, "", "", call_class, priority, self.at_ms)
        self.next_call += 1
        self.open.add(made.id)
        self.happen(events.CallArrived(self.at_ms, made))

    @precondition(lambda self: bool(self.open))
    @rule(pick=st.randoms(use_true_random=False), succeeded=st.booleans())
    def ends(self, pick: Any, succeeded: bool) -> None:
        chosen = pick.choice(sorted(self.open))
        self.open.remove(chosen)
        self.happen(events.CallEnded(self.at_ms, chosen, succeeded))

    @precondition(lambda self: bool(self.starting))
    @rule(pick=st.randoms(use_true_random=False), how=st.sampled_from(["ok", "bad", "hopeless"]))
    def start_ends(self, pick: Any, how: str) -> None:
        model = pick.choice(sorted(self.starting))
        generation = self.starting.pop(model)
        if how == "ok":
            self.happen(events.ReplicaReady(self.at_ms, model, generation))
        else:
            self.happen(
                events.ReplicaFailed(
                    self.at_ms, model, generation, "boom", permanent=how == "hopeless"
                )
            )

    @precondition(lambda self: bool(self.stopping))
    @rule(pick=st.randoms(use_true_random=False))
    def stop_ends(self, pick: Any) -> None:
        model = pick.choice(sorted(self.stopping))
        self.happen(events.ReplicaStopped(self.at_ms, model, self.stopping.pop(model)))

    @rule(model=st.sampled_from(["a", "b", "c"]), older=st.integers(0, 1))
    def dies(self, model: str, older: int) -> None:
        replica = self.state.replicas[model]
        if replica.phase is Phase.READY:
            event = events.ReplicaFailed(self.at_ms, model, replica.generation - older, "killed")
            self.happen(event)

    @rule(model=st.sampled_from(["a", "b", "c"]), load=st.booleans())
    def asked(self, model: str, load: bool) -> None:
        asked = events.LoadAsked if load else events.UnloadAsked
        self.happen(asked(self.at_ms, model))

    @rule(available=st.booleans())
    def engine_changes(self, available: bool) -> None:
        view = UP if available else EngineView(False, "", "gone", "mend it")
        self.happen(events.EngineChanged(self.at_ms, view))

    @rule(waiting_max=st.sampled_from([1, 3, 256]), host_mib=st.integers(0, 4000))
    def settings_are_read(self, waiting_max: int, host_mib: int) -> None:
        self.happen(events.SettingsRead(self.at_ms, waiting_max, host_mib))

    @invariant()
    def no_call_is_lost(self) -> None:
        waiting = {call.id for r in self.state.replicas.values() for call in r.waiting}
        assert self.open - self.forwarded == waiting
        assert set(self.state.calls) == self.open

    def teardown(self) -> None:
        """Once everything answers, whatever still waits is served or refused: none is stuck."""
        self.happen(events.EngineChanged(self.at_ms, UP))
        for _ in range(200):
            for model, generation in list(self.starting.items()):
                del self.starting[model]
                self.happen(events.ReplicaReady(self.at_ms, model, generation))
            for model, generation in list(self.stopping.items()):
                del self.stopping[model]
                self.happen(events.ReplicaStopped(self.at_ms, model, generation))
            for over in sorted(self.open & self.forwarded):
                self.open.remove(over)
                self.happen(events.CallEnded(self.at_ms, over, True))
            if not self.open:
                return
            self.at_ms += 1000
            self.happen(events.TimePassed(self.at_ms))
        raise AssertionError(f"calls that never end: {self.open}")


World.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestWorld = World.TestCase
