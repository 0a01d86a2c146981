"""The real guest program as an ordinary process, listening where a machine's channel would be."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil

from tests.support.guest_tar import workspace_tar

_VM = Path(__file__).resolve().parents[2] / "vm"


class GuestProcess:
    """One running guest program; its workspace is `workspace`, its channel `socket`."""

    def __init__(self, folder: Path, tar: Path | None = None, groups: Path | None = None) -> None:
        self.socket = folder / "agent.sock"
        self.workspace = folder / "workspace"
        self.claw_socket = folder / "claw.sock"
        places = {
            "port": self.socket,
            "workspace": self.workspace,
            "state": folder / "state",
            "disk": tar or folder / "none",
            "claw_socket": self.claw_socket,
            "groups": groups or "",
        }
        bin_folder = folder / "bin"
        bin_folder.mkdir()
        _write_claw(bin_folder / "claw")
        path = f"{bin_folder}:{os.environ['PATH']}"
        words = [f"{name}={place}" for name, place in places.items()]
        self._process = subprocess.Popen(
            [sys.executable, "-X", "dev", "-m", "clawdesk_guest.runner", *words],
            env={**os.environ, "PYTHONPATH": str(_VM), "PATH": path},
        )

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def stand_still(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        below = psutil.Process(self.pid).children(recursive=True) if self.is_running else []
        self.kill()
        for process in below:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


@contextlib.contextmanager
def running_guest(files: Mapping[str, bytes], groups: Path | None = None) -> Iterator[GuestProcess]:
    """A guest program with a workspace of these files; it ends with the block, which may fail."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        process = GuestProcess(folder, workspace_tar(folder, files), groups)
        try:
            yield process
        finally:
            process.close()


def _write_claw(path: Path) -> None:
    """`claw` as in the image, but for this Python and this checkout."""
    lines = [
        f"#!{sys.executable} -S",
        "import sys",
        f"sys.path.insert(0, {str(_VM)!r})",
        "from clawdesk_guest.cli import main",
        "sys.exit(main(sys.argv[1:]))",
    ]
    path.write_text("\n".join(lines) + "\n")
    path.chmod(0o755)
