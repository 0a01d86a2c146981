"""A stream into a file past the kernel's cache: whole, in order, wherever it is written."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest

from clawdesk.adapters.libvirt.stream_file import StreamFile

_SIZES = [0, 1, 4095, 4096, 4097, (2 << 20) - 1, 2 << 20, (9 << 20) + 123]


def stream(content: bytes, file: StreamFile, see: list[bytes]) -> None:
    """Have the content come through a pipe, and the file end where it ends."""
    reader, writer = os.pipe()

    def write() -> None:
        with os.fdopen(writer, "wb") as out:
            out.write(content)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        file.take(reader, lambda piece: see.append(bytes(piece)), threading.Event())
    finally:
        os.close(reader)
        thread.join()
    file.end(file.bytes)


@pytest.mark.parametrize("past_cache", [True, False])
@pytest.mark.parametrize("size", _SIZES)
def test_what_comes_is_what_lies_there(tmp_path: Path, size: int, past_cache: bool) -> None:
    content, seen = os.urandom(size), list[bytes]()
    file = StreamFile(tmp_path / "file", past_cache=past_cache)
    try:
        stream(content, file, seen)
    finally:
        file.close()
    assert (tmp_path / "file").read_bytes() == content
    assert b"".join(seen) == content
    assert file.bytes == size


def test_a_file_system_without_it_is_written_through_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def refuse(path: Path, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_DIRECT:
            raise OSError(errno.EINVAL, "no such way here")
        return real(path, flags, mode)

    content = os.urandom(5 << 20)
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        file = StreamFile(tmp_path / "file", past_cache=True)
    try:
        stream(content, file, [])
    finally:
        file.close()
    assert (tmp_path / "file").read_bytes() == content
    assert not file.is_slow


def test_writes_that_do_a_part_only_are_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda to, part, at: real(to, part[:4096], at))
    content = os.urandom((1 << 20) + 77)
    file = StreamFile(tmp_path / "file", past_cache=True)
    try:
        stream(content, file, [])
    finally:
        file.close()
    assert (tmp_path / "file").read_bytes() == content


def test_a_disk_that_takes_long_is_called_slow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """32 MiB at a second for each 2 MiB, by a clock of the test's own."""
    seconds = iter(range(1000))
    monkeypatch.setattr(
        "clawdesk.adapters.libvirt.stream_file.monotonic", lambda: float(next(seconds))
    )
    slow, cached = (
        StreamFile(tmp_path / name, past_cache=name == "slow") for name in ("slow", "cached")
    )
    for file in (slow, cached):
        try:
            stream(bytes(32 << 20), file, [])
        finally:
            file.close()
    assert slow.is_slow
    assert not cached.is_slow, "what went through the cache says nothing of the disk"


def test_a_full_disk_is_told_and_given_up_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "full")

    given_up = threading.Event()
    given_up.set()
    file = StreamFile(tmp_path / "file", past_cache=True)
    reader, writer = os.pipe()
    try:
        file.take(reader, lambda _: None, given_up)  # nobody writes, and nobody waits
        monkeypatch.setattr(os, "pwrite", full)
        os.write(writer, b"x")
        os.close(writer)
        with pytest.raises(OSError, match="full"):
            file.take(reader, lambda _: None, threading.Event())
    finally:
        os.close(reader)
        file.close()
    with pytest.raises(FileExistsError):
        StreamFile(tmp_path / "file", past_cache=True)
