"""The wire: what is refused, what comes back as it went, and that noise never does harm."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawdesk_guest import protocol
from clawdesk_guest.protocol import FrameParser, LocalError, RemoteError

GREETING = {
    "op": "greeting",
    "version": 1,
    "boot_id": "b",
    "python": "3.11.2",
    "kernel": "6.1",
    "running": "",
    "pending": [],
    "last_run": "0.1",
    "last_ended": False,
    "last_exit_code": 0,
    "last_timed_out": False,
}


# What a guest of version 2 takes and says; a snapshot may hold one for weeks (rule 11).
VERSION_2_TO_GUEST = {
    "hello": "version epoch clock_ms seed",
    "ping": "tick",
    "ack": "n",
    "unpack": "call",
    "run": "call run name command timeout_s env",
    "kill": "call run",
    "reply": "call request payload",
    "feedback": "call text",
    "collect": "call files_max bytes_max",
    "quiesce": "call",
    "unquiesce": "call",
}
VERSION_2_TO_HOST = {
    "greeting": " ".join(name for name in GREETING if name != "op"),
    "pong": "tick",
    "done": "call",
    "failed": "call why",
    "ended": "n run exit_code timed_out",
    "boundary": "n request approve message next_step artifacts",
    "question": "n request key question choices default",
}


def _host_parser(epoch: bytes = bytes(16)) -> FrameParser:
    parser = FrameParser(protocol.SYNC + epoch, again=False)
    parser.feed(protocol.SYNC + epoch)
    return parser


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 2**32 - 1), st.binary(max_size=300))))
def test_frames_come_back_however_they_are_cut(frames: list[tuple[int, int, bytes]]) -> None:
    sent = b"".join(protocol.pack(*frame) for frame in frames)
    parser = _host_parser()
    whole = [tuple(frame) for frame in parser.feed(sent)]
    parser = _host_parser()
    bytewise = [tuple(frame) for byte in sent for frame in parser.feed(bytes([byte]))]
    assert whole == bytewise == frames


@settings(max_examples=300)
@given(st.lists(st.binary(max_size=200), max_size=8))
def test_noise_is_parsed_or_refused(chunks: list[bytes]) -> None:
    parser = _host_parser()
    with contextlib.suppress(RemoteError):
        for chunk in chunks:
            parser.feed(chunk)


def test_a_length_of_four_gigabytes_is_refused_at_once() -> None:
    with pytest.raises(RemoteError, match="rule 1"):
        _host_parser().feed(b"\xff\xff\xff\xff\x01\x00\x00\x00\x00")


@settings(max_examples=300)
@given(st.binary(max_size=400))
def test_json_of_any_bytes_is_an_object_or_refused(payload: bytes) -> None:
    try:
        message = protocol.load(payload)
    except RemoteError:
        return
    assert isinstance(message, dict)


@pytest.mark.parametrize(
    "payload",
    [
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 40 + b"1" + b"}" * 40,
        b'{"a": NaN}',
        b'{"a": "\xff"}',
        b"[]",
        b"1" * 100_000,
        b"\xef\xbb\xbf{}",
        b"",
    ],
    ids=["100k deep", "40 deep", "NaN", "not UTF-8", "a list", "a long number", "BOM", "empty"],
)
def test_json_that_is_refused(payload: bytes) -> None:
    with pytest.raises(RemoteError, match="rule 6"):
        protocol.load(payload)


def test_json_may_be_as_deep_as_the_rule_says() -> None:
    depth = protocol.DEPTH_MAX
    assert protocol.load(b'{"a":' * depth + b"1" + b"}" * depth)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from([*GREETING, "x"]), JSON))
def test_only_messages_that_fit_pass(fields: dict[str, object]) -> None:
    message = {**GREETING, **fields}
    if not protocol.mistake(message, protocol.TO_HOST):
        assert message.keys() == GREETING.keys()
        assert all(type(message[name]) is type(value) for name, value in GREETING.items())


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"op": "unheard"}, "unknown"),
        ({"extra": 1}, "wrong fields"),
        ({"version": True}, "not of type"),
        ({"version": 1 << 60}, "too large"),
        ({"boot_id": "b" * 65}, "too large"),
        ({"boot_id": "\ud800"}, "may not"),
        ({"pending": [1]}, "may not"),
        ({"pending": ["r"] * 257}, "too large"),
    ],
)
def test_a_message_that_does_not_fit_is_named(change: dict[str, object], word: str) -> None:
    assert word in protocol.mistake({**GREETING, **change}, protocol.TO_HOST)


@pytest.mark.parametrize(
    ("old", "new"),
    [(VERSION_2_TO_GUEST, protocol.TO_GUEST), (VERSION_2_TO_HOST, protocol.TO_HOST)],
)
def test_the_messages_of_the_oldest_version_are_as_they_were(
    old: dict[str, str], new: protocol.Schemas
) -> None:
    assert protocol.VERSION_MIN == 2, "take out of this test what nobody speaks any more"
    for op, fields in old.items():
        assert set(new[op]) == set(fields.split()), f"{op} changed: rule 11 forbids that"
    added = {op for op, version in protocol.ADDED.items() if version > protocol.VERSION_MIN}
    assert set(new) - set(old) == added & set(new)


def test_every_version_spoken_brought_something() -> None:
    spoken = set(range(protocol.VERSION_MIN + 1, protocol.VERSION + 1))
    added = (protocol.ADDED, protocol.OUTCOMES_ADDED, protocol.FRAMES_ADDED)
    assert {version for each in added for version in each.values()} == spoken
    assert set(protocol.ADDED) <= set(protocol.TO_GUEST) | set(protocol.TO_HOST)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 1000, protocol.PART_BYTES_MAX])
def test_a_part_of_a_file_comes_back_and_never_holds_the_mark(size: int) -> None:
    content = (protocol.SYNC * (size // 16 + 1))[:size]
    message = {"op": "put", "call": 1, "path": "a", "mode": 1, "first": True, "last": True}
    message["part"] = protocol.pack_part(content)
    packed = protocol.pack_message(message, protocol.TO_GUEST)
    assert protocol.SYNC not in packed
    assert protocol.unpack_part(protocol.load(packed[9:])["part"]) == content


@pytest.mark.parametrize("text", ["?", "AA=A", "A", "AAAA\n", "é"])
def test_a_part_that_is_not_base64_is_refused(text: str) -> None:
    with pytest.raises(RemoteError, match="rule 10"):
        protocol.unpack_part(text)


def test_a_part_that_is_too_long_is_refused() -> None:
    text = protocol.pack_part(bytes(protocol.PART_BYTES_MAX + 1))
    with pytest.raises(RemoteError, match="too long"):
        protocol.unpack_part(text)
    longer = {"op": "put", "call": 1, "path": "a", "mode": 1, "first": True, "last": True}
    wrong = protocol.mistake({**longer, "part": text + "AAAA"}, protocol.TO_GUEST)
    assert "too large" in wrong


def test_we_do_not_send_what_does_not_fit() -> None:
    with pytest.raises(LocalError):
        protocol.pack_message({"op": "ping"}, protocol.TO_GUEST)
    with pytest.raises(LocalError):
        protocol.pack(protocol.CHUNK, 1, bytes(protocol.PAYLOAD_BYTES_MAX + 1))


@given(st.integers(0, 2**32 - 1), st.lists(st.sampled_from([protocol.SYNC, b"\xf8", b"x" * 9])))
def test_chunks_never_contains_the_mark(stream: int, parts: list[bytes]) -> None:
    content = b"".join(parts)
    for begin in range(min(17, len(content) + 1)):
        packed = protocol.pack_chunks(stream, content[begin:])
        assert protocol.SYNC not in packed
        frames = _host_parser().feed(packed)
        assert b"".join(payload for _, _, payload in frames) == content[begin:]


def test_a_stream_number_that_ends_like_the_mark_begins() -> None:
    stream = int.from_bytes(b"\x01" + protocol.SYNC[:3])
    assert protocol.SYNC not in protocol.pack_chunks(stream, protocol.SYNC[3:])


@given(st.binary(max_size=100), st.integers(0, 15))
def test_a_mark_resets_the_guest_in_the_middle_of_a_frame(torn: bytes, cut: int) -> None:
    parser = FrameParser(protocol.SYNC, again=True)
    parser.feed(protocol.SYNC + protocol.pack(protocol.CHUNK, 1, bytes(1000))[: 20 + len(torn)])
    message = protocol.pack_message({"op": "ping", "tick": 1}, protocol.TO_GUEST)
    frames = parser.feed(protocol.SYNC[:cut])
    frames += parser.feed(protocol.SYNC[cut:] + message)
    assert [json.loads(payload)["op"] for _, _, payload in frames] == ["ping"]


@pytest.mark.parametrize("cut", [1, 3, 4096])
def test_frames_of_any_length_come_in_pieces_of_any_length(cut: int) -> None:
    parser = FrameParser(protocol.SYNC, again=True)
    sizes = [0, 1, 9, 5000, protocol.PART_BYTES_MAX if cut > 3 else 100, 2]
    frames = [(protocol.CHUNK, number, bytes(size)) for number, size in enumerate(sizes)]
    sent = protocol.SYNC + b"".join(protocol.pack(*frame) for frame in frames)
    parts = [sent[at : at + cut] for at in range(0, len(sent), cut)]
    assert [frame for part in parts for frame in parser.feed(part)] == frames


def test_the_host_hears_nothing_before_its_own_epoch() -> None:
    parser = FrameParser(protocol.SYNC + b"n" * 16, again=False)
    stale = protocol.pack(protocol.CHUNK, 7, b"stale") + protocol.SYNC + b"o" * 16
    assert parser.feed(stale) == []
    fresh = parser.feed(protocol.SYNC + b"n" * 16 + protocol.pack(protocol.CHUNK, 1, b"new"))
    assert [payload for _, _, payload in fresh] == [b"new"]


def test_the_host_does_not_skip_for_ever() -> None:
    parser = FrameParser(protocol.SYNC + bytes(16), again=False, skip_bytes_max=1000)
    for _ in range(9):
        parser.feed(bytes(100))
    with pytest.raises(RemoteError, match="rule 8"):
        parser.feed(bytes(1000))
