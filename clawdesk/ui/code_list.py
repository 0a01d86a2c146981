"""A list of code or log rows: whole-row selection, copying, and one sideways scroll for all rows.

A list view paints only what is visible, so a hundred thousand rows cost no more than forty.
"""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QStringListModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QScrollBar, QVBoxLayout, QWidget

from clawdesk.ui.safe_text import clean_line

Index = QModelIndex | QPersistentModelIndex
ROW_ROLE = int(Qt.ItemDataRole.UserRole)
COPY_ROLE = ROW_ROLE + 1
COPY_MAX = 50_000
_KEEP_SELECTION = QItemSelectionModel.SelectionFlag.NoUpdate
_ROW = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren


class _List(QListView):
    scrolled_by_hand = Signal()
    resized = Signal()

    def __init__(self, sideways: QScrollBar) -> None:
        super().__init__()
        self._sideways = sideways
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalScrollBar().setSingleStep(20)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.key() in {Qt.Key.Key_Left, Qt.Key.Key_Right}:
            step = 40 if event.key() == Qt.Key.Key_Right else -40
            self._sideways.setValue(self._sideways.value() + step)
        else:
            super().keyPressEvent(event)
            self.scrolled_by_hand.emit()

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        """A screen reader selects without moving: the row it selects becomes the current one."""
        super().selectionChanged(selected, deselected)
        indexes = selected.indexes()
        if indexes and self.currentIndex() not in self.selectedIndexes():
            self.selectionModel().setCurrentIndex(indexes[0], _KEEP_SELECTION)

    def copy(self) -> None:
        rows = sorted(self.selectionModel().selectedIndexes(), key=lambda i: i.row())
        text = "\n".join(str(i.data(COPY_ROLE)) for i in rows[:COPY_MAX])
        QGuiApplication.clipboard().setText(text)

    def wheelEvent(self, event: QWheelEvent) -> None:
        delta = event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier or delta.x():
            self._sideways.setValue(self._sideways.value() - (delta.x() or delta.y()))
            event.accept()
            return
        super().wheelEvent(event)
        self.scrolled_by_hand.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()


class CodeList(QWidget):
    """The list and its sideways bar. `offset` is how far the rows are shifted to the left."""

    def __init__(self, name: str, spoken: str) -> None:
        super().__init__()
        self.sideways = QScrollBar(Qt.Orientation.Horizontal)
        self.sideways.setObjectName(f"{name}.sideways")
        self.list = _List(self.sideways)
        self.list.setObjectName(name)
        self.list.setAccessibleName(spoken)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.list, 1)
        column.addWidget(self.sideways)
        self.sideways.valueChanged.connect(lambda _: self.list.viewport().update())
        self.list.resized.connect(self.mind_width)
        self.setFocusProxy(self.list)
        self.sideways.hide()

    @property
    def offset(self) -> int:
        return self.sideways.value()

    def content_width(self) -> int:
        """Width the widest row needs; subclasses know."""
        return 0

    def shown_width(self) -> int:
        """Width of the part of a row that the sideways bar shifts."""
        return self.list.viewport().width()

    def mind_width(self) -> None:
        """The bar shows only when something is cut."""
        room = self.shown_width()
        hidden = max(0, self.content_width() - room)
        self.sideways.setRange(0, hidden)
        self.sideways.setPageStep(max(1, room))
        self.sideways.setVisible(hidden > 0)


class RowModel(QStringListModel):
    """A plain list of values as a Qt model; subclasses give the roles.

    Qt counts the rows itself, as of a list of empty strings: each layout asks for their number
    twice a row, and forty thousand calls into Python take longer than everything else about a log.
    A subclass changes its values first and then says so: `all_new`, `insertRows`, `removeRows`.
    """

    @property
    def count(self) -> int:
        return self.rowCount()

    def all_new(self, count: int) -> None:
        """So many rows, none of which was there before."""
        self.setStringList([""] * count)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Nothing is edited in place, as a list of strings would be."""
        return _ROW if index.isValid() else Qt.ItemFlag.NoItemFlags


class Spoken(Protocol):
    """A row that knows how it reads in one line, for a screen reader and a copy."""

    @property
    def spoken(self) -> str: ...


Row = TypeVar("Row", bound=Spoken)


class SpokenRows(RowModel, Generic[Row]):
    """Rows painted by a delegate (`ROW_ROLE`) and read out and copied in their own words."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: tuple[Row, ...] = ()

    def show_rows(self, rows: tuple[Row, ...]) -> None:
        self.rows = rows
        self.all_new(len(rows))

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= self.count:
            return None
        row = self.rows[index.row()]
        if role == ROW_ROLE:
            return row
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, COPY_ROLE}:
            return clean_line(row.spoken)
        return None
