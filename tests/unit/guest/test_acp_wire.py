"""Lines of an agent as values, whatever it sends, in whatever pieces."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawdesk_guest import acp_wire
from clawdesk_guest.acp_wire import Answer, Junk, Lines, Notice, Request, TooLongError, said

MESSAGES = [
    (b'{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":1}}', Request(1, "m", {"a": 1})),
    (b'{"id":"x","method":"m"}', Request("x", "m", {})),
    (b'{"method":"session/update","params":{}}', Notice("session/update", {})),
    (b'{"id":1,"result":{"b":2}}', Answer(1, {"b": 2}, "")),
    (b'{"id":1,"result":null}', Answer(1, {}, "")),
    (b'{"id":1,"error":{"code":-1,"message":"no"}}', Answer(1, {}, "no")),
    (b'{"id":1,"error":{"message":"no","data":{"c":3}}}', Answer(1, {}, 'no {"c": 3}')),
    (b'{"id":1,"error":{}}', Answer(1, {}, "an error without words")),
    (b'{"id":1,"error":"all wrong"}', Answer(1, {}, "all wrong")),
]
JUNK = [
    (b"Loading model...", "not JSON", None),
    (b"\xff\xfe", "not JSON", None),
    (b"[" * 100_000, "not JSON", None),
    (b"[1]", "not a JSON object", None),
    (b'{"id":null,"method":"m"}', "an id that is neither a number nor a short text", None),
    (b'{"id":true,"method":"m"}', "an id that is neither a number nor a short text", None),
    (b'{"id":1e300,"method":"m"}', "an id that is neither a number nor a short text", None),
    (b'{"id":1,"method":7}', "neither a request nor an answer", 1),
    (b'{"id":1,"method":"m","params":[1]}', "neither a request nor an answer", 1),
    (b"{}", "neither a request nor an answer", None),
]


@pytest.mark.parametrize(("line", "value"), MESSAGES)
def test_what_is_said(line: bytes, value: object) -> None:
    assert said(line) == value


@pytest.mark.parametrize(("line", "why", "id_"), JUNK)
def test_what_is_none(line: bytes, why: str, id_: object) -> None:
    found = said(line)
    assert isinstance(found, Junk)
    assert (found.why, found.id) == (why, id_)
    assert len(found.text) <= acp_wire.JUNK_CHARS_MAX


@given(st.lists(st.integers(1, 40), min_size=1, max_size=20))
def test_pieces_do_not_matter(sizes: list[int]) -> None:
    content = b"\n\r\n".join(line for line, _ in MESSAGES) + b"\n"
    lines, found = Lines(), list[acp_wire.Said]()
    while content:
        size = sizes[len(found) % len(sizes)]
        found += lines.feed(content[:size])
        content = content[size:]
    assert found == [value for _, value in MESSAGES]


@given(st.binary(max_size=2000))
def test_nothing_that_is_sent_breaks_it(content: bytes) -> None:
    for value in Lines().feed(content + b"\n"):
        assert isinstance(value, Request | Notice | Answer | Junk)


def test_a_line_without_an_end_is_given_up() -> None:
    lines = Lines()
    part = b"x" * (1 << 20)
    for _ in range(8):
        assert lines.feed(part) == []
    with pytest.raises(TooLongError):
        lines.feed(part)


def test_answers_are_one_line_each() -> None:
    line = acp_wire.answer("x", {"content": "two\nlines"})
    assert line.count(b"\n") == 1
    assert json.loads(line) == {"jsonrpc": "2.0", "id": "x", "result": {"content": "two\nlines"}}


def test_fields_are_what_they_should_be_or_empty() -> None:
    assert acp_wire.text_of(7) == ""
    assert acp_wire.text_of("a\ud800b") == "a?b"
    assert acp_wire.text_of("x" * 20, 10) == "xxxx [...]"
    assert acp_wire.table_of([1]) == {}
    assert acp_wire.list_of([1, 2, 3], 2) == [1, 2]
    assert acp_wire.list_of("ab", 2) == []
