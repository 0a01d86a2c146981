"""The Fabric is killed while a task holds a lease and a call of it is under way: real parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import psutil
import pytest

from tests.e2e.test_model_calls import FILES, assert_mended
from tests.stories.preemption import App
from tests.support.patience import NET_S
from tests.support.real_cli import RealCli, make_project, real_cli
from tests.support.scripted_model import ScriptedModel, behind_the_fabric

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def cli() -> Iterator[RealCli]:
    with real_cli() as found:
        yield found


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "calc", FILES)


@pytest.fixture
def model(cli: RealCli, project: Path) -> Iterator[ScriptedModel]:
    with behind_the_fabric(cli, project) as found:
        found.gates[1] = Event()
        yield found


def waiting_for_an_answer(cli: RealCli, project: Path, model: ScriptedModel) -> App:
    """The task holds a lease, and its second call is under way."""
    app = App(cli.start("run", str(project), "mend", "--headless", "--json", "--approve", "all"))
    app.wait_for("a call that is made durable first", is_now("checkpoint_reached"))
    model.wait_for_turn(1, NET_S)
    return app


def kill_the_fabric(cli: RealCli) -> None:
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if {"clawdesk_fabric", "serve"} <= set(words) and str(cli.root) in " ".join(words):
            process.kill()
            return
    raise AssertionError("no Fabric runs")


def is_now(name: str, but: dict[str, Any] | None = None) -> Callable[[dict[str, Any]], bool]:
    """An event of that name, and another one than `but`."""
    return lambda event: event["event"] == name and event is not but


def test_a_task_goes_on_with_a_fabric_that_was_started_anew(
    cli: RealCli, project: Path, model: ScriptedModel
) -> None:
    app = waiting_for_an_answer(cli, project, model)
    kill_the_fabric(cli)
    app.wait_for("that the lease is gone", is_now("lease_ended"))
    first = app.wait_for("its lease", is_now("lease_granted"))
    granted = app.wait_for("another lease", is_now("lease_granted", but=first))
    model.gates[1].set()
    app.end(NET_S)
    # The call of which no byte had come was made again; its task never noticed.
    assert model.turns() == [0, 1, 1, 2, 3]
    assert_mended(project, granted["task"])
    history = cli.run("show", granted["task"]).stdout
    assert "attempt_ended" not in history


def test_a_step_fails_plainly_where_no_fabric_starts_again(
    cli: RealCli, project: Path, model: ScriptedModel
) -> None:
    app = waiting_for_an_answer(cli, project, model)
    catalog = Path(cli.environment["XDG_CONFIG_HOME"]) / "clawdesk/models.toml"
    catalog.write_text("models = [")
    kill_the_fabric(cli)
    app.wait_for("that the lease is gone", is_now("lease_ended"))
    ended = app.wait_for("its end", is_now("task_finished"))
    app.close()
    assert (ended["status"], app.process.returncode) == ("failed", 1)
    assert "Step agent exited with 1" in ended["text"]
    told = cli.run("log", ended["task"]).stdout
    assert "models.toml is not TOML" in told, told
