"""Watches QEMU processes by their pidfd: tells at once when one ends, and reaps it if it is ours.

libvirt waits for a dead QEMU to be reaped before it says so, which takes seconds where process 1
is slow, and for ever where we are the one to reap. The kernel tells a pidfd at once. Only
processes of machines are reaped: waiting for any child would steal libvirt's own.
"""

from __future__ import annotations

import logging
import os
import select
import threading
from collections.abc import Callable
from dataclasses import dataclass

_log = logging.getLogger(__name__)
_LOOK_S = 0.01
"""How often a process that is about to appear is looked for; only then does the thread wake up."""


@dataclass(frozen=True, slots=True)
class _Machine:
    name: str
    find_pid: Callable[[], int | None]
    ended: Callable[[str, str], None]


class ProcessWatcher:
    """One thread, started with the first machine; `close` stops it."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._epoll.register(self._wake, select.EPOLLIN)
        self._expected: dict[str, _Machine] = {}
        self._watched: dict[int, _Machine] = {}
        self._lock = threading.Lock()
        self._closed = False
        self._thread: threading.Thread | None = None

    def expect(
        self, name: str, find_pid: Callable[[], int | None], ended: Callable[[str, str], None]
    ) -> None:
        """Watch a machine's process from the moment it appears; one that never does is no harm.

        A QEMU that fails while libvirt starts it must be reaped before libvirt can say so.

        Args:
            find_pid: the process id once there is one, else None.
            ended: called with name and cause on the watcher's thread.
        """
        with self._lock:
            if self._closed:
                return
            self._expected[name] = _Machine(name, find_pid, ended)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="qemu-watcher", daemon=True)
                self._thread.start()
        os.eventfd_write(self._wake, 1)

    def settle(self, name: str) -> bool:
        """Expect it no longer: it is there by now. False when it is not, or has ended already."""
        with self._lock:
            machine = self._expected.pop(name, None)
            if machine is not None:
                self._take(machine)
            return any(found.name == name for found in self._watched.values())

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

    def _take(self, machine: _Machine) -> bool:
        """Begin to watch, under the lock; False while there is no process."""
        pid = machine.find_pid()
        if pid is None:
            return False
        try:
            pidfd = os.pidfd_open(pid)
        except ProcessLookupError:
            return False
        self._watched[pidfd] = machine
        self._epoll.register(pidfd, select.EPOLLIN)
        return True

    def _run(self) -> None:
        while not self._closed:
            for pidfd, _mask in self._epoll.poll(_LOOK_S if self._expected else None):
                if pidfd == self._wake:
                    os.eventfd_read(self._wake)
                    continue
                self._end(pidfd)
            with self._lock:
                for name in [n for n, machine in self._expected.items() if self._take(machine)]:
                    del self._expected[name]

    def _end(self, pidfd: int) -> None:
        with self._lock:
            machine = self._watched.pop(pidfd)
            self._epoll.unregister(pidfd)
        why = _reap(pidfd)
        os.close(pidfd)
        try:
            machine.ended(machine.name, why)
        except Exception:
            # One listener's bug must not end the thread that hears of every other machine's end.
            _log.exception("the end of %s could not be told", machine.name)


def _reap(pidfd: int) -> str:
    """Collect a child's status and put it into words; for others none is known."""
    try:
        result = os.waitid(os.P_PIDFD, pidfd, os.WEXITED)
    except ChildProcessError:
        return "QEMU ended"
    if result is None or result.si_code == os.CLD_EXITED:
        return "the guest ended by itself (a kernel panic, or it was powered off)"
    return f"QEMU was killed by signal {result.si_status}"
