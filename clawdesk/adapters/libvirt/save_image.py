"""libvirt's save image: its header and the XML in it, making one, starting one under another name.

libvirt refuses a changed name in the XML it is given but reads the name from the image's own
header. So a restore is fed through a FIFO: a header of ours, then the untouched memory stream of
the immutable file, moved by the kernel without a copy. Never writes to a finished image.

Layout (libvirt 1.0 and later, little endian): 16 bytes magic, then u32 version = 2, data_len,
was_running, compressed, cookie_offset, 56 zero bytes; then data_len bytes: XML, NUL, and from
cookie_offset a cookie, NUL, padding; then QEMU's stream.
"""

from __future__ import annotations

import fcntl
import os
import struct
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import libvirt

_FIXED = struct.Struct("<16sIIIII56x")
_MAGIC = b"LibvirtQemudSave"
_VERSION = 2
_XML_BYTES_MAX = 1 << 20
SET_PIPE_SIZE = 1031
PIPE_BYTES = 1 << 20
_XML_FLAGS = libvirt.VIR_DOMAIN_XML_MIGRATABLE | libvirt.VIR_DOMAIN_XML_SECURE
_LOOK_S = 0.005
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


def header_of(domain: libvirt.virDomain) -> bytes:
    """What stands before QEMU's stream of a running domain. Raises libvirtError."""
    return pack_header(domain.XMLDesc(_XML_FLAGS), b"")


def pack_header(xml: str, cookie: bytes) -> bytes:
    """A header for a domain that runs as soon as it is restored."""
    area = xml.encode() + b"\0"
    cookie_offset = len(area) if cookie else 0
    if cookie:
        area += cookie + b"\0"
    return _FIXED.pack(_MAGIC, _VERSION, len(area), 1, 0, cookie_offset) + area


@contextmanager
def fed_through(
    fifo: Path,
    image: Path,
    rewrite: Callable[[str], str],
    sound: Callable[[], bool],
    *,
    opens: int = 1,
) -> Iterator[None]:
    """While inside, opening `fifo` for reading yields the image with its XML rewritten.

    The feeding thread has ended when the context is left, whether anyone read or not.

    Args:
        rewrite: from the XML in the image to the XML to show.
        sound: waits until it is known whether the image may run. The image's end, without which
            no guest runs, comes after a yes; after a no it never comes.
        opens: how often the reader opens the FIFO and reads the header, neither more nor less; it
            reads on the last time only.
    Raises:
        ValueError: the image's header is not understood.
    """
    header = read_header(image)
    heads = pack_header(rewrite(header.xml), header.cookie) * opens
    os.mkfifo(fifo, 0o600)
    over = threading.Event()
    feeder = threading.Thread(
        target=_feed,
        args=(fifo, heads, image, header.stream_offset, sound),
        kwargs={"over": over},
        name="restore-feed",
    )
    feeder.start()
    try:
        yield
    finally:
        over.set()
        while feeder.is_alive():
            # A feeder whose reader never came waits in open(): be that reader for a moment.
            release = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
            try:
                feeder.join(timeout=0.05)
            finally:
                os.close(release)
        fifo.unlink(missing_ok=True)


def _feed(
    fifo: Path,
    heads: bytes,
    image: Path,
    offset: int,
    sound: Callable[[], bool],
    *,
    over: threading.Event,
) -> None:
    def moved(move: Callable[[], int]) -> int:
        """Bytes that went to a reader, or to the next one where that has left; 0 at the end."""
        while not over.is_set():
            try:
                return move()
            except BrokenPipeError:
                # What is in the pipe stays there: this end is open. libvirt's next look, or the
                # end of the context, opens the other one.
                os.close(os.open(fifo, os.O_WRONLY))
        return 0

    target = os.open(fifo, os.O_WRONLY)
    try:
        with suppress(OSError):  # a bigger pipe is only faster, and a user may be out of them
            fcntl.fcntl(target, SET_PIPE_SIZE, PIPE_BYTES)
        while heads:
            heads = heads[moved(partial(os.write, target, heads)) or len(heads) :]
        with image.open("rb") as source:
            end = os.fstat(source.fileno()).st_size
            for until in (end - _LAST_BYTES, end):
                if until == end and not sound():
                    break
                while offset < until:
                    most = min(PIPE_BYTES, until - offset)
                    splice = partial(os.splice, source.fileno(), target, most, offset_src=offset)
                    count = moved(splice)
                    if count == 0:
                        return
                    offset += count
        # With the last end that is open, all goes that nobody has read; the kernel tells of that
        # only who asks. A short image (a damaged one) is in the pipe before the second look.
        while _unread(target) and not over.wait(_LOOK_S):
            pass
    finally:
        os.close(target)


def _unread(pipe: int) -> int:
    """Bytes in the pipe."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)
