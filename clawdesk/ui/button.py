"""The window's one button: icon, words and its shortcut in a key frame, painted by roles.

Enter never presses it: a decision needs Space, a click or its own shortcut.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QEnterEvent, QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from clawdesk.ui import fonts, icons
from clawdesk.ui.safe_text import clean_line, set_tip
from clawdesk.ui.tokens import colour
from clawdesk.ui.words import tr


@dataclass(frozen=True, slots=True)
class _Look:
    """Roles of one kind; "" = nothing is drawn."""

    text: str
    fill: str
    edge: str
    key_edge: str = "line2"
    key_text: str = "fg2"


_LOOKS = {
    "plain": _Look("fg0", "bg2", "line2"),
    "main": _Look("onacc", "accfill", "accfill", "onacc", "onacc"),
    "ghost": _Look("fg1", "", ""),
    "yes": _Look("ok", "", "ok-ln", "ok-ln", "ok"),
    "no": _Look("bad", "", "bad-ln", "bad-ln", "bad"),
    "danger": _Look("bad", "bg2", "line2"),
    "need": _Look("need", "need-bg", ""),
}
# size: (height, padding, font, icon, radius)
_SIZES = {
    "sm": (24, 8, "chip", 14, 5),
    "md": (28, 10, "button", 16, 6),
    "lg": (32, 12, "button", 16, 6),
}


class Button(QPushButton):
    """`kind`: plain, main, ghost, yes, no, danger, need. `size`: sm, md, lg."""

    def __init__(
        self,
        text: str,
        name: str,
        *,
        kind: str = "plain",
        icon: str = "",
        key: str = "",
        size: str = "md",
        spoken: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._kind, self._icon, self._key, self._size = kind, icon, key, size
        self._ring = False
        self._turn = False
        self.setObjectName(name)
        self.setAutoDefault(False)
        self.setDefault(False)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFont(fonts.font(_SIZES[size][2]))
        self._spoken = spoken
        self.show_text(text)

    def show_text(self, text: str, spoken: str = "") -> None:
        """Change the words, and where they are too short for a screen reader what it says.

        `&` is a letter here, shortcuts come from the registry.
        """
        self._words = clean_line(text, 200)
        self._spoken = spoken or self._spoken
        self.setText(self._words.replace("&", "&&"))
        spoken = self._spoken or self._words
        self.setAccessibleName(spoken)
        if self._key:
            self.setAccessibleDescription(tr("Shortcut {keys}", keys=self._key.replace(" ", "+")))
        self.updateGeometry()
        self.update()

    def say(self, words: str) -> None:
        """What it does, or why it cannot: in its tip, and behind its shortcut for a reader."""
        keys = tr("Shortcut {keys}", keys=self._key.replace(" ", "+")) if self._key else ""
        self.setAccessibleDescription(". ".join(part for part in (keys, words) if part))
        set_tip(self, words)

    def set_kind(self, kind: str) -> None:
        if kind != self._kind:
            self._kind = kind
            self.update()

    def set_icon_name(self, icon: str) -> None:
        if icon != self._icon:
            self._icon = icon
            self.updateGeometry()
            self.update()

    @property
    def words(self) -> str:
        return self._words

    @property
    def kind(self) -> str:
        return self._kind

    def sizeHint(self) -> QSize:
        height, pad, font, icon, _ = _SIZES[self._size]
        if not self._words:
            return QSize(height, height)
        wide = 2 * pad + fonts.width(font, self._words)
        if self._icon:
            wide += icon + 6
        if self._key:
            wide += 8 + fonts.width("caption", self._key) + 9
        return QSize(round(wide + 0.5), height)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        _, pad, font, icon, radius = _SIZES[self._size]
        look = _LOOKS[self._kind]
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_box(painter, look, radius)
        role = look.text if self.isEnabled() else "fgoff"
        middle = self.height() / 2
        x = float(pad) if self._words else (self.width() - icon) / 2
        if self._words and not self._key:
            x += max(0, (self.width() - self.sizeHint().width()) / 2)  # one that was made wider
        if self._icon:
            icons.draw(painter, x, middle - icon / 2, self._icon, role, size=icon)
            x += icon + 6
        if self._words:
            painter.setFont(fonts.font(font))
            painter.setPen(colour(role))
            room = self.width() - x - pad - (self._key_width() + 8 if self._key else 0)
            text = fonts.metrics(font).elidedText(
                self._words, Qt.TextElideMode.ElideRight, room + 1
            )
            painter.drawText(
                QRectF(x, 0, room + 2, self.height()),
                Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
                text,
            )
        if self._key:
            self._paint_key(painter, look, pad, middle)

    def _key_width(self) -> float:
        return fonts.width("caption", self._key) + 9

    def _paint_box(self, painter: QPainter, look: _Look, radius: int) -> None:
        fill = look.fill
        enabled = self.isEnabled()
        if self._kind != "main" and enabled:
            if self.isDown() or self.isChecked():
                fill = "bg4"
            elif self.underMouse():
                fill = "bg3"
        if not enabled:
            fill = ""
        edge = look.edge if enabled else ("line" if look.edge else "")
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setBrush(colour(fill) if fill else Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour(edge), 1) if edge else Qt.PenStyle.NoPen)
        painter.drawRoundedRect(box, radius, radius)
        if self._kind == "main" and enabled and (self.underMouse() or self.isDown()):
            veil = colour("onacc").toRgb()
            veil.setAlphaF(0.16 if self.isDown() else 0.08)
            painter.setBrush(veil)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawRoundedRect(box, radius, radius)
        if self.hasFocus() and self._ring:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colour("onacc" if self._kind == "main" else "acc"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), radius, radius)

    def _paint_key(self, painter: QPainter, look: _Look, pad: int, middle: float) -> None:
        wide = self._key_width()
        frame = QRectF(self.width() - pad - wide + 2.5, middle - 8 + 0.5, wide - 1, 15)
        off = not self.isEnabled()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour("line" if off else look.key_edge), 1))
        painter.drawRoundedRect(frame, 4, 4)
        painter.setPen(colour("fgoff" if off else look.key_text))
        painter.setFont(fonts.font("caption"))
        painter.drawText(frame, Qt.AlignmentFlag.AlignCenter, self._key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            # Some desktops make Enter press a focused button; no decision may be made that way.
            event.ignore()
            return
        super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        # A ring for the keyboard only: after a click it would just be noise, and a window that
        # comes to the front has not been given a key yet.
        if event.reason() != Qt.FocusReason.ActiveWindowFocusReason:
            self._ring = event.reason() != Qt.FocusReason.MouseFocusReason
        super().focusInEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.update()

    def hitButton(self, pos: object) -> bool:
        point = pos if isinstance(pos, QPointF) else QPointF(pos)  # type: ignore[call-overload]
        return self.rect().contains(point.toPoint())
