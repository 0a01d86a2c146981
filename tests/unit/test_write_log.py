"""The log of writes and what a power cut leaves of it: the tools of tests/soak/power_cut.py."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest

from tests.support.write_log import FLUSH, FUA, MAGIC, cut_disk, read_log

SECTOR = 512


def log_of(path: Path, *requests: tuple[int, bytes, int]) -> Path:
    """A log of (sector, data, flags)."""
    whole = struct.pack("<QQQI", MAGIC, 1, len(requests), SECTOR).ljust(SECTOR, b"\0")
    for sector, data, flags in requests:
        head = struct.pack("<QQQQ", sector, len(data) // SECTOR, flags, 0)
        whole += head.ljust(SECTOR, b"\0") + data
    path.write_bytes(whole)
    return path


def left(folder: Path, log: Path, moment: int, seed: int) -> bytes:
    disk = folder / "disk"
    disk.write_bytes(bytes(8 * SECTOR))
    cut_disk(log, read_log(log)[:moment], disk, random.Random(seed))
    return disk.read_bytes()


def test_what_was_flushed_stays_and_of_the_rest_some(tmp_path: Path) -> None:
    one, two = b"1" * SECTOR, b"2" * 2 * SECTOR
    log = log_of(tmp_path / "log", (1, one, 0), (0, b"", FLUSH), (2, two, 0), (4, one, FUA))
    seen = set()
    for seed in range(40):
        disk = left(tmp_path, log, 4, seed)
        assert disk[SECTOR : 2 * SECTOR] == one, seed
        assert disk[4 * SECTOR : 5 * SECTOR] == one, seed
        seen.add(disk[2 * SECTOR : 4 * SECTOR])
    assert seen == {bytes(2 * SECTOR), b"2" * SECTOR + bytes(SECTOR), two}
    assert left(tmp_path, log, 2, 1) == bytes(SECTOR) + one + bytes(6 * SECTOR)


def test_the_request_that_was_being_logged_counts_as_not_made(tmp_path: Path) -> None:
    log = log_of(tmp_path / "log", (1, b"1" * SECTOR, 0), (2, b"2" * SECTOR, 0))
    with log.open("r+b") as file:
        file.truncate(log.stat().st_size - 1)
    assert [entry.offset for entry in read_log(log)] == [SECTOR]


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(bytes(4 * SECTOR))
    with pytest.raises(ValueError, match="not a log of writes"):
        read_log(tmp_path / "other")
