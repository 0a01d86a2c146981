"""What a request body asks for, checked as far as routing and bounds need it. Pure.

Sampling settings are left to the model; the body itself is never changed. A body is scanned for
its depth and size before it is parsed, so that what a client sends bounds what parsing costs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from clawdesk_fabric.openai_wire import WireError

DEPTH_MAX = 64
PIECES_MAX = 400_000
"""Texts, commas and brackets in one body: what it costs to scan and to parse."""
TOKENS_ASKED_MAX = 1_000_000
CHOICES_MAX = 16
NAME_CHARS_MAX = 200
DEADLINE_MS_MAX = 24 * 3600 * 1000
_NEEDS = {"chat/completions": "messages", "completions": "prompt", "embeddings": "input"}
# Strings are skipped whole, so that brackets inside them do not count. Possessive, and matching
# even without the closing quote: no body makes it look at a byte twice.
_STRUCTURE = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+("?)|([\[{])|([\]}])|(,)', re.DOTALL)
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class Ask(msgspec.Struct, frozen=True):
    """What the Fabric needs to know of a request body.

    Args:
        answers: how many are made at once: `n`, or `best_of` where that is more.
    """

    model: str
    stream: bool
    answers: int = 1


def parse(endpoint: str, body: bytes) -> Ask:
    """Check a request body.

    Args:
        endpoint: "chat/completions", "completions" or "embeddings".
    Raises:
        WireError: invalid_request, with the field at fault in `param`.
    """
    value = parse_object(body)
    model = value.get("model")
    if not isinstance(model, str) or not 0 < len(model) <= NAME_CHARS_MAX:
        raise _wrong("model", "must be the name of a model")
    needed = _NEEDS[endpoint]
    if not value.get(needed):
        raise _wrong(needed, "is missing or empty")
    for name, found in value.items():
        rule = _FIELDS.get(name)
        if rule is not None and found is not None and not rule[0](found):
            raise _wrong(name, rule[1])
    stream = bool(value.get("stream")) and endpoint != "embeddings"
    if value.get("stream_options") is not None and not stream:
        raise _wrong("stream_options", "is for calls with `stream` true only")
    if endpoint == "embeddings":
        return Ask(model, stream)
    return Ask(model, stream, max(value.get("n") or 1, value.get("best_of") or 1))


def parse_object(body: bytes) -> dict[str, Any]:
    """The JSON object that `body` is.

    Raises:
        WireError: invalid_request: no JSON, too deep, too many pieces, a key twice, NaN, or text
            that is no Unicode.
    """
    _scan(body)
    try:
        # Decoded here, because `json` would guess UTF-16 and let half characters pass.
        value = _DECODER.decode(body.decode())
        if _SURROGATE.search(body):
            # Half a character: neither a model nor our own answers can encode it.
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise WireError("invalid_request", f"the body is not JSON: {_why(error)}") from None
    if not isinstance(value, dict):
        raise WireError("invalid_request", "the body must be a JSON object")
    return value


def deadline_ms(text: str | None) -> int:
    """X-Clawdesk-Deadline-Ms: for how long from now an answer is of use; 0 = none given.

    Raises:
        WireError: invalid_request. Unlike a priority it is a promise, so it is never guessed.
    """
    if text is None:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise _wrong("X-Clawdesk-Deadline-Ms", f"must be a number from 1 to {DEADLINE_MS_MAX}")
    if not 0 < int(text) <= DEADLINE_MS_MAX:
        raise _wrong("X-Clawdesk-Deadline-Ms", f"must be a number from 1 to {DEADLINE_MS_MAX}")
    return int(text)


def _scan(body: bytes) -> None:
    depth = 0
    if len(body) <= PIECES_MAX and body.count(b"[") + body.count(b"{") <= DEPTH_MAX:
        return  # neither bound can be passed, as in nearly every call
    for pieces, found in enumerate(_STRUCTURE.finditer(body), 1):
        kind = found.lastindex
        if kind == 1 and not found[1]:
            raise WireError("invalid_request", "the body is not JSON: a string has no end")
        if kind == 2:
            depth += 1
        elif kind == 3:
            depth -= 1
        if depth > DEPTH_MAX:
            raise WireError("invalid_request", f"the body is nested deeper than {DEPTH_MAX}")
        if pieces > PIECES_MAX:
            raise WireError("invalid_request", f"the body has more than {PIECES_MAX} pieces")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        # Two readers of such a body may disagree on which one counts: ours and the model's.
        raise ValueError("an object has the same key twice")
    return value


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")


_DECODER = json.JSONDecoder(parse_constant=_no_constant, object_pairs_hook=_unique)


def _why(error: Exception) -> str:
    """The reason without the client's text, which may be anything."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.pos}"
    if isinstance(error, UnicodeEncodeError):
        return "a text has half a surrogate pair"
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    return str(error) if str(error).endswith(("number", "twice")) else "a number is too long"


def _wrong(name: str, words: str) -> WireError:
    return WireError("invalid_request", f"`{name}` {words}", param=name)


def _whole(low: int, high: int) -> Callable[[Any], bool]:
    def fits(value: Any) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high

    return fits


def _is(*kinds: type) -> Callable[[Any], bool]:
    def fits(value: Any) -> bool:
        return isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))

    return fits


def _objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(entry, dict) for entry in value)


def _messages(value: Any) -> bool:
    return _objects(value) and all(isinstance(entry.get("role"), str) for entry in value)


def _typed(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("type"), str)


_TOKENS_ASKED = (_whole(0, TOKENS_ASKED_MAX), f"must be a number from 0 to {TOKENS_ASKED_MAX}")
_BOOLEAN = (_is(bool), "must be true or false")
_NUMBER = (_is(int, float), "must be a number")
_OBJECTS = (_objects, "must be a list of objects")
_FIELDS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "stream": _BOOLEAN,
    "stream_options": (_is(dict), "must be an object"),
    "messages": (_messages, "must be a list of objects, each with a `role`"),
    "prompt": (_is(str, list), "must be a text or a list"),
    "input": (_is(str, list), "must be a text or a list"),
    "n": (_whole(1, CHOICES_MAX), f"must be a number from 1 to {CHOICES_MAX}"),
    "best_of": (_whole(1, CHOICES_MAX), f"must be a number from 1 to {CHOICES_MAX}"),
    "max_tokens": _TOKENS_ASKED,
    "max_completion_tokens": _TOKENS_ASKED,
    "temperature": _NUMBER,
    "top_p": _NUMBER,
    "frequency_penalty": _NUMBER,
    "presence_penalty": _NUMBER,
    "seed": (_is(int), "must be a whole number"),
    "stop": (_is(str, list), "must be a text or a list"),
    "tools": _OBJECTS,
    "functions": _OBJECTS,
    "tool_choice": (_is(str, dict), "must be a text or an object"),
    "parallel_tool_calls": _BOOLEAN,
    "response_format": (_typed, "must be an object with a `type`"),
    "logprobs": (_is(bool, int), "must be true, false or a number"),
    "top_logprobs": (_whole(0, 20), "must be a number from 0 to 20"),
    "logit_bias": (_is(dict), "must be an object"),
    "user": (_is(str), "must be a text"),
}
