"""A review in parts: ticks, hunks, comments, versions of one's own; drafts that nothing loses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from clawdesk.domain.model import Task
from clawdesk.ports.repository import FileSides
from clawdesk.ui import tokens
from clawdesk.ui.approval_sheet import ApprovalSheet
from clawdesk.ui.guard import GUARD_MS
from clawdesk.ui.reviews import KEEP_MS
from clawdesk.viewmodels.diffs import RowKind
from clawdesk.viewmodels.patching import with_hunks
from clawdesk.viewmodels.review import Draft
from tests.support import plane_scenes as scenes
from tests.support import review_scene
from tests.ui.conftest import Bench

LOADER = "src/loader.py"


def the_task(bench: Bench) -> Task:
    return next(iter(bench.plane.state.tasks.values()))


def open_sheet(bench: Bench) -> ApprovalSheet:
    if not bench.plane.state.tasks:
        bench.plane.fill()
    desk = bench.desk or bench.open()
    desk.decisions.open_task(the_task(bench).id)
    bench.settle()
    bench.clock.advance(GUARD_MS)
    sheet = desk.decisions.sheet
    assert isinstance(sheet, ApprovalSheet)
    return sheet


def stand_on(sheet: ApprovalSheet, text: str) -> None:
    """Make the first line with that text the current one."""
    for number, row in enumerate(sheet.diff.rows.rows):
        if row.kind is RowKind.LINE and text in row.left.text + row.right.text:
            sheet.diff.list.setCurrentIndex(sheet.diff.rows.index(number))
            return
    raise AssertionError(f"no row has {text!r}")


def press(widget: QWidget, key: Qt.Key, keys: Qt.KeyboardModifier | None = None) -> None:
    QTest.keyClick(widget, key, keys or Qt.KeyboardModifier.NoModifier)


def comment(sheet: ApprovalSheet, on: str, text: str) -> None:
    stand_on(sheet, on)
    press(sheet, Qt.Key.Key_C)
    field = sheet.pane.comment.text
    assert field.isVisible()
    field.setPlainText(text)
    press(field, Qt.Key.Key_Return)


def begin_edit(bench: Bench, sheet: ApprovalSheet, on: str) -> None:
    stand_on(sheet, on)
    press(sheet, Qt.Key.Key_E)
    bench.settle()


def left_out(sheet: ApprovalSheet) -> list[str]:
    return list(sheet.draft.left_out)


def sent(bench: Bench, name: str) -> list[tuple[Any, ...]]:
    return [c for c in bench.plane.calls if c[0] == name]


def texts(sheet: ApprovalSheet, kind: RowKind) -> list[str]:
    return [row.text for row in sheet.diff.rows.rows if row.kind is kind]


# -- a part ----------------------------------------------------------------------------------------
def test_space_leaves_a_file_out_and_the_button_says_so(bench: Bench) -> None:
    sheet = open_sheet(bench)
    assert sheet.yes.words == "Approve all 3 files"
    sheet.files.setCurrentIndex(sheet.files.model().index(2, 0))
    press(sheet.files, Qt.Key.Key_Space)
    assert sheet.yes.words == "Approve 2 of 3 files"
    assert sheet.will.isVisible()
    assert sheet.will.text().startswith("Makefile goes back to the agent")
    sheet.yes.click()
    bench.settle()
    assert bench.plane.amendments == [((LOADER, "tests/test_loader.py"), {})]


def test_a_click_on_the_box_ticks_and_one_beside_it_shows_the_file(bench: Bench) -> None:
    sheet = open_sheet(bench)
    box = sheet.files.visualRect(sheet.files.model().index(1, 0))
    view = sheet.files.viewport()
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=box.topLeft() + QPoint(20, 16))
    assert left_out(sheet) == ["tests/test_loader.py"]
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=box.topLeft() + QPoint(120, 16))
    assert left_out(sheet) == ["tests/test_loader.py"]
    file = sheet.pane.file_now()
    assert file is not None
    assert file.path == "tests/test_loader.py"


def test_with_nothing_ticked_nothing_is_approved(bench: Bench) -> None:
    sheet = open_sheet(bench)
    sheet.side.all.click()
    assert left_out(sheet) == sorted(review_scene.CONTENTS)
    assert not sheet.yes.isEnabled()
    assert not sheet.will.isVisible(), "nothing is about to go back in part"
    assert sheet._says.text().startswith("No file is ticked. To send all of it back, say why")
    press(sheet, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    bench.settle()
    assert not sent(bench, "approve")
    sheet.side.all.click()
    assert left_out(sheet) == []
    assert sheet.yes.isEnabled()


def test_t_leaves_out_the_file_one_stands_in(bench: Bench) -> None:
    sheet = open_sheet(bench)
    stand_on(sheet, "pytest -q tests")
    press(sheet, Qt.Key.Key_T)
    assert left_out(sheet) == ["Makefile"]
    assert sheet.pane.file.words == "Take file again"
    press(sheet, Qt.Key.Key_T)
    assert left_out(sheet) == []


def test_what_is_approved_whole_is_sent_as_a_plain_approval(bench: Bench) -> None:
    sheet = open_sheet(bench)
    assert not sheet.will.isVisible()
    sheet.yes.click()
    bench.settle()
    assert bench.plane.amendments == [(None, {})]


# -- hunks -----------------------------------------------------------------------------------------
def test_a_hunk_is_left_out_and_exactly_the_rest_is_sent(bench: Bench) -> None:
    sheet = open_sheet(bench)
    stand_on(sheet, "with self.lock:")
    press(sheet, Qt.Key.Key_X)
    assert sheet.will.text() == f"{LOADER} is taken without 1 hunk."
    sheet.yes.click()
    bench.settle()
    sides = review_scene.sample_sides(LOADER)
    file = review_scene.sample_diff().files[0]
    wanted = with_hunks(sides.old or b"", sides.new or b"", file.hunks, {0})
    assert b"with self.lock" not in wanted
    assert b"raise EmptyShard" in wanted
    assert bench.plane.amendments == [(None, {LOADER: wanted})]
    assert "Not taken from src/loader.py" in sent(bench, "approve")[0][-1]


def test_a_click_in_the_hunks_head_leaves_it_out(bench: Bench) -> None:
    sheet = open_sheet(bench)
    number = next(n for n, r in enumerate(sheet.diff.rows.rows) if r.kind is RowKind.HUNK)
    box = sheet.diff.list.visualRect(sheet.diff.rows.index(number))
    view = sheet.diff.list.viewport()
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=box.topLeft() + QPoint(60, 14))
    assert not sheet.draft.rejected
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=box.topRight() + QPoint(-60, 14))
    assert list(sheet.draft.rejected) == [(LOADER, 0)]


def test_contents_that_do_not_fit_the_diff_are_not_guessed(bench: Bench) -> None:
    sheet = open_sheet(bench)
    bench.plane.sides[LOADER] = FileSides(b"another\n", b"version\n")
    stand_on(sheet, "with self.lock:")
    press(sheet, Qt.Key.Key_X)
    sheet.yes.click()
    bench.settle()
    assert not sent(bench, "approve")
    assert "cannot be worked out" in sheet.notice.text()
    assert sheet.yes.isEnabled(), "one may choose otherwise and try again"


# -- comments --------------------------------------------------------------------------------------
def test_a_comment_is_written_shown_and_sent_with_its_line(bench: Bench) -> None:
    sheet = open_sheet(bench)
    assert not sheet.no.isEnabled()
    comment(sheet, "order = list(range(count))", "Why not sorted?")
    assert texts(sheet, RowKind.COMMENT) == ["Why not sorted?"]
    assert sheet.side.comments.list.model().rowCount() == 1
    assert sheet.no.isEnabled(), "a comment is reason enough"
    press(sheet, Qt.Key.Key_R, Qt.KeyboardModifier.AltModifier)
    bench.settle()
    assert sent(bench, "reject")[0][-1] == (
        "src/loader.py:88\n>         order = list(range(count))\nWhy not sorted?"
    )


def test_the_line_stays_in_sight_while_one_writes_on_it(bench: Bench) -> None:
    sheet = open_sheet(bench)
    listed = sheet.diff.list
    bottom = listed.indexAt(QPoint(4, listed.viewport().height() - 2)).row()
    rows = sheet.diff.rows.rows
    low = bottom if bottom >= 0 else len(rows) - 1
    place = next(n for n in range(low, 0, -1) if rows[n].kind is RowKind.LINE)
    listed.setCurrentIndex(listed.model().index(place, 0))
    sheet.pane.begin_comment()
    bench.settle()
    seen = listed.visualRect(listed.currentIndex())
    assert sheet.pane.comment.isVisible()
    assert listed.viewport().rect().contains(seen.center())


def test_a_comment_is_changed_and_removed_by_keyboard(bench: Bench) -> None:
    sheet = open_sheet(bench)
    comment(sheet, "order = list(range(count))", "One")
    comment(sheet, "raise EmptyShard", "Two")
    listed = sheet.side.comments.list
    listed.setCurrentIndex(listed.model().index(0, 0))
    press(listed, Qt.Key.Key_Return)
    field = sheet.pane.comment.text
    assert field.toPlainText() == "One"
    field.setPlainText("One, better")
    press(field, Qt.Key.Key_Return)
    assert [c.text for c in sheet.draft.comments] == ["One, better", "Two"]
    press(listed, Qt.Key.Key_Delete)
    assert [c.text for c in sheet.draft.comments] == ["Two"]
    assert texts(sheet, RowKind.COMMENT) == ["Two"]


def test_keys_belong_to_the_comment_while_it_is_written(bench: Bench) -> None:
    sheet = open_sheet(bench)
    stand_on(sheet, "raise EmptyShard")
    press(sheet, Qt.Key.Key_C)
    field = sheet.pane.comment.text
    QTest.keyClicks(field, "next exit")
    assert field.toPlainText() == "next exit"
    assert not sheet.draft.rejected, "X and E are letters here"
    assert not sheet.yes.isEnabled(), "a half-written comment is not forgotten by an answer"
    press(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    bench.settle()
    assert not sent(bench, "approve")
    assert [c.text for c in sheet.draft.comments] == ["next exit"]
    press(sheet, Qt.Key.Key_C)
    press(field, Qt.Key.Key_Escape)
    assert sheet.isVisible(), "Esc ends the comment, not the review"
    assert not field.isVisible()


# -- versions of one's own ------------------------------------------------------------------------
def test_a_draft_survives_later_and_a_restart(bench: Bench) -> None:
    sheet = open_sheet(bench)
    comment(sheet, "raise EmptyShard", "Too strict.")
    stand_on(sheet, "with self.lock:")
    press(sheet, Qt.Key.Key_X)
    sheet.note.setText("nearly")
    begin_edit(bench, sheet, "pytest -q tests")
    sheet.pane.edit.editor.setPlainText("all:\n")
    sheet.pane.edit.save.click()
    bench.settle()
    stand_on(sheet, "import pytest")
    press(sheet, Qt.Key.Key_C)
    sheet.pane.comment.text.setPlainText("half a")
    kept = sheet.draft
    sheet.reject()
    bench.settle()
    again = open_sheet(bench)
    assert again.draft == kept
    assert again.note.text() == "nearly"
    assert again.pane.comment.text.toPlainText() == "half a"
    assert any(row.left.text == "all:" for row in again.diff.rows.rows)
    again.reject()
    # Another start of the program: the same folder, a new window.
    bench.leave()
    third = open_sheet(bench)
    assert third is not again
    assert third.draft == kept


def test_a_draft_is_on_the_disk_soon_after_the_last_key(bench: Bench) -> None:
    sheet = open_sheet(bench)
    request = the_task(bench).request
    assert request is not None
    sheet.note.setText("do not lose me")
    desk = bench.desk
    assert desk is not None
    timer = desk.decisions.reviews._timer
    assert timer.isActive()
    assert timer.interval() == KEEP_MS
    desk.decisions.reviews.keep_now()
    assert bench.memory.review(request.id).note == "do not lose me"


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_decided_request_has_no_draft_any_more(bench: Bench, elsewhere: bool) -> None:
    sheet = open_sheet(bench)
    task = the_task(bench)
    assert task.request is not None
    request = task.request.id
    sheet.note.setText("a word")
    if elsewhere:
        sheet.reject()
        assert bench.memory.review(request).note == "a word"
        bench.plane._decide(task.id, "approved", task.request.digest, "OpenClaw", "")
    else:
        sheet.yes.click()
    bench.settle()
    assert bench.memory.review(request) == Draft()
    assert not list(bench.memory.drafts._folder.glob("*.json"))


# -- what can go on meanwhile ---------------------------------------------------------------------
def test_answered_elsewhere_while_one_writes_it_is_read_only(bench: Bench) -> None:
    sheet = open_sheet(bench)
    comment(sheet, "raise EmptyShard", "Hm.")
    press(sheet, Qt.Key.Key_C)
    task = the_task(bench)
    bench.plane.put(scenes.decided_elsewhere(task, bench.clock.now))
    bench.settle()
    assert "Approved by you via OpenClaw at " in sheet.notice.text()
    for button in (sheet.yes, sheet.no, sheet.pane.say, sheet.pane.hunk, sheet.pane.file):
        assert not button.isVisible()
    before = sheet.draft
    for key in (Qt.Key.Key_X, Qt.Key.Key_T, Qt.Key.Key_C, Qt.Key.Key_E):
        press(sheet, key)
    press(sheet.files, Qt.Key.Key_Space)
    bench.settle()
    assert sheet.draft == before
    assert not sheet.pane.comment.isVisible()
    assert not sheet.pane.edit.editor.isVisible()


def test_content_that_changes_makes_the_approval_void_and_says_so(bench: Bench) -> None:
    sheet = open_sheet(bench)
    comment(sheet, "raise EmptyShard", "Hm.")
    press(sheet, Qt.Key.Key_T)
    task = the_task(bench)
    assert task.request is not None
    other = replace(task.request, digest="sha256:" + "9" * 64)
    bench.plane.put(replace(task, request=other))
    bench.settle()
    assert "The content changed" in sheet.notice.text()
    assert not sheet.yes.isEnabled(), "it is guarded anew"
    assert left_out(sheet) == [], "choices were about another version"
    assert [c.text for c in sheet.draft.comments] == ["Hm."]
    bench.clock.advance(GUARD_MS)
    sheet.yes.click()
    bench.settle()
    assert sent(bench, "approve")[0][3] == other.digest


def test_another_request_of_the_task_is_offered(bench: Bench) -> None:
    sheet = open_sheet(bench)
    task = the_task(bench)
    assert task.request is not None
    fresh = replace(task.request, id="fresh", digest="sha256:" + "8" * 64)
    bench.plane.put(replace(task, request=fresh))
    bench.settle()
    assert sheet.notice.text().startswith("Void: the content changed")
    assert not sheet.yes.isVisible()
    sheet.newer.click()
    bench.settle()
    assert bench.desk is not None
    after = bench.desk.decisions.sheet
    assert isinstance(after, ApprovalSheet)
    assert after is not sheet
    assert after.yes.isVisible()


# -- reading ---------------------------------------------------------------------------------------
def test_the_branch_is_compared_to_read_only(bench: Bench) -> None:
    task_id = None
    bench.plane.fill()
    task_id = the_task(bench).id
    other = review_scene.diff_of({"only-there.txt": FileSides(b"a\n", b"b\n")})
    bench.plane.diffs[(task_id, -1)] = other
    sheet = open_sheet(bench)
    sheet.pane.compare.chosen.emit("branch")
    bench.settle()
    assert [f.path for f in sheet.diff.files] == ["only-there.txt"]
    press(sheet, Qt.Key.Key_X)
    press(sheet, Qt.Key.Key_T)
    assert left_out(sheet) == []
    assert not sheet.draft.rejected
    assert not sheet.pane.say.isVisible()
    assert sheet.yes.words == "Approve all 3 files", "one still answers what is asked"
    sheet.pane.compare.chosen.emit("asked")
    bench.settle()
    assert sheet.diff.files[0].path == LOADER
    assert sheet.pane.say.isVisible()


def test_n_and_p_go_from_change_to_change(bench: Bench) -> None:
    sheet = open_sheet(bench)
    seen = []
    for _ in range(4):
        press(sheet, Qt.Key.Key_N)
        row = sheet.diff.current_row()
        assert row is not None
        assert row.changed
        seen.append(sheet.diff.list.currentIndex().row())
    assert seen == sorted(set(seen))
    press(sheet, Qt.Key.Key_P)
    assert sheet.diff.list.currentIndex().row() == seen[-2]
    for _ in range(40):
        press(sheet, Qt.Key.Key_N)
    assert "no further change" in sheet.notice.text()


# -- room for the files ----------------------------------------------------------------------------
def test_the_list_of_files_takes_the_room_there_is_and_stays_where_it_was_dragged(
    bench: Bench,
) -> None:
    bench.plane.fill()
    task = the_task(bench)
    assert task.request is not None
    many = {f"src/part_{n:02}.py": FileSides(b"a\n", b"b\n") for n in range(24)}
    bench.plane.diffs[(task.id, task.request.ordinal)] = review_scene.diff_of(many)
    sheet = open_sheet(bench)
    side = sheet.side
    whole = side.split.height()
    assert sheet.files.height() > 10 * tokens.FILE_ROW
    assert sheet.files.height() == pytest.approx(whole * 0.6, abs=2)
    side.split.moveSplitter(4 * tokens.FILE_ROW, 1)
    dragged = sheet.files.height()
    assert dragged == 4 * tokens.FILE_ROW
    sheet.resize(sheet.width(), sheet.height() + 1)
    assert sheet.files.height() == pytest.approx(dragged, abs=2)
    sheet.reject()
    bench.settle()
    assert open_sheet(bench).files.height() == pytest.approx(dragged, abs=2)


def test_a_few_files_leave_their_room_to_what_stands_below(bench: Bench) -> None:
    sheet = open_sheet(bench)
    assert sheet.files.height() == 3 * tokens.FILE_ROW
