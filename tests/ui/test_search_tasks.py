"""Looking for tasks: nothing found is said, and one key or button shows them all again."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from clawdesk.ui.desk import Desk
from clawdesk.ui.tasks_pane import ARCHIVE
from clawdesk.viewmodels.phases import Group
from tests.support import plane_scenes as scenes
from tests.ui.conftest import Bench


def open_desk(bench: Bench) -> Desk:
    bench.plane.fill()
    desk = bench.open()
    desk.choose_project(scenes.PROJECT)
    bench.settle()
    return desk


def test_words_that_no_task_has_are_named_and_escape_ends_the_search(bench: Bench) -> None:
    pane = open_desk(bench).window.tasks
    pane.begin_search()
    pane.search.setText("  zz <b> ")
    assert pane.none.isVisible()
    assert not pane.lanes.isVisible()
    assert pane.none.title.text() == "No task has “zz <b>”"
    assert pane.search.isVisible()
    QTest.keyClick(pane.search, Qt.Key.Key_Escape)
    assert pane.lanes.isVisible()
    assert not pane.search.isVisible()
    assert QApplication.focusWidget() is pane.list


def test_a_filter_that_holds_no_task_any_more_says_so(bench: Bench) -> None:
    desk = open_desk(bench)
    pane = desk.window.tasks
    pane.choose_filter(Group.FAILED.value)
    assert pane.lanes.isVisible()
    desk.keeping.archive(bench.task_id("eval-old"))
    bench.settle()
    assert pane.none.isVisible()
    assert pane.none.text.text() == "Looked through: Failed."
    pane.none.all.click()
    assert pane.lanes.isVisible()


def test_a_project_whose_tasks_are_all_in_the_archive_leads_there(bench: Bench) -> None:
    desk = open_desk(bench)
    pane = desk.window.tasks
    pane.show_rows(pane._rows, frozenset(row.id for row in pane._rows))
    assert pane.none.isVisible()
    assert pane.none.all.words == "Show the archive"
    pane.none.all.click()
    assert pane._filter == ARCHIVE
    assert pane.lanes.isVisible()
