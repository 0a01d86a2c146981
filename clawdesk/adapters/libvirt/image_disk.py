"""Empty disks a machine writes on: a qcow2 with an empty ext4, made once per size."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from clawdesk.adapters.libvirt.image_commands import locked, run
from clawdesk.adapters.libvirt.places import machine_home, open_folder
from clawdesk.ports.errors import MachineError

_SMALLEST_MIB = 256


def blank_disk(disk_mib: int) -> Path:
    """A cached, read-only qcow2 of `disk_mib` MiB holding an empty ext4; back overlays with it.

    Raises:
        MachineError: mke2fs or qemu-img missing, no space, or `disk_mib` below 256.
    """
    if disk_mib < _SMALLEST_MIB:
        raise MachineError(
            f"a machine's disk of {disk_mib} MiB is too small",
            mend=f"ask for at least {_SMALLEST_MIB} MiB (machine.disk_mib)",
            code="bad_need",
        )
    folder = open_folder(machine_home() / "blank")
    target = folder / f"ext4-{disk_mib}.qcow2"
    if target.exists():
        return target
    try:
        with locked(folder / "blank.lock"):
            if not target.exists():
                _make(disk_mib, target)
    except OSError as error:
        raise MachineError(
            f"an empty disk could not be written: {error.strerror or error}",
            mend="free some disk space",
            code="no_space",
        ) from error
    return target


def _make(disk_mib: int, target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".making-") as room:
        raw, qcow2 = Path(room) / "raw", Path(room) / "qcow2"
        with raw.open("wb") as sparse:
            os.truncate(sparse.fileno(), disk_mib << 20)
        # Lazy tables keep the first boot from writing megabytes; a journal only costs snapshots
        # space, for a disk is never used again after a power cut.
        mke2fs = ["mke2fs", "-q", "-F", "-t", "ext4", "-m", "0"]
        mke2fs += ["-O", "^has_journal", "-E", "lazy_itable_init=1,nodiscard", str(raw)]
        run(mke2fs, package="e2fsprogs")
        convert = ["qemu-img", "convert", "-q", "-O", "qcow2", str(raw), str(qcow2)]
        run(convert, package="qemu-utils")
        qcow2.chmod(0o444)
        qcow2.replace(target)
