"""Streams and credit: two ends of a link, joined in memory."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawdesk_guest import protocol
from clawdesk_guest.link import Asked, Closed, Event, Got, Link, Opened, Told
from clawdesk_guest.protocol import LocalError, RemoteError

EPOCH = b"e" * 16
HEAD = {"op": "output", "run": "r", "stream": "out"}


def _pair() -> tuple[Link, Link]:
    """(guest, host), greeted."""
    guest, host = Link(guest=True), Link(guest=False, epoch=EPOCH)
    guest.raw(protocol.SYNC + EPOCH)
    host.raw(protocol.SYNC)
    _move(guest, host)
    _move(host, guest)
    return guest, host


def _move(source: Link, target: Link) -> list[Event]:
    """Everything `source` has to send, taken by `target`."""
    events: list[Event] = []
    while content := source.outgoing():
        count = len(content)
        events += target.feed(bytes(content))
        source.sent(count)
    return events


def _pair_after_an_end() -> tuple[Link, Link, int]:
    """(guest, host, stream), the stream closed by the host."""
    guest, host = _pair()
    stream = guest.open(HEAD)
    _move(guest, host)
    host.close(stream)
    _move(host, guest)
    return guest, host, stream


def test_control_overtakes_bulk() -> None:
    guest, host = _pair()
    stream = guest.open(HEAD)
    guest.write(stream, b"bulk")
    guest.tell({"op": "pong", "tick": 1})
    kinds = [type(event) for event in _move(guest, host)]
    assert kinds == [Opened, Told, Got]


def test_what_waits_goes_in_one_piece_and_what_is_long_alone() -> None:
    guest, _ = _pair()
    stream = guest.open(HEAD)
    guest.write(stream, b"short")
    guest.close(stream)
    guest.sent(len(guest.outgoing()))
    assert guest.is_idle, "a head, its bytes and its end wake the other end once"
    stream = guest.open(HEAD)
    guest.write(stream, bytes(protocol.CHUNK_BYTES))
    guest.write(stream, bytes(protocol.CHUNK_BYTES))
    sizes = []
    while content := guest.outgoing():
        sizes.append(len(content))
        guest.sent(len(content))
    assert len(sizes) == 2, "no more is copied than pays"
    assert abs(sizes[0] - sizes[1]) < 200


def test_an_end_is_acknowledged_with_what_is_sent_next() -> None:
    guest, host, first = _pair_after_an_end()
    assert guest.late
    assert not guest.outgoing(), "alone it would cost as much as a message"
    second = guest.open(HEAD)
    assert _move(guest, host) == [Opened(second, HEAD)]
    assert not guest.late
    assert not host.is_open(first)


def test_an_acknowledgement_without_company_goes_alone_in_the_end() -> None:
    guest, host, _ = _pair_after_an_end()
    guest.send_late()
    assert guest.outgoing()
    assert _move(guest, host) == []
    assert not guest.outgoing()


def test_streams_that_are_over_count_on_neither_side() -> None:
    guest, host = _pair()
    for _ in range(3):
        opened = [guest.open(HEAD) for _ in range(protocol.STREAMS_MAX)]
        assert all(opened), "the guest counts them no more"
        assert len(_move(guest, host)) == len(opened), "nor does the host"
        for stream in opened:
            host.close(stream)
        _move(host, guest)


def test_credit_of_a_stream_is_not_given_behind_its_end() -> None:
    guest, host = _pair()
    stream = guest.open(HEAD)
    _move(guest, host)
    host.write(stream, b"answer")
    _move(host, guest)
    guest.grant(stream, 6)
    host.close(stream)
    _move(host, guest)
    assert _move(guest, host) == []
    assert not host.is_open(stream)


def test_a_new_connection_owes_nothing() -> None:
    guest, _, _ = _pair_after_an_end()
    guest.restart()
    assert not guest.late


def test_what_is_told_in_turn_comes_behind_the_bulk() -> None:
    guest, host = _pair()
    stream = guest.open(HEAD)
    guest.write(stream, b"bulk")
    guest.close(stream)
    guest.tell_in_turn({"op": "done", "call": 1})
    assert [type(event) for event in _move(guest, host)] == [Opened, Got, Closed, Told]


def test_credit_ends_and_comes_back() -> None:
    guest, host = _pair()
    stream = guest.open(HEAD)
    sent = 0
    while room := guest.room(stream):
        guest.write(stream, bytes(room))
        sent += room
        _move(guest, host)
    assert sent == protocol.WINDOW_BYTES
    host.grant(stream, 1000)
    _move(host, guest)
    assert guest.room(stream) == 1000


def test_more_than_the_credit_is_refused() -> None:
    guest, host = _pair()
    stream = guest.open(HEAD)
    _move(guest, host)
    too_much = protocol.pack_chunks(stream, bytes(protocol.WINDOW_BYTES + 1))
    with pytest.raises(RemoteError, match="rule 4"):
        host.feed(too_much)


def test_credit_out_of_nothing_is_refused() -> None:
    guest, host = _pair()
    stream = guest.open(HEAD)
    _move(guest, host)
    with pytest.raises(RemoteError, match="rule 4"):
        host.feed(protocol.pack_window(stream, 1))


@pytest.mark.parametrize("kind", [protocol.CHUNK, protocol.CLOSE, protocol.WINDOW])
def test_a_stream_that_is_not_open_is_refused(kind: int) -> None:
    _, host = _pair()
    with pytest.raises(RemoteError, match="rule 3"):
        host.feed(protocol.pack(kind, 9, b"x"))


def test_a_model_call_is_a_stream_with_the_head_its_program_wrote() -> None:
    guest, host = _pair()
    stream, along = guest.ask(b"POST / HTTP/1.1\r\na: \xff", b"abc")
    assert along == 3
    assert guest.room(stream) == protocol.WINDOW_BYTES - 3
    assert _move(guest, host) == [
        Asked(stream, b"POST / HTTP/1.1\r\na: \xff", 3),
        Got(stream, b"abc"),
    ]
    assert host.is_open(stream)
    with pytest.raises(RemoteError, match="again"):
        host.feed(protocol.pack_ask(stream, b"", 0))


def test_a_host_asks_nothing() -> None:
    guest, host = _pair()
    stream = guest.open(HEAD)
    _move(guest, host)
    with pytest.raises(RemoteError, match="rule 16"):
        guest.feed(protocol.pack_ask(stream, b"GET / HTTP/1.1", 0))


@pytest.mark.parametrize("payload", [b"abc", bytes(4 + protocol.ASK_HEAD_BYTES_MAX + 1)])
def test_a_head_too_short_or_too_long_is_refused(payload: bytes) -> None:
    _, host = _pair()
    with pytest.raises(RemoteError, match="rule 16"):
        host.feed(protocol.pack(protocol.ASK, 1, payload))


@pytest.mark.parametrize(
    ("head", "size"),
    [
        (bytes(protocol.ASK_HEAD_BYTES_MAX + 1), 0),
        (b"GET / HTTP/1.1\r\na: " + protocol.SYNC, 0),
        (protocol.SYNC[3:], int.from_bytes(protocol.SYNC[:3])),
    ],
)
def test_a_head_that_may_not_be_sent_begins_no_stream(head: bytes, size: int) -> None:
    guest, host = _pair()
    with pytest.raises(LocalError, match="rule 16"):
        guest.ask(head, bytes(size))
    assert guest.ask(b"GET / HTTP/1.1", b"") == (1, 0)
    assert len(_move(guest, host)) == 1


def test_too_many_streams_are_refused() -> None:
    guest, host = _pair()
    for _ in range(protocol.STREAMS_MAX):
        assert guest.open(HEAD)
    assert guest.open(HEAD) == 0
    _move(guest, host)
    number = protocol.STREAMS_MAX + 1
    with pytest.raises(RemoteError, match="streams at once"):
        host.feed(protocol.pack(protocol.OPEN, number, protocol.dump(HEAD)))


def test_a_number_is_not_used_twice() -> None:
    guest, host = _pair()
    stream = guest.open(HEAD)
    guest.close(stream)
    _move(guest, host)
    _move(host, guest)
    with pytest.raises(RemoteError, match="again"):
        host.feed(protocol.pack(protocol.OPEN, stream, protocol.dump(HEAD)))


def test_closing_with_an_error_drops_what_was_queued() -> None:
    guest, host = _pair()
    stream = guest.open(HEAD)
    guest.write(stream, b"never mind")
    guest.close(stream, "the client left")
    assert _move(guest, host) == [Opened(stream, HEAD), Closed(stream, "the client left")]
    assert not guest.is_open(stream)


def test_both_may_close_at_once() -> None:
    guest, host = _pair()
    stream = guest.open(HEAD)
    guest.write(stream, b"a")
    _move(guest, host)
    guest.write(stream, b"still on its way")
    host.close(stream, "enough")
    guest.close(stream)
    assert _move(guest, host) == []
    assert _move(host, guest) == []
    assert guest.open(HEAD) == stream + 1


@given(st.lists(st.tuples(st.sampled_from("owdcax"), st.integers(0, 3), st.integers(1, 99_999))))
def test_honest_ends_never_offend_each_other(actions: list[tuple[str, int, int]]) -> None:
    guest, host = _pair()
    streams: list[int] = [0, 0, 0, 0]
    for action, which, size in actions:
        stream = streams[which]
        if action == "o" and not guest.is_open(stream):
            streams[which] = guest.open(HEAD)
        elif action == "w":
            guest.write(stream, bytes(min(size, guest.room(stream))))
        elif action == "d":
            host.write(stream, bytes(min(size, host.room(stream))))
        elif action in "ca":
            (guest if size % 2 else host).close(stream, "error" if action == "a" else "")
        else:
            for event in _move(guest, host):
                if isinstance(event, Got):
                    host.grant(event.stream, len(event.content))
            for event in _move(host, guest):
                if isinstance(event, Got):
                    guest.grant(event.stream, len(event.content))
    _move(guest, host)
    _move(host, guest)


@given(st.binary(max_size=600))
def test_a_guest_forgives_torn_bytes_after_the_next_hello(noise: bytes) -> None:
    guest = Link(guest=True)
    try:
        guest.feed(protocol.SYNC + noise)
    except RemoteError:
        guest.deafen()
    hello = {"op": "hello", "version": 1, "epoch": "e", "clock_ms": 1, "seed": "00"}
    sent = protocol.SYNC + protocol.pack_message(hello, protocol.TO_GUEST)
    assert guest.feed(sent) == [Told(hello)]
