"""Forks and approvals of a part, by the real command line on real machines."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from clawdesk.cli.exits import WAITS
from tests.stories.preemption import files_of
from tests.support.real_cli import RealCli, make_project, real_cli

pytestmark = pytest.mark.e2e

FORKED = """\
[machine]
memory_mib = 256
[[steps]]
name = "think"
run = ". ./think.sh"
[[steps]]
name = "write"
run = "echo $COLOUR >> choice.txt"
"""
THINK = """\
secret=$(head -c 8 /dev/urandom | od -An -tx1 | tr -d ' \\n')
way=$(claw ask 'Which way?' --key way)
echo "$way $secret" > choice.txt
"""
PARTS = """\
[machine]
memory_mib = 256
[[steps]]
name = "make"
run = "echo a > a.txt; echo b > b.txt; mkdir d; echo c > d/c.txt"
checkpoint = "approve"
[[steps]]
name = "look"
run = "ls > seen.txt; cat a.txt d/c.txt >> seen.txt; claw feedback >> seen.txt"
"""


@pytest.fixture(scope="module")
def cli() -> Iterator[RealCli]:
    with real_cli() as made:
        yield made


def project_of(cli: RealCli, files: dict[str, str]) -> Path:
    return make_project(Path(tempfile.mkdtemp(dir=cli.root)), files)


def waiting(cli: RealCli, project: Path, name: str) -> str:
    """Run a task until it waits for a person; its machine is given back."""
    done = cli.run("run", str(project), name, "--headless", "--json", code=WAITS)
    return str(cli.events(done.stdout)[0]["task"])


def shown(cli: RealCli, task: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(cli.run("show", task, "--json").stdout)
    return found


def test_forks_go_on_from_the_same_memory_side_by_side(cli: RealCli) -> None:
    files = {".clawdesk/tasks/think.toml": FORKED, "think.sh": THINK}
    project = project_of(cli, files)
    task = waiting(cli, project, "think")
    forks = [
        json.loads(cli.run("fork", task, "1", "--set", f"COLOUR={colour}", "--json").stdout)["task"]
        for colour in ("red", "blue")
    ]
    for one, way in zip([task, *forks], ("straight", "left", "right"), strict=True):
        cli.run("answer", one, "way", way)
    cli.run("run", str(project), "--resume", "--headless", "--json")
    lines = [files_of(project, one, "choice.txt")["choice.txt"].split() for one in [task, *forks]]
    assert [line[0] for line in lines] == ["straight", "left", "right"]
    assert len({line[1] for line in lines}) == 1, "the same secret, held in memory only"
    assert [line[2:] for line in lines] == [[], ["red"], ["blue"]]
    last = [shown(cli, one)["checkpoints"][-1]["ordinal"] for one in forks]  # type: ignore[index]
    compared = cli.run("diff", forks[0], str(last[0]), forks[1], str(last[1])).stdout
    assert "choice.txt" in compared
    assert "-red" in compared
    assert "+blue" in compared
    used = json.loads(cli.run("disk", "--json").stdout)
    assert {one["task"] for one in used["snapshots"]} == {task, *forks}
    kept = cli.run("keep", forks[0], "--yes")
    assert "Kept" in kept.stdout
    used = json.loads(cli.run("disk", "--json").stdout)
    assert {one["task"] for one in used["snapshots"]} == {forks[0]}
    cli.run("merge", forks[0])
    assert (project / "choice.txt").read_text().split()[0] == "left"


def test_a_part_and_an_edited_version_are_approved(cli: RealCli, tmp_path: Path) -> None:
    project = project_of(cli, {".clawdesk/tasks/parts.toml": PARTS})
    task = waiting(cli, project, "parts")
    assert "b.txt" in cli.run("diff", task, "1").stdout
    mine = tmp_path / "mine.txt"
    mine.write_text("mine\n")
    said = cli.run(
        *("approve", task, "1", "--only", "a.txt", "--edit", f"d/c.txt={mine}"),
        *("--note", "Without b, please."),
    )
    assert "as you want it" in said.stdout
    cli.run("run", str(project), "--resume", "--headless", "--json")
    seen = files_of(project, task, "seen.txt")["seen.txt"].splitlines()
    assert seen == [
        *("a.txt", "d", "seen.txt", "a", "mine"),
        "Without b, please.",
        "Not approved, and put back as it was before: b.txt",
        "Approved with changes by the user: d/c.txt",
    ]
    cli.run("merge", task)
    assert not (project / "b.txt").exists()
    assert (project / "d/c.txt").read_text() == "mine\n"
