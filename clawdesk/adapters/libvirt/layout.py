"""Where each file of a machine lies, and who may pass. It makes folders, never machine files.

    HOME/owner                         our owner id
    HOME/tasks/TASK/machines/NAME.json a machine that was started and not yet destroyed
    HOME/tasks/TASK/layers/*.qcow2     overlays; frozen ones are shared by snapshots
    HOME/tasks/TASK/workspaces/*.raw   read-only disks with the workspace tar
    HOME/tasks/TASK/snapshots/ID/      memory, record.json; a shared one has the record only
    HOME/tasks/TASK/discarded/         the task is gone; what else is there, other tasks need
    HOME/templates/KEY/GENERATION/     the same, of a machine that no task has touched
    HOME/layers/NAME.GENERATION/       a disk that the set-up of an image has written to
    RUNTIME/NAME.sock                  channels (short paths: a Unix socket has 107 bytes)

Folders with guests' memory and disks are 0700: they may hold secrets.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from clawdesk.adapters.libvirt.records import durable
from clawdesk.ports.errors import MachineError

RECORD = "record.json"
MEMORY = "memory"
_SOCKET_BYTES_MAX = 107
LAYERS = "layers"
_TEMPLATES = "templates"
_PARTS = ("machines", "layers", "workspaces", "snapshots")
SERVICE_TASK = "-"
"""Stands for the task of machines that serve none (templates, probes)."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths of one home. `uid` and `gid` are the account QEMU runs as."""

    home: Path
    runtime: Path
    uid: int
    gid: int

    def owner(self) -> str:
        """Our owner id, made once: what carries another one is never touched."""
        path = self.home / "owner"
        if not path.exists():
            durable(path, secrets.token_hex(16))
        return path.read_text().strip()

    def task(self, task: str) -> Path:
        """A task's folder. Raises MachineError for a name that is not one plain word."""
        if task == SERVICE_TASK:
            return self.home / "service"
        if not task.isalnum() or not task.isascii():
            raise MachineError(f"{task!r} is not the name of a task", code="bad_task")
        return self.home / "tasks" / task

    def make_task(self, task: str) -> Path:
        """The folder with its sub-folders, open to us and to QEMU's account only."""
        folder = self.task(task)
        if self.is_discarded(folder):
            (folder / "discarded").rename(folder / "machines")
        (self.home / "tasks").mkdir(mode=0o711, parents=True, exist_ok=True)
        for part in (
            folder,
            *(folder / name for name in _PARTS),
        ):
            if not part.exists():
                part.mkdir(mode=0o700, exist_ok=True)
                self.give(part)
        return folder

    def channel(self, machine: str) -> Path:
        path = self.runtime / f"{machine}.sock"
        if len(os.fsencode(path)) > _SOCKET_BYTES_MAX:
            raise MachineError(
                f"The path of the machine's channel is too long for a socket: {path}",
                mend="Set XDG_RUNTIME_DIR to a shorter directory.",
                code="long_path",
            )
        return path

    def fifo(self, machine: str) -> Path:
        return self.runtime / f"{machine}.fifo"

    def machine(self, task: str, machine: str) -> Path:
        return self.task(task) / "machines" / f"{machine}.json"

    def snapshot(self, snapshot_id: str) -> Path:
        """Folder of a snapshot; its id begins with its task: TASK.ORDINAL.SUFFIX."""
        task, _, rest = snapshot_id.partition(".")
        if not rest or "/" in rest:
            raise MachineError(f"{snapshot_id!r} is not the id of a snapshot", code="bad_snapshot")
        return self.task(task) / "snapshots" / snapshot_id

    def templates(self) -> Path:
        return self._shared(_TEMPLATES)

    def layers(self) -> Path:
        return self._shared(LAYERS)

    def _shared(self, name: str) -> Path:
        """A folder whose files serve any task."""
        folder = self.home / name
        if not folder.exists():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.give(folder)
        return folder

    def machine_records(self) -> list[Path]:
        """Of all tasks and of service machines."""
        return [
            path
            for folder in [*self.task_folders(), self.home / "service"]
            for path in _listed(folder / "machines")
            if path.suffix == ".json"
        ]

    def saved_records(self) -> list[Path]:
        """Of the snapshots of all tasks that are not discarded."""
        return [
            path
            for task in self.task_folders()
            if not self.is_discarded(task)
            for folder in _listed(task / "snapshots")
            if (path := folder / RECORD).exists()
        ]

    def template_records(self) -> list[Path]:
        return [
            path
            for key in _listed(self.home / _TEMPLATES)
            for folder in _listed(key)
            if (path := folder / RECORD).exists()
        ]

    def task_folders(self) -> list[Path]:
        """Of tasks, discarded ones included, while files of them are there."""
        return _listed(self.home / "tasks")

    def is_discarded(self, folder: Path) -> bool:
        return (folder / "discarded").exists()

    def mark_discarded(self, folder: Path) -> None:
        """In one step none of a task's records counts any more. A rename needs no free space."""
        if (folder / "machines").exists():
            (folder / "machines").rename(folder / "discarded")
        else:
            (folder / "discarded").mkdir(mode=0o700, exist_ok=True)

    def within(self, path: str) -> str:
        """A machine file's path inside the home; "" for a file that lies elsewhere."""
        home = f"{self.home}/"
        if not path.startswith(home):  # the home may have been reached by another name
            path, home = os.path.realpath(path), f"{os.path.realpath(self.home)}/"
        inside = path.removeprefix(home)
        return inside if path.startswith(home) and ".." not in inside.split("/") else ""

    def give(self, path: Path) -> None:
        """Let QEMU's account own a file or folder; nothing to do when that is ourselves."""
        if os.geteuid() == 0:
            os.chown(path, self.uid, self.gid)

    def remove(self, folder: Path) -> None:
        """Remove a task's whole folder."""
        gone = folder.with_name(f".{folder.name}.gone")
        shutil.rmtree(gone, ignore_errors=True)
        folder.rename(gone)  # at once, so that half a task is never seen
        shutil.rmtree(gone)


def _listed(folder: Path) -> list[Path]:
    """What is in a folder and not hidden; nothing where there is none.

    Raises:
        OSError: it is there and cannot be read. A glob would show nothing, and what records in it
            need would be taken for needless.
    """
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except (FileNotFoundError, NotADirectoryError):
        return []


def runtime_folder() -> Path:
    """`$CLAWDESK_RUNTIME_DIR/m`, else `$XDG_RUNTIME_DIR/clawdesk/m`, else under /tmp. Made 0700.

    Raises:
        MachineError: the folder belongs to somebody else (code `foreign_folder`).
    """
    own = os.environ.get("CLAWDESK_RUNTIME_DIR", "")
    users = os.environ.get("XDG_RUNTIME_DIR", "")
    if own:
        root = Path(own)
    elif users:
        root = Path(users) / "clawdesk"
    else:
        root = Path(tempfile.gettempdir()) / f"clawdesk-{os.geteuid()}"
    folder = root / "m"
    for part in (root, folder):
        part.mkdir(mode=0o700, exist_ok=True)
        found = part.lstat()
        if found.st_uid != os.geteuid() or found.st_mode & 0o077:
            raise MachineError(
                f"{part} is not a private directory of this user",
                mend=f"Remove {part}, or set XDG_RUNTIME_DIR.",
                code="foreign_folder",
            )
    return folder
