"""A GPU, or this computer's memory: one bar that tells who has what, processes, ten minutes."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy

from clawdesk.domain.memory_size import gib
from clawdesk.ui import fonts, icons
from clawdesk.ui.paint import card_role, paint_bar, paint_history, paint_tag, use_fill
from clawdesk.ui.pane import Ground
from clawdesk.ui.safe_text import clean_line, set_tip
from clawdesk.ui.tokens import colour
from clawdesk.ui.words import tr
from clawdesk.viewmodels.devices import DeviceView, ProcessLine, Use, use_words

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_WRAPPED = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
_ROW = 20
_HISTORY_LEFT = 150
_INSET = 12


class DeviceCard(Ground):
    """Painted whole; its accessible name says the same in words."""

    def __init__(self, name: str) -> None:
        super().__init__("bg0", "t")
        self.setObjectName(clean_line(f"models.device.{name}", 120))
        self._view: DeviceView | None = None
        self._history: Sequence[Sequence[tuple[float, float]]] = ()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def show_device(
        self, view: DeviceView, history: Sequence[Sequence[tuple[float, float]]]
    ) -> None:
        self._history = history
        self.update()  # the history has moved on, whatever else has not
        if view == self._view:
            return
        self._view = view
        spoken = clean_line(view.spoken, 900)
        self.setAccessibleName(spoken)
        set_tip(self, view.note or self._amounts(view))
        self.updateGeometry()

    @staticmethod
    def _amounts(view: DeviceView) -> str:
        return "\n".join(f"{use_words(part.use)}: {gib(part.mib)} GiB" for part in view.parts)

    @property
    def _hue(self) -> str:
        index = self._view.index if self._view is not None else None
        return "acc" if index is None else card_role(index)

    def _note_height(self, wide: float) -> float:
        if self._view is None or not self._view.note:
            return 0.0
        box = QRectF(0, 0, wide, 200)
        return fonts.metrics("small").boundingRect(box, int(_WRAPPED), self._note()).height() + 6

    def _note(self) -> str:
        return clean_line(self._view.note, 300) if self._view is not None else ""

    def heightForWidth(self, width: int) -> int:
        view = self._view
        if view is None:
            return 60
        rows = len(view.lines) + bool(view.more)
        top = 34 + (self._note_height(width - 2 * _INSET) if view.note else 36)
        return round(top + _ROW * rows + (_ROW if view.remark else 0) + 10)

    def hasHeightForWidth(self) -> bool:
        return True

    def sizeHint(self) -> QSize:
        return QSize(320, self.heightForWidth(max(280, self.width())))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        view = self._view
        if view is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left, right = float(_INSET), float(self.width() - _INSET)
        self._paint_title(painter, view, left, right)
        painter.setFont(fonts.font("small"))
        y = 34.0
        if view.note:
            high = self._note_height(right - left)
            painter.setPen(colour("bad"))
            painter.drawText(QRectF(left, y, right - left, high), _WRAPPED, self._note())
            y += high
        else:
            fills = [
                (part.share, use_fill(part.use, self._hue))
                for part in view.parts
                if part.use is not Use.FREE
            ]
            paint_bar(painter, QRectF(left, y + 2, right - left, 12), fills)
            painter.setPen(colour("fg2"))
            painter.drawText(QRectF(left, y + 16, right - left, 18), _LEFT, view.summary)
            past = QRectF(left + _HISTORY_LEFT, y + 17, right - left - _HISTORY_LEFT, 17)
            paint_history(painter, past, self._history, self._hue)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            y += 36
        for line in view.lines:
            self._paint_line(painter, line, QRectF(left, y, right - left, _ROW))
            y += _ROW
        painter.setPen(colour("fg2"))
        for text in (view.more, view.remark):
            if text:
                self._paint_cut(painter, QRectF(left, y, right - left, _ROW), text)
                y += _ROW
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(colour("acc"))
            painter.drawRect(QRectF(self.rect()).adjusted(1.5, 2.5, -1.5, -1.5))

    @staticmethod
    def _paint_cut(painter: QPainter, box: QRectF, text: str) -> None:
        cut = fonts.metrics("small").elidedText(text, Qt.TextElideMode.ElideRight, box.width())
        painter.drawText(box, _LEFT, cut)

    def _paint_title(self, painter: QPainter, view: DeviceView, left: float, right: float) -> None:
        if view.index is None:
            icons.draw(painter, left, 12, "memory", "acc")
        else:
            paint_tag(painter, left, view.index, self._hue)
        line = QRectF(left + 24, 10, right - left - 24, 20)
        painter.setFont(fonts.font("label"))
        painter.setPen(colour("fg0"))
        painter.drawText(line, _LEFT, view.title)
        x = line.left() + fonts.width("label", view.title) + 8
        painter.setFont(fonts.font("small"))
        if view.simulated:
            painter.setPen(colour("need"))
            wide = fonts.width("small", tr("simulated"))
            painter.drawText(QRectF(x, 10, wide + 1, 20), _LEFT, tr("simulated"))
            x += wide + 8
        room = right - x - fonts.width("small", view.headline) - 8
        name = clean_line(view.name, 60)
        name = fonts.metrics("small").elidedText(name, Qt.TextElideMode.ElideRight, room)
        painter.setPen(colour("fg2"))
        painter.drawText(QRectF(x, 10, room, 20), _LEFT, name)
        painter.setPen(colour("fg1"))
        painter.drawText(line, _RIGHT, view.headline)

    def _paint_line(self, painter: QPainter, line: ProcessLine, box: QRectF) -> None:
        swatch = QRectF(box.left(), box.top() + 5, 12, 10)
        paint_bar(painter, swatch, [(1.1, use_fill(line.use, self._hue))])
        left = box.left() + 20
        room = box.right() - left - fonts.width("small", line.used) - 12
        name = fonts.metrics("small").elidedText(
            clean_line(line.name, 120), Qt.TextElideMode.ElideRight, room
        )
        painter.setPen(colour("fg0"))
        painter.drawText(QRectF(left, box.top(), room, _ROW), _LEFT, name)
        x = fonts.width("small", name) + 8
        if line.detail and room - x > 30:
            painter.setPen(colour("fg2"))
            self._paint_cut(painter, QRectF(left + x, box.top(), room - x, _ROW), line.detail)
        painter.setPen(colour("fg1"))
        painter.drawText(box, _RIGHT, line.used)


class UseLegend(Ground):
    """What the fills of the bars mean; only those in sight are listed."""

    def __init__(self) -> None:
        super().__init__("bg0", "t")
        self.setObjectName("models.legend")
        self._uses: tuple[Use, ...] = ()
        self._card = "g0"
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def show_uses(self, views: Sequence[DeviceView]) -> None:
        seen = {part.use for view in views for part in view.parts}
        seen |= {line.use for view in views for line in view.lines}
        uses = tuple(use for use in Use if use in seen)
        card = "g0" if any(view.index is not None for view in views) else "acc"
        if (uses, card) == (self._uses, self._card):
            return
        self._uses, self._card = uses, card
        words = ", ".join(use_words(use) for use in uses)
        self.setAccessibleName(tr("Bars show: {words}", words=words))
        self.updateGeometry()
        self.update()

    def _places(self, wide: float) -> list[tuple[Use, float, float]]:
        """Each use with its x and y; as many a line as there is room for."""
        found, x, y = [], float(_INSET), 6.0
        for use in self._uses:
            need = 17 + fonts.width("caption", use_words(use))
            if x > _INSET and x + need > wide - _INSET:
                x, y = float(_INSET), y + 18
            found.append((use, x, y))
            x += need + 14
        return found

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        places = self._places(width)
        return round(places[-1][2] + 24) if places else 0

    def sizeHint(self) -> QSize:
        return QSize(320, self.heightForWidth(max(280, self.width())))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(fonts.font("caption"))
        for use, x, y in self._places(self.width()):
            paint_bar(painter, QRectF(x, y + 4, 12, 10), [(1.1, use_fill(use, self._card))])
            painter.setPen(colour("fg2"))
            painter.drawText(QRectF(x + 17, y, 200, 18), _LEFT, use_words(use))
