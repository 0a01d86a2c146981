"""Fork, keep, restore and undo in the window: what the sheets say, what is sent, what is shown."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QLabel, QWidget

from clawdesk.domain.model import Record
from clawdesk.ports.errors import PortError
from clawdesk.ui.ask_sheet import AskSheet
from clawdesk.ui.button import Button
from clawdesk.ui.fork_sheet import ForkSheet
from clawdesk.ui.guard import GUARD_MS

if TYPE_CHECKING:
    from clawdesk.ui.desk import Desk
    from tests.ui.conftest import Bench


@pytest.fixture
def desk(bench: Bench) -> Desk:
    return bench.open_forked()


def press(bench: Bench, where: QWidget, name: str) -> None:
    bench.clock.advance(GUARD_MS)
    found = where.findChild(Button, name)
    assert found is not None, name
    assert found.isEnabled(), name
    found.click()
    bench.settle()


def words(sheet: QWidget) -> str:
    return "\n".join(label.text() for label in sheet.findChildren(QLabel))


def titles(desk: Desk) -> list[str]:
    return [row.title for row in desk.window.tasks.list.rows.rows]


def test_a_fork_from_the_checkpoint_list_stands_below_its_parent(bench: Bench, desk: Desk) -> None:
    parent = bench.task_id("fix-loader")
    desk.window.tasks.list.choose(parent)
    desk.window.inspector.choose_place("checkpoints")
    bench.settle()
    press(bench, desk.window.inspector, "checkpoint.2.fork")
    sheet = desk.decisions.sheet
    assert isinstance(sheet, ForkSheet)
    assert "the machine's memory (288 MiB): processes go on where they stood" in words(sheet)
    assert "check, report" in words(sheet)
    sheet.name.setText("fix-loader with a cache")
    sheet.variables.setPlainText("CACHE=1\nSEED = 7\n")
    press(bench, sheet, "fork.go")
    sent = [c for c in bench.plane.calls if c[0] == "fork"]
    assert sent == [("fork", parent, 2, {"CACHE": "1", "SEED": "7"}, "fix-loader with a cache")]
    place = titles(desk).index("fix-loader")
    row = desk.window.tasks.list.rows.rows[place + 1]
    assert (row.title, row.depth, row.origin, row.origin_ordinal) == (
        "fix-loader with a cache", 1, parent, 2,
    )  # fmt: skip
    assert desk.chosen == row.id


def test_several_forks_at_once_have_names_of_their_own(bench: Bench, desk: Desk) -> None:
    desk.branches.fork(bench.task_id("fix-loader"), 3)
    sheet = desk.decisions.sheet
    assert isinstance(sheet, ForkSheet)
    sheet.counts.chosen.emit("3")
    assert sheet.go.words == "Make 3 forks"
    press(bench, sheet, "fork.go")
    place = titles(desk).index("fix-loader")
    assert titles(desk)[place + 1 : place + 4] == [f"fix-loader {n}" for n in "BCD"]


@pytest.mark.parametrize("text", ["1A=b", "no equals sign", "=x", "A B=c"])
def test_a_wrong_variable_is_said_and_nothing_is_sent(bench: Bench, desk: Desk, text: str) -> None:
    desk.branches.fork(bench.task_id("fix-loader"), 2)
    sheet = desk.decisions.sheet
    assert isinstance(sheet, ForkSheet)
    sheet.variables.setPlainText(text)
    press(bench, sheet, "fork.go")
    assert sheet.outcome.isVisible()
    assert sheet.outcome.text()
    assert not [c for c in bench.plane.calls if c[0] == "fork"]


def test_a_refused_fork_stays_on_the_sheet(bench: Bench, desk: Desk) -> None:
    bench.plane.refuse["fork"] = PortError("The machine cannot be forked.", mend="Free some disk.")
    desk.branches.fork(bench.task_id("fix-loader"), 2)
    sheet = desk.decisions.sheet
    assert isinstance(sheet, ForkSheet)
    press(bench, sheet, "fork.go")
    assert desk.decisions.sheet is sheet
    assert sheet.outcome.text() == "The machine cannot be forked. Free some disk."
    assert sheet.go.isEnabled()


def test_a_fork_of_files_only_says_so(bench: Bench, desk: Desk) -> None:
    desk.branches.fork(bench.task_id("docs-pass"), 1)
    assert desk.decisions.sheet is not None
    assert "no memory (less than 5 GiB of disk free)" in words(desk.decisions.sheet)


def test_keep_names_what_ends_and_asks_first(bench: Bench, desk: Desk) -> None:
    kept = bench.task_id("sweep-lr one cycle")
    desk.branches.keep(kept)
    sheet = desk.decisions.sheet
    assert isinstance(sheet, AskSheet)
    said = words(sheet)
    assert "This cannot be undone" in said
    for title in (
        "A sweep-lr (running)",
        "C sweep-lr warm restarts (running)",
        "D sweep-lr no clip",
    ):
        assert title in said
    assert not [c for c in bench.plane.calls if c[0] == "keep"]
    press(bench, sheet, "keep.go")
    assert ("keep", kept, "window") in bench.plane.calls
    assert bench.plane.state.tasks[bench.task_id("sweep-lr")].phase.value == "cancelled"
    notice = desk.window.banner.notice
    assert notice is not None
    assert notice.what == (
        "Kept: sweep-lr one cycle. Others ended now: 3; before: 0. All commits stay."
    )


def test_restore_then_undo_from_the_banner(bench: Bench, desk: Desk) -> None:
    task = bench.task_id("train-resnet")
    desk.branches.restore(task, 2)
    bench.settle()
    sheet = desk.decisions.sheet
    assert isinstance(sheet, AskSheet)
    assert "src/loader.py, tests/test_loader.py, Makefile" in words(sheet)
    press(bench, sheet, "restore.go")
    assert bench.plane.state.tasks[task].tip_ordinal == 2
    assert "goes back to checkpoint 2" in desk.window.banner.notice.what  # type: ignore[union-attr]
    press(bench, desk.window, "banner.act")
    assert [c for c in bench.plane.calls if c[0] == "restore"] == [
        ("restore", task, 2, "window"),
        ("restore", task, 4, "window"),  # the safety checkpoint
    ]


def test_the_undo_of_a_task_that_has_gone_on_asks_first(bench: Bench, desk: Desk) -> None:
    task = bench.task_id("train-resnet")
    bench.run(bench.plane.restore(task, 2, channel="window"))
    known = bench.plane.state.tasks[task]
    went_on = Record("checkpoint", bench.clock.now_ms(), {"ordinal": 5})
    bench.plane.put(replace(known, records=(*known.records, went_on)))
    bench.settle()
    assert desk.branches.why_no_undo(task) == ""
    desk.branches.undo(task)
    bench.settle()
    sheet = desk.decisions.sheet
    assert isinstance(sheet, AskSheet)
    go = sheet.findChild(Button, "restore.go")
    assert go is not None
    assert go.words == "Restore checkpoint 4"
    assert [c[2] for c in bench.plane.calls if c[0] == "restore"] == [2], "not without a yes"


def test_the_list_offers_the_undo_on_the_row_it_leads_to(bench: Bench, desk: Desk) -> None:
    task = bench.task_id("train-resnet")
    desk.window.tasks.list.choose(task)
    desk.window.inspector.choose_place("checkpoints")
    bench.run(bench.plane.restore(task, 1, channel="t"))
    bench.settle()
    found = {
        n: desk.window.inspector.findChild(Button, f"checkpoint.{n}.restore") for n in (1, 2, 3, 4)
    }
    assert [n for n, b in found.items() if b is not None and b.words == "Undo restore"] == [4]


def test_a_restore_whose_files_cannot_be_listed_is_still_asked(bench: Bench, desk: Desk) -> None:
    bench.plane.refuse["diff"] = PortError("The folder is gone.")
    desk.branches.restore(bench.task_id("train-resnet"), 1)
    bench.settle()
    assert desk.decisions.sheet is not None
    assert "which could not be listed now" in words(desk.decisions.sheet)


def test_undo_says_why_it_cannot(bench: Bench, desk: Desk) -> None:
    task = bench.task_id("fix-loader")
    desk.window.tasks.list.choose(task)
    assert desk.branches.why_no_undo(task) == "it was not restored"
    desk.branches.undo(task)
    assert not [c for c in bench.plane.calls if c[0] == "restore"]
