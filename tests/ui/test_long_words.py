"""What a stranger wrote at any length: it wraps or scrolls, and no button leaves the window."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from clawdesk.ui import fonts
from clawdesk.ui.approval_sheet import ApprovalSheet
from clawdesk.ui.ask_sheet import AskSheet, Lines, Way
from clawdesk.ui.choice_row import ChoiceRow
from clawdesk.ui.question_sheet import QuestionSheet
from clawdesk.ui.safe_text import SafeLabel, broken
from clawdesk.ui.sheet import Sheet
from tests.ui.conftest import Bench, drop

WORD = "Donaudampfschifffahrt" * 15
MANY = "\n".join(f"- {n}. Rewrote the loader of sharded data sets." for n in range(60))


def within(part: QWidget) -> bool:
    """Whether all of it stands inside its window."""
    window = part.window()
    return window.rect().contains(QRect(part.mapTo(window, QPoint(0, 0)), part.size()))


def open_request(bench: Bench, place: int, **asked: Any) -> Sheet:
    """The sheet of a request that says something else."""
    bench.plane.fill()
    task = list(bench.plane.state.tasks.values())[place]
    assert task.request is not None
    task = replace(task, request=replace(task.request, **asked))
    bench.plane.state.tasks[task.id] = task
    desk = bench.open()
    desk.decisions.open_task(task.id)
    bench.settle()
    sheet = desk.decisions.sheet
    assert isinstance(sheet, Sheet)
    assert sheet.width() <= desk.window.width() - 44
    assert sheet.height() <= desk.window.height() - 44
    return sheet


@pytest.mark.parametrize("said", [WORD, MANY, f"{MANY}\n{WORD}"])
def test_the_buttons_of_a_review_stay_whatever_the_agent_says(bench: Bench, said: str) -> None:
    sheet = open_request(bench, 0, message=said, why=f"changes in {', '.join([WORD] * 9)}")
    assert isinstance(sheet, ApprovalSheet)
    assert within(sheet.no)
    assert within(sheet.yes)
    assert sheet.diff.list.height() > 200
    # All of it can be reached, with the keyboard too, and the reason is in sight beside it.
    scrolls = bool(sheet.said.verticalScrollBar().maximum())
    assert scrolls is (said != WORD)
    assert (sheet.said.focusPolicy() is Qt.FocusPolicy.StrongFocus) is scrolls
    assert within(sheet.asked)


def test_facts_that_have_no_room_are_scrolled_to(bench: Bench) -> None:
    bench.plane.fill()
    task = next(iter(bench.plane.state.tasks.values()))
    bench.plane.state.tasks[task.id] = replace(task, feedback=MANY)
    desk = bench.open()
    desk.choose_project(task.project)
    facts = desk.window.inspector.facts
    desk.window.tasks.list.choose(task.id)
    bench.settle()
    assert facts.verticalScrollBar().maximum() > 0
    assert facts.focusPolicy() is Qt.FocusPolicy.StrongFocus
    told = [value for _, value in facts._labels if value.isVisibleTo(facts)]
    assert all(value.height() >= value.heightForWidth(value.width()) for value in told)
    # The id at the end of its ref stands in one piece.
    assert "\u200b" not in QLabel.text(told[-1])
    other = list(bench.plane.state.tasks)[2]
    desk.window.tasks.list.choose(other)
    bench.settle()
    assert facts.verticalScrollBar().maximum() == 0
    assert facts.focusPolicy() is Qt.FocusPolicy.NoFocus


def test_a_short_word_of_the_agent_takes_no_more_room_than_it_needs(bench: Bench) -> None:
    sheet = open_request(bench, 0)
    assert isinstance(sheet, ApprovalSheet)
    assert sheet.said.height() <= fonts.metrics("body").height() + 2
    assert sheet.said.focusPolicy() is Qt.FocusPolicy.NoFocus


def test_a_question_of_one_long_word_cuts_neither_words_nor_choices(bench: Bench) -> None:
    sheet = open_request(bench, 1, question=f"{WORD}?\n{WORD}")
    assert isinstance(sheet, QuestionSheet)
    for name in ("question.text", "question.context"):
        label = sheet.findChild(QLabel, name)
        assert label is not None
        assert within(label)
        assert label.text().rstrip("?") == WORD  # and not what it is broken into
        assert label.accessibleName().rstrip("?") == WORD
    assert within(sheet.send)
    desk = bench.desk
    assert desk is not None
    for card in desk.window.inbox._cards.values():
        assert within(card)


def test_a_choice_is_read_in_full_before_it_is_made(bench: Bench) -> None:
    long = "Refactor the loader into two modules and keep its interface as it is. " * 3
    choices = (f"{long}\n{long}", "Leave it\nIt costs nothing.", "Leave it", WORD)
    sheet = open_request(bench, 1, choices=choices)
    rows = sheet.findChildren(ChoiceRow)
    heights = [row.height() for row in rows]
    assert heights[1:3] == [58, 40], "a short one takes no more room than before"
    assert heights[0] > 58 + 3 * 15
    assert heights[3] > 40 + 2 * 15
    assert all(row.height() >= row.heightForWidth(row.width()) for row in rows)
    assert all(within(row) for row in rows[:1])


def test_words_are_broken_only_where_a_line_is_too_short_for_them() -> None:
    measures = fonts.metrics("body")
    path = "refs/clawdesk/tasks/01JC0000000000000000000003 " + "é" * 40
    assert broken(path, measures, 2_000) == path
    pieces = broken(path, measures, 100).replace("/", " ").replace("\u200b", " ").split()
    assert max(measures.horizontalAdvance(piece) for piece in pieces) <= 100
    assert broken(path, measures, 100).replace("\u200b", "") == path
    assert broken("W" * 50, measures, 0).count("\u200b") == 49  # before it has a width


def test_a_label_is_as_high_as_the_lines_it_is_broken_into(bench: Bench) -> None:
    bench.open()
    page = QWidget()
    column = QVBoxLayout(page)
    label = SafeLabel(WORD, wrap=True)
    column.addWidget(label)
    column.addStretch(1)
    page.resize(300, 600)
    page.show()
    bench.settle()
    lines = label.height() / fonts.metrics("body").lineSpacing()
    assert lines >= fonts.width("body", WORD) / label.width()
    drop(page)


def test_a_sheet_of_many_sentences_keeps_its_buttons_in_the_window(bench: Bench) -> None:
    desk = bench.open()
    asks = Lines("It asks", "need", "need", tuple(f"line {n}: {WORD}" for n in range(60)))
    for groups, scrolls in (([asks], True), ([replace(asks, lines=("a host",))], False)):
        sheet = AskSheet(
            "trust",
            desk.window,
            desk.clock,
            title="Trust it?",
            text="It asks for more.",
            groups=groups,
            ways=[Way("go", "Trust it")],
        )
        desk.decisions.show_sheet(sheet)
        bench.settle()
        assert sheet.height() <= desk.window.height() - 44
        assert all(within(button) for button in sheet._buttons)
        assert bool(sheet.area.verticalScrollBar().maximum()) is scrolls
        assert (sheet.area.focusPolicy() is Qt.FocusPolicy.StrongFocus) is scrolls
        sheet.reject()
