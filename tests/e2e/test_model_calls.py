"""Agents that know nothing of ClawDesk: their model calls are where work is made durable.

A real machine, the real Fabric, and a model whose answers are written beforehand.
"""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.stories.preemption import App, files_of
from tests.support.patience import NET_S
from tests.support.real_cli import RealCli, make_project, real_cli
from tests.support.scripted_model import (
    AGENT,
    BUG,
    COMMANDS,
    MODEL,
    TEST,
    ScriptedModel,
    behind_the_fabric,
)

pytestmark = pytest.mark.e2e

TASK = f"""
title = "Mend it"
[machine]
memory_mib = 256
[models]
default = "{MODEL}"
[[steps]]
name = "agent"
run = "python3 agent.py"
checkpoint = "model-call"
"""
FILES = {
    ".clawdesk/tasks/mend.toml": TASK,
    ".clawdesk/tasks/careful.toml": f"{TASK}when_changed = true\n",
    ".clawdesk/tasks/plain.toml": TASK.replace('checkpoint = "model-call"\n', ""),
    ".gitignore": "__pycache__/\n",
    "agent.py": AGENT,
    "calc.py": BUG,
    "test_calc.py": TEST,
}


@pytest.fixture(scope="module")
def cli() -> Iterator[RealCli]:
    with real_cli() as found:
        yield found


@pytest.fixture
def model(cli: RealCli, project: Path) -> Iterator[ScriptedModel]:
    with behind_the_fabric(cli, project) as found:
        yield found


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "calc", FILES)


def said(events: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [event for event in events if event["event"] == name]


def assert_mended(project: Path, task: str) -> None:
    files = files_of(project, task, "calc.py", "conversation.json")
    assert files["calc.py"] == BUG.replace("-", "+")
    conversation = json.loads(files["conversation.json"])
    commands = [m["content"] for m in conversation if m["role"] == "assistant"]
    assert commands == list(COMMANDS[:-1])
    assert conversation[-1]["content"] == "it adds\n"


def assert_spent(cli: RealCli, project: Path, *, calls: int, counted: int) -> None:
    """Every second call is a stream, of which the model says no tokens: it has no cost either."""
    options = ("costs", str(project), "--checkpoints")
    (told,) = cli.events(cli.run(*options, "--json").stdout)
    assert "    checkpoint 1: 1 model call, " in cli.run(*options).stdout
    by_checkpoint = [c["spent"]["calls"] for c in told["tasks"][0]["checkpoints"]]
    assert by_checkpoint == [1] * calls
    total = told["total"]
    assert total["calls"] == total["elsewhere"] == calls
    assert total["uncounted"] == calls - counted
    assert (total["tokens_in"], total["tokens_out"]) == (50 * counted, 5 * counted)
    assert total["costs"] == [["EUR", 150 * counted]]
    assert total["gpu_ms"] == 0
    assert total["model_ms"] > 0
    (of_task,) = told["tasks"]
    assert [step["name"] for step in of_task["steps"]] == ["agent"]
    # The same stands in the audit trail, for `git log`.
    ref = f"refs/clawdesk/tasks/{of_task['task']}"
    shown = git_log(project, ref, "Clawdesk-Model-Calls")
    assert shown[0] == str(calls)
    assert shown == sorted(shown, key=int, reverse=True)
    assert git_log(project, ref, "Clawdesk-Cost")[0] == f"{150 * counted / 1e6:.6f} EUR"


def wait_until_written(cli: RealCli, words: bytes) -> None:
    """What a machine printed is written a moment after it came."""
    folder = Path(cli.environment["XDG_STATE_HOME"]) / "clawdesk/printed"
    while not any(words in file.read_bytes() for file in folder.glob("*.tail")):
        threading.Event().wait(0.05)


def git_log(project: Path, ref: str, trailer: str) -> list[str]:
    """The values of a trailer in the commits of a ref, newest first."""
    shown = f"--format=%(trailers:key={trailer},valueonly,separator=%x2C)"
    command = ["git", "-C", str(project), "log", shown, ref]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [line for line in done.stdout.split("\n") if line]


def test_straight_through_then_back_to_a_call(
    cli: RealCli, project: Path, model: ScriptedModel
) -> None:
    done = cli.run("run", str(project), "mend", "--headless", "--json", "--approve", "all")
    events = cli.events(done.stdout)
    task = events[0]["task"]
    reached = said(events, "checkpoint_reached")
    messages = [event["message"] for event in reached]
    assert messages == [f"before model call {number}" for number in (2, 3, 4)] + [""]
    assert model.turns() == [0, 1, 2, 3]
    assert_mended(project, task)
    assert files_of(project, task, "calc.py", at=reached[0]["commit"])["calc.py"] == BUG
    log = cli.run("log", task).stdout
    assert "    asked: The test fails. Mend it.\n    said: cat calc.py\n" in log
    assert_spent(cli, project, calls=4, counted=2)
    # Back to where the second call waited: the same process goes on from its memory.
    cli.run("restore", task, "1")
    cli.run("run", str(project), "--resume", "--headless", "--json", "--approve", "all")
    assert model.turns() == [0, 1, 2, 3, 1, 2, 3]
    assert_mended(project, task)
    # What was spent before the way back is not given back.
    assert_spent(cli, project, calls=7, counted=3)
    assert "7 model calls" in cli.run("report", task).stdout


def test_a_fork_from_a_call_goes_on_beside_it_and_begins_its_own_sums(
    cli: RealCli, project: Path, model: ScriptedModel
) -> None:
    options = ("--headless", "--json", "--approve", "all")
    done = cli.run("run", str(project), "mend", *options)
    task = cli.events(done.stdout)[0]["task"]
    cli.run("fork", task, "2")
    events = cli.events(cli.run("run", str(project), "--resume", *options).stdout)
    fork = next(e["task"] for e in events if e["event"] == "task_finished")
    assert fork != task
    # From the memory it had before its third call: the first two are not made again.
    assert model.turns() == [0, 1, 2, 3, 2, 3]
    assert model.asked[4] == model.asked[2]
    assert_mended(project, fork)
    (told,) = cli.events(cli.run("costs", str(project), "--json").stdout)
    assert {t["task"]: t["total"]["calls"] for t in told["tasks"]} == {task: 4, fork: 2}


def test_only_where_files_have_changed(cli: RealCli, project: Path, model: ScriptedModel) -> None:
    """The third call comes behind the edit; the second and the fourth behind mere reading."""
    done = cli.run("run", str(project), "careful", "--headless", "--json", "--approve", "all")
    events = cli.events(done.stdout)
    reached = said(events, "checkpoint_reached")
    assert [event["message"] for event in reached] == ["before model call 3", ""]
    assert model.turns() == [0, 1, 2, 3]
    assert_mended(project, events[0]["task"])


def test_the_app_is_killed_between_two_calls(
    cli: RealCli, project: Path, model: ScriptedModel
) -> None:
    options = ("--headless", "--json", "--approve", "all")
    app = App(cli.start("run", str(project), "mend", *options))
    reached = app.wait_for("a checkpoint", lambda e: e["event"] == "checkpoint_reached")
    app.kill()
    cli.run("run", str(project), "--resume", *options)
    # A call of which no byte had come back is made again; no other is.
    turns = model.turns()
    assert sorted(set(turns)) == [0, 1, 2, 3]
    assert turns == sorted(turns)
    assert len(turns) <= 5
    assert_mended(project, reached["task"])


def test_what_calls_used_before_a_kill_of_the_app_is_not_lost(
    cli: RealCli, project: Path, model: ScriptedModel
) -> None:
    """Without a checkpoint among them only the Fabric knows of these calls."""
    answer = model.gates[2] = threading.Event()
    options = ("--headless", "--json", "--approve", "all")
    app = App(cli.start("run", str(project), "plain", *options))
    model.wait_for_turn(2, NET_S)
    wait_until_written(cli, b"said: cat calc.py")
    app.kill()
    answer.set()
    events = cli.events(cli.run("run", str(project), "--resume", *options).stdout)
    assert model.turns() == [0, 1, 2, 2, 3]
    log = cli.run("log", events[-1]["task"]).stdout
    assert log.count("    asked: The test fails. Mend it.\n    said: cat calc.py\n") == 1
    (told,) = cli.events(cli.run("costs", str(project), "--json").stdout)
    total = told["total"]
    assert (total["calls"], total["failed"]) == (5, 1), "the one that was cut off counts too"
    assert (total["tokens_in"], total["elsewhere"]) == (100, 5)
