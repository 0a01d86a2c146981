"""Our own icons, recoloured by role and cached per (name, colour, size, device ratio)."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from clawdesk.ui import resources, tokens

_cache: dict[tuple[str, str, int, float], QPixmap] = {}


def pixmap(name: str, role: str, size: int = 16, ratio: float = 0.0) -> QPixmap:
    """The icon in the colour of `role`; `size` in device-independent pixels."""
    ratio = ratio or QGuiApplication.instance().devicePixelRatio()  # type: ignore[union-attr]
    hex_colour = tokens.colour(role).name(QColor.NameFormat.HexRgb)
    key = (name, hex_colour, size, ratio)
    found = _cache.get(key)
    if found is not None:
        return found
    source = resources.icon_source(name).replace(b"currentColor", hex_colour.encode())
    picture = QPixmap(round(size * ratio), round(size * ratio))
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    QSvgRenderer(QByteArray(source)).render(painter, QRectF(0, 0, size * ratio, size * ratio))
    painter.end()
    picture.setDevicePixelRatio(ratio)
    _cache[key] = picture
    return picture


def icon(name: str, role: str = "fg1", size: int = 16) -> QIcon:
    """A QIcon, for menus."""
    return QIcon(pixmap(name, role, size))


def draw(painter: QPainter, x: float, y: float, name: str, role: str, *, size: int = 16) -> None:
    """Draw the icon with its top left corner at (x, y)."""
    ratio = painter.device().devicePixelRatioF() if painter.device() else 1.0
    painter.drawPixmap(QRectF(x, y, size, size), pixmap(name, role, size, ratio), QRectF())
