"""The main window on a scripted plane: what it shows, what it sends, what it says when refused."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QWidget

from clawdesk.domain.definitions import parse_task
from clawdesk.domain.model import Phase
from clawdesk.ports.errors import RepositoryError
from clawdesk.runtime.api import Change, LogLine
from clawdesk.ui import new_task, theme, tokens
from clawdesk.ui.ask_sheet import AskSheet
from clawdesk.ui.button import Button
from clawdesk.ui.guard import GUARD_MS
from clawdesk.ui.log_view import LINES_MAX
from clawdesk.ui.main_window import Page
from clawdesk.ui.merge_sheet import MergeSheet
from clawdesk.ui.ours import ours
from clawdesk.ui.palette_sheet import PaletteSheet
from clawdesk.ui.question_sheet import QuestionSheet
from tests.support import plane_scenes as scenes

if TYPE_CHECKING:
    from clawdesk.ui.desk import Desk
    from tests.ui.conftest import Bench


@pytest.fixture
def full(bench: Bench) -> Desk:
    bench.plane.fill()
    desk = bench.open()
    desk.choose_project(scenes.PROJECT)
    bench.settle()
    return desk


def button(desk: Desk, name: str) -> Button:
    where: QWidget = desk.decisions.sheet or desk.window
    found = where.findChild(Button, name) or desk.window.findChild(Button, name)
    assert found is not None, name
    return found


def test_ten_tasks_in_the_order_of_submission(full: Desk) -> None:
    rows = full.window.tasks.list.rows.rows
    assert len(rows) == 10
    assert [r.title for r in rows][:2] == ["train-resnet", "fix-loader"]
    assert full.window.inbox.badge.count == 2
    assert full.window.status.need.words == "2 need you"


def test_filters_keep_the_choice(bench: Bench, full: Desk) -> None:
    full.window.tasks.choose_filter("Failed")
    assert [r.title for r in full.window.tasks.list.rows.rows] == ["eval-old"]
    full.window.tasks.choose_filter("All")
    assert len(full.window.tasks.list.rows.rows) == 10


def test_a_change_repaints_only_the_changed_row(bench: Bench, full: Desk) -> None:
    from dataclasses import replace

    changed: list[int] = []
    model = full.window.tasks.list.rows
    model.dataChanged.connect(lambda index, *_: changed.append(index.row()))
    task = next(t for t in bench.plane.state.tasks.values() if t.title == "quantize-vlm")
    bench.plane.put(replace(task, phase=Phase.STARTING))
    assert changed == [next(i for i, r in enumerate(model.rows) if r.id == task.id)]


def test_log_lines_follow(bench: Bench, full: Desk) -> None:
    task = full.chosen
    before = full.window.inspector.log.rows.count
    assert before == 9
    bench.plane.log(task, "hello")
    bench.plane.log(task, "again")
    bench.settle()
    assert full.window.inspector.log.rows.count == before + 2
    assert full.window.inspector.log.rows.lines[-1][2] == "again"


def test_a_long_log_takes_a_line_without_looking_at_the_others(full: Desk) -> None:
    log = full.window.inspector.log
    line = LogLine(1, 1_000, "s", 1, "out", "epoch")
    log.append([line] * LINES_MAX)
    called: list[str] = []
    sys.setprofile(lambda frame, event, _: called.append(event) if event == "call" else None)
    try:
        log.append([line] * 10)
    finally:
        sys.setprofile(None)
    assert len(called) < 200, "its rows are laid out without asking Python about each"
    assert log.rows.count == LINES_MAX
    assert log.list.verticalScrollBar().value() == log.list.verticalScrollBar().maximum()
    editable = Qt.ItemFlag.ItemIsEditable
    assert not log.rows.flags(log.rows.index(0)) & editable


def test_another_task_has_another_log(bench: Bench, full: Desk) -> None:
    other = next(t for t in bench.plane.state.tasks.values() if t.title == "docs-pass")
    bench.plane.logs[other.id] = []
    bench.plane.log(other.id, "only this")
    full.window.tasks.list.choose(other.id)
    bench.settle()
    assert [line[2] for line in full.window.inspector.log.rows.lines] == ["only this"]


def test_changes_of_the_latest_checkpoint(bench: Bench, full: Desk) -> None:
    full.window.tasks.list.choose(next(iter(bench.plane.state.tasks)))
    full.window.inspector.choose_place("changes")
    bench.settle()
    assert full.window.inspector.diff.rows.count > 20
    assert "Checkpoint 4" in full.window.inspector.changes_title.text()


def test_run_asks_about_edits_of_ones_own(bench: Bench, full: Desk) -> None:
    bench.plane.let_all_fit()
    new_task.run(full, scenes.PROJECT, "tidy-notes")
    bench.settle()
    sheet = full.decisions.sheet
    assert isinstance(sheet, AskSheet)
    bench.clock.advance(GUARD_MS)
    button(full, "dirty.include").click()
    bench.settle()
    assert ("submit", scenes.PROJECT, "tidy-notes", True) in bench.plane.calls
    assert full.chosen.startswith("01JD")


def test_run_in_a_clean_folder_asks_nothing(bench: Bench, full: Desk) -> None:
    path = "/home/ada/src/tokenizer-rs"
    bench.plane.let_all_fit()
    new_task.run(full, path, "tidy-notes")
    bench.settle()
    assert ("submit", path, "tidy-notes", False) in bench.plane.calls
    assert full.project == path


def test_a_refused_folder_is_said_calmly(bench: Bench, full: Desk) -> None:
    full.open_path("/nowhere")
    bench.settle()
    banner = full.window.banner
    assert banner.isVisible()
    assert banner.notice is not None
    assert banner.notice.what == "Opening /nowhere: /nowhere is not a folder"
    assert banner.notice.next_step == "Choose another folder."
    button(full, "banner.copy").click()
    assert "/nowhere is not a folder" in QApplication.clipboard().text()


def test_dropping_a_folder_opens_it(bench: Bench, tmp_path: Path) -> None:
    desk = bench.open()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path))])
    event = QDropEvent(
        QPointF(5, 5),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    desk.window.dropEvent(event)
    bench.settle()
    assert desk.project == str(tmp_path)
    assert bench.memory.recent() == [str(tmp_path)]


def test_question_by_number_and_by_words(bench: Bench, full: Desk) -> None:
    task = next(t for t in bench.plane.state.tasks.values() if t.title == "bench-fp8")
    full.decisions.open_task(task.id)
    sheet = full.decisions.sheet
    assert isinstance(sheet, QuestionSheet)
    bench.settle()
    QTest.keyClick(sheet, Qt.Key.Key_2)
    assert sheet.answer_text().startswith("data/val-2024\n"), "as the step gave it"
    assert not sheet.send.isEnabled(), "the guard is up"
    bench.clock.advance(GUARD_MS)
    QTest.keyClick(sheet, Qt.Key.Key_Return)
    assert not [c for c in bench.plane.calls if c[0] == "answer"], "Enter sends nothing"
    sheet.text.setPlainText("both of them")
    assert sheet.answer_text() == "both of them"
    QTest.keyClick(sheet, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    bench.settle()
    assert [c for c in bench.plane.calls if c[0] == "answer"] == [
        ("answer", task.id, "choice", "both of them", "window")
    ]


def test_a_question_shows_its_context_and_what_each_choice_costs(bench: Bench, full: Desk) -> None:
    task = next(t for t in bench.plane.state.tasks.values() if t.title == "bench-fp8")
    assert task.request is not None
    at_ms = task.request.at_ms
    bench.plane.logs[task.id] = [
        LogLine(n, at_ms + (n - 9) * 1_000, "rewrite", 1, "event" if n == 7 else "out", f"line {n}")
        for n in range(1, 13)
    ]
    full.decisions.open_task(task.id)
    bench.settle()
    full.decisions.refresh()
    sheet = full.decisions.sheet
    assert isinstance(sheet, QuestionSheet)
    texts = [label.text() for label in sheet.findChildren(QLabel) if label.isVisible()]
    assert scenes.QUESTION in texts
    assert scenes.WHY in texts
    printed = [text for text in texts if text.startswith("line ")]
    assert printed == ["line 6", "line 8", "line 9"], "what came before it, of the step itself"
    row = sheet.findChild(QAbstractButton, "question.choice.2")
    assert row is not None
    assert row.accessibleName() == "data/val-2024"
    assert "measured again" in row.accessibleDescription()
    button(full, "question.log").click()
    assert full.window.inspector.place == "log"
    assert full.decisions.sheet is None
    assert not [c for c in bench.plane.calls if c[0] == "answer"]


def test_a_draft_survives_later(bench: Bench, full: Desk) -> None:
    task = next(t for t in bench.plane.state.tasks.values() if t.title == "bench-fp8")
    full.decisions.open_task(task.id)
    sheet = full.decisions.sheet
    assert isinstance(sheet, QuestionSheet)
    sheet.text.setPlainText("perhaps")
    QTest.keyClick(sheet, Qt.Key.Key_Escape)
    bench.settle()
    full.decisions.open_task(task.id)
    again = full.decisions.sheet
    assert isinstance(again, QuestionSheet)
    assert again.text.toPlainText() == "perhaps"


def test_a_question_answered_elsewhere_keeps_my_words(bench: Bench, full: Desk) -> None:
    task = next(t for t in bench.plane.state.tasks.values() if t.title == "bench-fp8")
    full.decisions.open_task(task.id)
    sheet = full.decisions.sheet
    assert isinstance(sheet, QuestionSheet)
    sheet.text.setPlainText("my long answer")
    bench.plane.put(scenes.decided_elsewhere(task, bench.clock.now))
    assert sheet.isVisible()
    assert sheet.text.toPlainText() == "my long answer"
    assert not sheet.send.isVisible()
    assert "via OpenClaw" in sheet.notice.text()


def merge_sheet(bench: Bench, desk: Desk) -> MergeSheet:
    task = next(t for t in bench.plane.state.tasks.values() if t.title == "docs-pass")
    desk.decisions.merge(task.id)
    sheet = desk.decisions.sheet
    assert isinstance(sheet, MergeSheet)
    bench.clock.advance(GUARD_MS)
    return sheet


def test_merge_squashed_into_the_branch(bench: Bench, full: Desk) -> None:
    sheet = merge_sheet(bench, full)
    sheet.go.click()
    bench.settle()
    assert bench.plane.calls[-1][0] in {"merge", "log_lines"}
    assert [c[2:] for c in bench.plane.calls if c[0] == "merge"] == [("main", False, None)]
    assert sheet.outcome.text() == "1 commit on main"
    assert "since it began: " in sheet.contents.text(), "what went in"
    assert not sheet.branch.isVisible(), "nothing is asked any more"


def test_a_conflict_names_its_paths(bench: Bench, full: Desk) -> None:
    sheet = merge_sheet(bench, full)
    sheet.branch.setText("conflict")
    sheet.each.click()
    sheet.go.click()
    bench.settle()
    assert sheet.paths.text() == "src/loader.py\nREADME.md"
    assert "changed the same places of src/loader.py, README.md" in sheet.outcome.text()
    assert sheet.go.isEnabled(), "another branch may be tried"


def test_cancel_asks_first(bench: Bench, full: Desk) -> None:
    full.registry.trigger("cancel")
    sheet = full.decisions.sheet
    assert isinstance(sheet, AskSheet)
    go = button(full, "cancel.go")
    assert not go.isEnabled()
    bench.clock.advance(GUARD_MS)
    go.click()
    bench.settle()
    assert [c for c in bench.plane.calls if c[0] == "cancel"]


def test_closing_with_unfinished_tasks_asks(bench: Bench, full: Desk) -> None:
    ended: list[bool] = []
    full.ended.connect(lambda: ended.append(True))
    full.window.close()
    assert full.window.isVisible()
    assert isinstance(full.decisions.sheet, AskSheet)
    button(full, "quit.stay").click()
    bench.settle()
    assert not ended
    full.window.close()
    bench.clock.advance(GUARD_MS)
    button(full, "quit.go").click()
    assert ended == [True]


def test_closing_an_idle_window_asks_nothing(bench: Bench) -> None:
    desk = bench.open()
    ended: list[bool] = []
    desk.ended.connect(lambda: ended.append(True))
    desk.window.close()
    assert ended == [True]


def test_the_first_run_page_lists_the_machine(bench: Bench) -> None:
    desk = bench.open()
    assert desk.window.page is Page.HOME
    assert ("doctor",) in bench.plane.calls
    names = [w.accessibleName() for w in ours(desk.window.home.checks)]
    assert any(n.startswith("libvirt: ") for n in names)
    before = len([c for c in bench.plane.calls if c[0] == "doctor"])
    button(desk, "home.check").click()
    bench.settle()
    assert len([c for c in bench.plane.calls if c[0] == "doctor"]) == before + 1


def test_f8_opens_what_waits_longest(bench: Bench, full: Desk) -> None:
    full.window.activateWindow()
    QTest.keyClick(full.window, Qt.Key.Key_F8)
    assert isinstance(full.decisions.sheet, QuestionSheet)


def test_the_palette_lists_every_act_with_its_reason(full: Desk) -> None:
    full.registry.trigger("palette")
    sheet = full.window.findChild(PaletteSheet)
    assert sheet is not None
    texts = [e.text for e in sheet._all]
    words = full.registry.words
    named = {words(a)[0] for a in full.registry.acts.values() if a.key != "palette"}
    assert named <= set(texts)
    merge = next(e for e in sheet._all if e.text.startswith("Merge"))
    assert merge.why_not == "the task is not done"
    sheet.reject()


def test_every_control_has_a_name_and_an_id(bench: Bench, full: Desk) -> None:
    full.decisions.open_next()
    bench.settle()
    bare = []
    for top in (full.window, full.decisions.sheet):
        assert top is not None
        for widget in (*top.findChildren(QAbstractButton), *top.findChildren(QLineEdit)):
            if not widget.accessibleName() or not widget.objectName():
                bare.append((type(widget).__name__, widget.objectName()))
    assert not bare


def test_no_label_shows_rich_text(full: Desk) -> None:
    rich = [
        w.objectName()
        for w in full.window.findChildren(QLabel)
        if w.textFormat() is not Qt.TextFormat.PlainText
    ]
    assert not rich


def test_both_themes_paint(bench: Bench, full: Desk, qapp: QApplication) -> None:
    pictures = []
    for chosen in (tokens.Theme.LIGHT, tokens.Theme.DARK):
        theme.apply(qapp, chosen)
        bench.settle()
        pictures.append(full.window.grab().toImage().pixelColor(3, 3).name())
    assert pictures == ["#f2f3f5", "#121316"]


def test_a_notice_of_the_plane_is_shown(bench: Bench, full: Desk) -> None:
    bench.plane.publish(Change(notices=("already answered by you via OpenClaw",)))
    assert full.window.banner.notice is not None
    assert full.window.banner.notice.what == "already answered by you via OpenClaw"


def test_a_failing_log_does_not_stop_the_window(bench: Bench, full: Desk) -> None:
    bench.plane.refuse["log_lines"] = RepositoryError("the log is gone")
    bench.plane.log(full.chosen, "x")
    bench.settle()
    assert full.window.banner.isVisible()


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None is immortal from 3.12")
def test_void_calls_do_not_eat_none(full: Desk) -> None:
    before = sys.getrefcount(None)
    for _ in range(20_000):
        full.window.update()
    assert abs(sys.getrefcount(None) - before) < 200


def test_no_widget_uses_an_unknown_role() -> None:
    assert theme.style_sheet().count("@") == 0
    assert {"fg0", "need-fill", "scrim"} <= set(tokens.names())


def test_unreadable_contrast_is_a_mistake() -> None:
    """Body text at least 4.5, marks at least 3 (WCAG), in both themes."""

    def light(name: str) -> float:
        parts = [
            c / 255
            for c in (
                tokens.colour(name).red(),
                tokens.colour(name).green(),
                tokens.colour(name).blue(),
            )
        ]
        lin = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * lin[0] + 0.7152 * lin[1] + 0.0722 * lin[2]

    def ratio(a: str, b: str) -> float:
        high, low = sorted((light(a), light(b)), reverse=True)
        return (high + 0.05) / (low + 0.05)

    before = tokens.theme()
    try:
        for chosen in tokens.Theme:
            tokens.choose(chosen)
            for text, ground in (
                ("fg0", "bg1"),
                ("fg1", "bg1"),
                ("fg2", "bg1"),
                ("fg2", "bg0"),
                ("fg2", "sel"),
                ("need", "need-bg"),
                ("run", "run-bg"),
                ("ok", "ok-bg"),
                ("bad", "bad-bg"),
                ("fg0", "add"),
                ("fg0", "del"),
                ("onacc", "accfill"),
                ("on-need", "need-fill"),
            ):
                assert ratio(text, ground) >= 4.5, (chosen, text, ground)
            for mark in ("ctl", "ok", "need", "bad", "run", "mute"):
                assert ratio(mark, "bg1") >= 3, (chosen, mark)
    finally:
        tokens.choose(before)


def test_toggling_as_a_screen_reader_does_is_choosing(bench: Bench, full: Desk) -> None:
    tab = full.window.findChild(QAbstractButton, "inspector.tabs.checkpoints")
    assert isinstance(tab, QAbstractButton)
    tab.toggle()
    assert full.window.inspector.place == "checkpoints"
    assert full.window.inspector.checkpoints.isVisible()
    shown = full.window.findChild(QAbstractButton, "tasks.filter.Failed")
    assert isinstance(shown, QAbstractButton)
    shown.toggle()
    assert [r.title for r in full.window.tasks.list.rows.rows] == ["eval-old"]


def test_a_tab_with_a_count_keeps_its_words_under_the_ring(bench: Bench, full: Desk) -> None:
    tab = full.window.findChild(QAbstractButton, "inspector.tabs.changes")
    assert isinstance(tab, QAbstractButton)
    full.window.inspector.tabs.show_count("changes", 3)
    tab.setChecked(True)
    inside = tab.rect().adjusted(8, 9, -8, -9)
    full.window.tasks.list.setFocus()
    before = tab.grab(inside).toImage()
    tab.setFocus(Qt.FocusReason.TabFocusReason)
    assert tab.hasFocus()
    assert tab.grab(inside).toImage() == before


def test_a_project_without_a_task_file_shows_one_to_begin_with(bench: Bench, full: Desk) -> None:
    page, entry = full.window.tasks.empty, full.entry()
    assert entry is not None
    bare = replace(entry, name="bare", definitions=(), mistakes=())
    page.show_project(bare)
    assert page.example.isVisibleTo(page)
    page.example.copy.click()
    copied = QGuiApplication.clipboard().text()
    process = parse_task(copied, "hello")
    assert [step.name for step in process.steps] == ["write"]
    page.show_project(replace(bare, mistakes=("x",)))
    assert not page.example.isVisibleTo(page), "mistakes come first"


def test_changes_are_of_one_checkpoint_or_of_the_whole_task(bench: Bench, full: Desk) -> None:
    task = next(t for t in bench.plane.state.tasks.values() if t.title == "fix-loader")
    full.window.tasks.list.choose(task.id)
    full.window.inspector.choose_place("changes")
    bench.settle()
    whole = full.window.findChild(QAbstractButton, "changes.reach.whole")
    assert isinstance(whole, QAbstractButton)
    whole.click()
    bench.settle()
    asked = [call[1:] for call in bench.plane.calls if call[0] == "diff"]
    latest = task.checkpoints[-1].ordinal
    assert asked[-2:] == [(task.id, None, latest), (task.id, 0, latest)]
    assert "since it began: " in full.window.inspector.changes_title.text()
