"""The way from the window into a task's machine."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import pytest
from PySide6.QtGui import QGuiApplication

from clawdesk.domain.model import Phase, Task
from clawdesk.ui import terminals
from clawdesk.ui.ask_sheet import AskSheet
from clawdesk.ui.desk import Desk
from tests.support import plane_scenes as scenes
from tests.ui.conftest import Bench


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str]]]:
    """What would have been started; nothing is."""
    found: list[tuple[str, list[str]]] = []

    class Process:
        @staticmethod
        def startDetached(program: str, words: Sequence[str]) -> bool:
            found.append((program, list(words)))
            return True

    monkeypatch.setattr(terminals, "QProcess", Process)
    return found


def chosen(bench: Bench, phase: Phase) -> tuple[Desk, Task]:
    bench.plane.fill()
    desk = bench.open()
    desk.choose_project(scenes.PROJECT)
    tasks = bench.plane.state.tasks.values()
    task = next(t for t in tasks if t.phase is phase and t.project == scenes.PROJECT)
    desk.choose_task(task.id)
    bench.settle()
    return desk, task


def test_the_button_opens_the_users_terminal(
    bench: Bench, started: list[tuple[str, list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clawdesk.ui.terminals.shutil.which", {"xterm": "/usr/bin/xterm"}.get)
    desk, task = chosen(bench, Phase.RUNNING)
    desk.window.inspector.terminal.click()
    [(program, words)] = started
    assert program == "xterm"
    assert words[-7:] == [sys.executable, "-P", "-m", "clawdesk", "shell", task.id, "--stay"]
    notice = desk.window.banner.notice
    assert notice is not None
    assert task.title in notice.what


def test_without_a_terminal_the_command_is_said_and_copied(
    bench: Bench, started: list[tuple[str, list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clawdesk.ui.terminals.shutil.which", lambda name: None)
    desk, task = chosen(bench, Phase.RUNNING)
    desk.registry.trigger("terminal")
    bench.settle()
    assert not started
    sheet = desk.decisions.sheet
    assert isinstance(sheet, AskSheet)
    sheet.chosen.emit("copy")
    assert QGuiApplication.clipboard().text().endswith(f"-m clawdesk shell {task.id}")


@pytest.mark.parametrize(
    ("phase", "why"), [(Phase.HELD, "until you have answered"), (Phase.DONE, "has ended")]
)
def test_where_there_is_no_machine_the_reason_is_said(
    bench: Bench, started: list[tuple[str, list[str]]], phase: Phase, why: str
) -> None:
    desk, _ = chosen(bench, phase)
    assert not desk.window.inspector.terminal.isEnabled()
    assert why in desk.window.inspector.terminal.toolTip()
    assert why in desk.registry.acts["terminal"].why_not()
    desk.registry.trigger("terminal")
    assert not started
