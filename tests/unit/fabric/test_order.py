"""In which order calls are served: classes, fair shares, priorities, and no wait without end."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from clawdesk_fabric import events
from clawdesk_fabric.effects import Forward, Refuse
from clawdesk_fabric.leases import Budget
from clawdesk_fabric.model import CallClass, FabricState
from clawdesk_fabric.waits import waits
from tests.support.fabric_core import call, does, host_state, of, told, up


def served(state: FabricState, count: int, at_ms: int, took_ms: int = 1000) -> list[int]:
    """The next calls one slot serves, each taking as long."""
    order: list[int] = list(state.replicas["m"].in_flight)
    while len(order) < count:
        at_ms += took_ms
        effects = does(state, events.CallEnded(at_ms, order[-1], succeeded=True))
        order += [forward.call for forward in of(Forward, effects)]
    return order


def projects(state: FabricState, numbers: list[int], made: dict[int, str]) -> Counter[str]:
    return Counter(made[number] for number in numbers)


@pytest.mark.parametrize(("weight", "least", "most"), [(1.0, 18, 22), (3.0, 28, 32)])
def test_projects_share_by_weight_however_many_calls_they_have(
    weight: float, least: int, most: int
) -> None:
    state = host_state("m", slots=1, waiting_max=500, project_waiting_max=500)
    made: dict[int, str] = {}
    happened: list[events.Event] = [events.WeightSet(0, "few", weight)]
    for number in range(1, 201):
        made[number] = "few" if number > 150 else "many"
        happened.append(call(number, project=made[number]))
    does(state, *happened)
    up(state, "m", 1000)
    shares = projects(state, served(state, 40, 1000), made)
    assert least <= shares["few"] <= most


def test_a_project_that_was_away_comes_back_level_with_the_others() -> None:
    state = host_state("m", slots=1, waiting_max=500, project_waiting_max=500)
    made = {1: "early", **dict.fromkeys(range(2, 100), "busy")}
    does(state, *(call(number, project=made[number]) for number in range(1, 100)))
    up(state, "m", 1000)
    served(state, 50, 1000)
    made |= dict.fromkeys(range(100, 150), "early")
    does(state, *(call(n, at_ms=60_000 + n, project="early") for n in range(100, 150)))
    shares = projects(state, served(state, 20, 61_000)[1:], made)
    # Neither all of them nor none: what it did not use is not owed to it.
    assert 8 <= shares["early"] <= 12


def test_the_cost_counts_not_the_number_of_calls() -> None:
    state = host_state("m", slots=1, waiting_max=500, project_waiting_max=500)
    made = {number: "long" if number % 2 else "short" for number in range(1, 201)}
    does(state, *(call(number, project=made[number]) for number in range(1, 201)))
    up(state, "m", 1000)
    at_ms, order = 1000, list(state.replicas["m"].in_flight)
    for _ in range(60):
        at_ms += 3000 if made[order[-1]] == "long" else 1000
        done = does(state, events.CallEnded(at_ms, order[-1], succeeded=True))
        order += [forward.call for forward in of(Forward, done)]
    shares = projects(state, order, made)
    assert 2.4 <= shares["short"] / shares["long"] <= 3.6


def test_a_higher_priority_goes_first_within_its_project_only() -> None:
    state = host_state("m", slots=1)
    does(state, call(1), call(2, project="a"), call(3, project="a", priority=5))
    does(state, call(4, project="b"))
    up(state, "m", 10)
    order = served(state, 4, 10)
    assert order.index(3) < order.index(2)
    assert order.index(4) < order.index(2)


def test_old_calls_pass_newer_ones_of_higher_priority() -> None:
    state = host_state("m", slots=1)
    does(state, call(1), call(2, priority=0), call(3, at_ms=200_000, priority=10))
    up(state, "m", 200_001)
    assert served(state, 3, 200_001) == [1, 2, 3]


def test_a_batch_that_waited_long_is_served_although_agents_go_on() -> None:
    state = host_state("m", slots=1, promote_ms=10_000)
    does(state, call(1, call_class=CallClass.BATCH, project="papers"), call(2, project="agent"))
    up(state, "m", 10)
    at_ms, flying = 10, 2
    for number in range(3, 40):
        at_ms += 1000
        done = does(
            state,
            call(number, at_ms=at_ms, project="agent"),
            events.CallEnded(at_ms, flying, succeeded=True),
        )
        (forward,) = of(Forward, done)
        flying = forward.call
        if flying == 1:
            break
    assert flying == 1
    assert 10_000 <= at_ms <= 12_000


def test_no_call_waits_beyond_its_deadline() -> None:
    state = host_state("m", slots=1, wait_ms_max=50_000)
    does(state, call(1), call(2, deadline_ms=9_000), call(3))
    up(state, "m", 10)
    assert of(Refuse, does(state, events.TimePassed(8_999))) == []
    (refused,) = of(Refuse, does(state, events.TimePassed(9_000)))
    assert (refused.call, refused.code) == (2, "deadline")
    (refused,) = of(Refuse, does(state, events.TimePassed(50_003)))
    assert refused.call == 3


def test_one_project_cannot_fill_the_queue() -> None:
    state = host_state("m", project_waiting_max=2)
    done = does(state, *(call(number, project="a") for number in (1, 2, 3)))
    (refused,) = of(Refuse, done)
    assert (refused.call, refused.code) == (3, "queue_full")
    assert of(Refuse, does(state, call(4, project="b"))) == []


def test_a_budget_that_is_used_up_pauses_its_project_and_nobody_else() -> None:
    state = host_state("m", slots=1)
    does(state, events.BudgetSet(0, "a", Budget(tokens=100)), call(1, project="a"))
    up(state, "m", 10)
    does(state, call(2, project="a"), call(3, project="b"))
    done = does(state, events.CallEnded(1000, 1, succeeded=True, tokens=150))
    assert [forward.call for forward in of(Forward, done)] == [3]
    assert told(state, 2).code == "budget"
    assert "150 of 100 tokens" in told(state, 2).text
    does(state, events.CallEnded(2000, 3, succeeded=True))
    done = does(state, events.BudgetSet(3000, "a", Budget(tokens=1000)))
    assert [forward.call for forward in of(Forward, done)] == [2]


def test_gpu_hours_are_counted_for_budgets() -> None:
    state = host_state("m", slots=2)
    does(state, events.BudgetSet(0, "a", Budget(gpu_ms=60_000)), call(1, project="a"))
    up(state, "m", 1)
    does(state, call(2, project="b"))
    # Two share the model for 100 s: 50 s each.
    does(state, events.CallEnded(100_001, 1), events.CallEnded(100_001, 2))
    assert round(state.shares["a"].used_ms, -2) == 50_000
    assert of(Forward, does(state, call(3, at_ms=100_002, project="a"))) != []
    does(state, events.CallEnded(115_000, 3))
    assert of(Forward, does(state, call(4, at_ms=115_001, project="a"))) == []
    assert "GPU-hours" in told(state, 4).text


def test_places_are_those_in_which_calls_are_served() -> None:
    seed = random.SystemRandom().randrange(2**32)
    chance = random.Random(seed)
    state = host_state("m", slots=1, waiting_max=500)
    for number in range(1, 40):
        does(
            state,
            call(
                number,
                project=chance.choice("abc"),
                call_class=chance.choice(list(CallClass)),
                priority=chance.randrange(-3, 4),
            ),
        )
    up(state, "m", 100)
    expected = list(waits(state, state.replicas["m"]))
    assert [wait.position for wait in waits(state, state.replicas["m"]).values()] == [
        *range(1, len(expected) + 1)
    ]
    order = served(state, 39, 100)[1:]
    # Near enough: what a call costs is known only when it ends.
    places = {number: place for place, number in enumerate(expected)}
    off = [abs(places[number] - place) for place, number in enumerate(order)]
    assert sum(off) / len(off) < 4, f"seed {seed}"


def test_the_expected_wait_comes_from_what_was_measured() -> None:
    state = host_state("m", slots=1)
    does(state, call(1))
    up(state, "m", 3000)
    assert told_next(state, 2, 3001) is None
    does(
        state, events.CallEnded(5000, 1, succeeded=True), events.CallEnded(7000, 2, succeeded=True)
    )
    does(state, call(3, at_ms=7001), call(4, at_ms=7002), call(5, at_ms=8000))
    assert told(state, 4).expected_ms == pytest.approx(1000, abs=100)
    assert told(state, 5).expected_ms == pytest.approx(3000, abs=100)


def told_next(state: FabricState, number: int, at_ms: int) -> int | None:
    does(state, call(number, at_ms=at_ms))
    return told(state, number).expected_ms
