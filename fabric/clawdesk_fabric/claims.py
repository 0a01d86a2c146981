"""What the Fabrics of one machine promise to models, so that no two promise the same memory.

Each keeps one file in a folder that all users share, and a lock on it for as long as it lives; what
a dead one wrote counts no more. Files are read and written under one more lock, so a start that was
claimed is seen by whoever claims next. Blocks; called in a thread.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import secrets
import stat
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from clawdesk_fabric.model import DeviceId

log = logging.getLogger("clawdesk_fabric")
LOCK_S_MAX = 2.0
"""Whoever holds the common lock for longer is not one of us."""
FILES_MAX = 256
FILE_BYTES_MAX = 64 * 1024
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
Mib = Mapping[DeviceId, int]


class Claims:
    """One Fabric's file among those of all.

    Args:
        folder: shared by all users of the machine, made if it is not there; None = this Fabric
            neither tells nor asks.
    """

    def __init__(self, folder: Path | None) -> None:
        self.machine_mib = psutil.virtual_memory().total // 2**20
        self._folder = folder
        self._name = f"{os.getpid()}-{secrets.token_hex(4)}.json"
        self._file = -1
        self._trouble = ""
        if folder is not None:
            try:
                self._open(folder)
            except OSError as error:
                log.warning("%s cannot be used (%s): other Fabrics are not heard of", folder, error)
                self._folder = None

    @property
    def is_on(self) -> bool:
        return self._folder is not None

    def tell(self, mine: Mib) -> dict[DeviceId, int]:
        """Write what is promised here; what all others together promise.

        A folder that is gone is made anew; of others nothing is heard while it cannot be used.
        """
        assert self._folder is not None
        with self._said(), self._locked(self._folder):
            self._write(mine)
            return self._others(self._folder)
        return {}

    def claim(
        self, mine: Mib, room: Mib, devices: Collection[DeviceId] | None = None
    ) -> tuple[dict[DeviceId, int], dict[DeviceId, int]]:
        """Write what is promised here, a new start included, unless others left no room for it.

        Args:
            room: what all together may promise, by device.
            devices: those of the new start; None = all. What is short elsewhere is no matter of
                it, and must not leave it untold.
        Returns:
            How much is missing, by device (nothing was written unless this is empty), and what
            all others together promise.
        """
        assert self._folder is not None
        with self._said(), self._locked(self._folder):
            others = self._others(self._folder)
            short = {d: mib + others.get(d, 0) - room.get(d, 0) for d, mib in mine.items()}
            meant = mine if devices is None else devices
            short = {d: mib for d, mib in short.items() if mib > 0 and others.get(d) and d in meant}
            if not short:
                self._write(mine)
            return short, others
        return {}, {}

    def close(self) -> None:
        """Promise nothing any more; safe to repeat."""
        if self._file >= 0 and self._folder is not None:
            (self._folder / self._name).unlink(missing_ok=True)
            os.close(self._file)
            self._file = -1
            self._folder = None

    # -- files -----------------------------------------------------------------------------------

    def _open(self, folder: Path) -> None:
        with suppress(FileExistsError):
            folder.mkdir(parents=True)
            folder.chmod(0o1777)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or not (
            found.st_mode & stat.S_ISVTX or found.st_uid == os.getuid()
        ):
            raise NotADirectoryError(f"{folder} is no folder in which each user's files are safe")
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        self._file = os.open(folder / self._name, flags, 0o644)
        os.fchmod(self._file, 0o644)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    @contextmanager
    def _said(self) -> Iterator[None]:
        """Trouble with the files costs what others would hear, never a start; it is said once."""
        try:
            yield
            self._trouble = ""
        except OSError as error:
            if self._trouble != str(error):
                log.warning("%s fails (%s): other Fabrics are not heard of", self._folder, error)
            self._trouble = str(error)

    @contextmanager
    def _locked(self, folder: Path) -> Iterator[None]:
        """Alone with the files of all. A lock that does not come is done without, and said."""
        if self._file >= 0 and not os.fstat(self._file).st_nlink:  # somebody cleared the folder
            os.close(self._file)
            self._file = -1
        if self._file < 0:
            self._open(folder)
        path = folder / "lock"
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644))
        lock = os.open(path, _OPEN)
        try:
            until = time.monotonic() + LOCK_S_MAX
            while not _taken(lock, fcntl.LOCK_EX):
                if time.monotonic() > until:
                    log.warning("%s is held by a program that does not let go of it", path)
                    break
                time.sleep(0.005)  # flock itself can wait, but not for a limited time
            yield
        finally:
            os.close(lock)

    def _write(self, mine: Mib) -> None:
        text = json.dumps({device: mib for device, mib in mine.items() if mib > 0}).encode()
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, text, 0)

    def _others(self, folder: Path) -> dict[DeviceId, int]:
        total: dict[DeviceId, int] = {}
        names = [e.name for e in os.scandir(folder) if e.name.endswith(".json")]
        for name in sorted(names)[:FILES_MAX]:
            if name != self._name:
                for device, mib in _read(folder / name).items():
                    total[device] = total.get(device, 0) + mib
        return total


def _taken(file: int, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(path: Path) -> dict[DeviceId, int]:
    """What its writer promises; nothing when it is dead, or when it wrote something else."""
    try:
        file = os.open(path, _OPEN)
    except OSError:
        return {}
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            return {}
        if _taken(file, fcntl.LOCK_SH):
            with suppress(OSError):
                path.unlink()  # its Fabric died; in a shared folder only its owner may
            return {}
        found = json.loads(os.read(file, FILE_BYTES_MAX))
    except (OSError, ValueError, RecursionError):
        return {}
    finally:
        os.close(file)
    if not isinstance(found, dict):
        return {}
    return {device: mib for device, mib in found.items() if type(mib) is int and mib > 0}
