"""The new-task sheet: what is chosen is what is submitted, and the fit is said before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QWidget

from clawdesk.domain.definitions import parse_task
from clawdesk.domain.from_prompt import TaskPrompt
from clawdesk.domain.model import AgentSpec, ProjectPolicy
from clawdesk.domain.policy_file import parse_rules
from clawdesk.domain.policy_rules import project_rules
from clawdesk.ports.errors import PortError, RepositoryError
from clawdesk.ui import new_task
from clawdesk.ui.button import Button
from clawdesk.ui.desk import Desk
from clawdesk.ui.new_task_sheet import NewTaskSheet
from clawdesk.ui.ours import ours
from clawdesk.ui.save_task_sheet import SaveTaskSheet
from tests.support import plane_scenes as scenes
from tests.support import trust_scene
from tests.ui.conftest import Bench
from tests.ui.new_task_kit import TYPED, chosen, fit, opened, submitted, told, write


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


def test_the_keyboard_begins_at_the_row_that_is_chosen(bench: Bench) -> None:
    _, sheet = opened(bench)
    assert sheet.rows[0].isChecked()
    assert sheet.focusWidget() is sheet.rows[0]
    QTest.keyClick(sheet.rows[0], Qt.Key.Key_Down)
    assert sheet.rows[1].isChecked()


def test_a_mistaken_policy_is_said_and_stops_nobody(bench: Bench) -> None:
    bench.plane.refuse["project_policy"] = RepositoryError("project.toml:1: weight: found x")
    _, sheet = opened(bench)
    assert "weight: found x" in sheet.notice.text()
    bench.clock.advance(1_000)
    assert sheet.start.isEnabled()


def test_a_screen_reader_chooses_by_toggling(bench: Bench) -> None:
    _, sheet = opened(bench)
    sheet.write_row.toggle()
    bench.settle()
    assert sheet.form.isVisible()
    assert sheet.name == ""
    sheet.rows[1].toggle()
    bench.settle()
    assert not sheet.form.isVisible()
    assert sheet.name == "tidy-notes"


def test_back_starts_nothing(bench: Bench) -> None:
    _, sheet = opened(bench)
    sheet.later.click()
    bench.settle()
    assert not [c for c in bench.plane.calls if c[0] == "submit"]


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


def words_of(field: QComboBox) -> list[str]:
    return [field.itemText(row) for row in range(field.count())]


def test_priority_and_memory_are_offered_within_their_bounds_and_submitted(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = parse_rules("[defaults]\npriority_max = 2\n[host]\nreserve_memory_mib = 126976\n")
    found = project_rules(ProjectPolicy(), "", rules, "[defaults]\npriority_max = 2\n", "")
    scene = trust_scene.policy(scenes.PROJECT)
    monkeypatch.setattr(trust_scene, "policy", lambda _: replace(scene, rules=found))
    _, sheet = write(bench, bare=True)
    form = sheet.form
    assert words_of(form.priority)[:3] == ["high (+2)", "high (+1)", "normal"]
    assert words_of(form.priority)[-1] == "low (-5)"
    assert form.priority.currentText() == "normal"
    assert words_of(form.memory)[0] == "768 MiB, usual for this agent"
    assert words_of(form.memory)[-1] == "120 GiB", "the desktop keeps 8 of 128"
    assert "Priority -5 to +2, by policy.toml:2." in form.bounds.text()
    assert "at most 120 GiB" in form.bounds.text()
    form.prompt.setPlainText(TYPED)
    form.priority.setCurrentIndex(0)
    form.memory.setCurrentIndex(form.memory.findData(2048))
    bench.settle()
    assert "2 GiB of memory" in fit(sheet, "Machine")
    sheet.start.click()
    bench.settle()
    (call,) = (c for c in bench.plane.calls if c[0] == "submit")
    asked = call[2]
    assert isinstance(asked, TaskPrompt)
    assert (asked.priority, asked.memory_mib) == (2, 2048)


def test_what_was_chosen_of_memory_stays_with_another_agent(bench: Bench) -> None:
    _, sheet = write(bench)
    form = sheet.form
    form.memory.setCurrentIndex(form.memory.findData(3072))
    chosen(sheet, "aider")
    bench.settle()
    assert words_of(form.memory)[0] == "1.5 GiB, usual for this agent"
    assert form.asked().memory_mib == 3072


def saving(bench: Bench, folder: Path) -> tuple[Desk, SaveTaskSheet]:
    """The sheet that asks for the file's name, of a project in that folder."""
    bench.plane.fill()
    view = replace(scenes.project(str(folder), dirty=()), definitions=())
    bench.plane.projects[str(folder)] = view
    desk = bench.desk or bench.open()
    desk.choose_project(str(folder))
    desk.registry.trigger("prompt_task")
    bench.settle()
    sheet = desk.decisions.sheet
    assert isinstance(sheet, NewTaskSheet)
    bench.clock.advance(1_000)
    assert not sheet.form.save.isEnabled(), "there is nothing to save yet"
    chosen(sheet, "command")
    sheet.form.run.setText("python3 agent.py")
    sheet.form.prompt.setPlainText(TYPED)
    bench.settle()
    sheet.form.save.click()
    bench.settle()
    saved = desk.decisions.sheet
    assert isinstance(saved, SaveTaskSheet)
    bench.clock.advance(1_000)
    return desk, saved


def test_what_was_typed_is_saved_as_a_file_that_our_parser_reads(
    bench: Bench, tmp_path: Path
) -> None:
    desk, sheet = saving(bench, tmp_path)
    assert sheet.name.text() == "mend-the-loader"
    sheet.go.click()
    bench.settle()
    text = (tmp_path / ".clawdesk/tasks/mend-the-loader.toml").read_text()
    read = parse_task(text, "mend-the-loader")
    assert read.agent == AgentSpec("command", TYPED, "python3 agent.py")
    assert desk.decisions.sheet is None
    notice = desk.window.banner.notice
    assert notice is not None
    assert "mend-the-loader.toml" in notice.what
    assert "--changes include" in notice.next_step
    assert not [c for c in bench.plane.calls if c[0] == "submit"], "nothing is started"
    assert bench.memory.typed(str(tmp_path)) is not None, "what was typed can be started still"


def test_no_file_is_put_in_place_of_another_unasked(bench: Bench, tmp_path: Path) -> None:
    theirs = tmp_path / ".clawdesk/tasks/mend-the-loader.toml"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("theirs")
    desk, sheet = saving(bench, tmp_path)
    sheet.go.click()
    bench.settle()
    assert "There is a file .clawdesk/tasks/mend-the-loader.toml" in sheet.outcome.text()
    assert sheet.go.words == "Replace that file"
    assert theirs.read_text() == "theirs"
    sheet.name.setText("../up")
    assert sheet.go.words == "Save", "leave was given for that name only"
    sheet.go.click()
    assert "letters, digits" in sheet.outcome.text()
    sheet.name.setText("mend-the-loader")
    sheet.go.click()
    bench.settle()
    assert theirs.read_text() == "theirs"
    sheet.go.click()
    bench.settle()
    assert "Mend the loader." in theirs.read_text()
    assert desk.decisions.sheet is None


def test_run_shows_first_what_does_not_fit(bench: Bench) -> None:
    bench.plane.fill()
    bench.plane.let_all_fit()
    bench.plane.trusts_file = False
    desk = bench.open()
    desk.choose_project(scenes.PROJECT)
    button = next(w for w in ours(desk.window) if w.objectName() == "run.tidy-notes")
    assert isinstance(button, Button)
    button.click()
    bench.settle()
    sheet = desk.decisions.sheet
    assert isinstance(sheet, NewTaskSheet)
    assert sheet.name == "tidy-notes"
    assert "wait for your trust" in fit(sheet, "Policy")
    assert not [c for c in bench.plane.calls if c[0] == "submit"]
    bench.clock.advance(1_000)
    sheet.start.click()
    assert submitted(bench) == (True,)


def test_run_that_is_refused_shows_why_on_the_sheet(bench: Bench) -> None:
    bench.plane.fill()
    bench.plane.let_all_fit()
    path = "/home/ada/src/tokenizer-rs"
    bench.plane.refuse["submit"] = PortError("The image of this task needs packages.")
    desk = bench.open()
    new_task.run(desk, path, "tidy-notes")
    bench.settle()
    sheet = desk.decisions.sheet
    assert isinstance(sheet, NewTaskSheet)
    assert sheet.name == "tidy-notes"
    assert "needs packages" in sheet.notice.text()
    assert desk.project == path


def test_a_prompt_is_written_chosen_and_started_by_keys_alone(bench: Bench) -> None:
    desk, sheet = write(bench, bare=True)

    def press(key: str) -> None:
        """A key wherever the keyboard is."""
        focus = sheet.focusWidget()
        assert focus is not None
        QTest.keyClick(focus, Qt.Key.Key_Tab) if key == "Tab" else QTest.keyClicks(focus, key)
        bench.settle()

    form = sheet.form
    press("Mend it.")
    for field, key, text in (
        (form.agent, "g", "gptme"),
        (form.model, "m", "m1"),
        (form.priority, "l", "low (-1)"),
        (form.memory, "2", "2 GiB"),
    ):
        press("Tab")
        assert field.hasFocus(), field.accessibleName()
        press(key)
        assert field.currentText().startswith(text)
    QTest.keyClick(form.memory, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    bench.settle()
    (call,) = (c for c in bench.plane.calls if c[0] == "submit")
    assert call[2] == TaskPrompt("Mend it.", "gptme", "", "m1", -1, 2048)
    assert desk.plane.state.tasks[desk.chosen].title == "Mend it."
