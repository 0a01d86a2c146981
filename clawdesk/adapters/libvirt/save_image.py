"""libvirt's save image: its header and the XML in it, making one, starting one under another name.

libvirt refuses a changed name in the XML it is given but reads the name from the image's own
header. So a restore is fed through a FIFO: a header of ours, then the untouched memory stream of
the immutable file, moved by the kernel without a copy. Never writes to a finished image.

A snapshot comes out of a FIFO as well. Into a file of its own libvirt writes through a helper that
makes it durable before the guest may run again, which took longer than all else of a standstill
(2026-11-26: 362 against 131 ms at 1 GiB). That is done later here, while the guest runs.

Layout (libvirt 1.0 and later, little endian): 16 bytes magic, then u32 version = 2, data_len,
was_running, compressed, cookie_offset, 56 zero bytes; then data_len bytes: XML, NUL, and from
cookie_offset a cookie, NUL, padding; then QEMU's stream.
"""

from __future__ import annotations

import fcntl
import os
import struct
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from clawdesk.adapters.libvirt.checksums import Sum
from clawdesk.adapters.libvirt.stream_file import StreamFile

_FIXED = struct.Struct("<16sIIIII56x")
_MAGIC = b"LibvirtQemudSave"
_MAGIC_BEFORE = b"LibvirtQemudPart"
"""Until all is written; then libvirt opens its target once more and writes the header again."""
_VERSION = 2
_XML_BYTES_MAX = 1 << 20
_F_SETPIPE_SZ = 1031
_CHUNK_BYTES = 1 << 20
_LAST_BYTES = 1 << 20
"""QEMU's stream ends with the state of the processors and devices, some 100 KiB, and a mark."""


@dataclass(frozen=True, slots=True)
class SaveHeader:
    """What stands before QEMU's stream. `stream_offset` is where that begins, in bytes."""

    xml: str
    cookie: bytes
    stream_offset: int


def read_header(path: Path) -> SaveHeader:
    """Parse a save image.

    Raises:
        ValueError: not a save image this code knows.
        OSError: it cannot be read.
    """
    with path.open("rb") as image:
        fixed = image.read(_FIXED.size)
        if len(fixed) < _FIXED.size:
            raise ValueError("shorter than a header")
        magic, version, length, _running, compressed, cookie_offset = _FIXED.unpack(fixed)
        if magic != _MAGIC or version != _VERSION or compressed != 0 or length > _XML_BYTES_MAX:
            raise ValueError("not an uncompressed save image of version 2")
        area = image.read(length)
    if len(area) < length or cookie_offset > length:
        raise ValueError("cut off inside the header")
    cookie = area[cookie_offset:].split(b"\0", 1)[0] if cookie_offset else b""
    return SaveHeader(area.split(b"\0", 1)[0].decode(), cookie, _FIXED.size + length)


def pack_header(xml: str, cookie: bytes) -> bytes:
    """A header for a domain that runs as soon as it is restored."""
    area = xml.encode() + b"\0"
    cookie_offset = len(area) if cookie else 0
    if cookie:
        area += cookie + b"\0"
    return _FIXED.pack(_MAGIC, _VERSION, len(area), 1, 0, cookie_offset) + area


@contextmanager
def fed_through(
    fifo: Path, image: Path, rewrite: Callable[[str], str], sound: Callable[[], bool]
) -> Iterator[None]:
    """While inside, opening `fifo` for reading yields the image with its XML rewritten.

    The feeding thread has ended when the context is left, whether anyone read or not.

    Args:
        rewrite: from the XML in the image to the XML to show.
        sound: waits until it is known whether the image may run. The image's end, without which
            no guest runs, comes after a yes; after a no it never comes.
    Raises:
        ValueError: the image's header is not understood.
    """
    header = read_header(image)
    head = pack_header(rewrite(header.xml), header.cookie)
    os.mkfifo(fifo, 0o600)
    feeder = threading.Thread(
        target=_feed, args=(fifo, head, image, header.stream_offset, sound), name="restore-feed"
    )
    feeder.start()
    try:
        yield
    finally:
        # A feeder whose reader never came waits in open(): be that reader for a moment.
        release = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        try:
            feeder.join(timeout=0.05)
        finally:
            os.close(release)
        feeder.join()
        fifo.unlink(missing_ok=True)


def _feed(fifo: Path, head: bytes, image: Path, offset: int, sound: Callable[[], bool]) -> None:
    target = os.open(fifo, os.O_WRONLY)
    try:
        with suppress(OSError):  # a bigger pipe is only faster, and a user may be out of them
            fcntl.fcntl(target, _F_SETPIPE_SZ, _CHUNK_BYTES)
        os.write(target, head)
        with image.open("rb") as source:
            end = os.fstat(source.fileno()).st_size
            for until in (end - _LAST_BYTES, end):
                if until == end and not sound():
                    return
                while offset < until:
                    most = min(_CHUNK_BYTES, until - offset)
                    moved = os.splice(source.fileno(), target, most, offset_src=offset)
                    if moved == 0:
                        return
                    offset += moved
    except BrokenPipeError:
        # The reader gave up; libvirt's own error says why.
        return
    finally:
        os.close(target)


@dataclass(slots=True)
class Collected:
    """What comes through a FIFO, and once it is whole, what is known of it.

    Args:
        digest: checksum of the image.
        is_slow: its disk is slower than the kernel's cache is.
    """

    fifo: Path
    digest: str = ""
    is_slow: bool = False


@contextmanager
def collected(fifo: Path, image: Path, *, past_cache: bool = True) -> Iterator[Collected]:
    """While inside, what libvirt saves to the FIFO goes into `image`, which is whole on leaving.

    It is not durable yet. Where anything fails, inside or here, there is no image.

    Raises:
        ValueError: what came is not what this code knows of libvirt's way to write.
        OSError: the image cannot be written; libvirt is not told, so that it lets the guest go on.
    """
    fifo.unlink(missing_ok=True)  # of a process that was killed over a snapshot of this machine
    os.mkfifo(fifo, 0o600)
    try:
        target = StreamFile(image, past_cache=past_cache)
        try:
            seen, came = _Seen(), Collected(fifo)
            with _moved(fifo, target, seen):
                yield came
            _complete(target, seen)
            came.digest, came.is_slow = seen.digest(), target.is_slow
        except BaseException:
            image.unlink(missing_ok=True)
            raise
        finally:
            target.close()
    finally:
        fifo.unlink(missing_ok=True)


@contextmanager
def _moved(fifo: Path, target: StreamFile, seen: _Seen) -> Iterator[None]:
    """While inside, a thread moves what is written to the FIFO into a file."""
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    # libvirt opens and closes the FIFO twice: with a writer of ours the end comes when we say.
    writer = os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
    os.set_blocking(reader, True)
    given_up = threading.Event()
    with ThreadPoolExecutor(1, thread_name_prefix="snapshot-collect") as pool:
        moving = pool.submit(_move, reader, target, seen, given_up)
        try:
            try:
                yield
            except BaseException:
                # Whoever still writes is not waited for; a byte wakes the thread.
                given_up.set()
                with suppress(OSError):
                    os.write(writer, b"\0")
                raise
            finally:
                os.close(writer)
        except BaseException as error:
            if (failure := moving.exception()) is not None:
                raise failure from error  # a full disk is what mattered
            raise
        moving.result()


def _move(reader: int, target: StreamFile, seen: _Seen, given_up: threading.Event) -> None:
    try:
        with suppress(OSError):  # see `_feed`
            fcntl.fcntl(reader, _F_SETPIPE_SZ, _CHUNK_BYTES)
        target.take(reader, seen.see, given_up)
    except OSError:
        # Read on: libvirt would wait for ever to open a FIFO again that nobody reads.
        while not given_up.is_set() and os.read(reader, _CHUNK_BYTES):
            pass
        raise
    finally:
        os.close(reader)


class _Seen:
    """What went by of a save image: its first header, its last one, and the sum of the rest."""

    def __init__(self) -> None:
        self.first = self.last = b""
        self._sum = Sum()

    def see(self, piece: memoryview) -> None:
        if not self.first:
            self.first, piece = bytes(piece[: _FIXED.size]), piece[_FIXED.size :]
            # As it reads in the end; `_complete` makes sure.
            self._sum.update(_MAGIC + self.first[len(_MAGIC) :])
        if len(piece) < _FIXED.size:
            piece = memoryview(self.last + piece)
            self.last = b""
        self._sum.update(self.last)
        cut = max(0, len(piece) - _FIXED.size)
        self._sum.update(piece[:cut])
        self.last = bytes(piece[cut:])

    def digest(self) -> str:
        """Checksum of the image as `_complete` leaves it."""
        return self._sum.text()


def _complete(target: StreamFile, seen: _Seen) -> None:
    """Put libvirt's second header, which came last, in the place of the first."""
    if not (
        seen.first.startswith(_MAGIC_BEFORE)
        and seen.last == _MAGIC + seen.first[len(_MAGIC) :]
        and len(seen.last) == _FIXED.size
    ):
        raise ValueError("libvirt does not write a save image the way this program knows")
    target.end(target.bytes - _FIXED.size)
    os.pwrite(target.descriptor, seen.last, 0)
