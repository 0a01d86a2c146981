"""A conflict of a merge, three sides beside one another, and how far a person has settled it.

Pure: contents in, rows out. What only one side changed is merged by itself; what both changed
differently is a conflict, and stands in an editor between marks until somebody decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from clawdesk.ports.repository import (
    EDITED,
    OURS,
    THEIRS,
    ConflictFile,
    Conflicts,
    Settled,
    Settlement,
)
from clawdesk.viewmodels.editing import Editable, editable_content
from clawdesk.viewmodels.language import counted, tr

ALIGNED_LINES_MAX = 1500
"""Of a longer stretch in which all differs no lines are paired: that would take seconds."""
MARK = 7
_BEGIN, _BETWEEN, _END = "<" * MARK, "=" * MARK, ">" * MARK


class Change(StrEnum):
    """Who changed a stretch of lines against how both began."""

    NOBODY = "nobody"
    OURS = "ours"
    THEIRS = "theirs"
    SAME = "same"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Lines that belong together: as both began, as the branch has them, as the task left them."""

    change: Change
    base: tuple[str, ...]
    ours: tuple[str, ...]
    theirs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """A line of one side; number 0 = there is none here."""

    number: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of three sides beside one another."""

    change: Change
    base: Cell
    ours: Cell
    theirs: Cell

    @property
    def spoken(self) -> str:
        """What a screen reader says of the row."""
        if self.change is Change.NOBODY:
            return tr("line {number}: {text}", number=self.ours.number, text=self.ours.text)
        who = {
            Change.OURS: tr("changed on the branch"),
            Change.THEIRS: tr("changed by the task"),
            Change.SAME: tr("changed by both, alike"),
            Change.BOTH: tr("conflict"),
        }[self.change]
        return tr(
            "{who}. Branch: {ours} Task: {theirs}",
            who=who,
            ours=self.ours.text,
            theirs=self.theirs.text,
        )


def stretches(base: str, ours: str, theirs: str) -> tuple[Stretch, ...]:
    """The three texts cut where all of them agree, in order."""
    olds, mines, news = (text.split("\n") for text in (base, ours, theirs))
    found: list[Stretch] = []
    at = (0, 0, 0)
    ends = len(olds), len(mines), len(news), 0
    for old, mine, new, length in (*_agreed(olds, mines, news), ends):
        parts = olds[at[0] : old], mines[at[1] : mine], news[at[2] : new]
        if any(parts):
            was, own, made = (tuple(part) for part in parts)
            found.append(Stretch(_change(was, own, made), was, own, made))
        if length:
            lines = tuple(olds[old : old + length])
            found.append(Stretch(Change.NOBODY, lines, lines, lines))
        at = old + length, mine + length, new + length
    return tuple(found)


def _change(base: tuple[str, ...], ours: tuple[str, ...], theirs: tuple[str, ...]) -> Change:
    if ours == theirs:
        return Change.NOBODY if ours == base else Change.SAME
    if ours == base:
        return Change.THEIRS
    return Change.OURS if theirs == base else Change.BOTH


def _agreed(
    olds: Sequence[str], mines: Sequence[str], news: Sequence[str]
) -> Iterator[tuple[int, int, int, int]]:
    """Runs of lines that stand in all three: where they begin in each, and how many they are."""
    left, right = list(_paired(olds, mines)), list(_paired(olds, news))
    place = other = 0
    while place < len(left) and other < len(right):
        (a, b, n), (c, d, m) = left[place], right[other]
        begin, end = max(a, c), min(a + n, c + m)
        if begin < end:
            yield begin, b + begin - a, d + begin - c, end - begin
        if a + n <= c + m:
            place += 1
        else:
            other += 1


def _paired(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Runs of equal lines of two texts."""
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    if head:
        yield 0, 0, head
    middle = old[head : len(old) - tail], new[head : len(new) - tail]
    if max(map(len, middle)) <= ALIGNED_LINES_MAX:
        for block in SequenceMatcher(None, *middle, autojunk=False).get_matching_blocks():
            if block.size:
                yield head + block.a, head + block.b, block.size
    if tail:
        yield len(old) - tail, len(new) - tail, tail


def rows_of(found: Sequence[Stretch]) -> tuple[Row, ...]:
    """Every line of the three sides, equal heights beside one another."""
    rows: list[Row] = []
    numbers = [0, 0, 0]
    for stretch in found:
        sides = stretch.base, stretch.ours, stretch.theirs
        for line in range(max(map(len, sides))):
            cells = []
            for place, side in enumerate(sides):
                if line < len(side):
                    numbers[place] += 1
                    cells.append(Cell(numbers[place], side[line]))
                else:
                    cells.append(Cell())
            rows.append(Row(stretch.change, *cells))
    return tuple(rows)


def merged(found: Sequence[Stretch], branch: str) -> str:
    """The text to begin an edit with: what is no conflict is merged, the rest stands marked."""
    lines: list[str] = []
    for stretch in found:
        if stretch.change is Change.BOTH:
            lines += [f"{_BEGIN} {branch}", *stretch.ours, _BETWEEN]
            lines += [*stretch.theirs, f"{_END} {tr('the task')}"]
        else:
            lines += stretch.theirs if stretch.change is Change.THEIRS else stretch.ours
    return "\n".join(lines)


def marks_left(text: str) -> int:
    """How many conflicts still stand marked in an edited text."""
    marks = (_BEGIN + " ", _END + " ")
    begins = sum(line.startswith(marks[0]) for line in text.split("\n"))
    ends = sum(line.startswith(marks[1]) for line in text.split("\n"))
    return max(begins, ends)


@dataclass(frozen=True, slots=True)
class FileView:
    """One conflicting file on screen.

    Args:
        found: its stretches; () where its contents are not shown, and `note` says why.
        edit: what an editor begins with; its `why_not` says why it cannot be edited.
    """

    path: str
    found: tuple[Stretch, ...]
    note: str
    edit: Editable

    @property
    def conflicts(self) -> int:
        """How many stretches both sides changed differently."""
        return sum(stretch.change is Change.BOTH for stretch in self.found)


def file_view(file: ConflictFile, branch: str) -> FileView:
    """A file as it is shown, whatever it holds."""
    note = _note(file, branch)
    sides = [editable_content(side or b"") for side in (file.base, file.ours, file.theirs)]
    why_not = file.why_not or next((side.why_not for side in sides if side.why_not), "")
    if why_not:
        return FileView(file.path, (), note or why_not, Editable(why_not=why_not))
    texts = [side.text for side in sides]
    if file.base is None and file.ours is not None and file.theirs is not None:
        texts[0] = ""
    found = stretches(*texts)
    line_end = sides[1].line_end if file.ours else sides[2].line_end
    return FileView(file.path, found, note, Editable(merged(found, branch), line_end))


def _note(file: ConflictFile, branch: str) -> str:
    if file.ours is None:
        return tr("{branch} deleted the file; the task changed it.", branch=branch)
    if file.theirs is None:
        return tr("The task deleted the file; {branch} changed it.", branch=branch)
    if file.base is None:
        return tr("Both made this file anew, and differently.")
    return ""


def choice_words(file: ConflictFile, take: str, branch: str) -> str:
    """What a choice does with a file, on its button."""
    side = file.ours if take == OURS else file.theirs
    if side is None:
        return tr("Delete it, as {branch} did", branch=branch) if take == OURS else tr("Delete it")
    if take == OURS:
        return tr("Take {branch}'s", branch=branch)
    return tr("Take the task's")


def settled_words(decided: Settled | None) -> str:
    """How far a file is settled, behind its name."""
    if decided is None:
        return tr("not settled")
    return {
        OURS: tr("as on the branch"),
        THEIRS: tr("as the task left it"),
        EDITED: tr("edited by you"),
    }[decided.take]


def settlement(conflicts: Conflicts, decided: Mapping[str, Settled]) -> Settlement | None:
    """The answer to a merge's conflicts; None while one is open."""
    if any(file.path not in decided for file in conflicts.files):
        return None
    files = tuple(decided[file.path] for file in conflicts.files)
    return Settlement(conflicts.tip, conflicts.work, files)


def progress_words(conflicts: Conflicts, decided: Mapping[str, Settled]) -> str:
    """How many files are settled."""
    done = sum(file.path in decided for file in conflicts.files)
    return counted(
        len(conflicts.files),
        "{done} of {count} file is settled.",
        "{done} of {count} files are settled.",
        done=done,
    )
