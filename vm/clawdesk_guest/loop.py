"""A small event loop for process 1: file descriptors, timers, children. Knows nothing of the wire.

asyncio would do, but importing it under emulation costs a third of a second of every start.
"""

import errno
import os
import select
import signal
import time
from collections.abc import Callable

READ = select.EPOLLIN
WRITE = select.EPOLLOUT
EDGE = select.EPOLLET
GONE = select.EPOLLHUP | select.EPOLLERR
_NEVER = float("inf")


class Loop:
    """Calls back when descriptors are ready, timers are due, children have ended.

    Every callback runs on the one thread; none may block.
    """

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._ready: dict[int, Callable[[int], None]] = {}
        self._wanted: dict[int, int] = {}
        self._timers: dict[int, tuple[float, Callable[[], None]]] = {}
        self._due = _NEVER  # no timer is due before that
        self._last_timer = 0
        self._children: dict[int, Callable[[int], None]] = {}
        self._running = True
        self.before_wait: Callable[[], None] = lambda: None
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def run(self) -> None:
        """Until `stop`. Children are reaped, also those nobody here started (process 1 must)."""
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        self.watch(self._wake_read, READ, lambda _: self._reap())
        self._reap()
        while self._running:
            self.before_wait()
            for descriptor, mask in self._poll():
                call = self._ready.get(descriptor)
                if call is not None:
                    call(mask)
            self._fire()

    def stop(self) -> None:
        self._running = False

    def close(self) -> None:
        signal.set_wakeup_fd(-1)
        self._epoll.close()
        os.close(self._wake_read)
        os.close(self._wake_write)

    # Descriptors

    def watch(self, descriptor: int, mask: int, call: Callable[[int], None]) -> None:
        """Call `call(mask)` when ready; a second `watch` changes mask and callback."""
        if descriptor not in self._wanted:
            self._epoll.register(descriptor, mask)
        elif self._wanted[descriptor] != mask:
            self._epoll.modify(descriptor, mask)
        self._wanted[descriptor] = mask
        self._ready[descriptor] = call

    def forget(self, descriptor: int) -> None:
        """Stop watching; needed before the descriptor is closed. Unknown: nothing."""
        if self._wanted.pop(descriptor, None) is not None:
            self._epoll.unregister(descriptor)
        self._ready.pop(descriptor, None)

    def _poll(self) -> list[tuple[int, int]]:
        wait_s = self._due - time.monotonic() if self._due < _NEVER else None
        try:
            return self._epoll.poll(wait_s if wait_s is None or wait_s > 0 else 0)
        except InterruptedError:
            return []

    # Timers

    def after(self, delay_s: float, call: Callable[[], None]) -> int:
        """Call once in `delay_s`; returns a number for `cancel`.

        The clock is the monotonic one, which stands while the machine does.
        """
        self._last_timer += 1
        due = time.monotonic() + delay_s
        self._timers[self._last_timer] = (due, call)
        self._due = min(self._due, due)
        return self._last_timer

    def cancel(self, timer: int) -> None:
        self._timers.pop(timer, None)

    def _fire(self) -> None:
        now = time.monotonic()
        if now < self._due:
            return
        self._due = _NEVER  # what is called may set timers of its own
        for timer, (at, call) in list(self._timers.items()):
            if at <= now and self._timers.pop(timer, None) is not None:
                call()
        self._due = min((at for at, _ in self._timers.values()), default=_NEVER)

    # Children

    def child(self, pid: int, ended: Callable[[int], None]) -> None:
        """Call `ended(exit code)` when a child ends; a signal's number comes as 128 + number."""
        self._children[pid] = ended

    def _reap(self) -> None:
        while True:
            try:
                os.read(self._wake_read, 512)
            except BlockingIOError:
                break
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            ended = self._children.pop(pid, None)
            if ended is not None:
                code = os.waitstatus_to_exitcode(status)
                ended(code if code >= 0 else 128 - code)


def read_some(descriptor: int, size: int) -> bytes | None:
    """Bytes that are there, b"" at the end, None when there are none yet."""
    try:
        return os.read(descriptor, size)
    except BlockingIOError:
        return None
    except OSError as error:
        if error.errno in (errno.EIO, errno.ECONNRESET, errno.EPIPE):
            return b""
        raise


def write_some(descriptor: int, content: bytes | memoryview) -> int:
    """How many bytes went; 0 when it would block, -1 when the other end is gone."""
    try:
        return os.write(descriptor, content)
    except BlockingIOError:
        return 0
    except OSError as error:
        if error.errno in (errno.EPIPE, errno.ECONNRESET, errno.EIO, errno.ENODEV):
            return -1
        raise
