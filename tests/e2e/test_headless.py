"""The main job without a screen, on real machines: run, decide, resume, go back, merge."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pygit2
import pytest

from tests.support.real_cli import RealCli, make_project, real_cli

pytestmark = pytest.mark.e2e

TASK = """
title = "Write and ask"
[machine]
memory_mib = 256
disk_mib = 512
[[steps]]
name = "write"
run = "echo one > one.txt; echo two >> notes.txt; echo hello from the step"
[[steps]]
name = "ask"
run = "claw ask 'Which colour?' --choice red --choice blue --key colour > colour.txt"
[[steps]]
name = "approve"
run = "date +%s > when.txt; claw feedback > feedback.txt; true"
checkpoint = "approve"
"""
ASKS_AGAIN = """
title = "Ask again"
[machine]
memory_mib = 256
disk_mib = 512
[[steps]]
name = "ask"
run = '''
asked=$(claw ask 'Which colour?' --key colour) || [ $? = 4 ]
printf '%s\\n' "$asked" > asked.txt
claw ask "You ask: $asked Which colour?" --key colour > colour.txt
'''
"""
FAILING = """
title = "Fails"
[machine]
memory_mib = 256
disk_mib = 512
[[steps]]
name = "break"
run = "echo the reason is here; exit 7"
"""


@pytest.fixture(scope="module")
def cli() -> Iterator[RealCli]:
    with real_cli() as found:
        yield found


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files = {
        "notes.txt": "start\n",
        ".gitignore": "*.tmp\n",
        ".clawdesk/tasks/write.toml": TASK,
        ".clawdesk/tasks/fail.toml": FAILING,
        ".clawdesk/tasks/again.toml": ASKS_AGAIN,
    }
    return make_project(tmp_path / "project", files)


def user_state(project: Path) -> dict[str, object]:
    """What nobody but the user may change: index bytes, HEAD, branches, files."""
    repository = pygit2.Repository(project)
    return {
        "index": (project / ".git/index").read_bytes(),
        "head": str(repository.head.target),
        "branches": list(repository.branches.local),
        "files": sorted(
            (str(p.relative_to(project)), p.read_bytes(), p.stat().st_mtime_ns)
            for p in project.rglob("*")
            if p.is_file() and ".git" not in p.relative_to(project).parts
        ),
    }


def test_a_task_runs_to_its_end_and_the_merge_equals_what_was_approved(
    cli: RealCli, project: Path
) -> None:
    before = user_state(project)
    done = cli.run(
        *("run", str(project), "write", "--headless", "--json"),
        *("--approve", "all", "--answer", "colour=blue"),
    )
    assert user_state(project) == before

    events = cli.events(done.stdout)
    names = [event["event"] for event in events]
    for name in (
        "task_queued",
        "machine_started",
        "step_started",
        "step_output",
        "checkpoint_reached",
        "clarification_requested",
        "approval_requested",
        "decision_given",
        "task_finished",
    ):
        assert name in names, f"{name} missing in {names}"
    for event in events:
        assert {"at_ms", "task", "attempt", "event"} <= set(event)
    started = next(e for e in events if e["event"] == "machine_started")
    assert started["boot_ms"] > 0
    assert started["accelerator"] in ("kvm", "tcg")
    reached = [e for e in events if e["event"] == "checkpoint_reached"]
    assert all(e["pause_ms"] and e["bytes"] and e["commit"] for e in reached), reached
    asked = next(e for e in events if e["event"] == "clarification_requested")
    assert (asked["key"], asked["choices"]) == ("colour", ["red", "blue"])
    output = [e["text"] for e in events if e["event"] == "step_output"]
    assert "hello from the step" in output
    end = events[-1]
    assert (end["event"], end["status"]) == ("task_finished", "done")

    cli.run("merge", end["task"])
    repository = pygit2.Repository(project)
    approved = repository[reached[-1]["commit"]].peel(pygit2.Commit)
    assert repository.head.peel(pygit2.Commit).tree.id == approved.tree.id
    assert (project / "colour.txt").read_text() == "blue\n"
    assert (project / "notes.txt").read_text() == "start\ntwo\n"
    history = [commit.message for commit in repository.walk(repository.head.target)]
    assert len(history) == 2
    assert "colour" not in history[0], "a question entered the user's history"


def test_without_a_terminal_it_waits_and_resumes_from_its_snapshot(
    cli: RealCli, project: Path
) -> None:
    first = cli.run("run", str(project), "write", "--headless", "--json", code=4)
    task = cli.events(first.stdout)[0]["task"]
    assert not cli.machines(), "a waiting task kept its machine"
    [listed] = cli.events(cli.run("tasks", ".", "--json", cwd=project).stdout)
    assert listed["task"] == task, "a relative path means the caller's folder"
    [waiting] = cli.events(cli.run("inbox", "--json").stdout)
    assert (waiting["task"], waiting["key"]) == (task, "colour")
    cli.run("answer", task, "colour", "green")
    second = cli.run("run", str(project), "--resume", "--headless", "--json", code=4)
    resumed = [e for e in cli.events(second.stdout) if e["event"] == "task_resumed"]
    assert resumed[-1]["memory"] is True, "its memory did not come back"

    ordinal = str(cli.events(cli.run("tasks", "--json").stdout)[0]["checkpoints"][-1])
    refused = cli.run("approve", task, ordinal, "--digest", "0" * 64, code=1)
    assert "changed" in refused.stderr
    shown = cli.run("diff", task, ordinal).stdout
    assert "when.txt" in shown
    cli.run("reject", task, ordinal, "--note", "please say why")
    third = cli.run("run", str(project), "--resume", "--headless", "--json", "--approve", "all")
    events = cli.events(third.stdout)
    again = [e for e in events if e["event"] == "step_started" and e["name"] == "approve"]
    assert again[-1]["round"] == 2
    cli.run("merge", task)
    assert (project / "colour.txt").read_text() == "green\n"
    assert "please say why" in (project / "feedback.txt").read_text()


def test_a_step_that_is_asked_back_asks_again(cli: RealCli, project: Path) -> None:
    first = cli.run("run", str(project), "again", "--headless", "--json", code=4)
    task = cli.events(first.stdout)[0]["task"]
    cli.run("answer", task, "colour", "--ask-back", "warm or cold?")
    second = cli.run("run", str(project), "--resume", "--headless", "--json", code=4)
    events = cli.events(second.stdout)
    given = [e for e in events if e["event"] == "decision_given"]
    assert (given[-1]["verdict"], given[-1]["text"]) == ("asked_back", "warm or cold?")
    asked = [e["question"] for e in events if e["event"] == "clarification_requested"]
    assert asked[-1] == "You ask: warm or cold? Which colour?"
    assert "asked back by" in cli.run("show", task).stdout
    cli.run("answer", task, "colour", "blue")
    third = cli.run("run", str(project), "--resume", "--headless", "--json")
    events = cli.events(third.stdout)
    assert [e["memory"] for e in events if e["event"] == "task_resumed"][-1] is True
    assert events[-1]["status"] == "done"
    cli.run("merge", task)
    assert (project / "asked.txt").read_text() == "warm or cold?\n"
    assert (project / "colour.txt").read_text() == "blue\n"


def test_a_step_not_written_for_it_fails_and_says_where_to_answer(
    cli: RealCli, project: Path
) -> None:
    first = cli.run("run", str(project), "write", "--headless", "--json", code=4)
    task = cli.events(first.stdout)[0]["task"]
    cli.run("answer", task, "colour", "--ask-back", "why not both?")
    done = cli.run("run", str(project), "--resume", "--headless", code=1)
    assert "Step ask exited with 4. You asked back" in done.stdout
    assert "go back to checkpoint 2" in done.stdout


def test_a_failing_step_says_what_it_printed(cli: RealCli, project: Path) -> None:
    done = cli.run("run", str(project), "fail", "--headless", code=1)
    assert "exited with 7" in done.stdout
    assert "the reason is here" in done.stdout
    assert not cli.machines()


def test_a_killed_app_finds_its_task_where_it_was(cli: RealCli, project: Path) -> None:
    running = cli.start("run", str(project), "write", "--headless", "--json")
    assert running.stdout is not None
    for line in running.stdout:
        if '"checkpoint_reached"' in line:
            break
    running.send_signal(signal.SIGKILL)
    running.communicate()
    done = cli.run(
        *("run", str(project), "--resume", "--headless", "--json"),
        *("--approve", "all", "--answer", "colour=red"),
    )
    events = cli.events(done.stdout)
    assert "attempt_ended" not in [e["event"] for e in events], "its machine went on alone"
    assert (events[-1]["status"], events[-1]["attempt"]) == ("done", 1)
    assert not cli.machines()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("run", "{empty}", "write"), 1, "not a Git repository"),
        (("run", "{project}", "nothing"), 1, "nothing"),
        (("run", "{project}"), 2, "Name one task"),
        (("show", "ABCDEFGH"), 2, "no task"),
        (("approve", "ABCDEFGH", "1"), 2, "no task"),
        (("bogus",), 2, "no command or folder"),
    ],
)
def test_wrong_use_is_told_plainly(
    cli: RealCli, project: Path, tmp_path: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    (tmp_path / "empty").mkdir()
    filled = [a.format(empty=tmp_path / "empty", project=project) for a in arguments]
    done = cli.run(*filled, code=code)
    assert words in done.stderr
    assert "Traceback" not in done.stderr
