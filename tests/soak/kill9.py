"""`make kill9 N=500 SEED=1`: SIGKILL of the real app at random moments, on real machines.

Two tasks at a time run three steps each, with checkpoints, an approval and a question. The app is
killed, started again, killed again, until both have ended; then two more begin, until N kills are
done. Machines start warm, as they do for a user after the first task; the very first start cold.
Prints one JSON line:

    kills, lost (acknowledged things that are gone), duplicated (steps that ran again although their
    checkpoint was committed), attempts_ended (workers lost), fsck (faults Git finds), locks (left
    behind), restart_ms_max (exec to the first word of the restarted app), seed
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pygit2

from tests.stories.preemption import App, files_of, tip
from tests.support.real_cli import RealCli, make_project, real_cli

STEP = """\
echo begin $1 >> ran.txt
sleep 0.3
claw checkpoint -m middle
sleep 0.3
echo end $1 >> ran.txt
"""
TASK = """\
[machine]
memory_mib = 256
[[steps]]
name = "one"
run = "sh step.sh 1"
[[steps]]
name = "two"
run = "claw ask 'Which?' --key which > answer.txt; sh step.sh 2"
checkpoint = "approve"
[[steps]]
name = "three"
run = "sh step.sh 3"
"""
EXPECTED = [f"{word} {number}" for number in (1, 2, 3) for word in ("begin", "end")]
DELAY_S = (0.2, 6.0)
# On a busy machine nothing may come to pass in six seconds: after such a kill the next one may come
# later by this factor, or the same start would be killed again and again.
PATIENCE = 1.5
END_S_MAX = 180.0
TEMPLATE = "templates/*/*/ready"
UNHARMED_MAX = 5
_ACKNOWLEDGED = ("checkpoint_reached", "decision_given")


@dataclass
class Result:
    kills: int = 0
    lost: int = 0
    duplicated: int = 0
    attempts_ended: int = 0
    fsck: int = 0
    locks: int = 0
    restart_ms_max: int = 0
    tasks: int = 0
    notes: list[str] = field(default_factory=list)


def soak(cli: RealCli, kills: int, seed: int) -> Result:
    """Kill until it is enough; every pair of tasks is played to its end."""
    rng, result = random.Random(seed), Result()
    folder = Path(tempfile.mkdtemp(dir=cli.root))
    files = {".clawdesk/tasks/t.toml": TASK, "step.sh": STEP}
    project = make_project(folder, files)
    for _ in range(UNHARMED_MAX):
        _pair(cli, project, rng, result, 0)
        if any(cli.data.rglob(TEMPLATE)):
            break
    while result.kills < kills:
        _pair(cli, project, rng, result, kills)
    result.fsck = fsck(project)
    result.locks = locks(project)
    return result


def _pair(cli: RealCli, project: Path, rng: random.Random, result: Result, kills: int) -> None:
    before = set(_tasks(project))
    arguments = ["run", str(project), "t"]
    seen: list[dict[str, Any]] = []
    submitted, latest = 0, DELAY_S[1]
    while True:
        begun = time.monotonic()
        options = ("--headless", "--json", "--approve", "all", "--answer", "which=this")
        app = App(cli.start(*arguments, *options))
        first = _first_word(app, begun)
        if arguments[2] == "--resume" and (app.events or app.process.poll() is None):
            result.restart_ms_max = max(result.restart_ms_max, first)
        if submitted < 1:
            # The other one is submitted from another process, as a user at a terminal does.
            submitted += cli.run("submit", str(project), "t", code=None).returncode == 0
        enough = result.kills >= kills
        try:
            app.process.wait(timeout=END_S_MAX if enough else rng.uniform(DELAY_S[0], latest))
            app.close()
            ended = True
        except subprocess.TimeoutExpired:
            app.kill()
            result.kills += 1
            ended = False
            words = f"{result.kills} of {kills} kills, {result.tasks} tasks ended"
            print(words, file=sys.stderr, flush=True)
        told = [e for e in app.events if e["event"] in _ACKNOWLEDGED]
        moved = any(event not in seen for event in told)
        latest = DELAY_S[1] if moved else latest * PATIENCE
        seen += told
        if ended:
            _note_code(app, result)
            still = open_tasks(cli, project)
            if not still:
                break
            assert not enough or app.process.returncode == 0, app.errors[-10:]
        arguments = ["run", str(project), "--resume"]
    mine = sorted(set(_tasks(project)) - before)
    for task in mine:
        check(project, task, seen, result)
    # Snapshots of hundreds of tasks would fill the disk, and then nothing may start.
    cli.run("prune", "--keep", "0")


def _first_word(app: App, begun: float) -> int:
    with app.moved:
        app.moved.wait_for(lambda: app.events or app.process.poll() is not None, 60)
    return round((time.monotonic() - begun) * 1000)


def _note_code(app: App, result: Result) -> None:
    if app.process.returncode != 0:
        result.notes.append(f"exit {app.process.returncode}: {' '.join(app.errors[-3:])[:300]}")


def _tasks(project: Path) -> list[str]:
    repository = pygit2.Repository(str(project))
    prefix = "refs/clawdesk/tasks/"
    return [r.removeprefix(prefix) for r in repository.references if r.startswith(prefix)]


def open_tasks(cli: RealCli, project: Path) -> list[str]:
    listed = cli.events(cli.run("tasks", str(project), "--json").stdout)
    return [t["task"] for t in listed if t["state"] not in ("done", "failed", "cancelled")]


def check(project: Path, task: str, seen: list[dict[str, Any]], result: Result) -> None:
    """Compare what was acknowledged with what Git has, and what ran with what should have."""
    result.tasks += 1
    trail = _trail(project, task)
    commits = {commit for commit, _ in trail}
    for event in seen:
        if event["task"] == task and event["event"] == "checkpoint_reached":
            result.lost += event["commit"] not in commits
    decided = sum(name == "decision" for _, name in trail)
    told = {json.dumps(e, sort_keys=True) for e in seen if e["task"] == task}
    told = {text for text in told if '"decision_given"' in text}
    result.lost += max(0, len({json.loads(t)["ordinal"] for t in told}) - decided)
    result.attempts_ended += sum(name == "attempt_ended" for _, name in trail)
    ran = files_of(project, task, "ran.txt")["ran.txt"].splitlines()
    if ran != EXPECTED:
        result.duplicated += 1
        result.notes.append(f"{task}: {ran} {[name for _, name in trail]}")


def _trail(project: Path, task: str) -> list[tuple[str, str]]:
    """(commit, event) of the audit trail."""
    found: list[tuple[str, str]] = []
    commit = tip(project, task)
    while True:
        name = next(
            (
                line.partition(": ")[2]
                for line in commit.message.splitlines()
                if line.startswith("Clawdesk-Event: ")
            ),
            "",
        )
        if not name:
            return found[::-1]
        found.append((str(commit.id), name))
        commit = commit.parents[0]


def fsck(project: Path) -> int:
    """Lines in which Git finds fault with the test's own repository."""
    command = ["git", "-C", str(project), "fsck", "--full", "--no-dangling"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return len([line for line in (done.stdout + done.stderr).splitlines() if line.strip()])


def locks(project: Path) -> int:
    """Lock files left behind; the plane's own flock file is one that stays."""
    found = {path.name for path in (project / ".git").rglob("*.lock")}
    return len(found - {"clawdesk.lock"})


def main() -> int:
    parser = argparse.ArgumentParser(prog="kill9", description=__doc__)
    parser.add_argument("-n", "--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    options = parser.parse_args()
    with real_cli() as cli:
        result = soak(cli, options.kills, options.seed)
    for note in result.notes:
        print(note, file=sys.stderr)
    shown = {k: v for k, v in vars(result).items() if k != "notes"}
    print(json.dumps({**shown, "seed": options.seed}))
    return 1 if result.lost or result.duplicated or result.fsck or result.locks else 0


if __name__ == "__main__":
    sys.exit(main())
