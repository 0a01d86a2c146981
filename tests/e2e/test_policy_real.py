"""Trust and the user's rules with the real program: machines, Git and files as a user has them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pygit2
import pytest

from tests.support.patience import NET_S
from tests.support.real_cli import RealCli, make_project, real_cli

pytestmark = pytest.mark.e2e

TASK = """
[machine]
memory_mib = 256
disk_mib = 512
[[steps]]
name = "write"
run = "echo one > one.txt; echo begun; sleep 4; echo over"
"""
FILES = {
    "notes.txt": "start\n",
    ".clawdesk/tasks/write.toml": TASK,
    ".clawdesk/project.toml": 'weight = 3\n[priority]\ndefault_class = "interactive"\n',
}


@pytest.fixture
def cli() -> Iterator[RealCli]:
    with real_cli() as found:
        yield found


def rules(cli: RealCli, text: str) -> Path:
    file = cli.root / "config/clawdesk/policy.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def test_a_task_waits_for_trust_and_goes_on_with_it(cli: RealCli, tmp_path: Path) -> None:
    project = make_project(tmp_path / "project", FILES)
    waits = cli.run("run", str(project), "write", "--headless", code=4)
    assert "asks for" in waits.stdout + waits.stderr
    assert f"clawdesk trust {project}" in waits.stderr
    shown = cli.run("trust", str(project), code=2)
    assert "line 1: weight 3" in shown.stdout
    assert "no terminal" in shown.stderr
    (task,) = cli.events(cli.run("tasks", str(project), "--json").stdout)
    assert task["state"] == "queued"
    cli.run("trust", str(project), "--yes")
    store = cli.root / "config/clawdesk/trusted.json"
    assert store.stat().st_mode & 0o777 == 0o600
    assert len(json.loads(store.read_text())["trusted"]) == 1
    done = cli.run("run", str(project), "--resume", "--headless")
    assert "over" in done.stdout

    repository = pygit2.Repository(str(project))
    (project / ".clawdesk/project.toml").write_text("weight = 4\n")
    repository.index.add_all()
    repository.index.write()
    who = pygit2.Signature("Ann", "ann@localhost")
    tree = repository.index.write_tree()
    repository.create_commit("HEAD", who, who, "more", tree, [repository.head.target])
    changed = cli.run("run", str(project), "write", "--headless", code=4)
    assert "weight 4" in changed.stdout + changed.stderr


def test_rules_that_change_while_a_machine_runs(cli: RealCli, tmp_path: Path) -> None:
    file = rules(cli, '[defaults]\nweight_max = 1\nclass_max = "agent"\n')
    project = make_project(tmp_path / "project", FILES)
    running = cli.start("run", str(project), "write", "--headless", "--json")
    assert running.stdout is not None
    for line in running.stdout:
        if '"begun"' in line or "begun" in line:
            break
    file.write_text("[host]\nmachines_max = 1\nmachines = 3\n")
    checks = json.loads(cli.run("doctor", "--json", code=None).stdout)["checks"]
    found = [check for check in checks if check["name"] == "policy"]
    rest, _ = running.communicate(timeout=NET_S)
    assert running.returncode == 0, rest
    assert '"status": "done"' in rest
    assert found
    checks = json.loads(cli.run("doctor", "--json", code=None).stdout)["checks"]
    (policy,) = [check for check in checks if check["name"] == "policy"]
    assert policy["state"] == "limited"
    assert "policy.toml:3: host.machines: found a key nobody knows" in policy["why"]
    assert "last rules without a mistake are in force" in policy["why"]
