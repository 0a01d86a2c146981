"""A prompt and nothing else: a project without any file of ours, in real machines, to its merge.

The agent is a program of the project that does what its model says; the model's answers are
written beforehand. What the agent is told is the prompt.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.real_cli import RealCli, make_project, real_cli
from tests.support.scripted_model import AGENT, BUG, MODEL, TEST, ScriptedModel, behind_the_fabric

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
PROMPT = "The test fails: mend calc.py.\n\nNot the test.\n"
SAID = "leave calc.py as it is otherwise"
TELLS = '"The test fails. Mend it."'
AGENT_RUN = "PYTHONDONTWRITEBYTECODE=1 python3 agent.py"
TYPED = ("--prompt", "-", "--agent", "command", "--run", AGENT_RUN, "--model", MODEL)


@pytest.fixture(scope="module")
def cli() -> Iterator[RealCli]:
    with real_cli() as found:
        yield found


@pytest.fixture
def project(tmp_path: Path) -> Path:
    assert TELLS in AGENT
    told = AGENT.replace(TELLS, 'os.environ["CLAWDESK_PROMPT"]')
    return make_project(tmp_path / "calc", {"agent.py": told, "calc.py": BUG, "test_calc.py": TEST})


@pytest.fixture
def model(cli: RealCli, project: Path) -> Iterator[ScriptedModel]:
    with behind_the_fabric(cli, project) as found:
        yield found


def test_a_prompt_alone_is_run_rejected_approved_and_merged(
    cli: RealCli, project: Path, model: ScriptedModel
) -> None:
    started = cli.start("run", str(project), *TYPED, "--headless", "--json", stdin=subprocess.PIPE)
    said, errors = started.communicate(PROMPT, timeout=240)
    assert started.returncode == 4, errors
    events = cli.events(said)
    task = events[0]["task"]
    assert not (project / ".clawdesk").exists()
    assert model.asked[0][0]["content"] == PROMPT.strip()
    reached = [e for e in events if e["event"] == "checkpoint_reached"]
    assert [e["message"] for e in reached] == ["before model call 3", ""], "where files changed"
    [listed] = cli.events(cli.run("tasks", str(project), "--json").stdout)
    assert (listed["name"], listed["title"]) == ("", "The test fails: mend calc.py.")
    # The end asks about all of it, also about what the point on the way held already.
    diff = cli.run("diff", task).stdout
    assert "calc.py" in diff
    assert "conversation.json" in diff
    # Another process knows it from Git alone, and begins again with the note and the prompt.
    cli.run("reject", task, "2", "--note", SAID)
    second = cli.run("run", str(project), "--resume", "--headless", "--json", code=4)
    [again] = [e for e in cli.events(second.stdout) if e["event"] == "step_started"]
    assert again["round"] == 2
    told = model.asked[-1][0]["content"]
    assert SAID in told
    assert told.endswith(PROMPT.strip())
    [waiting] = cli.events(cli.run("inbox", "--json").stdout)
    cli.run("approve", task, str(waiting["ordinal"]))
    cli.run("run", str(project), "--resume", "--headless", "--approve", "all")
    assert (project / "calc.py").read_text() == BUG, "nothing is there before the merge"
    cli.run("merge", task)
    assert (project / "calc.py").read_text() == BUG.replace("-", "+")
    assert "from a prompt" in cli.run("show", task).stdout
    assert not cli.machines()
