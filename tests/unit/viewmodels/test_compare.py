"""Families in lanes; two checkpoints side by side: what they share, what is asked, what is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clawdesk.domain.model import PlaneState
from clawdesk.viewmodels.compare import (
    BRANCH,
    Side,
    asks_of,
    compare_view,
    first_pair,
    parted_at,
)
from clawdesk.viewmodels.forks import fork_view, in_lanes, keep_view, letter, letters
from tests.support import fork_scenes, review_scene
from tests.support import plane_scenes as scenes

NOW = 1_764_000_000_000
FAMILY = fork_scenes.forked_house(NOW)
STATE = PlaneState(tasks={**scenes.house(NOW), **FAMILY})
ROOT, FIRST, SECOND, THIRD = FAMILY.values()


def test_letters_go_on_after_z() -> None:
    assert [letter(n) for n in (0, 25, 26, 51, 52, 701, 702)] == [
        "A", "Z", "AA", "AZ", "BA", "ZZ", "AAA",
    ]  # fmt: skip
    assert list(letters(STATE, SECOND).values()) == ["A", "B", "C", "D"]
    assert letters(STATE, next(iter(scenes.house(NOW).values()))) == {}


def test_forks_stand_below_the_task_they_come_from() -> None:
    others = list(scenes.house(NOW).values())[:2]
    order = [others[0], ROOT, others[1], FIRST, SECOND, THIRD]
    found = [(t.id, depth) for t, depth in in_lanes(order)]
    assert found == [
        (others[0].id, 0), (ROOT.id, 0), (FIRST.id, 1), (THIRD.id, 2), (SECOND.id, 1),
        (others[1].id, 0),
    ]  # fmt: skip
    # A parent that is filtered out, or a damaged circle of forks, loses nobody.
    assert [t.id for t, _ in in_lanes([SECOND, THIRD])] == [SECOND.id, THIRD.id]


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        (ROOT, FIRST, (ROOT.id, 2)),
        (FIRST, SECOND, (ROOT.id, 2)),
        (FIRST, THIRD, (FIRST.id, 3)),
        (ROOT, THIRD, (ROOT.id, 2)),
        (SECOND, THIRD, (ROOT.id, 2)),
    ],
)
def test_what_two_members_share_is_found_from_either_side(one, other, shared) -> None:  # type: ignore[no-untyped-def]
    assert parted_at(STATE, one, other) == shared
    assert parted_at(STATE, other, one) == shared


def test_strangers_share_nothing() -> None:
    stranger = next(iter(scenes.house(NOW).values()))
    assert parted_at(STATE, ROOT, stranger) is None


def test_the_first_pair_is_what_a_person_most_likely_means() -> None:
    assert first_pair(STATE, FIRST, 3) == (Side(ROOT.id, 3), Side(FIRST.id, 3))
    assert first_pair(STATE, ROOT, 2) == (Side(ROOT.id, 2), Side(THIRD.id, 3))
    alone = next(t for t in scenes.house(NOW).values() if t.title == "fix-loader")
    assert first_pair(STATE, alone, 2) == (Side(alone.id, 2), Side(alone.id, 4))
    assert first_pair(STATE, alone, 4) == (Side(alone.id, 3), Side(alone.id, 4))


def test_each_is_measured_from_where_they_parted() -> None:
    asks = asks_of(STATE, Side(ROOT.id, 3), Side(FIRST.id, 3))
    assert [(a.key, a.text, a.task, a.old, a.new, a.other) for a in asks] == [
        ("left", "A with 2", ROOT.id, 2, 3, ""),
        ("right", "B with 2", FIRST.id, 2, 3, ""),
        ("both", "A with B", ROOT.id, 3, 3, FIRST.id),
    ]
    (branch,) = asks_of(STATE, BRANCH, Side(FIRST.id, 3))
    assert (branch.task, branch.old, branch.new, branch.branch) == (FIRST.id, None, 3, True)


def test_the_table_says_who_did_with_less() -> None:
    diff = review_scene.sample_diff()
    view = compare_view(
        STATE,
        Side(ROOT.id, 3),
        Side(FIRST.id, 3),
        {"left": diff, "right": diff, "both": diff},
        branch="main",
    )
    facts = {f.name: f for f in view.facts}
    # A: from checkpoint 2 at -22 min to 3 at -10; B: from its submission at -20 to -6.
    assert (facts["Time"].left, facts["Time"].right, facts["Time"].better) == (
        "12 m",
        "14 m",
        "left",
    )
    assert facts["Files changed"].left == "3 +18 −7"  # noqa: RUF001
    assert facts["Would run here"].better == ""
    assert facts["All its snapshots"].better == "right"
    assert facts["Variables"].right == "SCHEDULE=cycle"
    assert (view.left.keep, view.right.keep) == ("Keep A…", "Keep B…")
    assert "checkpoint 2" in view.subtitle
    assert view.lanes == tuple(FAMILY)
    assert view.choices[0] == (BRANCH, "Your branch main")


def test_a_branch_is_compared_without_figures_of_its_own() -> None:
    view = compare_view(
        STATE, BRANCH, Side(FIRST.id, 3), {"both": review_scene.sample_diff()}, branch="main"
    )
    assert (view.left.title, view.left.keep, view.right.keep) == ("main", "", "")
    assert all(f.left == "–" for f in view.facts)  # noqa: RUF001
    assert next(f for f in view.facts if f.name == "Files changed").right.startswith("3 ")


def test_the_sheets_say_what_happens() -> None:
    view = fork_view(STATE, ROOT, 0)
    assert view.gets == ("the project's files as the task began with them, on a fresh machine",)
    assert view.names[0] == "sweep-lr E"
    assert view.titles("mine", 2) == ("mine 1", "mine 2")
    last = fork_view(STATE, replace(ROOT, definition=replace(ROOT.definition, steps=())), 3)
    assert last.later_steps.startswith("No step begins")
    kept = keep_view(STATE, SECOND)
    assert [line.split()[0] for line in kept.ends] == ["A", "B", "D"]
    assert not kept.why_not
