"""A newcomer's first prompt, in real machines: refused with the act named, allowed once, done.

The project has no file of ours, the user no policy. The agent is one of the catalog, unmodified;
its model's answers are written beforehand. Its image is built from where this computer gets
packages, or found among the user's own layers, where an earlier run left it.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from clawdesk.adapters.libvirt.places import machine_home
from tests.support.real_cli import RealCli, make_project, real_cli
from tests.support.scripted_model import BUG, MODEL, TEST, ScriptedModel, behind_the_fabric

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(2400)]
BUILD_S = 1500
"""An image layer that has to be built first, on a slow machine without KVM."""
ANSWERS = (
    "cat calc.py",
    "sed -i 's/a - b/a + b/' calc.py",
    "python3 test_calc.py > tested.txt",
    "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT",
)
PROMPT = "The test in test_calc.py fails. Mend calc.py."
TYPED = ("--prompt", PROMPT, "--agent", "mini-swe-agent", "--model", MODEL)


@pytest.fixture
def cli() -> Iterator[RealCli]:
    with real_cli() as found:
        yield found


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "calc", {"calc.py": BUG, "test_calc.py": TEST})


@pytest.fixture
def model(cli: RealCli, project: Path) -> Iterator[ScriptedModel]:
    with behind_the_fabric(cli, project, ANSWERS) as found:
        yield found


def with_the_users_layers(cli: RealCli) -> None:
    """From here on what other runs built is found, and what is built stays for them."""
    own = cli.data / "layers"
    shutil.rmtree(own, ignore_errors=True)
    shared = machine_home() / "layers"
    shared.mkdir(exist_ok=True)
    own.symlink_to(shared)


def answered(cli: RealCli, answer: str) -> tuple[int, str]:
    """The exit code of `images allow` whose person types that at a terminal, and what it shows."""
    person, terminal = os.openpty()
    try:
        os.write(person, f"{answer}\n".encode())
        asking = cli.start("images", "allow", stdin=terminal)
        said, _ = asking.communicate(timeout=240)
    finally:
        os.close(terminal)
        os.close(person)
    return asking.returncode, said


def test_a_first_prompt_is_refused_allowed_once_and_done(
    cli: RealCli, project: Path, model: ScriptedModel
) -> None:
    policy = Path(cli.environment["XDG_CONFIG_HOME"]) / "clawdesk" / "policy.toml"
    refused = cli.run("submit", str(project), *TYPED, code=None)
    assert refused.returncode != 0
    assert "clawdesk images allow" in refused.stderr
    assert not cli.events(cli.run("tasks", str(project), "--json").stdout)
    assert cli.run("images", "allow", code=2).stdout, "without a terminal it only shows"
    code, shown = answered(cli, "n")
    assert code == 3
    assert not policy.exists(), "no is no"
    code, shown = answered(cli, "y")
    assert code == 0, shown
    assert str(policy) in shown
    assert "clawdesk images allow --take-back" in shown
    access = json.loads(cli.run("images", "allow", "--json").stdout)
    assert access["now"]["hosts"] == access["wanted"]
    assert all(host in shown for host in access["wanted"])
    with_the_users_layers(cli)
    started = cli.start("run", str(project), *TYPED, "--headless", "--json")
    said, errors = started.communicate(timeout=BUILD_S)
    assert started.returncode == 4, errors
    events = cli.events(said)
    task = events[0]["task"]
    assert model.turns() == [0, 1, 2, 3]
    assert json.dumps(model.asked[0]).count(PROMPT) == 1
    assert not (project / ".clawdesk").exists()
    diff = cli.run("diff", task).stdout
    assert "calc.py" in diff
    [waiting] = cli.events(cli.run("inbox", "--json").stdout)
    cli.run("approve", task, str(waiting["ordinal"]))
    cli.run("run", str(project), "--resume", "--headless", "--approve", "all")
    cli.run("merge", task)
    assert (project / "calc.py").read_text() == BUG.replace("-", "+")
    assert (project / "tested.txt").read_text() == "it adds\n"
    assert "set up from nowhere any more" in cli.run("images", "allow", "--take-back").stdout
    assert "images.catalog" not in policy.read_text()
