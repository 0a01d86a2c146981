"""The new-task sheet: what is chosen is what is submitted, and the fit is said before."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget

from clawdesk.domain.from_prompt import TaskPrompt
from clawdesk.domain.model import AgentSpec
from clawdesk.ports.errors import PortError, RepositoryError
from clawdesk.ports.inference import FabricStatus
from clawdesk.ports.models import Model
from clawdesk.runtime.api import Outcome, PolicyView
from clawdesk.ui.ask_sheet import AskSheet
from clawdesk.ui.button import Button
from clawdesk.ui.desk import Desk
from clawdesk.ui.new_task_sheet import NewTaskSheet
from tests.support import plane_scenes as scenes
from tests.support import trust_scene
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


TYPED = "Mend the loader.\nNot the test."


def write(bench: Bench, *, bare: bool = False) -> tuple[Desk, NewTaskSheet]:
    """The sheet with a prompt chosen; `bare`: in a project without any task file."""
    bench.plane.fill()
    fabric = FabricStatus(True, "1", models=(Model("m1"), Model("m2", phase="ready")))
    bench.plane.environment = replace(scenes.environment(), fabric=fabric)
    if bare:
        known = bench.plane.projects[scenes.PROJECT]
        bench.plane.projects[scenes.PROJECT] = replace(known, definitions=(), dirty=())
    desk = bench.desk or bench.open()
    desk.choose_project(scenes.PROJECT)
    desk.registry.trigger("new" if bare else "prompt_task")
    bench.settle()
    sheet = desk.decisions.sheet
    assert isinstance(sheet, NewTaskSheet)
    bench.clock.advance(1_000)
    return desk, sheet


def chosen(sheet: NewTaskSheet, kind: str) -> None:
    sheet.form.agent.setCurrentIndex(sheet.form.agent.findData(kind))


def test_a_prompt_alone_is_submitted_by_its_key(bench: Bench) -> None:
    desk, sheet = write(bench, bare=True)
    assert sheet.form.agent.currentData() == "mini-swe-agent", "the usual one"
    assert sheet.form.prompt.hasFocus()
    assert not sheet.start.isEnabled()
    assert "The prompt is empty" in sheet.why.text()
    sheet.form.prompt.setPlainText(TYPED)
    assert sheet.start.isEnabled()
    assert not sheet.why.text()
    QTest.keyClick(sheet.form.prompt, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    bench.settle()
    (call,) = (c for c in bench.plane.calls if c[0] == "submit")
    asked = TaskPrompt(TYPED, "mini-swe-agent", "", "m2")  # the one that is loaded
    assert call[1:4] == (scenes.PROJECT, asked, False)
    assert desk.plane.state.tasks[desk.chosen].title == "Mend the loader."


def test_what_it_needs_and_how_it_fits_is_said_while_it_is_written(bench: Bench) -> None:
    _, sheet = write(bench)
    assert "mini-swe-agent" in fit(sheet, "Agent")
    assert "m2 is loaded" in fit(sheet, "Model")
    assert "768 MiB" in fit(sheet, "Machine")
    assert "you approve after agent" in fit(sheet, "Steps")
    assert "wait for your trust" in fit(sheet, "Policy")
    chosen(sheet, "command")
    bench.settle()
    assert sheet.form.run.isVisible()
    assert sheet.form.model.currentText()
    sheet.form.prompt.setPlainText("p")
    assert "The command of the agent command is empty" in sheet.why.text()
    sheet.form.run.setText("python3 agent.py")
    bench.settle()
    assert "python3 agent.py" in fit(sheet, "Agent")
    assert sheet.start.isEnabled()
    chosen(sheet, "gptme")
    bench.settle()
    assert not sheet.form.run.isVisible()
    assert sheet.form.asked().run == ""


def test_a_file_chosen_instead_is_submitted_as_ever(bench: Bench) -> None:
    _, sheet = write(bench)
    sheet.form.prompt.setPlainText("\x1b")
    assert not sheet.start.isEnabled()
    sheet.choose("tidy-notes")
    bench.settle()
    assert not sheet.form.isVisible()
    assert sheet.start.isEnabled()
    assert not sheet.why.text()
    sheet.start.click()
    assert submitted(bench) == (True,)


def test_what_was_written_is_kept_until_it_is_started(bench: Bench) -> None:
    _, sheet = write(bench)
    chosen(sheet, "acp")
    sheet.form.run.setText("my-agent --acp")
    sheet.form.prompt.setPlainText(TYPED)
    sheet.later.click()
    bench.settle()
    bench.plane.refuse["submit"] = PortError("The image of this task needs packages.")
    desk, sheet = write(bench)
    assert sheet.form.asked().prompt == TYPED
    sheet.start.click()
    bench.settle()
    notice = desk.window.banner.notice
    assert notice is not None
    assert "needs packages" in notice.what
    del bench.plane.refuse["submit"]
    _, sheet = write(bench)
    assert sheet.form.asked() == TaskPrompt(TYPED, "acp", "my-agent --acp", "m2")
    sheet.start.click()
    bench.settle()
    _, sheet = write(bench)
    assert sheet.form.asked().prompt == "", "it was started"
    assert (sheet.form.asked().kind, sheet.form.asked().run) == ("acp", "my-agent --acp")


def test_a_project_without_a_task_file_offers_a_prompt_first(bench: Bench) -> None:
    known = scenes.project(dirty=())
    bench.plane.projects[scenes.PROJECT] = replace(known, definitions=())
    desk = bench.open()
    desk.choose_project(scenes.PROJECT)
    bench.settle()
    assert desk.window.tool_bar.new.isEnabled()
    desk.window.tasks.empty.write.click()
    bench.settle()
    sheet = desk.decisions.sheet
    assert isinstance(sheet, NewTaskSheet)
    assert sheet.writes


def test_a_project_that_is_read_only_takes_none(bench: Bench) -> None:
    held = replace(scenes.project(dirty=()), read_only="another ClawDesk (Ben) has it open")
    bench.plane.projects[scenes.PROJECT] = held
    desk = bench.open()
    desk.choose_project(scenes.PROJECT)
    bench.settle()
    assert not desk.window.tasks.empty.write.isEnabled()
    assert not desk.window.tool_bar.new.isEnabled()
    assert "Ben" in desk.registry.acts["prompt_task"].why_not()


def lacking(bench: Bench, *, bare: bool = True) -> tuple[Desk, NewTaskSheet]:
    """The sheet with a prompt for an agent whose image may be set up from nowhere yet."""
    plain = PolicyView(scenes.PROJECT, "", (), trusted=False)
    bench.plane.access, bench.plane.policy = trust_scene.NOT_ALLOWED, plain
    desk, sheet = write(bench, bare=bare)
    sheet.form.prompt.setPlainText(TYPED)
    bench.settle()
    return desk, sheet


def asked_about_hosts(bench: Bench, desk: Desk, sheet: NewTaskSheet) -> AskSheet:
    sheet.allow.go.click()
    bench.settle()
    asking = desk.decisions.sheet
    assert isinstance(asking, AskSheet)
    assert asking.objectName() == "images"
    return asking


def test_hosts_for_the_image_are_asked_for_once_and_then_it_starts(bench: Bench) -> None:
    desk, sheet = lacking(bench)
    assert sheet.allow.isVisible()
    assert "py.example.org (Python packages)" in sheet.allow.accessibleName()
    assert not sheet.start.isEnabled()
    assert "image cannot be built yet" in sheet.why.text()
    asking = asked_about_hosts(bench, desk, sheet)
    shown = " ".join(label.text() for label in asking.findChildren(QLabel))
    for word in ("files.example.org", "10.1.2.3", trust_scene.PATH, "--take-back"):
        assert word in shown
    go = asking.findChild(Button, "images.go")
    assert go is not None
    assert not go.isEnabled(), "the guard is up"
    QTest.keyClick(asking, Qt.Key.Key_Return)
    bench.clock.advance(1_000)
    QTest.keyClick(asking, Qt.Key.Key_Return)
    bench.settle()
    assert not [c for c in bench.plane.calls if c[0] == "allow_catalog"], "Enter allows nothing"
    assert not go.isDefault()
    go.click()
    bench.settle()
    (call,) = (c for c in bench.plane.calls if c[0] == "allow_catalog")
    assert call[1:] == (trust_scene.ALLOWED.hosts, trust_scene.ALLOWED.own)
    again = desk.decisions.sheet
    assert isinstance(again, NewTaskSheet)
    assert again.form.asked().prompt == TYPED, "what was written stands there"
    assert not again.allow.isVisible()
    bench.clock.advance(1_000)
    assert again.start.isEnabled()
    notice = desk.window.banner.notice
    assert notice is not None
    assert "may be set up from" in notice.what


def test_a_file_that_cannot_be_changed_is_said_where_it_was_asked(bench: Bench) -> None:
    why = "Your policy.toml is not changed: it is full."
    bench.plane.answers["allow_catalog"] = Outcome(False, why)
    desk, sheet = lacking(bench)
    asking = asked_about_hosts(bench, desk, sheet)
    bench.clock.advance(1_000)
    go = asking.findChild(Button, "images.go")
    assert go is not None
    go.click()
    bench.settle()
    again = desk.decisions.sheet
    assert isinstance(again, NewTaskSheet)
    assert again.notice.text() == why
    assert again.allow.isVisible()
    assert not again.start.isEnabled()


def test_not_now_leads_back_and_allows_nothing(bench: Bench) -> None:
    desk, sheet = lacking(bench)
    asked_about_hosts(bench, desk, sheet).reject()
    bench.settle()
    again = desk.decisions.sheet
    assert isinstance(again, NewTaskSheet)
    assert again.form.asked().prompt == TYPED
    assert again.allow.isVisible()
    assert not [c for c in bench.plane.calls if c[0] == "allow_catalog"]


def test_another_agent_or_a_task_file_has_nothing_to_allow(bench: Bench) -> None:
    _, sheet = lacking(bench, bare=False)
    chosen(sheet, "command")
    sheet.form.run.setText("python3 agent.py")
    bench.settle()
    assert not sheet.allow.isVisible()
    assert sheet.start.isEnabled()
    chosen(sheet, "gptme")
    bench.settle()
    assert sheet.allow.isVisible()
    sheet.choose("tidy-notes")
    bench.settle()
    assert not sheet.allow.isVisible()
    assert sheet.start.isEnabled()


def test_a_task_file_whose_agent_lacks_its_image_comes_back_as_it_was(bench: Bench) -> None:
    plain = PolicyView(scenes.PROJECT, "", (), trusted=False)
    bench.plane.access, bench.plane.policy = trust_scene.NOT_ALLOWED, plain
    sheet = told(bench)
    assert sheet.allow.isVisible()
    desk = bench.desk
    assert desk is not None
    asked_about_hosts(bench, desk, sheet).reject()
    bench.settle()
    again = desk.decisions.sheet
    assert isinstance(again, NewTaskSheet)
    assert again.name == sheet.name
    assert not again.writes
