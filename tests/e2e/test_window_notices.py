"""Notices of the real window on a session bus: from the notice to the review, and taken back.

The desktop's server is a scripted one; the answer comes from outside the window.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.import_path import IMPORT_PATH
from tests.support.notice_daemon import NoticeDaemon, notice_daemon
from tests.support.stage import Stage, needs_stage, stage

pytestmark = [pytest.mark.e2e, needs_stage]


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Stage]:
    with stage(tmp_path, {"PYTHONPATH": IMPORT_PATH}) as made:
        yield made


@pytest.fixture
def daemon(play: Stage) -> Iterator[NoticeDaemon]:
    with notice_daemon(play.env) as made:
        yield made


def tell_also_in_front(play: Stage) -> None:
    """Whether a window is in front depends on the screen's manager; here there is none."""
    folder = Path(play.env["HOME"]) / ".config/clawdesk"
    folder.mkdir(parents=True)
    (folder / "window.ini").write_text("[notices]\nin_front=true\n")


def start(play: Stage, tmp_path: Path) -> None:
    tell_also_in_front(play)
    project = tmp_path / "notes-project"
    project.mkdir()
    play.play([sys.executable, "-m", "tests.support.window_fake", str(project)])
    play.tell("press", "run.tidy-notes")
    play.tell("press", "dirty.head")


def shown(daemon: NoticeDaemon) -> dict[str, Any]:
    found = daemon.next()
    assert found["event"] == "notify", found
    return found


def test_from_the_notice_to_the_review_and_withdrawn_when_answered_elsewhere(
    play: Stage, daemon: NoticeDaemon, tmp_path: Path
) -> None:
    start(play, tmp_path)
    asked = shown(daemon)
    assert asked["title"] == "Tidy the notes asks you"
    assert asked["body"] == "notes-project: Which tone should the index have?"
    assert asked["actions"] == ["review", "Review"], "a notice carries no decision"
    daemon.tell(press=asked["id"])
    assert play.tell("text", "question.text") == "Which tone should the index have?"
    assert daemon.next() == {"event": "close", "id": asked["id"], "known": True}
    # Another channel answers while the dialog is open: it says so and sends nothing.
    assert play.app is not None
    play.app.send_signal(signal.SIGUSR1)
    assert "via OpenClaw" in play.tell("heard", "question.notice", text="OpenClaw")
    play.tell("press", "question.close")
    wanted = shown(daemon)
    assert wanted["title"] == "Tidy the notes needs your approval"
    play.app.send_signal(signal.SIGUSR1)
    assert daemon.next() == {"event": "close", "id": wanted["id"], "known": True}
    assert shown(daemon)["title"] == "Tidy the notes is done"
    play.key("ctrl+q")
    assert play.app.wait(10) == 0, play.log()
    assert "Traceback" not in play.log()


def test_a_desktop_without_notices_costs_nothing_and_is_said(play: Stage, tmp_path: Path) -> None:
    start(play, tmp_path)
    play.tell("wait", "inbox.open.*")
    play.tell("press", "toolbar.home")
    row = play.tell("wait", "check.Notifications")
    assert "not shown" in row["name"]
    assert play.app is not None
    play.app.terminate()
    assert play.app.wait(10) == 0, play.log()
    assert "Traceback" not in play.log()
