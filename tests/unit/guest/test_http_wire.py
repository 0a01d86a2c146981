"""The little HTTP of the relay."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawdesk_guest.http_wire import (
    BadRequestError,
    RequestParser,
    answer_head,
    chunk,
    read_head,
    says_close,
    whole_answer,
)

POST = (
    b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    b"Authorization: Bearer clawdesk\r\nContent-Length: 5\r\n\r\n12345"
)


def test_a_request_with_a_length_and_what_the_host_reads_in_its_head() -> None:
    request = RequestParser().feed(POST + b"GET /behind")
    assert request is not None
    head, body = request
    assert body == b"12345"
    method, path, headers = read_head(head)
    assert (method, path) == ("POST", "/v1/chat/completions")
    assert headers == {"content-type": "application/json", "authorization": "Bearer clawdesk"}


def test_a_request_in_chunks() -> None:
    head = b"POST /v1/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    request = RequestParser().feed(head + chunk(b"ab") + chunk(b"c") + b"0\r\n\r\n")
    assert request is not None
    assert request[1] == b"abc"


@pytest.mark.parametrize("parts", [1, 2, 7])
def test_a_request_in_pieces(parts: int) -> None:
    parser = RequestParser()
    answers = [parser.feed(POST[i : i + parts]) for i in range(0, len(POST), parts)]
    assert answers[-1] is not None
    assert not any(answers[:-1])


def test_a_client_that_waits_for_a_go_ahead() -> None:
    parser = RequestParser()
    head = b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n"
    assert parser.feed(head) is None
    assert parser.wants_go_ahead


CHUNKS = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
        *(CHUNKS + line for line in (b"zz\r\n", b"-6\r\n\r\n", b"1_0\r\n", b"0" * 5000)),
        b"x" * 70_000,
    ],
)
def test_what_has_no_end_is_refused(sent: bytes) -> None:
    with pytest.raises(BadRequestError):
        RequestParser().feed(sent)


@pytest.mark.parametrize(
    "head",
    [
        b"hello",
        b"GET x HTTP/1.1",
        b"GET / HTTP/1.1\r\nno colon",
        b"POST / HTTP/1.1\r\nContent-Length : 3",
        b"POST / HTTP/1.1\r\na: b\r\n c: d",
    ],
)
def test_what_is_no_request_is_refused(head: bytes) -> None:
    with pytest.raises(BadRequestError):
        read_head(head)


@settings(max_examples=200)
@given(st.binary(max_size=300))
def test_any_head_is_read_or_refused(noise: bytes) -> None:
    with contextlib.suppress(BadRequestError):
        read_head(b"POST / HTTP/1.1\r\n" + noise)


@settings(max_examples=200)
@given(st.binary(max_size=300))
def test_noise_is_harmless(noise: bytes) -> None:
    with contextlib.suppress(BadRequestError):
        RequestParser().feed(b"POST / HTTP/1.1\r\n" + noise)


@pytest.mark.parametrize(
    ("head", "says"),
    [
        (b"POST / HTTP/1.1\r\nA: b\r\nConnection: close", True),
        (b"POST / HTTP/1.1\r\nCONNECTION: CLOSE\r\nA: b", True),
        (b"POST / HTTP/1.1\r\nConnection: keep-alive", False),
        (b"POST / HTTP/1.1\r\nX-Connection: close", False),
        (b"POST / HTTP/1.1", False),
    ],
)
def test_whether_a_client_has_said_that_it_asks_once(head: bytes, says: bool) -> None:
    assert says_close(head) is says


@pytest.mark.parametrize("cut", range(1, 70))
def test_a_request_may_be_cut_anywhere(cut: int) -> None:
    for request in (POST, CHUNKS + chunk(b"ab") + chunk(b"c") + b"0\r\n\r\n"):
        parser = RequestParser()
        parts = [request[at : at + cut] for at in range(0, len(request), cut)]
        *early, last = [parser.feed(part) for part in parts]
        assert not any(early)
        assert last == RequestParser().feed(request)
        assert last is not None


def test_a_request_in_chunks_that_also_says_a_length_is_one_in_chunks() -> None:
    # Whatever came of it at once: a length beside chunks counts for nothing (RFC 9112, 6.3).
    both = CHUNKS.replace(b"\r\n\r\n", b"\r\nContent-Length: 3\r\n\r\n")
    request = RequestParser().feed(both + chunk(b"abcdef") + b"0\r\n\r\n")
    assert request is not None
    assert request[1] == b"abcdef"


def test_a_header_cannot_begin_another() -> None:
    head = answer_head(200, {"x": "a\r\nset-cookie: b"}, "y: z")
    assert b"\r\nset-cookie" not in head


def test_an_answer_that_is_known_whole_says_its_length_and_none_that_was_said() -> None:
    answer = whole_answer(200, {"Content-Length": "99", "date": "x", "a": "b"}, b"xyz")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[1:] == [b"a: b", b"Content-Length: 3"]
    assert body == b"xyz"
