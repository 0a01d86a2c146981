"""A language of tests: every translated string in brackets, with accents, a third longer.

What shows without brackets was not translated; what is cut had no room for another language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QTranslator
from PySide6.QtWidgets import QApplication

from clawdesk.ui.words import CONTEXT

_ACCENTS = str.maketrans("aceinouyAEINOU", "àçéîñöûýÀÉÎÑÖÛ")
_PLACE = re.compile(r"(\{[^{}]*\})")
OPEN, CLOSE = "⟦", "⟧"


def pseudo(text: str) -> str:
    """The text in that language; its places stay as they are."""
    parts = _PLACE.split(text)
    said = "".join(p if _PLACE.fullmatch(p) else p.translate(_ACCENTS) for p in parts)
    return f"{OPEN}{said}{'·' * (len(text) // 3)}{CLOSE}"


class PseudoLocale(QTranslator):
    """Remembers what was asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def isEmpty(self) -> bool:
        return False

    def translate(
        self, context: str, text: str, disambiguation: str | None = None, n: int = -1
    ) -> str:
        if context != CONTEXT:
            return ""
        self.asked.add(text)
        return pseudo(text)


@contextmanager
def pseudo_locale(app: QApplication) -> Iterator[PseudoLocale]:
    """The application speaks it inside the block."""
    made = PseudoLocale()
    app.installTranslator(made)
    try:
        yield made
    finally:
        app.removeTranslator(made)
