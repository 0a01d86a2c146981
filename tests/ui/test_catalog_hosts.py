"""Hosts for the image of a catalog agent, asked for once on the new-task sheet."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from clawdesk.runtime.api import Outcome, PolicyView
from clawdesk.ui.ask_sheet import AskSheet
from clawdesk.ui.button import Button
from clawdesk.ui.desk import Desk
from clawdesk.ui.new_task_sheet import NewTaskSheet
from tests.support import plane_scenes as scenes
from tests.support import trust_scene
from tests.ui.conftest import Bench
from tests.ui.new_task_kit import TYPED, chosen, told, write


def lacking(bench: Bench, *, bare: bool = True) -> tuple[Desk, NewTaskSheet]:
    """The sheet with a prompt for an agent whose image may be set up from nowhere yet."""
    plain = PolicyView(scenes.PROJECT, "", (), trusted=False)
    bench.plane.access, bench.plane.policy = trust_scene.NOT_ALLOWED, plain
    desk, sheet = write(bench, bare=bare)
    sheet.form.prompt.setPlainText(TYPED)
    bench.settle()
    return desk, sheet


def asked_about_hosts(bench: Bench, desk: Desk, sheet: NewTaskSheet) -> AskSheet:
    sheet.allow.go.click()
    bench.settle()
    asking = desk.decisions.sheet
    assert isinstance(asking, AskSheet)
    assert asking.objectName() == "images"
    return asking


def test_hosts_for_the_image_are_asked_for_once_and_then_it_starts(bench: Bench) -> None:
    desk, sheet = lacking(bench)
    assert sheet.allow.isVisible()
    assert "py.example.org (Python packages)" in sheet.allow.accessibleName()
    assert not sheet.start.isEnabled()
    assert "image cannot be built yet" in sheet.why.text()
    asking = asked_about_hosts(bench, desk, sheet)
    shown = " ".join(label.text() for label in asking.findChildren(QLabel))
    for word in ("files.example.org", "10.1.2.3", trust_scene.PATH, "--take-back"):
        assert word in shown
    go = asking.findChild(Button, "images.go")
    assert go is not None
    assert not go.isEnabled(), "the guard is up"
    QTest.keyClick(asking, Qt.Key.Key_Return)
    bench.clock.advance(1_000)
    QTest.keyClick(asking, Qt.Key.Key_Return)
    bench.settle()
    assert not [c for c in bench.plane.calls if c[0] == "allow_catalog"], "Enter allows nothing"
    assert not go.isDefault()
    go.click()
    bench.settle()
    (call,) = (c for c in bench.plane.calls if c[0] == "allow_catalog")
    assert call[1:] == (trust_scene.ALLOWED.hosts, trust_scene.ALLOWED.own)
    again = desk.decisions.sheet
    assert isinstance(again, NewTaskSheet)
    assert again.form.asked().prompt == TYPED, "what was written stands there"
    assert not again.allow.isVisible()
    bench.clock.advance(1_000)
    assert again.start.isEnabled()
    notice = desk.window.banner.notice
    assert notice is not None
    assert "may be set up from" in notice.what


def test_a_file_that_cannot_be_changed_is_said_where_it_was_asked(bench: Bench) -> None:
    why = "Your policy.toml is not changed: it is full."
    bench.plane.answers["allow_catalog"] = Outcome(False, why)
    desk, sheet = lacking(bench)
    asking = asked_about_hosts(bench, desk, sheet)
    bench.clock.advance(1_000)
    go = asking.findChild(Button, "images.go")
    assert go is not None
    go.click()
    bench.settle()
    again = desk.decisions.sheet
    assert isinstance(again, NewTaskSheet)
    assert again.notice.text() == why
    assert again.allow.isVisible()
    assert not again.start.isEnabled()


def test_not_now_leads_back_and_allows_nothing(bench: Bench) -> None:
    desk, sheet = lacking(bench)
    asked_about_hosts(bench, desk, sheet).reject()
    bench.settle()
    again = desk.decisions.sheet
    assert isinstance(again, NewTaskSheet)
    assert again.form.asked().prompt == TYPED
    assert again.allow.isVisible()
    assert not [c for c in bench.plane.calls if c[0] == "allow_catalog"]


def test_another_agent_or_a_task_file_has_nothing_to_allow(bench: Bench) -> None:
    _, sheet = lacking(bench, bare=False)
    chosen(sheet, "command")
    sheet.form.run.setText("python3 agent.py")
    bench.settle()
    assert not sheet.allow.isVisible()
    assert sheet.start.isEnabled()
    chosen(sheet, "gptme")
    bench.settle()
    assert sheet.allow.isVisible()
    sheet.choose("tidy-notes")
    bench.settle()
    assert not sheet.allow.isVisible()
    assert sheet.start.isEnabled()


def test_a_task_file_whose_agent_lacks_its_image_comes_back_as_it_was(bench: Bench) -> None:
    plain = PolicyView(scenes.PROJECT, "", (), trusted=False)
    bench.plane.access, bench.plane.policy = trust_scene.NOT_ALLOWED, plain
    sheet = told(bench)
    assert sheet.allow.isVisible()
    desk = bench.desk
    assert desk is not None
    asked_about_hosts(bench, desk, sheet).reject()
    bench.settle()
    again = desk.decisions.sheet
    assert isinstance(again, NewTaskSheet)
    assert again.name == sheet.name
    assert not again.writes
