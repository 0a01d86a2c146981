"""The real command line in folders of its own: what a person's shell would see.

Machine images are shared with the user's (read only); everything else lies in one short temporary
folder that a test may search for leftovers.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pygit2

from clawdesk.adapters.libvirt.connection import adopt_orphans
from clawdesk.adapters.libvirt.image import build_image
from clawdesk.adapters.libvirt.places import machine_home

COMMAND = [sys.executable, "-m", "clawdesk"]
TIMEOUT_S = 240
_PR_GET_CHILD_SUBREAPER = 37


@dataclass(frozen=True, slots=True)
class RealCli:
    """`root` holds everything; `data` is where machine files lie."""

    root: Path
    data: Path
    environment: dict[str, str]
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(
        self, *arguments: str, stdin: int = subprocess.DEVNULL, **more: Any
    ) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*COMMAND, *arguments],
            env=self.environment,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **more,
        )
        self.started.append(process)
        return process

    def end_all(self) -> None:
        """End what a test that failed left running, pipes too: no later test shall trip over it."""
        for process in self.started:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream is not None:
                    stream.close()

    def run(
        self, *arguments: str, code: int | None = 0, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; fails with all its output on another exit code."""
        done = subprocess.run(
            [*COMMAND, *arguments],
            env=self.environment,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        shown = f"{arguments} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert code is None or done.returncode == code, shown
        return done

    @contextmanager
    def at_a_terminal(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """A command whose person sits at a terminal and types nothing; killed at the end."""
        person, terminal = os.openpty()
        process = self.start(*arguments, stdin=terminal)
        os.close(terminal)
        try:
            yield process
        finally:
            process.kill()
            process.communicate()
            os.close(person)

    def events(self, text: str) -> list[dict[str, Any]]:
        """JSON lines as objects."""
        return [json.loads(line) for line in text.splitlines() if line.strip()]

    def stop_fabric(self) -> None:
        """End the Fabric that commands of ours started, and its containers; none is fine."""
        subprocess.run(
            [sys.executable, "-m", "clawdesk_fabric", "stop"],
            env=self.environment,
            check=True,
            timeout=TIMEOUT_S,
        )

    def machines(self) -> list[psutil.Process]:
        """QEMU processes whose files lie in our folder."""
        found = []
        for process in psutil.process_iter(["name", "cmdline"]):
            line = " ".join(process.info["cmdline"] or ())
            if "qemu-system" in line and str(self.root) in line:
                found.append(process)
        return found


@contextmanager
def _no_sub_reaper() -> Iterator[None]:
    """Orphans of the programs under test go to init, as on a user's machine.

    Machines started in this process earlier made it a sub-reaper; libvirt in a child would then
    wait for zombies that nobody here reaps.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    before = ctypes.c_int()
    libc.prctl(_PR_GET_CHILD_SUBREAPER, ctypes.byref(before), 0, 0, 0)
    adopt_orphans(False)
    try:
        yield
    finally:
        adopt_orphans(bool(before.value))


@contextmanager
def real_cli(*, shared: Sequence[str] = ()) -> Iterator[RealCli]:
    """Folders of their own for one group of tests, removed at the end.

    Args:
        shared: further folders of machine files that are the user's own.
    """
    with _no_sub_reaper(), _folders(shared) as cli:
        yield cli


@contextmanager
def _folders(further: Sequence[str]) -> Iterator[RealCli]:
    build_image("base", print)
    shared = machine_home()
    root = Path(tempfile.mkdtemp(prefix="cdc"))
    root.chmod(0o755)
    data = root / "data"
    data.mkdir(mode=0o755)
    for name in ("images", "blank", *further):
        (shared / name).mkdir(exist_ok=True)
        (data / name).symlink_to(shared / name)
    environment = {
        **os.environ,
        "CLAWDESK_DATA_DIR": str(data),
        "CLAWDESK_RUNTIME_DIR": str(root / "run"),
        "CLAWDESK_LIBVIRT_DIR": str(root / "virt"),
        "XDG_STATE_HOME": str(root / "state"),
        "XDG_CONFIG_HOME": str(root / "config"),
        "XDG_DATA_HOME": str(root / "share"),
        "PYTHONPATH": "",
    }
    cli = RealCli(root, data, environment)
    try:
        yield cli
        cli.stop_fabric()
        assert not cli.machines(), "a machine outlived its test"
    finally:
        cli.end_all()
        for process in cli.machines():
            process.kill()
        shutil.rmtree(root, ignore_errors=True)


def make_project(folder: Path, files: dict[str, str]) -> Path:
    """A Git repository with one commit of `files` and an identity of its own."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    repository = pygit2.init_repository(folder, initial_head="main")
    repository.config["user.name"], repository.config["user.email"] = "Ann", "ann@localhost"
    repository.index.add_all()
    repository.index.write()
    who = pygit2.Signature("Ann", "ann@localhost")
    repository.create_commit("HEAD", who, who, "start", repository.index.write_tree(), [])
    repository.free()
    return folder
