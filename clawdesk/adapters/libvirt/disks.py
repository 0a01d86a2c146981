"""Disk files: overlays, workspace disks, free space, checksums. It knows no machine.

All calls block. Immutable files get their checksum in a file of their own beside them.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from clawdesk.adapters.libvirt import checksums
from clawdesk.adapters.libvirt.qcow2 import write_overlay
from clawdesk.adapters.libvirt.records import durable
from clawdesk.ports.errors import MachineError, SnapshotDamagedError

WORKSPACE_BYTES = 4 << 30
"""Size of every workspace disk (sparse): a template freezes it, so there are few sizes."""
_NOTE = ".sum"
_NOTE_BEFORE = ".sha256"
"""What an earlier version called it; its snapshots are still used."""
_CHUNK_BYTES = 1 << 20
_QEMU_IMG_S = 600


@dataclass(frozen=True, slots=True)
class SpaceRule:
    """No snapshot is taken below either bound (reliability.md, section 6)."""

    free_bytes_min: int = 5 << 30
    free_share_min: float = 0.10

    def check(self, folder: Path) -> None:
        """Raises MachineError `no_space` when the file system of `folder` runs short."""
        usage = shutil.disk_usage(folder)
        if usage.free >= self.free_bytes_min and usage.free >= self.free_share_min * usage.total:
            return
        raise MachineError(
            f"The disk of {folder} has {usage.free / 2**30:.1f} GiB free "
            f"({100 * usage.free / usage.total:.0f} %); a snapshot needs "
            f"{self.free_bytes_min / 2**30:.0f} GiB and {100 * self.free_share_min:.0f} %.",
            mend="Free disk space; until then checkpoints keep files only.",
            code="no_space",
        )


def create_overlay(path: Path, backing: Path) -> None:
    """A fresh qcow2 that reads through to `backing` and writes to itself.

    Raises:
        MachineError: `backing` is no such file.
        OSError: it cannot be read, or the overlay not be written.
    """
    try:
        write_overlay(path, backing)
    except ValueError as error:
        raise MachineError(f"The disk of a machine is damaged: {error}.", code="disk") from error


def flatten(path: Path, top: Path) -> None:
    """Merge `top` and everything below it into one new file that stands alone."""
    _qemu_img("convert", "-q", "-O", "qcow2", str(top), str(path))


def workspace_bytes(tar_bytes: int) -> int:
    """The size of the disk a tar of that length gets: the usual one, or doubled until it fits."""
    size = WORKSPACE_BYTES
    while size < tar_bytes:
        size *= 2
    return size


def write_workspace(path: Path, tar: Path | None, size: int) -> None:
    """A sparse raw disk that begins with the tar; without one it is empty."""
    try:
        with path.open("wb") as disk:
            if tar is not None:
                with tar.open("rb") as source:
                    shutil.copyfileobj(source, disk, _CHUNK_BYTES)
            os.truncate(disk.fileno(), size)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise disk_error("The workspace could not be put on a disk", error) from error


def seal(path: Path, known: str = "") -> str:
    """Make a finished file durable, and note its checksum beside it; returns the checksum.

    Args:
        known: the checksum, by whoever wrote the file; it is not read then.
    """
    noted = _noted(path)
    if noted:
        return noted
    with path.open("rb") as content:
        os.fsync(content.fileno())
    digest = known or checksums.of(path)
    durable(_note(path), digest)
    if not path.exists():  # it was removed meanwhile; its note goes too, whoever comes last
        _note(path).unlink(missing_ok=True)
    return digest


def expect(path: Path, size: int) -> None:
    """Look at a file without reading it. Raises SnapshotDamagedError: missing, or another size."""
    try:
        found = path.stat().st_size
    except OSError as error:
        raise _damaged(path, f"cannot be read ({error.strerror})") from error
    if found != size:
        raise _damaged(path, f"has {found} bytes instead of {size}")


def verify(path: Path, size: int, *, here: bool, known: str = "") -> str:
    """Check a sealed file against its note; seals it when that had not happened yet.

    Args:
        known: as in `seal`; where there is no note yet the file is compared with it.
        here: it was written since this host started. One from before that has no note may never
            have reached the disk: it has the right size, perhaps, and holes where memory was.

    Raises:
        SnapshotDamagedError: missing, of another size, or of another content.
    """
    expect(path, size)
    noted = _noted(path)
    if not noted and not here:
        raise _damaged(path, "was not safely on the disk when this computer last went down")
    if not noted and not known:
        return seal(path)
    if not checksums.is_of(path, noted or known):
        raise _damaged(path, "does not match its checksum")
    return noted or seal(path, known)


def remove(path: Path) -> None:
    """Remove a file and the note beside it; absent ones are no error."""
    for file in (path, _note(path), _note(path, _NOTE_BEFORE)):
        file.unlink(missing_ok=True)


def disk_error(what: str, error: OSError) -> MachineError:
    """An OSError in words; a full disk gets the code `no_space`."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return MachineError(f"{what}: the disk is full.", mend="Free disk space.", code="no_space")
    return MachineError(f"{what}: {error.strerror or error}.", code="disk")


def _damaged(path: Path, why: str) -> SnapshotDamagedError:
    return SnapshotDamagedError(
        f"The snapshot is damaged: {path.name} {why}.",
        mend="Go back to an earlier checkpoint, or run the task again.",
        code="damaged",
    )


def noted_file(name: str) -> str:
    """The file a note is about, by name; of any other file its own name."""
    return name.removesuffix(_NOTE).removesuffix(_NOTE_BEFORE)


def _note(path: Path, suffix: str = _NOTE) -> Path:
    return path.with_name(f"{path.name}{suffix}")


def _noted(path: Path) -> str:
    for suffix in (_NOTE, _NOTE_BEFORE):
        with suppress(OSError):
            return _note(path, suffix).read_text(errors="replace").strip()
    return ""


def _qemu_img(*arguments: str) -> None:
    try:
        subprocess.run(
            ["qemu-img", *arguments], check=True, capture_output=True, timeout=_QEMU_IMG_S
        )
    except FileNotFoundError:
        raise MachineError(
            "qemu-img is not installed; machines have no disks without it.",
            mend="sudo apt-get install --no-install-recommends qemu-utils",
            code="no_qemu",
        ) from None
    except subprocess.CalledProcessError as error:
        words = error.stderr.decode(errors="replace").strip().splitlines()
        code = "no_space" if any("No space left" in line for line in words) else "disk"
        raise MachineError(
            f"qemu-img {arguments[0]} failed: {words[-1] if words else error.returncode}", code=code
        ) from error
    except subprocess.TimeoutExpired as error:
        raise MachineError(f"qemu-img {arguments[0]} took over {_QEMU_IMG_S} s") from error
