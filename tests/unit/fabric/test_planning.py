"""Who may take whose memory (rules P1 to P5 of planning.py), on GPUs and on the host."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clawdesk_fabric import events
from clawdesk_fabric.effects import Forward, Refuse, StartReplica, StopReplica
from clawdesk_fabric.leases import Budget
from clawdesk_fabric.model import CallClass, GpuProcess, Phase
from tests.support.fabric_core import (
    GIB,
    call,
    does,
    down,
    gpu,
    gpu_state,
    host_state,
    of,
    read,
    told,
    up,
)

PERSON, BATCH = CallClass.INTERACTIVE, CallClass.BATCH


def test_a_person_has_a_busy_model_leave_but_not_its_call_in_flight() -> None:
    state = gpu_state(1, a=16, b=16)
    does(state, call(1, "a"))
    up(state, "a", 10)
    does(state, call(2, "a", 20), call(3, "a", 21))
    effects = does(state, call(4, "b", 30, call_class=PERSON))
    assert of(StopReplica, effects) == []
    # Its slot stays empty: what waits for `a` must not hold up a person.
    assert of(Forward, does(state, events.CallEnded(40, 1))) == []
    assert told(state, 3).code == "memory"
    stops = of(StopReplica, does(state, events.CallEnded(50, 2)))
    assert [stop.model for stop in stops] == ["a"]
    down(state, "a", 60)
    assert of(StartReplica, does(state, read(70, gpu(0))))


def test_nobody_leaves_for_a_call_that_was_withdrawn() -> None:
    state = gpu_state(1, slots=1, a=16, b=16)
    does(state, call(1, "a"))
    up(state, "a", 10)
    does(state, call(2, "a", 20), call(3, "b", 30, call_class=PERSON))
    done = does(state, events.CallEnded(40, 3), events.CallEnded(50, 1))
    assert [forward.call for forward in of(Forward, done)] == [2]


def test_memory_kept_for_one_is_not_given_to_the_next() -> None:
    state = gpu_state(1, slots=1, a=16, b=16, c=8)
    does(state, call(1, "a"))
    up(state, "a", 10)
    # `b` has 8 GiB free and waits for 16 more; `c` would fit into what is free, and delay it.
    does(state, call(2, "b", 20, call_class=PERSON))
    assert of(StartReplica, does(state, call(3, "c", 30, call_class=BATCH))) == []
    does(state, events.CallEnded(40, 1))
    down(state, "a", 50)
    starts = of(StartReplica, does(state, read(60, gpu(0))))
    assert [start.model for start in starts] == ["b", "c"]


def test_the_same_class_waits_for_the_least_residency() -> None:
    state = gpu_state(1, a=16, b=16)
    does(state, call(1, "a"))
    up(state, "a", 10)
    does(state, call(2, "a", 20), call(3, "b", 21, project="other"))
    assert of(StopReplica, does(state, events.CallEnded(100, 1), events.CallEnded(110, 2))) == []
    assert of(StopReplica, does(state, events.TimePassed(1000))) == []
    assert [s.model for s in of(StopReplica, does(state, events.TimePassed(1111)))] == ["a"]


def test_a_project_that_had_less_goes_first_when_residency_is_over() -> None:
    state = gpu_state(1, slots=1, a=16, b=16)
    does(state, call(1, "a", project="much"))
    up(state, "a", 10)
    does(state, call(2, "a", 20, project="much"), call(3, "b", 30, project="little"))
    # Past its residency the next call of the model in memory is no longer served.
    effects = does(state, events.CallEnded(6000, 1))
    assert of(Forward, effects) == []
    assert [s.model for s in of(StopReplica, effects)] == ["a"]


def test_a_project_that_had_more_does_not_take_the_memory_back() -> None:
    state = gpu_state(1, slots=1, a=16, b=16)
    does(state, events.WeightSet(0, "much", 1.0), call(1, "b", project="much"))
    up(state, "b", 1)
    does(state, events.CallEnded(60_000, 1), call(2, "a", 60_001, project="little"))
    does(state, events.TimePassed(62_000))
    down(state, "b", 62_001)
    does(state, read(62_002, gpu(0)))
    up(state, "a", 62_003)
    does(state, call(3, "a", 62_010, project="little"), call(4, "b", 62_011, project="much"))
    assert [f.call for f in of(Forward, does(state, events.CallEnded(70_000, 2)))] == [3]


def test_a_batch_never_takes_an_agents_model() -> None:
    state = gpu_state(1, slots=1, a=16, b=16)
    does(state, call(1, "a"))
    up(state, "a", 10)
    does(state, call(2, "a", 20), call(3, "b", 21, call_class=BATCH))
    assert [f.call for f in of(Forward, does(state, events.CallEnded(90_000, 1)))] == [2]


def test_what_fits_starts_although_another_waits_for_more() -> None:
    state = gpu_state(1, a=16, b=16, c=4)
    does(state, call(1, "a"))
    up(state, "a", 10)
    effects = does(state, call(2, "b", 20), call(3, "c", 21))
    assert [start.model for start in of(StartReplica, effects)] == ["c"]


def test_the_least_disturbing_way_is_taken() -> None:
    state = gpu_state(2, a=14, b=14, c=8, big=20)
    does(state, call(1, "a"), call(2, "b"))
    up(state, "a", 10)
    up(state, "b", 10)
    does(state, call(3, "c", 11))
    up(state, "c", 12)
    assert state.replicas["a"].held.keys() != state.replicas["b"].held.keys()
    with_c = next(iter(state.replicas["c"].held))
    alone = next(m for m in "ab" if with_c not in state.replicas[m].held)
    for number in (1, 2, 3):
        does(state, events.CallEnded(20, number, succeeded=True))
    stops = of(StopReplica, does(state, call(4, "big", 5000)))
    assert [stop.model for stop in stops] == [alone]


def test_a_small_one_that_is_not_needed_stays() -> None:
    state = gpu_state(1, a=4, b=16, big=20)
    does(state, call(1, "a"), call(2, "b"))
    up(state, "a", 10)
    up(state, "b", 10)
    # `a` is idle for longest and would be the first to go, but `b` alone is enough.
    does(state, events.CallEnded(20, 1), events.CallEnded(30, 2))
    stops = of(StopReplica, does(state, call(3, "big", 5000)))
    assert [stop.model for stop in stops] == ["b"]


def test_a_model_too_large_for_one_gpu_is_spread_and_counts_on_each() -> None:
    state = gpu_state(4, gpus_max=2, big=40, small=10)
    (start,) = of(StartReplica, does(state, call(1, "big")))
    assert start.devices == ("GPU-0", "GPU-1")
    assert state.replicas["big"].held == {"GPU-0": 20 * GIB, "GPU-1": 20 * GIB}
    (start,) = of(StartReplica, does(state, call(2, "small")))
    assert start.devices == ("GPU-2",)


def test_the_fullest_gpu_that_has_room_is_taken() -> None:
    state = gpu_state(2, a=16, b=6, c=16)
    (first,) = of(StartReplica, does(state, call(1, "a")))
    (second,) = of(StartReplica, does(state, call(2, "b")))
    assert first.devices == second.devices
    (third,) = of(StartReplica, does(state, call(3, "c")))
    assert third.devices != first.devices


def test_memory_is_not_promised_again_before_it_is_seen_free() -> None:
    state = gpu_state(1, a=16, b=16)
    does(state, call(1, "a"))
    up(state, "a", 10)
    does(state, events.CallEnded(20, 1))
    ours = (GpuProcess(7, 16 * GIB, "c1"),)
    does(state, read(1000, gpu(0, 16, ours), c1="a"), call(2, "b", 2000))
    assert of(StartReplica, down(state, "a", 2100)) == []
    assert told(state, 2).code == "memory_back"
    assert of(StartReplica, does(state, read(2200, gpu(0, 16, ours), c1="a"))) == []
    assert of(StartReplica, does(state, read(2300, gpu(0, 0))))


def test_memory_that_does_not_come_back_is_somebody_elses() -> None:
    state = gpu_state(1, a=16, b=16)
    does(state, call(1, "a"))
    up(state, "a", 10)
    does(state, events.CallEnded(20, 1), call(2, "b", 2000))
    down(state, "a", 2100)
    effects = does(state, read(2200, gpu(0, 16)), events.TimePassed(8000))
    assert of(StartReplica, effects) == []
    assert told(state, 2).code == "others"
    assert "16384 MiB" in told(state, 2).text
    assert of(StartReplica, does(state, read(8100, gpu(0, 1))))


def test_where_others_take_memory_idle_models_leave() -> None:
    state = gpu_state(1, a=16)
    does(state, call(1, "a"))
    up(state, "a", 10)
    ours = GpuProcess(7, 16 * GIB, "c1")
    game = GpuProcess(8, 10 * GIB)
    # In flight it stays, whatever others take.
    does(state, read(1000, gpu(0, 26, (ours, game)), c1="a"))
    assert state.replicas["a"].phase is Phase.READY
    (stop,) = of(StopReplica, does(state, events.CallEnded(2000, 1)))
    assert "other programs" in stop.why


def test_others_are_those_that_are_not_ours() -> None:
    state = gpu_state(1, a=10)
    does(state, call(1, "a"))
    # It starts: its memory grows, and is never counted twice.
    ours = GpuProcess(7, 3 * GIB, "c1")
    game = GpuProcess(8, 2 * GIB)
    does(state, read(5, gpu(0, 5, (ours, game)), c1="a"))
    device = state.devices["GPU-0"]
    assert device.others_mib == 2 * GIB
    up(state, "a", 10)
    more = GpuProcess(7, 12 * GIB, "c1")
    does(state, read(20, gpu(0, 14, (more, game)), c1="a"))
    assert device.others_mib == 2 * GIB
    assert state.replicas["a"].peak_mib == 12 * GIB


def test_a_lost_gpu_is_not_used_and_comes_back_by_itself() -> None:
    state = gpu_state(1, a=10)
    does(state, read(1, gpu(0, problem="the GPU is lost")))
    (refused,) = of(Refuse, does(state, call(2, "a")))
    assert refused.code == "no_capacity"
    assert "the GPU is lost" in refused.text
    assert of(StartReplica, does(state, read(3, gpu(0)), call(4, "a")))


def test_without_a_gpu_the_reason_is_said() -> None:
    state = gpu_state(0, a=10)
    (refused,) = of(Refuse, does(state, call(1, "a")))
    assert "needs a GPU: no driver" in refused.text
    assert refused.mend


def test_a_model_too_large_for_every_gpu_is_refused_with_figures() -> None:
    state = gpu_state(2, a=30)
    (refused,) = of(Refuse, does(state, call(1, "a")))
    assert "30720 MiB" in refused.text
    assert "24576 MiB" in refused.text


def test_out_of_memory_raises_the_promise_for_the_next_start() -> None:
    state = gpu_state(1, a=10)
    does(state, call(1, "a"), events.ReplicaFailed(2, "a", 1, "boom", code="out_of_memory"))
    assert state.replicas["a"].memory_mib == 12.5 * GIB
    does(state, read(3, gpu(0)))
    assert of(StartReplica, does(state, events.TimePassed(5000)))
    assert state.replicas["a"].held == {"GPU-0": 12.5 * GIB}


def test_what_was_measured_replaces_the_estimate() -> None:
    state = gpu_state(1, a=10)
    does(state, events.PeakLearned(1, "a", 7 * GIB), call(2, "a"))
    assert state.replicas["a"].held == {"GPU-0": 7 * GIB}


def test_one_that_stops_keeps_what_it_holds_and_is_promised_what_was_measured() -> None:
    state = gpu_state(1, a=10)
    does(state, call(1, "a"))
    up(state, "a", 10)
    does(state, events.CallEnded(20, 1), events.UnloadAsked(30, "a"))
    does(state, events.PeakLearned(40, "a", 7 * GIB))
    assert state.replicas["a"].held == {"GPU-0": 10 * GIB}
    down(state, "a", 50)
    does(state, read(60, gpu(0)), call(2, "a", 70))
    assert state.replicas["a"].held == {"GPU-0": 7 * GIB}


@pytest.mark.parametrize("kept_mib", [512, 4096])
def test_the_desktop_keeps_its_share(kept_mib: int) -> None:
    state = gpu_state(0, a=22)
    does(state, events.GpusRead(1, (gpu(0),), (), "", kept_mib), call(2, "a"))
    assert (state.replicas["a"].phase is Phase.STARTING) == (kept_mib == 512)


def test_a_driver_that_keeps_more_for_itself_breaks_no_promise() -> None:
    """The figure moves by some MiB on real cards while models run."""
    state = gpu_state(1, a=24, b=1)
    does(state, call(1, "a"))
    up(state, "a", 10)
    reading = replace(gpu(0, 23), reserved_mib=700)
    does(state, read(20, reading), call(2, "b", 30))
    assert state.replicas["b"].phase is Phase.ABSENT


def test_a_host_model_does_not_use_gpus() -> None:
    state = host_state("m")
    (start,) = of(StartReplica, does(state, read(1, gpu(0)), call(2)))
    assert start.devices == ()


def test_a_call_that_goes_moves_its_project_back_at_every_model_of_the_same_step() -> None:
    state = host_state("a", "b")
    does(state, call(1, "a", 1, project="red"), call(2, "b", 1, project="blue"))
    up(state, "a", 5)
    up(state, "b", 5)
    # Red has spent its budget. Blue's next call wants both slots of `b`, and has one.
    does(state, events.CallEnded(5, 1, tokens=80), events.BudgetSet(5, "red", Budget(tokens=50)))
    does(state, call(3, "b", 5, project="blue", width=2))
    does(state, call(4, "a", 5, project="red"), call(5, "b", 5, project="red"))
    assert state.replicas["a"].in_flight.keys() == set()
    # Before call 4 goes red stands before blue, after it both stand level and blue's call is older.
    forwarded = of(Forward, does(state, events.BudgetSet(5, "red", None)))
    assert [forward.call for forward in forwarded] == [4]
