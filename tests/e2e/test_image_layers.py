"""Image layers in real machines: a set-up script's work is there in every task, or nothing is.

The set-ups here need no network, so they take seconds; `test_agents.py` installs packages.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.stories.preemption import App, files_of
from tests.support.real_cli import RealCli, make_project, real_cli

pytestmark = pytest.mark.e2e

IMAGE = 'script = "tools/set-up.sh"\nfiles = ["tools/words.txt"]\n'
SET_UP = """\
set -e
mkdir -p /usr/local/share/words
cp tools/words.txt /usr/local/share/words/
printf '#!/bin/sh\\ncat /usr/local/share/words/words.txt\\n' > /usr/local/bin/words
chmod +x /usr/local/bin/words
rm /etc/gitconfig  # of the guest image: what is removed stays away
"""
TASK = """\
[machine]
memory_mib = 256
disk_mib = 512
[[steps]]
name = "ask"
run = "words > words.txt; ls /etc /run/clawdesk > left.txt"
[[steps]]
name = "again"
run = "echo more >> /usr/local/share/words/words.txt; words > again.txt"
"""
HELD = """\
while [ ! -e /never ]; do sleep 0.1; done
"""


@pytest.fixture(scope="module")
def cli() -> Iterator[RealCli]:
    with real_cli() as found:
        yield found


def project(folder: Path, set_up: str = SET_UP) -> Path:
    files = {
        ".clawdesk/tasks/ask.toml": TASK,
        ".clawdesk/image.toml": IMAGE,
        "tools/set-up.sh": set_up,
        "tools/words.txt": f"words of {folder.name}\n",
    }
    return make_project(folder, files)


def builds(event: dict[str, Any]) -> bool:
    """Whether a task says that the set-up script of its image runs."""
    reason = event.get("reason") or {}
    return bool(reason.get("code") == "image" and "script" in reason["text"])


def layers(cli: RealCli) -> list[str]:
    return sorted(path.name for path in (cli.data / "layers").glob("*"))


def test_a_layer_is_built_once_and_is_there_after_ways_back_and_in_forks(
    cli: RealCli, tmp_path: Path
) -> None:
    folder = project(tmp_path / "once")
    options = ("--headless", "--json", "--approve", "all")
    events = cli.events(cli.run("run", str(folder), "ask", *options).stdout)
    task = events[0]["task"]
    seen = files_of(folder, task, "words.txt", "again.txt", "left.txt")
    assert seen["words.txt"] == "words of once\n"
    assert seen["again.txt"] == "words of once\nmore\n"
    assert "gitconfig" not in seen["left.txt"]
    assert "set-up" not in seen["left.txt"]
    (layer,) = layers(cli)
    # The second machine begins with it at once; what the first wrote over it is not there.
    second = cli.events(cli.run("run", str(folder), "ask", *options).stdout)
    assert not any(event["event"] == "task_waiting" and builds(event) for event in second)
    assert files_of(folder, second[0]["task"], "words.txt")["words.txt"] == "words of once\n"
    cli.run("restore", task, "1")
    cli.run("run", str(folder), "--resume", *options)
    assert files_of(folder, task, "again.txt")["again.txt"] == "words of once\nmore\n"
    fork = cli.run("fork", task, "1").stdout.split()[0]
    cli.run("run", str(folder), "--resume", *options)
    assert files_of(folder, fork, "again.txt")["again.txt"] == "words of once\nmore\n"
    assert layers(cli) == [layer]
    refused = cli.run("images", "remove", layer, code=1)
    assert "stand on the image layer" in refused.stderr
    cli.run("prune", "--keep", "0")
    cli.run("images", "remove", layer)
    assert layers(cli) == []


def test_a_set_up_that_fails_leaves_nothing_and_says_what_to_do(
    cli: RealCli, tmp_path: Path
) -> None:
    folder = project(tmp_path / "fails", "echo one; echo no such compiler >&2; exit 7\n")
    done = cli.run("run", str(folder), "ask", "--headless", code=1)
    for words in (
        "the set-up script ended with 7",
        "no such compiler",
        "Mend .clawdesk/image.toml",
    ):
        assert words in done.stdout
    assert layers(cli) == []
    assert list((cli.data / "workspaces").glob("*")) == []
    assert not cli.machines()


def test_the_app_is_killed_while_an_image_is_set_up(cli: RealCli, tmp_path: Path) -> None:
    folder = project(tmp_path / "killed", HELD)
    options = ("--headless", "--json", "--approve", "all")
    first = App(cli.start("run", str(folder), "ask", *options))
    task = first.wait_for("the set-up script", builds)["task"]
    first.kill()
    second = App(cli.start("run", str(folder), "--resume", *options))
    second.wait_for("the set-up script again", builds)
    assert len(cli.machines()) == 1, "the machine of the dead process was left behind"
    cli.run("cancel", task)
    second.wait_for("the end", lambda e: e["event"] == "task_finished")
    second.close()
    assert layers(cli) == []
    assert not cli.machines()
