"""What a relayed model call said: the last words to the model, its answer, its tokens. Pure.

Both sides are hostile text of any size: only the beginnings are looked at, and what cannot be read
is left out. Nothing here changes what is relayed.
"""

from __future__ import annotations

import json
from typing import Any

BODY_BYTES_MAX = 1 << 20
ANSWER_BYTES_MAX = 512 << 10
"""More is not read: that would keep the bytes of other machines waiting."""
_TEXT_CHARS_MAX = 16_000
_TOOLS_MAX = 16
_TOKENS_MAX = 10**9
"""Of one call; who says more says nothing, as in the Fabric."""


class Listener:
    """Hears one call and its answer.

    Args:
        body: what was sent to the model.
    """

    def __init__(self, body: bytes) -> None:
        self.model, self.asked = _asked(body) if len(body) <= BODY_BYTES_MAX else ("", "")
        self._answer = bytearray()
        self._is_cut = False

    def heard(self, chunk: bytes) -> None:
        """A part of the answer, as it passes."""
        room = ANSWER_BYTES_MAX - len(self._answer)
        self._answer += chunk[:room]
        self._is_cut |= len(chunk) > room

    def told(self) -> tuple[str, int | None, int | None]:
        """(what the model answered, tokens in, tokens out); None = it was not said."""
        parts = _parts(bytes(self._answer))
        text = "".join(_text(part) for part in parts)
        tools = _tools(parts)
        usage = next((_table(p.get("usage")) for p in reversed(parts) if p.get("usage")), {})
        said = "\n".join([*([text] if text.strip() else []), *tools])
        return _short(said), _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")


def _asked(body: bytes) -> tuple[str, str]:
    """The model's name, and the last thing said to it."""
    request = _object(body)
    messages = request.get("messages")
    last = messages[-1] if isinstance(messages, list) and messages else {}
    words = _content(_table(last).get("content")) or request.get("prompt")
    model = request.get("model")
    return (
        _whole(model)[:200] if isinstance(model, str) else "",
        _short(words) if isinstance(words, str) else "",
    )


def _parts(answer: bytes) -> list[dict[str, Any]]:
    """The answer as one object, or, streamed, as one for each event."""
    whole = _object(answer)
    if whole:
        return [whole]
    lines = (line[5:].strip() for line in answer.split(b"\n") if line.startswith(b"data:"))
    return [part for line in lines if (part := _object(line))]


def _object(text: bytes) -> dict[str, Any]:
    try:
        return _table(json.loads(text))
    except (ValueError, RecursionError):
        return {}


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _message(part: dict[str, Any]) -> dict[str, Any]:
    choices = part.get("choices")
    choice = _table(choices[0]) if isinstance(choices, list) and choices else {}
    return _table(choice.get("message") or choice.get("delta")) or choice


def _text(part: dict[str, Any]) -> str:
    message = _message(part)
    return _content(message.get("content")) or _content(message.get("text"))


def _content(content: object) -> str:
    """A message's content: text, or a list of parts of which some are text."""
    if isinstance(content, list):
        texts = (_table(item).get("text") for item in content)
        return "".join(text for text in texts if isinstance(text, str))
    return content if isinstance(content, str) else ""


def _tools(parts: list[dict[str, Any]]) -> list[str]:
    """Calls of tools, `NAME ARGUMENTS` each; streamed ones come in pieces."""
    found: dict[int, list[str]] = {}
    for part in parts:
        calls = _message(part).get("tool_calls")
        for place, item in enumerate(calls if isinstance(calls, list) else ()):
            call = _table(item)
            function, index = _table(call.get("function")), call.get("index", place)
            if not isinstance(index, int) or (index not in found and len(found) >= _TOOLS_MAX):
                continue
            name, arguments = found.setdefault(index, ["", ""])
            more = _content(function.get("arguments"))
            found[index] = [name + _content(function.get("name")), arguments + more]
    return [f"calls {name} {arguments}".rstrip() for name, arguments in found.values()]


def _count(usage: dict[str, Any], name: str) -> int | None:
    value = usage.get(name)
    return value if type(value) is int and 0 <= value <= _TOKENS_MAX else None


def _whole(text: str) -> str:
    """Text that UTF-8 can carry. JSON may hold half a character: engines stream an emoji in two
    events, and programs cut one; neither a log nor Git could take it."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _short(text: str) -> str:
    text = _whole(text)
    cut = len(text) - _TEXT_CHARS_MAX
    return text if cut <= 0 else f"{text[:_TEXT_CHARS_MAX]} [... {cut} characters left out]"
