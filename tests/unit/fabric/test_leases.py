"""Leases, pins and reservations: what keeps a model loaded, and that no hold lasts for ever."""

from __future__ import annotations

from clawdesk_fabric import events
from clawdesk_fabric.effects import (
    AskBack,
    EndLease,
    Forward,
    GrantLease,
    StartReplica,
    StopReplica,
)
from clawdesk_fabric.leases import Reservation, clash
from clawdesk_fabric.model import CallClass, FabricState, Phase
from tests.support.fabric_core import (
    call,
    does,
    down,
    gpu,
    gpu_state,
    lease,
    of,
    read,
    told,
    up,
)

PERSON = CallClass.INTERACTIVE


def leased() -> FabricState:
    """Task t1 holds `a` on the only GPU; `b` does not fit beside it."""
    state = gpu_state(1, a=16, b=16)
    does(state, lease("l1", "a", 1, task="t1"))
    up(state, "a", 10)
    return state


def test_a_lease_is_granted_with_the_memory_not_before() -> None:
    state = gpu_state(1, slots=1, a=16, b=16)
    done = does(state, lease("l1", "a", 1))
    assert of(StartReplica, done)
    assert [grant.lease for grant in of(GrantLease, done)] == ["l1"]
    done = does(state, lease("l2", "b", 2))
    assert of(GrantLease, done) == []
    assert state.leases["l2"].granted_ms is None


def test_no_more_leases_than_a_model_carries() -> None:
    state = gpu_state(1, slots=1, a=16)
    done = does(state, *(lease(f"l{number}", "a", number) for number in range(1, 7)))
    assert len(of(GrantLease, done)) == 4
    done = does(state, events.LeaseReleased(10, "l1"), events.LeaseReleased(10, "l1"))
    assert [grant.lease for grant in of(GrantLease, done)] == ["l5"]


def test_a_leased_model_stays_while_its_task_thinks() -> None:
    state = leased()
    for at_ms in range(30_000, 300_000, 30_000):
        done = does(state, events.LeaseRenewed(at_ms, "l1"), events.TimePassed(at_ms))
        assert of(StopReplica, done) == []
    done = does(state, events.LeaseReleased(300_000, "l1"), events.TimePassed(400_000))
    assert of(StopReplica, done)


def test_a_more_urgent_call_has_the_lease_asked_back_and_waits_for_the_boundary() -> None:
    state = leased()
    done = does(state, call(1, "b", 20, call_class=PERSON))
    assert [ask.lease for ask in of(AskBack, done)] == ["l1"]
    assert of(StopReplica, done) == []
    assert "1 lease" in told(state, 1).text or told(state, 1).code == "memory"
    # The task reaches its boundary with calls of its own; others are not served meanwhile.
    done = does(state, call(2, "a", 30, task="t1"), call(3, "a", 31, task="t9"))
    assert [forward.call for forward in of(Forward, done)] == [2]
    assert of(AskBack, does(state, events.TimePassed(40))) == []
    done = does(state, events.CallEnded(50, 2), events.LeaseReleased(60, "l1"))
    assert [stop.model for stop in of(StopReplica, done)] == ["a"]


def test_a_lease_that_is_asked_back_is_not_granted_again_at_once() -> None:
    state = leased()
    does(state, call(1, "b", 20, call_class=PERSON))
    done = does(state, events.LeaseReleased(60, "l1"), lease("l2", "a", 61, task="t1"))
    assert of(GrantLease, done) == []
    down(state, "a", 70)
    assert state.leases["l2"].granted_ms is None
    assert [s.model for s in of(StartReplica, does(state, read(80, gpu(0))))] == ["b"]


def test_no_lease_is_given_of_a_model_that_runs_dry_for_another() -> None:
    state = gpu_state(1, a=16, b=16)
    does(state, call(1, "a"))
    up(state, "a", 10)
    does(state, call(2, "b", 20, call_class=PERSON))
    assert of(GrantLease, does(state, lease("l1", "a", 30))) == []


def test_the_same_class_asks_back_only_after_the_longest_wait() -> None:
    state = leased()
    done = does(state, call(1, "b", 20), events.LeaseRenewed(30_000, "l1"))
    assert of(AskBack, done) == []
    done = does(state, events.LeaseRenewed(59_000, "l1"), events.TimePassed(60_021))
    assert [ask.lease for ask in of(AskBack, done)] == ["l1"]


def test_a_holder_that_is_not_heard_of_keeps_nothing() -> None:
    state = leased()
    does(state, events.LeaseRenewed(50_000, "l1"))
    assert of(EndLease, does(state, events.TimePassed(139_999))) == []
    (ended,) = of(EndLease, does(state, events.TimePassed(140_000)))
    assert ended.lease == "l1"
    # A renewal that comes late does not bring it back.
    does(state, events.LeaseRenewed(140_001, "l1"))
    assert state.leases == {}


def test_no_hold_lasts_for_ever() -> None:
    state = leased()
    state.leases["l1"] = state.leases["l1"]
    at_ms = 0
    asked: list[AskBack] = []
    while at_ms < 5 * 3_600_000 and not asked:
        at_ms += 60_000
        done = does(state, events.LeaseRenewed(at_ms, "l1"), events.TimePassed(at_ms))
        asked = of(AskBack, done)
    assert 4 * 3_600_000 <= at_ms <= 4 * 3_600_000 + 120_000


def test_a_model_that_dies_ends_its_leases() -> None:
    state = leased()
    (ended,) = of(EndLease, does(state, events.ReplicaFailed(20, "a", 1, "it crashed")))
    assert "it crashed" in ended.why


def test_a_lease_that_can_never_be_granted_ends_with_the_reason() -> None:
    state = gpu_state(1, a=30)
    (ended,) = of(EndLease, does(state, lease("l1", "a", 1)))
    assert "30720 MiB" in ended.why
    (ended,) = of(EndLease, does(state, lease("l2", "nothing", 2)))
    assert "no model" in ended.why


def test_a_pinned_model_stays_whoever_asks() -> None:
    state = gpu_state(1, a=16, b=16)
    does(state, events.PinSet(1, "a", True))
    up(state, "a", 10)
    done = does(state, call(1, "b", 5000, call_class=PERSON), events.TimePassed(1_000_000))
    assert of(StopReplica, done) == []
    assert "pinned" in told(state, 1).text
    done = does(state, events.PinSet(1_000_001, "a", False))
    assert of(StopReplica, done)


def test_a_reservation_loads_ahead_keeps_and_ends() -> None:
    state = gpu_state(1, a=16, b=16)
    does(state, call(1, "b"))
    up(state, "b", 10)
    does(state, events.CallEnded(20, 1))
    window = Reservation("r", "a", "red", 200_000, 300_000)
    does(state, events.ReservationMade(30, window))
    assert of(StopReplica, does(state, call(2, "b", 100_000), events.CallEnded(100_001, 2))) == []
    done = does(state, events.TimePassed(140_000))
    assert [stop.model for stop in of(StopReplica, done)] == ["b"]
    down(state, "b", 140_100)
    assert of(StartReplica, does(state, read(140_200, gpu(0))))
    up(state, "a", 150_000)
    # In the window only its project is served.
    done = does(state, call(3, "a", 210_000, project="blue"), call(4, "a", 210_001, project="red"))
    assert [forward.call for forward in of(Forward, done)] == [4]
    assert told(state, 3).code == "reserved"
    does(state, call(5, "b", 220_000, call_class=PERSON))
    assert state.replicas["a"].phase is Phase.READY
    done = does(state, events.CallEnded(290_000, 5), events.TimePassed(300_000))
    assert [forward.call for forward in of(Forward, done)] == [3]
    assert state.reservations == {}


def test_a_fabric_that_ends_starts_no_reserved_model() -> None:
    state = gpu_state(1, a=16)
    does(state, events.ClosingAsked(1))
    made = events.ReservationMade(2, Reservation("r", "a", "", 0, 1_000_000))
    assert of(StartReplica, does(state, made)) == []


def test_windows_that_do_not_fit_together_are_refused_when_they_are_asked_for() -> None:
    state = gpu_state(1, a=16, b=16, c=4)
    does(state, events.ReservationMade(1, Reservation("r", "a", "", 1000, 2000)))
    assert "does not fit" in clash(state, Reservation("s", "b", "", 1500, 2500))
    assert clash(state, Reservation("s", "b", "", 2000, 2500)) == ""
    assert clash(state, Reservation("s", "c", "", 1500, 2500)) == ""
