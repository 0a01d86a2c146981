"""`n` answers take `n` of a model's slots, and more than it has are refused in OpenAI's words."""

from __future__ import annotations

import pytest

from clawdesk_fabric import events
from clawdesk_fabric.effects import Effect, Forward
from tests.support.fabric_core import call, does, host_state, of, told, up
from tests.support.fabric_engine import FakeEngine
from tests.support.fabric_world import MODEL, World


def forwarded(done: list[Effect]) -> list[int]:
    return [forward.call for forward in of(Forward, done)]


def test_a_call_for_three_answers_takes_three_slots() -> None:
    state = host_state("m", slots=4)
    does(state, call(1, width=3), call(2), call(3))
    assert forwarded(up(state, "m", 10)) == [1, 2]
    assert state.replicas["m"].busy == 4
    assert told(state, 3).text == "all 4 slots of m are in use"
    assert forwarded(does(state, events.CallEnded(20, 2))) == [3]
    does(state, events.CallEnded(30, 1))
    assert state.replicas["m"].busy == 1


def test_a_wide_call_is_not_passed_by_narrow_ones_for_ever() -> None:
    state = host_state("m", slots=2)
    does(state, call(1), call(2, width=2), call(3))
    assert forwarded(up(state, "m", 10)) == [1]
    assert forwarded(does(state, call(4, at_ms=20), events.CallEnded(30, 1))) == [2]
    assert forwarded(does(state, events.CallEnded(40, 2))) == [3, 4]


def test_its_project_pays_for_all_its_slots() -> None:
    state = host_state("m", slots=4)
    does(state, call(1, project="wide", width=3), call(2, project="narrow"))
    up(state, "m", 10)
    does(state, events.TimePassed(1010))
    assert state.shares["wide"].used_ms == pytest.approx(
        3 * state.shares["narrow"].used_ms, rel=0.05
    )


async def test_more_than_the_models_slots_are_refused(world: World, engine: FakeEngine) -> None:
    status, answer = await world.chat(n=3)
    assert status == 400
    error = answer["error"]
    assert (error["type"], error["param"]) == ("invalid_request_error", "n")
    assert error["message"].startswith(f"{MODEL} makes at most 2 answers at once, not 3")
    assert (await world.chat(n=2))[0] == 200
    assert engine.latest[MODEL].bodies[-1]["n"] == 2
