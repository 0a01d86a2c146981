"""One plane a user and machine, one owner a project: real processes, real sockets, real Git."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.support.git_projects import GitProject

PROGRAM = Path(__file__).resolve().parent.parent / "support/plane_process.py"
TIDY = '[[steps]]\nname = "s"\nrun = "true"\n'
NOBODY = 65_534

pytestmark = pytest.mark.e2e


class Process:
    """A start of ClawDesk by one of two users, who differ by their folders."""

    def __init__(self, root: Path, user: str, project: GitProject) -> None:
        home = root / user
        home.mkdir(parents=True, exist_ok=True)
        self.runtime = home / "run"
        self.popen = subprocess.Popen(
            [sys.executable, str(PROGRAM), project.path],
            env={
                **os.environ,
                "CLAWDESK_RUNTIME_DIR": str(self.runtime),
                "XDG_STATE_HOME": str(home / "state"),
                "XDG_CONFIG_HOME": str(home / "config"),
                "LOGNAME": user,
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.popen.stdout is not None
        assert self.popen.stdin is not None
        self._out, self._in = self.popen.stdout, self.popen.stdin

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def socket(self) -> Path:
        return self.runtime / "plane.sock"

    def read(self) -> dict[str, Any]:
        """The next thing it says."""
        line = self._out.readline()
        if not line:
            _, complaint = self.popen.communicate()
            raise AssertionError(f"it ended: {complaint}")
        found = json.loads(line)
        assert isinstance(found, dict)
        return found

    def ask(self, line: str) -> dict[str, Any]:
        self._in.write(f"{line}\n")
        self._in.flush()
        return self.read()

    def kill(self) -> None:
        self.popen.kill()
        self.popen.communicate()

    def end(self) -> str:
        """Let it end; what it complained of."""
        _, complaint = self.popen.communicate("", timeout=60)
        return complaint


class Town:
    """One project and the users around it."""

    def __init__(self, root: Path, stack: ExitStack) -> None:
        self._root, self._stack = root, stack
        self.project = GitProject(root / "p", {"a.txt": "1\n", ".clawdesk/tasks/tidy.toml": TIDY})

    def start(self, user: str) -> Process:
        process = Process(self._root, user, self.project)
        self._stack.callback(process.kill)
        return process


@pytest.fixture
def town() -> Iterator[Town]:
    with tempfile.TemporaryDirectory(prefix="cdo") as folder, ExitStack() as stack:
        yield Town(Path(folder), stack)


def test_a_second_start_is_a_client_and_sees_its_plane_end(town: Town) -> None:
    first = town.start("ann")
    assert first.read()["client"] is False
    second = town.start("ann")
    assert second.read()["client"] is True
    (task,) = second.ask("submit")["tasks"]
    assert list(first.ask("look")["tasks"]) == [task]
    first.kill()
    assert second.read() == {"ended": True}
    told = second.ask("look")
    assert told["code"] == "gone", told
    assert "has ended" in told["error"]
    third = town.start("ann")
    again = third.read()
    assert again["client"] is False, "the lock of a killed plane is free at once"
    assert list(again["tasks"]) == [task]


def test_two_users_on_one_project_and_the_take_over(town: Town) -> None:
    first = town.start("ann")
    first.read()
    (task,) = first.ask("submit")["tasks"]
    second = town.start("bob")
    seen = second.read()
    assert seen["client"] is False, "another user has a plane of their own"
    assert f"process {first.pid} of user ann on {socket.gethostname()}" in seen["read_only"]
    assert seen["tasks"][task]["code"] == "read_only", "shown, and not driven"
    assert f"process {first.pid}" in seen["tasks"][task]["reason"]
    assert second.ask("submit")["code"] == "read_only"
    before = town.project.git("for-each-ref", "refs/clawdesk")
    newer = first.ask("submit")["tasks"]
    assert set(second.ask("look")["tasks"]) == set(newer), "what is new there is seen here"
    first.kill()
    assert (town.project.folder / ".git/clawdesk.lock").exists(), "a killed holder leaves the file"
    seen = second.ask("look")
    assert seen["read_only"] == ""
    assert seen["tasks"][task]["code"] != "read_only"
    assert len(second.ask("submit")["tasks"]) == 3
    assert before in town.project.git("for-each-ref", "refs/clawdesk")
    late = town.start("ann")
    assert f"process {second.pid} of user bob" in late.read()["read_only"]
    assert second.end() == ""
    assert not (town.project.folder / ".git/clawdesk.lock").exists()
    assert late.ask("look")["read_only"] == ""
    assert town.project.fsck() == ""


def connect(process: Process) -> socket.socket:
    found = socket.socket(socket.AF_UNIX)
    try:
        found.connect(str(process.socket))  # waits while the plane has others to let in
    except OSError:
        found.close()
        raise
    found.settimeout(20)
    return found


def drain(found: socket.socket) -> None:
    """Read until the plane ends the connection; a plane that keeps it open fails the test."""
    with suppress(ConnectionError):
        while found.recv(1 << 20):
            pass


DEAF = b'{"id":1,"method":"doctor"}\n' * 2_000
GARBAGE = [
    b"GET / HTTP/1.1\r\nHost: evil\r\n\r\n",
    b"\0\xff\xfe\n",
    b"[]\n",
    b"null\n",
    b'{"method":7}\n',
    b'{"method":"open_project","args":{"a":1}}\n',
    b"[" * 100_000 + b"\n",
    b"x" * (2 << 20) + b"\n",
]
ODD_CALLS: list[dict[str, Any]] = [
    {"method": "close"},
    {"method": "__init__"},
    {"method": "_kernel"},
    {"method": "open_project", "args": [7]},
    {"method": "open_project", "args": [[]]},
    {"method": "open_project", "args": ["\0"]},
    {"method": "submit", "params": {"nonsense": 1}},
    {"method": "approve", "args": [{}, "x", 3], "params": {"channel": []}},
    {"method": "diff", "args": ["x", None, 10**30]},
    {"method": "prune", "args": ["often"]},
]


def test_what_clients_do_wrong_costs_only_their_own_connection(town: Town) -> None:
    plane = town.start("ann")
    plane.read()
    for line in GARBAGE:
        with connect(plane) as client:
            with suppress(ConnectionError):  # the plane hangs up in the middle of a huge line
                client.sendall(line)
            drain(client)
    for call in ODD_CALLS:
        with connect(plane) as client, client.makefile("rb") as lines:
            client.sendall(json.dumps({"id": 1, **call}).encode() + b"\n")
            while "id" not in (reply := json.loads(lines.readline())):
                pass
            assert "error" in reply, call
    with connect(plane) as half:
        half.sendall(b'{"id":1,"method":"doc')
        seen = plane.ask("look")
        assert seen.get("tasks") == {}, seen
    assert plane.end() == ""


def test_a_thousand_connections_and_one_that_never_reads(town: Town) -> None:
    plane = town.start("ann")
    plane.read()
    with ExitStack() as stack:
        deaf = stack.enter_context(connect(plane))
        deaf.setblocking(False)
        with suppress(BlockingIOError):  # the plane stops reading from it
            deaf.sendall(DEAF)
        for _ in range(1_000):
            stack.enter_context(connect(plane))
        assert len(plane.ask("submit")["tasks"]) == 1
        other = town.start("bob")
        assert other.read()["client"] is False
    second = town.start("ann")
    assert second.read()["client"] is True, "when they are gone there is room for clients again"
    assert second.end() == ""
    assert plane.end() == ""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_another_uid_is_refused(town: Town) -> None:
    plane = town.start("ann")
    plane.read()
    program = (
        "import os, socket, sys\n"
        f"os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})\n"
        "s = socket.socket(socket.AF_UNIX)\n"
        "try:\n    s.connect(sys.argv[1]); print(len(s.recv(100)))\n"
        "except OSError as error:\n    print(type(error).__name__)\n"
    )

    def try_it() -> str:
        command = [sys.executable, "-c", program, str(plane.socket)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    assert try_it() == "PermissionError", "the folder is 0700"
    # Even where somebody opened the folders, the kernel's word on the peer counts.
    for path in (plane.socket, plane.runtime, plane.runtime.parent, plane.runtime.parent.parent):
        path.chmod(0o777)
    assert try_it() in ("0", "ConnectionResetError")
    assert plane.ask("look")["client"] is False
