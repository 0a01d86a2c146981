"""Agents that behave badly in real machines: it stays inside, and the task says how it ended.

They leave programs behind that hear no signal, fork until nothing more fits, fill the disk and the
memory, and look for the computer around them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.stories.preemption import files_of
from tests.support.real_cli import RealCli, make_project, real_cli
from tests.support.scripted_model import MODEL, ScriptedModel, behind_the_fabric

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

HEAD = """
title = "Rough"
[machine]
memory_mib = 256
disk_mib = 512
"""
LEAVES = """
for n in 1 2 3; do
  setsid sh -c 'trap "" HUP INT TERM; while :; do echo tick; sleep 1; done' &
done
echo left > left.txt
"""
DEAF = 'trap "" HUP INT TERM; echo deaf; while :; do sleep 1; done'
FORKS = """
python3 - <<'END'
import os, time
for number in range(100_000):
    try:
        if os.fork() == 0:
            while True:
                time.sleep(600)
    except OSError as error:
        print("no more:", error, flush=True)
        break
END
echo "the parent ended with $?"
"""
FULL = """
echo kept > kept.txt
dd if=/dev/zero of=/var/tmp/fill bs=1M 2>&1 | grep -o 'No space left on device'
"""
GREEDY = """
echo kept > kept.txt
python3 -c 'kept = [b"x" * (1 << 20) for number in range(4096)]'
echo "it ended with $?"
"""
GREEDY_TO_ITS_END = """
echo kept > kept.txt
exec python3 -c 'kept = [b"x" * (1 << 20) for number in range(4096)]'
"""
MANY_GREEDY = """
for number in 1 2 3 4 5 6 7 8; do
  python3 -c 'kept = [b"x" * (1 << 20) for number in range(4096)]' &
done
wait
dd if=/dev/zero of=/dev/shm/fill bs=1M
rm -f /dev/shm/fill
echo "all are gone"
"""
LOOKS_AROUND = '''
cat > /tmp/look.py <<'END'
"""Each way out as its name and what came of it."""
import json, os, socket, urllib.error, urllib.request

base = os.environ["OPENAI_BASE_URL"].removesuffix("/v1")
proxy = urllib.request.ProxyHandler({"http": "http://127.0.0.1:3128"})
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
over = urllib.request.build_opener(proxy)
found = {}

def ask(name, opener, address, body=None, headers={}):
    try:
        asked = urllib.request.Request(address, body, headers)
        found[name] = opener.open(asked, timeout=20).status
    except urllib.error.HTTPError as error:
        found[name] = error.code
    except Exception as error:
        found[name] = type(error).__name__

ask("models", direct, f"{base}/v1/models")
for path in ("status", "queue", "leases", "calls?task=other", "tokens", "../fabric/v1/status"):
    ask(path, direct, f"{base}/fabric/v1/{path}")
    ask(f"v1 {path}", direct, f"{base}/v1/../fabric/v1/{path}")
made = b'{"task": "other", "class": "interactive"}'
ask("a token", direct, f"{base}/fabric/v1/tokens", made, {"Content-Type": "application/json"})
ask("exit", direct, f"{base}/fabric/v1/exit", b"{}", {"Host": "localhost"})
ask("metrics", direct, f"{base}/metrics")
for host in ("169.254.169.254", "127.0.0.1:PORT", "localhost:PORT", "[::1]:PORT",
             "[::ffff:127.0.0.1]:PORT", "[::ffff:169.254.169.254]", "10.0.2.2", "2130706433:PORT"):
    ask(f"proxy {host}", over, f"http://{host}/latest/meta-data/")
for family, to in ((socket.AF_INET, ("169.254.169.254", 80)), (socket.AF_INET, ("10.0.2.2", PORT)),
                   (socket.AF_VSOCK, (2, 1024))):
    try:
        with socket.socket(family, socket.SOCK_STREAM) as way:
            way.settimeout(20)
            way.connect(to)
        found[f"socket {to}"] = 200
    except OSError as error:
        found[f"socket {to}"] = type(error).__name__
print(json.dumps(found))
END
python3 /tmp/look.py > found.json
'''


@dataclass(frozen=True, slots=True)
class Ended:
    """A run and what was left of it."""

    code: int
    events: list[dict[str, Any]]

    @property
    def task(self) -> str:
        return str(self.events[0]["task"])

    @property
    def printed(self) -> list[str]:
        return [e["text"] for e in self.events if e["event"] == "step_output"]

    def reached(self) -> list[dict[str, Any]]:
        return [e for e in self.events if e["event"] == "checkpoint_reached"]


@pytest.fixture(scope="module")
def cli() -> Iterator[RealCli]:
    with real_cli() as found:
        yield found


def run(
    cli: RealCli, folder: Path, *steps: str, more: str = "", head: str = HEAD
) -> tuple[Path, Ended]:
    """A task of these steps, to its end; no machine is left then."""
    texts = [
        f"[[steps]]\nname = \"s{number}\"\nrun = '''{step}'''\n{more}"
        for number, step in enumerate(steps)
    ]
    project = make_project(folder, {".clawdesk/tasks/rough.toml": head + "".join(texts)})
    options = ("--headless", "--json", "--approve", "all")
    done = cli.run("run", str(project), "rough", *options, code=None)
    assert not cli.machines()
    return project, Ended(done.returncode, cli.events(done.stdout))


def test_what_is_left_behind_and_hears_no_signal_holds_nothing_up(
    cli: RealCli, tmp_path: Path
) -> None:
    project, ended = run(cli, tmp_path / "p", LEAVES, "echo then > then.txt")
    assert ended.code == 0, ended.events[-1]
    assert [event["files_only"] for event in ended.reached()] == [False, False]
    files = files_of(project, ended.task, "left.txt", "then.txt")
    assert files == {"left.txt": "left\n", "then.txt": "then\n"}


def test_a_step_that_hears_no_signal_ends_at_its_time(cli: RealCli, tmp_path: Path) -> None:
    _, ended = run(cli, tmp_path / "p", DEAF, more="timeout_s = 2\n")
    assert (ended.code, ended.events[-1]["status"]) == (1, "failed")
    assert "ran longer than its limit of 2 s" in ended.events[-1]["text"]


def test_forks_without_end_stay_inside_and_the_work_is_kept(cli: RealCli, tmp_path: Path) -> None:
    steps = ("echo kept > kept.txt", FORKS)
    project, ended = run(cli, tmp_path / "p", *steps, more="timeout_s = 20\n")
    assert ended.events[-1]["event"] == "task_finished", ended.events[-1]
    kept = ended.reached()[0]["commit"]
    assert files_of(project, ended.task, "kept.txt", at=kept) == {"kept.txt": "kept\n"}


def test_a_full_disk_costs_no_checkpoint(cli: RealCli, tmp_path: Path) -> None:
    project, ended = run(cli, tmp_path / "p", FULL, "rm /var/tmp/fill; echo room > room.txt")
    assert ended.code == 0, ended.events[-1]
    assert "No space left on device" in ended.printed
    assert [event["files_only"] for event in ended.reached()] == [False, False]
    files = files_of(project, ended.task, "kept.txt", "room.txt")
    assert files == {"kept.txt": "kept\n", "room.txt": "room\n"}


@pytest.mark.parametrize("greedy", [GREEDY, MANY_GREEDY], ids=["one", "many"])
def test_who_takes_all_memory_is_ended_and_nobody_else(
    cli: RealCli, tmp_path: Path, greedy: str
) -> None:
    project, ended = run(cli, tmp_path / "p", greedy, "echo then > then.txt")
    assert ended.code == 0, ended.events[-1]
    assert {"it ended with 137", "all are gone"} & set(ended.printed), ended.printed
    assert [event["files_only"] for event in ended.reached()] == [False, False]
    assert files_of(project, ended.task, "then.txt") == {"then.txt": "then\n"}
    assert "Memory ran out: the machine has 256 MiB" in cli.run("log", ended.task).stdout


def test_a_step_that_dies_of_its_memory_says_so_and_what_to_do(
    cli: RealCli, tmp_path: Path
) -> None:
    _, ended = run(cli, tmp_path / "p", GREEDY_TO_ITS_END)
    assert (ended.code, ended.events[-1]["status"]) == (1, "failed")
    assert "exited with 137. Memory ran out" in ended.events[-1]["text"]
    assert "memory_mib under [machine] in its file" in ended.events[-1]["text"]


def test_the_computer_around_it_is_not_there(cli: RealCli, tmp_path: Path) -> None:
    model: ScriptedModel
    with behind_the_fabric(cli, tmp_path / "p") as model:
        looks = LOOKS_AROUND.replace("PORT", str(model.port))
        head = f'{HEAD}[models]\ndefault = "{MODEL}"\n'
        project, ended = run(cli, tmp_path / "p", looks, head=head)
        assert ended.code == 0, ended.events[-1]
        found = json.loads(files_of(project, ended.task, "found.json")["found.json"])
        assert found.pop("models") == 200, "the way to the models is open"
        assert len(found) > 20
        assert not {name: code for name, code in found.items() if code in range(200, 400)}
        assert model.asked == []
