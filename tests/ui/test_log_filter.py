"""The filter above a log: what is typed lets lines pass, new ones too, and Escape goes back."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from clawdesk.runtime.api import LogLine
from clawdesk.ui import log_view
from clawdesk.ui.desk import Desk
from clawdesk.ui.log_filter import LogFilter
from clawdesk.ui.log_view import LogView
from clawdesk.viewmodels.log_filter import Kind
from tests.support import plane_scenes as scenes
from tests.ui.conftest import Bench

LINES = 5_000


def line(n: int, text: str = "", stream: str = "out") -> LogLine:
    return LogLine(n, 1_000 * n, "s", 1, stream, text or f"epoch {n} of the run")


@pytest.fixture
def desk(bench: Bench) -> Desk:
    bench.plane.fill()
    for task in bench.plane.state.tasks:
        bench.plane.logs[task] = [line(n + 1) for n in range(LINES)]
    desk = bench.open()
    desk.choose_project(scenes.PROJECT)
    desk.window.tasks.list.choose(list(bench.plane.state.tasks)[2])
    bench.settle()
    return desk


def parts(desk: Desk) -> tuple[LogFilter, LogView]:
    return desk.window.inspector.log_filter, desk.window.inspector.log


def texts(view: LogView) -> list[str]:
    return [view.rows.index(row).data() for row in range(view.rows.count)]


def top(view: LogView) -> str:
    return str(view.list.indexAt(QPoint(1, 1)).data())


def test_its_key_shows_the_log_and_what_is_typed_lets_lines_pass(bench: Bench, desk: Desk) -> None:
    bar, view = parts(desk)
    desk.window.inspector.choose_place("changes")
    desk.registry.trigger("filter_log")
    bench.settle()
    assert desk.window.inspector.place == "log"
    assert bar.field.hasFocus()
    QTest.keyClicks(bar.field, "EPOCH 499")
    bench.settle()
    expected = [f"epoch {n} of the run" for n in range(1, LINES + 1) if "499" in str(n)]
    assert texts(view) == expected
    assert bar.found.text() == f"{len(expected)} of 5,000"
    assert bar.field.accessibleDescription() == bar.found.text()
    assert desk.registry.acts["filter_log"].keys == "Ctrl+L"


def test_new_lines_pass_or_not_while_it_is_followed(bench: Bench, desk: Desk) -> None:
    bar, view = parts(desk)
    bar.field.setText("needle")
    bench.settle()
    assert texts(view) == []
    for n in range(100):
        bench.plane.log(desk.chosen, f"needle {n}")
        bench.plane.log(desk.chosen, f"hay {n}")
    bench.settle()
    assert texts(view) == [f"needle {n}" for n in range(100)]
    assert bar.found.text() == "100 of 5,200"
    bar_of = view.list.verticalScrollBar()
    assert view.following
    assert bar_of.value() == bar_of.maximum() > 0


def test_escape_shows_all_again_at_the_line_one_was_at(bench: Bench, desk: Desk) -> None:
    bar, view = parts(desk)
    view.list.verticalScrollBar().setValue(20_000)
    view.mind_following()
    before = top(view)
    bar.field.setText("epoch 7")
    bench.settle()
    assert view.rows.count < LINES
    QTest.keyClick(bar.field, Qt.Key.Key_Escape)
    bench.settle()
    assert view.rows.count == LINES
    assert top(view) == before
    assert not view.following
    assert view.list.hasFocus()
    assert not bar.found.text()
    assert not bar.all.isVisible()


def test_who_followed_follows_again(bench: Bench, desk: Desk) -> None:
    bar, view = parts(desk)
    bar.field.setText("epoch 7")
    bench.settle()
    bar.all.click()
    bench.settle()
    assert view.following
    assert view.list.verticalScrollBar().value() == view.list.verticalScrollBar().maximum()


def test_a_line_chosen_among_the_found_ones_is_gone_to(bench: Bench, desk: Desk) -> None:
    bar, view = parts(desk)
    bar.field.setText("epoch 777 ")
    bench.settle()
    QTest.keyClick(bar.field, Qt.Key.Key_Return)
    assert view.list.hasFocus()
    view.list.setCurrentIndex(view.rows.index(0))
    QTest.keyClick(view.list, Qt.Key.Key_Escape)
    bench.settle()
    place = view.list.currentIndex()
    assert place.data() == "epoch 777 of the run"
    assert place.row() == 776
    assert view.list.visualRect(place).intersects(view.list.viewport().rect())
    assert not view.following


def test_kinds(bench: Bench, desk: Desk) -> None:
    bar, view = parts(desk)
    bench.plane.log(desk.chosen, "warned", "err")
    bench.plane.log(desk.chosen, "Step one ended.", "event")
    bench.settle()
    bar.kind.setCurrentIndex(bar.kind.findData(Kind.ERRORS))
    bench.settle()
    assert texts(view) == ["warned"]
    bar.kind.setCurrentIndex(bar.kind.findData(Kind.EVENTS))
    bench.settle()
    assert texts(view) == ["Step one ended."]
    bar.field.setText("no such")
    bench.settle()
    assert bar.found.text() == "0 of 5,002"


def test_a_long_log_is_searched_in_turns_and_another_text_ends_the_search(
    bench: Bench, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    bar, view = parts(desk)
    monkeypatch.setattr(log_view, "LOOK_MS", 0)  # so that a turn looks at nothing
    bar.field.setText("7")
    assert view.rows.searching
    assert "so far" in bar.found.text()
    bar.field.setText("epoch 499")
    monkeypatch.setattr(log_view, "LOOK_MS", 1)
    bench.settle()
    assert not view.rows.searching
    assert texts(view) == [f"epoch {n} of the run" for n in range(1, LINES + 1) if "499" in str(n)]


def test_another_task_is_filtered_too(bench: Bench, desk: Desk) -> None:
    bar, view = parts(desk)
    bar.field.setText("epoch 12")
    bench.settle()
    other = list(bench.plane.state.tasks)[4]
    bench.plane.logs[other] = [line(1, "hay"), line(2, "epoch 12 there")]
    desk.window.tasks.list.choose(other)
    bench.settle()
    assert texts(view) == ["epoch 12 there"]
    assert bar.found.text() == "1 of 2"


def test_old_lines_go_from_a_filtered_log_too(
    bench: Bench, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    bar, view = parts(desk)
    monkeypatch.setattr(log_view, "LINES_MAX", LINES)
    bar.field.setText("9")
    bench.settle()
    assert texts(view)[0] == "epoch 9 of the run"
    view.append([line(n, f"new {n}") for n in range(100)])
    bench.settle()
    assert texts(view)[0] == "epoch 109 of the run"
    assert texts(view)[-1] == "new 99"
    bar.field.clear()
    assert len(texts(view)) == LINES
    assert texts(view)[0] == "epoch 101 of the run"


def test_the_bar_hides_what_belongs_to_a_filter_while_there_is_none(
    bench: Bench, desk: Desk
) -> None:
    bar, _ = parts(desk)
    assert not bar.all.isVisible()
    bar.field.setText("epoch")
    bench.settle()
    assert bar.all.isVisible()
    assert bar.all.accessibleName() == "Show every line of the log"
