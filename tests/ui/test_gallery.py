"""The main pages in dark and light: no cut or faint word, no overlap, no nameless control.

`make gallery` draws every page at every scale; here are the checks themselves, and the pages that
most see.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from clawdesk.ui import theme, tokens
from clawdesk.ui.button import Button
from clawdesk.ui.pane import Ground
from clawdesk.ui.safe_text import SafeLabel
from tests.support import gallery_checks as checks
from tests.support import gallery_pictures
from tests.support import plane_scenes as scenes
from tests.ui.conftest import Bench

PAGES = (
    "full",
    "home",
    "small",
    "settings",
    "channel-setup",
    "new",
    "write",
    "bare",
    "operations",
    "help",
)


@pytest.fixture
def stays(qapp: QApplication) -> Iterator[QApplication]:
    """The application in a theme of the test's choice; a closed window does not end it."""
    before = qapp.quitOnLastWindowClosed()
    qapp.setQuitOnLastWindowClosed(False)
    yield qapp
    qapp.setQuitOnLastWindowClosed(before)
    theme.apply(qapp, tokens.Theme.DARK)


@pytest.mark.parametrize("chosen", list(tokens.Theme))
@pytest.mark.parametrize("scene", PAGES)
def test_a_page_is_whole_and_readable(
    bench: Bench, stays: QApplication, scene: str, chosen: tokens.Theme
) -> None:
    theme.apply(stays, chosen)
    shown = bench.run(gallery_pictures.show(scene, bench.memory))
    assert not shown.problems


@pytest.fixture
def pane(qtbot: QtBot) -> QWidget:
    made = Ground("bg1")
    made.setObjectName("pane")
    qtbot.addWidget(made)
    made.resize(300, 100)
    return made


def seen(pane: QWidget) -> list[str]:
    pane.show()
    return checks.problems(pane, pane.grab().toImage())


def test_a_cut_word_is_found(pane: QWidget) -> None:
    label = SafeLabel("much longer than its room " * 4, elide=True)
    label.setParent(pane)
    label.setGeometry(0, 0, 100, 20)
    button = Button("As long as it is", "b", key="Ctrl K")
    button.setParent(pane)
    button.setGeometry(0, 40, 40, 28)
    found = seen(pane)
    assert len([text for text in found if text.startswith("cut: ")]) == 2
    label.setWordWrap(True)
    assert any(text.startswith("cut: ") for text in checks.cut_texts(pane)), "cut below as well"


def test_parts_on_one_another_are_found(pane: QWidget) -> None:
    row = QHBoxLayout(pane)
    one, two = SafeLabel("one"), SafeLabel("two")
    row.addWidget(one)
    row.addWidget(two)
    assert seen(pane) == []
    two.setGeometry(one.geometry())
    assert checks.overlaps(pane)


def test_a_faint_word_is_found(pane: QWidget) -> None:
    label = SafeLabel("faint", role="fgoff")
    label.setParent(pane)
    label.setGeometry(10, 10, 200, 20)
    assert any(text.startswith("contrast: ") for text in seen(pane))
    label.set_role("fg1")
    assert seen(pane) == []


def test_what_is_scrolled_out_of_sight_is_not_judged_by_what_lies_there(pane: QWidget) -> None:
    clip = Ground("bg1")
    clip.setParent(pane)
    clip.setGeometry(0, 0, 300, 20)
    label = SafeLabel("half of it shows", role="fg2")
    label.setParent(clip)
    label.setGeometry(0, 14, 200, 20)
    other = Ground("fg2")  # as the label's own words: faint, if it were its ground
    other.setParent(pane)
    other.setGeometry(0, 20, 300, 60)
    pane.show()
    assert checks.faint_texts(pane, pane.grab().toImage()) == []


def test_a_nameless_control_is_found(pane: QWidget) -> None:
    field = QLineEdit(pane)
    field.setGeometry(0, 0, 100, 30)
    assert any(text.startswith("unnamed: ") for text in seen(pane))
    field.setAccessibleName("Name")
    assert seen(pane) == []
    bare = QPushButton(pane)
    bare.setGeometry(0, 50, 30, 30)
    bare.show()
    assert checks.unnamed(pane)


def test_the_ratio_is_that_of_the_standard() -> None:
    from PySide6.QtGui import QColor

    assert round(checks.contrast(QColor("#fff"), QColor("#000")), 1) == 21.0
    assert round(checks.contrast(QColor("#777"), QColor("#fff")), 2) == 4.48


def test_one_button_at_a_time_is_filled(bench: Bench) -> None:
    """Where a page begins something, the bar does not compete with it."""
    bench.plane.projects[scenes.PROJECT] = scenes.project()
    desk = bench.open()
    desk.choose_project(scenes.PROJECT)
    bench.settle()

    def filled() -> list[str]:
        shown = [b for b in desk.window.findChildren(Button) if b.isVisible()]
        return [b.objectName() for b in shown if b.kind == "main"]

    assert filled() == ["empty.prompt"]
    desk.registry.trigger("home")
    bench.settle()
    assert filled() == ["home.open"]
    bench.plane.fill()
    desk.registry.trigger("home")
    desk.paint_all()
    bench.settle()
    desk.window.home.back.click()
    bench.settle()
    assert filled() == ["toolbar.new"]
