"""A task that waits for a person gives its memory back by policy, and has it again: real parts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.stories.preemption import App, files_of, machines_of, records_of
from tests.support.patience import NET_S
from tests.support.real_cli import RealCli, make_project, real_cli

pytestmark = pytest.mark.e2e
FILES = {
    ".clawdesk/tasks/ask.toml": """\
[machine]
memory_mib = 256
[[steps]]
name = "ask"
run = "python3 ask.py"
""",
    "ask.py": """\
import os, secrets, subprocess
secret = secrets.token_hex(16)  # nowhere but in this process's memory
for name in ("first.txt", "last.txt"):
    with open(name, "w") as out:
        print(os.getpid(), secret, file=out)
    if name == "first.txt":
        subprocess.run(["claw", "checkpoint", "--approve"], check=True)
""",
}


@pytest.fixture
def cli() -> Iterator[RealCli]:
    with real_cli() as found:
        yield found


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """(what a person types into, what a program reads from)."""
    ends = os.openpty()
    yield ends
    for end in ends:
        os.close(end)


def test_memory_goes_while_nobody_answers_and_comes_back_with_the_answer(
    cli: RealCli, tmp_path: Path, terminal: tuple[int, int]
) -> None:
    policy = cli.root / "config/clawdesk/policy.toml"
    policy.parent.mkdir(parents=True)
    policy.write_text("[held]\nmemory_s = 1\n")
    project = make_project(tmp_path / "p", FILES)
    person, theirs = terminal
    app = App(cli.start("run", str(project), "ask", "--headless", "--json", stdin=theirs))
    task = app.wait_for("its machine", lambda e: e["event"] == "machine_started")["task"]
    [qemu] = machines_of(cli, task)
    held_mib = qemu.memory_full_info().pss / 2**20
    assert held_mib > 40, "it holds memory of this host"
    app.wait_for("its question", lambda e: e["event"] == "approval_requested")
    _, alive = psutil.wait_procs([qemu], timeout=60)
    assert alive == [], "after a second of silence its memory is this host's again"
    assert machines_of(cli, task) == []
    [shown] = cli.events(cli.run("inbox", "--json").stdout)
    assert shown["task"] == task, "it is asked all the same"
    os.write(person, b"yes\n")
    resumed = app.wait_for("that it goes on", lambda e: e["event"] == "task_resumed")
    assert (resumed["memory"], resumed["attempt"]) == (True, 1)
    app.end(NET_S)
    made = files_of(project, task, "first.txt", "last.txt")
    assert made["first.txt"] == made["last.txt"], "the same process, the same memory"
    assert "attempt_ended" not in records_of(project, task)
