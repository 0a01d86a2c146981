"""Search of the palette: what is typed into rows under headings. Pure; runs nothing.

A first character narrows: `>` commands, `@` tasks, `#` checkpoints, `/` files, `?` help. An act
that is not possible stays listed with its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from clawdesk.viewmodels.language import marked, tr

ROWS_MAX = 200
FILES_FROM = 2  # characters typed before files are searched without their sign
KINDS = {
    ">": marked("Commands"),
    "@": marked("Tasks"),
    "#": marked("Checkpoints"),
    "/": marked("Files of the chosen task"),
    "?": marked("Help"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the palette.

    Args:
        why_not: why it cannot be run now, "" when it can.
        kind: one of `KINDS`.
        group: the heading it stands under, "" = that of its kind.
        also: other names it is found by, which are not shown.
        goes_to: instead of running, the field gets this text ("?" lists the signs so).
    """

    text: str
    detail: str
    icon: str
    keys: str
    run: Callable[[], None]
    why_not: str = ""
    kind: str = ">"
    group: str = ""
    goes_to: str = ""
    also: str = ""

    @property
    def heading(self) -> str:
        return self.group or tr(KINDS[self.kind])


def parse(text: str) -> tuple[str, tuple[str, ...]]:
    """The sign ("" = all kinds) and the words, in small letters."""
    text = text.strip()
    sign = text[:1] if text[:1] in KINDS else ""
    return sign, tuple(text[len(sign) :].lower().split())


def found(entries: Iterable[Entry], text: str) -> list[Entry]:
    """What fits, best first inside each heading; headings in the order they first came."""
    sign, words = parse(text)
    typed = sum(len(word) for word in words)
    groups: dict[str, list[tuple[bool, int, Entry]]] = {}
    for entry in entries:
        if (sign and entry.kind != sign) or (not sign and not _unasked(entry.kind, typed)):
            continue
        # A reason is no search word: "no task" would find everything that cannot be done.
        rank = _rank(entry, words)
        if rank is not None:
            # Who types the name of what cannot be done wants its reason; else it is in the way.
            late = bool(words and entry.why_not) and rank > 0
            groups.setdefault(entry.heading, []).append((late, rank, entry))
    ranked = [sorted(group, key=lambda found: found[:2]) for group in groups.values()]
    return [entry for group in ranked for *_, entry in group][:ROWS_MAX]


def with_headings(entries: Sequence[Entry]) -> list[Entry | str]:
    """Rows for the screen: a heading before each run of entries that share it."""
    rows: list[Entry | str] = []
    last = ""
    for entry in entries:
        if entry.heading != last:
            last = entry.heading
            rows.append(last)
        rows.append(entry)
    return rows


def _unasked(kind: str, typed: int) -> bool:
    """Whether a kind is searched without its sign: long lists only once something is typed."""
    return kind in {">", "@"} or (kind in {"#", "/"} and typed >= FILES_FROM)


def _rank(entry: Entry, words: tuple[str, ...]) -> int | None:
    """0 = the text begins so, 1 = a word of it does, 2 = inside, 3 = in the detail; None = no.

    Of its other names the beginning of a word counts, as 3: they would find too much else.
    """
    text, detail = entry.text.lower(), entry.detail.lower()
    also = entry.also.lower().replace(",", " ").split()
    rank = 0
    for word in words:
        place = text.find(word)
        if place == 0:
            continue
        if place > 0 and not text[place - 1].isalnum():
            rank = max(rank, 1)
        elif place > 0:
            rank = max(rank, 2)
        elif word in detail or any(name.startswith(word) for name in also):
            rank = max(rank, 3)
        else:
            return None
    return rank


def pieces(text: str, words: Iterable[str]) -> list[tuple[str, bool]]:
    """The text in pieces, each with whether it is one of the words that were typed."""
    low = text.lower()
    if len(low) != len(text):
        return [(text, False)]  # letters whose small form is longer: places do not match
    hit = [False] * len(text)
    for word in words:
        place = low.find(word) if word else -1
        for at in range(max(place, 0), place + len(word) if place >= 0 else 0):
            hit[at] = True
    found: list[tuple[str, bool]] = []
    for letter, is_hit in zip(text, hit, strict=True):
        if found and found[-1][1] is is_hit:
            found[-1] = (found[-1][0] + letter, is_hit)
        else:
            found.append((letter, is_hit))
    return found
