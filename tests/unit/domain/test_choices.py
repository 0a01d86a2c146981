"""Choices with consequences: what one is called, and which one an answer means."""

from __future__ import annotations

from clawdesk.domain.choices import meant, name_of

FULL, MINI = "data/full\nThe set of November. 41 GiB.", "data/mini"


def test_the_first_line_is_the_name() -> None:
    assert name_of(FULL) == "data/full"
    assert name_of(f"\n  {MINI} \n") == "data/mini"


def test_a_name_means_the_whole_choice() -> None:
    assert meant((FULL, MINI), "data/full") == FULL
    assert meant((FULL, MINI), FULL) == FULL
    assert meant((FULL, MINI), "data/mini") == MINI


def test_other_words_stay_as_they_are() -> None:
    assert meant((FULL, MINI), "both of them\nplease") == "both of them\nplease"
    assert meant((), "yes") == "yes"
    twice = ("a\nfast", "a\nslow")
    assert meant(twice, "a") == "a", "two are called so, and nobody guesses"
