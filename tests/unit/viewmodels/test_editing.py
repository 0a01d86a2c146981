"""Which files may be edited as text, and which marks words get."""

from __future__ import annotations

import pytest

from clawdesk.ports.repository import DiffFile, FileSides
from clawdesk.viewmodels.editing import EDIT_BYTES_MAX, editable, editable_content
from clawdesk.viewmodels.word_marks import LINE_MAX, word_marks

FILE = DiffFile("a.txt", "a.txt", "modified", 1, 1, ())


def test_a_text_is_edited_and_keeps_its_line_ends() -> None:
    for content, line_end in (
        (b"a\nb\n", "\n"),
        (b"a\r\nb\r\n", "\r\n"),
        (b"", "\n"),
        (b"a", "\n"),
    ):
        found = editable(FILE, FileSides(None, content))
        assert found.why_not == ""
        assert found.line_end == line_end
        assert found.with_ends(found.text).encode() == content
        assert "\r" not in found.text


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"a\0b", "binary"),
        (b"\xff\xfe", "not UTF-8"),
        (b"x" * (EDIT_BYTES_MAX + 1), "262,145 bytes"),
        (b"a\r\nb\n", "different ways"),
        (b"a\rb\n", "different ways"),
        ("a\u202eb\n".encode(), "U+202E"),
        ("\ufeffa\n".encode(), "U+FEFF"),
        (b"a\x1b[31m\n", "U+001B"),
        ("a\u2028b\n".encode(), "U+2028"),
    ],
)
def test_what_an_editor_would_harm_is_refused_with_the_reason(content: bytes, why: str) -> None:
    assert why in editable_content(content).why_not


def test_deleted_and_odd_files_are_refused() -> None:
    gone = DiffFile("a", "a", "deleted", 0, 1, ())
    assert "untick it" in editable(gone, FileSides(b"a\n", None)).why_not
    link = FileSides(None, None, "it is a link or a submodule, not a plain file")
    assert editable(FILE, link).why_not == link.why_not


def test_words_that_differ_are_marked() -> None:
    old, new = "order = list(range(n - 1))", "order = list(range(count))"
    was, now = word_marks(old, new)
    assert [old[a:b] for a, b in was] == ["n - 1"] or "".join(old[a:b] for a, b in was) == "n - 1"
    assert [new[a:b] for a, b in now] == ["count"]


def test_an_insertion_marks_the_new_line_only() -> None:
    was, now = word_marks("return order", "return order[: self.limit]")
    assert was == ()
    assert now


def test_lines_with_little_in_common_or_very_long_ones_get_no_marks() -> None:
    assert word_marks("import os", "def run(self) -> None:") == ((), ())
    assert word_marks("same", "same") == ((), ())
    assert word_marks("a" * (LINE_MAX + 1), "a" * LINE_MAX) == ((), ())
