"""The timeline: zoom at the pointer, moving, the way of the arrow keys, merging, forks' lines."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QAction, QPainter, QPixmap, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from clawdesk.domain.model import Kind, Phase
from clawdesk.ui import marks
from clawdesk.ui.lane_paint import LanePainter, mark_at, mark_box, row_height
from clawdesk.ui.task_list import TaskDelegate
from clawdesk.viewmodels.lane import lane_of
from clawdesk.viewmodels.lane_marks import POINTS, Lane, MarkKind
from clawdesk.viewmodels.timescale import TimeScale
from tests.support.plane_scenes import MINUTE, Story, house

if TYPE_CHECKING:
    from clawdesk.ui.desk import Desk
    from tests.ui.conftest import Bench

NOW = 1_764_000_000_000
BLACK = 0xFF000000


@pytest.fixture
def desk(bench: Bench) -> Desk:
    return bench.open_forked()


def choose(bench: Bench, desk: Desk, title: str) -> str:
    task = bench.task_id(title)
    desk.window.tasks.list.choose(task)
    bench.settle()
    return task


def wheel(desk: Desk, x: int, delta: QPoint, keys: Qt.KeyboardModifier) -> None:
    view = desk.window.tasks.list
    event = QWheelEvent(
        QPointF(x, 20),
        QPointF(view.viewport().mapToGlobal(QPoint(x, 20))),
        QPoint(),
        delta,
        Qt.MouseButton.NoButton,
        keys,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view.viewport(), event)


def test_ctrl_and_wheel_zoom_where_the_pointer_is(desk: Desk) -> None:
    lanes = desk.window.tasks.lanes
    x = 300
    before = lanes.scale.at(x - 168)
    span = lanes.scale.span_ms
    wheel(desk, x, QPoint(0, 120), Qt.KeyboardModifier.ControlModifier)
    assert lanes.scale.span_ms < span
    assert abs(lanes.scale.at(x - 168) - before) <= lanes.scale.px_ms
    assert not lanes.follows
    wheel(desk, x, QPoint(0, -120), Qt.KeyboardModifier.ControlModifier)
    wheel(desk, x, QPoint(0, -120), Qt.KeyboardModifier.ControlModifier)
    assert lanes.scale.span_ms > span


def test_keys_zoom_fit_move_and_come_back(bench: Bench, desk: Desk) -> None:
    lanes, view = desk.window.tasks.lanes, desk.window.tasks.list
    fit = lanes.scale.span_ms
    QTest.keyClicks(view, "++")
    closer = lanes.scale
    assert closer.span_ms < fit
    assert lanes.follows
    QTest.keyClick(view, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert lanes.scale.end_ms < closer.end_ms
    QTest.keyClicks(view, "n")
    assert lanes.follows
    assert lanes.scale.span_ms == closer.span_ms
    wheel(desk, 300, QPoint(0, 600), Qt.KeyboardModifier.ShiftModifier)
    assert not lanes.follows
    wheel(desk, 300, QPoint(0, -6_000), Qt.KeyboardModifier.ShiftModifier)
    assert lanes.follows, "the future is not shown"
    QTest.keyClicks(view, "0")
    assert lanes.scale.span_ms == fit
    QTest.keyClicks(view, "-")
    assert lanes.scale.span_ms > fit


def test_a_drag_moves_the_time(desk: Desk) -> None:
    lanes, port = desk.window.tasks.lanes, desk.window.tasks.list.viewport()
    end = lanes.scale.end_ms
    QTest.mousePress(port, Qt.MouseButton.LeftButton, pos=QPoint(300, 20))
    QTest.mouseMove(port, QPoint(360, 20))
    QTest.mouseRelease(port, Qt.MouseButton.LeftButton, pos=QPoint(360, 20))
    assert abs((end - lanes.scale.end_ms) / lanes.scale.px_ms - 60) <= 1


def test_the_arrow_keys_reach_every_mark_and_say_it(bench: Bench, desk: Desk) -> None:
    view = desk.window.tasks.list
    choose(bench, desk, "refactor-io")
    row = next(r for r in view.rows.rows if r.title == "refactor-io")
    seen = []
    for _ in range(len(row.lane.order) + 3):
        QTest.keyClick(view, Qt.Key.Key_Right)
        mark = view.focus_mark
        assert mark is not None
        assert view.accessibleDescription()
        seen.append(mark)
    assert {m.key for m in seen} == {m.key for m in row.lane.order}
    assert MarkKind.RESTORE in {m.kind for m in seen}
    assert any(m.row == 1 for m in seen)
    QTest.keyClick(view, Qt.Key.Key_Left)
    assert view.focus_mark == row.lane.order[-2]


def test_a_mark_out_of_sight_is_brought_into_view(bench: Bench, desk: Desk) -> None:
    lanes, view = desk.window.tasks.lanes, desk.window.tasks.list
    choose(bench, desk, "fix-loader")
    QTest.keyClicks(view, "++++")
    QTest.keyClick(view, Qt.Key.Key_Right)
    mark = view.focus_mark
    assert mark is not None
    assert lanes.scale.start_ms <= mark.start_ms <= lanes.scale.end_ms


def test_enter_on_a_checkpoint_offers_its_acts(bench: Bench, desk: Desk) -> None:
    view = desk.window.tasks.list
    task = choose(bench, desk, "fix-loader")
    while view.focus_mark is None or view.focus_mark.kind not in POINTS:
        QTest.keyClick(view, Qt.Key.Key_Right)
    ordinal = view.focus_mark.number
    QTest.keyClick(view, Qt.Key.Key_Return)
    menu = view.findChild(QMenu, "mark_menu")
    assert menu is not None
    actions: list[QAction] = menu.actions()
    assert [a.text() for a in actions] == [
        f"Changes of checkpoint {ordinal}",
        f"All changes up to checkpoint {ordinal}",
        f"Compare checkpoint {ordinal}…",
        f"Fork from checkpoint {ordinal}…",
        f"Restore checkpoint {ordinal}…",
    ]
    actions[1].trigger()
    bench.settle()
    assert ("diff", task, 0, ordinal) in bench.plane.calls
    desk.paint_all()  # something of the task changed: what was asked for stays
    bench.settle()
    assert [c for c in bench.plane.calls if c[0] == "diff"][-1] == ("diff", task, 0, ordinal)
    actions[0].trigger()
    bench.settle()
    assert [c for c in bench.plane.calls if c[0] == "diff"][-1] != ("diff", task, 0, ordinal)
    actions[3].trigger()
    menu.close()
    bench.settle()
    assert desk.decisions.sheet is not None
    assert desk.decisions.sheet.accessibleName() == f"Fork fix-loader at checkpoint {ordinal}?"
    assert desk.plane.state.tasks[task]


def test_a_focus_stays_while_its_mark_grows(bench: Bench, desk: Desk) -> None:
    view = desk.window.tasks.list
    choose(bench, desk, "refactor-io")
    QTest.keyClick(view, Qt.Key.Key_Left)
    running = view.focus_mark
    assert running is not None
    assert running.kind is MarkKind.RUNNING
    bench.clock.advance(5_000)
    desk.tick()
    later = view.focus_mark
    assert later is not None
    assert later.end_ms == running.end_ms + 5_000


def test_forks_are_joined_to_their_checkpoint(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[tuple[int, float, float, int]] = []
    monkeypatch.setattr(marks, "paint_join", lambda painter, *where: drawn.append(where))
    view = desk.window.tasks.list
    view.verticalScrollBar().setValue(200)
    view.grab()
    rows = view.rows.rows
    root = next(r for r in rows if r.title == "sweep-lr")
    point = root.lane.past.checkpoint(2)
    assert point is not None
    x = 168 + desk.window.tasks.lanes.scale.x(point.start_ms)
    assert [w[0] for w in drawn].count(x) == 2
    assert all(y0 < y1 for _, y0, y1, _ in drawn)


# -- merging ---------------------------------------------------------------------------------------


def dense(count: int, *, special: int) -> Lane:
    """A lane of many short steps, with one that failed the eye would miss."""
    story = Story(1, "dense", NOW, count / 10, steps=1)
    story.started(count / 10)
    for place in range(count):
        at = (count - place) / 10
        story.step(at, 0)
        story.checkpoint(at - 0.05, approved=place == special, files_only=True)
    return lane_of(story.task, NOW)


def painted(lane: Lane, scale: TimeScale, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name in ("paint_block", "paint_star", "paint_ring", "paint_disc"):

        def count(*_: object, name: str = name, **__: object) -> None:
            counts[name] = counts.get(name, 0) + 1

        monkeypatch.setattr(marks, name, count)
    picture = QPixmap(900, 40)
    painter = QPainter(picture)
    LanePainter(painter, QRectF(0, 0, 900, 38), scale, lane, "bg1").paint()
    painter.end()
    return counts


def test_a_dense_lane_costs_what_the_screen_is_wide(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    lane = dense(5_000, special=2_500)
    scale = TimeScale(NOW, 510 * MINUTE, 900)
    counts = painted(lane, scale, monkeypatch)
    assert counts["paint_block"] <= 300
    assert counts["paint_ring"] <= 180
    assert counts["paint_star"] == 1, "the approved one is not lost among the others"


def test_what_is_merged_says_how_many(qapp: QApplication) -> None:
    lane = dense(5_000, special=2_500)
    scale = TimeScale(NOW, 510 * MINUTE, 900)
    box = QRectF(0, 0, 900, 38)
    star = lane.past.checkpoint(2_501)
    assert star is not None
    spot = mark_box(box, scale, lane, star).center()
    found = mark_at(box, scale, lane, spot.x(), spot.y())
    assert found is not None
    assert found.kind is MarkKind.STAR
    assert found.text.endswith("checkpoints; zoom in to see each.")
    near = mark_at(box, TimeScale(star.start_ms + MINUTE, 4 * MINUTE, 900), lane, 0, 19)
    assert near is None or "zoom in" not in near.text


def test_a_failure_is_seen_however_short(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = Story(1, "t", NOW, 60, steps=1)
    story.started(60)
    for at in range(59, 1, -1):
        story.step(at, 0)
        story.checkpoint(at - 0.5)
    story.step(1, 0)
    story.finish(0.99, Phase.FAILED, "exit code 1")
    heads: list[object] = []
    monkeypatch.setattr(marks, "paint_fail_head", lambda *a: heads.append(a))
    painted(lane_of(story.task, NOW), TimeScale(NOW, 72 * 60 * MINUTE, 900), monkeypatch)
    assert len(heads) == 1


def test_lost_work_is_seen_among_many_short_steps(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = Story(1, "t", NOW, 60, steps=1)
    story.started(60)
    for at in range(59, 1, -1):
        story.step(at, 0)
        if at == 30:
            story.record("attempt_ended", at - 0.5, why="worker lost")
            story.started(at - 0.6, 2)
        else:
            story.checkpoint(at - 0.5)
    drawn: list[str] = []
    monkeypatch.setattr(marks, "paint_block", lambda *a, kind="step": drawn.append(kind))
    picture = QPixmap(900, 40)
    painter = QPainter(picture)
    scale = TimeScale(NOW, 24 * 60 * MINUTE, 900)
    lane = lane_of(story.task, NOW)
    LanePainter(painter, QRectF(0, 0, 900, 38), scale, lane, "bg1").paint()
    painter.end()
    assert drawn.count("lost") == 1
    assert drawn.count("step") >= 2, "what lies around it does not look lost"
    assert len(drawn) < 12


def test_a_short_mark_before_a_long_one_does_not_take_its_place() -> None:
    story = Story(1, "t", NOW, 60)
    story.started(59.99)
    story.step(59.99, 0)
    story.checkpoint(30)
    (spans,) = lane_of(story.task, NOW).past.spans
    assert [m.kind for m in spans.marks] == [MarkKind.WAITING, MarkKind.STEP]
    assert list(spans.runs(NOW - 60 * MINUTE, NOW, MINUTE / 2)) == [(0, 1), (1, 2)]


def test_a_pending_request_is_always_drawn(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = Story(1, "t", NOW, 2)
    story.step(2, 0)
    story.checkpoint(1)
    story.ask(1, Kind.APPROVE)
    needs: list[object] = []
    monkeypatch.setattr(marks, "paint_need", lambda *a, **k: needs.append(a))
    painted(lane_of(story.task, NOW), TimeScale(NOW, 72 * 60 * MINUTE, 900), monkeypatch)
    assert len(needs) == 1


@pytest.mark.parametrize("title", ["train-resnet", "refactor-io", "fix-loader", "bench-fp8"])
def test_what_began_before_the_lane_does_covers_no_name_and_says_what_it_is(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch, title: str
) -> None:
    """Zoomed in, a step that runs for longer than the lane shows, and a request as old."""
    task = next(t for t in house(NOW).values() if t.title == title)
    picture = QPixmap(700, 70)
    picture.fill(Qt.GlobalColor.black)
    painter = QPainter(picture)
    words: list[float] = []
    number, need = marks._paint_number, marks.paint_need

    def noted_number(painter: QPainter, box: QRectF, *what: Any) -> None:
        words.append(box.left())
        number(painter, box, *what)

    def noted_need(painter: QPainter, x0: int, *what: Any, **more: Any) -> None:
        words.append(x0)
        need(painter, x0, *what, **more)

    monkeypatch.setattr(marks, "_paint_number", noted_number)
    monkeypatch.setattr(marks, "paint_need", noted_need)
    lane = lane_of(task, NOW)
    scale = TimeScale(NOW, MINUTE, 500)
    LanePainter(painter, QRectF(200, 0, 500, row_height(lane)), scale, lane, "bg1").paint()
    painter.end()
    image = picture.toImage()
    outside = [x for x in range(200) if any(image.pixel(x, y) != BLACK for y in range(70))]
    assert not outside
    assert any(190 < x < 220 for x in words), words


@pytest.mark.parametrize(("span_min", "beside"), [(60, True), (30, True), (12, False)])
def test_the_reason_of_a_wait_stands_where_more_of_it_is_read(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch, span_min: int, beside: bool
) -> None:
    """It has waited for 11 minutes of the 60, 30 or 12 that the lane shows."""
    task = next(t for t in house(NOW).values() if t.title == "quantize-vlm")
    dots: list[float] = []
    monkeypatch.setattr(marks, "paint_dots", lambda _painter, x0, _x1, _y: dots.append(x0))
    picture = QPixmap(500, 40)
    picture.fill(Qt.GlobalColor.black)
    painter = QPainter(picture)
    scale = TimeScale(NOW, span_min * MINUTE, 500)
    LanePainter(painter, QRectF(0, 0, 500, 38), scale, lane_of(task, NOW), "bg1").paint()
    painter.end()
    begins = scale.x(NOW - 11 * MINUTE)
    assert (dots[0] < begins + 10) is beside
    image = picture.toImage()
    inked = [x for x in range(500) if any(image.pixel(x, y) != BLACK for y in range(40))]
    assert (inked[0] < begins) is beside
    if span_min == 30:
        assert inked[0] < 20, "it is cut, so it takes all the room"


def test_leases_lie_under_the_lane_with_the_card(bench: Bench, desk: Desk) -> None:
    from clawdesk.ports.inference import FabricStatus
    from clawdesk.ports.models import Device, Model

    cards = tuple(Device(f"gpu{n}", index=n) for n in range(6))
    model = Model("qwen3-32b", phase="ready", devices=("gpu5",), on_gpu=True)
    fabric = FabricStatus(True, models=(model,), devices=cards)
    bench.plane.environment = replace(bench.plane.environment, fabric=fabric)
    desk.paint_tasks()
    row = next(r for r in desk.window.tasks.list.rows.rows if r.title == "train-resnet")
    ended, held = (m for m in row.lane.order if m.kind is MarkKind.LEASE)
    assert held.number == 5
    assert held.text.startswith("Held the model qwen3-32b on GPU 5 since ")
    # Nobody knows any more which card the first one was on: it is not guessed.
    assert ended.number == -1
    # The card stays known when the lease has ended and the model is gone.
    bench.plane._record(row.id, "lease_ended")
    bench.plane.environment = replace(bench.plane.environment, fabric=FabricStatus(True))
    desk.paint_tasks()
    row = next(r for r in desk.window.tasks.list.rows.rows if r.title == "train-resnet")
    assert [m.number for m in row.lane.order if m.kind is MarkKind.LEASE] == [-1, 5]
    box = TaskDelegate.lane_box(QRectF(0, 0, 900, 38))
    scale = desk.window.tasks.lanes.scale
    step = next(m for m in row.lane.order if m.kind is MarkKind.STEP)
    assert (
        mark_box(box, scale, row.lane, ended).top() > mark_box(box, scale, row.lane, step).bottom()
    )
