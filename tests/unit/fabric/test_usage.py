"""Tokens are read from an answer's end, by real keys only."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from clawdesk_fabric.usage import Usage, counted

USAGE = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}


def test_openais_and_llamas_counts() -> None:
    details = {**USAGE, "prompt_tokens_details": {"cached_tokens": 5}}
    assert counted(json.dumps({"usage": details}).encode()) == (7, 3)
    timings = {"cache_n": 30, "prompt_n": 2, "predicted_n": 9, "predicted_per_second": 41.5}
    assert counted(json.dumps({"timings": timings}).encode()) == (32, 9)
    both = json.dumps({"usage": USAGE, "timings": timings}).encode()
    assert counted(both) == (7, 3)


def test_the_last_count_of_a_stream_wins() -> None:
    first = json.dumps({"usage": {**USAGE, "completion_tokens": 1}})
    text = f"data: {first}\n\ndata: {json.dumps({'usage': USAGE})}\n\ndata: [DONE]\n\n"
    assert counted(text.encode()) == (7, 3)
    assert counted(f'data: {{"usage": null}}\n\ndata: {first}\n\n'.encode()) == (7, 1)


def test_words_of_an_answer_are_no_counts() -> None:
    said = json.dumps({"content": json.dumps({"usage": USAGE}), "token": "usage"})
    assert counted(said.encode()) == (0, 0)


def test_absurd_counts_are_bounded() -> None:
    absurd = {"prompt_tokens": -5, "completion_tokens": 10**30}
    assert counted(json.dumps({"usage": absurd}).encode()) == (0, 10**9)
    wrong = {"prompt_tokens": "7", "completion_tokens": True}
    assert counted(json.dumps({"usage": wrong}).encode()) == (0, 0)


@given(st.binary(max_size=200))
def test_any_bytes(tail: bytes) -> None:
    counted(b'"usage": {' + tail + b"}")
    counted(tail)


def test_the_rate_is_of_what_came_after_the_first_byte() -> None:
    assert Usage(7, 11, 500, 1500).tokens_per_s == 10.0
    assert Usage(7, 1, 500, 1500).tokens_per_s == 0.0
    assert Usage(7, 11, 500, 500).tokens_per_s == 0.0
