"""What a picture of the window must keep: whole words, no overlap, contrast, spoken names.

Looks at the widgets as they are shown. Text that a delegate paints in a list is not a widget: its
rows are checked by their own tests.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QAccessible, QColor, QFontMetricsF, QImage
from PySide6.QtWidgets import QLabel, QPushButton, QStackedWidget, QWidget

from clawdesk.ui.button import Button
from clawdesk.ui.ours import ours
from clawdesk.ui.safe_text import SafeLabel
from clawdesk.ui.sheet import Scrim

CONTRAST_MIN = 4.5
# Text of others, as long as they like; its whole stands in the tooltip.
MAY_BE_CUT = re.compile(
    r"^toolbar\.branch$|^projects\.title\.|^inspector > SafeLabel$|^inbox\.card\."
    r"|^model\..*\.detail$|^conversation\.spent$|^changes\.title$|^inspector\.state$"
)


def visible(window: QWidget) -> Iterator[QWidget]:
    """Every widget of the window that really shows some of itself."""
    for widget in ours(window):
        if widget.isVisible() and not widget.visibleRegion().isEmpty():
            yield widget


def name_of(widget: QWidget) -> str:
    """Its own name, else that of the nearest named widget around it and its class."""
    at: QWidget | None = widget
    while at is not None and not at.objectName():
        at = at.parentWidget()
    around = at.objectName() if at is not None else "?"
    return around if at is widget else f"{around} > {type(widget).__name__}"


def cut_texts(window: QWidget) -> list[str]:
    """Labels and buttons whose words do not fit, and that are not allowed to be cut."""
    found = []
    for widget in visible(window):
        if isinstance(widget, QLabel):
            cut = _label_is_cut(widget)
        elif isinstance(widget, Button):
            cut = widget.width() + 1 < widget.sizeHint().width()
        else:
            continue
        text = widget.text() if isinstance(widget, QLabel | QPushButton) else ""
        if cut and not MAY_BE_CUT.search(name_of(widget)):
            found.append(f"cut: {name_of(widget)}: {text[:60]!r}")
    return found


def _label_is_cut(label: QLabel) -> bool:
    if not label.text():
        return False
    if label.wordWrap():
        needed = label.heightForWidth(label.width())
        return needed > label.height() + 1
    return QFontMetricsF(label.font()).horizontalAdvance(label.text()) > label.width() + 1


def overlaps(window: QWidget) -> list[str]:
    """Siblings that lie on one another."""
    found = []
    parents = {w.parentWidget() for w in visible(window)} - {None}
    for parent in parents:
        if isinstance(parent, QStackedWidget) or parent is None or parent.layout() is None:
            continue
        parts = [
            child
            for child in parent.children()
            if isinstance(child, QWidget)
            and child.isVisible()
            and not child.isWindow()
            and not isinstance(child, Scrim)
        ]
        for place, one in enumerate(parts):
            for other in parts[place + 1 :]:
                both = one.geometry().intersected(other.geometry())
                if both.width() > 1 and both.height() > 1:
                    found.append(f"overlap: {name_of(one)} and {name_of(other)}")
    return found


def unnamed(window: QWidget) -> list[str]:
    """What the keyboard reaches and a screen reader cannot name."""
    found = []
    for widget in visible(window):
        if not widget.focusPolicy() & Qt.FocusPolicy.TabFocus or not widget.isEnabled():
            continue
        face = QAccessible.queryAccessibleInterface(widget)
        if face is None or not face.text(QAccessible.Text.Name).strip():
            found.append(f"unnamed: {name_of(widget)} ({type(widget).__name__})")
    return found


def luminance(colour: QColor) -> float:
    """Relative luminance as WCAG 2 defines it, 0..1."""
    parts = (colour.redF(), colour.greenF(), colour.blueF())
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: QColor, other: QColor) -> float:
    """Contrast ratio as WCAG 2 defines it, 1..21."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def faint_texts(window: QWidget, picture: QImage) -> list[str]:
    """Labels whose colour is too near to what they are painted on, measured in the picture."""
    found = []
    ratio = picture.devicePixelRatio()
    for widget in visible(window):
        if not isinstance(widget, SafeLabel) or not widget.text() or not widget.isEnabled():
            continue
        # Only what shows of it: where the rest would be, something else is painted.
        shown = widget.visibleRegion().boundingRect()
        if shown.height() < QFontMetricsF(widget.font()).ascent() / 2:
            continue  # a hairline of it, scrolled out: no word can be read there
        corner = widget.mapTo(window, shown.topLeft())
        box = QRect(
            round(corner.x() * ratio),
            round(corner.y() * ratio),
            round(shown.width() * ratio),
            round(shown.height() * ratio),
        ).intersected(picture.rect())
        ground = _ground(picture, box)
        colour = widget.palette().color(widget.foregroundRole())
        if ground is not None and contrast(colour, ground) < CONTRAST_MIN:
            words = f"{contrast(colour, ground):.1f} of {colour.name()} on {ground.name()}"
            found.append(f"contrast: {name_of(widget)}: {words}: {widget.text()[:40]!r}")
    return found


def _ground(picture: QImage, box: QRect) -> QColor | None:
    """The commonest colour of a box; every third pixel is asked."""
    counts = Counter(
        picture.pixel(x, y)
        for y in range(box.top(), box.bottom() + 1, 3)
        for x in range(box.left(), box.right() + 1, 3)
    )
    return QColor.fromRgb(counts.most_common(1)[0][0]) if counts else None


def problems(window: QWidget, picture: QImage) -> list[str]:
    """All of it, each once."""
    whole = [
        *cut_texts(window),
        *overlaps(window),
        *unnamed(window),
        *faint_texts(window, picture),
    ]
    return list(dict.fromkeys(whole))
