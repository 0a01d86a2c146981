"""Load of this machine: processor, memory, graphics cards and who uses them.

Without an NVIDIA card it says so in one line; CPU and memory stay.
"""

from __future__ import annotations

from collections import deque

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from clawdesk.ui import fonts
from clawdesk.ui.paint import card_role, dots, hatch, paint_bar, paint_spark, paint_tag
from clawdesk.ui.pane import Ground, PaneHead
from clawdesk.ui.safe_text import SafeLabel, clean_line, set_tip
from clawdesk.ui.tokens import colour
from clawdesk.ui.words import tr
from clawdesk.viewmodels.machine import GpuView, HostView

HISTORY = 120
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_WRAPPED = Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap


class Meter(QWidget):
    """A name, a value and a bar: CPU or memory."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name, self._value, self._share = name, "", 0.0
        self.setFixedHeight(20)
        self.setObjectName(f"machine.{name.lower()}")

    def show_value(self, value: str, share: float) -> None:
        if (value, share) != (self._value, self._share):
            self._value, self._share = value, share
            self.setAccessibleName(f"{self._name} {value}")
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        top = QRectF(0, 0, self.width(), self.height())
        painter.setFont(fonts.font("small"))
        painter.setPen(colour("fg1"))
        painter.drawText(top, _LEFT, self._name)
        painter.setPen(colour("fg0"))
        painter.drawText(top, _RIGHT, self._value)
        bar = QRectF(58, 6, self.width() - 58 - 128, 8)
        paint_bar(painter, bar, [(self._share, colour("step-ln"))])


class GpuCard(Ground):
    """One card, painted whole; its accessible name says the same in words."""

    def __init__(self, index: int) -> None:
        super().__init__("bg0", "t")
        self.setObjectName(f"machine.gpu{index}")
        self._view: GpuView | None = None
        self._history: deque[float] = deque(maxlen=HISTORY)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def show_gpu(self, view: GpuView) -> None:
        if view.load_percent is not None:
            self._history.append(view.load_percent)
        self.update()  # the history has moved on, whatever else has not
        if view == self._view:
            return
        self._view = view
        words = ", ".join(
            f"{p.name} {p.used}" if p.ours else f"{p.name} {tr('not ours')} {p.used}"
            for p in view.processes
        )
        simulated = f" {tr('simulated')}" if view.simulated else ""
        self.setAccessibleName(
            clean_line(
                f"{view.title}{simulated} {view.headline}, {view.note or view.free}. {words}", 600
            )
        )
        set_tip(self, view.note)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        count = min(6, len(self._view.processes)) if self._view else 0
        return QSize(280, 78 + 20 * count + 38)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        view = self._view
        if view is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        role = card_role(view.index)
        left, right = 12.0, self.width() - 12.0
        self._paint_title(painter, view, role, left, right)
        painter.setFont(fonts.font("small"))
        if view.note:
            painter.setPen(colour("bad"))
            # The whole sentence is also the card's tooltip and name, for one that needs more room.
            lines = QRectF(left, 32, right - left, 38)
            painter.drawText(lines, _WRAPPED, clean_line(view.note, 200))
        else:
            shares: list[tuple[float, QBrush | QColor]] = [
                (view.ours_share, colour(role)),
                (view.foreign_share, dots("foreign", "track")),
                (view.reserved_share, hatch("line2", 1, 5)),
            ]
            paint_bar(painter, QRectF(left, 36, right - left, 12), shares)
            painter.setPen(colour("fg2"))
            painter.drawText(QRectF(left, 51, right - left, 18), _LEFT, view.free)
        y = 71.0
        for process in view.processes[:6]:
            swatch = QRectF(left, y + 5, 12, 10)
            paint_bar(
                painter, swatch, [(1.1, colour(role) if process.ours else dots("foreign", "track"))]
            )
            name = clean_line(process.name, 120)
            taken = 32 + fonts.width("small", process.used)
            if not process.ours:
                taken += fonts.width("small", tr(" · not ours"))
            text = fonts.metrics("small").elidedText(
                name, Qt.TextElideMode.ElideRight, right - left - taken
            )
            painter.setPen(colour("fg0"))
            painter.drawText(QRectF(left + 20, y, right - left, 20), _LEFT, text)
            if not process.ours:
                x = left + 20 + fonts.width("small", text)
                painter.setPen(colour("fg2"))
                painter.drawText(QRectF(x, y, 100, 20), _LEFT, tr(" · not ours"))
            painter.setPen(colour("fg1"))
            painter.drawText(QRectF(left, y, right - left, 20), _RIGHT, process.used)
            y += 20
        paint_spark(
            painter, QRectF(left, y + 4, right - left, 26), list(self._history), role, HISTORY
        )

    @staticmethod
    def _paint_title(
        painter: QPainter, view: GpuView, role: str, left: float, right: float
    ) -> None:
        paint_tag(painter, left, view.index, role)
        line = QRectF(left + 24, 10, right - left - 24, 20)
        painter.setFont(fonts.font("label"))
        painter.setPen(colour("fg0"))
        painter.drawText(line, _LEFT, view.title)
        x = line.left() + fonts.width("label", view.title) + 8
        painter.setFont(fonts.font("small"))
        painter.setPen(colour("need" if view.simulated else "fg2"))
        name = tr("simulated") if view.simulated else clean_line(view.name, 60)
        room = right - x - fonts.width("small", view.headline) - 8
        name = fonts.metrics("small").elidedText(name, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRectF(x, 10, room, 20), _LEFT, name)
        painter.setPen(colour("fg1"))
        painter.drawText(line, _RIGHT, view.headline)


class _Sum(SafeLabel):
    """The sum of the GPUs: in few words where the whole sentence would be cut."""

    _either = ("", "")

    def show_either(self, whole: str, brief: str) -> None:
        self._either = (whole, brief or whole)
        self._choose()

    def _choose(self) -> None:
        whole, brief = self._either
        self.show_text(whole if fonts.width("small", whole) <= self.width() else brief)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._choose()


class MachinePanel(QWidget):
    """CPU, memory and cards of this host."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("machine")
        self._cards: dict[int, GpuCard] = {}
        head = PaneHead(tr("This machine"), "bg0")
        self._summary = _Sum("", font="small", role="fg2", elide=True)
        self._summary.setObjectName("machine.summary")
        self._summary.setAlignment(_RIGHT)
        head.row.addWidget(self._summary, 1)
        self.cpu, self.memory = Meter("CPU"), Meter(tr("Memory"))
        self._note = SafeLabel("", font="small", role="fg2", wrap=True)
        self._note.setObjectName("machine.gpu_note")
        self._note.setContentsMargins(12, 4, 12, 12)
        meters = Ground("bg0")
        box = QVBoxLayout(meters)
        box.setContentsMargins(12, 8, 12, 8)
        box.setSpacing(2)
        box.addWidget(self.cpu)
        box.addWidget(self.memory)
        self._meters = meters
        area = QScrollArea()
        area.setProperty("chrome", True)
        area.setObjectName("machine.scroll")
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inner = Ground("bg0")
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(meters)
        self._column.addWidget(self._note)
        self._column.addStretch(1)
        area.setWidget(inner)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(head)
        whole.addWidget(area, 1)
        whole.addWidget(self._legend())

    def _legend(self) -> QWidget:
        self._legend_row = Legend()
        return self._legend_row

    def sizeHint(self) -> QSize:
        return QSize(312, 420)

    def show_host(self, view: HostView) -> None:
        self.cpu.show_value(view.cpu, view.cpu_share)
        self.memory.show_value(view.memory, view.memory_share)
        self._summary.show_either(
            view.gpu_summary or tr("disk {disk}", disk=view.disk), view.gpu_brief
        )
        note = view.gpu_note
        said = f"{note[:1].upper()}{note[1:]}".rstrip(".")
        self._note.show_text(tr("{why}. Models run on the CPU.", why=said) if note else "")
        self._note.setVisible(bool(note))
        wanted = {g.index: g for g in view.gpus}
        for index in [i for i in self._cards if i not in wanted]:
            gone = self._cards.pop(index)
            self._column.removeWidget(gone)
            gone.deleteLater()
        for index, gpu in wanted.items():
            card = self._cards.get(index)
            if card is None:
                card = self._cards[index] = GpuCard(index)
                self._column.insertWidget(self._column.count() - 1, card)
            card.show_gpu(gpu)
        self._legend_row.setVisible(bool(wanted))


class Legend(Ground):
    """What the fills of a memory bar mean."""

    def __init__(self) -> None:
        super().__init__("bg0", "t")
        self.setFixedHeight(28)
        QHBoxLayout(self)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(fonts.font("caption"))
        x = 12.0
        for text, fill in (
            (tr("used by models"), colour("g0")),
            (tr("not ours"), dots("foreign", "track")),
            (tr("free"), colour("track")),
        ):
            paint_bar(painter, QRectF(x, 9, 12, 10), [(1.1, fill)])
            painter.setPen(colour("fg2"))
            painter.drawText(QRectF(x + 17, 0, 120, 28), _LEFT, text)
            x += 17 + fonts.width("caption", text) + 14
