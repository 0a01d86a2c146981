"""A newcomer's way through the real window, driven from outside through the accessibility bus.

Opens a project, runs a task, reads the diff, approves, answers and merges. The same journey runs on
the scripted plane and on the real program (`clawdesk PROJECT`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.import_path import IMPORT_PATH
from tests.support.real_cli import RealCli, make_project
from tests.support.stage import Stage, needs_stage, real_stage, stage

pytestmark = [pytest.mark.e2e, needs_stage]


@pytest.fixture
def play(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Stage]:
    with stage(tmp_path, {"PYTHONPATH": IMPORT_PATH}) as made:
        yield made
        if request.session.testsfailed:
            made.shoot(tmp_path / "screen.png")


TASK = """
title = "Write and ask"
[machine]
memory_mib = 256
disk_mib = 512
[[steps]]
name = "write"
run = "echo one > one.txt; echo two >> notes.txt; rm old.txt; echo hello from the step"
[[steps]]
name = "ask"
run = "claw ask 'Which colour?' --choice red --choice blue --key colour > colour.txt"
[[steps]]
name = "approve"
run = "echo done > done.txt"
checkpoint = "approve"
"""


@pytest.fixture
def real(tmp_path: Path) -> Iterator[tuple[Stage, RealCli]]:
    with real_stage(tmp_path) as made:
        yield made


def journey(play: Stage, definition: str, *, patience_s: float = 30) -> dict[str, object]:
    """From Run to merged; returns what was seen on the way."""
    seen: dict[str, object] = {"questions": 0, "approvals": 0}
    play.tell("press", f"run.{definition}", timeout_s=patience_s)
    while True:
        found = play.tell(
            "wait",
            ["dirty.head", "inbox.open.*", "inspector.act"],
            timeout_s=patience_s,
        )
        if found["id"] == "dirty.head":
            play.tell("press", "dirty.head")
            play.tell("gone", "dirty.head")
        elif found["id"] == "inspector.act" and found["name"].startswith("Merge"):
            break
        elif found["id"] == "inbox.open.*":
            decide(play, seen, patience_s)
        else:
            play.tell("press", "inspector.act")
            decide(play, seen, patience_s, opened=True)
    play.tell("press", "inspector.act")
    play.tell("press", "merge.go")
    seen["merged"] = play.tell("text", "merge.result", timeout_s=patience_s)
    picture(play, "merged")
    play.tell("press", "merge.later")
    play.tell("gone", "merge.later")
    return seen


def picture(play: Stage, name: str) -> None:
    """Keep a picture where the guide wants one (CLAWDESK_PICTURES names a folder)."""
    folder = os.environ.get("CLAWDESK_PICTURES")
    if folder:
        play.shoot(Path(folder) / f"{name}-{play.env.get('CLAWDESK_THEME', 'dark')}.png")


def decide(
    play: Stage, seen: dict[str, object], patience_s: float, *, opened: bool = False
) -> None:
    """Answer or approve what stands first in the inbox."""
    if not opened:
        picture(play, "inbox")
        if os.environ.get("CLAWDESK_PICTURES"):
            play.tell("press", "inspector.tabs.changes")
            play.tell("rows", "changes.diff", filled=True)
            picture(play, "main")
        play.tell("press", "inbox.open.*")
    sheet = play.tell("wait", ["question.text", "approval.digest"], timeout_s=patience_s)
    if sheet["id"] == "question.text":
        seen["question"] = play.tell("text", "question.text")
        play.tell("press", "question.choice.1")
        play.tell("wait", "question.send", enabled=True)
        picture(play, "question")
        play.tell("press", "question.send")
        seen["questions"] = int(str(seen["questions"])) + 1
    else:
        # Approve becomes sensitive only when the diff is on screen and the guard is down.
        wait_for_rows(play, seen)
        play.tell("wait", "approval.approve", enabled=True)
        picture(play, "approval")
        play.tell("press", "approval.approve", timeout_s=patience_s)
        seen["approvals"] = int(str(seen["approvals"])) + 1
    play.tell("gone", sheet["id"], timeout_s=patience_s)


def wait_for_rows(play: Stage, seen: dict[str, object]) -> None:
    play.tell("wait", "approval.approve")
    seen["diff"] = play.tell("rows", "approval.diff", filled=True)
    seen["files"] = play.tell("rows", "approval.files", filled=True)


def test_the_scripted_plane_from_run_to_merge(play: Stage, tmp_path: Path) -> None:
    project = tmp_path / "notes-project"
    project.mkdir()
    play.play([sys.executable, "-m", "tests.support.window_fake", str(project)])
    assert play.tell("text", "toolbar.project") in {"ClawDesk", "notes-project"}
    seen = journey(play, "tidy-notes")
    assert seen["questions"] == 1
    assert seen["approvals"] == 1
    assert seen["question"] == "Which tone should the index have?"
    diff = seen["diff"]
    assert isinstance(diff, list)
    assert any(row.startswith("added: ") for row in diff)
    assert any(row.startswith("removed: ") for row in diff)
    assert seen["merged"] == "1 commit on main"
    play.key("ctrl+q")
    assert play.app is not None
    assert play.app.wait(10) == 0, play.log()
    assert "Traceback" not in play.log()


def test_the_real_program_from_run_to_merge(real: tuple[Stage, RealCli], tmp_path: Path) -> None:
    play, cli = real
    files = {"notes.txt": "start\n", "old.txt": "old\n", ".clawdesk/tasks/write.toml": TASK}
    project = make_project(tmp_path / "colours", files)
    play.play([sys.executable, "-m", "clawdesk", str(project)])
    # The first start proves the accelerator by booting a machine.
    play.tell("wait", "run.write")
    seen = journey(play, "write", patience_s=240)
    assert (seen["question"], seen["questions"], seen["approvals"]) == ("Which colour?", 1, 1)
    assert (project / "colour.txt").read_text() == "red\n"
    assert (project / "notes.txt").read_text() == "start\ntwo\n"
    assert (project / "done.txt").read_text() == "done\n"
    assert not (project / "old.txt").exists()
    play.key("ctrl+q")
    assert play.app is not None
    assert play.app.wait(60) == 0, play.log()
    assert "Traceback" not in play.log()
    assert not cli.machines()


def test_the_window_ends_in_order_on_sigterm(play: Stage) -> None:
    play.play([sys.executable, "-m", "tests.support.window_fake", "--scene", "full"])
    play.tell("wait", "status.need")
    assert play.app is not None
    play.app.terminate()
    assert play.app.wait(10) == 0, play.log()
    assert "Traceback" not in play.log()
