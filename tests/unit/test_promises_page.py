"""docs/guide/promises.md names only tests that are there, and has every row that is promised."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/guide/promises.md").read_text()
PLAN = (ROOT / "docs/adr/0012-scheduling.md").read_text()


def test_every_test_it_names_exists() -> None:
    named = re.findall(r"`(tests/[\w/.-]+\.py)`", PAGE)
    assert len(set(named)) > 30
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_every_rule_of_decisions_and_every_invariant_has_its_row() -> None:
    assert re.findall(r"^\| (H\d+) \|", PAGE, re.MULTILINE) == [f"H{n}" for n in range(1, 15)]
    assert re.findall(r"^\| (I\d+) \|", PLAN, re.MULTILINE) == [f"I{n}" for n in range(1, 25)]


def test_the_promises_0012_names_are_checked() -> None:
    from tests.sim.test_scheduling import CHECKS

    names = {check.__name__ for check in CHECKS}
    cited = set(re.findall(r"`(\w+_\w+_\w+_\w+)`", PLAN)) - {"checkpoint_every_s"}
    assert {c for c in cited if not c.startswith("test_")} <= names
