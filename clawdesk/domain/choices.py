"""The choices of a question: the first line names one, further lines say what it costs or does."""

from __future__ import annotations

from collections.abc import Sequence


def name_of(choice: str) -> str:
    """What a choice is called where there is one line for it."""
    return choice.strip().partition("\n")[0].rstrip()


def meant(choices: Sequence[str], text: str) -> str:
    """The whole choice that an answer names; an answer in other words stays as it was given.

    >>> meant(["full\\n41 GiB", "mini"], "full")
    'full\\n41 GiB'
    >>> meant(["full\\n41 GiB", "mini"], "both")
    'both'
    """
    named = [choice for choice in choices if name_of(choice) == text.strip()]
    return named[0] if text not in choices and len(named) == 1 else text
