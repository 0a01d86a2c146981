"""Variables a person gives the steps of a task (`--set KEY=VALUE`): what is allowed. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

COUNT_MAX = 64
NAME_CHARS_MAX = 100
VALUE_CHARS_MAX = 4_096
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def mistake_in(settings: Mapping[str, str]) -> str:
    """What is wrong with the variables, as a sentence; "" when a shell can have all of them.

    A name the shell cannot write would be set in the environment and read by nobody.
    """
    if len(settings) > COUNT_MAX:
        return f"{len(settings)} variables are given; at most {COUNT_MAX} are allowed."
    for name, value in settings.items():
        if not _NAME.fullmatch(name) or len(name) > NAME_CHARS_MAX:
            return (
                f"{name[:NAME_CHARS_MAX]!r} is no name of a variable: letters, digits and _, "
                "not beginning with a digit, as in TEMPERATURE=0.2."
            )
        if "\0" in value or len(value) > VALUE_CHARS_MAX or not is_utf8(value):
            return (
                f"The value of {name} must be UTF-8 text of at most {VALUE_CHARS_MAX} characters, "
                "without a NUL."
            )
    return ""


def is_utf8(text: str) -> bool:
    """Whether it can be told to a guest: a command line may hold bytes that are no UTF-8, which
    Python keeps as halves of surrogate pairs."""
    return text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text)


def pairs_of(text: str) -> tuple[dict[str, str], str]:
    """KEY=VALUE lines as a mapping, and what is wrong with them ("" = nothing)."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        name, equals, value = line.partition("=")
        if not equals or not name.strip():
            return {}, f"{line.strip()[:80]!r} is not of the form KEY=VALUE."
        found[name.strip()] = value.strip()
    return found, mistake_in(found)
