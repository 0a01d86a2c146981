"""The list of what was done leads back by the sheet that asks, never at once."""

from __future__ import annotations

from clawdesk.runtime.deeds import Deed
from clawdesk.ui.button import Button
from clawdesk.ui.main_window import Page
from clawdesk.ui.operations_sheet import OperationsSheet
from tests.support import plane_scenes as scenes
from tests.support.hand_clock import NOW_MS
from tests.ui.conftest import Bench


def test_going_back_asks_first(bench: Bench) -> None:
    bench.plane.fill()
    task = next(t for t in bench.plane.state.tasks.values() if t.title == "refactor-io")
    bench.plane._record(task.id, "restored", ordinal=2, actor="you")
    desk = bench.open()
    desk.registry.trigger("operations")
    bench.settle()
    sheet = desk.decisions.sheet
    assert isinstance(sheet, OperationsSheet)
    undo = sheet.findChild(Button, "operations.undo.0")
    assert undo is not None
    undo.click()
    bench.settle()
    assert desk.decisions.sheet is not None
    assert desk.decisions.sheet.objectName() == "restore"
    assert not [c for c in bench.plane.calls if c[0] == "restore"]


def test_trust_leads_to_the_policy(bench: Bench) -> None:
    bench.plane.fill()
    bench.plane.done = (Deed(NOW_MS, "trusted", "Trusted: x.", scenes.PROJECT),)
    desk = bench.open()
    desk.registry.trigger("operations")
    bench.settle()
    sheet = desk.decisions.sheet
    assert sheet is not None
    undo = sheet.findChild(Button, "operations.undo.0")
    assert undo is not None
    undo.click()
    bench.settle()
    assert desk.window.page is Page.SETTINGS
