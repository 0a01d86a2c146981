"""A merge that meets conflicts: told, settled file by file, and merged as settled."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from clawdesk.domain.model import Phase
from clawdesk.ports.errors import RepositoryError
from clawdesk.ports.repository import MergeOutcome, Settlement
from clawdesk.ui.ask_sheet import AskSheet
from clawdesk.ui.conflict_sheet import ConflictSheet
from clawdesk.ui.desk import Desk
from clawdesk.ui.merge_sheet import MergeSheet
from tests.support import plane_scenes as scenes
from tests.ui.conftest import Bench

PATHS = ["README.md", "assets/logo.png", "docs/old.md", "src/loader.py"]


@pytest.fixture
def desk(bench: Bench) -> Desk:
    bench.plane.fill()
    desk = bench.open()
    desk.choose_project(scenes.PROJECT)
    return desk


@pytest.fixture
def merge(bench: Bench, desk: Desk) -> MergeSheet:
    """A merge that was refused for conflicts."""
    task = next(t for t in bench.plane.state.tasks.values() if t.phase is Phase.DONE)
    desk.decisions.merge(task.id)
    sheet = desk.decisions.sheet
    assert isinstance(sheet, MergeSheet)
    bench.clock.advance(1000)
    sheet.branch.setText("conflict")
    sheet.go.click()
    bench.settle()
    return sheet


@pytest.fixture
def sheet(bench: Bench, desk: Desk, merge: MergeSheet) -> ConflictSheet:
    merge.settle.click()
    found = desk.decisions.sheet
    assert isinstance(found, ConflictSheet)
    assert not found.ours.isEnabled(), "nothing is decided by a click meant for something else"
    bench.clock.advance(1000)
    return found


def calls(bench: Bench, name: str) -> list[tuple[object, ...]]:
    return [tuple(what) for call, *what in bench.plane.calls if call == name]


def test_a_refusal_offers_to_settle_it_here(merge: MergeSheet) -> None:
    assert merge.settle.isVisible()
    assert merge.settle.words == "Settle 4 files here…"
    assert "README.md" in merge.paths.text()


def test_every_file_is_settled_before_anything_is_merged(
    bench: Bench, desk: Desk, sheet: ConflictSheet
) -> None:
    assert not sheet.go.isEnabled()
    sheet.ours.click()
    assert sheet.list.currentIndex().row() == 1, "the next open one comes up"
    assert not sheet.change.isEnabled(), "a picture is not edited"
    sheet.theirs.click()
    assert sheet.ours.words == "Delete it, as conflict did"
    sheet.ours.click()
    assert not sheet.go.isEnabled()
    sheet.change.click()
    assert sheet.edit.editing
    sheet.edit.save.click()
    assert "still marked" in sheet.notice.text()
    assert sheet.edit.editing, "what was typed stays"
    sheet.edit.editor.setPlainText("def batches(): ...\n")
    sheet.edit.save.click()
    assert [sheet.files.words_of(n) for n in range(4)] == [
        "as on the branch",
        "as the task left it",
        "as on the branch",
        "edited by you",
    ]
    # A choice can be changed until the merge.
    sheet.list.setCurrentIndex(sheet.files.index(0))
    sheet.theirs.click()
    before = len(calls(bench, "merge"))
    assert sheet.go.isEnabled()
    sheet.go.click()
    bench.settle()
    [(_, into, _, answer)] = calls(bench, "merge")[before:]
    assert into == "conflict"
    assert isinstance(answer, Settlement)
    assert [(one.path, one.take, one.content) for one in answer.files] == [
        ("README.md", "theirs", b""),
        ("assets/logo.png", "theirs", b""),
        ("docs/old.md", "ours", b""),
        ("src/loader.py", "edited", b"def batches(): ...\n"),
    ]
    assert desk.decisions.sheet is None
    assert desk.window.banner.notice is not None


def test_the_three_sides_are_read_out(sheet: ConflictSheet) -> None:
    sheet.list.setCurrentIndex(sheet.files.index(3))
    rows = sheet.sides.rows
    spoken = [
        str(rows.data(rows.index(n), int(Qt.ItemDataRole.AccessibleTextRole)))
        for n in range(rows.count)
    ]
    assert any(text.startswith("conflict. Branch:") for text in spoken)
    assert any(text.startswith("changed by the task") for text in spoken)
    names = [
        str(sheet.files.data(sheet.files.index(n), int(Qt.ItemDataRole.AccessibleTextRole)))
        for n in range(4)
    ]
    assert names == [f"{path}, not settled" for path in PATHS]


def test_an_edit_is_not_lost_by_a_look_at_another_file(sheet: ConflictSheet) -> None:
    sheet.change.click()
    sheet.edit.editor.setPlainText("typed\n")
    sheet.list.setCurrentIndex(sheet.files.index(3))
    assert sheet.edit.editing
    assert sheet.edit.editor.text_now() == "typed\n"
    assert sheet.list.currentIndex().row() == 0
    assert "Save or cancel" in sheet.notice.text()
    sheet.reject()
    assert sheet.edit.editing, "Esc asks before it discards"
    sheet.reject()
    assert not sheet.edit.editing, "Esc leaves the editor first"
    assert sheet.isVisible()


def test_what_moved_on_meanwhile_is_said(
    bench: Bench, sheet: ConflictSheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def moved(*_: object, **__: object) -> MergeOutcome:
        raise RepositoryError("It has moved on.", mend="Look again.", code="changed")

    monkeypatch.setattr(bench.plane, "merge", moved)
    for place in range(4):
        sheet.list.setCurrentIndex(sheet.files.index(place))
        sheet.ours.click()
    sheet.go.click()
    bench.settle()
    assert sheet.isVisible()
    assert sheet.notice.text() == "It has moved on. Look again."
    assert sheet.go.isEnabled()


def test_later_merges_nothing(bench: Bench, desk: Desk, sheet: ConflictSheet) -> None:
    sheet.ours.click()
    before = len(calls(bench, "merge"))
    sheet.later.click()
    bench.settle()
    assert desk.decisions.sheet is None
    assert len(calls(bench, "merge")) == before


def test_the_task_can_be_run_again_from_the_branch_as_it_is(
    bench: Bench, desk: Desk, sheet: ConflictSheet
) -> None:
    sheet.rerun.click()
    bench.settle()
    # The project has edits of the user's own: which state it starts from is asked.
    assert isinstance(desk.decisions.sheet, AskSheet)


def test_an_answer_that_would_be_too_long_is_not_sent(
    sheet: ConflictSheet,
) -> None:
    sheet.change.click()
    sheet.edit.editor.setPlainText("x" * 700_000)
    sheet.edit.save.click()
    assert "more than" in sheet.notice.text()
    assert sheet.edit.editing
