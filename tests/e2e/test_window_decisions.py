"""Decisions in the real window on the scripted plane, from outside: by keys alone, several at once,
answered elsewhere meanwhile, a merge that meets a conflict, a hundred tasks, and what is spoken.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import plane_scenes as scenes
from tests.support.import_path import IMPORT_PATH
from tests.support.patience import NET_S
from tests.support.stage import Stage, needs_stage, stage

pytestmark = [pytest.mark.e2e, needs_stage]
SHEET = "Approve checkpoint"


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Stage]:
    with stage(tmp_path, {"PYTHONPATH": IMPORT_PATH}) as made:
        yield made


def begin(play: Stage, scene: str) -> None:
    play.play([sys.executable, "-m", "tests.support.window_fake", "--scene", scene])
    play.tell("wait", "inbox.open.*")
    play.tell("press", f"project.{scenes.PROJECT}")


def end(play: Stage) -> None:
    assert play.app is not None
    play.app.terminate()
    assert play.app.wait(30) == 0, play.log()
    assert "Traceback" not in play.log()


def cards(play: Stage) -> int:
    """How many things need somebody, as the bar says it."""
    return int(play.tell("wait", "status.need")["name"].split()[0])


def test_a_checkpoint_is_approved_by_keys_alone(play: Stage) -> None:
    begin(play, "full")
    assert cards(play) == 2
    # The question waits longer, so it comes first.
    play.key("F8")
    play.tell("wait", "question.choice.1", enabled=True)
    play.key("1", "asks you")
    play.tell("wait", "question.send", enabled=True)
    play.key("ctrl+Return", "asks you")
    play.tell("gone", "question.text")
    play.key("F8")
    play.tell("rows", "approval.diff", filled=True)
    play.tell("wait", "approval.approve", enabled=True)
    play.key("Return", SHEET)
    play.tell("wait", "approval.digest")
    play.key("ctrl+Return", SHEET)
    play.tell("gone", "approval.digest")
    play.tell("says", "status.need", text="Nothing needs you")
    end(play)


def test_of_many_approvals_each_answers_its_own(play: Stage) -> None:
    begin(play, "hundred")
    before = cards(play)
    assert before == 20
    # Two in a row from the inbox; the rest stays as it was.
    for done in (1, 2):
        play.tell("press", "inbox.open.*")
        found = play.tell("wait", ["question.text", "approval.digest"])
        if found["id"] == "question.text":
            play.tell("press", "question.choice.1")
            play.tell("wait", "question.send", enabled=True)
            play.tell("press", "question.send")
        else:
            play.tell("rows", "approval.diff", filled=True)
            play.tell("wait", "approval.approve", enabled=True)
            play.tell("press", "approval.approve")
        play.tell("gone", found["id"])
        assert cards(play) == before - done
    end(play)


def review(play: Stage, title: str) -> None:
    """Open the request of that task, with its changes."""
    play.tell("choose", "tasks.list", text=f"{title}, ")
    play.tell("press", "inspector.act")
    play.tell("says", "approval.title", text=f" of {title}?")
    play.tell("rows", "approval.diff", filled=True)


def row_of(play: Stage, title: str) -> str:
    rows: list[str] = play.tell("rows", "tasks.list")
    return next(row for row in rows if row.startswith(f"{title}, "))


def test_two_approvals_at_once_keep_their_words_and_answer_each_its_own(play: Stage) -> None:
    begin(play, "hundred")
    before = cards(play)
    review(play, "fix-loader 4")
    play.tell("type", "approval.note", text="only for four")
    play.tell("press", "approval.next")
    play.tell("says", "approval.title", text=" of fix-loader 5?")
    assert "four" not in play.tell("text", "approval.note")
    play.tell("rows", "approval.diff", filled=True)
    play.tell("wait", "approval.approve", enabled=True)
    play.key("ctrl+Return", f"{SHEET} 4 of fix-loader 5")
    play.tell("gone", "approval.digest")
    assert cards(play) == before - 1
    assert "Approve checkpoint" not in row_of(play, "fix-loader 5")
    assert "Approve checkpoint" in row_of(play, "fix-loader 4")
    review(play, "fix-loader 4")
    assert play.tell("text", "approval.note") == "only for four"
    play.tell("wait", "approval.reject", enabled=True)
    play.tell("press", "approval.reject")
    play.tell("gone", "approval.digest")
    assert cards(play) == before - 2
    end(play)


def test_an_approval_given_elsewhere_while_its_dialog_is_open(play: Stage) -> None:
    begin(play, "full")
    assert play.app is not None
    play.app.send_signal(signal.SIGUSR1)  # the question waits longer, so it is answered first
    play.tell("says", "status.need", text="1 needs you")
    play.tell("press", "status.need")
    play.tell("rows", "approval.diff", filled=True)
    play.tell("type", "approval.note", text="not sent")
    play.tell("wait", "approval.approve", enabled=True)
    play.app.send_signal(signal.SIGUSR1)
    said = "Approved by you via OpenClaw at "
    assert said in play.tell("heard", "approval.notice", text="OpenClaw")
    play.tell("spoken", text=said)
    play.tell("gone", "approval.approve")
    play.key("ctrl+Return", SHEET)
    assert said in play.tell("text", "approval.notice")
    play.tell("press", "approval.later")
    play.tell("says", "status.need", text="Nothing needs you")
    end(play)


def test_a_screen_reader_is_told_what_needs_somebody(play: Stage, tmp_path: Path) -> None:
    project = tmp_path / "notes-project"
    project.mkdir()
    command = [sys.executable, "-m", "tests.support.window_fake", "--step-ms", "1500"]
    play.play([*command, str(project)])
    play.tell("press", "run.tidy-notes")
    play.tell("press", "dirty.head")
    play.tell("gone", "dirty.head")
    play.key("F6")  # the keyboard is in the window: no notice of the desktop comes
    play.tell("spoken", text="Tidy the notes asks you")
    end(play)


@pytest.mark.alone
def test_a_hundred_tasks_are_found_and_answer_keys_at_once(play: Stage) -> None:
    begin(play, "hundred")
    rows = play.tell("rows", "tasks.list", filled=True)
    assert len(rows) >= 100
    began = time.monotonic()
    play.tell("press", "toolbar.search")
    play.tell("type", "palette.field", text="@ bench-fp8 7")
    found = play.tell("rows", "palette.list", filled=True)
    assert any("bench-fp8 7" in row for row in found)
    assert time.monotonic() - began < 20
    end(play)


def test_a_merge_that_meets_a_conflict_is_settled(play: Stage) -> None:
    begin(play, "full")
    play.tell("choose", "tasks.list", text="docs-pass")
    play.tell("press", "inspector.act")
    play.tell("type", "merge.branch", text="conflict")
    play.tell("wait", "merge.go", enabled=True)
    play.tell("press", "merge.go")
    play.tell("says", "merge.settle", text="Settle 4 files here")
    play.tell("press", "merge.settle")
    play.tell("wait", "conflict.ours", enabled=True)
    for done in (1, 2, 3):
        play.tell("press", "conflict.ours")
        play.tell("says", "conflict.progress", text=f"{done} of 4")
    assert any("conflict. Branch:" in row for row in play.tell("rows", "conflict.sides"))
    play.tell("press", "conflict.edit")
    play.tell("type", "conflict.editor", text="def batches(): ...")
    play.tell("press", "conflict.editor.save")
    play.tell("says", "conflict.progress", text="4 of 4")
    files = play.tell("rows", "conflict.files", filled=True)
    assert [row.partition(", ")[2] for row in files] == ["as on the branch"] * 3 + ["edited by you"]
    play.tell("wait", "conflict.go", enabled=True)
    play.tell("press", "conflict.go")
    play.tell("gone", "conflict.files")
    end(play)


def test_a_window_whose_display_dies_says_so_in_a_sentence(play: Stage) -> None:
    begin(play, "full")
    assert play.screen is not None
    assert play.app is not None
    play.screen.terminate()
    assert play.app.wait(NET_S) == 1
    said = play.log()
    assert "The display is gone" in said
    assert "Traceback" not in said
