"""A user's `git update-ref -d` and `git gc --prune=now` beside a task that works: real parts."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from clawdesk.runtime import crash
from tests.e2e.test_model_calls import FILES, assert_mended
from tests.soak.kill9 import fsck, locks
from tests.stories.preemption import App, records_of
from tests.support.patience import NET_S
from tests.support.real_cli import RealCli, make_project, real_cli
from tests.support.scripted_model import ScriptedModel, behind_the_fabric

pytestmark = pytest.mark.e2e

OPTIONS = ("--headless", "--json", "--approve", "all")


@contextmanager
def beside(folder: Path) -> Iterator[tuple[RealCli, Path, ScriptedModel]]:
    """A project with a task whose second model call is not answered yet."""
    with real_cli() as cli:
        project = make_project(folder / "calc", FILES)
        with behind_the_fabric(cli, project) as model:
            model.gates[1] = threading.Event()
            yield cli, project, model


def git(project: Path, *arguments: str) -> str:
    command = ["git", "-C", str(project), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def its_ref_is_deleted(cli: RealCli, project: Path, model: ScriptedModel) -> tuple[App, str]:
    """While its second call waits for an answer, behind its first checkpoint: (app, task)."""
    app = App(cli.start("run", str(project), "mend", *OPTIONS))
    reached = app.wait_for("a checkpoint", lambda e: e["event"] == "checkpoint_reached")
    model.wait_for_turn(1, NET_S)
    git(project, "update-ref", "-d", f"refs/clawdesk/tasks/{reached['task']}")
    return app, reached["task"]


def test_a_ref_that_was_deleted_is_put_back(tmp_path: Path) -> None:
    with beside(tmp_path) as (cli, project, model):
        app, task = its_ref_is_deleted(cli, project, model)
        model.gates[1].set()
        app.end(NET_S)
        assert model.turns() == [0, 1, 2, 3]
        assert_mended(project, task)
        history = records_of(project, task)
        assert (history[0], history[-1]) == ("submitted", "finished")
        assert history.count("checkpoint") == 4
        assert (fsck(project), locks(project)) == (0, 0)


@pytest.mark.parametrize("dies", [False, True])
def test_where_its_commits_are_gone_the_task_begins_anew(tmp_path: Path, dies: bool) -> None:
    with beside(tmp_path) as (cli, project, model):
        if dies:
            cli.environment["CLAWDESK_CRASH_AT"] = "history.begun"
        app, task = its_ref_is_deleted(cli, project, model)
        cli.environment.pop("CLAWDESK_CRASH_AT", None)
        git(project, "gc", "-q", "--prune=now")
        model.gates[1].set()
        if dies:
            app.close()
            assert app.process.returncode == crash.EXIT_CODE, app.errors[-10:]
            cli.run("run", str(project), "--resume", *OPTIONS)
        else:
            app.end(NET_S)
            said = "starts again from its beginning; what it had done is lost"
            assert any(said in line for line in app.errors), app.errors
        assert model.turns() == [0, 1, 0, 1, 2, 3]
        assert_mended(project, task)
        history = records_of(project, task)
        assert (history[0], history[-1]) == ("submitted", "finished")
        assert history.count("checkpoint") == 4
        assert ("history_lost" in history) is not dies
        (told,) = cli.events(cli.run("tasks", str(project), "--json").stdout)
        assert (told["state"], told["attempt"]) == ("done", 2)
        assert (fsck(project), locks(project)) == (0, 0)
        assert not cli.machines()
