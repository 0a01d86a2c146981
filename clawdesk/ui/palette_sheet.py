"""Search or run a command: every act of the registry, every task, filtered while typing.

An act that is not possible stays listed with its reason. Enter runs acts here, never decisions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QDialog,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from clawdesk.ui import fonts, icons
from clawdesk.ui.code_list import Index, RowModel
from clawdesk.ui.safe_text import clean_line
from clawdesk.ui.tokens import colour

ROW_ROLE = int(Qt.ItemDataRole.UserRole)
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the palette."""

    text: str
    detail: str
    icon: str
    keys: str
    run: Callable[[], None]
    why_not: str = ""


class _Entries(RowModel):
    def __init__(self) -> None:
        super().__init__()
        self.entries: list[Entry] = []

    def show_entries(self, entries: Sequence[Entry]) -> None:
        self.beginResetModel()
        self.entries, self.count = list(entries), len(entries)
        self.endResetModel()

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= self.count:
            return None
        entry = self.entries[index.row()]
        if role == ROW_ROLE:
            return entry
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return clean_line(f"{entry.text} {entry.why_not or entry.detail}", 400)
        return None


class _EntryDelegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(100, 36)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry: Entry = index.data(ROW_ROLE)
        box = QRectF(option.rect).adjusted(6, 0, -6, 0)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour("sel"))
            painter.drawRoundedRect(box, 6, 6)
        off = bool(entry.why_not)
        icons.draw(painter, box.left() + 12, box.top() + 10, entry.icon, "fg2" if off else "fg1")
        right = box.right() - 12
        if entry.keys:
            wide = fonts.width("caption", entry.keys) + 9
            frame = QRectF(right - wide + 0.5, box.center().y() - 7.5, wide - 1, 15)
            painter.setPen(QPen(colour("line2"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(frame, 4, 4)
            painter.setPen(colour("fg2"))
            painter.setFont(fonts.font("caption"))
            painter.drawText(frame, Qt.AlignmentFlag.AlignCenter, entry.keys)
            right -= wide + 10
        x = box.left() + 38
        text = clean_line(entry.text, 200)
        painter.setFont(fonts.font("body"))
        painter.setPen(colour("fg2" if off else "fg0"))
        painter.drawText(QRectF(x, box.top(), right - x, box.height()), _LEFT, text)
        x += fonts.width("body", text) + 10
        detail = clean_line(f"not available: {entry.why_not}" if off else entry.detail, 200)
        shown = fonts.metrics("small").elidedText(detail, Qt.TextElideMode.ElideRight, right - x)
        painter.setFont(fonts.font("small"))
        painter.setPen(colour("fg2"))
        painter.drawText(QRectF(x, box.top(), right - x, box.height()), _LEFT, shown)
        painter.restore()


class PaletteSheet(QDialog):
    """Opens over the window's top; closes itself when something was chosen."""

    def __init__(self, parent: QWidget, entries: Sequence[Entry]) -> None:
        super().__init__(parent, Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self.setObjectName("palette")
        self.setAccessibleName("Search or run a command")
        self.setWindowTitle("Search or run a command")
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._all = list(entries)
        self.field = QLineEdit()
        self.field.setObjectName("palette.field")
        self.field.setAccessibleName("Command or task")
        self.field.setPlaceholderText("Search or run a command")
        self.field.setFont(fonts.font("body"))
        self.field.setFixedHeight(34)
        self._entries = _Entries()
        self.list = QListView()
        self.list.setObjectName("palette.list")
        self.list.setAccessibleName("Results")
        self.list.setModel(self._entries)
        self.list.setItemDelegate(_EntryDelegate(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 7)
        column.setSpacing(6)
        top = QVBoxLayout()
        top.setContentsMargins(10, 10, 10, 2)
        top.addWidget(self.field)
        column.addLayout(top)
        column.addWidget(self.list, 1)
        self.field.textChanged.connect(self._filter)
        self.field.installEventFilter(self)
        self.list.clicked.connect(lambda _: self._run())
        self._filter("")

    def _filter(self, text: str) -> None:
        words = text.lower().replace(">", " ").split()
        found = [e for e in self._all if all(w in f"{e.text} {e.detail}".lower() for w in words)]
        self._entries.show_entries(found)
        if found:
            self.list.setCurrentIndex(self._entries.index(0))

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            key = event.key()
            if key in {Qt.Key.Key_Down, Qt.Key.Key_Up}:
                step = 1 if key == Qt.Key.Key_Down else -1
                place = (self.list.currentIndex().row() + step) % max(1, self._entries.count)
                self.list.setCurrentIndex(self._entries.index(place))
                return True
            if key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
                self._run()
                return True
        return False

    def _run(self) -> None:
        entry = self.list.currentIndex().data(ROW_ROLE)
        if isinstance(entry, Entry) and not entry.why_not:
            self.accept()
            entry.run()

    def appear(self) -> None:
        parent = self.parentWidget()
        assert parent is not None
        frame = parent.window().geometry()
        self.resize(640, min(480, 64 + 36 * max(4, len(self._all))))
        self.move(frame.x() + (frame.width() - 640) // 2, frame.y() + 76)
        self.open()
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), colour("bg1"))
        painter.setPen(QPen(colour("pop-ln"), 1))
        painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
