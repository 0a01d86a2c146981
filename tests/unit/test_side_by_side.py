"""What `make test` relies on: whole files, the longest first, and nothing that it does not read."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from tests.support import side_by_side
from tests.support.patience import NET_S, TEST_S

ROOT = Path(__file__).parents[2]


class Item:
    """What of a test is looked at."""

    def __init__(self, nodeid: str, *, real: bool = True, timeout: float = 0) -> None:
        self.nodeid = nodeid
        self._marks = {"e2e": real, "timeout": timeout}

    @property
    def group(self) -> str:
        return cast(str, self._marks.get("xdist_group", ""))

    def get_closest_marker(self, name: str) -> object:
        return self._marks.get(name) or None

    def add_marker(self, mark: Any) -> None:
        self._marks[mark.name] = mark.args[0]


def arranged(*items: Item, beside: bool = True) -> list[Item]:
    given = cast(list[pytest.Item], [*items])
    side_by_side.arrange(given, beside=beside)
    return cast(list[Item], given)


def test_a_file_stays_whole_and_the_longest_come_first() -> None:
    one, two = Item("tests/e2e/test_demo.py::a"), Item("tests/e2e/test_demo.py::b[x::y]")
    long, quick = Item("tests/e2e/test_faults.py::c"), Item("tests/unit/test_x.py::d", real=False)
    assert arranged(one, quick, two, long) == [long, one, quick, two]
    assert (one.group, two.group) == ("tests/e2e/test_demo.py",) * 2
    assert quick.group == ""
    assert arranged(one, long, beside=False) == [one, long], "by name, as pytest has it"


def test_those_that_build_layers_of_the_user_are_not_beside_one_another() -> None:
    first, second = arranged(*(Item(f"{file}::t") for file in side_by_side.LAYERS))
    assert first.group == second.group
    builds = "cli_with_layers("
    found = {
        str(p.relative_to(ROOT)) for p in ROOT.glob("tests/e2e/*.py") if builds in p.read_text()
    }
    assert found == set(side_by_side.LAYERS)


def test_one_that_would_not_be_found_is_refused() -> None:
    with pytest.raises(pytest.UsageError, match="outside"):
        arranged(Item("tests/unit/git/test_new.py::t"))
    makefile = (ROOT / "Makefile").read_text()
    places = " ".join(place.rstrip("/") for place in side_by_side.PLACES)
    assert f"REAL_PLACES = {places}\n" in makefile
    assert [n for n in side_by_side.LONGEST if not (ROOT / f"tests/e2e/test_{n}.py").exists()] == []


def test_one_with_real_parts_has_time_for_a_busy_machine_and_keeps_a_limit_of_its_own() -> None:
    found = arranged(Item("tests/e2e/a.py::t"), Item("tests/e2e/a.py::u", timeout=2_400))
    quick = Item("tests/unit/test_x.py::d", real=False)
    limits = [item.get_closest_marker("timeout") for item in (*found, *arranged(quick))]
    assert limits == [TEST_S, 2_400, None]
    assert TEST_S > 3 * NET_S, "a wait that ends nothing says what it saw before its test is ended"
