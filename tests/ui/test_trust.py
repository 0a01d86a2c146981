"""Trusting a project's policy in the window: shown first, never by accident, bound to its bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication, QPushButton

from clawdesk.ui.ask_sheet import AskSheet
from clawdesk.ui.guard import GUARD_MS
from tests.support import plane_scenes as scenes
from tests.support import trust_scene

if TYPE_CHECKING:
    from tests.ui.conftest import Bench


def open_sheet(bench: Bench) -> AskSheet:
    bench.plane.fill()
    task = trust_scene.untrusted(bench.plane.now_ms())
    bench.plane.state.tasks[task.id] = task
    desk = bench.open()
    desk.choose_project(scenes.PROJECT)
    desk.window.tasks.list.choose(task.id)
    bench.settle()
    assert desk.window.inspector.act.words == "Trust…"
    assert desk.registry.acts["trust"].why_not() == ""
    desk.registry.trigger("trust")
    bench.settle()
    sheet = desk.decisions.sheet
    assert isinstance(sheet, AskSheet)
    return sheet


def trusted(bench: Bench) -> list[tuple[object, ...]]:
    return [call for call in bench.plane.calls if call[0] == "trust"]


def test_what_is_asked_is_shown_and_nothing_is_a_default(bench: Bench) -> None:
    sheet = open_sheet(bench)
    go = sheet.findChild(QPushButton, "trust.go")
    assert go is not None
    assert not go.isDefault()
    assert not go.autoDefault()
    assert QApplication.focusWidget() is not go
    assert not go.isEnabled(), "it waits until a person can have read it"
    go.click()
    assert trusted(bench) == []
    bench.clock.advance(GUARD_MS)
    go.click()
    bench.settle()
    task = trust_scene.untrusted(0)
    assert trusted(bench) == [("trust", task.project, task.policy_digest)]


def test_not_now_trusts_nothing(bench: Bench) -> None:
    sheet = open_sheet(bench)
    bench.clock.advance(GUARD_MS)
    sheet.reject()
    bench.settle()
    assert trusted(bench) == []


def test_a_task_that_does_not_wait_for_it_offers_no_trust(bench: Bench) -> None:
    bench.plane.fill()
    desk = bench.open()
    desk.choose_project(scenes.PROJECT)
    desk.window.tasks.list.choose(next(iter(bench.plane.state.tasks)))
    bench.settle()
    assert "does not wait for that" in desk.registry.acts["trust"].why_not()


def test_the_inbox_names_what_waits_for_trust_and_leads_to_it(bench: Bench) -> None:
    task = trust_scene.untrusted(bench.plane.now_ms())
    bench.plane.state.tasks[task.id] = task
    desk = bench.open()
    window = desk.window
    assert window.inbox.order() == [f"trust {task.id}"]
    assert window.status.need.words == "1 needs you"
    for by_card in (True, False):
        if by_card:
            window.inbox.opened.emit(f"trust {task.id}")
        else:
            desk.registry.trigger("next")
        bench.settle()
        sheet = desk.decisions.sheet
        assert isinstance(sheet, AskSheet)
        assert sheet.findChild(QPushButton, "trust.go") is not None
        sheet.reject()
    assert trusted(bench) == []
