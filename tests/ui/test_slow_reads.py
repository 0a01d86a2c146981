"""What takes a while to read: it pushes no other sheet away, and a failure is said in its place."""

from __future__ import annotations

import asyncio

import pytest
from PySide6.QtWidgets import QLabel

from clawdesk.ports.errors import PortError
from clawdesk.ui.desk import Desk
from clawdesk.ui.disk_sheet import DiskSheet
from clawdesk.ui.main_window import Page
from clawdesk.ui.question_sheet import QuestionSheet
from tests.support import plane_scenes as scenes
from tests.ui.conftest import Bench

LOST = PortError("Git holds no such commit.", mend="Run git fsck.")


@pytest.fixture
def desk(bench: Bench) -> Desk:
    bench.plane.fill()
    desk = bench.open()
    desk.choose_project(scenes.PROJECT)
    bench.settle()
    return desk


def turn(bench: Bench) -> None:
    async def turns() -> None:
        for _ in range(30):
            await asyncio.sleep(0)

    bench.run(turns())


@pytest.mark.parametrize("call", ["diff", "deeds", "project_policy"])
def test_a_question_stays_while_one_types(bench: Bench, desk: Desk, call: str) -> None:
    async def make() -> asyncio.Event:
        return asyncio.Event()

    bench.plane.hold[call] = read = bench.run(make())
    if call == "diff":
        desk.branches.restore(bench.task_id("refactor-io"), 1)
    elif call == "deeds":
        desk.registry.trigger("operations")
    else:
        desk.decisions.trust_project(scenes.PROJECT)
    turn(bench)
    desk.decisions.open_task(bench.task_id("bench-fp8"))
    sheet = desk.decisions.sheet
    assert isinstance(sheet, QuestionSheet)
    sheet.text.setPlainText("the one of Octo")
    read.set()
    bench.settle()
    assert desk.decisions.sheet is sheet
    assert sheet.isVisible()


def test_changes_that_cannot_be_read_do_not_load_for_ever(bench: Bench, desk: Desk) -> None:
    bench.plane.refuse["diff"] = LOST
    desk.window.tasks.list.choose(bench.task_id("docs-pass"))
    desk.window.inspector.choose_place("changes")
    bench.settle()
    said = desk.window.inspector.changes_title.text()
    assert said == "Git holds no such commit. Run git fsck."


def test_a_comparison_that_cannot_be_read_says_so(bench: Bench, desk: Desk) -> None:
    bench.plane.refuse["diff"] = LOST
    desk.branches.compare(bench.task_id("docs-pass"), 3)
    bench.settle()
    assert desk.window.compare.said.text() == "Git holds no such commit. Run git fsck."


def test_a_comparison_goes_with_its_project(bench: Bench, desk: Desk) -> None:
    desk.branches.compare(bench.task_id("docs-pass"), 3)
    bench.settle()
    assert desk.compare.shown
    desk.close_project(scenes.PROJECT)
    bench.settle()
    assert desk.window.page is Page.TASKS


def test_a_log_that_cannot_be_read_is_not_complained_of_each_second(
    bench: Bench, desk: Desk
) -> None:
    bench.plane.refuse["log_lines"] = LOST
    task = bench.task_id("docs-pass")
    desk.window.tasks.list.choose(task)
    bench.settle()
    assert desk.window.banner.isVisible()
    desk.window.banner.hide()
    desk.tick()
    bench.settle()
    assert not desk.window.banner.isVisible()
    del bench.plane.refuse["log_lines"]
    bench.plane.log(task, "one line more")
    bench.settle()
    assert desk.window.inspector.log.rows.lines[-1].text == "one line more"


def test_a_machine_that_cannot_be_looked_at_is_not_looked_at_for_ever(
    bench: Bench, desk: Desk
) -> None:
    bench.plane.refuse["doctor"] = LOST
    desk.registry.trigger("home")
    bench.settle()
    said = [label.text() for label in desk.window.home.findChildren(QLabel) if label.isVisible()]
    assert "It could not be looked at; the reason stands above." in said
    assert "Looking at this machine…" not in said


def test_disk_use_that_cannot_be_read_is_not_read_for_ever(bench: Bench, desk: Desk) -> None:
    bench.plane.refuse["disk_use"] = LOST
    desk.registry.trigger("disk")
    bench.settle()
    sheet = desk.decisions.sheet
    assert isinstance(sheet, DiskSheet)
    assert (sheet.says.text(), sheet.notice.text()) == (
        "",
        "Git holds no such commit. Run git fsck.",
    )
