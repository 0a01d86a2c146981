"""Paints the lines of a conversation: what the log holds, as it stands there."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter

from clawdesk.ui import fonts
from clawdesk.ui.tokens import colour
from clawdesk.viewmodels.conversation import Kind
from clawdesk.viewmodels.conversation_rows import Row

ALIGN = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


def paint_text(painter: QPainter, box: QRectF, row: Row) -> None:
    """A line that was said or printed."""
    painter.setFont(fonts.font("code"))
    said = row.kind in {Kind.SAID, Kind.YOU, Kind.ASKED}
    painter.setPen(colour("fg0" if said else "fg1"))
    painter.drawText(box, ALIGN, row.text)


def paint_note(painter: QPainter, box: QRectF, row: Row) -> None:
    """A line of ClawDesk's own."""
    painter.setFont(fonts.font("small"))
    painter.setPen(colour("fg2"))
    text = fonts.metrics("small").elidedText(row.text, Qt.TextElideMode.ElideRight, box.width())
    painter.drawText(box, ALIGN, text)
