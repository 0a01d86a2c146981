"""Fork, compare, keep; restore, undo: the real program on real machines, driven from outside."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.real_cli import RealCli, make_project
from tests.support.stage import Stage, needs_stage, real_stage

pytestmark = [pytest.mark.e2e, needs_stage]
TASK = """
title = "Paint"
[machine]
memory_mib = 256
disk_mib = 512
[[steps]]
name = "mix"
run = "echo base > paint.txt"
[[steps]]
name = "paint"
run = "echo ${COLOUR:-red} >> paint.txt"
checkpoint = "approve"
"""


@pytest.fixture
def real(tmp_path: Path) -> Iterator[tuple[Stage, RealCli]]:
    with real_stage(tmp_path) as made:
        yield made


def until_held(play: Stage, tmp_path: Path) -> Path:
    """Run the task to its approval; the window shows its checkpoints."""
    project = make_project(tmp_path / "paint", {".clawdesk/tasks/paint.toml": TASK})
    play.play([sys.executable, "-m", "clawdesk", str(project)])
    play.tell("press", "run.paint")
    play.tell("wait", "inbox.open.*")
    play.tell("press", "inspector.tabs.checkpoints")
    play.tell("wait", "checkpoint.2.restore")
    return project


def tasks(cli: RealCli) -> list[dict[str, object]]:
    return [json.loads(line) for line in cli.run("tasks", "--json").stdout.splitlines()]


def end(play: Stage, cli: RealCli) -> None:
    play.key("ctrl+q")
    found = play.tell("wait", ["quit.go", "nothing"])
    assert found["id"] == "quit.go"
    play.tell("press", "quit.go")
    assert play.app is not None
    assert play.app.wait(60) == 0, play.log()
    assert "Traceback" not in play.log()
    assert not cli.machines()


def test_fork_compare_and_keep(real: tuple[Stage, RealCli], tmp_path: Path) -> None:
    play, cli = real
    until_held(play, tmp_path)
    play.tell("press", "checkpoint.1.fork")
    play.tell("wait", "fork.go", enabled=True)
    play.tell("type", "fork.name", text="Paint in blue")
    play.tell("type", "fork.variables", text="1A=blue")
    play.tell("press", "fork.go")
    assert "'1A' is no name of a variable" in play.tell("text", "fork.result")
    play.tell("type", "fork.variables", text="COLOUR=blue")
    play.tell("press", "fork.go")
    play.tell("gone", "fork.go")
    # The fork asks for its own approval: then both have two checkpoints.
    play.tell("wait", "checkpoint.2.compare")
    rows = play.tell("rows", "tasks.list")
    assert [row.split(",")[0] for row in rows] == ["Paint", "Paint in blue"]
    play.tell("press", "checkpoint.2.compare")
    assert "Paint and Paint in blue" in play.tell("text", "compare.title")
    lines = play.tell("rows", "compare.diff", filled=True)
    assert any("removed: red" in line and "added: blue" in line for line in lines), lines
    play.tell("press", "compare.keep.b", enabled=True)
    play.tell("press", "keep.go")
    play.tell("gone", "keep.go")
    assert "Others ended now: 1" in play.tell("text", "banner.what")
    play.tell("press", "compare.close")
    states = {str(t["title"]): t["state"] for t in tasks(cli)}
    assert states == {"Paint": "cancelled", "Paint in blue": "held"}
    end(play, cli)


def test_restore_and_undo(real: tuple[Stage, RealCli], tmp_path: Path) -> None:
    play, cli = real
    until_held(play, tmp_path)
    play.tell("press", "checkpoint.1.restore")
    play.tell("wait", "restore.go", enabled=True)
    said = " ".join(play.tell("tree"))
    assert "paint.txt" in said
    play.tell("press", "restore.go", enabled=True)
    play.tell("heard", "banner.what", text="goes back to checkpoint 1")
    for _ in range(60):  # while the task is just changing, it says so and offers it again
        play.tell("press", "banner.act")
        if "goes back to checkpoint 2" in play.tell("text", "banner.what"):
            break
    # Its approval is asked again, of exactly that checkpoint.
    play.tell("wait", "inbox.open.*")
    (task,) = tasks(cli)
    assert task["state"] == "held"
    request = task["request"]
    assert isinstance(request, dict)
    shown = cli.run("diff", str(task["task"]), str(request["ordinal"])).stdout
    assert "+red" in shown
    end(play, cli)
