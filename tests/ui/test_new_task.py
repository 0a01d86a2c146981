"""The new-task sheet: what is chosen is what is submitted, and the fit is said before."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from clawdesk.ports.errors import RepositoryError
from clawdesk.ui.desk import Desk
from clawdesk.ui.new_task_sheet import NewTaskSheet
from tests.support import plane_scenes as scenes
from tests.ui.conftest import Bench


def opened(bench: Bench) -> tuple[Desk, NewTaskSheet]:
    bench.plane.fill()
    desk = bench.open()
    desk.choose_project(scenes.PROJECT)
    desk.registry.trigger("new")
    bench.settle()
    sheet = desk.decisions.sheet
    assert isinstance(sheet, NewTaskSheet)
    return desk, sheet


def fit(sheet: NewTaskSheet, name: str) -> str:
    line = sheet.findChild(QWidget, f"new_task.fit.{name}")
    assert line is not None, name
    return line.accessibleName()


def test_the_fit_and_the_policy_are_said(bench: Bench) -> None:
    _, sheet = opened(bench)
    assert "wait for your trust" in fit(sheet, "Policy")
    assert "GiB" in fit(sheet, "Memory")
    assert not sheet.start.isEnabled(), "the guard is up"
    bench.clock.advance(1_000)
    assert sheet.start.isEnabled(), "a task that waits may be started"


def test_what_is_chosen_is_submitted_with_the_state_that_is_chosen(bench: Bench) -> None:
    desk, sheet = opened(bench)
    bench.clock.advance(1_000)
    sheet.choose("tidy-notes")
    bench.settle()
    row = sheet.findChild(QWidget, "new_task.state.2")
    assert row is not None
    row.click()  # type: ignore[attr-defined]
    sheet.start.click()
    bench.settle()
    (call,) = (c for c in bench.plane.calls if c[0] == "submit")
    assert call[1:3] == (scenes.PROJECT, "tidy-notes")
    assert True in call, "with the user's changes"
    assert desk.plane.state.tasks[desk.chosen].definition.name == "tidy-notes"


def test_a_mistaken_policy_is_said_and_stops_nobody(bench: Bench) -> None:
    bench.plane.refuse["project_policy"] = RepositoryError("project.toml:1: weight: found x")
    _, sheet = opened(bench)
    assert "weight: found x" in sheet.notice.text()
    bench.clock.advance(1_000)
    assert sheet.start.isEnabled()


def test_back_starts_nothing(bench: Bench) -> None:
    _, sheet = opened(bench)
    sheet.later.click()
    bench.settle()
    assert not [c for c in bench.plane.calls if c[0] == "submit"]
