"""Reviews in the real window, from outside: a part is approved, lines are commented on.

The real program with real machines; the task's own script reads what it was told and acts on it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stories.preemption import files_of
from tests.support.import_path import IMPORT_PATH
from tests.support.real_cli import RealCli, make_project
from tests.support.stage import Stage, needs_stage, real_stage, stage

pytestmark = [pytest.mark.e2e, needs_stage]
PARTS = """\
[machine]
memory_mib = 256
[[steps]]
name = "make"
run = "echo a > a.txt; echo b > b.txt; mkdir d; echo c > d/c.txt"
checkpoint = "approve"
[[steps]]
name = "look"
run = "ls > seen.txt; claw feedback >> seen.txt"
"""
# Two hunks of one file, and another file.
CHANGES = """\
[machine]
memory_mib = 256
[[steps]]
name = "make"
run = "sed -i 's/line 2$/line two/; s/line 18$/line eighteen/' lines.txt; echo level=9 > level.txt"
checkpoint = "approve"
[[steps]]
name = "look"
run = "claw feedback > said.txt"
"""
LISTENS = """\
[machine]
memory_mib = 256
[[steps]]
name = "paint"
run = "sh ./paint.sh"
"""
# The agent: makes a first version, then does what is said about a line of it until it is approved.
PAINT = """\
printf 'wall = red\\ndoor = red\\n' > house.txt
while ! claw checkpoint --approve -m 'Painted the house.' > said.txt; do
  cp said.txt heard.txt
  line=$(sed -n 's/^house.txt:\\([0-9]*\\)$/\\1/p' heard.txt)
  colour=$(sed -n 's/^Make it \\([a-z]*\\), please.$/\\1/p' heard.txt)
  sed -i "${line}s/= .*/= $colour/" house.txt
done
rm -f said.txt
"""


@pytest.fixture
def real(tmp_path: Path) -> Iterator[tuple[Stage, RealCli]]:
    with real_stage(tmp_path) as made:
        yield made


def begin(play: Stage, project: Path, task: str) -> None:
    """Open the project, run the task and open its first request."""
    play.play([sys.executable, "-m", "clawdesk", str(project)])
    play.tell("press", f"run.{task}")
    open_request(play)


def open_request(play: Stage) -> None:
    play.tell("press", "inbox.open.*")
    play.tell("rows", "approval.diff", filled=True)


def answer(play: Stage, button: str) -> None:
    """Press it once the guard is down; the sheet goes when the plane has taken the answer."""
    play.tell("press", button)
    play.tell("gone", "approval.digest")


def the_task(cli: RealCli) -> str:
    (found,) = cli.events(cli.run("tasks", "--json").stdout)
    return str(found["task"])


def drafts(play: Stage) -> list[Path]:
    """What is kept of answers that were not sent."""
    return list(Path(play.env["XDG_STATE_HOME"], "clawdesk", "drafts").glob("*.json"))


def quit_window(play: Stage) -> None:
    play.key("ctrl+q")
    assert play.app is not None
    assert play.app.wait(60) == 0, play.log()
    log = (play.folder / "window.log").read_text("utf-8", "replace")
    assert "Traceback" not in log
    assert "endPaint" not in log, "a painter outlived its paint"


def test_a_part_is_approved(real: tuple[Stage, RealCli], tmp_path: Path) -> None:
    play, cli = real
    project = make_project(tmp_path / "parts", {".clawdesk/tasks/parts.toml": PARTS})
    begin(play, project, "parts")
    play.tell("choose", "approval.files", text="b.txt")
    play.tell("press", "approval.file")
    play.tell("says", "approval.approve", text="Approve 2 of 3 files")
    assert play.tell("text", "approval.will").startswith("b.txt goes back to the agent")
    assert any("b.txt" in row and "left out" in row for row in play.tell("rows", "approval.files"))
    play.tell("type", "approval.note", text="Without b, please.")
    answer(play, "approval.approve")
    play.tell("says", "inspector.act", text="Merge")
    seen = files_of(project, the_task(cli), "seen.txt")["seen.txt"].splitlines()
    assert seen == [
        *("a.txt", "d", "seen.txt"),
        "Without b, please.",
        "Not approved, and put back as it was before: b.txt",
    ]
    quit_window(play)


def test_comments_on_lines_reach_the_agent(real: tuple[Stage, RealCli], tmp_path: Path) -> None:
    play, cli = real
    files = {".clawdesk/tasks/listens.toml": LISTENS, "paint.sh": PAINT}
    project = make_project(tmp_path / "listens", files)
    begin(play, project, "listens")
    play.tell("choose", "approval.diff", text="door = red")
    play.tell("press", "approval.say")
    play.tell("type", "approval.comment.text", text="Make it blue, please.")
    play.tell("press", "approval.comment.keep")
    play.tell("gone", "approval.comment.text")
    # Leaving and coming back loses nothing.
    play.tell("press", "approval.later")
    play.tell("gone", "approval.digest")
    open_request(play)
    assert len(drafts(play)) == 1
    comments = play.tell("rows", "approval.comments", filled=True)
    assert comments == ["house.txt:2 Make it blue, please."]
    answer(play, "approval.reject")
    open_request(play)
    rows = play.tell("rows", "approval.diff", filled=True)
    assert "added: door = blue" in rows
    assert "added: wall = red" in rows
    answer(play, "approval.approve")
    play.tell("says", "inspector.act", text="Merge")
    assert not drafts(play), "what is decided is no draft any more"
    heard = files_of(project, the_task(cli), "heard.txt")["heard.txt"]
    assert heard == "house.txt:2\n> door = red\nMake it blue, please.\n"
    quit_window(play)


def test_one_hunk_and_a_version_of_ones_own(real: tuple[Stage, RealCli], tmp_path: Path) -> None:
    play, cli = real
    before = "".join(f"line {n}\n" for n in range(1, 21))
    files = {".clawdesk/tasks/changes.toml": CHANGES, "lines.txt": before, "level.txt": "level=1\n"}
    project = make_project(tmp_path / "changes", files)
    begin(play, project, "changes")
    play.tell("choose", "approval.diff", text="line eighteen")
    play.tell("press", "approval.hunk")
    play.tell("says", "approval.will", text="lines.txt is taken without 1 hunk.")
    play.tell("choose", "approval.files", text="level.txt")
    play.tell("press", "approval.edit")
    play.tell("type", "approval.editor", text="level=5\n")
    play.tell("press", "approval.editor.save")
    play.tell("says", "approval.will", text="level.txt as edited by you.")
    answer(play, "approval.approve")
    play.tell("says", "inspector.act", text="Merge")
    made = files_of(project, the_task(cli), "lines.txt", "level.txt", "said.txt")
    assert made["lines.txt"] == before.replace("line 2\n", "line two\n")
    assert made["level.txt"] == "level=5\n"
    said = made["said.txt"]
    assert "+line eighteen" in said, "the task is told which hunk was not taken"
    assert "Approved with changes by the user: level.txt" in said
    quit_window(play)


def test_a_killed_window_keeps_what_was_written(tmp_path: Path) -> None:
    state = {"XDG_STATE_HOME": str(tmp_path / "state"), "PYTHONPATH": IMPORT_PATH}
    command = [sys.executable, "-m", "tests.support.window_fake", "--scene", "full"]
    with stage(tmp_path, state) as play:
        play.play(command)
        open_review(play)
        play.tell("choose", "approval.diff", text="raise EmptyShard")
        play.tell("press", "approval.say")
        play.tell("type", "approval.comment.text", text="No error, please.")
        play.tell("press", "approval.comment.keep")
        play.tell("rows", "approval.comments", filled=True)
        play.tell("press", "approval.say")
        play.tell("type", "approval.comment.text", text="half a thou")
        # The half-written one is on the disk as soon as the sheet was left.
        play.tell("press", "approval.later")
        play.tell("gone", "approval.digest")
        assert play.app is not None
        play.app.kill()
        play.app.wait(10)
        play.play(command)
        open_review(play)
        assert play.tell("rows", "approval.comments", filled=True) == [
            "src/loader.py:90 No error, please."
        ]
        assert play.tell("text", "approval.comment.text") == "half a thou"


def open_review(play: Stage) -> None:
    """The scripted plane asks a question first; the review is the next request."""
    play.tell("press", "status.need")
    play.tell("press", "question.next")
    play.tell("rows", "approval.diff", filled=True)
