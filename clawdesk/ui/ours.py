"""The widgets of a region that this program made itself.

What Qt makes inside them (viewports, buttons of a field) is left out on purpose: a wrapper of such
an object may outlive it, and a later widget at the same address is then taken for the dead one,
which ends the process. So nothing here may ask Qt for all children.
"""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QWidget
from shiboken6 import Shiboken


def ours(region: QWidget) -> list[QWidget]:
    """All below `region`, from the top left to the bottom right."""
    found = [
        widget
        for widget in Shiboken.getAllValidWrappers()
        if isinstance(widget, QWidget) and widget is not region and region.isAncestorOf(widget)
    ]
    return sorted(found, key=lambda widget: _place(widget, region))


def first_focus(region: QWidget) -> QWidget:
    """The region, or the first widget in it that takes the keyboard."""
    if region.focusPolicy() & Qt.FocusPolicy.TabFocus:
        return region
    inside = (w for w in ours(region) if w.isVisible() and w.isEnabled())
    return next((w for w in inside if w.focusPolicy() & Qt.FocusPolicy.TabFocus), region)


def _place(widget: QWidget, region: QWidget) -> tuple[int, int]:
    at = widget.mapTo(region, QPoint(0, 0))
    return at.y(), at.x()
