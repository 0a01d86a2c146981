"""Medians, spreads and ratios of the benchmark's rows."""

from __future__ import annotations

import json

import pytest

from tests.bench.rows import quartile_distance, row, table


def test_a_row_is_a_median_with_its_ratio() -> None:
    found = row("M1", [3.0, 1.0, 2.0], "s", beside=[1.0, 1.0, 4.0], ratio_to="raw QEMU")
    assert (found.value, found.ratio, found.n) == (2.0, 2.0, 3)
    assert json.loads(found.as_json())["ratio_to"] == "raw QEMU"
    assert "| M1 | 2 s | 1 | 3 | 2 | raw QEMU | none |" in table([found])


def test_without_something_beside_it_there_is_no_ratio() -> None:
    assert row("U1", [0.2], "s").ratio is None


def test_the_spread_leaves_outliers_out() -> None:
    assert quartile_distance([1.0, 2.0, 3.0, 4.0, 100.0]) == 2.0
    assert quartile_distance([1.0]) == 0.0


def test_no_sample_is_no_figure() -> None:
    with pytest.raises(ValueError, match="no sample"):
        row("M1", [], "s")
