"""Values as lines of JSON, written fast: the logs have a line or two for every call."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec

_ENCODER = msgspec.json.Encoder(enc_hook=str)


def lines(values: Sequence[Any]) -> bytes:
    """One line each, ended by a newline; value classes as objects, what is no JSON as its text."""
    try:
        return _ENCODER.encode_lines(values)
    except UnicodeEncodeError:
        # A name that is no text; the slower encoder escapes it.
        plain = [msgspec.to_builtins(value, enc_hook=str) for value in values]
        return "".join(json.dumps(value) + "\n" for value in plain).encode()
