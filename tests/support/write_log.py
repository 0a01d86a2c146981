"""Every write of a disk as QEMU's `blklogwrites` keeps it, and the disk as a power cut leaves it.

The format is that of Linux' dm-log-writes: a superblock, then an entry of one sector a request,
followed by its data. A request stands in the log before the guest is told that it is done.
"""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass
from pathlib import Path

SECTOR_BYTES = 512
MAGIC = 0x6A736677736872
_SUPER = struct.Struct("<QQQI")
_ENTRY = struct.Struct("<QQQQ")
FLUSH, FUA, DISCARD, MARK = 1, 2, 4, 8


@dataclass(frozen=True, slots=True)
class Entry:
    """One request.

    Args:
        offset: bytes from the beginning of the disk.
        place: where its data lies in the log, in bytes.
        size: bytes of data; 0 for a flush.
        end: bytes of the log when this request was in it.
        durable: it is on the medium when it is done (FUA).
        flush: everything before it is on the medium when it is done.
    """

    offset: int
    place: int
    size: int
    end: int
    durable: bool
    flush: bool


def read_log(path: Path) -> list[Entry]:
    """The requests of a log, up to the one that was being written when QEMU ended.

    Raises:
        ValueError: it is no such log.
    """
    whole = path.stat().st_size
    entries: list[Entry] = []
    with path.open("rb") as log:
        magic, _, _, sector = _SUPER.unpack(log.read(_SUPER.size))
        if magic != MAGIC or sector != SECTOR_BYTES:
            raise ValueError(f"{path} is not a log of writes with sectors of {SECTOR_BYTES} bytes")
        at = SECTOR_BYTES
        while at + SECTOR_BYTES <= whole:
            log.seek(at)
            start, sectors, flags, _ = _ENTRY.unpack(log.read(_ENTRY.size))
            size = 0 if flags & (DISCARD | MARK) else sectors * SECTOR_BYTES
            end = at + SECTOR_BYTES + size
            if end > whole:
                break
            durable, flush = bool(flags & FUA), bool(flags & FLUSH)
            entries.append(
                Entry(start * SECTOR_BYTES, at + SECTOR_BYTES, size, end, durable, flush)
            )
            at = end
    return entries


def kept(entries: list[Entry], rng: random.Random) -> list[tuple[Entry, int]]:
    """What a disk with a volatile cache has of `entries` when its power is cut behind the last.

    Everything before the last flush; of what came later a part that chance chooses, and of some of
    it only the first sectors. Returns (entry, bytes of it), in the order of writing.
    """
    flushed = max((n for n, entry in enumerate(entries) if entry.flush), default=-1)
    found = []
    for number, entry in enumerate(entries):
        size = entry.size
        if number > flushed and not entry.durable:
            size = rng.choice((0, size, rng.randrange(size // SECTOR_BYTES + 1) * SECTOR_BYTES))
        if size:
            found.append((entry, size))
    return found


def cut_disk(log: Path, entries: list[Entry], disk: Path, rng: random.Random) -> None:
    """Write what a cut leaves of `entries` to the raw `disk`, a copy from before the log began."""
    with log.open("rb") as source, disk.open("r+b") as target:
        for entry, size in kept(entries, rng):
            source.seek(entry.place)
            target.seek(entry.offset)
            target.write(source.read(size))
