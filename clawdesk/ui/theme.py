"""Dark and light: one Fusion palette each and one short style sheet.

The desktop's wish is read from the portal over D-Bus, without waiting longer than a blink; no
answer means the user's setting, else dark.
"""

from __future__ import annotations

import os
import re

from PySide6.QtCore import QSettings
from PySide6.QtDBus import QDBusConnection, QDBusInterface, QDBusMessage, QDBusVariant
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from clawdesk.ui import fonts, resources, tokens
from clawdesk.ui.tokens import Theme, colour

_PORTAL_WAIT_MS = 150
_ROLES = {
    QPalette.ColorRole.Window: "bg0",
    QPalette.ColorRole.Base: "bg1",
    QPalette.ColorRole.AlternateBase: "bg2",
    QPalette.ColorRole.Button: "bg2",
    QPalette.ColorRole.Text: "fg0",
    QPalette.ColorRole.WindowText: "fg0",
    QPalette.ColorRole.ButtonText: "fg0",
    QPalette.ColorRole.BrightText: "fg0",
    QPalette.ColorRole.Highlight: "sel",
    QPalette.ColorRole.HighlightedText: "fg0",
    QPalette.ColorRole.PlaceholderText: "fg2",
    QPalette.ColorRole.Link: "acc",
    QPalette.ColorRole.LinkVisited: "acc",
    QPalette.ColorRole.Accent: "acc",
    QPalette.ColorRole.Mid: "line",
    QPalette.ColorRole.Dark: "line2",
    QPalette.ColorRole.Midlight: "line",
    QPalette.ColorRole.Light: "bg3",
    QPalette.ColorRole.Shadow: "line2",
    QPalette.ColorRole.ToolTipBase: "bg2",
    QPalette.ColorRole.ToolTipText: "fg0",
}


def palette() -> QPalette:
    """The palette of the present theme."""
    made = QPalette()
    for role, name in _ROLES.items():
        made.setColor(role, colour(name))
    off = QPalette.ColorGroup.Disabled
    for role in (
        QPalette.ColorRole.Text,
        QPalette.ColorRole.WindowText,
        QPalette.ColorRole.ButtonText,
    ):
        made.setColor(off, role, colour("fgoff"))
    return made


def style_sheet() -> str:
    """The style sheet with the roles' colours filled in. Raises KeyError for an unknown role."""
    return re.sub(r"@([\w-]+)", lambda m: tokens.css(m.group(1)), resources.style_source())


def _portal_wish() -> Theme | None:
    bus = QDBusConnection.sessionBus()
    if "DBUS_SESSION_BUS_ADDRESS" not in os.environ or not bus.isConnected():
        return None
    portal = QDBusInterface(
        "org.freedesktop.portal.Desktop",
        "/org/freedesktop/portal/desktop",
        "org.freedesktop.portal.Settings",
        bus,
    )
    if not portal.isValid():
        return None
    portal.setTimeout(_PORTAL_WAIT_MS)
    reply = portal.call("ReadOne", "org.freedesktop.appearance", "color-scheme")
    if reply.type() != QDBusMessage.MessageType.ReplyMessage or not reply.arguments():
        return None
    value = reply.arguments()[0]
    if isinstance(value, QDBusVariant):
        value = value.variant()
    return {1: Theme.DARK, 2: Theme.LIGHT}.get(value) if isinstance(value, int) else None


def wanted(settings: QSettings) -> Theme:
    """CLAWDESK_THEME, else the user's setting, else the desktop's wish, else dark."""
    for text in (os.environ.get("CLAWDESK_THEME", ""), str(settings.value("theme", ""))):
        if text in set(Theme):
            return Theme(text)
    return _portal_wish() or Theme.DARK


def apply(app: QApplication, chosen: Theme) -> None:
    """Give the whole application the theme; may be called at any time."""
    tokens.choose(chosen)
    if not app.property("clawdesk_fusion"):
        app.setStyle("Fusion")
        app.setProperty("clawdesk_fusion", True)
    app.setFont(fonts.font("body"))
    app.setPalette(palette())
    # A new sheet has every widget painted anew. They are not gone through here: of what Qt makes
    # itself, a wrapper may outlive its object, and the process ends on it.
    app.setStyleSheet(style_sheet())


def translucent(name: str, alpha: float) -> QColor:
    """A role's colour with another opacity, 0..1."""
    made = QColor(colour(name))
    made.setAlphaF(alpha)
    return made
