"""The list of what was done leads back by the sheet that asks, never at once."""

from __future__ import annotations

from clawdesk.domain.model import Phase
from clawdesk.runtime.deeds import Deed
from clawdesk.ui.button import Button
from clawdesk.ui.guard import GUARD_MS
from clawdesk.ui.main_window import Page
from clawdesk.ui.merge_sheet import MergeSheet
from clawdesk.ui.operations_sheet import OperationsSheet
from tests.support import plane_scenes as scenes
from tests.support.hand_clock import NOW_MS
from tests.ui.conftest import Bench


def press_undo(bench: Bench) -> None:
    """The button of the newest row of the list."""
    desk = bench.desk
    assert desk is not None
    desk.registry.trigger("operations")
    bench.settle()
    sheet = desk.decisions.sheet
    assert isinstance(sheet, OperationsSheet)
    undo = sheet.findChild(Button, "operations.undo.0")
    assert undo is not None
    undo.click()
    bench.settle()


def test_going_back_asks_first(bench: Bench) -> None:
    bench.plane.fill()
    task = next(t for t in bench.plane.state.tasks.values() if t.title == "refactor-io")
    bench.plane._record(task.id, "restored", ordinal=2, actor="you")
    desk = bench.open()
    press_undo(bench)
    assert desk.decisions.sheet is not None
    assert desk.decisions.sheet.objectName() == "restore"
    assert not [c for c in bench.plane.calls if c[0] == "restore"]


def test_trust_leads_to_the_policy(bench: Bench) -> None:
    bench.plane.fill()
    bench.plane.done = (Deed(NOW_MS, "trusted", "Trusted: x.", scenes.PROJECT),)
    desk = bench.open()
    press_undo(bench)
    assert desk.window.page is Page.SETTINGS


def test_a_merge_is_taken_back_after_a_question(bench: Bench) -> None:
    bench.plane.fill()
    task = next(t for t in bench.plane.state.tasks.values() if t.phase is Phase.DONE)
    desk = bench.open()
    desk.choose_project(task.project)
    desk.window.tasks.list.choose(task.id)
    bench.run(bench.plane.merge(task.id, into="topic"))
    bench.settle()
    assert desk.registry.acts["unmerge"].why_not() == ""
    press_undo(bench)
    asked = desk.decisions.sheet
    assert asked is not None
    assert asked.objectName() == "unmerge"
    assert not [c for c in bench.plane.calls if c[0] == "unmerge"]
    bench.clock.advance(GUARD_MS)
    go = asked.findChild(Button, "unmerge.go")
    assert go is not None
    go.click()
    bench.settle()
    assert ("unmerge", task.id) in bench.plane.calls
    assert desk.registry.acts["unmerge"].why_not() == "it is not merged"


def test_a_merge_that_is_made_says_both_ways_back_and_leaves_no_empty_room(bench: Bench) -> None:
    bench.plane.fill()
    task = next(t for t in bench.plane.state.tasks.values() if t.phase is Phase.DONE)
    desk = bench.open()
    desk.decisions.merge(task.id)
    bench.settle()
    sheet = desk.decisions.sheet
    assert isinstance(sheet, MergeSheet)
    high = sheet.height()
    sheet.show_result("Merged into main.", "d" * 40)
    assert "Undo the merge" in sheet.outcome.text()
    assert f"git revert {'d' * 12}" in sheet.outcome.text()
    assert sheet.height() < high
