"""Agents that know nothing of ClawDesk: their model calls are where work is made durable.

A real machine, the real Fabric, and a model whose answers are written beforehand.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.stories.preemption import App, files_of
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
    # Back to where the second call waited: the same process goes on from its memory.
    cli.run("restore", task, "1")
    cli.run("run", str(project), "--resume", "--headless", "--json", "--approve", "all")
    assert model.turns() == [0, 1, 2, 3, 1, 2, 3]
    assert_mended(project, task)


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
