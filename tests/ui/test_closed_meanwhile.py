"""What was asked for from a sheet that is closed before it is done: its end is still told."""

from __future__ import annotations

import asyncio

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from clawdesk.domain.model import Phase
from clawdesk.ports.errors import PortError
from clawdesk.ports.machines import DiskUse, SnapshotUse
from clawdesk.ui import prompt_sheet
from clawdesk.ui.conflict_sheet import ConflictSheet
from clawdesk.ui.desk import Desk
from clawdesk.ui.disk_sheet import DiskSheet
from clawdesk.ui.fork_sheet import ForkSheet
from clawdesk.ui.guard import GUARD_MS
from clawdesk.ui.merge_sheet import MergeSheet
from clawdesk.ui.prompt_sheet import PromptSheet
from clawdesk.ui.question_sheet import QuestionSheet
from tests.support import plane_scenes as scenes
from tests.ui.conftest import Bench

FULL = PortError("The disk of /home/ada is full.", mend="Free disk space.")


@pytest.fixture
def desk(bench: Bench) -> Desk:
    bench.plane.fill()
    desk = bench.open()
    desk.choose_project(scenes.PROJECT)
    bench.settle()
    return desk


def held(bench: Bench, call: str) -> asyncio.Event:
    async def make() -> asyncio.Event:
        return asyncio.Event()

    bench.plane.hold[call] = event = bench.run(make())
    return event


def turn(bench: Bench) -> None:
    async def turns() -> None:
        for _ in range(30):
            await asyncio.sleep(0)

    bench.run(turns())


def said(desk: Desk) -> str:
    notice = desk.window.banner.notice
    return f"{notice.what} {notice.next_step}" if notice is not None else ""


def done_task(bench: Bench) -> str:
    return next(t.id for t in bench.plane.state.tasks.values() if t.phase is Phase.DONE)


def merge_sheet(bench: Bench, desk: Desk, branch: str) -> MergeSheet:
    desk.decisions.merge(done_task(bench))
    bench.settle()
    sheet = desk.decisions.sheet
    assert isinstance(sheet, MergeSheet)
    bench.clock.advance(GUARD_MS)
    sheet.branch.setText(branch)
    return sheet


@pytest.mark.parametrize("fails", [True, False])
def test_the_end_of_a_merge(bench: Bench, desk: Desk, fails: bool) -> None:
    sheet = merge_sheet(bench, desk, "main")
    go = held(bench, "merge")
    if fails:
        bench.plane.refuse["merge"] = FULL
    sheet.go.click()
    turn(bench)
    sheet.reject()
    go.set()
    bench.settle()
    if fails:
        assert "The disk of /home/ada is full. Free disk space." in said(desk)
    else:
        assert said(desk).startswith("1 commit on main")


@pytest.mark.parametrize("fails", [True, False])
def test_the_end_of_a_merge_with_settled_files(bench: Bench, desk: Desk, fails: bool) -> None:
    first = merge_sheet(bench, desk, "conflict")
    first.go.click()
    bench.settle()
    first.settle.click()
    sheet = desk.decisions.sheet
    assert isinstance(sheet, ConflictSheet)
    bench.clock.advance(GUARD_MS)
    for place in range(sheet.files.count):
        sheet.list.setCurrentIndex(sheet.files.index(place))
        sheet.theirs.click()
    go = held(bench, "merge")
    if fails:
        bench.plane.refuse["merge"] = FULL
    sheet.go.click()
    turn(bench)
    sheet.reject()
    go.set()
    bench.settle()
    assert ("is full" if fails else "1 commit on conflict") in said(desk)


def test_a_fork_that_fails(bench: Bench, desk: Desk) -> None:
    desk.branches.fork(done_task(bench), 1)
    sheet = desk.decisions.sheet
    assert isinstance(sheet, ForkSheet)
    bench.clock.advance(GUARD_MS)
    go = held(bench, "fork")
    bench.plane.refuse["fork"] = FULL
    sheet.go.click()
    turn(bench)
    sheet.reject()
    go.set()
    bench.settle()
    assert "is full" in said(desk)


def test_a_prompt_that_fails(bench: Bench, desk: Desk) -> None:
    task = done_task(bench)
    desk.window.tasks.list.choose(task)
    prompt_sheet.ask(desk, task)
    sheet = desk.decisions.sheet
    assert isinstance(sheet, PromptSheet)
    bench.clock.advance(GUARD_MS)
    sheet.text.setPlainText("go on")
    go = held(bench, "prompt")
    bench.plane.refuse["prompt"] = FULL
    sheet.go.click()
    turn(bench)
    sheet.reject()
    go.set()
    bench.settle()
    assert "is full" in said(desk)


def test_an_answer_that_is_refused(bench: Bench, desk: Desk) -> None:
    desk.decisions.open_task(bench.task_id("bench-fp8"))
    sheet = desk.decisions.sheet
    assert isinstance(sheet, QuestionSheet)
    bench.clock.advance(GUARD_MS)
    sheet.text.setPlainText("the second")
    go = held(bench, "answer")
    bench.plane.refuse["answer"] = FULL
    QTest.keyClick(sheet, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    turn(bench)
    sheet.reject()
    go.set()
    bench.settle()
    assert "is full" in said(desk)


def disk_sheet(bench: Bench, desk: Desk) -> DiskSheet:
    desk.registry.trigger("disk")
    bench.settle()
    bench.clock.advance(GUARD_MS)
    sheet = desk.decisions.sheet
    assert isinstance(sheet, DiskSheet)
    sheet._choose_age("0.0")
    return sheet


@pytest.fixture
def used(bench: Bench) -> None:
    one = SnapshotUse("a", bench.task_id("docs-pass"), 3, 120 << 20, 0, 0)
    bench.plane.use = DiskUse((one,), 460 << 20, 0, 0, 460 << 20, 9 << 30, "/nowhere")


def test_a_clean_up_that_fails_leaves_the_sheet_usable(
    bench: Bench, desk: Desk, used: None
) -> None:
    sheet = disk_sheet(bench, desk)
    bench.plane.refuse["prune"] = FULL
    sheet.go.click()
    bench.settle()
    assert sheet.notice.text() == "The disk of /home/ada is full. Free disk space."
    assert sheet.go.isVisible()
    assert not sheet.stop.isVisible()
    assert sheet.go.isEnabled()


def test_a_clean_up_that_runs_is_found_again(bench: Bench, desk: Desk, used: None) -> None:
    sheet = disk_sheet(bench, desk)
    go = held(bench, "prune")
    sheet.go.click()
    turn(bench)
    sheet.reject()
    desk.registry.trigger("disk")
    turn(bench)
    again = desk.decisions.sheet
    assert isinstance(again, DiskSheet)
    assert again.stop.isVisible(), "a clean-up that runs can be stopped"
    assert not again.go.isVisible()
    go.set()
    bench.settle()
    assert again.go.isVisible()
    assert again.notice.text() == "nothing to prune"


def test_a_disk_sheet_that_is_opened_twice_is_filled(bench: Bench, desk: Desk, used: None) -> None:
    go = held(bench, "disk_use")
    desk.registry.trigger("disk")
    turn(bench)
    desk.registry.trigger("disk")
    turn(bench)
    go.set()
    bench.settle()
    sheet = desk.decisions.sheet
    assert isinstance(sheet, DiskSheet)
    assert sheet.says.text() != "Reading…"
