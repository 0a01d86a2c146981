"""Asking back in a question's sheet: in own words, never by accident, and said before."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from clawdesk.domain.model import AgentSpec
from clawdesk.domain.moves import RETRY
from clawdesk.runtime.client import PlaneGoneError
from clawdesk.ui.guard import GUARD_MS
from clawdesk.ui.help_sheet import HelpSheet
from clawdesk.ui.question_sheet import QuestionSheet
from clawdesk.ui.safe_text import SafeLabel
from tests.support import plane_scenes as scenes
from tests.support.plane_fake import FakePlane

if TYPE_CHECKING:
    from clawdesk.domain.model import Task
    from clawdesk.ui.desk import Desk
    from tests.ui.conftest import Bench

WORDS = "Which of them has the labels of October?"


@pytest.fixture
def desk(bench: Bench) -> Desk:
    bench.plane.fill()
    desk = bench.open()
    desk.choose_project(scenes.PROJECT)
    bench.settle()
    return desk


def task_of(bench: Bench) -> Task:
    return bench.plane.state.tasks[bench.task_id("bench-fp8")]


def open_sheet(bench: Bench, desk: Desk, *, guarded: bool = False) -> QuestionSheet:
    desk.decisions.open_task(task_of(bench).id)
    bench.settle()
    if not guarded:
        bench.clock.advance(GUARD_MS)
    sheet = desk.decisions.sheet
    assert isinstance(sheet, QuestionSheet)
    return sheet


def sent(bench: Bench) -> list[tuple[object, ...]]:
    return [call for call in bench.plane.calls if call[0] in {"ask_back", "answer"}]


def press(sheet: QuestionSheet) -> None:
    QTest.keyClick(sheet, Qt.Key.Key_B, Qt.KeyboardModifier.AltModifier)


def shown(sheet: QuestionSheet, name: str) -> str:
    label = sheet.findChild(SafeLabel, name)
    assert isinstance(label, SafeLabel)
    return label.text() if label.isVisible() else ""


def test_own_words_are_asked_back_by_key_and_by_button(bench: Bench, desk: Desk) -> None:
    task, sheet = task_of(bench), open_sheet(bench, desk)
    sheet.text.setPlainText(f" {WORDS} ")
    assert sheet.back.isEnabled()
    assert not sheet.back.isDefault()
    press(sheet)
    bench.settle()
    assert sent(bench) == [("ask_back", task.id, "choice", WORDS, "window")]
    assert desk.decisions.sheet is None, "it was taken"
    assert task.request is not None
    assert not desk.memory.draft(task.request.id)


def test_the_guard_holds_it_too(bench: Bench, desk: Desk) -> None:
    sheet = open_sheet(bench, desk, guarded=True)
    sheet.text.setPlainText(WORDS)
    press(sheet)
    sheet.back.click()
    bench.settle()
    assert not sent(bench)
    bench.clock.advance(GUARD_MS)
    sheet.back.click()
    bench.settle()
    assert [call[0] for call in sent(bench)] == ["ask_back"]


def test_without_words_it_says_what_is_missing(bench: Bench, desk: Desk) -> None:
    sheet = open_sheet(bench, desk)
    QTest.keyClick(sheet, Qt.Key.Key_2)
    assert sheet.send.isEnabled(), "a choice can be sent"
    assert not sheet.back.isEnabled(), "and is no question"
    why = "Not possible: Write what you ask in your own words."
    assert why in sheet.back.toolTip()
    assert sheet.back.accessibleDescription() == f"Shortcut Alt+B. {why}"
    assert sheet.back.accessibleName() == "Ask back"
    press(sheet)
    bench.settle()
    assert not sent(bench)


def test_what_happens_to_a_plain_command_is_said_beside_the_button(
    bench: Bench, desk: Desk
) -> None:
    sheet = open_sheet(bench, desk)
    said = shown(sheet, "question.becomes")
    assert "ends with exit code 4" in said
    assert "Checkpoint 2 stays, to go back to." in said
    sheet.text.setPlainText(WORDS)
    assert said in sheet.back.toolTip()
    assert said in sheet.back.accessibleDescription()


def test_an_agent_gets_the_words(bench: Bench, desk: Desk) -> None:
    task = task_of(bench)
    told = replace(task.definition, agent=AgentSpec("acp", "p", "run"))
    bench.plane.put(replace(task, definition=told))
    said = shown(open_sheet(bench, desk), "question.becomes")
    assert said == ("Ask back: the agent gets your words in place of an answer, and may ask again.")


def test_what_clawdesk_itself_asks_cannot_be_asked_back(bench: Bench, desk: Desk) -> None:
    task = task_of(bench)
    assert task.request is not None
    bench.plane.put(replace(task, request=replace(task.request, key=RETRY, guest_request="")))
    sheet = open_sheet(bench, desk)
    sheet.text.setPlainText(WORDS)
    assert not sheet.back.isEnabled()
    assert "Not possible: ClawDesk asks this itself" in sheet.back.toolTip()
    assert not shown(sheet, "question.becomes")
    press(sheet)
    bench.settle()
    assert not sent(bench)


def test_the_next_question_shows_what_was_asked_back(bench: Bench, desk: Desk) -> None:
    sheet = open_sheet(bench, desk)
    assert not shown(sheet, "question.before")
    sheet.reject()
    bench.plane.put(scenes.asked_again(task_of(bench), bench.clock.now))
    again = open_sheet(bench, desk)
    assert shown(again, "question.before") == f"You asked back: {scenes.ASKED_BACK}"


def test_it_is_kept_while_nobody_takes_it_and_sent_once(bench: Bench, desk: Desk) -> None:
    task, sheet = task_of(bench), open_sheet(bench, desk)
    bench.plane.refuse["ask_back"] = PlaneGoneError(undone=False)
    desk.show_lost()
    bench.settle()
    bench.clock.advance(GUARD_MS)
    sheet.text.setPlainText(WORDS)
    press(sheet)
    bench.settle()
    assert not sent(bench)
    (row,) = (r for r in desk.rows(desk.tasks()) if r.id == task.id)
    assert (row.state, row.reason) == ("Not sent yet", "Your question back is not sent yet")
    assert task.request is not None
    assert desk.memory.draft(task.request.id) == WORDS, "it is there again if it comes back"
    bench.plane, before = FakePlane(bench.clock.now_ms), bench.plane
    bench.plane.fill()
    bench.plane.state.tasks.update(before.state.tasks)
    desk.adopt(bench.plane, list(before.projects))
    bench.settle()
    assert sent(bench) == [("ask_back", task.id, task.request.id, WORDS, "window")]
    desk.tick()
    bench.settle()
    assert len(sent(bench)) == 1


def test_the_key_stands_in_the_help(bench: Bench, desk: Desk) -> None:
    desk.registry.trigger("help")
    sheet = next(s for s in desk.window.findChildren(HelpSheet))
    assert "Ask back, in your own words" in [
        label.text() for label in sheet.findChildren(SafeLabel)
    ]
