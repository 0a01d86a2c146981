"""Tells a screen reader of something that happened while the keyboard is elsewhere.

It is said once and changes nothing on screen; what is announced stands in the window too.
"""

from __future__ import annotations

from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QWidget

from clawdesk.ui.safe_text import clean_line

CHARS_MAX = 300


def announce(widget: QWidget, text: str) -> None:
    """Say it in the name of `widget`; without a screen reader nothing happens."""
    said = clean_line(text, CHARS_MAX)
    QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(widget, said))
