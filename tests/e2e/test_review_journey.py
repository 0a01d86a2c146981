"""Reviews in the real window, from outside: a part is approved, lines are commented on.

The real program with real machines; the task's own script reads what it was told and acts on it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stories.preemption import files_of
from tests.support.real_cli import RealCli, make_project, real_cli
from tests.support.stage import Stage, missing, stage

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(bool(missing()), reason=f"the window's stage needs {missing()}"),
]
PATIENCE_S = 120
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
def real_stage(tmp_path: Path) -> Iterator[tuple[Stage, RealCli]]:
    """A screen and folders of their own for the real program."""
    with real_cli() as cli:
        wanted = ("CLAWDESK_", "XDG_")
        extra = {k: v for k, v in cli.environment.items() if k.startswith(wanted)}
        extra.pop("XDG_RUNTIME_DIR", None)
        with stage(tmp_path, extra) as made:
            yield made, cli


def begin(play: Stage, project: Path, task: str) -> None:
    """Open the project, run the task and open its first request."""
    play.play([sys.executable, "-m", "clawdesk", str(project)])
    play.tell("press", f"run.{task}", timeout_s=PATIENCE_S)
    open_request(play)


def open_request(play: Stage) -> None:
    play.tell("press", "inbox.open.*", timeout_s=PATIENCE_S)
    play.tell("rows", "approval.diff", filled=True, timeout_s=PATIENCE_S)


def answer(play: Stage, button: str) -> None:
    """Press it once the guard is down; the sheet goes when the plane has taken the answer."""
    play.tell("press", button, timeout_s=PATIENCE_S)
    play.tell("gone", "approval.digest", timeout_s=PATIENCE_S)


def the_task(cli: RealCli) -> str:
    (found,) = cli.events(cli.run("tasks", "--json").stdout)
    return str(found["task"])


def quit_window(play: Stage) -> None:
    play.key("ctrl+q")
    assert play.app is not None
    assert play.app.wait(60) == 0, play.log()
    assert "Traceback" not in play.log()


def test_a_part_is_approved(real_stage: tuple[Stage, RealCli], tmp_path: Path) -> None:
    play, cli = real_stage
    project = make_project(tmp_path / "parts", {".clawdesk/tasks/parts.toml": PARTS})
    begin(play, project, "parts")
    play.tell("choose", "approval.files", text="b.txt")
    play.tell("press", "approval.file")
    play.tell("says", "approval.approve", text="Approve 2 of 3 files")
    assert play.tell("text", "approval.will").startswith("b.txt goes back to the agent")
    assert any("b.txt" in row and "left out" in row for row in play.tell("rows", "approval.files"))
    play.tell("type", "approval.note", text="Without b, please.")
    answer(play, "approval.approve")
    play.tell("says", "inspector.act", text="Merge", timeout_s=PATIENCE_S)
    seen = files_of(project, the_task(cli), "seen.txt")["seen.txt"].splitlines()
    assert seen == [
        *("a.txt", "d", "seen.txt"),
        "Without b, please.",
        "Not approved, and put back as it was before: b.txt",
    ]
    quit_window(play)


def test_comments_on_lines_reach_the_agent(
    real_stage: tuple[Stage, RealCli], tmp_path: Path
) -> None:
    play, cli = real_stage
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
    comments = play.tell("rows", "approval.comments", filled=True)
    assert comments == ["house.txt:2 Make it blue, please."]
    answer(play, "approval.reject")
    open_request(play)
    rows = play.tell("rows", "approval.diff", filled=True)
    assert "added: door = blue" in rows
    assert "added: wall = red" in rows
    answer(play, "approval.approve")
    play.tell("says", "inspector.act", text="Merge", timeout_s=PATIENCE_S)
    heard = files_of(project, the_task(cli), "heard.txt")["heard.txt"]
    assert heard == "house.txt:2\n> door = red\nMake it blue, please.\n"
    quit_window(play)
