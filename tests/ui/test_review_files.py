"""Going from file to file in a review: what stands on the screen is what the list says."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from clawdesk.ports.repository import FileSides
from clawdesk.ui.approval_sheet import ApprovalSheet
from clawdesk.ui.file_list import FileList
from clawdesk.ui.guard import GUARD_MS
from tests.support import review_scene
from tests.ui.conftest import Bench

FILES = 12


def open_sheet(bench: Bench) -> ApprovalSheet:
    """A review of files that do not stand on the screen together."""
    bench.plane.fill()
    task = next(iter(bench.plane.state.tasks.values()))
    assert task.request is not None
    lines = "".join(f"value = {n}\n" for n in range(60)).encode()
    sides = {f"src/part_{n:02}.py": FileSides(None, lines) for n in range(FILES)}
    bench.plane.diffs[(task.id, task.request.ordinal)] = review_scene.diff_of(sides)
    desk = bench.open()
    desk.decisions.open_task(task.id)
    bench.settle()
    bench.clock.advance(GUARD_MS)
    sheet = desk.decisions.sheet
    assert isinstance(sheet, ApprovalSheet)
    return sheet


def on_screen(widget: QWidget) -> QImage:
    """What was painted of it, as a person sees it; `grab` would paint it anew."""
    window = widget.window()
    at = widget.mapTo(window, QPoint(0, 0))
    picture = window.screen().grabWindow(window.winId())
    ratio = picture.devicePixelRatio()
    whole = QRect(at * ratio, widget.size() * ratio)
    return picture.toImage().copy(whole).convertToFormat(QImage.Format.Format_RGB32)


def by_mouse(files: FileList, place: int) -> None:
    files.scrollTo(files.model().index(place, 0))
    at = files.visualRect(files.model().index(place, 0)).center()
    QTest.mouseClick(files.viewport(), Qt.MouseButton.LeftButton, pos=at)


def by_keys(files: FileList, place: int) -> None:
    files.setFocus()
    while files.currentIndex().row() < place:
        QTest.keyClick(files, Qt.Key.Key_Down)


@pytest.mark.parametrize("go", [by_mouse, by_keys])
def test_the_diff_follows_each_file_that_is_chosen(
    bench: Bench, go: Callable[[FileList, int], None]
) -> None:
    sheet = open_sheet(bench)
    view = sheet.diff.list.viewport()
    for place in (2, 5, FILES - 1):
        go(sheet.files, place)
        bench.settle()
        seen = on_screen(view)
        assert seen == view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
        row = sheet.diff.current_row()
        assert row is not None
        assert row.file == place == sheet.files.currentIndex().row()
