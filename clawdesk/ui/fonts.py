"""The window's type: seven named fonts, sizes in pixels, tabular figures."""

from __future__ import annotations

from functools import cache

from PySide6.QtGui import QFont, QFontMetricsF

UI_FAMILIES = ["Inter", "Noto Sans", "Cantarell", "DejaVu Sans"]
CODE_FAMILIES = ["JetBrains Mono", "Noto Sans Mono", "DejaVu Sans Mono"]

# name: (pixels, weight)
_SIZES = {
    "title": (20, QFont.Weight.DemiBold),
    "heading": (15, QFont.Weight.DemiBold),
    "heading_light": (15, QFont.Weight.Normal),
    "label": (13, QFont.Weight.DemiBold),
    "button": (13, QFont.Weight.Medium),
    "body": (13, QFont.Weight.Normal),
    "small": (12, QFont.Weight.Normal),
    "chip": (12, QFont.Weight.Medium),
    "caption": (11, QFont.Weight.Normal),
    "group": (11, QFont.Weight.DemiBold),
    "digit": (10, QFont.Weight.Bold),
}


@cache
def font(name: str) -> QFont:
    """A named font: title, heading, label, button, body, small, chip, caption, group, digit, code.

    Callers must not change what they get.
    """
    made = QFont()
    if name in {"code", "code_small"}:
        made.setFamilies(CODE_FAMILIES)
        made.setStyleHint(QFont.StyleHint.Monospace)
        made.setPixelSize(12 if name == "code" else 11)
        made.setFeature(QFont.Tag("calt"), 0)
        made.setFeature(QFont.Tag("liga"), 0)
        return made
    pixels, weight = _SIZES[name]
    made.setFamilies(UI_FAMILIES)
    made.setStyleHint(QFont.StyleHint.SansSerif)
    made.setPixelSize(pixels)
    made.setWeight(weight)
    made.setFeature(QFont.Tag("tnum"), 1)
    return made


@cache
def metrics(name: str) -> QFontMetricsF:
    """Measures of a named font."""
    return QFontMetricsF(font(name))


def width(name: str, text: str) -> float:
    """Width of a text in pixels."""
    return metrics(name).horizontalAdvance(text)
