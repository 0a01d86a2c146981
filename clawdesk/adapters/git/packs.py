"""A Git pack and its index, written by us: every object whole, nothing compared with anything.

For a guest's base repository speed and repeatability count, not size: the same objects give the
same bytes, and nothing of the user's repository is written to. Format: version 2 of
gitformat-pack(5).
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from typing import IO

COMMIT, TREE, BLOB = 1, 2, 3
_TYPE_NAMES = {COMMIT: b"commit", TREE: b"tree", BLOB: b"blob"}
PACK_BYTES_MAX = 2**31 - 1
"""Larger offsets need a second table in the index."""


class PackTooLargeError(Exception):
    """More than 2 GiB in one pack."""


@dataclass(frozen=True, slots=True)
class _Place:
    oid: bytes
    offset: int
    crc: int


def object_id(kind: int, content: bytes) -> bytes:
    """The 20 bytes by which Git names an object."""
    head = _TYPE_NAMES[kind] + b" %d\0" % len(content)
    return hashlib.sha1(head + content, usedforsecurity=False).digest()


class PackWriter:
    """Writes `count` objects into a file open for writing; then `finish` gives name and index."""

    def __init__(self, out: IO[bytes], count: int) -> None:
        self._out = out
        self._count = count
        self._sum = hashlib.sha1(usedforsecurity=False)
        self._size = 0
        self._places: list[_Place] = []
        self._write(b"PACK" + (2).to_bytes(4, "big") + count.to_bytes(4, "big"))

    def add(self, kind: int, oid: bytes, content: bytes) -> None:
        """Add an object. Each object id once."""
        packed = _head(kind, len(content)) + zlib.compress(content, 1)
        if self._size + len(packed) > PACK_BYTES_MAX:
            raise PackTooLargeError
        self._places.append(_Place(oid, self._size, zlib.crc32(packed)))
        self._write(packed)

    def finish(self) -> tuple[str, bytes]:
        """Write the trailer. Returns the pack's name (40 hex digits) and its index file."""
        assert len(self._places) == self._count, "the head of the pack promised another count"
        trailer = self._sum.digest()
        self._out.write(trailer)
        self._places.sort(key=lambda place: place.oid)
        name = hashlib.sha1(b"".join(place.oid for place in self._places), usedforsecurity=False)
        return name.hexdigest(), _index(self._places, trailer)

    def _write(self, content: bytes) -> None:
        self._out.write(content)
        self._sum.update(content)
        self._size += len(content)


def _head(kind: int, size: int) -> bytes:
    """Type and size: 4 bits of the size beside the type, then 7 a byte, lowest first."""
    byte = kind << 4 | size & 0x0F
    size >>= 4
    out = bytearray()
    while size:
        out.append(byte | 0x80)
        byte = size & 0x7F
        size >>= 7
    out.append(byte)
    return bytes(out)


def _index(places: list[_Place], pack_trailer: bytes) -> bytes:
    counts = [0] * 256
    for place in places:
        counts[place.oid[0]] += 1
    out = bytearray(b"\377tOc" + (2).to_bytes(4, "big"))
    total = 0
    for count in counts:
        total += count
        out += total.to_bytes(4, "big")
    for place in places:
        out += place.oid
    for place in places:
        out += place.crc.to_bytes(4, "big")
    for place in places:
        out += place.offset.to_bytes(4, "big")
    out += pack_trailer
    out += hashlib.sha1(out, usedforsecurity=False).digest()
    return bytes(out)
