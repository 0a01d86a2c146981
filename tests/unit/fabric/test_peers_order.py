"""A peer's calls beside ours: last in line, never in the way (rule P6 of planning.py)."""

from __future__ import annotations

import pytest

from clawdesk_fabric import events, order
from clawdesk_fabric.effects import CutOff, Effects, Forward, StartReplica, StopReplica
from clawdesk_fabric.model import CallClass
from tests.support.fabric_core import call, does, gpu_state, host_state, of, up

PEER, BATCH = CallClass.PEER, CallClass.BATCH
THEIRS = "peer:lab"


def forwarded(effects: Effects) -> list[int]:
    return [forward.call for forward in of(Forward, effects)]


def cut(effects: Effects) -> list[int]:
    return [effect.call for effect in of(CutOff, effects)]


@pytest.mark.parametrize("waited_ms", [1_000, 400_000, 2_000_000])
def test_however_long_it_waits_it_passes_none_of_ours(waited_ms: int) -> None:
    state = host_state("a", slots=1, wait_ms_max=10_000_000)
    does(state, call(1, "a"))
    up(state, "a", 10)
    does(state, call(2, "a", 20, project=THEIRS, call_class=PEER, priority=100))
    at_ms = 20 + waited_ms
    does(state, call(3, "a", at_ms, call_class=BATCH, priority=-100))
    assert order.ranking(state, state.replicas["a"]) == [3, 2]
    assert forwarded(does(state, events.CallEnded(at_ms + 10, 1))) == [3]


def test_its_newest_calls_in_flight_end_for_ours_and_no_more_than_needed() -> None:
    state = host_state("a", slots=3)
    does(state, call(1, "a", project=THEIRS, call_class=PEER))
    up(state, "a", 10)
    does(state, *(call(n, "a", 20, project=THEIRS, call_class=PEER) for n in (2, 3)))
    assert cut(does(state, call(4, "a", 30, call_class=BATCH))) == [3]
    assert cut(does(state, events.TimePassed(40))) == [], "it was told already"
    assert cut(does(state, call(5, "a", 50, call_class=PEER, project=THEIRS))) == []
    assert forwarded(does(state, events.CallEnded(60, 3))) == [4]
    assert state.cut == []
    wide = does(state, call(6, "a", 70, width=2))
    assert cut(wide) == [2, 1]


def test_where_nobody_of_ours_waits_it_keeps_its_slot() -> None:
    state = host_state("a", slots=1)
    does(state, call(1, "a", project=THEIRS, call_class=PEER))
    up(state, "a", 10)
    effects = does(state, call(2, "a", 20, project=THEIRS, call_class=PEER), events.TimePassed(30))
    assert cut(effects) == []


def test_none_of_our_models_leaves_for_it_however_long_it_waits() -> None:
    state = gpu_state(1, a=16, b=16)
    does(state, call(1, "a"))
    up(state, "a", 10)
    does(state, events.CallEnded(20, 1), call(2, "b", 30, project=THEIRS, call_class=PEER))
    effects = does(state, events.TimePassed(50_000))
    assert of(StopReplica, effects) == of(StartReplica, effects) == []
    assert [stop.model for stop in of(StopReplica, does(state, call(3, "b", 50_010)))] == ["a"]


def test_what_came_for_it_leaves_for_ours_at_once() -> None:
    state = gpu_state(1, a=16, b=16)
    does(state, call(1, "a", project=THEIRS, call_class=PEER))
    up(state, "a", 10)
    effects = does(state, call(2, "b", 20, call_class=BATCH))
    assert cut(effects) == [1]
    stops = of(StopReplica, does(state, events.CallEnded(30, 1)))
    assert [stop.model for stop in stops] == ["a"]


def test_what_came_for_it_is_not_kept_for_its_next_call() -> None:
    state = gpu_state(1, a=16, b=16)
    does(state, call(1, "a", project=THEIRS, call_class=PEER))
    up(state, "a", 10)
    does(state, events.CallEnded(20, 1))
    stops = of(StopReplica, does(state, call(2, "b", 30, call_class=BATCH)))
    assert [stop.model for stop in stops] == ["a"]


def test_what_came_for_it_is_ours_once_one_of_ours_used_it() -> None:
    state = gpu_state(1, a=16, b=16)
    does(state, call(1, "a", project=THEIRS, call_class=PEER))
    up(state, "a", 10)
    does(state, call(2, "a", 20), events.CallEnded(30, 1), events.CallEnded(40, 2))
    assert of(StopReplica, does(state, call(3, "b", 50))) == [], "a conversation may go on"
    assert of(StopReplica, does(state, events.TimePassed(2_000)))


def test_a_model_that_a_person_asked_for_by_name_makes_room_although_a_peer_waits_too() -> None:
    state = gpu_state(1, a=16, b=16)
    does(state, call(1, "a"))
    up(state, "a", 10)
    does(state, events.CallEnded(20, 1), call(2, "b", 30, project=THEIRS, call_class=PEER))
    effects = does(state, events.LoadAsked(40, "b"), events.TimePassed(50_000))
    assert [stop.model for stop in of(StopReplica, effects)] == ["a"]


def test_it_weighs_no_more_than_one_of_ours_and_lends_no_lead() -> None:
    state = host_state("a")
    does(state, events.WeightSet(0, THEIRS, 50.0), events.WeightSet(0, "p", 50.0))
    assert (state.shares[THEIRS].weight, state.shares["p"].weight) == (1.0, 50.0)
    state.shares["q"] = order.Share(virtual_ms=500)
    does(state, call(1, "a", project=THEIRS, call_class=PEER), call(2, "a", project="q"))
    does(state, call(3, "a", project="new"))
    assert state.shares["new"].virtual_ms == 500, "level with the least of ours"
