"""Colours of code: by what a word is, one short line at a time, and only of lines on screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from clawdesk.domain.model import DiffStat
from clawdesk.ports.repository import Diff, DiffFile, DiffHunk, DiffLine
from clawdesk.ui import highlight
from clawdesk.ui.diff_view import DiffView

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

LINES = 10_000
ON_SCREEN_MAX = 60


def roles(text: str, path: str) -> dict[str, str]:
    return {piece.strip(): role for piece, role in highlight.spans(text, path)}


def test_words_of_code_are_told_apart() -> None:
    found = roles("def f(): return 'x'  # why", "src/a.py")
    assert (found["def"], found["f"], found["'x'"], found["# why"]) == ("s-k", "s-f", "s-s", "s-c")
    assert roles("int x = 7;", "a.c")["7"] == "s-n"
    assert roles("all: build", "Makefile")["all"] != "fg0", "a file without an ending has a name"


@pytest.mark.parametrize(
    ("text", "path"),
    [("def f(): pass", "a.unknown"), ("x = 1 " * 100, "a.py"), ("def f()", "a.\u202epy")],
)
def test_what_is_long_or_odd_stays_plain_and_whole(text: str, path: str) -> None:
    assert highlight.spans(text, path) == ((text, "fg0"),)


def test_no_letter_is_lost() -> None:
    for text in ("  if a:\treturn  ", "'never closed", '"""', "\\", "é = 'ß'"):
        assert "".join(piece for piece, _ in highlight.spans(text, "a.py")) == text


def test_only_lines_on_screen_are_read(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    spans = highlight.spans

    def count(text: str, path: str) -> tuple[highlight.Span, ...]:
        seen.append(text)
        return spans(text, path)

    monkeypatch.setattr(highlight, "spans", count)
    lines = tuple(DiffLine("+", None, n, f"value_{n} = {n}") for n in range(1, LINES + 1))
    file = DiffFile("a.py", "", "added", LINES, 0, (DiffHunk("", lines),))
    view = DiffView()
    qtbot.addWidget(view)
    view.resize(800, 400)
    view.show()
    view.show_diff(Diff((file,), DiffStat(1, LINES, 0)))
    view.grab()
    assert "value_1 = 1" in seen
    assert len(set(seen)) < ON_SCREEN_MAX
