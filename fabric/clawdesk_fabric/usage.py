"""What one call used: tokens as the model counted them, times as the Fabric saw them. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec

TAIL_BYTES = 8192
"""Of an answer so much of its end is looked at; a model counts its tokens last."""
_COUNT_MAX = 10**9
# A quote inside a text of the answer is escaped, so these match real keys only.
_OBJECTS = re.compile(rb'"(usage|timings)"\s*:\s*(\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\})')


class Usage(msgspec.Struct, frozen=True):
    """One call's use.

    Args:
        prompt_tokens: what the model counted; 0 where it did not say, so is `completion_tokens`.
        first_byte_ms: from handing the call to the model until its first byte.
        duration_ms: from handing the call to the model until its last byte.
    """

    prompt_tokens: int
    completion_tokens: int
    first_byte_ms: int
    duration_ms: int

    @property
    def said(self) -> tuple[int | None, int | None]:
        """Prompt and completion tokens; None = the model did not say.

        >>> Usage(7, 0, 1, 2).said, Usage(0, 0, 1, 2).said
        ((7, 0), (None, None))
        """
        any_said = bool(self.prompt_tokens or self.completion_tokens)
        return self.prompt_tokens or None, self.completion_tokens if any_said else None

    @property
    def tokens_per_s(self) -> float:
        """Tokens made after the first byte; 0.0 where nothing can be said."""
        generating_ms = self.duration_ms - self.first_byte_ms
        if self.completion_tokens < 2 or generating_ms <= 0:
            return 0.0
        return (self.completion_tokens - 1) * 1000 / generating_ms


def stated(answer: Mapping[str, Any]) -> tuple[int, int]:
    """Prompt and completion tokens of a whole answer; zeros where it does not say.

    `usage` is OpenAI's, `timings` is what a llama.cpp server sends in any case.
    """
    prompt = completion = 0
    fields = answer.get("usage")
    if isinstance(fields, dict):
        prompt = _count(fields, "prompt_tokens")
        completion = _count(fields, "completion_tokens")
    fields = answer.get("timings")
    if isinstance(fields, dict):
        prompt = prompt or _count(fields, "cache_n") + _count(fields, "prompt_n")
        completion = completion or _count(fields, "predicted_n")
    return prompt, completion


def counted(tail: bytes) -> tuple[int, int]:
    """The same from the end of a stream; the last count that says something is the one."""
    found: dict[str, Any] = {}
    for name, text in _OBJECTS.findall(tail):
        try:
            fields = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if any(_count(fields, key) for key in fields):
            found[name.decode()] = fields
    return stated(found)


def _count(fields: Mapping[str, Any], name: str) -> int:
    value = fields.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        return 0
    return min(max(value, 0), _COUNT_MAX)
