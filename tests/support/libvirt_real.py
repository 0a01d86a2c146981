"""Real machines for tests: one home and one driver folder a process, gone when it ends.

libvirt's embedded driver admits one folder a process, so every test that starts machines in this
process goes through here (or sets nothing and inherits `CLAWDESK_LIBVIRT_DIR`).
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import psutil

from clawdesk.adapters.libvirt.disks import SpaceRule
from clawdesk.adapters.libvirt.image import GuestImage, build_image
from clawdesk.adapters.libvirt.image_disk import blank_disk
from clawdesk.adapters.libvirt.machines import LibvirtMachines
from clawdesk.adapters.libvirt.workplace import Settings
from clawdesk.domain.model import MachineNeed
from clawdesk.ports.errors import MachineError

NEED = MachineNeed(memory_mib=256, disk_mib=512)
NO_SPACE_RULE = SpaceRule(free_bytes_min=0, free_share_min=0.0)
"""A test machine's disk may be fuller than a user's should be."""
_root: Path | None = None


def folder() -> Path:
    """This process's folder for machine files; short, and open to QEMU's account."""
    global _root  # noqa: PLW0603 - one a process, as libvirt's driver is
    if _root is None:
        _root = Path(tempfile.mkdtemp(prefix="cdm"))
        _root.chmod(0o755)
        os.environ.setdefault("CLAWDESK_LIBVIRT_DIR", str(_root / "embed"))
        atexit.register(shutil.rmtree, _root, ignore_errors=True)
    return _root


def image() -> GuestImage:
    """The guest image, built where this machine has none yet."""
    return build_image("base", print)


def settings(home: str = "home") -> Settings:
    """Settings of a home below `folder()`; equal names share warm templates."""
    root = folder()
    runtime = root / "r"
    runtime.mkdir(mode=0o700, exist_ok=True)
    found = image()
    return Settings(
        home=root / home,
        driver=Path(os.environ["CLAWDESK_LIBVIRT_DIR"]),
        runtime=runtime,
        find_image=lambda name: found if name == "base" else None,
        blank_disk=blank_disk,
        space=NO_SPACE_RULE,
    )


@asynccontextmanager
async def real_machines(home: str = "home", **changes: object) -> AsyncIterator[LibvirtMachines]:
    """Machines that are closed, and found to have left nothing, at the end."""
    used = replace(settings(home), **changes)  # type: ignore[arg-type]
    machines = LibvirtMachines(used)
    try:
        yield machines
    finally:
        with contextlib.suppress(MachineError):
            for task in used.home.glob("tasks/*"):
                await machines.discard(task.name)
        await machines.close()
    left = survivors(used)
    assert not left, left


def survivors(used: Settings) -> list[str]:
    """What machines left behind: QEMU processes, sockets, files of tasks, libvirt's files."""
    left = [f"process {p.pid}" for p in qemu_processes(used)]
    left += [f"socket {path}" for path in used.runtime.iterdir()]
    left += [f"file {path}" for path in used.home.glob("tasks/*")]
    left += [f"file {path}" for path in used.home.glob("service/*/*")]
    left += [f"driver {path}" for path in (used.driver / "run" / "qemu").glob("cd-*")]
    left += [f"log {path}" for path in (used.driver / "log" / "qemu").glob("cd-*")]
    return left


def qemu_processes(used: Settings) -> list[psutil.Process]:
    """Living QEMU processes that write below this home."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = " ".join(process.info["cmdline"] or [])
        alive = process.info["status"] != psutil.STATUS_ZOMBIE
        if alive and "qemu-system" in words and f"{used.home}/" in words:
            found.append(process)
    return found
