"""What is read of a model call as it passes: words, tools and tokens, of anything that comes."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from clawdesk.adapters.libvirt.channel_calls import ANSWER_BYTES_MAX, Listener

ASKED = json.dumps({
    "model": "m",
    "messages": [{"role": "user", "content": "one"}, {"role": "tool", "content": "two"}],
}).encode()  # fmt: skip
CALL = {"index": 0, "function": {"name": "shell", "arguments": '{"run": "ls"}'}}


def told(*chunks: bytes) -> tuple[str, int | None, int | None]:
    listener = Listener(ASKED)
    for chunk in chunks:
        listener.heard(chunk)
    return listener.told()


def stream(*deltas: dict[str, Any], usage: dict[str, int] | None = None) -> bytes:
    parts: list[dict[str, Any]] = [{"choices": [{"delta": delta}]} for delta in deltas]
    parts += [{"choices": [], "usage": usage}] if usage else []
    lines = [f"data: {json.dumps(part)}\r\n\r\n" for part in parts]
    return "".join([": queued position=3\n\n", *lines, "data: [DONE]\n\n"]).encode()


def test_what_was_asked_last() -> None:
    listener = Listener(ASKED)
    assert (listener.model, listener.asked) == ("m", "two")
    parts = {"messages": [{"content": [{"type": "text", "text": "a"}, {"type": "image_url"}]}]}
    assert Listener(json.dumps(parts).encode()).asked == "a"
    assert Listener(b'{"prompt": "p"}').asked == "p"


def test_a_whole_answer() -> None:
    message = {"content": "I look.", "tool_calls": [CALL]}
    usage = {"prompt_tokens": 12, "completion_tokens": 3}
    answer = json.dumps({"choices": [{"message": message}], "usage": usage}).encode()
    assert told(answer[:20], answer[20:]) == ('I look.\ncalls shell {"run": "ls"}', 12, 3)


def test_a_streamed_answer() -> None:
    first = {"index": 0, "function": {"name": "shell", "arguments": '{"run"'}}
    second = {"index": 0, "function": {"arguments": ': "ls"}'}}
    usage = {"prompt_tokens": 12, "completion_tokens": 3}
    deltas = ({"content": "I "}, {"content": "look."})
    calls = ({"tool_calls": [first]}, {"tool_calls": [second]})
    content = stream(*deltas, *calls, usage=usage)
    assert told(content[:33], content[33:]) == ('I look.\ncalls shell {"run": "ls"}', 12, 3)


def test_a_long_answer_is_heard_in_part() -> None:
    text, tokens_in, _ = told(stream(*[{"content": "x" * 1000}] * 2000))
    assert text.startswith("xxx")
    assert len(text) < 17_000
    assert tokens_in is None
    listener = Listener(ASKED)
    for _ in range(9):
        listener.heard(b"y" * (1 << 16))
    assert len(listener._answer) == ANSWER_BYTES_MAX


def test_halves_of_characters_are_joined_or_replaced() -> None:
    # Engines stream an emoji in two events, and programs cut a text in the middle of one.
    halves = stream({"content": "ok \ud83d"}, {"content": "\ude00, \ud83d"})
    assert told(halves)[0] == "ok \U0001f600, \ufffd"
    listener = Listener(json.dumps({"model": "m\udc00", "prompt": "cut \ud83d"}).encode())
    assert (listener.model, listener.asked) == ("m\ufffd", "cut \ufffd")


def test_a_count_of_tokens_that_no_call_can_have_counts_as_not_told() -> None:
    """Sums of such would soon be numbers that neither a record nor the plane's wire takes."""
    for absurd in (-1, 2**53 - 1, 10**9 + 1, True, 1.5, "7", None):
        usage = json.dumps({"usage": {"prompt_tokens": absurd, "completion_tokens": 3}})
        assert told(usage.encode())[1:] == (None, 3)


def test_parts_within_parts_end_no_call() -> None:
    deep = b'[{"text":' * 400 + b'"x"' + b"}]" * 400
    assert Listener(b'{"messages":[{"content":%b}]}' % deep).asked == ""
    assert told(b'{"choices":[{"message":{"content":%b}}]}' % deep)[0] == ""


@given(st.binary(max_size=500), st.binary(max_size=500))
def test_nothing_breaks_it(body: bytes, answer: bytes) -> None:
    listener = Listener(body)
    listener.heard(b"data: " + answer)
    text, tokens_in, tokens_out = listener.told()
    assert isinstance(text, str)
    assert tokens_in is tokens_out is None or isinstance(tokens_in, int)


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["choices", "message", "delta", "content", "tool_calls", "function", "index", "usage"]
    ), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(JSON)
def test_no_shape_breaks_it(value: object) -> None:
    content = json.dumps(value).encode()
    told(content)
    Listener(content)
