"""Pins, windows, weights, budgets and use outlive the Fabric; a damaged file is put aside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clawdesk_fabric import events
from clawdesk_fabric.kept import Kept
from clawdesk_fabric.leases import Budget, Reservation
from clawdesk_fabric.model import FabricState
from tests.support.fabric_core import call, does, host_state, up

HOUR_MS = 3_600_000


def used() -> FabricState:
    state = host_state("m", "n")
    does(
        state,
        events.WeightSet(0, "red", 2.0),
        events.BudgetSet(0, "red", Budget(tokens=100, gpu_ms=HOUR_MS)),
        events.ReservationMade(0, Reservation("r1", "n", "red", HOUR_MS, 2 * HOUR_MS)),
        events.PinSet(0, "m", True),
        call(1, "m", project="red"),
    )
    up(state, "m", 10)
    does(state, events.CallEnded(5010, 1, succeeded=True, tokens=70))
    return state


def loaded(path: Path, now_ms: int, wall_ms: int) -> FabricState:
    state = host_state("m", "n")
    does(state, *Kept(path).load(state, now_ms=now_ms, wall_ms=wall_ms))
    return state


def test_a_restart_knows_what_people_decided_and_projects_used(tmp_path: Path) -> None:
    path, before = tmp_path / "kept.json", used()
    Kept(path).save(before, now_ms=10_000, wall_ms=50_000_000)
    # The new process counts its own time, and ten minutes have passed.
    after = loaded(path, 7_000, 50_600_000)
    assert after.replicas["m"].pinned
    share = after.shares["red"]
    assert (share.weight, share.tokens) == (2.0, 70)
    assert share.used_ms == pytest.approx(before.shares["red"].used_ms, abs=1)
    assert after.budgets["red"].exceeded(share) == ""
    share.tokens += 30
    assert "100 of 100 tokens" in after.budgets["red"].exceeded(share)
    window = after.reservations["r1"]
    assert window.from_ms - 7_000 == pytest.approx(HOUR_MS - 10_000 - 600_000, abs=1000)


def test_a_window_keeps_its_time_of_day_when_the_machine_slept() -> None:
    kept, state = Kept(None), used()
    kept.load(state, now_ms=10_000, wall_ms=50_000_000)
    assert kept.moved(now_ms=20_000, wall_ms=50_010_900) == [], "clocks drift"
    slept_ms = HOUR_MS // 2
    woken = kept.moved(now_ms=30_000, wall_ms=50_020_000 + slept_ms)
    does(state, *woken)
    window = state.reservations["r1"]
    assert (window.from_ms, window.until_ms) == (HOUR_MS - slept_ms, 2 * HOUR_MS - slept_ms)
    assert kept.moved(now_ms=30_250, wall_ms=50_020_250 + slept_ms) == []


def test_a_window_that_passed_meanwhile_and_a_model_that_is_gone_are_left_out(
    tmp_path: Path,
) -> None:
    path = tmp_path / "kept.json"
    Kept(path).save(used(), now_ms=10_000, wall_ms=50_000_000)
    state = host_state("other")
    does(state, *Kept(path).load(state, now_ms=0, wall_ms=50_000_000 + 3 * HOUR_MS))
    assert state.reservations == {}
    assert not state.replicas["other"].pinned


@pytest.mark.expect_log("cannot be read")
@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{}", '{"version": 9}', '{"version": 1}', "\x00", "[" * 100_000),
        '{"version": 1, "projects": {"p": {"used_ms": 1e999, "tokens": 1}}}',
        '{"version": 1, "projects": {"p": {"used_ms": NaN, "tokens": 1}}}',
    ],
)
def test_a_damaged_file_is_put_aside_and_said(tmp_path: Path, text: str) -> None:
    path = tmp_path / "kept.json"
    path.write_text(text)
    assert loaded(path, 0, 0).budgets == {}
    assert not path.exists()
    assert path.with_name("kept.json.damaged").read_text() == text


@pytest.mark.expect_log("cannot be written")
def test_a_disk_that_is_full_costs_the_file_only(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    Kept(blocked / "kept.json").save(used(), now_ms=0, wall_ms=0)


def test_it_is_private_and_written_only_when_something_changed(tmp_path: Path) -> None:
    path, state = tmp_path / "kept.json", used()
    kept = Kept(path)
    kept.save(state, now_ms=0, wall_ms=0)
    assert path.stat().st_mode & 0o777 == 0o600
    number = path.stat().st_ino
    kept.save(state, now_ms=0, wall_ms=0)
    assert path.stat().st_ino == number
    assert json.loads(path.read_text())["projects"]["red"]["tokens"] == 70
