"""Where each key of a TOML text stands, so that a mistake can name its line.

The standard parser gives values without positions. This scanner only finds keys in a text that the
parser has already accepted; it never judges one.
"""

from __future__ import annotations

import re

KeyPath = tuple[str | int, ...]
"""E.g. ("steps", 0, "name"): tables by name, arrays of tables by index."""

_KEY_PART = re.compile(r"""[ \t]*("(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)[ \t]*""")
_STRINGS = ('"""', "'''", '"', "'")


def key_lines(text: str) -> dict[KeyPath, int]:
    """The line (from 1) of every table header and every key, by its path."""
    return _Scanner(text).scan()


def line_of(lines: dict[KeyPath, int], path: KeyPath) -> int:
    """The line of a key, else of the nearest table around it, else 1."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return 1


class _Scanner:
    """Walks statement by statement: header, or key and value."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._table: KeyPath = ()
        self._counts: dict[KeyPath, int] = {}
        self._lines: dict[KeyPath, int] = {}

    def scan(self) -> dict[KeyPath, int]:
        while self._at < len(self._text):
            char = self._text[self._at]
            if char in " \t\r\n":
                self._at += 1
            elif char == "#":
                self._skip_line()
            elif char == "[":
                self._header()
                self._skip_line()
            else:
                self._statement()
        return self._lines

    def _line(self) -> int:
        return self._text.count("\n", 0, self._at) + 1

    def _skip_line(self) -> None:
        end = self._text.find("\n", self._at)
        self._at = len(self._text) if end < 0 else end

    def _key(self) -> tuple[str, ...]:
        """Read a dotted key; leaves the position behind it."""
        parts: list[str] = []
        while match := _KEY_PART.match(self._text, self._at):
            part = match.group(1)
            parts.append(part[1:-1] if part[0] in "\"'" else part)
            self._at = match.end()
            if not self._text.startswith(".", self._at):
                break
            self._at += 1
        return tuple(parts)

    def _header(self) -> None:
        line = self._line()
        is_array = self._text.startswith("[[", self._at)
        self._at += 2 if is_array else 1
        names = self._key()
        path: KeyPath = ()
        for name in names[:-1]:
            path = (*path, name)
            if path in self._counts:
                path = (*path, self._counts[path])
        path = (*path, *names[-1:])
        if is_array:
            self._lines.setdefault(path, line)
            self._counts[path] = self._counts.get(path, -1) + 1
            path = (*path, self._counts[path])
        self._table = path
        self._lines.setdefault(path, line)

    def _statement(self) -> None:
        line = self._line()
        names = self._key()
        for length in range(1, len(names) + 1):
            self._lines.setdefault((*self._table, *names[:length]), line)
        if not names:
            self._skip_line()
            return
        self._skip_value()

    def _skip_value(self) -> None:
        """To the end of the line on which no bracket and no string is open any more."""
        depth = 0
        while self._at < len(self._text):
            char = self._text[self._at]
            if char in "\"'":
                self._skip_string()
                continue
            if char == "#":
                self._skip_line()
                continue
            if char == "\n" and depth == 0:
                return
            depth += (char in "[{") - (char in "]}")
            self._at += 1

    def _skip_string(self) -> None:
        quote = next(q for q in _STRINGS if self._text.startswith(q, self._at))
        self._at += len(quote)
        while self._at < len(self._text) and not self._text.startswith(quote, self._at):
            escaped = quote[0] == '"' and self._text[self._at] == "\\"
            self._at += 2 if escaped else 1
        self._at += len(quote)
