"""What goes wrong on real machines: each fault ends in a clear word and nothing is left behind."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.patience import NET_S
from tests.support.real_cli import RealCli, make_project, real_cli

pytestmark = pytest.mark.e2e
HEAD = '[machine]\nmemory_mib = 256\ndisk_mib = 512\n[[steps]]\nname = "only"\n'
TASKS = {
    "two": "echo a > a.txt; claw checkpoint -m first; echo b > b.txt; "
    "claw checkpoint -m second; sleep 600",
    "long": "claw checkpoint -m begun; sleep 600",
    "panic": "echo 1 > /proc/sys/kernel/sysrq; echo c > /proc/sysrq-trigger; sleep 60",
    "flood": "yes 0123456789abcdef | head -c 40000000; echo; echo the end",
    "names": "touch 'a\\\\b' \"$(printf 'new\\nline')\"; mkdir -p x/.GIT; echo e > x/.GIT/config; "
    "echo fine > fine.txt",
    "asks": "echo x > x.txt; claw checkpoint --approve -m look",
}
SILENCE_S = 30
"""How long a machine may say nothing."""


class Running:
    """A `clawdesk run --json` under way; events are waited for, never slept for."""

    def __init__(self, cli: RealCli, project: Path, task: str, within_s: float = NET_S) -> None:
        arguments = ("run", str(project), task, "--headless", "--json")
        self.process: subprocess.Popen[str] = cli.start(*arguments)
        self.events: list[dict[str, Any]] = []
        self._guard = threading.Timer(within_s, self.process.kill)
        self._guard.start()

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Read on until an event is the wanted one."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            event: dict[str, Any] = json.loads(line)
            self.events.append(event)
            if wanted(event):
                return event
        raise AssertionError(f"ended without it: {self.end()}\n{self.events[-5:]}")

    def end(self) -> tuple[int, str]:
        """Exit code and what it said on standard error."""
        out, err = self.process.communicate(timeout=NET_S)
        self.events += [json.loads(line) for line in out.splitlines()]
        self._guard.cancel()
        self._guard.join()
        return self.process.returncode, err


@pytest.fixture(scope="module")
def cli() -> Iterator[RealCli]:
    with real_cli() as found:
        yield found


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files = {"notes.txt": "start\n"}
    for name, command in TASKS.items():
        steps = f"{HEAD}run = '''{command}'''\n"
        files[f".clawdesk/tasks/{name}.toml"] = f'title = "{name}"\n{steps}'
    return make_project(tmp_path / "project", files)


def reached(ordinal: int) -> Callable[[dict[str, Any]], bool]:
    return lambda e: e["event"] == "checkpoint_reached" and e["ordinal"] == ordinal


def test_going_back_keeps_what_was_and_other_commands_are_clients(
    cli: RealCli, project: Path
) -> None:
    running = Running(cli, project, "two")
    task = running.until(reached(2))["task"]
    [seen] = [e for e in cli.events(cli.run("tasks", "--json").stdout) if e["task"] == task]
    assert seen["state"] == "running"
    assert "Going back" in cli.run("restore", task, "1").stdout
    assert running.until(lambda e: e["event"] == "restored")["ordinal"] == 1
    resumed = running.until(lambda e: e["event"] == "task_resumed")
    assert resumed["memory"] is True
    again = running.until(reached(4))
    assert again["message"] == "second"
    safety = next(e for e in running.events if reached(3)(e))
    assert safety["safety"] is True, "nothing was kept before going back"
    assert "b.txt" in cli.run("diff", task, "1", "4").stdout
    assert "Cancelled" in cli.run("cancel", task).stdout
    code, _ = running.end()
    assert code == 3
    assert running.events[-1]["status"] == "cancelled"
    assert not cli.machines()


def test_a_killed_machine_starts_the_task_again(cli: RealCli, project: Path) -> None:
    running = Running(cli, project, "long")
    task = running.until(reached(1))["task"]
    machine = next(e for e in running.events if e["event"] == "machine_started")["machine"]
    [qemu] = [p for p in cli.machines() if machine in " ".join(p.cmdline())]
    qemu.kill()
    ended = running.until(lambda e: e["event"] == "attempt_ended")
    assert ended["why"]
    second = running.until(lambda e: e["event"] == "machine_started")
    assert second["attempt"] == 2
    cli.run("cancel", task)
    assert running.end()[0] == 3
    assert not cli.machines()


def test_a_machine_that_hangs_starts_its_task_again_and_no_other(
    cli: RealCli, project: Path
) -> None:
    running = Running(cli, project, "long", within_s=SILENCE_S + 2 * NET_S)
    task = running.until(reached(1))["task"]
    machine = next(e for e in running.events if e["event"] == "machine_started")["machine"]
    [qemu] = [p for p in cli.machines() if machine in " ".join(p.cmdline())]
    qemu.suspend()  # it lives, and nothing comes from it any more
    beside = Running(cli, project, "two")
    other = beside.until(reached(2))["task"]
    ended = running.until(lambda e: e["event"] == "attempt_ended")
    assert "stopped answering" in ended["why"]
    assert running.until(lambda e: e["event"] == "machine_started")["attempt"] == 2
    assert not qemu.is_running(), "the one that hangs is ended"
    cli.run("cancel", other)
    cli.run("cancel", task)
    assert (beside.end()[0], running.end()[0]) == (3, 3)
    assert "attempt_ended" not in [e["event"] for e in beside.events]
    assert not cli.machines()


def test_a_guest_that_panics_fails_its_task_with_the_reason(cli: RealCli, project: Path) -> None:
    running = Running(cli, project, "panic")
    code, _ = running.end()
    assert code == 1
    end = running.events[-1]
    assert end["status"] == "failed"
    assert "Lost 3 machines" in end["text"]
    assert not cli.machines(), [" ".join(p.cmdline())[:300] for p in cli.machines()]


def test_a_flood_of_output_is_bounded_and_the_task_goes_on(cli: RealCli, project: Path) -> None:
    running = Running(cli, project, "flood")
    code, _ = running.end()
    assert code == 0
    texts = [e["text"] for e in running.events if e["event"] == "step_output"]
    assert texts[-1] == "the end"


def test_hostile_names_are_refused_and_named(cli: RealCli, project: Path) -> None:
    running = Running(cli, project, "names")
    assert running.end()[0] == 0
    [checkpoint] = [e for e in running.events if e["event"] == "checkpoint_reached"]
    assert checkpoint["diffstat"]["files"] == 1
    assert len(checkpoint["not_taken"]) >= 3, checkpoint


def test_a_rejected_claw_checkpoint_tells_its_caller(cli: RealCli, project: Path) -> None:
    running = Running(cli, project, "asks")
    assert running.end()[0] == 4
    task = running.events[0]["task"]
    cli.run("diff", task, "1")
    cli.run("reject", task, "1", "--note", "no, thank you")
    done = cli.run("run", str(project), "--resume", "--headless", "--json", code=3)
    end = cli.events(done.stdout)[-1]
    assert (end["status"], "no, thank you" in end["text"]) == ("rejected", True)


def test_two_tasks_run_side_by_side_under_one_plane(cli: RealCli, project: Path) -> None:
    first = Running(cli, project, "long")
    task = first.until(reached(1))["task"]
    second = Running(cli, project, "two")
    other = second.until(reached(1))["task"]
    states = {e["task"]: e["state"] for e in cli.events(cli.run("tasks", "--json").stdout)}
    assert {states[task], states[other]} <= {"running", "snapshotting"}
    assert len({e["machine"] for e in (*first.events, *second.events) if "machine" in e}) == 2
    # The first command's process holds the plane: it stays until the other's task is at rest.
    cli.run("cancel", task)
    second.until(reached(2))
    cli.run("cancel", other)
    assert (second.end()[0], first.end()[0]) == (3, 3)
    assert not cli.machines()


def test_sigterm_suspends_and_the_task_goes_on_where_it_was(cli: RealCli, project: Path) -> None:
    running = Running(cli, project, "long")
    task = running.until(reached(1))["task"]
    running.process.terminate()
    running.end()
    assert not cli.machines()
    again = cli.start("run", str(project), "--resume", "--headless", "--json")
    assert again.stdout is not None
    resumed = next(e for e in map(json.loads, again.stdout) if e["event"] == "task_resumed")
    assert (resumed["memory"], resumed["attempt"]) == (True, 1)
    cli.run("cancel", task)
    again.communicate(timeout=NET_S)
    assert again.returncode == 3
