"""Secrets of the user that a task is given: their names, and values kept out of what stays. Pure.

A value reaches the processes of a step and nothing else: `Veil` takes it out of what they print and
say, and finds it in files before they are committed, also written in the usual other ways.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote

NAME_RULE = 'names of secrets: capital letters, digits and _, e.g. ["GITHUB_TOKEN"]'
VALUE_RULE = "one line of 8 to 512 printable characters"
_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,39}")
_VALUE = re.compile(r"[!-~]{8,512}")
# What the guest sets itself; a secret of that name would change how a step runs.
_TAKEN = frozenset({"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TERM", "NO_PROXY"})
# What programs leave as it is when they percent-encode: nothing, Python's way, JavaScript's two.
_LEFT_AS_IT_IS = ("", "/", "!*'()", ";,/?:@&=+$!*'()#")
_ENCODED = re.compile(r"%[0-9A-F]{2}")
_OURS = ("CLAWDESK_", "OPENAI_", "PYTHON", "LD_", "HTTP_", "HTTPS_", "ALL_")


def is_secret_name(text: str) -> bool:
    """Whether a secret may have that name: it is the environment variable it comes in."""
    return bool(_NAME.fullmatch(text)) and text not in _TAKEN and not text.startswith(_OURS)


def is_secret_value(text: str) -> bool:
    """Whether it can be told apart from ordinary text: shorter ones would be found everywhere."""
    return bool(_VALUE.fullmatch(text))


def forms(value: str) -> tuple[bytes, ...]:
    """The value as it may stand in a file: itself, percent-encoded, in JSON, in hex, in base64.

    Base64 depends on where in the encoded text the value begins, so each of the three places gives
    a form of its own, without the characters that its neighbours have a part in.
    """
    plain = value.encode()
    quoted = [quote(value, safe=left) for left in _LEFT_AS_IT_IS]
    quoted += [_ENCODED.sub(lambda m: m[0].lower(), text) for text in quoted]
    texts = (*quoted, json.dumps(value)[1:-1], plain.hex(), plain.hex().upper())
    found = [plain, *(text.encode() for text in texts)]
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            whole = encode(b"\0" * shift + plain + b"\0" * ((-shift - len(plain)) % 3))
            first = (0, 2, 3)[shift]
            last = (shift + len(plain)) * 8 // 6
            found.append(whole[first:last])
    return tuple(dict.fromkeys(found))


class Veil:
    """The values of the secrets one task was given.

    Args:
        values: by name; none = everything passes.
    """

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._forms = {
            form: name for name, value in (values or {}).items() for form in forms(value)
        }
        longest_first = sorted(self._forms, key=len, reverse=True)
        self._any = re.compile(b"|".join(map(re.escape, longest_first))) if longest_first else None
        self._longest = max(map(len, self._forms), default=0)

    def found_in(self, content: bytes) -> str:
        """The name of a secret that stands in `content`, "" if none does."""
        found = self._any.search(content) if self._any is not None else None
        return self._forms[found[0]] if found is not None else ""

    def hide(self, content: bytes) -> bytes:
        """`content` with `[secret NAME]` in place of every value."""
        if self._any is None:
            return content
        return self._any.sub(lambda m: f"[secret {self._forms[m[0]]}]".encode(), content)

    def hide_text(self, text: str) -> str:
        """As `hide`, for text."""
        if self._any is None:
            return text
        return self.hide(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    def unsure(self, content: bytes) -> int:
        """How many bytes at the end of `content` may be the beginning of a value, not all of it."""
        for size in range(min(self._longest - 1, len(content)), 0, -1):
            end = content[-size:]
            if any(form.startswith(end) and form != end for form in self._forms):
                return size
        return 0

    def sure(self, content: bytes) -> int:
        """How many bytes at its beginning hold no value that what follows could make longer."""
        cut = len(content) - self.unsure(content)
        if self._any is not None and cut < len(content):
            for match in self._any.finditer(content):
                if match.start() < cut < match.end():
                    return match.end()  # its end begins another one, which is none
        return cut


class VeiledStream:
    """Bytes that come in pieces: what may be half a value waits for the next piece."""

    def __init__(self, veil: Veil) -> None:
        self._veil = veil
        self._rest = b""

    def feed(self, chunk: bytes) -> bytes:
        """What can be shown by now."""
        content = self._rest + chunk
        cut = self._veil.sure(content)
        self._rest = content[cut:]
        return self._veil.hide(content[:cut])

    def flush(self) -> bytes:
        """The rest: nothing follows."""
        rest, self._rest = self._rest, b""
        return self._veil.hide(rest)


def given(wanted: Iterable[str], allowed: Iterable[str]) -> tuple[str, ...]:
    """Those of `wanted` that `allowed` holds, each once."""
    within = frozenset(allowed)
    return tuple(name for name in dict.fromkeys(wanted) if name in within)
