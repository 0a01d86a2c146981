"""Watches QEMU processes by their pidfd: tells at once when one ends, and reaps it if it is ours.

libvirt waits for a dead QEMU to be reaped before it says so, which takes seconds where process 1
is slow; the kernel tells a pidfd at once. Only processes handed over are reaped: waiting for any
child would steal libvirt's own.
"""

from __future__ import annotations

import logging
import os
import select
import threading
from collections.abc import Callable
from dataclasses import dataclass

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Watched:
    name: str
    pid: int
    ended: Callable[[str, str], None]


class ProcessWatcher:
    """One thread, started with the first process; `close` stops it."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._epoll.register(self._wake, select.EPOLLIN)
        self._watched: dict[int, _Watched] = {}
        self._lock = threading.Lock()
        self._closed = False
        self._thread: threading.Thread | None = None

    def watch(self, name: str, pid: int, ended: Callable[[str, str], None]) -> bool:
        """Call `ended(name, why)` on the watcher's thread once the process has ended.

        Returns:
            False when the process is gone already; nothing is called then.
        """
        try:
            pidfd = os.pidfd_open(pid)
        except ProcessLookupError:
            return False
        with self._lock:
            if self._closed:
                os.close(pidfd)
                return True
            self._watched[pidfd] = _Watched(name, pid, ended)
            self._epoll.register(pidfd, select.EPOLLIN)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="qemu-watcher", daemon=True)
                self._thread.start()
        return True

    def close(self) -> None:
        """Stop watching; the processes go on."""
        with self._lock:
            self._closed = True
            thread = self._thread
        os.eventfd_write(self._wake, 1)
        if thread is not None:
            thread.join()
        for pidfd in self._watched:
            os.close(pidfd)
        self._watched.clear()
        self._epoll.close()
        os.close(self._wake)

    def _run(self) -> None:
        while True:
            for pidfd, _mask in self._epoll.poll():
                if pidfd == self._wake:
                    return
                with self._lock:
                    watched = self._watched.pop(pidfd)
                    self._epoll.unregister(pidfd)
                why = _reap(pidfd)
                os.close(pidfd)
                try:
                    watched.ended(watched.name, why)
                except Exception:
                    _log.exception("the end of %s could not be told", watched.name)


def _reap(pidfd: int) -> str:
    """Collect a child's status and put it into words; for others none is known."""
    try:
        result = os.waitid(os.P_PIDFD, pidfd, os.WEXITED)
    except ChildProcessError:
        return "QEMU ended"
    if result is None or result.si_code == os.CLD_EXITED:
        return "the guest ended by itself (a kernel panic, or it was powered off)"
    return f"QEMU was killed by signal {result.si_status}"
