"""Which words differ between a removed line and the added line in its place."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import lru_cache

LINE_MAX = 400
"""Comparing costs the square of the length; a longer line is marked by its tint alone."""
ALIKE_MIN = 0.4
"""Lines that share less (twice the common letters of all) are two lines, not one that changed."""
_WORD = re.compile(r"\w+|\s+|.")

Marks = tuple[tuple[int, int], ...]
"""Parts [begin, end) of a line, in characters."""


@lru_cache(maxsize=4096)
def word_marks(old: str, new: str) -> tuple[Marks, Marks]:
    """The parts that differ, in the old and in the new line; none where little is alike."""
    if old == new or max(len(old), len(new)) > LINE_MAX:
        return (), ()
    before, after = _WORD.findall(old), _WORD.findall(new)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    blocks = matcher.get_matching_blocks()
    alike = sum(len("".join("".join(before[b.a : b.a + b.size]).split())) for b in blocks)
    letters = max(1, len("".join(old.split())) + len("".join(new.split())))
    if 2 * alike / letters < ALIKE_MIN:
        return (), ()
    changed = [code for code in matcher.get_opcodes() if code[0] != "equal"]
    return (
        _marks(before, [(a, b) for _, a, b, _, _ in changed]),
        _marks(after, [(a, b) for _, _, _, a, b in changed]),
    )


def _marks(words: list[str], changed: list[tuple[int, int]]) -> Marks:
    starts = [0]
    for word in words:
        starts.append(starts[-1] + len(word))
    return tuple((starts[a], starts[b]) for a, b in changed if a < b)
