"""Agents people already use, unmodified, from an image layer, in real machines.

mini-swe-agent mends a bug with a model whose answers are written beforehand. Its layer is built
once for this computer, in the folder of the user's own layers, and found there by later runs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.stories.preemption import App, files_of
from tests.support.mirrors import policy_file, python_hosts
from tests.support.real_cli import RealCli, make_project, real_cli
from tests.support.scripted_model import BUG, MODEL, TEST, ScriptedModel, scripted_model

pytestmark = pytest.mark.e2e

SUBMIT = "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"
BUILD_S = 1500.0
"""An image layer that has to be built first, on a slow machine without KVM."""
COMMANDS = (
    "cat calc.py",
    "sed -i 's/a - b/a + b/' calc.py",
    "python3 test_calc.py > tested.txt",
    SUBMIT,
)
TASK = f"""
title = "Mend it"
[machine]
memory_mib = 768
[models]
default = "{MODEL}"
[agent]
kind = "mini-swe-agent"
prompt = "The test in test_calc.py fails. Mend calc.py."
"""


@pytest.fixture(scope="module")
def cli() -> Iterator[RealCli]:
    with real_cli(shared=("layers",)) as found:
        settings = Path(found.environment["XDG_CONFIG_HOME"]) / "clawdesk"
        settings.mkdir(parents=True, exist_ok=True)
        (settings / "policy.toml").write_text(policy_file(python_hosts()))
        yield found


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files = {
        ".clawdesk/tasks/mend.toml": TASK,
        ".clawdesk/project.toml": f"[network]\nallow = {json.dumps(python_hosts())}\n",
        "calc.py": BUG,
        "test_calc.py": TEST,
    }
    return make_project(tmp_path / "calc", files)


@pytest.fixture
def model(cli: RealCli, project: Path) -> Iterator[ScriptedModel]:
    with scripted_model(COMMANDS) as found:
        settings = Path(cli.environment["XDG_CONFIG_HOME"]) / "clawdesk"
        (settings / "models.toml").write_text(found.catalog(str(project)))
        try:
            yield found
        finally:
            cli.stop_fabric()


def said(events: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [event for event in events if event["event"] == name]


def test_mini_swe_agent_mends_a_bug(cli: RealCli, project: Path, model: ScriptedModel) -> None:
    app = App(cli.start("run", str(project), "mend", "--headless", "--json", "--approve", "all"))
    last = app.wait_for("the end", lambda e: e["event"] == "task_finished", BUILD_S)
    app.close()
    print(last)
    files = files_of(project, last["task"], "calc.py", "tested.txt")
    assert files["calc.py"] == BUG.replace("-", "+")
    assert files["tested.txt"] == "it adds\n"
