"""A long stream into a file of its own, past the kernel's cache where the file system can.

A machine's memory is a hundred megabytes that nobody reads again soon. In the kernel's cache they
push out what the person works with, the processor writes each page twice, and the disk still has
all of it to do when the file is made durable. Written past the cache they are on the disk at once
(2026-11-26: 85 MB in 50 to 100 ms, for 350 to 660 ms into a cache whose pages were not at hand).
"""

from __future__ import annotations

import mmap
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from time import monotonic

_BUFFER_BYTES = 2 << 20
_BUFFERS = 3
_BLOCK_BYTES = 4096
"""What a file system wants addresses and lengths to be multiples of, at the most."""
_SLOW_BYTES_A_S = 300 << 20
_JUDGED_BYTES_MIN = 16 << 20


class StreamFile:
    """A new file that is written once, from its beginning.

    Args:
        past_cache: whether to try it; where the file system cannot, it goes through the cache.
    Raises:
        OSError: it cannot be made, or exists.
    """

    def __init__(self, path: Path, *, past_cache: bool) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self.descriptor = os.open(path, flags, 0o600)
        self.bytes = 0
        self._target = self.descriptor
        self._wrote_s = 0.0
        if past_cache:
            with suppress(OSError):
                self._target = os.open(path, os.O_WRONLY | os.O_DIRECT | os.O_CLOEXEC)

    @property
    def is_slow(self) -> bool:
        """Whether what was written past the cache would have been quicker through it."""
        if self._target == self.descriptor or self.bytes < _JUDGED_BYTES_MIN:
            return False
        return self.bytes < _SLOW_BYTES_A_S * self._wrote_s

    def take(
        self, reader: int, see: Callable[[memoryview], object], given_up: threading.Event
    ) -> None:
        """Write all that comes from a pipe, until its end or until it is given up.

        Args:
            see: is shown all of it in order, in pieces of some MiB while they are being written.
        Raises:
            OSError: it cannot be written, or not be read; what was to come is left in the pipe.
        """
        buffers = [mmap.mmap(-1, _BUFFER_BYTES) for _ in range(_BUFFERS)]
        writing: list[Future[None] | None] = [None] * _BUFFERS
        turn = 0
        # One thread writes while this one reads on; both let Python's other threads run meanwhile.
        with ThreadPoolExecutor(1, thread_name_prefix="stream-write") as pool:
            while not given_up.is_set():
                if (before := writing[turn]) is not None:
                    before.result()
                size = _fill(reader, buffers[turn], given_up)
                if size == 0:
                    break
                writing[turn] = pool.submit(self._write, buffers[turn], size, self.bytes)
                self.bytes += size
                see(memoryview(buffers[turn])[:size])
                turn = (turn + 1) % _BUFFERS
            for last in writing:
                if last is not None:
                    last.result()

    def end(self, size: int) -> None:
        """Cut it off at its size in bytes. Raises OSError."""
        os.ftruncate(self.descriptor, size)

    def close(self) -> None:
        if self._target != self.descriptor:
            os.close(self._target)
        os.close(self.descriptor)

    def _write(self, buffer: mmap.mmap, size: int, at: int) -> None:
        begun = monotonic()
        if self._target != self.descriptor:
            size = -(-size // _BLOCK_BYTES) * _BLOCK_BYTES  # `end` cuts off what is too much
        done = 0
        with memoryview(buffer) as view:
            while done < size:
                done += os.pwrite(self._target, view[done:size], at + done)
        self._wrote_s += monotonic() - begun


def _fill(reader: int, buffer: mmap.mmap, given_up: threading.Event) -> int:
    """Bytes read: as many as there is room for, fewer at the end."""
    size = 0
    with memoryview(buffer) as view:
        while size < len(view) and not given_up.is_set():
            count = os.readv(reader, [view[size:]])
            if count == 0:
                break
            size += count
    return size
