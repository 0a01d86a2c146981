"""The compare page: which pair, which diffs, keep with its question, and the way back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from clawdesk.domain.model import DiffStat
from clawdesk.ports.errors import PortError
from clawdesk.ports.repository import Diff
from clawdesk.ui.ask_sheet import AskSheet
from clawdesk.ui.button import Button
from clawdesk.ui.guard import GUARD_MS
from clawdesk.viewmodels.compare import BRANCH

if TYPE_CHECKING:
    from clawdesk.ui.desk import Desk
    from tests.ui.conftest import Bench


@pytest.fixture
def desk(bench: Bench) -> Desk:
    return bench.open_forked()


def asked(bench: Bench) -> list[tuple[object, ...]]:
    return [c[1:] for c in bench.plane.calls if c[0] == "diff"]


def opened(bench: Bench, desk: Desk) -> tuple[str, str]:
    root, fork = bench.task_id("sweep-lr"), bench.task_id("sweep-lr one cycle")
    desk.window.tasks.list.choose(fork)
    bench.plane.calls.clear()
    desk.branches.compare(fork, 3)
    bench.settle()
    return root, fork


def test_a_fork_is_shown_beside_the_task_it_comes_from(bench: Bench, desk: Desk) -> None:
    root, fork = opened(bench, desk)
    page = desk.window.compare
    assert page.isVisible()
    assert page.title.text() == "Compare two alternatives: sweep-lr and sweep-lr one cycle"
    assert asked(bench) == [(root, 2, 3), (fork, 2, 3), (root, 3, 3, fork)]
    assert page.diff.rows.count > 20
    assert page.said.text() == "3 files differ, +18 −7 lines"  # noqa: RUF001
    first = page.files.model().index(0, 0)
    assert first.data(Qt.ItemDataRole.CheckStateRole) is None, "there is nothing to tick here"
    assert [r.title for r in page.lanes.list.rows.rows] == [
        "sweep-lr", "sweep-lr one cycle", "sweep-lr no clip", "sweep-lr warm restarts",
    ]  # fmt: skip


def test_each_diff_has_a_button(bench: Bench, desk: Desk) -> None:
    opened(bench, desk)
    page = desk.window.compare
    same = Diff((), DiffStat())
    left = next(a for a in desk.compare._asks() if a.key == "left")
    desk.compare._diffs[left] = same
    page.asks.chosen.emit("left")
    assert page.said.text() == "The files are the same."
    assert page.diff.rows.count == 0


def test_another_side_is_chosen_from_the_list(bench: Bench, desk: Desk) -> None:
    _, fork = opened(bench, desk)
    page = desk.window.compare
    place = next(i for i, (side, _) in enumerate(page._choices) if side == BRANCH)
    page.sides[0].setCurrentIndex(place)
    page.sides[0].activated.emit(place)
    bench.settle()
    assert ("diff_branch", fork, 3) in bench.plane.calls
    assert not page.keeps[0].isVisible()
    page.sides[1].setCurrentIndex(place)
    page.sides[1].activated.emit(place)
    bench.settle()
    notice = desk.window.banner.notice
    assert notice is not None
    assert "on both sides" in notice.what
    # What is looked at stays as it was, and the picker goes back to it.
    assert page.sides[1].currentIndex() != place


def test_a_pair_that_is_no_longer_looked_at_is_not_read_on(bench: Bench, desk: Desk) -> None:
    gate = bench.plane.hold["diff"] = asyncio.Event()
    root, fork = bench.task_id("sweep-lr"), bench.task_id("sweep-lr one cycle")
    bench.plane.calls.clear()
    desk.branches.compare(fork, 3)
    bench.run(asyncio.sleep(0))
    desk.branches.compare(root, 1)
    bench.run(asyncio.sleep(0))
    gate.set()
    bench.settle()
    wanted = [c for c in asked(bench) if c[0] == root and c[1:3] == (2, 3)]
    assert wanted == [(root, 2, 3)], "the first of the old pair was under way"
    assert (fork, 2, 3) not in asked(bench)
    assert desk.window.compare.diff.rows.count > 20


def test_keep_asks_and_names_the_others(bench: Bench, desk: Desk) -> None:
    _, fork = opened(bench, desk)
    desk.window.compare.keeps[1].click()
    sheet = desk.decisions.sheet
    assert isinstance(sheet, AskSheet)
    assert not [c for c in bench.plane.calls if c[0] == "keep"]
    bench.clock.advance(GUARD_MS)
    go = sheet.findChild(Button, "keep.go")
    assert go is not None
    go.click()
    bench.settle()
    assert ("keep", fork, "window") in bench.plane.calls


def test_escape_leads_back_to_the_tasks(bench: Bench, desk: Desk) -> None:
    opened(bench, desk)
    page = desk.window.compare
    desk.window.activateWindow()
    page.lanes.list.setFocus()
    bench.settle()
    QTest.keyClick(page.lanes.list, Qt.Key.Key_Escape)
    assert not page.isVisible()
    assert desk.window.tasks.isVisible()


def test_fork_again_starts_where_they_parted(bench: Bench, desk: Desk) -> None:
    opened(bench, desk)
    desk.window.compare.again.click()
    sheet = desk.decisions.sheet
    assert sheet is not None
    assert sheet.accessibleName() == "Fork sweep-lr at checkpoint 2?"


def test_two_states_of_one_task_have_no_keep(bench: Bench, desk: Desk) -> None:
    task = bench.task_id("fix-loader")
    desk.branches.compare(task, 2)
    bench.settle()
    page = desk.window.compare
    assert page.title.text() == "Compare two states of fix-loader"
    assert [b.isVisible() for b in (*page.keeps, page.stay, page.again)] == [False] * 4


def test_a_diff_that_cannot_be_read_is_said(bench: Bench, desk: Desk) -> None:
    bench.plane.refuse["diff"] = PortError("The commit is gone.", mend="Run git fsck.")
    opened(bench, desk)
    notice = desk.window.banner.notice
    assert notice is not None
    assert notice.what == "Comparing: The commit is gone."


def test_the_page_survives_a_task_that_goes(bench: Bench, desk: Desk) -> None:
    _, fork = opened(bench, desk)
    del bench.plane.state.tasks[fork]
    desk.tick()
    assert desk.window.compare.isVisible()
