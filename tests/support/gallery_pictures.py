"""One scene of the window, drawn with its sheets over it, and what is wrong in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from PySide6.QtCore import QPoint
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication, QWidget

from clawdesk.ui.clock import WallClock
from clawdesk.ui.desk import Desk
from clawdesk.ui.memory import Memory
from tests.support import (
    channel_scenes,
    gallery_checks,
    model_scenes,
    pairing_scenes,
    rough_scenes,
    window_shots,
)
from tests.support import plane_scenes as scenes
from tests.support.at_rest import at_rest, by_hand
from tests.support.hand_clock import HandClock

SCENES = (
    "full",
    "empty",
    "bare",
    "home",
    "small",
    *sorted(window_shots.REVIEWS),
    *sorted(window_shots.CONFLICTS),
    *sorted(window_shots.SHEETS),
    *sorted(window_shots.FORKED - window_shots.SHEETS),
    *sorted(window_shots.PLACES),
    *sorted(window_shots.SHOWN),
    *sorted(window_shots.PAIRED - window_shots.SHEETS),
    "palette",
    *model_scenes.SCENES,
    *channel_scenes.SCENES,
    *rough_scenes.ACTS,
    *pairing_scenes.SCENES,
)


@dataclass(frozen=True, slots=True)
class Shown:
    picture: QImage
    problems: list[str]


@asynccontextmanager
async def opened(scene: str, memory: Memory) -> AsyncIterator[tuple[Desk, list[QWidget]]]:
    """The desk with the scene on it, settled, and the sheets over it; closed again in the end.

    It shows the time of now, and what it waits for comes when the scene is at rest.
    """
    assert scene in SCENES, f"there is no scene {scene}"
    window_shots.remember_recent(memory)
    clock = HandClock(WallClock().now_ms())
    desk = Desk(window_shots.plane_of(scene), clock, memory)
    wait = by_hand(desk, clock)
    wide, high = (1080, 640) if scene == "small" else window_shots.SIZE
    desk.window.resize(wide, high)
    desk.window.show()
    tasks = list(desk.plane.state.tasks)
    if scene != "home" and tasks:
        desk.choose_project(scenes.PROJECT)
        desk.window.tasks.list.choose(tasks[2])
    await at_rest(desk)
    await window_shots.act(desk, scene, wait)
    await at_rest(desk)
    sheets = [w for w in QApplication.topLevelWidgets() if _is_sheet(w, desk.window)]
    try:
        yield desk, sheets
    finally:
        for sheet in sheets:
            sheet.close()
        await desk.close()
        desk.window.let_go()
        desk.window.deleteLater()
        await at_rest(None)


async def show(scene: str, memory: Memory) -> Shown:
    """Open the scene, draw and look at it, close it again."""
    async with opened(scene, memory) as (desk, sheets):
        return _picture(desk, sheets)


def _picture(desk: Desk, sheets: list[QWidget]) -> Shown:
    picture = desk.window.grab().toImage()
    # Under a sheet the window is dimmed: only the sheet has to be read then.
    looked_at = [(sheet, sheet.grab().toImage()) for sheet in sheets] or [(desk.window, picture)]
    found = [text for part, image in looked_at for text in gallery_checks.problems(part, image)]
    painter = QPainter(picture)
    for sheet, image in looked_at:
        if sheet is not desk.window:
            painter.drawImage(sheet.pos() - desk.window.pos() + QPoint(0, 0), image)
    painter.end()
    return Shown(picture, found)


def _is_sheet(widget: QWidget, window: QWidget) -> bool:
    return widget.isVisible() and widget is not window and widget.parentWidget() is window
