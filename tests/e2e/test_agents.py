"""Agents people already use, unmodified, from an image layer, in real machines.

Each mends a bug with a model whose answers are written beforehand. Its layer is built once for this
computer, in the folder of the user's own layers, and found there by later runs.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.stories.preemption import App, files_of, records_of
from tests.support.mirrors import (
    cli_with_layers,
    debian_hosts,
    npm_hosts,
    project_file,
    python_hosts,
)
from tests.support.real_cli import RealCli, make_project
from tests.support.scripted_model import BUG, MODEL, TEST, Said, ScriptedModel, behind_the_fabric

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(2400)]

SUBMIT = "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"
BUILD_S = 1500.0
"""An image layer that has to be built first, on a slow machine without KVM."""
LOOK, MEND, CHECK = (
    "cat calc.py",
    "sed -i 's/a - b/a + b/' calc.py",
    "python3 test_calc.py > tested.txt",
)
TASK = f"""
title = "Mend it"
priority = -5
[machine]
memory_mib = MEMORY
[models]
default = "{MODEL}"
[agent]
kind = "KIND"
prompt = "The test in test_calc.py fails. Mend calc.py."
"""
ONE_AT_A_TIME = "[host]\nmachines_max = 1\n[priority]\nrun_s_min = 1\n"
URGENT = """
title = "Urgent"
priority = 5
[machine]
memory_mib = 256
[[steps]]
name = "hurry"
run = "echo now > urgent.txt"
"""

RAISE = """
[machine]
memory_mib = 768
disk_mib = 1024
[[steps]]
name = "raise"
run = "semver 1.2.3 --increment minor > raised.txt"
"""
GREET = """
[machine]
disk_mib = 1024
[[steps]]
name = "greet"
run = "hello > greeting.txt"
"""


@dataclass(frozen=True, slots=True)
class Agent:
    """A kind of the catalog, and what its model answers so that it does the four things."""

    kind: str
    answers: tuple[str, ...]
    memory_mib: int = 768


def _block(tool: str, content: str) -> str:
    return f"Next:\n\n```{tool}\n{content}\n```\n"


AGENTS = (
    Agent("mini-swe-agent", (LOOK, MEND, CHECK, SUBMIT)),
    Agent(
        "gptme",
        (*(_block("shell", run) for run in (LOOK, MEND, CHECK)), _block("complete", "It adds.")),
    ),
)
OPENCODE = Agent("opencode", (LOOK, MEND, CHECK, Said("It adds.")), memory_mib=1536)
"""Of npm. It takes a minute to start under emulation, so it does one of the two tests."""


@cache
def hosts() -> tuple[str, ...]:
    return (*python_hosts(), *debian_hosts(), *npm_hosts())


@pytest.fixture(scope="module")
def cli() -> Iterator[RealCli]:
    with cli_with_layers(hosts()) as found:
        yield found


def each_of(*agents: Agent) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("agent", agents, ids=lambda agent: agent.kind)


@pytest.fixture
def project(tmp_path: Path, agent: Agent) -> Path:
    files = {
        ".clawdesk/tasks/mend.toml": (
            TASK.replace("KIND", agent.kind).replace("MEMORY", str(agent.memory_mib))
        ),
        ".clawdesk/tasks/urgent.toml": URGENT,
        ".clawdesk/project.toml": project_file(hosts()),
        "calc.py": BUG,
        "test_calc.py": TEST,
    }
    return make_project(tmp_path / "calc", files)


@pytest.fixture
def model(cli: RealCli, project: Path, agent: Agent) -> Iterator[ScriptedModel]:
    with behind_the_fabric(cli, project, agent.answers) as found:
        yield found


def assert_mended(project: Path, task: str) -> None:
    files = files_of(project, task, "calc.py", "tested.txt")
    assert files["calc.py"] == BUG.replace("-", "+")
    assert files["tested.txt"] == "it adds\n"


def run(cli: RealCli, *arguments: str) -> App:
    options = ("--headless", "--json", "--approve", "all")
    return App(cli.start("run", *arguments, *options))


def reached(number: int) -> Callable[[dict[str, Any]], bool]:
    return lambda e: bool(e["event"] == "checkpoint_reached" and e["ordinal"] == number)


@each_of(*AGENTS, OPENCODE)
def test_an_agent_mends_a_bug_and_does_it_again_from_a_call(
    cli: RealCli, project: Path, model: ScriptedModel
) -> None:
    app = run(cli, str(project), "mend")
    task = app.end(BUILD_S)["task"]
    assert model.turns() == [0, 1, 2, 3]
    assert json.dumps(model.asked[0]).count("Mend calc.py.") == 1
    assert_mended(project, task)
    commits = [e["commit"] for e in app.events if e["event"] == "checkpoint_reached"]
    assert files_of(project, task, "calc.py", at=commits[0])["calc.py"] == BUG
    # Back to where its second call waited: the same process goes on, from its memory.
    cli.run("restore", task, "1")
    run(cli, str(project), "--resume").end(BUILD_S)
    assert model.turns() == [0, 1, 2, 3, 1, 2, 3]
    assert model.asked[4] == model.asked[1]
    assert_mended(project, task)


@each_of(*AGENTS)
def test_an_agent_lives_through_a_kill_of_the_app_and_gives_way_in_the_middle(
    cli: RealCli, project: Path, model: ScriptedModel
) -> None:
    settings = Path(cli.environment["XDG_CONFIG_HOME"]) / "clawdesk"
    usual = (settings / "policy.toml").read_text()
    (settings / "policy.toml").write_text(usual + ONE_AT_A_TIME)
    answer = model.gates[1] = threading.Event()
    try:
        first = run(cli, str(project), "mend")
        task = first.wait_for("a checkpoint", reached(1), BUILD_S)["task"]
        # Its second call is under way; nothing is interrupted for the other task.
        model.wait_for_turn(1, BUILD_S)
        cli.run("submit", str(project), "urgent")
        first.kill()
        answer.set()
        run(cli, str(project), "--resume").end(BUILD_S)  # the urgent one, which is the newer
    finally:
        (settings / "policy.toml").write_text(usual)
    run(cli, str(project), "--resume").end(BUILD_S)
    history = records_of(project, task)
    assert history.index("adopted") < history.index("yielded") < history.index("resumed")
    assert "attempt_ended" not in history
    # The call of which no byte had come back was made again, and no other.
    assert model.turns() == [0, 1, 1, 2, 3]
    assert_mended(project, task)


def test_debian_packages_are_installed_by_the_guests_apt(cli: RealCli, tmp_path: Path) -> None:
    files = {
        ".clawdesk/tasks/greet.toml": GREET,
        ".clawdesk/image.toml": f'debian = ["hello"]\nnetwork = {json.dumps(debian_hosts())}\n',
        ".clawdesk/project.toml": project_file(hosts()),
    }
    project = make_project(tmp_path / "greet", files)
    task = run(cli, str(project), "greet").end(BUILD_S)["task"]
    assert files_of(project, task, "greeting.txt")["greeting.txt"] == "Hello, world!\n"


def test_npm_packages_are_installed_and_run(cli: RealCli, tmp_path: Path) -> None:
    files = {
        ".clawdesk/tasks/raise.toml": RAISE,
        ".clawdesk/image.toml": 'npm = ["semver@7"]\n',
        ".clawdesk/project.toml": project_file((*python_hosts(), *npm_hosts())),
    }
    project = make_project(tmp_path / "raise", files)
    task = run(cli, str(project), "raise").end(BUILD_S)["task"]
    assert files_of(project, task, "raised.txt")["raised.txt"] == "1.3.0\n"
