"""The new-task sheet: what is chosen is what is submitted, and the fit is said before."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QWidget

from clawdesk.domain.model import AgentSpec
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


def told(bench: Bench) -> NewTaskSheet:
    """The sheet of a project whose tasks are done by agents."""
    bench.plane.fill()
    view = bench.plane.projects[scenes.PROJECT]
    agent = AgentSpec("mini-swe-agent", "Mend it.\nPlease.")
    with_agent = tuple(replace(d, agent=agent) for d in view.definitions[:1])
    known = replace(view, definitions=(*with_agent, *view.definitions[1:]))
    bench.plane.projects[scenes.PROJECT] = known
    desk = bench.open()
    desk.choose_project(scenes.PROJECT)
    desk.registry.trigger("new")
    bench.settle()
    sheet = desk.decisions.sheet
    assert isinstance(sheet, NewTaskSheet)
    bench.clock.advance(1_000)
    return sheet


def submitted(bench: Bench) -> tuple[object, ...]:
    bench.settle()
    (call,) = (c for c in bench.plane.calls if c[0] == "submit")
    return tuple(call[3:])


def test_an_agent_is_told_what_the_file_says_unless_it_is_changed_here(bench: Bench) -> None:
    sheet = told(bench)
    assert "mini-swe-agent" in fit(sheet, "Agent")
    assert sheet.prompt.toPlainText() == "Mend it.\nPlease."
    sheet.prompt.setPlainText("Mend that.\n")
    sheet.start.click()
    assert submitted(bench) == (True, ("CLAWDESK_PROMPT", "Mend that."))


def test_what_the_file_says_is_sent_by_nobody(bench: Bench) -> None:
    sheet = told(bench)
    sheet.start.click()
    assert submitted(bench) == (True,)


def test_a_task_without_an_agent_has_nothing_to_tell(bench: Bench) -> None:
    sheet = told(bench)
    sheet.choose("tidy-notes")
    bench.settle()
    assert not sheet.prompt.isVisible()
    sheet.start.click()
    assert submitted(bench) == (True,)
