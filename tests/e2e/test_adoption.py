"""The app is killed; its machine lives on, is taken up, and nothing runs twice."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest

from tests.stories import preemption
from tests.stories.preemption import App
from tests.support.real_cli import make_project, real_cli

pytestmark = pytest.mark.e2e

TASK = """\
[machine]
memory_mib = 256
[[steps]]
name = "one"
run = "echo one >> ran.txt"
[[steps]]
name = "two"
run = ". ./two.sh"
[[steps]]
name = "three"
run = "echo three >> ran.txt"
"""


TWO = """\
echo two >> ran.txt
echo $$ > pid.txt
echo here
sleep 3
echo $$ >> pid.txt
claw checkpoint
echo end >> ran.txt
"""


def test_a_running_step_goes_on_in_its_machine() -> None:
    with real_cli() as cli:
        folder = Path(tempfile.mkdtemp(dir=cli.root))
        project = make_project(folder, {".clawdesk/tasks/steps.toml": TASK, "two.sh": TWO})
        app = App(cli.start("run", str(project), "steps", "--headless", "--json"))
        said = app.wait_for("its output", lambda e: e.get("text") == "here")
        app.kill()
        done = cli.run("run", str(project), "--resume", "--headless", "--json")
        events = [event["event"] for event in cli.events(done.stdout)]
        assert "adopted" in events
        assert "attempt_ended" not in events
        shown = json.loads(cli.run("show", said["task"], "--json").stdout)
        assert (shown["state"], shown["attempt"]) == ("done", 1)
        files = preemption.files_of(project, said["task"], "ran.txt", "pid.txt")
        assert files["ran.txt"].split() == ["one", "two", "end", "three"]
        first, second = files["pid.txt"].split()
        assert first == second, "the same process"


def test_two_tasks_and_room_for_one_with_the_app_killed_twice() -> None:
    with real_cli() as cli:
        seen = preemption.tell(cli, print)
    assert seen["machines_of_it_after_yield"] == 0
