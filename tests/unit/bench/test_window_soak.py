"""The verdict of a soak: what counts as growing, from looks that were made up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.soak.window_use import Result, compare, slope
from tests.support.footprint import Footprint

LOOK = Footprint(150_000, 40_000, 400_000, 11, 3, 1_248, 831, 78_000, (100, 50, 40, 30, 20))


def growing(end: Footprint, rounds: int = 100, *, heap_kib_a_round: float = 0.0) -> list[str]:
    result = Result(
        marks={"middle": LOOK, "end": end},
        mark_rounds={"middle": 0, "end": rounds},
        heap_kib_a_round=heap_kib_a_round,
    )
    compare(result)
    return result.growing


def test_the_same_as_before_is_flat() -> None:
    assert growing(LOOK) == []
    assert growing(replace(LOOK, heap_kib=LOOK.heap_kib + 500)) == [], "memory has a rate"


@pytest.mark.parametrize(
    ("name", "more"),
    [("widgets", 1), ("qobjects", 1), ("fds", 1), ("threads", 1), ("blocks", 5_000)],
)
def test_more_at_the_end_is_named(name: str, more: int) -> None:
    (words,) = growing(replace(LOOK, **{name: getattr(LOOK, name) + more}))
    assert words == f"{name}: {more} more after 100 rounds"


def test_memory_that_grows_with_every_round_is_named() -> None:
    end = replace(LOOK, heap_kib=LOOK.heap_kib + 2_000)
    (words,) = growing(end, heap_kib_a_round=19.0)
    assert words.startswith("heap: 2000 KiB more")
    assert growing(end, heap_kib_a_round=1.0) == [], "one look that was high"


def test_a_reference_that_is_dropped_once_too_often_is_named() -> None:
    (words,) = growing(replace(LOOK, references=(-100, 50, 40, 30, 20)))
    assert "object 0: -2.00 a round" in words
    assert growing(replace(LOOK, references=(9_000, 50, 40, 30, 20))) == [], "PySide's own"
    assert growing(replace(LOOK, references=(100, 250, 40, 30, 20)))


def test_a_slope_is_not_moved_by_single_looks() -> None:
    steady = [(float(s), 10.0 + 2 * s) for s in range(20)]
    assert slope(steady) == 2.0
    assert slope([*steady[:-1], (19.0, 900.0)]) == 2.0
    assert slope([(0.0, 1.0)]) == 0.0
