"""Approving: what is sent is what was shown, never by accident, never twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from clawdesk.ports.errors import GuestError
from clawdesk.runtime.api import Change
from clawdesk.ui.approval_sheet import ApprovalSheet
from clawdesk.ui.guard import GUARD_MS
from tests.support import plane_scenes as scenes

if TYPE_CHECKING:
    from tests.ui.conftest import Bench


def open_sheet(bench: Bench) -> ApprovalSheet:
    bench.plane.fill()
    desk = bench.open()
    desk.decisions.open_task(next(iter(bench.plane.state.tasks)))
    bench.settle()
    sheet = desk.decisions.sheet
    assert isinstance(sheet, ApprovalSheet)
    return sheet


def sent(bench: Bench, name: str) -> list[tuple[Any, ...]]:
    return [c for c in bench.plane.calls if c[0] == name]


def test_approve_waits_700_ms_after_it_appears(bench: Bench) -> None:
    sheet = open_sheet(bench)
    assert not sheet.yes.isEnabled()
    bench.clock.advance(GUARD_MS - 1)
    assert not sheet.yes.isEnabled()
    bench.clock.advance(1)
    assert sheet.yes.isEnabled()


def test_approve_waits_for_the_diff(bench: Bench) -> None:
    import asyncio

    gate = bench.plane.hold["diff"] = asyncio.Event()
    bench.plane.fill()
    desk = bench.open()
    desk.decisions.open_task(next(iter(bench.plane.state.tasks)))
    sheet = desk.decisions.sheet
    assert isinstance(sheet, ApprovalSheet)
    bench.clock.advance(5 * GUARD_MS)
    assert not sheet.yes.isEnabled()
    gate.set()
    bench.settle()
    assert not sheet.yes.isEnabled(), "the diff has only just appeared"
    bench.clock.advance(GUARD_MS)
    assert sheet.yes.isEnabled()


def test_what_is_sent_is_the_digest_on_screen(bench: Bench) -> None:
    sheet = open_sheet(bench)
    task = next(iter(bench.plane.state.tasks.values()))
    assert task.request is not None
    bench.clock.advance(GUARD_MS)
    sheet.note.setText("keep pyproject as it is")
    QTest.mouseClick(sheet.yes, Qt.MouseButton.LeftButton)
    bench.settle()
    assert sent(bench, "approve") == [
        ("approve", task.id, 4, task.request.digest, "window", "keep pyproject as it is")
    ]
    assert bench.desk is not None
    assert bench.desk.decisions.sheet is None


def test_no_default_button_and_enter_never_approves(bench: Bench) -> None:
    sheet = open_sheet(bench)
    bench.clock.advance(GUARD_MS)
    assert not any(b.isDefault() or b.autoDefault() for b in sheet.findChildren(QPushButton))
    for target in (sheet, sheet.yes, sheet.note, sheet.diff.list):
        target.setFocus()
        for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            QTest.keyClick(target, key)
    bench.settle()
    assert not sent(bench, "approve")
    assert sheet.isVisible()


def test_ctrl_enter_approves_once(bench: Bench) -> None:
    sheet = open_sheet(bench)
    QTest.keyClick(sheet, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert not sent(bench, "approve"), "the guard is still up"
    bench.clock.advance(GUARD_MS)
    for _ in range(3):
        QTest.keyClick(sheet, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    bench.settle()
    assert len(sent(bench, "approve")) == 1


def test_a_rejection_needs_a_note(bench: Bench) -> None:
    sheet = open_sheet(bench)
    bench.clock.advance(GUARD_MS)
    assert not sheet.no.isEnabled()
    QTest.keyClick(sheet, Qt.Key.Key_R, Qt.KeyboardModifier.AltModifier)
    bench.settle()
    assert not sent(bench, "reject")
    assert "needs a note" in sheet.notice.text()
    sheet.note.setText("the seed must not change")
    QTest.keyClick(sheet, Qt.Key.Key_R, Qt.KeyboardModifier.AltModifier)
    bench.settle()
    assert sent(bench, "reject")[0][-1] == "the seed must not change"


def test_escape_is_later(bench: Bench) -> None:
    sheet = open_sheet(bench)
    bench.clock.advance(GUARD_MS)
    sheet.note.setText("half a thought")
    QTest.keyClick(sheet, Qt.Key.Key_Escape)
    bench.settle()
    assert bench.desk is not None
    assert bench.desk.decisions.sheet is None
    assert not sent(bench, "approve")
    assert not sent(bench, "reject")
    task = next(iter(bench.plane.state.tasks.values()))
    assert task.request is not None
    assert bench.memory.draft(task.request.id) == "half a thought"


def test_answered_elsewhere_makes_it_read_only(bench: Bench) -> None:
    sheet = open_sheet(bench)
    bench.clock.advance(GUARD_MS)
    task = next(iter(bench.plane.state.tasks.values()))
    bench.plane.put(scenes.decided_elsewhere(task, bench.clock.now))
    bench.settle()
    assert sheet.isVisible(), "it stays readable"
    assert "Approved by you via OpenClaw at " in sheet.notice.text()
    assert not sheet.yes.isVisible()
    assert not sheet.no.isVisible()
    QTest.keyClick(sheet, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert not sent(bench, "approve")


def test_a_refusal_stays_on_screen(bench: Bench) -> None:
    sheet = open_sheet(bench)
    bench.clock.advance(GUARD_MS)
    bench.plane.refuse["approve"] = GuestError("The guest is gone.", mend="Restart the task.")
    sheet.yes.click()
    bench.settle()
    assert sheet.isVisible()
    assert sheet.notice.text() == "The guest is gone. Restart the task."
    assert sheet.yes.isEnabled(), "one may try again"


def test_split_and_unified_show_the_same_lines(bench: Bench) -> None:
    sheet = open_sheet(bench)
    unified = sheet.diff.rows.count
    sheet.diff.show_split(True)
    assert 0 < sheet.diff.rows.count < unified
    sheet.diff.show_split(False)
    assert sheet.diff.rows.count == unified


def test_a_file_that_runs_here_is_flagged(bench: Bench) -> None:
    sheet = open_sheet(bench)
    notes = [r.text for r in sheet.diff.rows.rows if r.kind.value == "note"]
    assert notes == ["Build file, after a merge: runs when you build. Read it with care."]


@pytest.mark.parametrize("direction", [1, -1])
def test_the_next_request_is_one_step_away(bench: Bench, direction: int) -> None:
    sheet = open_sheet(bench)
    sheet.step_wanted.emit(direction)
    bench.settle()
    assert bench.desk is not None
    after = bench.desk.decisions.sheet
    assert after is not None
    assert after.objectName() == "question"


def test_roll_back_is_offered_and_asks_first(bench: Bench) -> None:
    sheet = open_sheet(bench)
    bench.clock.advance(GUARD_MS)
    assert sheet.back.words == "Roll back to 3…"
    sheet.back.click()
    bench.settle()
    assert bench.desk is not None
    asked = bench.desk.decisions.sheet
    assert asked is not None
    assert asked.objectName() == "restore"
    assert not sent(bench, "restore")
    bench.clock.advance(GUARD_MS)
    go = asked.findChild(QPushButton, "restore.go")
    assert isinstance(go, QPushButton)
    go.click()
    bench.settle()
    assert sent(bench, "restore")[0][2] == 3


def test_the_sheet_never_opens_by_itself(bench: Bench) -> None:
    bench.open()
    bench.plane.fill()
    bench.plane.publish(Change(tasks=frozenset(bench.plane.state.tasks), projects=True))
    bench.settle()
    assert QApplication.activeModalWidget() is None


def test_the_risk_is_said_in_words(bench: Bench) -> None:
    sheet = open_sheet(bench)
    risk = sheet.side._shown_risk
    assert risk is not None
    assert risk.level == "medium"
    assert risk.lines[0].text == "Makefile: build file"


def test_what_the_task_ran_is_said_beside_the_files(bench: Bench) -> None:
    sheet = open_sheet(bench)
    assert sheet.side.ran.text() == "survey, rewrite, check, report: ended well (exit code 0)"
