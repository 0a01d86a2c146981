"""Between two planes: what was written stays, what was answered waits, and both are said."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog

from clawdesk.domain.model import Task
from clawdesk.ports.errors import PortError
from clawdesk.runtime.client import PlaneGoneError
from clawdesk.ui.approval_sheet import ApprovalSheet
from clawdesk.ui.button import Button
from clawdesk.ui.guard import GUARD_MS
from clawdesk.ui.inbox_pane import Card
from clawdesk.ui.question_sheet import QuestionSheet
from clawdesk.ui.safe_text import SafeLabel
from clawdesk.viewmodels.unsent import GivenAnswer
from tests.support import plane_scenes as scenes
from tests.support.plane_fake import FakePlane

if TYPE_CHECKING:
    from pathlib import Path

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


def test_what_was_only_written_is_not_sent_by_itself(bench: Bench, desk: Desk) -> None:
    sheet = open_on(bench, desk, "bench-fp8")
    assert isinstance(sheet, QuestionSheet)
    sheet.text.setPlainText("my long answer")
    lose(bench, desk)
    assert "What you answer now is kept" in sheet.notice.text()
    assert not sheet.send.isEnabled(), "it is guarded anew"
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
    assert "What you answer now is kept" in sheet.notice.text()
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


def answer_lost(bench: Bench, desk: Desk, words: str = "my long answer") -> Task:
    """A question is answered while nobody takes it."""
    lose(bench, desk)
    return answer_now(bench, desk, words)


def answer_now(bench: Bench, desk: Desk, words: str) -> Task:
    sheet = open_on(bench, desk, "bench-fp8")
    assert isinstance(sheet, QuestionSheet)
    sheet.text.setPlainText(words)
    send(sheet)
    bench.settle()
    assert desk.decisions.sheet is None, "it was taken"
    return bench.plane.state.tasks[bench.task_id("bench-fp8")]


def card_of(desk: Desk, task: Task) -> Card:
    assert task.request is not None
    found = desk.window.inbox.findChild(Card, f"inbox.card.{task.request.id}")
    assert isinstance(found, Card)
    return found


def said(part: Card) -> str:
    return " ".join(label.text() for label in part.findChildren(SafeLabel) if label.isVisible())


def sent(plane: FakePlane, what: str = "answer") -> list[object]:
    return [call for call in plane.calls if call[0] == what]


def test_an_answer_is_kept_and_sent_once_by_itself(bench: Bench, desk: Desk) -> None:
    task = answer_lost(bench, desk)
    assert not sent(bench.plane)
    card = card_of(desk, task)
    assert card.back.isEnabled()
    assert card.back.isVisible()
    assert "Your answer is not sent yet" in said(card)
    assert "my long answer" in said(card)
    (row,) = (r for r in desk.rows(desk.tasks()) if r.id == task.id)
    assert (row.state, row.reason) == ("Not sent yet", "Your answer is not sent yet")
    notice = desk.window.banner.notice
    assert notice is not None
    assert notice.next_step.startswith("1 answer is not sent yet.")
    plane = find_again(bench, desk)
    assert task.request is not None
    assert sent(plane) == [("answer", task.id, task.request.id, "my long answer", "window")]
    for _ in range(3):
        desk.tick()
        bench.settle()
    assert len(sent(plane)) == 1
    assert not desk.memory.draft(task.request.id)
    assert desk.window.banner.isHidden()


def test_it_outlives_the_window(bench: Bench, desk: Desk) -> None:
    task = answer_lost(bench, desk)
    bench.leave()
    bench.plane, before = FakePlane(bench.clock.now_ms), bench.plane
    bench.plane.fill()
    bench.plane.state.tasks.update(before.state.tasks)
    again = bench.open()
    assert [call[3] for call in bench.plane.calls if call[0] == "answer"] == ["my long answer"]
    assert again.decisions.unsent.of(task.request.id) is None  # type: ignore[union-attr]
    assert not again.memory.unsent.all(GivenAnswer), "it is not sent by the next window, too"


@pytest.mark.parametrize("place", ["card", "banner"])
def test_it_can_be_taken_back(bench: Bench, desk: Desk, place: str) -> None:
    task = answer_lost(bench, desk)
    if place == "card":
        card_of(desk, task).back.click()
    else:
        button = desk.window.banner.findChild(Button, "banner.act")
        assert button is not None
        button.click()
    card = card_of(desk, task)
    assert not card.back.isVisible()
    assert "not sent" not in said(card)
    assert "my long answer" not in said(card)
    assert desk.window.banner.isVisible(), "it still connects again"
    assert not desk.memory.unsent.all(GivenAnswer), "nor does another window send it"
    plane = find_again(bench, desk)
    assert not sent(plane)
    sheet = open_on(bench, desk, "bench-fp8")
    assert isinstance(sheet, QuestionSheet)
    assert sheet.text.toPlainText() == "my long answer"


def test_a_second_answer_takes_the_place_of_the_first(bench: Bench, desk: Desk) -> None:
    answer_lost(bench, desk, "the first")
    sheet = open_on(bench, desk, "bench-fp8")
    assert isinstance(sheet, QuestionSheet)
    assert "Another takes its place" in sheet.notice.text()
    sheet.reject()
    answer_lost(bench, desk, "the second")
    plane = find_again(bench, desk)
    assert [call[3] for call in plane.calls if call[0] == "answer"] == ["the second"]


def test_that_there_will_be_no_plane_stays_on_screen(bench: Bench, desk: Desk) -> None:
    lose(bench, desk)
    desk.window.show_failed(PortError("Another version is running."))
    task = answer_now(bench, desk, "for the next start")
    assert (desk.window.banner.notice or pytest.fail("no notice")).what.startswith("Another")
    assert card_of(desk, task).back.isVisible()


def review_lost(bench: Bench, desk: Desk) -> ApprovalSheet:
    sheet = open_on(bench, desk, "fix-loader")
    assert isinstance(sheet, ApprovalSheet)
    sheet.note.setText("keep the Makefile")
    lose(bench, desk)
    bench.clock.advance(GUARD_MS)
    return sheet


def test_an_approval_and_a_rejection_wait_too(bench: Bench, desk: Desk) -> None:
    review_lost(bench, desk).yes.click()
    bench.settle()
    sheet = open_on(bench, desk, "fix-loader")
    assert isinstance(sheet, ApprovalSheet), "its diff is known, so it can be looked at again"
    bench.clock.advance(GUARD_MS)
    sheet.no.click()
    bench.settle()
    task = bench.plane.state.tasks[bench.task_id("fix-loader")]
    assert "Your rejection is not sent yet" in said(card_of(desk, task))
    plane = find_again(bench, desk)
    assert task.request is not None
    digest = task.request.digest
    what = ("reject", task.id, task.request.ordinal, digest, "window", "keep the Makefile")
    assert sent(plane, "reject") == [what]
    assert not sent(plane, "approve")


def test_a_part_that_cannot_be_worked_out_is_refused_and_kept(bench: Bench, desk: Desk) -> None:
    sheet = review_lost(bench, desk)
    assert sheet.view is not None
    assert sheet.view.diff is not None
    file = next(f for f in sheet.view.diff.files if len(f.hunks) > 1)
    sheet._toggle_hunk(file.path, 0)
    sheet.yes.click()
    bench.settle()
    assert desk.decisions.sheet is sheet
    assert f"a part of {file.path}, it must be read again" in sheet.notice.text()
    assert not sent(find_again(bench, desk), "approve")


def test_what_changed_meanwhile_is_not_answered(bench: Bench, desk: Desk, tmp_path: Path) -> None:
    review_lost(bench, desk).yes.click()
    bench.settle()
    task = bench.plane.state.tasks[bench.task_id("fix-loader")]
    assert task.request is not None
    other = replace(task.request, digest="sha256:" + "9" * 64)
    bench.plane.state.tasks[task.id] = replace(task, request=other)
    plane = find_again(bench, desk)
    assert not sent(plane, "approve")
    notice = desk.window.banner.notice
    assert notice is not None
    assert notice.what == (
        "Your answer to fix-loader was not sent. The content changed since it was shown to you."
    )
    assert notice.details == "keep the Makefile"
    assert not desk.memory.unsent.all(GivenAnswer)
    assert not card_of(desk, plane.state.tasks[task.id]).back.isVisible()
    desk.open_path(str(tmp_path))
    bench.settle()
    assert desk.window.banner.isVisible(), "a project that opens does not take it away"
    desk.choose_project(scenes.PROJECT)
    sheet = open_on(bench, desk, "fix-loader")
    assert isinstance(sheet, ApprovalSheet)
    assert sheet.note.text() == "keep the Makefile"


def test_who_answered_first_is_named(bench: Bench, desk: Desk) -> None:
    task = answer_lost(bench, desk)
    bench.plane.state.tasks[task.id] = scenes.decided_elsewhere(task, bench.clock.now)
    plane = find_again(bench, desk)
    assert not sent(plane)
    assert "via OpenClaw" in (desk.window.banner.notice or pytest.fail("no notice")).what


def test_a_plane_lost_while_it_is_sent_gets_it_again_under_the_same_key(
    bench: Bench, desk: Desk
) -> None:
    task = answer_lost(bench, desk)
    bench.plane, before = FakePlane(bench.clock.now_ms), bench.plane
    bench.plane.fill()
    bench.plane.refuse["answer"] = PlaneGoneError(undone=False)
    desk.adopt(bench.plane, list(before.projects))
    bench.settle()
    (first,) = set(bench.plane.keys)
    assert first
    desk.show_lost()
    assert card_of(desk, task).back.isVisible()
    plane = find_again(bench, desk)
    assert plane.keys == [first]


def test_a_plane_that_refuses_it_is_told_and_not_asked_again(bench: Bench, desk: Desk) -> None:
    task = answer_lost(bench, desk)
    bench.plane, before = FakePlane(bench.clock.now_ms), bench.plane
    bench.plane.fill()
    bench.plane.refuse["answer"] = PortError("The disk is full.")
    desk.adopt(bench.plane, list(before.projects))
    bench.settle()
    desk.tick()
    bench.settle()
    assert len(sent(bench.plane)) == 1
    assert "The disk is full." in (desk.window.banner.notice or pytest.fail("no notice")).what
    sheet = open_on(bench, desk, "bench-fp8")
    assert isinstance(sheet, QuestionSheet)
    assert sheet.text.toPlainText() == "my long answer"
    assert task.request is not None


def test_an_answer_that_the_disk_does_not_keep_is_not_taken(
    bench: Bench, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise PortError("The draft could not be kept: No space left on device.")

    lose(bench, desk)
    sheet = open_on(bench, desk, "bench-fp8")
    assert isinstance(sheet, QuestionSheet)
    sheet.text.setPlainText("my long answer")
    monkeypatch.setattr(desk.memory.unsent, "keep", full)
    send(sheet)
    bench.settle()
    assert desk.decisions.sheet is sheet
    assert "cannot be kept until later" in sheet.notice.text()
    assert "No space left" in sheet.notice.text()
    assert not sent(find_again(bench, desk))


def test_what_was_typed_is_plain_text(bench: Bench, desk: Desk) -> None:
    hostile = "<img src='http://169.254.169.254/x'>\u202egnp.exe\x1b[31m"
    task = answer_lost(bench, desk, hostile)
    card = card_of(desk, task)
    labels = [label for label in card.findChildren(SafeLabel) if "<img" in label.text()]
    assert labels
    assert all(label.textFormat() is Qt.TextFormat.PlainText for label in labels)
    assert "\u202e" not in said(card)
    assert "\x1b" not in said(card)
    plane = find_again(bench, desk)
    (call,) = (c for c in plane.calls if c[0] == "answer")
    assert call[3] == hostile.strip(), "what is sent is what was typed"


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
