"""The timeline's marks as pure drawing functions (grammar of design/ui.md 4.3).

A mark gets pixels, never times; x is whole numbers so that hairlines stay sharp.
"""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPainterPath, QPen, QPolygonF

from clawdesk.ui import fonts
from clawdesk.ui.paint import card_role, hatch
from clawdesk.ui.tokens import BLOCK, colour

# kind: (fill, edge, number)
_BLOCKS = {
    "step": ("step", "step-ln", "step-fg"),
    "running": ("run-bg", "run-ln", "run"),
    "failed": ("bad-bg", "bad-ln", "bad"),
    "lost": ("mute-bg", "mute-ln", "mute"),
    "left": ("", "ctl", "fg2"),
}


def _left() -> Qt.AlignmentFlag:
    return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


def paint_block(
    painter: QPainter, x0: int, x1: int, top: float, label: str, *, kind: str = "step"
) -> None:
    """A step's block from x0 to x1. `kind`: step, running, failed, lost, left (abandoned)."""
    fill, edge, text = _BLOCKS[kind]
    x1 = max(x1, x0 + 3)
    box = QRectF(x0 + 0.5, top + 0.5, x1 - x0 - 1, BLOCK - 1)
    pen = QPen(colour(edge), 1)
    if kind == "left":
        pen.setDashPattern([3, 2])
    painter.setPen(pen)
    painter.setBrush(colour(fill) if fill else Qt.BrushStyle.NoBrush)
    if kind == "running":
        path = QPainterPath()
        path.addRoundedRect(box.adjusted(0, 0, 6, 0), 3, 3)
        painter.save()
        # Within the lane's own clip: a block that begins before the lane does not cover the name.
        inside = Qt.ClipOperation.IntersectClip
        painter.setClipRect(QRectF(x0, top, x1 - x0, BLOCK), inside)
        painter.drawPath(path)
        painter.restore()
        painter.fillRect(QRectF(x1 - 2, top, 3, BLOCK), colour("run"))
        pen = QPen(colour("run"), 1.5)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        middle = top + BLOCK / 2
        painter.drawPolyline(
            QPolygonF(
                [QPointF(x1 + 4, middle - 4), QPointF(x1 + 8, middle), QPointF(x1 + 4, middle + 4)]
            )
        )
    else:
        painter.drawRoundedRect(box, 3, 3)
    if x1 - x0 >= 14:
        _paint_number(painter, QRectF(x0, top, x1 - x0, BLOCK), label, text)


def _paint_number(painter: QPainter, box: QRectF, label: str, role: str) -> None:
    """The step's number, and its name where the whole of it fits."""
    number, _, name = label.partition(" ")
    painter.setPen(colour(role))
    painter.setFont(fonts.font("group"))
    if box.width() <= 30:
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, number)
        return
    painter.drawText(box.adjusted(7, 0, 0, 0), _left(), number)
    x = 7 + fonts.width("group", number) + 6
    name = name.strip()
    if name and x + fonts.width("caption", name) + 6 <= box.width():
        painter.setFont(fonts.font("caption"))
        painter.drawText(box.adjusted(x, 0, 0, 0), _left(), name)


def paint_disc(painter: QPainter, x: float, y: float, role: str = "fg0") -> None:
    """Checkpoint of machine and files."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour(role))
    painter.drawEllipse(QPointF(x, y), 4.5, 4.5)


def paint_ring(painter: QPainter, x: float, y: float, ground: str, role: str = "fg0") -> None:
    """Checkpoint of files only."""
    painter.setPen(QPen(colour(role), 1.5))
    painter.setBrush(colour(ground))
    painter.drawEllipse(QPointF(x, y), 3.75, 3.75)


def star_shape(x: float, y: float, radius: float = 6.2) -> QPolygonF:
    """Five points around (x, y)."""
    points = []
    for i in range(10):
        length = radius if i % 2 == 0 else radius * 0.42
        angle = -math.pi / 2 + i * math.pi / 5
        points.append(QPointF(x + length * math.cos(angle), y + length * math.sin(angle)))
    return QPolygonF(points)


def paint_star(painter: QPainter, x: float, y: float, role: str = "ok") -> None:
    """An approved checkpoint."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour(role))
    painter.drawPolygon(star_shape(x, y))


def paint_need(painter: QPainter, x0: int, x1: int, top: float, sign: str, *, label: str) -> None:
    """Amber: a person must act. The head keeps its size however short the wait is."""
    x1 = max(x1, x0 + BLOCK)
    box = QRectF(x0 + 0.5, top + 0.5, x1 - x0 - 1, BLOCK - 1)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour("need-bg"))
    painter.drawRoundedRect(box, 3, 3)
    if x1 - x0 > BLOCK + 4:
        painter.setBrush(hatch("need-ln"))
        painter.drawRoundedRect(box, 3, 3)
    painter.setPen(QPen(colour("need-ln"), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(box, 3, 3)
    head = QRectF(x0, top, BLOCK, BLOCK)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour("need-fill"))
    painter.drawRoundedRect(head, 3, 3)
    painter.setPen(colour("on-need"))
    painter.setFont(fonts.font("group"))
    painter.drawText(head, Qt.AlignmentFlag.AlignCenter, sign)
    room = x1 - x0 - BLOCK - 8
    if label and room > 36:
        shown = fonts.metrics("caption").elidedText(label, Qt.TextElideMode.ElideRight, room - 10)
        wide = fonts.width("caption", shown) + 10
        clear = QRectF(x0 + BLOCK, top + 1, wide + 2, BLOCK - 2)
        painter.fillRect(clear, colour("need-bg"))
        painter.setPen(colour("need"))
        painter.setFont(fonts.font("caption"))
        painter.drawText(clear.adjusted(6, 0, 0, 0), _left(), shown)


def paint_waited(painter: QPainter, x0: int, x1: int, top: float) -> None:
    """A wait for a person that is over: a thin amber bracket, no call to act."""
    pen = QPen(colour("need-ln"), 1.5)
    painter.setPen(pen)
    y = top + BLOCK / 2
    painter.drawLine(QPointF(x0, y), QPointF(x1, y))


def paint_dots(painter: QPainter, x0: int, x1: int, y: float) -> None:
    """Waiting."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour("mute"))
    x = x0 + 1
    while x < x1:
        painter.drawEllipse(QPointF(x, y), 1, 1)
        x += 6


def paint_slashes(painter: QPainter, x: float, y: float, role: str, ground: str = "") -> None:
    """Given back: two slashes."""
    if ground:
        painter.fillRect(QRectF(x - 6, y - 7, 13, 14), colour(ground))
    pen = QPen(colour(role), 1.5)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    for left in (x - 3.5, x + 0.5):
        painter.drawLine(QPointF(left, y + 4), QPointF(left + 3, y - 4))


def paint_yielded(
    painter: QPainter, x0: int, x1: int, y: float, label: str, *, ground: str
) -> None:
    """It gave its machine to another task: dashes, two slashes, one word."""
    if x1 - x0 < 4:
        return
    pen = QPen(colour("mute-ln"), 1.5)
    pen.setDashPattern([5 / 1.5, 3 / 1.5])
    wide = fonts.width("caption", label) if label else 0
    if x1 - x0 < wide + 60:
        painter.setPen(pen)
        painter.drawLine(QPointF(x0, y), QPointF(x1, y))
        if x1 - x0 >= 14:
            paint_slashes(painter, (x0 + x1) / 2, y, "mute", ground)
        return
    left = (x0 + x1 - wide - 18) / 2
    painter.setPen(pen)
    painter.drawLine(QPointF(x0, y), QPointF(left - 6, y))
    painter.drawLine(QPointF(left + wide + 24, y), QPointF(x1, y))
    paint_slashes(painter, left + 4, y, "fg1")
    painter.setPen(colour("fg2"))
    painter.setFont(fonts.font("caption"))
    painter.drawText(QRectF(left + 16, y - 8, wide + 4, 16), _left(), label)


def paint_lease(painter: QPainter, x0: int, x1: int, top: float, card: int | None) -> None:
    """A model held: a strip in the card's colour with its number; grey where no card is known."""
    role = card_role(card) if card is not None else "foreign"
    painter.fillRect(QRectF(x0, top, max(2, x1 - x0), 3), colour(role))
    if card is not None and card >= 4:  # the four colours again, with notches
        notch = x0 + 14
        while notch < x1:
            painter.fillRect(QRectF(notch, top, 1, 3), colour("bg1"))
            notch += 6
    if card is None or x1 - x0 < 12:
        return
    tag = QRectF(x0, top - 4, 11, 11)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour(role))
    painter.drawRoundedRect(tag, 2.5, 2.5)
    painter.setPen(colour("bg1"))
    painter.setFont(fonts.font("digit"))
    painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, str(card))


def paint_fork(painter: QPainter, x: float, y: float) -> None:
    """Where a fork begins: the end of the line from its checkpoint."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour("fg2"))
    painter.drawPolygon(QPolygonF([QPointF(x, y - 4), QPointF(x + 6, y), QPointF(x, y + 4)]))


def paint_join(painter: QPainter, x: int, y0: float, y1: float, x_end: int) -> None:
    """From a checkpoint down to a fork's lane."""
    pen = QPen(colour("fg2"), 1.5)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    bend = min(6, max(0, x_end - x))
    path = QPainterPath(QPointF(x, y0))
    path.lineTo(x, y1 - 6)
    path.quadTo(x, y1, x + bend, y1)
    path.lineTo(max(x_end, x + bend), y1)
    painter.drawPath(path)


def paint_fail_head(painter: QPainter, right: int, top: float, ground: str) -> None:
    """The cross at a failed step's end."""
    box = QRectF(right - BLOCK, top, BLOCK, BLOCK)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour("bad"))
    painter.drawRoundedRect(box, 3, 3)
    pen = QPen(colour(ground), 2)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    cx, cy = box.center().x(), box.center().y()
    painter.drawLine(QPointF(cx - 3.5, cy - 3.5), QPointF(cx + 3.5, cy + 3.5))
    painter.drawLine(QPointF(cx + 3.5, cy - 3.5), QPointF(cx - 3.5, cy + 3.5))


def paint_restore(painter: QPainter, x_from: int, y_from: float, x_to: int, y_to: float) -> None:
    """From the mark that was left up and back to the older checkpoint."""
    pen = QPen(colour("acc"), 1.5)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    tip = x_to + 8
    path = QPainterPath(QPointF(x_from, y_from - 6))
    path.lineTo(x_from, y_to + 6)
    path.quadTo(x_from, y_to, max(tip, x_from - 6), y_to)
    path.lineTo(tip, y_to)
    painter.drawPath(path)
    painter.drawPolyline(
        QPolygonF([QPointF(tip + 5, y_to - 5), QPointF(tip, y_to), QPointF(tip + 5, y_to + 5)])
    )


def paint_elbow(painter: QPainter, x: int, y0: float, y1: float, x_end: int) -> None:
    """Dashed way from a checkpoint down to the branch it left behind."""
    pen = QPen(colour("mute-ln"), 1.5)
    pen.setDashPattern([2, 2])
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    path = QPainterPath(QPointF(x, y0 + 6))
    path.lineTo(x, y1 - 6)
    path.quadTo(x, y1, x + 6, y1)
    path.lineTo(max(x_end, x + 6), y1)
    painter.drawPath(path)


def paint_now_tag(painter: QPainter, x: int, middle: float, text: str) -> None:
    """The time of the now line, in a filled tag on the axis."""
    wide = QFontMetricsF(fonts.font("group")).horizontalAdvance(text) + 10
    box = QRectF(x - wide / 2, middle - 8, wide, 16)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour("accfill"))
    painter.drawRoundedRect(box, 4, 4)
    painter.setPen(colour("onacc"))
    painter.setFont(fonts.font("group"))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
