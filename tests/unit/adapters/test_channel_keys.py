"""A plain request made into one with a key; what could be read in two ways is refused."""

from __future__ import annotations

import random

import pytest

from clawdesk.adapters.libvirt.channel_keys import (
    HEAD_BYTES_MAX,
    KeyedAnswer,
    KeyedRequest,
    RequestRefusedError,
)
from clawdesk.domain.keys import key_of
from clawdesk.domain.processes import KeySpec

HOST = "api.example.org"
VALUE = "s3cret-value-of-ann"
KEY = key_of(KeySpec(HOST, "API_TOKEN"), VALUE)
ADDED = f"Authorization: Bearer {VALUE}\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n"


def sent(text: str, *, body: bytes = b"", pieces: int = 0) -> bytes:
    """What goes out of a request that comes whole, or a few bytes at a time."""
    whole, request = text.replace("\n", "\r\n").encode("latin-1") + body, KeyedRequest([KEY])
    size = pieces or len(whole)
    return b"".join(request.feed(whole[at : at + size]) for at in range(0, len(whole), size))


def test_a_request_goes_out_with_the_key_and_nothing_else_changed() -> None:
    out = sent(f"GET /v1/a?b=%2F HTTP/1.1\nHost: {HOST}\nX-One: 1\nAccept: */*\n\n")
    head = f"GET /v1/a?b=%2F HTTP/1.1\r\nHost: {HOST}\r\nX-One: 1\r\nAccept: */*\r\n"
    assert out.decode() == head + ADDED


@pytest.mark.parametrize(
    "line",
    [
        "Authorization: Bearer mine",
        "authorization:Bearer mine\nAUTHORIZATION: other",
        "Proxy-Authorization: x",
        "Connection: Authorization, X-Key",
        "Accept-Encoding: gzip",
        "Upgrade: websocket",
        "TE: trailers",
        "X_Api_Key: mine",
    ],
)
def test_what_the_program_says_in_the_keys_place_is_left_out(line: str) -> None:
    out = sent(f"GET / HTTP/1.1\nHost: {HOST}\n{line}\n\n").decode()
    assert out == f"GET / HTTP/1.1\r\nHost: {HOST}\r\n{ADDED}"


def test_a_key_has_its_own_header_and_further_ones_go_along() -> None:
    further = key_of(KeySpec(HOST, "PROJECT_ID", "X-Project", ""), "project-0001")
    request = KeyedRequest([KEY, further])
    out = request.feed(b"GET / HTTP/1.0\r\nx-project: mine\r\n\r\n").decode()
    assert "mine" not in out
    assert "X-Project: project-0001\r\n" in out
    assert request.is_sent


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"GET http://{HOST}/ HTTP/1.1\nHost: {HOST}\n\n", "must be a path"),
        ("GET http://other.example.org/ HTTP/1.1\n\n", "must be a path"),
        ("OPTIONS * HTTP/1.1\n\n", "must be a path"),
        ("GET / HTTP/1.1\nHost: other.example.org\n\n", "names another host"),
        (f"GET / HTTP/1.1\nHost: user@{HOST}\n\n", "names another host"),
        (f"GET / HTTP/1.1\nHost: {HOST}.evil.org\n\n", "names another host"),
        (f"GET / HTTP/1.1\nHost: {HOST}:8080\n\n", "names another host"),
        (f"GET / HTTP/1.1\nHost: {HOST}\nHost: {HOST}\n\n", "more than one Host"),
        ("CONNECT api.example.org:443 HTTP/1.1\n\n", "a method"),
        ("TRACE / HTTP/1.1\n\n", "a method"),
        ("trace / HTTP/1.1\n\n", "a method"),
        ("GET / HTTP/2.0\n\n", "not a plain HTTP"),
        ("GET  / HTTP/1.1\n\n", "not a plain HTTP"),
        ("GET /\n\n", "not a plain HTTP"),
        ("\x16\x03\x01\x02\x00\n\n", "not a plain HTTP"),
        ("GET / HTTP/1.1\nX: a\rAuthorization: b\n\n", "a malformed header"),
        ("GET / HTTP/1.1\nX: a\0b\n\n", "a malformed header"),
        ("GET / HTTP/1.1\nAuthorization : b\n\n", "a malformed header"),
        ("GET / HTTP/1.1\nX: a\n b\n\n", "a malformed header"),
        ("GET / HTTP/1.1\n: a\n\n", "a malformed header"),
        ("GET / HTTP/1.1\nnothing\n\n", "a malformed header"),
        ("GET /\tx HTTP/1.1\n\n", "must be a path"),
        ("POST / HTTP/1.1\nContent-Length: 1\nContent-Length: 2\n\nab", "more than once"),
        ("POST / HTTP/1.1\nContent-Length: 1\nContent-Length: 1\n\na", "more than once"),
        ("POST / HTTP/1.1\nContent-Length: 1\nContent_Length: 2\n\nab", "more than once"),
        ("POST / HTTP/1.1\nContent-Length: 1\nTransfer-Encoding: chunked\n\n0\n\n", "than once"),
        ("POST / HTTP/1.1\nContent-Length: 1, 2\n\nab", "no number"),
        ("POST / HTTP/1.1\nContent-Length: +1\n\na", "no number"),
        ("POST / HTTP/1.1\nContent-Length: 0x1\n\na", "no number"),
        ("POST / HTTP/1.1\nTransfer-Encoding: gzip, chunked\n\n0\n\n", "a transfer coding"),
        ("POST / HTTP/1.1\nTransfer-Encoding: xchunked\n\n0\n\n", "a transfer coding"),
        ("POST / HTTP/1.1\nTransfer-Encoding: chunked\n\n-1\nabc\n0\n\n", "a malformed chunk"),
        ("POST / HTTP/1.1\nTransfer-Encoding: chunked\n\n2\nabc\n0\n\n", "longer than it says"),
        ("POST / HTTP/1.1\nTransfer-Encoding: chunked\n\n" + "1" * 2000, "a malformed chunk"),
        ("GET / HTTP/1.1\n" + "X: 1\n" * 101 + "\n", "more than 100 headers"),
        ("GET / HTTP/1.1\nX: " + "x" * HEAD_BYTES_MAX, "is longer than 64 KiB"),
        ("GET / HTTP/1.1\nX: " + "x" * HEAD_BYTES_MAX + "\n\n", "is longer than 64 KiB"),
    ],
)
def test_tricks_are_refused_before_anything_goes_out(text: str, why: str) -> None:
    request = KeyedRequest([KEY])
    with pytest.raises(RequestRefusedError, match=why):
        request.feed(text.replace("\n", "\r\n").encode("latin-1"))


def test_exactly_the_body_goes_out_and_no_second_request() -> None:
    second = b"GET /second HTTP/1.1\r\n\r\n"
    out = sent("POST / HTTP/1.1\nContent-Length: 5\n\n", body=b"hello" + second)
    assert out.endswith(b"close\r\n\r\nhello")
    assert sent("GET / HTTP/1.1\n\n", body=second).endswith(b"close\r\n\r\n")


def test_chunks_are_written_anew_without_what_may_hide_in_them() -> None:
    chunks = (
        b"3;x=y\r\nabc\r\n0000A\r\n0123456789\r\n0\r\nAuthorization: mine\r\n\r\nGET / HTTP/1.1"
    )
    out = sent("POST / HTTP/1.1\nTransfer-Encoding: chunked\n\n", body=chunks)
    assert b"\r\nTransfer-Encoding: chunked\r\n" in out
    assert out.endswith(b"close\r\n\r\n3\r\nabc\r\na\r\n0123456789\r\n0\r\n\r\n")


@pytest.mark.parametrize("pieces", [1, 2, 3, 7])
def test_a_request_may_come_in_pieces(pieces: int) -> None:
    for head, body in (
        ("Content-Length: 11", b"hello world"),
        ("Transfer-Encoding: chunked", b"5\r\nhello\r\n6;a\r\n world\r\n0\r\n\r\n"),
    ):
        text = f"POST /a HTTP/1.1\nHost: {HOST}\n{head}\n\n"
        assert sent(text, body=body, pieces=pieces) == sent(text, body=body)


def test_an_answer_comes_back_at_once_but_never_with_the_key() -> None:
    answer = KeyedAnswer([KEY])
    assert answer.feed(b"HTTP/1.1 200 OK\r\n\r\ndata: one\n\n") == (
        b"HTTP/1.1 200 OK\r\n\r\ndata: one\n\n"
    )
    assert answer.feed(b"x s3cret-") == b"x "
    assert answer.feed(b"santa") == b"s3cret-santa"
    assert answer.feed(b"s3") == b""
    assert answer.feed(b"") == b"s3"
    rng = random.Random(20261126)
    for _ in range(100):
        shown: list[bytes] = []
        text = f'{{"headers": {{"Authorization": "Bearer {VALUE}"}}}}'.encode()
        sizes = [rng.randint(1, 9) for _ in text]
        with pytest.raises(RequestRefusedError, match="its answer holds the secret API_TOKEN"):
            _feed(KeyedAnswer([KEY]), text, sizes, shown)
        assert b"s3" not in b"".join(shown)


def _feed(answer: KeyedAnswer, text: bytes, sizes: list[int], shown: list[bytes]) -> None:
    for size in sizes:
        shown.append(answer.feed(text[:size]))
        text = text[size:]
