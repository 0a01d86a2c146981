"""One line of navigation: icon, name, and a count at the right; a button to keyboard and reader."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QContextMenuEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QMenu, QSizePolicy

from clawdesk.ui import fonts, icons
from clawdesk.ui.badge import paint_badge
from clawdesk.ui.safe_text import clean_line
from clawdesk.ui.tokens import colour
from clawdesk.ui.words import counted


class NavRow(QAbstractButton):
    """A line; what `add_act` adds stands in its context menu.

    Args:
        font: of its words; "" = as usual for such a line.
        below: a second, smaller line, which makes the row higher.
        aside: small words at the right edge.
    """

    def __init__(
        self,
        name: str,
        text: str,
        *,
        icon: str = "",
        strong: bool = False,
        indent: int = 8,
        chosen: bool = False,
        below: str = "",
        aside: str = "",
        font: str = "",
    ) -> None:
        super().__init__()
        self.setObjectName(clean_line(name, 200))
        self._words = clean_line(text, 200)
        self._strong, self._indent, self._chosen = strong, indent, chosen
        self._count, self._need = 0, False
        self._font = font or ("button" if strong else "body")
        self._acts: list[tuple[str, Callable[[], None], Callable[[], str]]] = []
        self.show_state(icon, below=below, aside=aside)
        self._high = 40 if below else 28
        self.setFixedHeight(self._high)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def add_act(
        self, text: str, run: Callable[[], None], why_not: Callable[[], str] = lambda: ""
    ) -> None:
        """One more line of its context menu; what is not possible stands there with its reason."""
        self._acts.append((text, run, why_not))

    def show_state(
        self, icon: str, *, below: str = "", aside: str = "", faint: bool = False
    ) -> None:
        """What stands beside its name now.

        Args:
            faint: what it stands for is not there now; its words say so too.
        """
        self._icon, self._faint = icon, faint
        self._below, self._aside = clean_line(below, 400), clean_line(aside, 60)
        spoken = (self._words, self._below, self._aside)
        self.setAccessibleName(", ".join(part for part in spoken if part))
        self.update()

    def show_count(self, count: int, *, need: bool) -> None:
        self._count, self._need = count, need
        what = counted(count, "{count} task", "{count} tasks")
        if need:
            what = counted(count, "{count} needs you", "{count} need you")
        self.setAccessibleName(f"{self._words}, {what}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, self._high)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect())
        if self._chosen or self.underMouse() or self.isDown():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour("bg4" if self._chosen or self.isDown() else "bg3"))
            painter.drawRoundedRect(box, 6, 6)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colour("acc"), 2))
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 6, 6)
        x, edge = float(self._indent), box.right() - 8
        # What stands at the right is beside the name: a second line has the whole width.
        top, high, right = (4, 18, edge) if self._below else (0, self._high, edge)
        if self._icon:
            role = "fg2" if self._faint else "fg1"
            icons.draw(painter, x, (self._high - 16) / 2, self._icon, role)
            x += 24
        if self._count and self._need:
            right = paint_badge(painter, right, 14, str(self._count), need=True) - 6
        elif self._count or self._aside:
            text = self._aside or str(self._count)
            painter.setPen(colour("fg1" if self._chosen else "fg2"))
            wide = fonts.width("small", text)
            self._paint_line(painter, QRectF(right - wide, top, wide + 1, high), "small", text)
            right -= wide + 6
        strong = (self._strong or bool(self._below)) and not self._faint
        painter.setPen(colour("fg0" if strong or self._chosen else "fg1"))
        self._paint_line(painter, QRectF(x, top, right - x, high), self._font, self._words)
        if self._below:
            painter.setPen(colour("fg2"))
            self._paint_line(painter, QRectF(x, 21, edge - x, 15), "caption", self._below)

    @staticmethod
    def _paint_line(painter: QPainter, box: QRectF, font: str, text: str) -> None:
        """One line in its box, cut with an ellipsis where it does not fit."""
        painter.setFont(fonts.font(font))
        shown = fonts.metrics(font).elidedText(text, Qt.TextElideMode.ElideRight, box.width())
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, shown)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if not self._acts:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for text, run, why_not in self._acts:
            why = why_not()
            words = clean_line(f"{text}   ({why})" if why else text)
            menu.addAction(words.replace("&", "&&"), run).setEnabled(not why)
        menu.popup(event.globalPos())
