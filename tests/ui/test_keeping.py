"""Report, archive with search, and the clean-up of the disk, in the window."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QFileDialog, QLabel

from clawdesk.ports.errors import PortError
from clawdesk.ports.machines import DiskUse, SnapshotUse
from clawdesk.runtime.api import Outcome
from clawdesk.ui.button import Button
from clawdesk.ui.disk_sheet import DiskSheet
from clawdesk.ui.guard import GUARD_MS
from tests.support import plane_scenes as scenes
from tests.support.fork_scenes import old_images

if TYPE_CHECKING:
    from clawdesk.ui.desk import Desk
    from tests.ui.conftest import Bench

MIB = 1 << 20


@pytest.fixture
def desk(bench: Bench) -> Desk:
    bench.plane.fill()
    desk = bench.open()
    desk.choose_project(scenes.PROJECT)
    bench.settle()
    return desk


def task_id(bench: Bench, title: str) -> str:
    return next(t.id for t in bench.plane.state.tasks.values() if t.title == title)


def titles(desk: Desk) -> list[str]:
    return [row.title for row in desk.window.tasks.list.rows.rows]


def test_the_report_is_written_where_a_person_says(
    bench: Bench, desk: Desk, tmp_path: Path
) -> None:
    task = task_id(bench, "docs-pass")
    desk.window.tasks.list.choose(task)
    desk.window.inspector.report.click()
    dialog = desk.window.findChild(QFileDialog, "export_report")
    assert dialog is not None
    assert dialog.selectedFiles()[0].endswith(".md")
    dialog.reject()
    desk.keeping.write(task, str(tmp_path / "r.md"))
    bench.settle()
    text = (tmp_path / "r.md").read_text("utf-8")
    assert "## Decisions" in text
    assert "epoch 32" in text
    assert desk.window.banner.notice is not None
    assert desk.window.banner.notice.what == f"The report is in {tmp_path / 'r.md'}"


def test_a_report_that_cannot_be_written_says_why(bench: Bench, desk: Desk, tmp_path: Path) -> None:
    desk.keeping.write(task_id(bench, "docs-pass"), str(tmp_path / "no" / "r.md"))
    bench.settle()
    notice = desk.window.banner.notice
    assert notice is not None
    assert "No such file or directory" in notice.what


def test_the_archive_hides_is_searched_and_gives_back(bench: Bench, desk: Desk) -> None:
    task = task_id(bench, "eval-old")
    desk.window.tasks.list.choose(task)
    before = titles(desk)
    desk.registry.trigger("archive")
    assert titles(desk) == [t for t in before if t != "eval-old"]
    desk.window.tasks.choose_filter("Archive")
    assert titles(desk) == ["eval-old"]
    desk.window.tasks.search.setText("nothing")
    assert titles(desk) == []
    desk.window.tasks.search.setText("OLD failed")
    assert titles(desk) == ["eval-old"]
    desk.window.tasks.search.clear()
    desk.window.tasks.choose_filter("All")
    act = desk.window.banner.findChild(Button, "banner.act")
    assert act is not None
    act.click()
    assert titles(desk) == before
    assert bench.plane.state.tasks[task]


def test_what_is_archived_stays_so_after_a_restart(bench: Bench, desk: Desk) -> None:
    from PySide6.QtCore import QSettings

    from clawdesk.ui.memory import Memory

    task = task_id(bench, "old-sweep")
    desk.keeping.archive(task)
    bench.memory.flush()
    again = Memory(QSettings(bench.memory.settings.fileName(), QSettings.Format.IniFormat))
    assert again.archived() == {task}


def test_only_what_has_ended_is_archived(bench: Bench, desk: Desk) -> None:
    desk.keeping.archive(task_id(bench, "fix-loader"))
    assert not bench.memory.archived()
    assert desk.keeping.why_no_archive("nobody") == "no task is chosen"


def test_a_full_archive_says_so(bench: Bench, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from clawdesk.ui import memory

    monkeypatch.setattr(memory, "ARCHIVED_MAX", 1)
    desk.keeping.archive(task_id(bench, "old-sweep"))
    desk.keeping.archive(task_id(bench, "eval-old"))
    assert bench.memory.archived() == {task_id(bench, "old-sweep")}
    notice = desk.window.banner.notice
    assert notice is not None
    assert notice.what == "The archive is full."


def disk_sheet(bench: Bench, desk: Desk) -> DiskSheet:
    ones = (
        SnapshotUse("a", task_id(bench, "docs-pass"), 3, 120 * MIB, 0, 0),
        SnapshotUse("b", task_id(bench, "fix-loader"), 4, 300 * MIB, 40 * MIB, 0),
    )
    bench.plane.use = DiskUse(ones, 460 * MIB, 0, 0, 460 * MIB, 9 << 30, "/nowhere")
    desk.registry.trigger("disk")
    bench.settle()
    bench.clock.advance(GUARD_MS)
    sheet = desk.decisions.sheet
    assert isinstance(sheet, DiskSheet)
    return sheet


def test_the_clean_up_is_said_before_it_acts(bench: Bench, desk: Desk) -> None:
    sheet = disk_sheet(bench, desk)
    assert not sheet.go.isEnabled(), "nothing ended a week ago"
    assert "no task that ended so long ago" in sheet.says.text()
    sheet._choose_age("0.0")
    assert sheet.says.text().startswith("Removes the machine snapshots of 1 ended task")
    said = [label.text() for label in sheet.findChildren(QLabel)]
    assert said.count("goes") == 1
    assert not [c for c in bench.plane.calls if c[0] == "prune"]
    sheet.go.click()
    bench.settle()
    assert ("prune", 0.0) in bench.plane.calls
    assert sheet.notice.text() == "nothing to prune"


def test_a_clean_up_says_how_far_it_is_and_can_be_called_off(
    bench: Bench, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    over: asyncio.Future[Outcome] = bench.loop.create_future()

    async def slow(_days: float) -> Outcome:
        return await over

    monkeypatch.setattr(bench.plane, "prune", slow)
    sheet = disk_sheet(bench, desk)
    sheet._choose_age("0.0")
    sheet.go.click()
    bench.run(asyncio.sleep(0))
    assert sheet.stop.isVisible()
    assert not sheet.go.isVisible()
    assert sheet.says.text() == "Removing: 0 of 2 tasks done."
    gone = bench.plane.state.tasks[task_id(bench, "docs-pass")]
    kept = tuple(replace(c, snapshot=None) for c in gone.checkpoints)
    bench.plane.put(replace(gone, checkpoints=kept))
    bench.run(asyncio.sleep(0))
    assert sheet.says.text() == "Removing: 1 of 2 tasks done."
    sheet.stop.click()
    bench.run(asyncio.sleep(0))
    assert ("stop_prune",) in bench.plane.calls
    assert not sheet.stop.isEnabled()
    over.set_result(Outcome(True, "Called off."))
    bench.settle()
    assert sheet.go.isVisible()
    assert sheet.notice.text() == "Called off."


def test_old_guest_images_are_removed_as_they_were_shown(bench: Bench, desk: Desk) -> None:
    sheet = disk_sheet(bench, desk)
    assert not sheet.images.isVisible(), "there is none"
    bench.plane.use = replace(bench.plane.use, images=old_images(bench.clock.now_ms()))
    sheet.reject()
    desk.registry.trigger("disk")
    bench.settle()
    again = desk.decisions.sheet
    assert isinstance(again, DiskSheet)
    sheet = again
    assert sheet.images_says.text().startswith("Removes 2 guest images, 798 MiB")
    assert not sheet.images_go.isEnabled(), "nothing can be removed by a click meant for another"
    bench.clock.advance(GUARD_MS)
    said = [label.text() for label in sheet.findChildren(QLabel)]
    assert said.count("goes") == 2
    assert "stays: 2 snapshots, 1 machine on it" in said
    sheet.images_go.click()
    bench.settle()
    assert ("remove_images", ("base-1-a", ".base-3-c.part")) in bench.plane.calls
    assert sheet.notice.text() == "Removed guest images: 2, 798 MiB."
    assert not sheet.images.isVisible()
    assert "nothing stands on it" not in [label.text() for label in sheet.findChildren(QLabel)]


def test_disk_use_that_cannot_be_read_is_said(bench: Bench, desk: Desk) -> None:
    bench.plane.refuse["disk_use"] = PortError("Libvirt does not answer.", mend="Start it.")
    sheet = disk_sheet(bench, desk)
    assert sheet.notice.text() == "Libvirt does not answer. Start it."
    assert not sheet.go.isEnabled()
