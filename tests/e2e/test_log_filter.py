"""The filter of a log in the real window on the scripted plane, from outside, by keys."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import plane_scenes as scenes
from tests.support.import_path import IMPORT_PATH
from tests.support.stage import Stage, needs_stage, stage

pytestmark = [pytest.mark.e2e, needs_stage]


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Stage]:
    with stage(tmp_path, {"PYTHONPATH": IMPORT_PATH}) as made:
        yield made


def test_lines_are_found_by_words_and_all_come_back(play: Stage) -> None:
    play.play([sys.executable, "-m", "tests.support.window_fake", "--scene", "full"])
    play.tell("wait", "inbox.open.*", timeout_s=60)
    play.tell("press", f"project.{scenes.PROJECT}")
    play.tell("choose", "tasks.list", text="train-resnet")
    whole = play.tell("rows", "LogView.log", filled=True)
    play.key("ctrl+l")
    play.tell("type", "log.filter", text="LR epoch")
    play.tell("says", "log.found", text=f"1 of {len(whole)}")
    assert play.tell("rows", "LogView.log") == [
        row for row in whole if "lr" in row and "epoch" in row
    ]
    play.key("Escape")
    play.tell("gone", "log.all")
    assert play.tell("rows", "LogView.log") == whole
    assert play.app is not None
    play.app.terminate()
    assert play.app.wait(30) == 0, play.log()
    assert "Traceback" not in play.log()
