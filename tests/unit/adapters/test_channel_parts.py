"""Records of changed files, the output budget, the rate limit: hostile input, bounded results."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawdesk.adapters.libvirt.channel_files import ChangesParser
from clawdesk.adapters.libvirt.channel_output import (
    HEAD_BYTES_MAX,
    TAIL_BYTES_MAX,
    OutputBudget,
    TokenBucket,
)
from clawdesk.ports.guest import FileEntry
from clawdesk_guest.protocol import RemoteError, pack_record


def _file(path: str, content: bytes, mode: int = 0o100644) -> bytes:
    head = {"op": "file", "path": path, "mode": mode, "size": len(content)}
    return pack_record(head) + content


FINISH = pack_record({"op": "finish"})


@given(st.integers(1, 40))
def test_records_come_back_however_they_are_cut(step: int) -> None:
    sent = _file("a", b"") + _file("b", b"x" * 50) + pack_record({"op": "deleted", "path": "c"})
    sent += pack_record({"op": "skipped", "path": "d", "why": "a socket"}) + FINISH
    parser = ChangesParser()
    for begin in range(0, len(sent), step):
        parser.feed(sent[begin : begin + step])
    changes = parser.changes()
    assert changes.changed == (FileEntry("a", 0o100644, b""), FileEntry("b", 0o100644, b"x" * 50))
    assert changes.deleted == ("c",)
    assert changes.skipped == ("d: a socket",)


@pytest.mark.parametrize(
    "sent",
    [
        b"\xff\xff\xff\xff",
        b"\x00\x00\x00\x02[]",
        b"\x00\x00\x00\x00{}",
        _file("a", b"x", 0o104755),
        pack_record({"op": "file", "path": "a", "mode": 0o100644, "size": -1}),
        pack_record({"op": "file", "path": "a", "mode": 0o100644, "size": 1 << 31}),
        FINISH + FINISH,
    ],
)
def test_malformed_records_are_refused(sent: bytes) -> None:
    parser = ChangesParser()
    with pytest.raises(RemoteError):
        parser.feed(sent)


def test_too_many_records_are_refused() -> None:
    parser = ChangesParser(files_max=10)
    with pytest.raises(RemoteError, match="more records"):
        parser.feed(pack_record({"op": "deleted", "path": "x"}) * 21)


def test_an_early_end_is_refused() -> None:
    parser = ChangesParser()
    parser.feed(_file("a", b"x"))
    with pytest.raises(RemoteError, match="too early"):
        parser.changes()


@settings(max_examples=200)
@given(st.lists(st.binary(max_size=100), max_size=5))
def test_noise_is_harmless(chunks: list[bytes]) -> None:
    parser = ChangesParser()
    with contextlib.suppress(RemoteError):
        for chunk in chunks:
            parser.feed(chunk)


def test_short_output_passes_untouched() -> None:
    budget = OutputBudget()
    assert budget.take(b"hello") == b"hello"
    assert budget.finish() == b""


def test_long_output_keeps_its_head_and_its_end() -> None:
    budget = OutputBudget()
    passed = 0
    for number in range(2000):
        passed += len(budget.take(b"%07d\n" % number * 1000))
    rest = budget.finish()
    assert passed == HEAD_BYTES_MAX
    assert len(rest) < TAIL_BYTES_MAX + 10_000
    assert rest.endswith(b"0001999\n")
    assert b"bytes left out here" in rest


def test_what_fits_in_head_and_tail_is_whole() -> None:
    budget = OutputBudget()
    content = bytes(range(256)) * ((HEAD_BYTES_MAX + 1000) // 256)
    assert budget.take(content) + budget.finish() == content


def test_a_bucket_refills_with_time() -> None:
    bucket = TokenBucket(rate_per_s=10, burst=2)
    assert [bucket.take(0.0) for _ in range(3)] == [True, True, False]
    assert bucket.take(0.1)
    assert not bucket.take(0.1)
