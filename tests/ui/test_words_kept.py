"""One Escape too many loses no words that were typed: it asks, or they are there again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from shiboken6 import Shiboken

from clawdesk.domain.model import AgentSpec, Checkpoint, Phase, Snapshot
from clawdesk.ports.errors import PortError
from clawdesk.runtime.api import Outcome
from clawdesk.ui.conflict_sheet import ConflictSheet
from clawdesk.ui.desk import Desk
from clawdesk.ui.guard import GUARD_MS
from clawdesk.ui.merge_sheet import MergeSheet
from clawdesk.ui.prompt_sheet import PromptSheet
from clawdesk.ui.question_sheet import QuestionSheet
from tests.ui.conftest import Bench
from tests.ui.test_review import begin_edit, open_sheet, press, stand_on

ESC = Qt.Key.Key_Escape


# -- a version of one's own ------------------------------------------------------------------------
def test_escape_asks_once_before_an_edit_is_discarded(bench: Bench) -> None:
    sheet = open_sheet(bench)
    begin_edit(bench, sheet, "pytest -q tests")
    pane = sheet.pane.edit
    QTest.keyClicks(pane.editor, "mine")
    press(pane.editor, ESC)
    assert pane.editing
    assert pane._state.text() == "not saved: Esc again discards it"
    assert pane._cancel.words == "Discard"
    QTest.keyClicks(pane.editor, "!")
    assert pane._cancel.words == "Cancel"
    press(pane.editor, ESC)
    assert pane.editing, "it was typed in since"
    press(pane.editor, ESC)
    bench.settle()
    assert not pane.editing
    assert sheet.draft.editing is None
    assert sheet.isVisible()


def test_an_edit_that_came_back_is_not_discarded_by_one_key(bench: Bench) -> None:
    sheet = open_sheet(bench)
    begin_edit(bench, sheet, "pytest -q tests")
    QTest.keyClicks(sheet.pane.edit.editor, "mine")
    sheet.reject()
    bench.settle()
    again = open_sheet(bench)
    bench.settle()
    pane = again.pane.edit
    assert pane.editor.text_now().count("mine") == 1
    press(pane.editor, ESC)
    assert pane.editing
    pane._cancel.click()
    assert not pane.editing


def test_escape_asks_once_before_a_comment_is_discarded(bench: Bench) -> None:
    sheet = open_sheet(bench)
    stand_on(sheet, "raise EmptyShard")
    press(sheet, Qt.Key.Key_C)
    bar = sheet.pane.comment
    QTest.keyClicks(bar.text, "Too strict")
    press(bar.text, ESC)
    assert bar.writing
    assert bar._where.text() == "Not kept yet: Esc again discards it"
    QTest.keyClicks(bar.text, ".")
    assert bar._where.text().startswith("Comment on src/loader.py:")
    press(bar.text, Qt.Key.Key_Return)
    assert [c.text for c in sheet.draft.comments] == ["Too strict."]
    press(sheet, Qt.Key.Key_C)
    press(bar.text, ESC)
    assert not bar.writing, "nothing was changed"
    press(sheet, Qt.Key.Key_C)
    QTest.keyClicks(bar.text, " Really")
    press(bar.text, ESC)
    press(bar.text, ESC)
    assert not bar.writing
    assert [c.text for c in sheet.draft.comments] == ["Too strict."]


# -- one more prompt -------------------------------------------------------------------------------
@pytest.fixture
def prompt(bench: Bench) -> PromptSheet:
    """The sheet for an agent that has ended its turn."""
    desk = bench.open_forked()
    task = bench.plane.state.tasks[bench.task_id("fix-loader")]
    definition = replace(task.definition, agent=AgentSpec("acp", "Mend it.", "an-agent"))
    shot = Snapshot("s", 1.0, 1.0, 1)
    rest = Checkpoint(*(9, 1, 0, "agent", 1, "c", "t", "d"), guest_request="r", snapshot=shot)
    bench.plane.put(
        replace(
            task,
            definition=definition,
            phase=Phase.DONE,
            request=None,
            checkpoints=(rest,),
            machine="",
        )
    )
    desk.window.tasks.list.choose(task.id)
    bench.settle()
    return open_prompt(bench)


def open_prompt(bench: Bench) -> PromptSheet:
    assert bench.desk is not None
    bench.desk.registry.trigger("prompt")
    bench.settle()
    sheet = bench.desk.decisions.sheet
    assert isinstance(sheet, PromptSheet)
    bench.clock.advance(GUARD_MS)
    return sheet


def test_a_prompt_that_was_not_sent_is_there_again_until_it_is(
    bench: Bench, prompt: PromptSheet
) -> None:
    prompt.text.setPlainText("Now the docs,\nall of them")
    QTest.keyClick(prompt, ESC)
    again = open_prompt(bench)
    assert again is not prompt
    assert again.text.toPlainText() == "Now the docs,\nall of them"
    again.go.click()
    bench.settle()
    assert bench.desk is not None
    assert bench.desk.decisions.sheet is None
    bench.desk.registry.trigger("prompt")
    bench.settle()
    last = bench.desk.decisions.sheet
    assert last is None or (isinstance(last, PromptSheet) and not last.text.toPlainText())


def test_a_prompt_that_fails_can_be_sent_again(
    bench: Bench, prompt: PromptSheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> Outcome:
        raise PortError("The disk is full.")

    monkeypatch.setattr(bench.plane, "prompt", fail)
    prompt.text.setPlainText("Now the docs")
    prompt.go.click()
    bench.settle()
    assert prompt.outcome.text() == "The disk is full."
    assert prompt.go.isEnabled()
    assert prompt.text.toPlainText() == "Now the docs"


# -- conflicts -------------------------------------------------------------------------------------
def open_conflict(bench: Bench, desk: Desk) -> ConflictSheet:
    desk.decisions.merge(bench.task_id("docs-pass"))
    merge = desk.decisions.sheet
    assert isinstance(merge, MergeSheet)
    bench.clock.advance(GUARD_MS)
    merge.branch.setText("conflict")
    merge.go.click()
    bench.settle()
    merge.settle.click()
    sheet = desk.decisions.sheet
    assert isinstance(sheet, ConflictSheet)
    bench.clock.advance(GUARD_MS)
    return sheet


def test_files_settled_so_far_are_there_after_later(bench: Bench) -> None:
    bench.plane.fill()
    desk = bench.open()
    sheet = open_conflict(bench, desk)
    sheet.ours.click()
    sheet.theirs.click()
    kept = dict(sheet.files.decided)
    assert len(kept) == 2
    sheet.list.setCurrentIndex(sheet.files.index(3))
    sheet.change.click()
    sheet.edit.editor.setPlainText("mine\n")
    QTest.keyClick(sheet, ESC)
    assert sheet.edit.editing, "the first one asks"
    QTest.keyClick(sheet, ESC)
    assert not sheet.edit.editing
    QTest.keyClick(sheet, ESC)
    bench.settle()
    assert desk.decisions.sheet is None
    again = open_conflict(bench, desk)
    assert again is not sheet
    assert again.files.decided == kept


def test_another_sheet_closes_one_in_which_a_file_is_edited(bench: Bench) -> None:
    bench.plane.fill()
    desk = bench.open()
    sheet = open_conflict(bench, desk)
    sheet.list.setCurrentIndex(sheet.files.index(3))
    sheet.change.click()
    sheet.edit.editor.setPlainText("mine\n")
    desk.decisions.open_next()
    bench.settle()
    assert not Shiboken.isValid(sheet), "it does not stay below the other one"
    assert isinstance(desk.decisions.sheet, QuestionSheet)


def test_an_edit_of_a_conflict_outlives_another_sheet(bench: Bench) -> None:
    bench.plane.fill()
    desk = bench.open()
    sheet = open_conflict(bench, desk)
    sheet.change.click()
    sheet.edit.editor.setPlainText("typed and not saved\n")
    desk.registry.trigger("help")
    bench.settle()
    again = open_conflict(bench, desk)
    assert again.edit.editing
    assert again.edit.editor.text_now() == "typed and not saved\n"
    again.edit.give_up()
    assert again.edit.editing, "it is not called unchanged"
