"""A file with some of its hunks: all = new, none = old, any part = what a person would write."""

from __future__ import annotations

import os
import random

import pytest

from clawdesk.adapters.git.diffs import hunks_of
from clawdesk.ports.repository import DiffHunk
from clawdesk.viewmodels.patching import PatchError, Span, lines_of, spans_of, with_hunks

CASES = int(os.environ.get("PATCH_CASES", "400"))
SEED = int(os.environ.get("PATCH_SEED", str(random.randrange(2**32))))
_WORDS = (
    b"alpha",
    b"beta",
    b"",
    b"  gamma",
    b"\xff\xfe",
    "grün".encode(),
    b"tab\there",
    b"x" * 3000,
)


def random_text(rng: random.Random) -> bytes:
    lines = [rng.choice(_WORDS) + rng.choice((b"", b"\r")) for _ in range(rng.randrange(60))]
    text = b"\n".join(lines)
    return text + rng.choice((b"", b"\n")) if lines else b""


def changed(rng: random.Random, text: bytes) -> bytes:
    """Another version of a text: lines go, come and move; so does the last line feed."""
    lines = text.split(b"\n")
    for _ in range(rng.randrange(1, 8)):
        place = rng.randrange(len(lines) + 1)
        act = rng.randrange(3)
        if act == 0 and lines:
            del lines[min(place, len(lines) - 1)]
        elif act == 1:
            lines.insert(place, rng.choice(_WORDS) + b"%d" % rng.randrange(99))
        else:
            lines[place : place + 4] = reversed(lines[place : place + 4])
    return b"\n".join(lines)


def test_random_differences_whole_and_in_parts() -> None:
    print(f"PATCH_SEED={SEED}")
    rng = random.Random(SEED)
    several = 0
    for _ in range(CASES):
        old = random_text(rng)
        new = changed(rng, old) if rng.randrange(5) else random_text(rng)
        hunks, _ = hunks_of(old, new)
        numbers = range(len(hunks))
        assert with_hunks(old, new, hunks, numbers) == (new if hunks else old)
        assert with_hunks(old, new, hunks, ()) == old
        chosen = {n for n in numbers if rng.randrange(2)}
        several += len(hunks) > 1
        part = with_hunks(old, new, hunks, chosen)
        # Applying the rest afterwards must end at the new version: nothing was lost or doubled.
        left, _ = hunks_of(part, new)
        assert with_hunks(part, new, left, range(len(left))) == new
        # And what was not chosen is as it was: each such range of old lines stands there unchanged.
        assert expected(old, new, hunks, chosen) == part
    assert several > CASES // 10, "differences of one hunk prove little"


def expected(old: bytes, new: bytes, hunks: tuple[DiffHunk, ...], chosen: set[int]) -> bytes:
    """The same from the other end: hunks that are not chosen are taken back out of the new text."""
    lines = lines_of(new)
    for number in reversed(range(len(hunks))):
        if number not in chosen:
            was, now = spans_of(hunks[number])
            lines[now.begin : now.end] = lines_of(old)[was.begin : was.end]
    return b"".join(lines)


def test_one_of_two_hunks() -> None:
    old = b"".join(b"line %d\n" % n for n in range(30))
    new = old.replace(b"line 2\n", b"two\n").replace(b"line 25\n", b"")
    hunks, _ = hunks_of(old, new)
    assert len(hunks) == 2
    assert with_hunks(old, new, hunks, {0}) == old.replace(b"line 2\n", b"two\n")
    assert with_hunks(old, new, hunks, {1}) == old.replace(b"line 25\n", b"")


def test_empty_sides() -> None:
    for old, new in ((b"", b"a\nb"), (b"a\nb", b""), (b"a", b"a\n")):
        hunks, _ = hunks_of(old, new)
        assert with_hunks(old, new, hunks, {0}) == new
        assert with_hunks(old, new, hunks, ()) == old


def test_ranges_of_headers() -> None:
    def spans(header: str) -> tuple[Span, Span]:
        return spans_of(DiffHunk(header, ()))

    assert spans("@@ -3,2 +3,4 @@ def f():") == (Span(2, 4), Span(2, 6))
    assert spans("@@ -1 +1 @@") == (Span(0, 1), Span(0, 1))
    assert spans("@@ -0,0 +1,3 @@") == (Span(0, 0), Span(0, 3))
    assert spans("@@ -7,0 +8,1 @@") == (Span(7, 7), Span(7, 8))
    with pytest.raises(PatchError):
        spans("Binary files differ")


def test_hunks_of_another_version_are_refused() -> None:
    old = b"".join(b"%d\n" % n for n in range(40))
    new = old.replace(b"20\n", b"twenty\n")
    hunks, _ = hunks_of(old, new)
    with pytest.raises(PatchError):
        with_hunks(old.replace(b"5\n", b"five\n"), new, hunks, ())
    with pytest.raises(PatchError):
        with_hunks(old, new + b"more\n", hunks, {0})
    with pytest.raises(PatchError):
        with_hunks(old, new, (), ())
