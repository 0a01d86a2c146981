"""The bar that is always there: who needs you, what runs, load, health in words with an icon."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, Signal
from PySide6.QtGui import QBrush, QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from clawdesk.ui import fonts, tokens
from clawdesk.ui.badge import Icon
from clawdesk.ui.button import Button
from clawdesk.ui.paint import card_role, dots, paint_bar
from clawdesk.ui.pane import Ground
from clawdesk.ui.safe_text import SafeLabel, set_tip
from clawdesk.ui.tokens import colour
from clawdesk.ui.words import tr
from clawdesk.viewmodels.machine import BarShare
from clawdesk.viewmodels.status import Health, StatusBarView

CHANNEL = "OpenClaw"
ROOMY, TIGHT = 12, 7
"""Room beside the words of an item, in px."""
_DIGITS = str.maketrans("123456789", "0" * 9)


class _Item(QWidget):
    """Words between two hairlines."""

    def __init__(self, name: str, caption: str = "", *, line: bool = True) -> None:
        super().__init__()
        self.setObjectName(name)
        self._line = line
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(ROOMY, 0, ROOMY, 0)
        row.setSpacing(6)
        self.caption = SafeLabel(caption, font="small", role="fg2")
        self.caption.setVisible(bool(caption))
        self.value = SafeLabel("", font="small", role="fg1")
        row.addWidget(self.caption)
        row.addWidget(self.value)

    def show_text(self, text: str) -> None:
        self.value.show_text(text)
        self.setAccessibleName(f"{self.caption.text()} {text}".strip())

    def wide(self) -> int:
        """What its words need without room beside them; digits that count do not change it."""
        words = self.value.text().translate(_DIGITS)
        moves = fonts.width("small", words) - fonts.width("small", self.value.text())
        return self._row.sizeHint().width() - self._row.contentsMargins().left() * 2 + round(moves)

    def show_room(self, beside: int) -> None:
        self._row.setContentsMargins(beside, 0, beside, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._line:
            top = (self.height() - 16) // 2
            QPainter(self).fillRect(QRect(0, top, 1, 16), colour("line"))


class _CardsItem(_Item):
    """Graphics memory in words, and drawn as the cards' colours where there is room."""

    def __init__(self) -> None:
        super().__init__("status.gpu", "GPU")
        self._drawing = _CardsBar()
        self._row.insertWidget(1, self._drawing)

    def show_bar(self, shares: tuple[BarShare, ...]) -> None:
        self._drawing.show_shares(shares)

    def wide(self) -> int:
        drawn = 0 if self._drawing.isHidden() else self._drawing.width() + self._row.spacing()
        return super().wide() - drawn

    def draw(self, room: int) -> None:
        """Show the drawing where so much room is left beside all words."""
        needs = self._drawing.width() + self._row.spacing()
        self._drawing.setVisible(bool(self._drawing.shares) and needs <= room)


class _CardsBar(QWidget):
    """What the words beside it say, in one look."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("status.gpu.drawing")
        self.shares: tuple[BarShare, ...] = ()
        self.setFixedSize(56, 8)
        self.hide()

    def show_shares(self, shares: tuple[BarShare, ...]) -> None:
        if shares != self.shares:
            self.shares = shares
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        fills: list[tuple[float, QBrush | QColor]] = [
            (one.share, colour(card_role(one.card)) if one.ours else dots("foreign", "track"))
            for one in self.shares
        ]
        paint_bar(painter, QRectF(self.rect()), fills)


class _HealthItem(_Item):
    def __init__(self, name: str, *, line: bool) -> None:
        super().__init__(name, line=line)
        self._icon = Icon("unk", "mute", 14)
        self._row.insertWidget(0, self._icon)

    def show_health(self, health: Health) -> None:
        self._icon.show_icon(health.icon, health.family.value)
        self.show_text(health.text)
        set_tip(self, health.why)
        self.setAccessibleDescription(health.why)


class StatusBar(Ground):
    """`next_wanted`: show the next thing that needs a person."""

    next_wanted = Signal()
    health_wanted = Signal()

    def __init__(self) -> None:
        super().__init__("bg0", "t")
        self.setObjectName("status")
        self.setFixedHeight(tokens.STATUS_BAR)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 1, 0, 0)
        row.setSpacing(0)
        self.need = Button(
            tr("Nothing needs you"), "status.need", kind="ghost", icon="okc", key="F8", size="sm"
        )
        self.need.clicked.connect(self.next_wanted)
        row.addWidget(self.need)
        row.addSpacing(8)
        self._work = _Item("status.work")
        self._cpu = _Item("status.cpu", "CPU")
        self._memory = _Item("status.memory", "RAM")
        self._gpu = _CardsItem()
        self._machines = _Item("status.machines", "VM")
        for item in (self._work, self._gpu, self._machines, self._cpu, self._memory):
            row.addWidget(item)
        row.addStretch(1)
        self._has_channel = False
        self._parts: dict[str, _HealthItem] = {}
        for place, name in enumerate(("Fabric", "libvirt", "Docker", CHANNEL)):
            part = self._parts[name] = _HealthItem(f"status.{name.lower()}", line=place > 0)
            row.addWidget(part)

    def show_bar(self, view: StatusBarView) -> None:
        self.need.set_kind("need" if view.need_count else "ghost")
        self.need.set_icon_name("need" if view.need_count else "okc")
        if self.need.words != view.need_text:
            self.need.show_text(view.need_text)
        self._work.show_text(view.work_text)
        self._cpu.show_text(view.cpu)
        self._memory.show_text(view.memory)
        self._gpu.show_text(view.gpu)
        self._gpu.show_bar(view.gpu_bar)
        self._machines.show_text(view.machines)
        for health in view.parts:
            self._parts[health.name].show_health(health)
        self._has_channel = any(health.name == CHANNEL for health in view.parts)
        self._mind_room()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._mind_room()

    def _mind_room(self) -> None:
        """The drawing goes, items move together, then load gives way; health is always read."""
        self._parts[CHANNEL].setVisible(self._has_channel)
        health = [part for name, part in self._parts.items() if name != CHANNEL]
        if self._has_channel:
            health.append(self._parts[CHANNEL])
        loads = [self._cpu, self._memory, self._machines, self._gpu]  # which goes first
        fixed = self.need.sizeHint().width() + 24
        everything = [self._work, *loads, *health]
        self._gpu.draw(self.width() - fixed - sum(one.wide() + 2 * ROOMY for one in everything))
        for left_out in range(len(loads) + 1):
            shown = [self._work, *loads[left_out:], *health]
            for beside in (ROOMY, TIGHT):
                if fixed + sum(item.wide() + 2 * beside for item in shown) <= self.width():
                    break
            else:
                continue
            break
        else:
            left_out, beside = len(loads), TIGHT
        for place, item in enumerate(loads):
            item.setVisible(place >= left_out)
        for item in (self._work, *loads, *health):
            item.show_room(beside)
