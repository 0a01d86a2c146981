"""Between two planes: what was written stays, nothing is sent by itself, and both are said."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog

from clawdesk.runtime.client import PlaneGoneError
from clawdesk.ui.approval_sheet import ApprovalSheet
from clawdesk.ui.guard import GUARD_MS
from clawdesk.ui.question_sheet import QuestionSheet
from tests.support import plane_scenes as scenes
from tests.support.plane_fake import FakePlane

if TYPE_CHECKING:
    from clawdesk.ui.desk import Desk
    from tests.ui.conftest import Bench


@pytest.fixture
def desk(bench: Bench) -> Desk:
    bench.plane.fill()
    desk = bench.open()
    desk.choose_project(scenes.PROJECT)
    bench.settle()
    return desk


def open_on(bench: Bench, desk: Desk, title: str) -> QDialog:
    desk.decisions.open_task(bench.task_id(title))
    bench.settle()
    bench.clock.advance(GUARD_MS)
    assert desk.decisions.sheet is not None
    return desk.decisions.sheet


def send(sheet: QDialog) -> None:
    QTest.keyClick(sheet, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)


def lose(bench: Bench, desk: Desk) -> None:
    """The process that runs the tasks is gone: whatever is asked fails from now on."""
    for name in ("approve", "reject", "answer", "diff"):
        bench.plane.refuse[name] = PlaneGoneError(undone=False)
    desk.show_lost()
    bench.settle()


def find_again(bench: Bench, desk: Desk) -> FakePlane:
    """Another plane that found every task in Git."""
    bench.plane, before = FakePlane(bench.clock.now_ms), bench.plane
    bench.plane.fill()
    bench.plane.state.tasks.update(before.state.tasks)
    desk.adopt(bench.plane, list(before.projects))
    bench.settle()
    return bench.plane


def test_a_question_waits_for_the_plane_and_sends_nothing_by_itself(
    bench: Bench, desk: Desk
) -> None:
    sheet = open_on(bench, desk, "bench-fp8")
    assert isinstance(sheet, QuestionSheet)
    sheet.text.setPlainText("my long answer")
    lose(bench, desk)
    assert "nothing is sent; what you wrote is kept" in sheet.notice.text()
    assert not sheet.send.isEnabled()
    send(sheet)
    bench.settle()
    plane = find_again(bench, desk)
    assert desk.decisions.sheet is sheet
    assert sheet.text.toPlainText() == "my long answer"
    assert sheet.notice.text().startswith("Connected again. Nothing was sent")
    assert not sheet.send.isEnabled(), "it is guarded anew"
    assert not [c for c in plane.calls if c[0] == "answer"]
    bench.clock.advance(GUARD_MS)
    send(sheet)
    bench.settle()
    (call,) = (c for c in plane.calls if c[0] == "answer")
    assert call[3] == "my long answer"


def test_an_approval_under_way_when_the_plane_is_lost_is_not_called_sent(
    bench: Bench, desk: Desk
) -> None:
    sheet = open_on(bench, desk, "fix-loader")
    assert isinstance(sheet, ApprovalSheet)
    sheet.note.setText("keep the Makefile")
    on_the_way = bench.plane.hold["approve"] = asyncio.Event()
    send(sheet)
    bench.run(asyncio.sleep(0))
    on_the_way.set()
    lose(bench, desk)
    assert "nothing is sent" in sheet.notice.text()
    assert not sheet.yes.isEnabled()
    plane = find_again(bench, desk)
    assert sheet.note.text() == "keep the Makefile"
    assert sheet.notice.text().startswith("Connected again. Nothing was sent")
    bench.clock.advance(GUARD_MS)
    send(sheet)
    bench.settle()
    assert [c[-1] for c in plane.calls if c[0] == "approve"] == ["keep the Makefile"]


def test_an_answer_that_arrived_before_the_end_is_shown_as_given(bench: Bench, desk: Desk) -> None:
    sheet = open_on(bench, desk, "bench-fp8")
    assert isinstance(sheet, QuestionSheet)
    lose(bench, desk)
    task = bench.plane.state.tasks[bench.task_id("bench-fp8")]
    bench.plane.state.tasks[task.id] = scenes.decided_elsewhere(task, bench.clock.now)
    find_again(bench, desk)
    assert "via OpenClaw" in sheet.notice.text()
    assert not sheet.send.isVisible()


def test_a_review_opened_between_two_planes_is_read_from_the_next(bench: Bench, desk: Desk) -> None:
    lose(bench, desk)
    sheet = open_on(bench, desk, "fix-loader")
    assert isinstance(sheet, ApprovalSheet)
    assert not sheet.yes.isEnabled()
    assert not sheet.diff.rows.count
    find_again(bench, desk)
    assert sheet.diff.rows.count > 20
    bench.clock.advance(GUARD_MS)
    assert sheet.yes.isEnabled()


def test_what_nobody_tells_is_not_called_ok(bench: Bench, desk: Desk) -> None:
    parts = desk.window.status._parts
    assert parts["libvirt"].accessibleName() == "libvirt ok"
    desk.show_lost()
    assert [part.accessibleName() for part in parts.values() if part.isVisible()] == [
        "Fabric unknown",
        "libvirt unknown",
        "Docker unknown",
    ]
    desk.adopt(bench.plane, ())
    bench.settle()
    assert parts["libvirt"].accessibleName() == "libvirt ok"
