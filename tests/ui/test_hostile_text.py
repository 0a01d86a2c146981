"""Text of others on screen: plain, cleaned, quick, and nothing is ever loaded for it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from clawdesk.domain.model import DiffStat
from clawdesk.ports.repository import Diff, DiffFile, DiffHunk, DiffLine
from clawdesk.runtime.api import LogLine
from clawdesk.ui.approval_sheet import ApprovalSheet
from clawdesk.ui.diff_view import DiffView
from clawdesk.ui.log_view import LogView
from clawdesk.ui.safe_text import TEXT_MAX, SafeLabel, clean, clean_line, set_tip
from clawdesk.viewmodels.review import LineComment
from tests.support import plane_scenes as scenes

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from tests.ui.conftest import Bench

PAYLOADS = {
    "image": "<img src='/etc/passwd'><img src='http://169.254.169.254/latest'>",
    "tables": "<table><tr><td>" * 5_000,
    "reordered": "safe\u202egnp.exe\u202c \u2066hidden\u2069",
    "ansi": "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b]8;;http://evil\x1b\\link",
    "controls": "a\x00b\x07c\x08\x7f\x9bd\u2028e",
    "long": "x" * 1_000_000,
    "lines": "line\n" * 200_000,
    "script": "<script>alert(1)</script><style>*{}</style><a href='file:///etc'>x</a>",
    "joined": "a" + "\u0301" * 50_000,
    "markdown": "![x](http://169.254.169.254/x) # head",
}


@pytest.fixture(autouse=True)
def _nothing_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a text tried to load something")

    monkeypatch.setattr(QTextDocument, "loadResource", refuse)


@pytest.mark.parametrize("name", PAYLOADS)
def test_clean_text_is_short_and_holds_nothing_hidden(name: str) -> None:
    shown = clean(PAYLOADS[name])
    assert len(shown) <= TEXT_MAX + 10
    hidden = [c for c in shown if (ord(c) < 32 and c not in "\n\t") or 0x7F <= ord(c) <= 0x9F]
    assert not hidden
    assert not any(
        c in shown for c in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200f"
    )
    assert "\n" not in clean_line(PAYLOADS[name])


def test_ansi_is_removed_whole() -> None:
    assert clean(PAYLOADS["ansi"]) == "red  link"


@pytest.mark.parametrize("name", PAYLOADS)
@pytest.mark.parametrize("how", [{"wrap": True}, {"elide": True}, {}])
def test_a_label_renders_it_in_time(qtbot: QtBot, name: str, how: dict[str, Any]) -> None:
    label = SafeLabel(**how)
    qtbot.addWidget(label)
    began = time.process_time()
    label.show_text(PAYLOADS[name])
    label.resize(400, 60)
    label.grab()
    assert time.process_time() - began < 0.5
    assert label.textFormat() is Qt.TextFormat.PlainText


def test_a_tip_is_escaped(qtbot: QtBot) -> None:
    widget = QWidget()
    qtbot.addWidget(widget)
    set_tip(widget, "<img src='http://169.254.169.254'>")
    assert "<img" not in widget.toolTip()
    assert "&lt;img" in widget.toolTip()


@pytest.mark.parametrize("name", PAYLOADS)
def test_the_log_takes_it(qtbot: QtBot, name: str) -> None:
    view = LogView()
    qtbot.addWidget(view)
    view.resize(800, 400)
    view.show()
    began = time.process_time()
    view.append([LogLine(i, 0, "s", 1, "out", PAYLOADS[name]) for i in range(3)])
    view.grab()
    view.sideways.setValue(view.sideways.maximum())
    view.grab()
    assert time.process_time() - began < 0.6


def hostile_diff(text: str) -> Diff:
    lines = tuple(DiffLine("+", None, n, text) for n in range(1, 4))
    file = DiffFile(text[:300], "", "added", 3, 0, (DiffHunk(text[:300], lines),), note=text[:200])
    return Diff((file,), DiffStat(1, 3, 0))


@pytest.mark.parametrize("name", PAYLOADS)
@pytest.mark.parametrize("split", [False, True])
def test_the_diff_takes_it(qtbot: QtBot, name: str, split: bool) -> None:
    view = DiffView()
    qtbot.addWidget(view)
    view.resize(800, 400)
    view.show()
    began = time.process_time()
    view.show_split(split)
    view.show_diff(hostile_diff(PAYLOADS[name]))
    view.grab()
    assert time.process_time() - began < 0.6


@pytest.mark.parametrize("name", ["image", "reordered", "ansi", "long", "tables"])
def test_the_whole_window_takes_a_hostile_task(bench: Bench, name: str) -> None:
    from dataclasses import replace

    text = PAYLOADS[name]
    bench.plane.fill()
    for task in list(bench.plane.state.tasks.values()):
        request = replace(task.request, question=text, message=text) if task.request else None
        definition = replace(task.definition, title=text[:5_000])
        bench.plane.state.tasks[task.id] = replace(
            task, definition=definition, request=request, finish_text=text
        )
    began = time.process_time()
    desk = bench.open()
    desk.choose_project(scenes.PROJECT)
    desk.decisions.open_next()
    bench.settle()
    desk.window.grab()
    assert time.process_time() - began < 5
    for label in desk.window.findChildren(QLabel):
        assert label.textFormat() is Qt.TextFormat.PlainText, label.objectName()
    assert QApplication.activeModalWidget() is desk.decisions.sheet


@pytest.mark.parametrize("name", ["image", "reordered", "ansi", "long", "tables"])
def test_a_review_takes_a_hostile_checkpoint(bench: Bench, name: str) -> None:
    text = PAYLOADS[name]
    bench.plane.fill()
    task = next(iter(bench.plane.state.tasks.values()))
    bench.plane.diffs[(task.id, 4)] = hostile_diff(text)
    desk = bench.open()
    began = time.process_time()
    desk.decisions.open_task(task.id)
    bench.settle()
    sheet = desk.decisions.sheet
    assert isinstance(sheet, ApprovalSheet)
    path = text[:300]
    sheet.pane.file_wanted.emit(path, False)
    sheet.pane.comment.begin(LineComment(path, 1, "new", text[:200], ""))
    sheet.pane.comment.text.setPlainText(text[:2_000])
    sheet.pane.comment._keep()
    sheet.grab()
    assert time.process_time() - began < 5
    assert sheet.draft.comments
    for label in sheet.findChildren(QLabel):
        assert label.textFormat() is Qt.TextFormat.PlainText, label.objectName()
        assert "\u202e" not in label.text()
