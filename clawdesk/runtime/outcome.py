"""What comes back from an intent of a person."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """Answer to an intent: `text` says what happened, or why not and what to do next."""

    ok: bool
    text: str
