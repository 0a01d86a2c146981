"""The new-task sheet in the real window on the scripted plane, from outside: a prompt is typed, its
agent, model and memory are chosen, the fit is read, and it is started; or saved as a task file.
And Run where something does not fit.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from clawdesk.domain.definitions import parse_task
from tests.support import plane_scenes as scenes
from tests.support.import_path import IMPORT_PATH
from tests.support.stage import Stage, needs_stage, stage

pytestmark = [pytest.mark.e2e, needs_stage]
SHEET = "New task in"
TYPED = "Mend the shuffle.\n\nNot its test."
FAKE = [sys.executable, "-m", "tests.support.window_fake"]


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Stage]:
    with stage(tmp_path, {"PYTHONPATH": IMPORT_PATH}) as made:
        yield made


def begin(play: Stage, scene: str) -> None:
    play.play([*FAKE, "--scene", scene])
    play.tell("wait", "inbox.open.*", timeout_s=60)
    play.tell("press", f"project.{scenes.PROJECT}")


def end(play: Stage) -> None:
    assert play.app is not None
    play.app.terminate()
    assert play.app.wait(30) == 0, play.log()
    assert "Traceback" not in play.log()


def fits(play: Stage, line: str, text: str) -> None:
    play.tell("says", f"new_task.fit.{line}", text=text)


def test_a_prompt_is_typed_fitted_and_started_by_keys(play: Stage) -> None:
    begin(play, "fits")
    before = len(play.tell("rows", "tasks.list", filled=True))
    play.key("ctrl+n")
    play.tell("press", "new_task._prompt")
    play.tell("says", "new_task.why_not", text="The prompt is empty")
    play.tell("type", "new_task.words", text=TYPED)
    fits(play, "Model", "smollm2-135m is loaded")
    play.key("Tab", SHEET)  # from the prompt to the agent
    play.key("g", SHEET)
    fits(play, "Agent", "gptme")
    play.key("Tab", SHEET)
    play.key("q", SHEET)
    fits(play, "Model", "qwen3-32b is loaded when it is first called")
    play.key("Tab", SHEET)
    play.key("h", SHEET)  # the priority
    play.key("Tab", SHEET)
    play.key("2", SHEET)
    fits(play, "Machine", "2 GiB of memory")
    fits(play, "Memory", "It fits")
    fits(play, "Steps", "you approve after agent")
    play.tell("wait", "new_task.go", enabled=True)
    play.key("ctrl+Return", SHEET)
    play.tell("gone", "new_task.words")
    play.tell("says", "tasks.filter.All", text=f"All {before + 1}")
    rows = play.tell("rows", "tasks.list", filled=True)
    assert any(row.startswith("Mend the shuffle., ") for row in rows), rows
    end(play)


def test_what_was_typed_is_saved_as_a_task_file(play: Stage, tmp_path: Path) -> None:
    project = tmp_path / "notes-project"
    project.mkdir()
    play.play([*FAKE, "--step-ms", "1500", str(project)])
    play.tell("wait", "run.tidy-notes", timeout_s=30)
    play.key("ctrl+shift+n")
    play.tell("type", "new_task.words", text=TYPED)
    play.tell("wait", "new_task._save", enabled=True)
    play.tell("press", "new_task._save")
    play.tell("type", "save_task.name", text="mend")
    play.tell("wait", "save_task.go", enabled=True)
    play.tell("press", "save_task.go")
    play.tell("gone", "save_task.name")
    said = play.tell("says", "banner.what", text="mend.toml")
    file = project / ".clawdesk/tasks/mend.toml"
    assert str(file) in said
    read = parse_task(file.read_text(), "mend")
    assert read.agent is not None
    assert read.agent.prompt == TYPED
    play.key("ctrl+n")  # what was typed is still there, to be started
    assert play.tell("text", "new_task.words") == TYPED
    end(play)


def test_run_says_first_what_does_not_fit(play: Stage) -> None:
    begin(play, "full")
    play.tell("press", "run.tidy-notes")
    fits(play, "Policy", "It will wait for your trust")
    fits(play, "Model", "There is no model smollm2-135m")
    play.tell("wait", "new_task.go", enabled=True)
    play.tell("press", "new_task.stay")
    play.tell("gone", "new_task.go")
    end(play)
