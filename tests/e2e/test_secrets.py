"""A secret in a real machine: its step has it; afterwards it is only where the user keeps it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pygit2
import pytest

from tests.support.patience import NET_S
from tests.support.real_cli import RealCli, make_project, real_cli

pytestmark = pytest.mark.e2e

VALUE = "tok-9f2c+Ann/of-the-test=="
TASK = """
title = "Deploy"
secrets = ["DEPLOY_KEY"]
[machine]
memory_mib = 256
disk_mib = 512
[[steps]]
name = "write"
run = '''
printf 'length %s\\n' "${#DEPLOY_KEY}"
echo "the key is $DEPLOY_KEY"
if claw feedback | grep -q secret; then echo none > key.txt
else printf '%s' "user:$DEPLOY_KEY" | base64 > key.txt; fi
'''
[[steps]]
name = "use"
run = "test -n \\"$DEPLOY_KEY\\" && echo used > used.txt"
"""


@pytest.fixture(scope="module")
def cli() -> Iterator[RealCli]:
    with real_cli() as found:
        yield found


def test_a_secret_is_used_and_stays_nowhere(cli: RealCli, tmp_path: Path) -> None:
    files = {
        ".clawdesk/tasks/deploy.toml": TASK,
        ".clawdesk/project.toml": '[secrets]\nallow = ["DEPLOY_KEY"]\n',
    }
    project = make_project(tmp_path / "project", files)
    policy = Path(cli.environment["XDG_CONFIG_HOME"]) / "clawdesk/policy.toml"
    policy.parent.mkdir(parents=True, exist_ok=True)
    policy.write_text(f'[projects."{project}".secrets]\nallow = ["DEPLOY_KEY"]\n')
    keeping = cli.start("secrets", "set", "DEPLOY_KEY", stdin=subprocess.PIPE)
    said, errors = keeping.communicate(f"{VALUE}\n", timeout=NET_S)
    assert keeping.returncode == 0, errors
    assert VALUE not in said
    assert cli.run("secrets").stdout == "DEPLOY_KEY\n"

    arguments = ("run", str(project), "deploy", "--headless", "--json", "--approve", "all")
    done = cli.run(*arguments, "--answer", "retry=tell the task")
    events = cli.events(done.stdout)
    [failed] = [e["why"] for e in events if e["event"] == "checkpoint_failed"]
    assert "DEPLOY_KEY stands in key.txt" in failed
    task = events[-1]["task"]
    log = cli.run("log", task).stdout
    assert f"length {len(VALUE)}" in log
    assert "the key is [secret DEPLOY_KEY]" in log
    assert VALUE not in done.stdout + done.stderr + log

    repository = pygit2.Repository(str(project))
    blobs = [repository[oid] for oid in repository]
    assert not [b for b in blobs if isinstance(b, pygit2.Blob) and VALUE.encode() in b.data]
    found = subprocess.run(
        ["grep", "-rlaF", VALUE, str(cli.root)], capture_output=True, text=True, check=False
    )
    kept = [Path(line) for line in found.stdout.splitlines()]
    assert len(kept) == 1, f"the value lies in {kept}"
    assert kept[0].is_relative_to(cli.environment["XDG_CONFIG_HOME"]), kept


def test_a_secret_that_is_not_kept_or_not_granted_is_said(cli: RealCli, tmp_path: Path) -> None:
    files = {".clawdesk/tasks/deploy.toml": TASK}
    project = make_project(tmp_path / "project", files)
    refused = cli.run("run", str(project), "deploy", "--headless", code=None)
    assert refused.returncode != 0
    assert "DEPLOY_KEY, which [secrets] allow does not hold" in refused.stderr
