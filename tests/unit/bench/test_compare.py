"""Two commits' figures, told from noise."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.compare import Compared, compared, in_turns, rows_of, table
from tests.bench.rows import Row, row

NOW, BEFORE = Path("now"), Path("before")


def turns(*values: float, unit: str = "ms", goal: str = "") -> list[list[Row]]:
    return [[row("M", [value], unit, goal=goal)] for value in values]


def verdict(now: list[list[Row]], before: list[list[Row]]) -> str:
    (found,) = compared(now, before)
    return found.verdict


@pytest.mark.parametrize(
    ("now", "before", "wanted"),
    [
        ((1, 2, 3), (4, 5, 6), "quicker"),
        ((4, 5, 6), (1, 2, 3), "slower"),
        ((1, 2, 4), (3, 5, 6), "within the noise"),
        ((1, 2), (4, 5), "within the noise"),  # two turns are chance too often
        ((100, 100.1, 100.2), (101, 101.1, 101.2), "within the noise"),  # apart, and of no account
        ((1, 1, 1), (0, 0, 0), "slower"),
    ],
)
def test_only_what_does_not_overlap_is_told_from_noise(
    now: tuple[float, ...], before: tuple[float, ...], wanted: str
) -> None:
    assert verdict(turns(*now), turns(*before)) == wanted


@pytest.mark.parametrize(("unit", "goal"), [("MiB/s", ""), ("%", "at least 97 %")])
def test_more_is_better_where_the_row_says_so(unit: str, goal: str) -> None:
    more, less = turns(4, 5, 6, unit=unit, goal=goal), turns(1, 2, 3, unit=unit, goal=goal)
    assert (verdict(more, less), verdict(less, more)) == ("quicker", "slower")


def test_a_row_that_only_one_of_them_has_is_named() -> None:
    one, other = row("new", [1.0], "ms"), row("old", [2.0], "ms")
    found = compared([[one]], [[other]])
    assert [(each.name, each.verdict) for each in found] == [
        ("new", "only now"),
        ("old", "only before"),
    ]
    assert "| new | 1 ms (1 to 1) | none | none | only now |" in table(found)


def test_each_goes_first_in_turn() -> None:
    asked: list[Path] = []

    def run(tree: Path) -> list[Row]:
        asked.append(tree)
        return [row("M", [float(len(asked))], "ms")]

    now, before = in_turns(run, NOW, BEFORE, 3)
    assert asked == [NOW, BEFORE, BEFORE, NOW, NOW, BEFORE]
    assert compared(now, before) == [
        Compared("M", "ms", [1.0, 4.0, 5.0], [2.0, 3.0, 6.0], 1.333, "within the noise")
    ]


def test_rows_are_found_among_what_else_is_printed() -> None:
    wanted = row("M", [1.0], "ms", beside=[2.0], ratio_to="it", goal="at most 1")
    assert rows_of(f"a word\n{wanted.as_json()}\n[1/5] done\n") == [wanted]
