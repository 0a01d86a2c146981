"""The person's own version of a file, written in the review."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from clawdesk.ports.repository import FileSides
from clawdesk.ui.guard import GUARD_MS
from clawdesk.viewmodels.review import Draft
from tests.support import review_scene
from tests.ui.test_review import begin_edit, open_sheet, press, stand_on

if TYPE_CHECKING:
    from tests.ui.conftest import Bench


def test_a_version_of_ones_own_is_shown_compared_and_sent(bench: Bench) -> None:
    sheet = open_sheet(bench)
    begin_edit(bench, sheet, "pytest -q tests")
    editor = sheet.pane.edit.editor
    assert editor.text_now() == review_scene.CONTENTS["Makefile"][1]
    assert not sheet.yes.isEnabled()
    editor.setPlainText("all:\n\ttrue\n")
    press(editor, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    bench.settle()
    assert not editor.isVisible()
    assert any("true" in row.left.text for row in sheet.diff.rows.rows)
    assert not sheet.yes.isEnabled(), "what is shown has just changed"
    bench.clock.advance(GUARD_MS)
    assert sheet.will.text() == "Makefile as edited by you."
    sheet.yes.click()
    bench.settle()
    assert bench.plane.amendments == [(None, {"Makefile": b"all:\n\ttrue\n"})]


def test_escape_leaves_the_editor_and_undo_works(bench: Bench) -> None:
    sheet = open_sheet(bench)
    begin_edit(bench, sheet, "pytest -q tests")
    editor = sheet.pane.edit.editor
    assert not sheet.pane.edit.undo.isEnabled()
    QTest.keyClicks(editor, "xx")
    assert sheet.pane.edit.undo.isEnabled()
    sheet.pane.edit.undo.click()
    assert editor.text_now() == review_scene.CONTENTS["Makefile"][1]
    press(editor, Qt.Key.Key_Escape)
    bench.settle()
    assert sheet.isVisible()
    assert not editor.isVisible()
    assert sheet.draft == Draft(sheet.draft.digest)


def test_the_keyboard_gets_out_of_the_editor(bench: Bench) -> None:
    sheet = open_sheet(bench)
    begin_edit(bench, sheet, "pytest -q tests")
    sheet.activateWindow()
    editor = sheet.pane.edit.editor
    editor.setFocus()
    control = Qt.KeyboardModifier.ControlModifier
    press(editor, Qt.Key.Key_Tab)
    assert sheet.focusWidget() is editor
    assert "\t" in editor.text_now()
    press(editor, Qt.Key.Key_Tab, control)
    assert sheet.focusWidget() is not editor
    editor.setFocus()
    press(editor, Qt.Key.Key_Backtab, control | Qt.KeyboardModifier.ShiftModifier)
    assert sheet.focusWidget() is not editor
    assert sheet.pane.edit.editing


def test_saving_what_the_task_made_is_no_edit(bench: Bench) -> None:
    sheet = open_sheet(bench)
    begin_edit(bench, sheet, "pytest -q tests")
    sheet.pane.edit.editor.setPlainText("other\n")
    sheet.pane.edit.reset.click()
    sheet.pane.edit.save.click()
    bench.settle()
    assert sheet.draft.edits == ()
    assert not sheet.will.isVisible()


def test_line_ends_of_the_file_stay(bench: Bench) -> None:
    sheet = open_sheet(bench)
    bench.plane.sides["Makefile"] = FileSides(b"a\r\n", b"a\r\nb\r\n")
    begin_edit(bench, sheet, "pytest -q tests")
    sheet.pane.edit.editor.setPlainText("a\nc\u00a0d\n")
    sheet.pane.edit.save.click()
    bench.settle()
    assert sheet.draft.edit_of("Makefile") == "a\r\nc\u00a0d\r\n"


@pytest.mark.parametrize(
    ("sides", "why"),
    [
        (FileSides(b"", b"a\0b"), "it is binary"),
        (FileSides(b"", b"x" * 300_000), "it has 300,000 bytes"),
        (FileSides(None, None, "it has 2,000,000 bytes"), "it has 2,000,000 bytes"),
    ],
)
def test_what_cannot_be_edited_says_why(bench: Bench, sides: FileSides, why: str) -> None:
    sheet = open_sheet(bench)
    bench.plane.sides["Makefile"] = sides
    begin_edit(bench, sheet, "pytest -q tests")
    assert not sheet.pane.edit.editor.isVisible()
    assert sheet.notice.text().startswith(f"Makefile cannot be edited here: {why}")


def test_the_editor_begins_with_what_would_be_approved(bench: Bench) -> None:
    sheet = open_sheet(bench)
    stand_on(sheet, "with self.lock:")
    press(sheet, Qt.Key.Key_X)
    press(sheet, Qt.Key.Key_E)
    bench.settle()
    text = sheet.pane.edit.editor.text_now()
    assert "with self.lock" not in text
    assert "raise EmptyShard" in text


# -- drafts ----------------------------------------------------------------------------------------
