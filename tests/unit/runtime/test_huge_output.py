"""Output without end: a million lines, one line of 100 MB; what is kept of it is bounded."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from clawdesk.adapters.libvirt.channel_output import (
    HEAD_BYTES_MAX,
    LONG_MARK,
    TAIL_BYTES_MAX,
    OutputBudget,
)
from clawdesk.domain.secrets import Veil, VeiledStream
from clawdesk.runtime.output import KEEP_BYTES_MAX, LINE_CHARACTERS_MAX, LINES_MAX, TaskOutput

MARKS_BYTES_MAX = 300


def a_million_lines() -> Iterable[bytes]:
    lines = b"".join(b"line %06d\n" % number for number in range(10_000))
    return (lines for _ in range(100))


def one_line_of_100_mb() -> Iterable[bytes]:
    chunk = b"x" * 1_000_000
    return (chunk for _ in range(100))


def many_crumbs() -> Iterable[bytes]:
    return (b"y\n" for _ in range(60_000))


@pytest.mark.parametrize("print_it", [a_million_lines, one_line_of_100_mb, many_crumbs])
def test_what_is_kept_is_bounded(print_it: object) -> None:
    budget, output = OutputBudget(), TaskOutput()
    output.begin("s", 1)
    passed = 0
    for chunk in print_it():  # type: ignore[operator]
        now = budget.take(chunk)
        passed += len(now)
        if now:
            output.feed(0, "out", now)
    end = budget.finish()
    output.feed(0, "out", end)
    output.flush(0)
    assert passed <= HEAD_BYTES_MAX
    assert len(end) <= TAIL_BYTES_MAX + 1_000_000 + MARKS_BYTES_MAX
    lines = output.after(0)
    assert len(lines) <= LINES_MAX
    assert max(len(line.text) for line in lines) <= LINE_CHARACTERS_MAX + MARKS_BYTES_MAX
    assert len(output.tail()) <= 2_000
    taken = output.take()
    assert len(taken) <= KEEP_BYTES_MAX + 1_000_000 + MARKS_BYTES_MAX
    output.feed(0, "out", b"more\n")
    output.put_back(taken)
    assert len(output.take()) <= KEEP_BYTES_MAX + 1_000_000 + MARKS_BYTES_MAX


@pytest.mark.parametrize("place", range(0, 40, 5))
def test_what_is_left_out_begins_and_ends_between_words(place: int) -> None:
    """Half a secret is not known to be one: it would stand in the log beside the mark."""
    value = "s3cret-value-of-ann-that-is-40-chars-lon"
    veiled, budget = VeiledStream(Veil({"KEY": value})), OutputBudget()
    line = f"curl -H {value}\n".encode()
    whole = b"x" * place + b"\n" + line * (2 * HEAD_BYTES_MAX // len(line))
    shown = b""
    for begin in range(0, len(whole), 64 << 10):  # as a guest that floods sends it
        was_over = budget.is_over
        shown += veiled.feed(budget.take(whole[begin : begin + (64 << 10)]))
        if budget.is_over and not was_over:
            shown += veiled.feed(LONG_MARK)
    shown += veiled.feed(budget.finish()) + veiled.flush()
    assert budget.is_over
    parts = {value[begin : begin + 8].encode() for begin in range(len(value) - 7)}
    assert not [part for part in parts if part in shown]


def test_a_step_after_it_begins_anew() -> None:
    output = TaskOutput()
    output.begin("s", 1)
    for chunk in one_line_of_100_mb():
        output.feed(0, "out", chunk)
        break
    output.begin("t", 1)
    output.feed(0, "out", b"short\n")
    assert output.take() == b"short\n"


def test_what_was_taken_is_not_taken_again_unless_it_is_put_back() -> None:
    output = TaskOutput()
    output.begin("s", 1)
    output.feed(0, "out", b"one\n")
    taken = output.take()
    output.feed(0, "out", b"two\n")
    output.put_back(taken)
    assert output.take() == b"one\ntwo\n"
    assert output.take() == b""
    assert output.tail().endswith("two"), "what failed is told with its last words all the same"


def test_a_letter_that_comes_in_two_pieces_is_one() -> None:
    output = TaskOutput()
    whole = "Käse 漢字 \U0001f600\n".encode()
    for place in range(1, len(whole)):
        output.feed(0, "out", whole[:place])
        output.feed(0, "err", "ü\n".encode()[:1])
        output.feed(0, "out", whole[place:])
        output.feed(0, "err", "ü\n".encode()[1:])
    output.feed(0, "out", b"cut \xc3")
    output.flush(0)
    lines = [line.text for line in output.after(0)]
    assert set(lines[:-1]) == {"Käse 漢字 \U0001f600", "ü"}
    assert lines[-1] == "cut \ufffd"
