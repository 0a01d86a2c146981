"""The plane's own sentences in the user's language: reasons, errors, rules, what was decided why.

The plane and Git speak English, whatever a window speaks: one truth for every reader of a record.
What such a sentence says is found by its template (`plane_sentences`) when it is shown; one that
no template fits is shown as it stands. Its places may hold foreign text: they are filled in as
they are, except those that hold another sentence of the plane.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from clawdesk.ports.errors import PortError
from clawdesk.viewmodels.language import tr
from clawdesk.viewmodels.plane_sentences import TEMPLATES

CHARS_MAX = 4_000
"""A longer text is no sentence of the plane."""
CACHED_CHARS_MAX = 500
NESTED = frozenset({"why", "what", "who", "names", "frees", "one", "other"})
"""Places that may hold a sentence of the plane's own."""
_PLACE = re.compile(r"\{(\w+)\}")


class Shape(NamedTuple):
    """A template, cut at its places: `fixed` has one text more than there are places."""

    template: str
    fixed: tuple[str, ...]
    places: tuple[str, ...]

    def fill(self, text: str) -> dict[str, str] | None:
        """What stands in the places of a text that has this shape, None = it has another.

        A place ends at the first text that may follow it, the last one at the end: one pass over
        the text, whatever a guest has put into it.
        """
        first, *between, last = self.fixed if self.places else (*self.fixed, "")
        if not self.places:
            return {} if text == first else None
        begin, end = len(first), len(text) - len(last)
        if begin >= end or not text.startswith(first) or not text.endswith(last):
            return None
        found: dict[str, str] = {}
        for place, fixed in zip(self.places, (*between, ""), strict=True):
            until = text.find(fixed, begin + 1, end) if fixed else end
            if until < 0 or begin >= end:
                return None
            value = text[begin:until]
            if found.setdefault(place, value) != value:
                return None
            begin = until + len(fixed)
        return found


def shape_of(template: str) -> Shape:
    """A template cut at its places."""
    parts = _PLACE.split(template)
    return Shape(template, tuple(parts[::2]), tuple(parts[1::2]))


def _by_first_word(templates: Iterable[str]) -> dict[str, list[Shape]]:
    """Those that begin with a word under that word, those that begin with a place under ""."""
    found: dict[str, list[Shape]] = {}
    # The longer the fixed part, the surer a match.
    for text in sorted(templates, key=lambda text: -len(_PLACE.sub("", text))):
        first = text.split(" ", 1)[0]
        found.setdefault("" if "{" in first else first, []).append(shape_of(text))
    return found


_SHAPES = _by_first_word(TEMPLATES)


def _match(text: str) -> tuple[str, dict[str, str]] | None:
    """The template of a sentence and what stands in its places."""
    for key in (text.split(" ", 1)[0], ""):
        for shape in _SHAPES.get(key, ()):
            places = shape.fill(text)
            if places is not None:
                return shape.template, places
    return None


_cached_match = lru_cache(maxsize=4096)(_match)


def told(text: str) -> str:
    """A sentence of the plane as the user reads it; any other text as it stands."""
    if not 0 < len(text) <= CHARS_MAX:
        return text
    found = _cached_match(text) if len(text) <= CACHED_CHARS_MAX else _match(text)
    if found is None:
        return text
    template, places = found
    said = {name: told(value) if name in NESTED else value for name, value in places.items()}
    return tr(template, **said)


def told_parts(text: str) -> str:
    """As `told`, of sentences with a semicolon between them."""
    return "; ".join(told(part) for part in text.split("; "))


def told_of(text: str) -> str:
    """As `told`, of a sentence behind a task's name and a colon."""
    name, colon, sentence = text.partition(": ")
    return f"{name}{colon}{told(sentence)}"


def told_error(error: PortError) -> str:
    """What happened and the next step of an expected failure, as its `sentence`."""
    return PortError(told(error.what), mend=told(error.mend)).sentence
