"""One writer a project (rule G2), and ref locks a killed writer left behind (rule G5).

The lock is a flock on `clawdesk.lock` in the common Git directory, so the kernel frees it when its
holder dies. The file's text only says who holds it. Locks of other programs (index.lock, HEAD.lock,
packed-refs.lock, branches) are never touched.
"""

from __future__ import annotations

import contextlib
import fcntl
import getpass
import json
import os
import socket
import threading
from pathlib import Path

from clawdesk.adapters.host import boot_id

LOCK_NAME = "clawdesk.lock"
STALE_S = 2.0
_TEXT_BYTES_MAX = 4096


class ProjectLock:
    """The right to write to one repository; shared by all its work trees in this process."""

    def __init__(self, common_dir: str) -> None:
        self._path = os.path.join(common_dir, LOCK_NAME)  # noqa: PTH118 - bytes-safe, hot path
        self._fd = -1
        self._mutex = threading.Lock()

    def acquire(self) -> str:
        """Take the lock, or keep it. Returns "" when it is ours, else who holds it or why not."""
        with self._mutex:
            if self._fd >= 0:
                if self._is_file_ours():
                    return ""
                self._drop()  # the repository was replaced under us
            return self._take()

    def release(self) -> None:
        """Free the lock and remove its file."""
        with self._mutex:
            if self._fd >= 0:
                if self._is_file_ours():
                    os.unlink(self._path)  # noqa: PTH108
                self._drop()

    def _take(self) -> str:
        for _ in range(20):
            try:
                fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except OSError as error:
                return f"its Git directory cannot be written ({error.strerror})"
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                who = _holder(fd)
                os.close(fd)
                return who
            except OSError as error:
                os.close(fd)
                return f"its disk offers no file locks ({error.strerror})"
            self._fd = fd
            if self._is_file_ours():
                self._sign()
                return ""
            self._drop()  # its last holder removed the file between our open and our flock
        return "its lock changes hands all the time"

    def _is_file_ours(self) -> bool:
        try:
            there = os.stat(self._path)  # noqa: PTH116
        except OSError:
            return False
        mine = os.fstat(self._fd)
        return (there.st_dev, there.st_ino) == (mine.st_dev, mine.st_ino)

    def _sign(self) -> None:
        text = json.dumps(
            {
                "pid": os.getpid(),
                "boot_id": boot_id(),
                "host": socket.gethostname(),
                "user": _user(),
            }
        )
        with contextlib.suppress(OSError):  # a full disk; who reads it says "another ClawDesk" then
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, text.encode(), 0)

    def _drop(self) -> None:
        os.close(self._fd)
        self._fd = -1


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _holder(fd: int) -> str:
    """Who holds a lock, from the text its holder wrote; that text is not trusted."""
    try:
        who = json.loads(os.pread(fd, _TEXT_BYTES_MAX, 0))
        pid, host, user = int(who["pid"]), str(who["host"]), str(who["user"])
    except (ValueError, KeyError, TypeError, OSError):
        return "another ClawDesk holds it"
    plain = "".join(c for c in f"user {user} on {host}" if c.isprintable())[:100]
    return f"another ClawDesk holds it: process {pid} of {plain}"


def clear_stale(common_dir: str) -> list[str]:
    """Remove ref locks under refs/clawdesk/ older than 2 s. Call only while holding the lock.

    Ages are compared with the time the file system itself gives a file touched now, so neither a
    jump of the wall clock nor a server's clock matters. Returns the names removed.
    """
    lock = Path(common_dir) / LOCK_NAME
    removed = []
    found = [p for p in (Path(common_dir) / "refs" / "clawdesk").rglob("*.lock") if p.is_file()]
    if not found:
        return []
    os.utime(lock)
    now_s = lock.stat().st_mtime
    for path in found:
        try:
            if now_s - path.stat().st_mtime > STALE_S:
                path.unlink()
                removed.append(path.name)
        except FileNotFoundError:
            continue  # its writer was alive after all
    return removed
