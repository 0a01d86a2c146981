"""One line of navigation: icon, name, and a count at the right; a button to keyboard and reader."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QMenu, QSizePolicy

from clawdesk.ui import fonts, icons
from clawdesk.ui.badge import paint_badge
from clawdesk.ui.safe_text import clean_line
from clawdesk.ui.tokens import colour
from clawdesk.ui.words import counted, tr


class NavRow(QAbstractButton):
    """`menu_wanted`: the row's "Close project" was chosen from its context menu."""

    menu_wanted = Signal()

    def __init__(
        self,
        name: str,
        text: str,
        *,
        icon: str = "",
        strong: bool = False,
        indent: int = 8,
        chosen: bool = False,
    ) -> None:
        super().__init__()
        self.setObjectName(clean_line(name, 200))
        self._words = clean_line(text, 200)
        self.setAccessibleName(self._words)
        self._icon, self._strong, self._indent, self._chosen = icon, strong, indent, chosen
        self._count, self._need = 0, False
        self.setFixedHeight(28)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_count(self, count: int, *, need: bool) -> None:
        self._count, self._need = count, need
        what = counted(count, "{count} task", "{count} tasks")
        if need:
            what = counted(count, "{count} needs you", "{count} need you")
        self.setAccessibleName(f"{self._words}, {what}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, 28)

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
        x, right = float(self._indent), box.right() - 8
        if self._icon:
            icons.draw(painter, x, 6, self._icon, "fg1")
            x += 24
        if self._count and self._need:
            right = paint_badge(painter, right, 14, str(self._count), need=True) - 6
        elif self._count:
            text = str(self._count)
            painter.setFont(fonts.font("small"))
            painter.setPen(colour("fg1" if self._chosen else "fg2"))
            wide = fonts.width("small", text)
            painter.drawText(
                QRectF(right - wide, 0, wide + 1, 28), Qt.AlignmentFlag.AlignVCenter, text
            )
            right -= wide + 6
        font = "button" if self._strong else "body"
        painter.setFont(fonts.font(font))
        painter.setPen(colour("fg0" if self._strong or self._chosen else "fg1"))
        shown = fonts.metrics(font).elidedText(self._words, Qt.TextElideMode.ElideRight, right - x)
        painter.drawText(QRectF(x, 0, right - x, 28), Qt.AlignmentFlag.AlignVCenter, shown)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if not self.objectName().startswith("project."):
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("Close project"), self.menu_wanted.emit)
        menu.popup(event.globalPos())
