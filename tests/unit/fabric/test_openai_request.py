"""Request bodies: what is refused, and that refusing costs no more than the body is worth."""

from __future__ import annotations

import json
import os
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawdesk_fabric import openai_request as requests
from clawdesk_fabric.openai_request import DEPTH_MAX, PIECES_MAX, Ask, parse
from clawdesk_fabric.openai_wire import WireError, engine_error, error_event

CHAT = "chat/completions"
GOOD: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
FUZZ_CASES = int(os.environ.get("FUZZ_CASES", "2000"))


def asked(**changes: Any) -> Ask:
    return parse(CHAT, json.dumps({**GOOD, **changes}).encode())


def refused(body: bytes, endpoint: str = CHAT) -> WireError:
    with pytest.raises(WireError) as raised:
        parse(endpoint, body)
    assert raised.value.status == 400
    json.dumps(raised.value.body()).encode()
    return raised.value


def parsed(body: bytes) -> Ask | None:
    """What is asked; None when it is refused with 400. Anything else fails."""
    try:
        return parse(CHAT, body)
    except WireError as error:
        if error.status != 400:
            raise
        error_event(error)
        return None


TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}


@pytest.mark.parametrize(
    "fields",
    [
        {"tools": [TOOL], "tool_choice": "auto", "parallel_tool_calls": False},
        {"tool_choice": {"type": "function", "function": {"name": "f"}}},
        {"response_format": {"type": "json_object"}},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {}}}},
        {"stream": True, "stream_options": {"include_usage": True}},
        {"logprobs": True, "top_logprobs": 5, "n": 2, "seed": -1, "stop": ["a", "b"]},
        {"temperature": 0, "max_tokens": None, "stream": None, "grammar": "root ::= [a-z]"},
    ],
)
def test_what_openais_clients_send_is_accepted(fields: dict[str, Any]) -> None:
    assert asked(**fields) == Ask("m", fields.get("stream") is True, fields.get("n", 1))


@pytest.mark.parametrize(
    ("param", "value"),
    [
        ("model", ""),
        ("model", 7),
        ("model", "x" * 201),
        ("messages", []),
        ("messages", "Hi"),
        ("messages", ["Hi"]),
        ("messages", [{"content": "Hi"}]),
        ("messages", [{"role": 1}]),
        ("stream", 1),
        ("stream_options", {"include_usage": True}),
        ("n", 0),
        ("n", 17),
        ("n", True),
        ("n", 1e9),
        ("max_tokens", -1),
        ("max_tokens", 10**30),
        ("max_tokens", "many"),
        ("max_completion_tokens", 1_000_001),
        ("temperature", "hot"),
        ("tools", {}),
        ("tools", ["f"]),
        ("response_format", "json"),
        ("response_format", {}),
        ("top_logprobs", 21),
        ("user", {}),
    ],
)
def test_a_field_of_the_wrong_type_or_size_is_named(param: str, value: Any) -> None:
    error = refused(json.dumps({**GOOD, param: value}).encode())
    assert error.param == param
    assert error.body()["error"]["param"] == param


@pytest.mark.parametrize(
    ("endpoint", "needed"), [("completions", "prompt"), ("embeddings", "input")]
)
def test_each_endpoint_needs_its_own_field(endpoint: str, needed: str) -> None:
    assert parse(endpoint, json.dumps({"model": "m", needed: ["a"]}).encode()).model == "m"
    assert parse(endpoint, json.dumps({"model": "m", needed: [1, 2]}).encode()).model == "m"
    assert refused(json.dumps(GOOD).encode(), endpoint).param == needed
    assert refused(json.dumps({"model": "m", needed: 5}).encode(), endpoint).param == needed


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"model": "a", "model": "b", "messages": [{"role": "user"}]}', "same key twice"),
        (b'{"model": "m", "messages": [{"role": "a", "role": "b"}]}', "same key twice"),
        (b'{"model": "m", "x": NaN}', "NaN is no JSON number"),
        (b'{"model": "m", "x": -Infinity}', "-Infinity is no JSON number"),
        (b'{"model": "\\ud800", "messages": [{"role": "user"}]}', "surrogate"),
        (b'{"model": "m", "\\udfff": 1}', "surrogate"),
        (b'{"model": "\xed\xa0\x80"}', "not UTF-8"),
        (b'{"model": ' + b"9" * 5000 + b"}", "a number is too long"),
        (b'{"model": "secret', "not JSON: Unterminated string"),
        (b'{"model": "secret' + b"{" * 1000, "a string has no end"),
        (b'{"model": "secret" "x"}', "not JSON: Expecting"),
        (b"[" * (DEPTH_MAX + 1), "deeper than"),
        (b'{"a":' * (DEPTH_MAX + 1), "deeper than"),
        (b"[" + b"1," * (PIECES_MAX + 1) + b"1]", "pieces"),
        (b"[" + b"[]," * PIECES_MAX + b"1]", "pieces"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (json.dumps(GOOD).encode("utf-16"), "not UTF-8"),
        (json.dumps(GOOD).encode("utf-16-le"), "not JSON"),
    ],
)
def test_what_is_no_body_is_said_without_repeating_it(body: bytes, said: str) -> None:
    error = refused(body)
    assert said in error.message
    assert "secret" not in error.message


def test_pairs_of_surrogates_and_brackets_in_texts_are_fine() -> None:
    assert asked(user="\U0001f600").model == "m"
    assert asked(user='[{"' * 1000).model == "m"
    assert asked(user="\\" * 1001 + '"').model == "m"


@pytest.mark.parametrize("unit", [b'"', b'"\\', b'\\"', b"[", b'{"', b"[]", b'"",', b"\\"])
def test_a_hostile_body_is_looked_at_once(unit: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scanning time grows with the length, not with its square: steps are counted, not seconds."""
    steps = 0
    real = requests._STRUCTURE

    class Counting:
        def finditer(self, body: bytes) -> Any:
            nonlocal steps
            at = 0
            for found in real.finditer(body):
                assert found.start() >= at, "a byte was looked at twice"
                at = found.end()
                steps += 1
                yield found

    monkeypatch.setattr(requests, "_STRUCTURE", Counting())
    body = unit * (1_000_000 // len(unit))
    refused(body)
    assert steps <= PIECES_MAX + 1


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from([*requests._FIELDS, "model", "x"]), json_values))
def test_any_json_is_accepted_or_refused_with_400(fields: dict[str, Any]) -> None:
    body = json.dumps({**GOOD, **fields}).encode()
    ask = parsed(body)
    # What is let through is what was sent.
    assert ask is None or json.loads(body)["model"] == ask.model


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_with_400(body: bytes) -> None:
    refused(body)


@given(st.integers(100, 599), st.binary(max_size=300) | json_values.map(json.dumps).map(str.encode))
def test_any_error_of_an_engine_gets_our_shape(status: int, body: bytes) -> None:
    error = engine_error("m", status, body)
    assert error.status in (400, 429, 502)
    assert json.loads(error_event(error).strip().removeprefix(b"data: "))["error"]["message"]


def test_broken_bodies_never_escape() -> None:
    seed = int(os.environ.get("FUZZ_SEED", "0")) or random.SystemRandom().randrange(2**32)
    dice = random.Random(seed)
    print(f"FUZZ_SEED={seed}")
    whole = json.dumps(
        {**GOOD, "tools": [TOOL], "stop": ["\u20ac", '"'], "stream": True, "n": 1},
        ensure_ascii=False,
    ).encode()
    pieces = [
        b'"',
        b"\\",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"\\ud83d",
        b"\xff",
        b"NaN",
        b"1e999",
    ]
    for _ in range(FUZZ_CASES):
        body = bytearray(whole)
        for _ in range(dice.randint(1, 4)):
            at = dice.randrange(len(body))
            body[at : at + dice.randint(0, 3)] = dice.choice([b"", *pieces])
        parsed(bytes(body))
