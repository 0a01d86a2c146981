"""The one way to a user-visible string: `tr`, through Qt's translations.

A string stands whole in the call, with named places for what varies, so that a translator may order
it otherwise: `tr("Merged into {branch}", branch=name)`. English is the language of the source.
"""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

CONTEXT = "ClawDesk"


def tr(text: str, /, **values: object) -> str:
    """The text in the user's language, with its places filled.

    Raises:
        KeyError: a place of the text has no value: a mistake of ours.
    """
    said = QCoreApplication.translate(CONTEXT, text)
    return said.format(**values) if values else said
