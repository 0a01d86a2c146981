"""Machines across processes: the program is killed and comes back; a user without root."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from clawdesk.adapters.libvirt.connection import adopt_orphans
from clawdesk.adapters.libvirt.image_disk import blank_disk
from tests.support import libvirt_real as real
from tests.support.import_path import IMPORT_PATH, ROOT
from tests.support.libvirt_guest import workspace_tar
from tests.support.patience import NET_S

pytestmark = pytest.mark.e2e
PROGRAM = ROOT / "tests" / "support" / "libvirt_program.py"
TASK = "01JPROCESS0000000000000001"


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder every account can pass, for a process with a driver of its own.

    This process must not inherit the QEMU of a program it kills: nobody here would collect it.
    """
    folder = Path(tempfile.mkdtemp(prefix="cdp"))
    folder.chmod(0o755)
    adopt_orphans(False)
    yield folder
    for process in _qemu_of(folder):
        process.kill()
    adopt_orphans(True)
    shutil.rmtree(folder)


async def said(program: asyncio.subprocess.Process) -> dict[str, Any]:
    """The next line the program prints, as an object."""
    assert program.stdout is not None
    line = await asyncio.wait_for(program.stdout.readline(), NET_S)
    assert line, "the program ended without a word"
    found: dict[str, Any] = json.loads(line)
    return found


async def run_program(place: Path, *words: str) -> asyncio.subprocess.Process:
    found = real.image()
    env = {
        **os.environ,
        "PYTHONPATH": IMPORT_PATH,
        "CLAWDESK_LIBVIRT_DIR": str(place / "embed"),
        "IMAGE": str(found.root.parent),
        "BLANK": str(blank_disk(real.NEED.disk_mib)),
    }
    return await asyncio.create_subprocess_exec(
        sys.executable,
        str(PROGRAM),
        str(place),
        *words,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


async def test_a_killed_program_finds_its_machines_again(place: Path) -> None:
    tar = workspace_tar(place, {"hello.txt": b"hello"})
    first = await run_program(place, "start", TASK, str(tar))
    machine = (await said(first))["machine"]
    first.send_signal(signal.SIGKILL)
    await first.wait()
    second = await run_program(place, "adopt", TASK)
    try:
        found = await said(second)
        assert found["owned"] == [[machine, TASK, 1]]
        assert found["remembered"] == "still here"
        ended = await said(second)
        assert ended["owned"] == []
        assert await second.wait() == 0
    finally:
        await _ended(second)
    await _no_qemu(place)
    assert list(place.glob("home/tasks/*")) == []
    assert list(place.glob("r/*")) == []


def user_program(place: Path) -> tuple[list[str], dict[str, str]]:
    """The program as nobody, with a session of its own: words and environment."""
    python = shutil.which("python3", path="/usr/bin")
    if python is None or not _same_version(python):
        pytest.skip("no Python of this version that an ordinary user may run")
    for name in ("home", "x", "r"):
        (place / name).mkdir(mode=0o700)
        os.chown(place / name, 65534, 65534)
    packages = next(Path(p) for p in sys.path if p.endswith("site-packages"))
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(place / "home"),
        "XDG_RUNTIME_DIR": str(place / "x"),
        "PYTHONPATH": f"{IMPORT_PATH}:{packages}",
        "CLAWDESK_ACCEL": "tcg",
        "IMAGE": str(real.image().root.parent),
        "BLANK": str(blank_disk(real.NEED.disk_mib)),
    }
    setpriv = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"]
    return [*setpriv, python, str(PROGRAM), str(place)], env


async def said_by_user(place: Path, call: str) -> dict[str, Any]:
    """What a call of the program says as nobody; it and its daemons are gone afterwards."""
    tar = workspace_tar(place, {"hello.txt": b"hello"})
    words, env = user_program(place)
    program = await asyncio.create_subprocess_exec(
        *words, call, TASK, str(tar), env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        found = await said(program)
        assert await program.wait() == 0
    finally:
        await _ended(program)
        _end_daemons(place / "x")
    await _no_qemu(place)
    return found


@pytest.mark.skipif(os.geteuid() != 0, reason="a user's tests use the session already")
async def test_an_ordinary_user_needs_no_set_up(place: Path) -> None:
    """`qemu:///session` as nobody: the same program, the same promises."""
    found = await said_by_user(place, "round")
    assert found["uri"] == "qemu:///session"
    assert found["confined"]
    assert found["remembered"] == "still here"
    assert found["lost"]
    device = Path("/dev/kvm")
    if not (device.exists() and device.stat().st_mode & 0o006):
        assert found["small_pages"], "the daemon hands on what spares memory under emulation"


@pytest.mark.skipif(os.geteuid() != 0, reason="another user's session daemon is killed")
async def test_the_death_of_libvirts_daemon_costs_no_machine(place: Path) -> None:
    """Fault 4: a machine goes on, stands still, is restored and is lost without its daemon."""
    found = await said_by_user(place, "daemon")
    assert found["while_gone"] == found["after"] == found["restored"] == "still here"
    assert found["owned"], "a new daemon finds the machine again"
    assert found["lost"] == [], "nothing was called lost while it ran"
    assert found["lost_at_last"], "its end is told without a daemon as well"


@pytest.mark.skipif(os.geteuid() != 0, reason="another user's session daemon is killed")
async def test_a_daemon_that_dies_in_the_middle_of_a_call_costs_that_call(place: Path) -> None:
    """Fault 4: the reason is said, nothing half-made stays, and the same call works again."""
    found = await said_by_user(place, "midst")
    assert "could not be started" in found["start_said"]
    assert found["left"] == [], "a machine that was half begun runs on"
    assert "snapshot" in found["snapshot_said"]
    assert found["torn"] == []
    assert found["went_on"] == found["restored"] == "still here"
    ready, problem, mend = found["gone"]
    assert (ready, "qemu:///session" in problem) == (False, True)
    assert "apt-get install" in mend
    assert found["back"], "it is found again without a restart of ours"


async def _ended(program: asyncio.subprocess.Process) -> None:
    if program.returncode is None:
        program.kill()
        await program.wait()


def _same_version(python: str) -> bool:
    told = subprocess.run([python, "-V"], capture_output=True, text=True, check=True).stdout
    return told.split()[1].split(".")[:2] == [str(part) for part in sys.version_info[:2]]


def _end_daemons(runtime: Path) -> None:
    """libvirt's session daemons end by themselves after two minutes; these are ours."""
    for pidfile in runtime.glob("libvirt/*.pid"):
        with_pid = pidfile.read_text().strip()
        if with_pid.isdigit() and psutil.pid_exists(int(with_pid)):
            process = psutil.Process(int(with_pid))
            process.terminate()
            psutil.wait_procs([process], timeout=10)


async def _no_qemu(place: Path) -> None:
    """Dead processes of a program that is gone may wait for process 1 to collect them."""
    _, alive = await asyncio.to_thread(psutil.wait_procs, _qemu_of(place), 10)
    assert alive == []


def _qemu_of(place: Path) -> list[psutil.Process]:
    return [
        process
        for process in psutil.process_iter(["cmdline", "name"])
        if (process.info["name"] or "").startswith("qemu-system")
        and str(place) in " ".join(process.info["cmdline"] or [])
    ]
