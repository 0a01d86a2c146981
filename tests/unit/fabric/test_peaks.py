"""What models were measured to need: for the same weights, server, context and slots only."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clawdesk_fabric.peaks import ENTRIES_MAX, MARGIN, Peaks
from tests.support.fabric_world import spec


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "fabric" / "peaks.json"


def test_a_peak_holds_after_a_restart_and_for_the_same_figures_only(path: Path) -> None:
    Peaks(path).learn(spec(), 1000)
    kept = Peaks(path)
    assert kept.known(spec(name="other", title="A name does not count")) == round(1000 * MARGIN)
    for other in ({"context": 9999}, {"slots": 7}, {"weights": None}):
        assert kept.known(spec(**other)) == 0


def test_the_largest_one_is_kept(path: Path) -> None:
    peaks = Peaks(path)
    for peak_mib in (500, 800, 0, 600):
        peaks.learn(spec(), peak_mib)
    assert Peaks(path).known(spec()) == round(800 * MARGIN)


def test_the_oldest_are_forgotten(path: Path) -> None:
    path.parent.mkdir()
    path.write_text(json.dumps({f"old-{number}": 1 for number in range(ENTRIES_MAX)}))
    Peaks(path).learn(spec(), 700)
    found = json.loads(path.read_text())
    assert len(found) == ENTRIES_MAX
    assert "old-0" not in found


@pytest.mark.parametrize("text", ["{", "[1]", '{"a": "x"}'])
@pytest.mark.expect_log("peaks are measured anew")
def test_a_damaged_file_costs_the_learning_only(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)
    peaks = Peaks(path)
    assert peaks.known(spec()) == 0
    peaks.learn(spec(), 900)
    assert Peaks(path).known(spec()) == round(900 * MARGIN)


@pytest.mark.expect_log("cannot be")
def test_a_place_that_cannot_be_used_costs_the_file_only(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    peaks = Peaks(tmp_path / "file" / "peaks.json")
    peaks.learn(spec(), 900)
    assert peaks.known(spec()) == round(900 * MARGIN)
