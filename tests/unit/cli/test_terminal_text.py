"""What of a machine's output reaches the user's terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawdesk.cli.terminal_text import TerminalText

DRAWS = [
    b"plain text\r\n",
    b"\x1b[31;1mred\x1b[0m",
    b"\x1b[2J\x1b[10;20H\x1b[K",
    b"\x1b[?1049h\x1b[?25l",
    "grüße 日本".encode(),
    b"\x1b(B\x1b)0\x1b7\x1b8",
    b"\xc2\xa0 \xc2\xb5",
]
ACTS = [
    b"\x1b]52;c;aGFjaw==\x07",
    b"\x1b]0;another title\x1b\\",
    b"\x1bP$qm\x1b\\",
    b"\x1b_G payload\x1b\\",
    b"\x1b^private\x1b\\",
    b"\x1bXstring\x1b\\",
    "\x9d52;c;aGFjaw==\x07".encode(),
    b"\x1b[c",
    b"\x1b[>0c",
    b"\x1b[6n",
    b"\x1b[?6n",
    b"\x1b[21t",
    b"\x1b[?1$p",
    b"\x05",
]


@pytest.mark.parametrize("text", DRAWS)
def test_drawing_goes_through_as_it_is(text: bytes) -> None:
    assert TerminalText().feed(text) == text


@pytest.mark.parametrize("text", ACTS)
def test_words_to_the_terminal_itself_are_left_out(text: bytes) -> None:
    assert TerminalText().feed(b"<" + text + b">") == b"<>"


@pytest.mark.parametrize("text", [*DRAWS, *ACTS])
def test_a_sequence_may_lie_across_reads(text: bytes) -> None:
    whole = TerminalText().feed(text + b"end")
    bytewise = TerminalText()
    assert b"".join(bytewise.feed(bytes([byte])) for byte in text + b"end") == whole


def test_a_string_without_an_end_shows_nothing_and_grows_nothing() -> None:
    text = TerminalText()
    assert text.feed(b"\x1b]52;" + b"A" * 1_000_000) == b""
    assert text.feed(b"\x07after") == b"after"


@given(st.binary(max_size=200))
def test_no_string_for_the_terminal_gets_through(noise: bytes) -> None:
    shown = TerminalText().feed(noise)
    for begin in (b"\x1b]", b"\x1bP", b"\x1bX", b"\x1b^", b"\x1b_", b"\xc2\x9d", b"\xc2\x90"):
        assert begin not in shown
