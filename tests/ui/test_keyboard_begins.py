"""Where the keyboard is when a page appears: on what a person came for, and without a ring."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFocusEvent, QImage, QKeyEvent
from PySide6.QtWidgets import QApplication

from clawdesk.ui.approval_sheet import ApprovalSheet
from clawdesk.ui.button import Button
from clawdesk.ui.desk import Desk
from clawdesk.ui.main_window import Page
from clawdesk.ui.palette_sheet import PaletteSheet
from clawdesk.ui.question_sheet import QuestionSheet
from tests.support import plane_scenes as scenes
from tests.ui.conftest import Bench


def focus_given(button: Button, reason: Qt.FocusReason) -> QImage:
    """How the button looks after the keyboard came to it for that reason."""
    button.clearFocus()
    button.setFocus(reason)
    QApplication.sendEvent(button, QFocusEvent(QEvent.Type.FocusIn, reason))
    return button.grab().toImage()


def opened(bench: Bench) -> Desk:
    bench.plane.fill()
    desk = bench.open()
    desk.choose_project(scenes.PROJECT)
    bench.settle()
    return desk


def test_it_begins_at_the_tasks(bench: Bench) -> None:
    window = opened(bench).window
    assert window.page is Page.TASKS
    assert window.focusWidget() is window.tasks.list


def test_it_begins_at_the_way_to_begin(bench: Bench) -> None:
    desk = bench.open()
    assert desk.window.page is Page.HOME
    assert desk.window.focusWidget() is desk.window.home.open


def test_a_project_without_tasks_offers_its_first_run(bench: Bench) -> None:
    bench.plane.projects[scenes.PROJECT] = scenes.project(dirty=())
    desk = bench.open()
    focus = desk.window.focusWidget()
    assert focus is not None
    assert focus.objectName().startswith("empty.")
    bench.plane.fill()
    desk.choose_project(scenes.PROJECT)
    bench.settle()
    assert desk.window.focusWidget() is desk.window.tasks.list, "the row it was on is gone"


def test_each_page_takes_the_keyboard_into_itself(bench: Bench) -> None:
    desk = opened(bench)
    for key, page in (("models", desk.window.models), ("settings", desk.window.settings)):
        desk.registry.trigger(key)
        bench.settle()
        focus = desk.window.focusWidget()
        assert focus is not None
        assert page.isAncestorOf(focus), key
        desk.registry.trigger(key)
        bench.settle()
        assert desk.window.focusWidget() is desk.window.tasks.list


def test_the_ring_waits_for_a_key(bench: Bench) -> None:
    button = bench.open().window.home.open
    quiet = focus_given(button, Qt.FocusReason.ActiveWindowFocusReason)
    ringed = focus_given(button, Qt.FocusReason.TabFocusReason)
    assert quiet != ringed
    # The window went behind another and came back: what was there before is there again.
    assert focus_given(button, Qt.FocusReason.ActiveWindowFocusReason) == ringed


def test_no_ring_comes_with_a_page(bench: Bench) -> None:
    desk = opened(bench)
    desk.window.activateWindow()
    desk.registry.trigger("models")
    bench.settle()
    back = desk.window.models.back
    assert desk.window.focusWidget() is back
    seen = back.grab().toImage()
    back.clearFocus()
    assert back.grab().toImage() == seen


def test_a_key_that_is_still_held_opens_and_answers_nothing(bench: Bench) -> None:
    desk = opened(bench)
    tasks = desk.window.tasks.list
    tasks.choose(bench.task_id("fix-loader"))
    plain, ctrl = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
    for held, keys in ((True, plain), (False, ctrl), (True, ctrl)):
        press = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Return, keys, "", held)
        QApplication.sendEvent(tasks, press)
        assert desk.decisions.sheet is None
    QApplication.sendEvent(tasks, QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Return, plain))
    for title in ("fix-loader", "bench-fp8"):
        desk.decisions.open_task(bench.task_id(title))
        sheet = desk.decisions.sheet
        assert isinstance(sheet, ApprovalSheet | QuestionSheet)
        assert not any(shortcut.autoRepeat() for shortcut in sheet._shortcuts)


def test_a_palette_that_is_gone_is_not_asked_for_room(bench: Bench) -> None:
    """Files are read while it is open already; it may be closed and deleted before they come."""
    desk = opened(bench)
    desk.registry.trigger("palette")
    (sheet,) = desk.window.findChildren(PaletteSheet)
    sheet.reject()
    bench.settle()  # the bench fails on an error that nobody expected
    assert not desk.window.findChildren(PaletteSheet)


def test_a_button_that_goes_away_leaves_the_keyboard_at_the_tasks(bench: Bench) -> None:
    desk = opened(bench)
    window = desk.window
    window.activateWindow()
    window.tasks.list.choose(bench.task_id("fix-loader"))
    bench.settle()
    act = window.inspector.act
    act.setFocus(Qt.FocusReason.TabFocusReason)
    assert window.focusWidget() is act
    act.hide()
    bench.settle()
    assert window.focusWidget() is window.tasks.list


def test_a_button_that_went_away_under_a_sheet_does_too(bench: Bench) -> None:
    desk = opened(bench)
    window = desk.window
    window.activateWindow()
    window.tasks.list.choose(bench.task_id("fix-loader"))
    bench.settle()
    window.inspector.act.setFocus(Qt.FocusReason.TabFocusReason)
    window.inspector.act.click()
    bench.settle()
    sheet = desk.decisions.sheet
    assert sheet is not None
    window.inspector.act.hide()
    sheet.reject()
    window.activateWindow()
    bench.settle()
    assert window.focusWidget() is window.tasks.list


def test_a_field_that_is_gone_to_on_purpose_keeps_the_keyboard(bench: Bench) -> None:
    desk = opened(bench)
    window = desk.window
    window.activateWindow()
    window.tasks.list.choose(bench.task_id("fix-loader"))
    window.inspector.choose_place("log")
    bench.settle()
    window.inspector.log.list.setFocus()
    desk.registry.trigger("find_said")
    bench.settle()
    assert window.focusWidget() is window.inspector.conversation.search
