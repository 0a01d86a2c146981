"""What a window says while it closes."""

from __future__ import annotations

import pytest

from clawdesk.viewmodels.closing import away_notice, closing_words


@pytest.mark.parametrize(
    ("count", "left", "what"),
    [
        (0, 0, "Closing…"),
        (1, 1, "Closing: 0 of 1 machine is saved…"),
        (20, 13, "Closing: 7 of 20 machines are saved…"),
        (20, 0, "Closing: 20 machines are saved and go safely to the disk…"),
    ],
)
def test_what_is_saved_is_counted(count: int, left: int, what: str) -> None:
    said, step = closing_words(count, left)
    assert said == what
    assert bool(step) == bool(count), "where no machine runs nothing goes on later"


def test_the_notice_says_what_to_do_meanwhile() -> None:
    notice = away_notice(20, 13)
    assert notice.title == "Closing: 7 of 20 machines are saved…"
    assert "keep the computer on" in notice.body
