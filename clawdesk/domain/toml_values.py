"""Typed access to a TOML text, with one sentence for each mistake in it.

Pure. A sentence names file, line and key, what was found and what is allowed. Numbers that are no
numbers (NaN), infinite or outside their bounds are mistakes like any other.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

from clawdesk.domain.toml_lines import KeyPath, key_lines, line_of

LATER = "comes with a later version"
TEXTS_MAX = 200
TEXT_CHARS_MAX = 300
_SHOWN_CHARS_MAX = 60
_BARE = re.compile(r"[A-Za-z0-9_-]+")


class DefinitionError(ValueError):
    """The user's file is wrong; `mistakes` has one sentence each, in the order of the file."""

    def __init__(self, mistakes: tuple[str, ...]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


class Reader:
    """Typed access to a parsed TOML file; a wrong value is noted and its default returned."""

    def __init__(self, text: str, file: str) -> None:
        self._file = file
        self._mistakes: list[tuple[int, str]] = []
        self._wrong: set[KeyPath] = set()
        try:
            self._root: dict[str, Any] = tomllib.loads(text)
        except (ValueError, RecursionError) as error:  # also a number of too many digits
            raise DefinitionError((_syntax(file, text, str(error)),)) from error
        self._lines = key_lines(text)

    def mistake(self, path: KeyPath, found: str, allowed: str) -> None:
        self._wrong.add(path)
        line = line_of(self._lines, path)
        named = f"{dotted(path)}: " if path else ""
        self._mistakes.append((line, f"{self._file}:{line}: {named}found {found}; {_may(allowed)}"))

    def finish(self) -> None:
        """Raise what was noted, in the order of the file."""
        if self._mistakes:
            self._mistakes.sort(key=lambda mistake: mistake[0])
            raise DefinitionError(tuple(text for _, text in self._mistakes))

    def get(self, path: KeyPath) -> Any:
        """The value at a path, None where there is none."""
        value: Any = self._root
        for part in path:
            if isinstance(part, int):
                value = value[part]
            else:
                value = value.get(part) if isinstance(value, dict) else None
        return value

    def only_keys(self, path: KeyPath, allowed: tuple[str, ...]) -> None:
        for key in self.get(path):
            if key not in allowed:
                self.mistake((*path, key), "a key nobody knows", ", ".join(allowed))

    def table(self, path: KeyPath, keys: tuple[str, ...]) -> bool:
        """True when there is a table; its unknown keys are noted."""
        value = self.get(path)
        if value is None:
            return False
        if not isinstance(value, dict):
            self.mistake(path, show(value), f"a table [{dotted(path)}]")
            return False
        self.only_keys(path, keys)
        return True

    def only_value(self, path: KeyPath, only: object) -> None:
        value = self.get(path)
        if value is not None and (value != only or type(value) is not type(only)):
            self.mistake(path, show(value), f"{show(only)}; anything else {LATER}")

    def not_yet(self, path: KeyPath, allowed: str) -> None:
        """Refuse a good value whose effect does not exist: it would be a promise not kept."""
        if path not in self._wrong:
            self.mistake(path, show(self.get(path)), f"{allowed} {LATER}")

    def text(self, path: KeyPath, usual: str | None, *, chars_max: int, lines: bool = False) -> str:
        value = self.get(path)
        if value is None and usual is not None:
            return usual
        nul = isinstance(value, str) and "\0" in value  # no command line and no variable holds one
        good = isinstance(value, str) and len(value) <= chars_max and not nul
        if good and (lines or value.isprintable()) and (value.strip() or usual == ""):
            return str(value)
        words = "text without NUL" if nul else "text"
        shape = words if lines else "one line of text"
        self.mistake(path, _found(value), f"{shape}, 1 to {chars_max} characters")
        return usual or ""

    def pattern(self, path: KeyPath, usual: str | None, rule: re.Pattern[str], words: str) -> str:
        value = self.get(path)
        if value is None and usual is not None:
            return usual
        if isinstance(value, str) and rule.fullmatch(value):
            return value
        self.mistake(path, _found(value), words)
        return usual or ""

    def choice(self, path: KeyPath, usual: str, choices: tuple[str, ...]) -> str:
        value = self.get(path)
        if value is None:
            return usual
        if isinstance(value, str) and value in choices:
            return value
        self.mistake(path, show(value), ", ".join(f'"{choice}"' for choice in choices))
        return usual

    def whole(self, path: KeyPath, usual: int, least: int, most: int) -> int:
        value = self.get(path)
        if value is None:
            return usual
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        self.mistake(path, show(value), f"a whole number from {least} to {most}")
        return usual

    def number(self, path: KeyPath, usual: float, least: float, most: float) -> float:
        value = self.get(path)
        if value is None:
            return usual
        good = isinstance(value, int | float) and not isinstance(value, bool)
        if good and least <= value <= most:
            return float(value)
        self.mistake(path, show(value), f"a number from {least:g} to {most:g}")
        return usual

    def flag(self, path: KeyPath) -> bool:
        """True or false; false where nothing stands."""
        value = self.get(path)
        if value is not None and not isinstance(value, bool):
            self.mistake(path, show(value), "true or false")
        return value is True

    def texts(self, path: KeyPath) -> tuple[str, ...]:
        """A list of texts: at most `TEXTS_MAX` of at most `TEXT_CHARS_MAX` characters."""
        value = self.get(path)
        if value is None:
            return ()
        good = isinstance(value, list) and len(value) <= TEXTS_MAX
        if good and all(_is_short_text(item) for item in value):
            return tuple(value)
        self.mistake(path, show(value), 'a list of texts, e.g. ["src/**"]')
        return ()


def _is_short_text(value: object) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= TEXT_CHARS_MAX and value.isprintable()


def _syntax(file: str, text: str, message: str) -> str:
    """Our sentence for a text that is no TOML; the parser's words name line and column."""
    place = re.search(r"\(at line (\d+), column \d+\)", message)
    line = int(place.group(1)) if place else text.count("\n") + 1
    words = message[: place.start()].strip() if place else message.partition(" (at ")[0]
    return f"{file}:{line}: not valid TOML: {words}"


def dotted(path: KeyPath) -> str:
    """("steps", 0, "name") as a reader counts: steps[1].name."""
    shown = ""
    for part in path:
        if isinstance(part, int):
            shown += f"[{part + 1}]"
        else:
            shown += ("." if shown else "") + (part if _BARE.fullmatch(part) else f'"{part}"')
    return shown if shown.isprintable() else repr(shown)


def _found(value: object) -> str:
    return "nothing" if value is None else show(value)


def show(value: object) -> str:
    """A value in one short line; whatever is in the file, the message stays readable."""
    if isinstance(value, str) and value.isprintable():
        shown = f'"{value}"'
    else:
        try:
            shown = repr(value)
        except ValueError:  # Python writes no number of more than 4,300 digits
            shown = "a number of thousands of digits"
    return shown if len(shown) <= _SHOWN_CHARS_MAX else shown[:_SHOWN_CHARS_MAX] + "…"


def _may(allowed: str) -> str:
    return f"allowed: {allowed}"
