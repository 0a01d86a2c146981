"""The sample project as a newcomer runs it without a screen: machine, model and merge are real."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pygit2
import pytest

from tests.support.fabric_docker import docker_with_image
from tests.support.real_cli import RealCli, real_cli

pytestmark = pytest.mark.e2e


@pytest.fixture
def cli() -> Iterator[RealCli]:
    # DOCKER_HOST stands in the environment while the engine is open, and is copied from there.
    with docker_with_image(), real_cli() as found:
        yield found


def test_the_demo_calls_the_model_asks_and_merges(cli: RealCli, tmp_path: Path) -> None:
    project = tmp_path / "sample"
    done = cli.run("demo", "--headless", "--json", "--dir", str(project))
    events = cli.events(done.stdout)
    names = [event["event"] for event in events]
    assert names[-1] == "task_finished"
    assert {"clarification_requested", "approval_requested", "decision_given"} <= set(names)
    said = [e["text"] for e in events if e["event"] == "step_output"]
    answers = [text.partition(": ")[2] for text in said if text.startswith("The model about")]
    assert len(answers) >= 2, "the model was not asked"
    assert all(answers), "the model said nothing"
    assert "not by a person" in done.stderr
    channels = {e["channel"] for e in events if e["event"] == "decision_given"}
    assert channels == {"demo-script"}

    repository = pygit2.Repository(project)
    assert len(list(repository.walk(repository.head.target))) == 2
    index = (project / "INDEX.md").read_text()
    assert any(answer[:20] in index for answer in answers), (
        "the model's words are not in the result"
    )
    assert not cli.machines()
