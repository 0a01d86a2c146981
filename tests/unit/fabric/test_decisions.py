"""The log of decisions can be run again and says the same; it never costs a decision."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clawdesk_fabric import decisions, events
from clawdesk_fabric.decisions import Log, replay
from clawdesk_fabric.leases import Budget, Reservation
from clawdesk_fabric.model import CallClass, FabricState, GpuProcess
from clawdesk_fabric.transitions import step
from tests.support.fabric_core import GIB, call, gpu, gpu_state, host_state, lease, read

STORY: tuple[events.Event, ...] = (
    read(1, gpu(0, 3, (GpuProcess(4, None, "c9"),)), gpu(1, problem="lost"), c9="a"),
    events.PeakLearned(2, "a", 15 * GIB),
    events.WeightSet(3, "red", 2.5),
    events.BudgetSet(4, "red", Budget(tokens=50, gpu_ms=9)),
    events.ReservationMade(5, Reservation("r", "b", "", 500_000, 600_000)),
    lease("l1", "a", 6),
    call(7, "a", project="red", priority=-2, deadline_ms=900),
    events.ReplicaProgressed(8, "a", 1, "loading"),
    events.ReplicaReady(9, "a", 1),
    call(10, "b", call_class=CallClass.INTERACTIVE, task="t"),
    events.LeaseRenewed(11, "l1"),
    events.CallEnded(12, 7, succeeded=True, tokens=80),
    events.LeaseReleased(13, "l1"),
    events.ReplicaStopped(14, "a", 1),
    events.PinSet(15, "a", True),
    events.WallClockMoved(16, -5),
    events.ReservationEnded(16, "r"),
    events.TimePassed(30_000),
    events.ClosingAsked(30_001),
)


def play(log: Log, state: FabricState, story: tuple[events.Event, ...] = STORY) -> None:
    log.begin(state)
    for event in story:
        log.add(state, event, step(state, event))
    log.close()


def test_every_event_is_decided_the_same_again(tmp_path: Path) -> None:
    path = tmp_path / "decisions.jsonl"
    play(Log(path), gpu_state(1, a=16, b=16))
    assert replay(path) == (len(STORY), "")
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_ends_for_ours_is_decided_the_same_again(tmp_path: Path) -> None:
    path = tmp_path / "decisions.jsonl"
    state = host_state("a", slots=1)
    theirs = call(1, "a", project="peer:lab", call_class=CallClass.PEER)
    step(state, theirs)
    step(state, events.ReplicaReady(2, "a", 1))
    step(state, call(3, "a"))
    assert state.cut == [1]
    # The log begins in the middle, as one does that was begun anew.
    play(Log(path), state, (events.CallEnded(4, 1), call(5, "a"), events.CallEnded(6, 3)))
    assert replay(path) == (3, "")
    path = tmp_path / "again.jsonl"
    play(
        Log(path), host_state("a", slots=1), (theirs, events.ReplicaReady(2, "a", 1), call(3, "a"))
    )
    assert "CutOff" in path.read_text()
    assert replay(path) == (3, "")


def test_a_name_that_is_no_text_costs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "decisions.jsonl"
    play(Log(path), gpu_state(1, a=16), (call(1, "a", project="\ud800"), *STORY[:1]))
    assert replay(path) == (2, "")


def test_a_decision_that_changed_is_found(tmp_path: Path) -> None:
    path = tmp_path / "decisions.jsonl"
    play(Log(path), gpu_state(1, a=16, b=16))
    lines = path.read_text().splitlines()
    place = next(n for n, line in enumerate(lines) if '"StartReplica"' in line)
    found = json.loads(lines[place])
    found["effects"] = []
    lines[place] = json.dumps(found)
    path.write_text("\n".join(lines) + "\n")
    count, difference = replay(path)
    assert count == place - 1
    assert "StartReplica" in difference


def test_a_log_that_grows_is_begun_anew_from_the_state_of_that_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decisions, "BYTES_MAX", 3000)
    monkeypatch.setattr(decisions, "HELD_MAX", 2)
    path = tmp_path / "decisions.jsonl"
    play(Log(path), gpu_state(1, a=16, b=16))
    older = path.with_name("decisions.jsonl.1")
    assert replay(older)[1] == replay(path)[1] == ""
    begun = json.loads(path.read_text().splitlines()[0])["state"]
    assert begun["at_ms"] > 0
    assert len(list(tmp_path.iterdir())) == 2


def test_a_full_disk_costs_the_log_only() -> None:
    log = Log(Path("/dev/full"))
    state = gpu_state(1, a=16)
    log._file = Path("/dev/full").open("wb")  # noqa: SIM115 -- the log closes it
    log.add(state, STORY[0], step(state, STORY[0]))
    log.flush()
    assert "No space left" in log.problem
    log.add(state, STORY[2], step(state, STORY[2]))


def test_the_command_says_whether_it_replays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "decisions.jsonl"
    play(Log(path), gpu_state(1, a=16, b=16))
    assert decisions.main([str(path)]) == 0
    assert f"{len(STORY)} events were decided the same" in capsys.readouterr().out
