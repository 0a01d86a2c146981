"""The real app dies at every named place, and is started again: nothing lost, nothing run twice."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import get_args

import pygit2
import pytest

from clawdesk.cli import exits
from clawdesk.domain import effects as do
from clawdesk.domain.model import Phase
from clawdesk.runtime import crash
from tests.e2e.test_model_calls import FILES, assert_mended
from tests.soak.kill9 import EXPECTED, STEP, TASK, Result, check, fsck, locks, open_tasks
from tests.stories.preemption import POLICY, URGENT, App, files_of, records_of
from tests.support.channel_world import decision, pending_in_git, tasks_in_git
from tests.support.openclaw_peer import Peer
from tests.support.openclaw_real import RealGateway, need_openclaw
from tests.support.patience import NET_S
from tests.support.real_cli import RealCli, make_project, real_cli
from tests.support.scripted_model import BUG, behind_the_fabric

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
INSIDE = frozenset({do.Acknowledge, do.Notify})
"""Delivered by the kernel itself, between two events."""
ELSEWHERE = frozenset({"RecordRestore", "WantTurn", "DiscardSnapshots", "AskLease", "ReleaseLease"})
"""A run that is approved throughout and calls no model has none: they have tests of their own."""
SHOWN = """\
[machine]
memory_mib = 256
[[steps]]
name = "one"
run = "echo done > notes.txt"
checkpoint = "approve"
"""
BESIDE = frozenset(
    {
        "checkpoint.put",
        "fork.shared",
        "history.begun",
        "merge.made",
        "merge.undone",
        "channel.raise.before",
        "channel.raise.after",
        "channel.answer.before",
        "channel.answer.after",
    }
)
"""Not in the life of every task: they have a test of their own."""


def points() -> list[str]:
    """Before and after every effect that this run has, and what the code names besides."""
    names = [e.__name__ for e in get_args(do.Effect) if e not in INSIDE]
    around = [f"{n}.{when}" for n in names if n not in ELSEWHERE for when in ("before", "after")]
    named = re.compile(r'crash\.point\("([\w.]+)"\)')
    inside = [n for p in (ROOT / "clawdesk").rglob("*.py") for n in named.findall(p.read_text())]
    return [*around, *sorted(set(inside) - BESIDE)]


@pytest.mark.timeout(900)
def test_the_app_may_die_at_every_named_place() -> None:
    with real_cli() as cli:
        folder = Path(tempfile.mkdtemp(dir=cli.root))
        project = make_project(folder, {".clawdesk/tasks/t.toml": TASK, "step.sh": STEP})
        left, result = points(), Result()
        assert len(left) > 20
        while left:
            died = _one_task(cli, project, left, result)
            assert died, f"no run comes past {left[0]}"
        assert (result.lost, result.duplicated, result.attempts_ended) == (0, 0, 0), result
        assert (fsck(project), locks(project)) == (0, 0)
        assert not cli.machines()


@pytest.mark.timeout(400)
def test_it_may_die_over_a_way_back_and_over_what_is_removed() -> None:
    with real_cli() as cli:
        folder = Path(tempfile.mkdtemp(dir=cli.root))
        project = make_project(folder, {".clawdesk/tasks/t.toml": TASK, "step.sh": STEP})
        options = ("--headless", "--json", "--answer", "which=this", "--approve", "all")
        done = cli.run("run", str(project), "t", *options)
        task = str(cli.events(done.stdout)[0]["task"])
        died(cli, "RecordRestore.before", "restore", task, "1")
        shown = json.loads(cli.run("show", task, "--json").stdout)
        assert shown["state"] == "done", "a way back that Git does not know was never gone"
        died(cli, "RecordRestore.after", "restore", task, "1")
        cli.run("run", str(project), "--resume", *options)
        assert files_of(project, task, "ran.txt")["ran.txt"].splitlines() == EXPECTED
        died(cli, "DiscardSnapshots.before", "prune", "--keep", "0")
        cli.run("run", str(project), "t", *options)  # a start that drives machines tidies up
        left = json.loads(cli.run("disk", "--json").stdout)["snapshots"]
        assert task not in {one["task"] for one in left}, "what Git calls removed is removed"
        assert left, "and nothing of the other"
        died(cli, "DiscardSnapshots.after", "prune", "--keep", "0")
        assert json.loads(cli.run("disk", "--json").stdout)["snapshots"] == []
        assert (fsck(project), locks(project)) == (0, 0)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("effect", ["AskLease", "ReleaseLease"])
def test_it_may_die_over_the_lease_of_a_model(effect: str) -> None:
    with real_cli() as cli:
        project = make_project(Path(tempfile.mkdtemp(dir=cli.root)), FILES)
        options = ("--headless", "--json", "--approve", "all")
        with behind_the_fabric(cli, project):
            for when in ("before", "after"):
                died(cli, f"{effect}.{when}", "run", str(project), "mend", *options)
                again = cli.run("run", str(project), "--resume", *options, code=None)
                assert again.returncode == 0 or "No task of this project waits" in again.stderr
            for told in cli.events(cli.run("tasks", str(project), "--json").stdout):
                assert told["state"] == "done", told
                assert told["attempt"] == 1, told
                assert_mended(project, told["task"])
        assert not cli.machines()


@pytest.mark.timeout(400)
def test_it_may_die_as_an_agent_is_asked_for_a_boundary() -> None:
    """It is asked to leave in the middle of its first call; its second would be no boundary."""
    with real_cli() as cli:
        config = Path(cli.environment["XDG_CONFIG_HOME"]) / "clawdesk"
        config.mkdir(parents=True, exist_ok=True)
        (config / "policy.toml").write_text(POLICY)
        files = {**FILES, ".clawdesk/tasks/urgent.toml": URGENT}
        project = make_project(Path(tempfile.mkdtemp(dir=cli.root)), files)
        options = ("--headless", "--json", "--approve", "all")
        with behind_the_fabric(cli, project) as model:
            answer = model.gates[0] = threading.Event()
            cli.environment["CLAWDESK_CRASH_AT"] = "WantTurn.before"
            app = App(cli.start("run", str(project), "careful", *options))
            del cli.environment["CLAWDESK_CRASH_AT"]
            model.wait_for_turn(0, NET_S)
            cli.run("submit", str(project), "urgent")
            app.close()
            assert app.process.returncode == crash.EXIT_CODE, app.errors[-10:]
            died(cli, "WantTurn.after", "run", str(project), "--resume", *options)
            app = App(cli.start("run", str(project), "--resume", *options))
            app.wait_for("it is asked once more", lambda e: "was asked to yield" in str(e))
            answer.set()  # only now is there a next call to leave at
            app.close()
            assert app.process.returncode == 0, app.errors[-10:]
            cli.run("run", str(project), "--resume", *options)  # the one that left
            assert sorted(set(model.turns())) == [0, 1, 2, 3]
            assert model.turns().count(1) == 1, "its second call waited in the snapshot"
        for told in cli.events(cli.run("tasks", str(project), "--json").stdout):
            assert (told["state"], told["attempt"]) == ("done", 1), told
            history = records_of(project, told["task"])
            if told["title"] != "Urgent":
                assert history.count("yielded") == 1, history
                left = history.index("yielded")
                assert history[:left].count("checkpoint") == 1, history
                assert history[left - 1] == "checkpoint", history
                # Its second call is no boundary of its own, as nothing has changed by then; at its
                # third, where it would be at one without being asked, the bug is mended.
                shown = json.loads(cli.run("show", told["task"], "--json").stdout)
                (yielded,) = (r for r in shown["records"] if r["event"] == "yielded")
                made = {one["ordinal"]: one["commit"] for one in shown["checkpoints"]}
                commit = made[yielded["fields"]["ordinal"]]
                files = files_of(project, told["task"], "calc.py", at=commit)
                assert files["calc.py"] == BUG
                assert_mended(project, told["task"])
        assert (fsck(project), locks(project)) == (0, 0)
        assert not cli.machines()


@pytest.mark.timeout(400)
def test_it_may_die_over_a_fork_over_a_part_that_was_approved_and_over_a_merge() -> None:
    with real_cli() as cli:
        folder = Path(tempfile.mkdtemp(dir=cli.root))
        project = make_project(folder, {".clawdesk/tasks/t.toml": TASK, "step.sh": STEP})
        options = ("--headless", "--json", "--answer", "which=this")
        done = cli.run("run", str(project), "t", *options, code=exits.WAITS)
        task = str(cli.events(done.stdout)[0]["task"])
        ordinal = str(json.loads(cli.run("show", task, "--json").stdout)["request"]["ordinal"])

        died(cli, "fork.shared", "fork", task, ordinal)
        fork = json.loads(cli.run("fork", task, ordinal, "--json").stdout)["task"]

        cli.run("diff", task, ordinal)
        cli.run("approve", task, ordinal, "--only", "ran.txt")
        cli.run("diff", fork, ordinal)
        (folder / "mine").write_text("mine\n")
        cli.run("approve", fork, ordinal, "--edit", f"ran.txt={folder / 'mine'}")
        died(cli, "checkpoint.put", "run", str(project), "--resume", *options)
        died(cli, "checkpoint.put:2", "run", str(project), "--resume", *options)
        cli.run("run", str(project), "--resume", *options)

        assert files_of(project, task, "ran.txt")["ran.txt"].splitlines() == EXPECTED
        edited = files_of(project, fork, "ran.txt")["ran.txt"].splitlines()
        assert edited == ["mine", *EXPECTED[-2:]]
        used = json.loads(cli.run("disk", "--json").stdout)["snapshots"]
        assert {one["task"] for one in used} <= {task, fork}, "nothing is left of the first fork"
        _merged_and_taken_back(cli, project, task)
        assert (fsck(project), locks(project)) == (0, 0)


@pytest.mark.timeout(400)
@pytest.mark.leaves_threads("the default executor of a loop ends with its process")
def test_it_may_die_over_a_request_on_the_gateway_and_over_its_answer() -> None:
    need_openclaw()
    with real_cli() as cli:
        folder = Path(tempfile.mkdtemp(dir=cli.root))
        project = make_project(folder, {".clawdesk/tasks/t.toml": SHOWN})
        asyncio.run(_answered_elsewhere(cli, project))
        assert (fsck(project), locks(project)) == (0, 0)


def _merged_and_taken_back(cli: RealCli, project: Path, task: str) -> None:
    """Git does it, ClawDesk dies before it is recorded; asked again, it is, and once."""
    branch = pygit2.Repository(project).references["refs/heads/main"]
    before = str(branch.target)
    for place, options in (("merge.made", ()), ("merge.undone", ("--undo",))):
        died(cli, place, "merge", task, *options)
        moved = str(pygit2.Repository(project).references["refs/heads/main"].target)
        assert (moved == before) == (place == "merge.undone"), "Git has it"
        told = cli.run("merge", task, *options).stdout
        assert moved[:12] in told, told
        assert str(pygit2.Repository(project).references["refs/heads/main"].target) == moved
    records = records_of(project, task)
    assert [records.count(name) for name in ("merged", "unmerged")] == [1, 1], records


async def _answered_elsewhere(cli: RealCli, project: Path) -> None:
    """One request; ClawDesk dies before and after it is shown, before and after it is answered."""
    gateway = RealGateway()
    # Whatever keyring the user of this machine has, it is not for us.
    cli.environment["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
    path, resume = str(project), ("run", str(project), "--resume")
    page = Peer(gateway.address, gateway.token)
    try:
        await gateway.start()
        await page.open()
        await asyncio.to_thread(_set_up, cli, gateway)

        await _dies(cli, "channel.raise.before", "run", path, "t")
        waits = await pending_in_git(path)
        assert len(waits) == 1
        assert await page.approvals() == await page.questions() == []

        await _dies(cli, "channel.raise.after", *resume)
        stands = [str(a["request"]["toolName"]) for a in await page.approvals()]
        stands += [str(q["id"]).replace("-", ":") for q in await page.questions()]
        owner = stands[0].split(":")[1]
        await page.settles(waits, owner)
        assert await pending_in_git(path) == waits

        dying = asyncio.ensure_future(_dies(cli, "channel.answer.before", *resume))
        mark = next(iter(waits))
        await page.sees_question(mark)
        await page.tap((await page.sees_approval(mark))["id"], "allow-once")
        await dying
        assert await pending_in_git(path) == waits, "an answer that was not committed is none"

        await _dies(cli, "channel.answer.after", *resume)
        assert await pending_in_git(path) == set()
        await asyncio.to_thread(cli.run, *resume, "--headless")
        (task,) = await tasks_in_git(path)
        assert task.phase is Phase.DONE
        fields = decision(task).fields
        assert (fields["verdict"], fields["actor"]) == ("approved", "Page")
        assert (fields["channel"], fields["seen"]) == ("openclaw", "summary")
        assert [r.event for r in task.records].count("decision") == 1
        await page.settles(set(), owner)
    finally:
        await page.close()
        await gateway.close()


def _set_up(cli: RealCli, gateway: RealGateway) -> None:
    adding = ("channels", "add", "openclaw", "--url", gateway.address)
    process = cli.start(*adding, stdin=subprocess.PIPE)
    said = process.communicate(f"{gateway.token}\n", timeout=NET_S)
    assert process.returncode == 0, said


async def _dies(cli: RealCli, place: str, *arguments: str) -> None:
    """It dies at a named place while its person sits before the terminal and does nothing."""
    cli.environment["CLAWDESK_CRASH_AT"] = place
    with cli.at_a_terminal(*arguments) as process:
        del cli.environment["CLAWDESK_CRASH_AT"]
        said = await asyncio.to_thread(process.communicate, timeout=NET_S)
        assert process.returncode == crash.EXIT_CODE, (place, said)


def died(cli: RealCli, place: str, *arguments: str) -> None:
    """Run a command that dies at a named place."""
    cli.environment["CLAWDESK_CRASH_AT"] = place
    cli.run(*arguments, code=crash.EXIT_CODE)
    del cli.environment["CLAWDESK_CRASH_AT"]


def _one_task(cli: RealCli, project: Path, left: list[str], result: Result) -> int:
    """Play one task to its end; it dies at as many of the places as it passes, in their order."""
    died, arguments = 0, ["run", str(project), "t"]
    seen: list[dict[str, object]] = []
    options = ("--headless", "--json", "--answer", "which=this")
    approve: tuple[str, ...] = ()  # nobody yet, so that it is parked once and comes back
    while True:
        cli.environment["CLAWDESK_CRASH_AT"] = left[0] if left else ""
        done = cli.run(*arguments, *options, *approve, code=None)
        del cli.environment["CLAWDESK_CRASH_AT"]
        events = cli.events(done.stdout)
        seen += events
        arguments = ["run", str(project), "--resume"]
        if done.returncode == crash.EXIT_CODE:
            died += 1
            left.pop(0)
            continue
        if done.returncode == exits.WAITS and not approve:
            approve = ("--approve", "all")
            continue
        ended = "No task of this project waits" in done.stderr  # it died behind the very last word
        assert done.returncode == 0 or ended, (left[:1], done.stderr[-2_000:])
        assert not open_tasks(cli, project)
        check(project, str(seen[-1]["task"]), seen, result)
        return died
