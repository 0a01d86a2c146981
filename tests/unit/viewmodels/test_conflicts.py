"""Three sides of a conflict: what is merged by itself, what is not, and how it is shown."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawdesk.ports.repository import ConflictFile, Conflicts, Settled
from clawdesk.viewmodels import conflicts as view
from clawdesk.viewmodels.conflicts import Change
from tests.support import conflict_scene

TEXTS = st.lists(st.sampled_from("abc"), max_size=8).map("\n".join)


def changes(base: str, ours: str, theirs: str) -> list[tuple[Change, str]]:
    found = view.stretches(base, ours, theirs)
    return [(one.change, "/".join(one.theirs)) for one in found]


def test_what_one_side_changed_is_no_conflict() -> None:
    assert changes("1\n2\n3\n4\n5", "one\n2\n3\n4\n5", "1\n2\n3\n4\nfive") == [
        (Change.OURS, "1"),
        (Change.NOBODY, "2/3/4"),
        (Change.THEIRS, "five"),
    ]


def test_the_same_change_of_both_is_none_either() -> None:
    assert changes("1\n2", "one\n2", "one\n2")[0] == (Change.SAME, "one")


def test_different_changes_of_a_line_are_one() -> None:
    found = view.stretches("a\nold\nz", "a\nmine\nz", "a\nnew\nnewer\nz")
    assert [one.change for one in found] == [Change.NOBODY, Change.BOTH, Change.NOBODY]
    assert view.merged(found, "main").split("\n") == [
        "a",
        "<<<<<<< main",
        "mine",
        "=======",
        "new",
        "newer",
        ">>>>>>> the task",
        "z",
    ]
    rows = view.rows_of(found)
    assert [(r.ours.number, r.theirs.number) for r in rows] == [(1, 1), (2, 2), (0, 3), (3, 4)]


@given(TEXTS, TEXTS, TEXTS)
def test_no_line_of_any_side_is_lost(base: str, ours: str, theirs: str) -> None:
    found = view.stretches(base, ours, theirs)
    for name, text in (("base", base), ("ours", ours), ("theirs", theirs)):
        assert "\n".join(line for one in found for line in getattr(one, name)) == text
    rows = view.rows_of(found)
    assert [r.ours.text for r in rows if r.ours.number] == ours.split("\n")
    assert [r.theirs.number for r in rows if r.theirs.number] == list(
        range(1, theirs.count("\n") + 2)
    )


@given(TEXTS, TEXTS)
def test_without_a_conflict_the_merged_text_has_no_mark(base: str, ours: str) -> None:
    assert view.merged(view.stretches(base, ours, base), "main") == ours
    assert view.merged(view.stretches(base, base, ours), "main") == ours


def test_marks_are_counted_until_the_last_is_gone() -> None:
    text = view.merged(view.stretches("a\nb\nc", "1\nb\n2", "x\nb\ny"), "main")
    assert view.marks_left(text) == 2
    assert view.marks_left(text.replace("<<<<<<< main\n", "", 1)) == 2
    assert view.marks_left("a\n=======\nb") == 0, "a line of equal signs is a heading somewhere"


def test_long_texts_in_which_all_differs_are_quick() -> None:
    lines = 40_000
    base, ours = "\n".join("x" * lines), "\n".join("xy" * (lines // 2))
    began = time.process_time()
    view.stretches(base, ours, base[::-1])
    assert time.process_time() - began < 3


@pytest.mark.parametrize(
    ("path", "word", "editable"),
    [
        ("README.md", "Both made this file anew", True),
        ("assets/logo.png", "binary", False),
        ("docs/old.md", "main deleted the file", True),
        ("src/loader.py", "", True),
    ],
)
def test_every_kind_of_conflict_says_what_it_is(path: str, word: str, editable: bool) -> None:
    file = next(one for one in conflict_scene.FILES if one.path == path)
    shown = view.file_view(file, "main")
    assert word in shown.note
    assert bool(shown.edit.why_not) is not editable


def test_carriage_returns_come_back() -> None:
    file = ConflictFile("a", b"1\r\n2\r\n", b"one\r\n2\r\n", b"eins\r\n2\r\n")
    shown = view.file_view(file, "main")
    assert shown.conflicts == 1
    assert shown.edit.with_ends("x\n2\n") == "x\r\n2\r\n"


def test_a_merge_is_answered_when_every_file_is_settled() -> None:
    found = Conflicts("main", "tip", "work", conflict_scene.FILES[:2])
    decided = {"README.md": Settled("README.md", "ours")}
    assert view.settlement(found, decided) is None
    assert view.progress_words(found, decided) == "1 of 2 files are settled."
    decided["assets/logo.png"] = Settled("assets/logo.png", "theirs")
    answer = view.settlement(found, decided)
    assert answer is not None
    assert (answer.tip, answer.work, len(answer.files)) == ("tip", "work", 2)


def test_the_words_of_a_choice_say_what_becomes_of_the_file() -> None:
    deleted = next(one for one in conflict_scene.FILES if one.ours is None)
    assert view.choice_words(deleted, "ours", "main") == "Delete it, as main did"
    assert view.choice_words(deleted, "theirs", "main") == "Take the task's"
    assert view.settled_words(None) == "not settled"
    assert view.settled_words(Settled("a", "edited")) == "edited by you"
