"""Pure drawing functions for load and memory: value in, pixels out, no state."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

from clawdesk.ui import fonts
from clawdesk.ui.tokens import colour
from clawdesk.viewmodels.devices import Use

_textures: dict[tuple[str, str, int], QBrush] = {}


def card_role(index: int) -> str:
    """The colour role of a graphics card; four hues, then again."""
    return f"g{index % 4}"


def hatch(role: str, width: int = 2, period: int = 6) -> QBrush:
    """A 45° hatch in a role's colour on nothing."""
    hue = colour(role)
    key = ("hatch" + hue.name(), role, width * 100 + period)
    found = _textures.get(key)
    if found is not None:
        return found
    side = period * 4
    picture = QPixmap(side, side)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(hue, width)
    pen.setCapStyle(Qt.PenCapStyle.SquareCap)
    painter.setPen(pen)
    step = period * 4 / 3  # three lines a tile, so that the tile repeats without a seam
    for place in range(-4, 8):
        x = place * step
        painter.drawLine(QPointF(x - side, side * 1.0 + side), QPointF(x + side, 0.0))
    painter.end()
    brush = _textures[key] = QBrush(picture)
    return brush


def dots(role: str, ground: str) -> QBrush:
    """Dots of one role on another: memory that is not ours."""
    hue, under = colour(role), colour(ground)
    key = ("dots" + hue.name() + under.name(), role, 0)
    found = _textures.get(key)
    if found is not None:
        return found
    picture = QPixmap(4, 4)
    picture.fill(under)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(hue)
    painter.drawEllipse(QPointF(2, 2), 1.2, 1.2)
    painter.end()
    brush = _textures[key] = QBrush(picture)
    return brush


def ruled(role: str, ground: str) -> QBrush:
    """Level lines of one role over another: memory in use that tasks hold."""
    hue, under = colour(role), colour(ground)
    key = ("ruled" + hue.name() + under.name(), role, 0)
    found = _textures.get(key)
    if found is None:
        picture = QPixmap(4, 4)
        picture.fill(under)
        painter = QPainter(picture)
        painter.fillRect(QRectF(0, 3, 4, 1), hue)
        painter.end()
        found = _textures[key] = QBrush(picture)
    return found


def use_fill(use: Use, card: str) -> QBrush | QColor:
    """How memory of a use is filled; `card` is the device's colour role."""
    match use:
        case Use.USED:
            return colour(card)
        case Use.LEASED:
            return ruled("bg1", card)
        case Use.PROMISED:
            return hatch(card)
        case Use.AWAITED:
            return dots(card, "track")
        case Use.OTHERS:
            return dots("foreign", "track")
        case Use.KEPT:
            return hatch("foreign", 1, 5)
        case Use.RESERVED:
            return colour("mute-ln")
    return colour("track")


def paint_tag(painter: QPainter, left: float, number: int, role: str) -> None:
    """A card's number in its colour, at the height of its title."""
    tag = QRectF(left, 12, 16, 16)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour(role))
    painter.drawRoundedRect(tag, 4, 4)
    painter.setPen(colour("bg1"))
    painter.setFont(fonts.font("group"))
    painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, str(number))


def paint_history(
    painter: QPainter, box: QRectF, lines: Sequence[Sequence[tuple[float, float]]], role: str
) -> None:
    """Unbroken lines of (x, y), both 0..1; x 1 is now."""
    painter.setPen(QPen(colour("line2"), 1))
    bottom = round(box.bottom()) - 0.5
    painter.drawLine(QPointF(box.left(), bottom), QPointF(box.right(), bottom))
    shade = QColor(colour(role))
    shade.setAlphaF(0.14)
    for line in lines:
        if not line:
            continue
        points = [
            QPointF(
                box.left() + x * box.width(), box.bottom() - 1.5 - min(1.0, y) * (box.height() - 4)
            )
            for x, y in line
        ]
        ends = [QPointF(points[-1].x(), box.bottom()), QPointF(points[0].x(), box.bottom())]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(shade)
        painter.drawPolygon(QPolygonF([*points, *ends]))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour(role), 1.5))
        painter.drawPolyline(QPolygonF(points))


def paint_bar(
    painter: QPainter, box: QRectF, parts: Sequence[tuple[float, QBrush | QColor]]
) -> None:
    """A bar of shares (0..1 each, from the left) on an empty track."""
    path = QPainterPath()
    path.addRoundedRect(box, 3, 3)
    painter.save()
    painter.setClipPath(path)
    painter.fillRect(box, colour("track"))
    x = box.left()
    for share, fill in parts:
        if share <= 0:
            continue
        wide = max(3.0, share * box.width())
        painter.fillRect(QRectF(x, box.top(), wide - 1, box.height()), fill)
        x += wide
    painter.restore()


SPARK_PX_MIN = 6.0


def paint_spark(
    painter: QPainter, box: QRectF, values: Sequence[float], role: str, slots: int = 120
) -> None:
    """A line of percentages, newest at the right edge; `slots` values fill the width."""
    painter.setPen(QPen(colour("line2"), 1))
    bottom = round(box.bottom()) - 0.5
    painter.drawLine(QPointF(box.left(), bottom), QPointF(box.right(), bottom))
    step = box.width() / (slots - 1)
    if (len(values) - 1) * step < SPARK_PX_MIN:
        return  # a speck at the edge tells nothing yet
    first = box.right() - (len(values) - 1) * step
    low, scale = box.bottom() - 1.5, (box.height() - 4) / 100
    last = len(values) - 1
    # In a run of equal values only its ends shape the line: an idle card's is two points.
    points = [
        QPointF(first + i * step, low - min(100.0, v) * scale)
        for i, v in enumerate(values)
        if i in (0, last) or not values[i - 1] == v == values[i + 1]
    ]
    area = QPolygonF(
        [*points, QPointF(points[-1].x(), box.bottom()), QPointF(points[0].x(), box.bottom())]
    )
    shade = QColor(colour(role))
    shade.setAlphaF(0.14)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(shade)
    painter.drawPolygon(area)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour(role), 1.5))
    painter.drawPolyline(QPolygonF(points))
