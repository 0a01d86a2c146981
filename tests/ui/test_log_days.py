"""Lines of a log and of a conversation have their date where it is not today's, in local time."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from clawdesk.runtime.api import LogLine
from clawdesk.ui.desk import Desk
from clawdesk.viewmodels.words import DAY_MS, HOUR_MS, MINUTE_MS
from tests.support import plane_scenes as scenes
from tests.ui.conftest import Bench

SPOKEN = Qt.ItemDataRole.AccessibleTextRole


def opened(bench: Bench, ago_ms: int) -> Desk:
    bench.plane.fill()
    at_ms = bench.clock.now_ms() - ago_ms
    line = LogLine(1, at_ms, "", 0, "event", "machine started in 3.8 s")
    bench.plane.logs[bench.task_id("docs-pass")] = [line]
    desk = bench.open()
    desk.choose_project(scenes.PROJECT)
    desk.window.tasks.list.choose(bench.task_id("docs-pass"))
    desk.window.inspector.choose_place("conversation")
    bench.settle()
    return desk


def said(desk: Desk) -> str:
    rows = desk.window.inspector.conversation.view.rows
    return str(rows.data(rows.index(0), SPOKEN))


def test_a_line_of_today_has_the_local_time(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.clock, "offset_ms", lambda: HOUR_MS)
    desk = opened(bench, MINUTE_MS)
    line = bench.plane.logs[bench.task_id("docs-pass")][0]
    log = desk.window.inspector.log
    assert log.stamps.words(line.at_ms) == "16:59:00"  # 15:59 in Greenwich
    assert log.stamps.wide == 76
    assert said(desk).startswith("16:59:00 ")


def test_a_line_of_another_day_has_its_date(bench: Bench) -> None:
    desk = opened(bench, 2 * DAY_MS)
    log = desk.window.inspector.log
    (line,) = log.rows.lines
    assert log.stamps.words(line.at_ms) == "22 Nov 16:00"
    assert log.stamps.wide > 76
    assert said(desk).startswith("22 Nov 16:00 ")


def test_a_window_left_open_over_midnight_dates_what_is_of_yesterday(bench: Bench) -> None:
    desk = opened(bench, MINUTE_MS)
    assert said(desk).startswith("15:59:00 ")
    bench.clock.advance(DAY_MS)
    desk.tick()
    bench.settle()
    assert said(desk).startswith("24 Nov 15:59 ")
    assert desk.window.inspector.log.stamps.wide > 76
