"""Two tasks on a host with room for one; the app is killed twice in between.

A long task keeps a secret in its memory only. An urgent one arrives: the long one yields at its
next checkpoint, its machine is destroyed, the urgent one runs, and the long one comes back with the
same process and the same secret. ClawDesk is killed with SIGKILL after the urgent task was accepted
and again while it runs. Run it with `make demo-preemption`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pygit2

from tests.support.patience import NET_S
from tests.support.real_cli import RealCli, make_project, real_cli

POLICY = """\
[host]
machines_max = 1
[priority]
run_s_min = 1
"""
LONG = """\
title = "Long"
priority = -5
[machine]
memory_mib = 256
[[steps]]
name = "count"
run = "python3 count.py"
"""
COUNT = """\
import os, secrets, subprocess, time
secret = secrets.token_hex(16)  # nowhere but in this process's memory
with open("first.txt", "w") as out:
    print(os.getpid(), secret, file=out)
for number in range(12):
    time.sleep(0.5)  # its work takes time; nobody waits for this by the clock
    with open("count.txt", "a") as out:
        print(number, file=out)
    subprocess.run(["claw", "checkpoint", "-m", f"number {number}"], check=True)
with open("last.txt", "w") as out:
    print(os.getpid(), secret, file=out)
"""
URGENT = """\
title = "Urgent"
priority = 5
[machine]
memory_mib = 256
[[steps]]
name = "hurry"
run = "for i in 1 2 3 4; do echo $i >> urgent.txt; sleep 1; claw checkpoint; done"
"""


@dataclass
class App:
    """One running ClawDesk, its events as they come."""

    process: subprocess.Popen[str]
    events: list[dict[str, Any]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    moved: threading.Condition = field(default_factory=threading.Condition)
    readers: list[threading.Thread] = field(default_factory=list)
    over: bool = False  # it has ended, and all that it said was read

    def __post_init__(self) -> None:
        for read in (self._read, self._read_errors):
            reader = threading.Thread(target=read, daemon=True)
            reader.start()
            self.readers.append(reader)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self.moved:
                self.events.append(json.loads(line))
                self.moved.notify_all()
        self.process.wait()
        with self.moved:
            self.over = True
            self.moved.notify_all()

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.errors.append(line.rstrip())

    def wait_for(
        self, what: str, wanted: Callable[[dict[str, Any]], bool], within_s: float = NET_S
    ) -> dict[str, Any]:
        """The first event that is wanted; fails with all that was said."""
        with self.moved:
            self.moved.wait_for(lambda: self.over or any(map(wanted, self.events)), within_s)
            for event in self.events:
                if wanted(event):
                    return event
        self.kill()  # it is nobody's any more: what its last words are belongs to the failure
        seen = [(e["event"], e["task"][-4:]) for e in self.events if e["event"] != "step_output"]
        raise AssertionError(f"never {what}; saw {seen}; said {self.errors[-20:]}")

    def end(self, within_s: float) -> dict[str, Any]:
        """Its last word, and well; also where an image layer has to be built first."""
        last = self.wait_for("the end", lambda e: bool(e["event"] == "task_finished"), within_s)
        self.close()
        assert last["status"] == "done", last
        return last

    def kill(self) -> None:
        """SIGKILL: no word of farewell."""
        self.process.kill()
        self.close()

    def close(self) -> None:
        """Wait for its end, and for all that it said."""
        self.process.wait(timeout=NET_S)
        for reader in self.readers:
            reader.join(NET_S)
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()


def tell(cli: RealCli, say: Callable[[str], None]) -> dict[str, Any]:
    """Run the story; returns what was seen. Fails where a promise is broken."""
    config = Path(cli.environment["XDG_CONFIG_HOME"]) / "clawdesk"
    config.mkdir(parents=True, exist_ok=True)
    (config / "policy.toml").write_text(POLICY)
    files = {
        ".clawdesk/tasks/long.toml": LONG,
        ".clawdesk/tasks/urgent.toml": URGENT,
        "count.py": COUNT,
    }
    project = make_project(Path(tempfile.mkdtemp(dir=cli.root)), files)

    say("The long task starts on a host with room for one machine.")
    first = App(cli.start("run", str(project), "long", "--headless", "--json"))
    long_id = first.wait_for("a checkpoint", _is("checkpoint_reached"))["task"]
    memory_mib = sum(p.memory_full_info().pss for p in machines_of(cli, long_id)) / 2**20
    say(f"Its machine holds {memory_mib:.0f} MiB. The urgent task is submitted.")
    cli.run("submit", str(project), "urgent")
    first.kill()
    assert len(machines_of(cli, long_id)) == 1, "the machine outlives the app"
    say("ClawDesk was killed. It is started again and finds the machine alive.")

    second = App(cli.start("run", str(project), "--resume", "--headless", "--json"))
    started = second.wait_for("the urgent machine", _is("machine_started"))
    urgent_id = started["task"]
    assert urgent_id != long_id
    why = json.loads(cli.run("why", long_id, "--json").stdout)["reason"]
    assert not machines_of(cli, long_id), "its machine is gone, memory and all"
    assert len(machines_of(cli, urgent_id)) == 1
    say(f"The long task yielded; its machine is destroyed. It waits: {why['text']}")
    second.wait_for("a checkpoint of the urgent task", _is("checkpoint_reached", urgent_id))
    second.kill()
    say("ClawDesk was killed again, while the urgent task ran.")

    third = App(cli.start("run", str(project), "--resume", "--headless", "--json"))
    third.wait_for("the end of the urgent task", _is("task_finished", urgent_id))
    say("The urgent task is done. The long one comes back from its snapshot.")
    third.close()
    assert third.process.returncode == 0, third.errors[-10:]

    shown = json.loads(cli.run("show", long_id, "--json").stdout)
    assert shown["state"] == "done", shown
    files_at_end = files_of(project, long_id, "first.txt", "last.txt", "count.txt")
    pid, secret = files_at_end["last.txt"].split()
    assert files_at_end["first.txt"].split() == [pid, secret], "the same process, the same memory"
    assert files_at_end["count.txt"].split() == [str(n) for n in range(12)], "nothing ran twice"
    history = records_of(project, long_id)
    assert "yielded" in history, history
    assert "attempt_ended" not in history, history
    say("It is done too: same process, same secret, every number once.")
    return {
        "memory_mib": round(memory_mib),
        "machines_of_it_after_yield": 0,
        "history": history,
        "why": why["text"],
    }


def _is(name: str, task: str = "") -> Callable[[dict[str, Any]], bool]:
    return lambda event: event["event"] == name and (not task or event["task"] == task)


def machines_of(cli: RealCli, task: str) -> list[psutil.Process]:
    """QEMU processes of a task; the one that makes a warm template is nobody's."""
    return [p for p in cli.machines() if task.lower() in " ".join(p.cmdline()).lower()]


def tip(project: Path, task: str) -> pygit2.Commit:
    repository = pygit2.Repository(str(project))
    return repository.references[f"refs/clawdesk/tasks/{task}"].peel(pygit2.Commit)


def files_of(project: Path, task: str, *names: str, at: str = "") -> dict[str, str]:
    """Files of a task's present tree (or that of a commit of its), as text."""
    tree = (pygit2.Repository(project)[at].peel(pygit2.Commit) if at else tip(project, task)).tree
    found = {}
    for name in names:
        blob = tree[name]
        assert isinstance(blob, pygit2.Blob)
        found[name] = blob.data.decode()
    return found


def records_of(project: Path, task: str) -> list[str]:
    """Events of the audit trail, oldest first."""
    names, commit = [], tip(project, task)
    while True:
        for line in commit.message.splitlines():
            if line.startswith("Clawdesk-Event: "):
                names.append(line.partition(": ")[2])
        if not names or names[-1] == "submitted" or not commit.parents:
            return names[::-1]
        commit = commit.parents[0]


def main() -> int:
    with real_cli() as cli:
        seen = tell(cli, lambda text: print(f"-- {text}", flush=True))
    print(json.dumps(seen))
    return 0


if __name__ == "__main__":
    sys.exit(main())
