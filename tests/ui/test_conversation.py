"""The conversation page: read when seen, folded, searched, copied, reached by the keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel

from clawdesk.ui.code_list import COPY_ROLE
from clawdesk.viewmodels.conversation_rows import Part
from tests.support import plane_scenes as scenes
from tests.support import talk_scene

if TYPE_CHECKING:
    from clawdesk.ui.conversation_page import ConversationPage
    from clawdesk.ui.desk import Desk
    from tests.ui.conftest import Bench


@pytest.fixture
def desk(bench: Bench) -> Desk:
    bench.plane.fill()
    for task in list(bench.plane.state.tasks.values()):
        bench.plane.state.tasks[task.id] = talk_scene.with_spending(task)
        bench.plane.logs[task.id] = list(talk_scene.spoken(bench.clock.now_ms()))
    made = bench.open()
    made.choose_project(scenes.PROJECT)
    bench.settle()
    return made


def page_of(bench: Bench, desk: Desk) -> ConversationPage:
    desk.registry.trigger("conversation")
    bench.settle()
    return desk.window.inspector.conversation


def texts(page: ConversationPage) -> list[str]:
    return [row.text for row in page.view.rows.made.rows]


def test_it_is_read_when_it_is_seen_and_says_what_was_used(bench: Bench, desk: Desk) -> None:
    assert desk.window.inspector.conversation.view.rows.count == 0
    page = page_of(bench, desk)
    shown = texts(page)
    assert "qwen3-32b said" in shown
    assert "calls shell" in shown
    assert "qwen3-32b failed with 429" in shown
    assert page.spent.text().startswith("3 model calls, 3,612 tokens in, 258 out, 6.9 s")
    before = page.view.rows.count
    bench.plane.log(desk.chosen, "one line more", step="agent")
    bench.settle()
    assert page.view.rows.count > before
    assert texts(page)[-1] == "one line more"


def test_another_task_has_another_conversation(bench: Bench, desk: Desk) -> None:
    page = page_of(bench, desk)
    other = next(t for t in bench.plane.state.tasks.values() if t.title == "docs-pass")
    bench.plane.logs[other.id] = []
    desk.window.tasks.list.choose(other.id)
    bench.settle()
    empty = desk.window.findChild(QLabel, "conversation.empty")
    assert empty is not None
    assert empty.isVisible()
    bench.plane.log(other.id, "only this")
    bench.settle()
    assert texts(page)[-1] == "only this"
    assert not empty.isVisible()


def test_enter_and_a_click_unfold(bench: Bench, desk: Desk) -> None:
    page = page_of(bench, desk)
    rows = page.view.rows
    fold = next(n for n, row in enumerate(rows.made.rows) if row.part is Part.FOLD)
    before = rows.count
    index = rows.index(fold)
    assert "test_add_5" in str(index.data(COPY_ROLE)), "copied folded, it is whole"
    page.view.list.scrollTo(index)
    box = page.view.list.visualRect(index)
    QTest.mouseClick(
        page.view.list.viewport(), Qt.MouseButton.LeftButton, pos=box.topLeft() + QPoint(120, 8)
    )
    assert rows.count > before
    page.view.list.setCurrentIndex(rows.index(fold))
    page.view.list.setFocus()
    QTest.keyClick(page.view.list, Qt.Key.Key_Return)
    assert rows.count == before
    assert not page.view.following


def test_f3_searches_newest_first_and_unfolds(bench: Bench, desk: Desk) -> None:
    desk.registry.trigger("find_said")
    bench.settle()
    page = desk.window.inspector.conversation
    assert page.search.hasFocus()
    QTest.keyClicks(page.search, "test_add_7")
    found = desk.window.findChild(QLabel, "conversation.found")
    assert found is not None
    assert found.text() == "2 of 2"
    hit = page.view.rows.hit
    assert "test_add_7" in texts(page)[hit]
    assert (
        page.view.list.viewport()
        .rect()
        .contains(page.view.list.visualRect(page.view.rows.index(hit)))
    )
    QTest.keyClick(page.search, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert found.text() == "1 of 2"
    assert page.view.rows.hit < hit
    desk.registry.trigger("find_said")
    assert found.text() == "2 of 2"
    desk.window.resize(1024, 700)
    bench.settle()
    assert "test_add_7" in "".join(texts(page)[page.view.rows.hit :][:2]), "broken anew, it stands"
    QTest.keyClicks(page.search, "zzz")
    assert found.text() == "not found"
    assert page.view.rows.hit == -1
    QTest.keyClick(page.search, Qt.Key.Key_Escape)
    assert page.search.text() == ""
    assert page.view.list.hasFocus()


def test_a_search_that_begins_before_the_page_has_its_size(bench: Bench, desk: Desk) -> None:
    desk.registry.trigger("find_said")
    page = desk.window.inspector.conversation
    page.search.setText("test_add_7")
    bench.settle()
    row = page.view.rows.hit
    assert "test_add_7" in texts(page)[row]
    assert [index.row() for index in page.view.list.selectedIndexes()] == [row]


def test_all_of_it_is_copied_and_rows_speak(bench: Bench, desk: Desk) -> None:
    page = page_of(bench, desk)
    page._copy.click()
    copied = QApplication.clipboard().text()
    assert "qwen3-32b said 2.4 s, 1,204 tokens in" in copied
    assert "test_add_11" in copied, "also what is folded"
    heads = [n for n, row in enumerate(page.view.rows.made.rows) if row.part is Part.HEAD]
    spoken = str(page.view.rows.index(heads[1]).data(Qt.ItemDataRole.AccessibleTextRole))
    assert "qwen3-32b said" in spoken
    assert "tokens in" in spoken
    assert page.view.list.accessibleName() == "Conversation"


def test_a_narrower_window_breaks_lines_anew_and_stays_at_the_end(bench: Bench, desk: Desk) -> None:
    page = page_of(bench, desk)
    bench.plane.log(desk.chosen, "words " * 50)
    bench.settle()
    before = page.view.rows.count
    desk.window.resize(1024, 700)
    bench.settle()
    assert page.view.rows.count > before
    bar = page.view.list.verticalScrollBar()
    assert bar.value() == bar.maximum()


def test_hostile_text_is_plain_short_and_quick(bench: Bench, desk: Desk) -> None:
    page = page_of(bench, desk)
    bench.plane.log(desk.chosen, "\x1b[31m<b>bold</b>\u202e" + "x" * 100_000, step="\u202eagent")
    bench.settle()
    shown = texts(page)
    assert any(text.startswith("<b>bold</b>xxx") for text in shown)
    assert not any("\u202e" in text or "\x1b" in text for text in shown)
    assert max(map(len, shown)) < 1_000


def test_in_a_small_window_only_the_current_tab_says_its_word(bench: Bench, desk: Desk) -> None:
    tabs = desk.window.inspector.tabs
    wide = tabs.sizeHint().width()
    desk.window.resize(1024, 700)
    page_of(bench, desk)
    assert tabs.sizeHint().width() < wide * 0.7
    assert tabs.width() >= tabs.sizeHint().width(), "nothing is squeezed"
    tab = desk.window.findChild(QAbstractButton, "inspector.tabs.log")
    assert tab is not None
    assert (tab.accessibleName(), "Log" in tab.toolTip()) == ("Log", True)
