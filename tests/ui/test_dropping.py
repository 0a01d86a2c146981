"""What is dragged over the window: folders are taken, all else is left where it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent

if TYPE_CHECKING:
    from clawdesk.ui.desk import Desk
    from tests.ui.conftest import Bench

COPY = Qt.DropAction.CopyAction
LEFT, PLAIN = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def of(*urls: QUrl, text: str = "") -> QMimeData:
    data = QMimeData()
    if urls:
        data.setUrls(list(urls))
    if text:
        data.setText(text)
    return data


def is_taken(desk: Desk, data: QMimeData) -> bool:
    """Whether the window says, as the pointer comes in, that it would take it."""
    event = QDragEnterEvent(QPoint(5, 5), COPY, data, LEFT, PLAIN)
    event.setAccepted(False)
    desk.window.dragEnterEvent(event)
    return event.isAccepted()


def drop(bench: Bench, desk: Desk, data: QMimeData) -> None:
    desk.window.dropEvent(QDropEvent(QPointF(5, 5), COPY, data, LEFT, PLAIN))
    bench.settle()


def test_folders_are_taken_and_words_and_links_are_not(bench: Bench, tmp_path: Path) -> None:
    desk = bench.open()
    assert is_taken(desk, of(QUrl.fromLocalFile(str(tmp_path))))
    assert not is_taken(desk, of(text="/home/ada"))
    assert not is_taken(desk, of(QUrl("https://example.org/a")))


def test_several_folders_are_opened_at_once(bench: Bench, tmp_path: Path) -> None:
    desk = bench.open()
    folders = [tmp_path / name for name in ("a", "b")]
    for folder in folders:
        folder.mkdir()
    drop(bench, desk, of(*(QUrl.fromLocalFile(str(folder)) for folder in folders)))
    assert sorted(bench.plane.projects) == [str(folder) for folder in folders]


@pytest.mark.parametrize("name", ["a file.txt", "gone"])
def test_what_is_no_folder_is_said(bench: Bench, tmp_path: Path, name: str) -> None:
    desk = bench.open()
    (tmp_path / "a file.txt").write_text("x")
    drop(bench, desk, of(QUrl.fromLocalFile(str(tmp_path / name))))
    notice = desk.window.banner.notice
    assert notice is not None
    assert f"{name} is not a folder" in notice.what
