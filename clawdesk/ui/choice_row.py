"""One answer of a question: a radio in a framed row with its number key."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy

from clawdesk.ui import fonts
from clawdesk.ui.safe_text import broken, clean_line, set_tip
from clawdesk.ui.tokens import colour
from clawdesk.ui.words import tr

LEFT, MIDDLE = 42, 20.0
LINE, LINE_BELOW = 20.0, 18.0


def paint_radio(painter: QPainter, x: float, y: float, *, on: bool) -> None:
    """A 16 px radio whose middle is at (x, y)."""
    painter.setPen(QPen(colour("acc" if on else "ctl"), 1.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(QPointF(x, y), 7.25, 7.25)
    if on:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("acc"))
        painter.drawEllipse(QPointF(x, y), 4, 4)


class ChoiceRow(QAbstractButton):
    """A checkable row; `note` says more, e.g. that it is the default.

    Args:
        number: the key that chooses it, shown in a frame; 0 = none does.
        below: what choosing it costs or does, as a second line.
    """

    def __init__(
        self, name: str, text: str, number: int, note: str = "", *, below: str = ""
    ) -> None:
        super().__init__()
        self.setObjectName(name)
        self._words, self._below = clean_line(text, 600), clean_line(below, 600)
        self._number, self._note = number, note
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setAccessibleName(self._words)
        key = tr("Key {number}. {note}", number=number, note=note).strip() if number else note
        self.setAccessibleDescription(f"{self._below} {key}".strip())
        set_tip(self, f"{text}\n{below}".strip() if max(len(text), len(below)) > 60 else "")
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def sizeHint(self) -> QSize:
        return QSize(200, self.heightForWidth(max(200, self.width())))

    def heightForWidth(self, wide: int) -> int:
        """As high as its words need: what is chosen is read in full before it is."""
        words, below = self._lines(wide)
        return round(words.bottom() + 10 if below.isNull() else below.bottom() + 11)

    def _lines(self, wide: float) -> tuple[QRectF, QRectF]:
        """Where its words and what stands below them are; no place where there are none."""
        side = 30.5 if self._number else 0
        side += fonts.width("small", self._note) + 10 if self._note else 0
        words = _room("button", self._words, wide - LEFT - 12 - side)
        words.moveTo(LEFT, (MIDDLE - 1 if self._below else MIDDLE) - LINE / 2)
        if not self._below:
            return words, QRectF()
        below = _room("small", self._below, wide - LEFT - 12)
        below.moveTo(LEFT, words.bottom())
        return words, below

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        on = self.isChecked()
        edge = "acc" if on or self.hasFocus() else "line2"
        painter.setPen(QPen(colour(edge), 2 if self.hasFocus() else 1))
        painter.setBrush(colour("sel" if on else "bg3" if self.underMouse() else "bg1"))
        inset = 1.0 if self.hasFocus() else 0.5
        box = QRectF(self.rect()).adjusted(inset, inset, -inset, -inset)
        painter.drawRoundedRect(box, 8, 8)
        middle = MIDDLE
        paint_radio(painter, 21, middle, on=on)
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        right = self.width() - 12.0
        painter.setPen(colour("fg2"))
        if self._number:
            key = QRectF(self.width() - 32.5, middle - 7.5, 16, 15)
            painter.setPen(QPen(colour("line2"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(key, 4, 4)
            painter.setPen(colour("fg2"))
            painter.setFont(fonts.font("caption"))
            painter.drawText(key, Qt.AlignmentFlag.AlignCenter, str(self._number))
            right = key.left() - 10
        if self._note:
            wide = fonts.width("small", self._note)
            painter.setFont(fonts.font("small"))
            painter.drawText(QRectF(right - wide, middle - 10, wide + 1, 20), flags, self._note)
        places = self._lines(self.width())
        told = (("button", "fg0", self._words), ("small", "fg1", self._below))
        for (font, role, text), room in zip(told, places, strict=True):
            painter.setFont(fonts.font(font))
            painter.setPen(colour(role if self.isEnabled() else "fgoff"))
            shown = broken(text, fonts.metrics(font), int(room.width()))
            painter.drawText(room, flags | Qt.TextFlag.TextWordWrap, shown)


def _room(font: str, text: str, wide: float) -> QRectF:
    """How much a text takes at that width; a line of it has its usual height."""
    wide = max(40.0, wide)
    measures = fonts.metrics(font)
    shown = broken(text, measures, int(wide))
    box = measures.boundingRect(QRectF(0, 0, wide, 1 << 20), Qt.TextFlag.TextWordWrap, shown)
    more = max(0.0, box.height() - measures.height())
    return QRectF(0, 0, wide, (LINE if font == "button" else LINE_BELOW) + more)
