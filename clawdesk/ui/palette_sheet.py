"""Search or run a command: acts, tasks, checkpoints and files, filtered while typing.

An act that is not possible stays listed with its reason. Enter runs acts here, never decisions:
whatever decides something opens its own sheet first.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from clawdesk.ui import fonts, icons
from clawdesk.ui.badge import Icon
from clawdesk.ui.code_list import Index, RowModel
from clawdesk.ui.pane import Ground
from clawdesk.ui.safe_text import SafeLabel, clean_line
from clawdesk.ui.tokens import colour
from clawdesk.ui.words import counted, tr
from clawdesk.viewmodels.palette import Entry, found, parse, pieces, with_headings

ROW_ROLE = int(Qt.ItemDataRole.UserRole)
WIDE, HIGH_MAX = 640, 520
_ROW, _HEADING, _FOOT, _FIELD = 36, 28, 36, 50
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class _Entries(RowModel):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Entry | str] = []
        self.words: tuple[str, ...] = ()

    def show_rows(self, rows: Sequence[Entry | str], words: tuple[str, ...]) -> None:
        self.rows, self.words = list(rows), words
        self.all_new(len(rows))

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= self.count:
            return None
        row = self.rows[index.row()]
        if role == ROW_ROLE:
            return row
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            if isinstance(row, str):
                return row
            why = tr("not available: {why}", why=row.why_not) if row.why_not else row.detail
            return clean_line(f"{row.text} {why} {row.keys}".strip(), 400)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        heading = isinstance(self.rows[index.row()], str)
        return Qt.ItemFlag.NoItemFlags if heading else super().flags(index)


class _EntryDelegate(QStyledItemDelegate):
    def __init__(self, parent: QListView, entries: _Entries) -> None:
        super().__init__(parent)
        self._entries = entries

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(100, _HEADING if isinstance(index.data(ROW_ROLE), str) else _ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: Entry | str = index.data(ROW_ROLE)
        box = QRectF(option.rect).adjusted(6, 0, -6, 0)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if isinstance(row, str):
            painter.setFont(fonts.font("group"))
            painter.setPen(colour("fg2"))
            painter.drawText(box.adjusted(12, 6, 0, 0), _LEFT, row)
        else:
            if option.state & QStyle.StateFlag.State_Selected:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(colour("sel"))
                painter.drawRoundedRect(box, 6, 6)
            self._entry(painter, box, row)
        painter.restore()

    def _entry(self, painter: QPainter, box: QRectF, entry: Entry) -> None:
        off = bool(entry.why_not)
        icons.draw(painter, box.left() + 12, box.top() + 10, entry.icon, "fg2" if off else "fg1")
        right = box.right() - 12
        if entry.keys:
            right -= _paint_key(painter, right, box.center().y(), entry.keys) + 10
        x = box.left() + 38
        painter.setFont(fonts.font("body"))
        text = fonts.metrics("body").elidedText(
            clean_line(entry.text, 200), Qt.TextElideMode.ElideRight, right - x
        )
        for piece, hit in pieces(text, self._entries.words):
            painter.setFont(fonts.font("label" if hit else "body"))
            painter.setPen(colour("acc" if hit else "fg2" if off else "fg0"))
            painter.drawText(QRectF(x, box.top(), right - x + 2, box.height()), _LEFT, piece)
            x += fonts.width("label" if hit else "body", piece)
        x += 10
        why = tr("not available: {why}", why=entry.why_not) if off else entry.detail
        detail = fonts.metrics("small").elidedText(
            clean_line(why, 200), Qt.TextElideMode.ElideRight, max(0.0, right - x)
        )
        painter.setFont(fonts.font("small"))
        painter.setPen(colour("fg2"))
        painter.drawText(QRectF(x, box.top(), right - x, box.height()), _LEFT, detail)


def _paint_key(painter: QPainter, right: float, middle: float, keys: str) -> float:
    """A shortcut in its frame, ending at `right`; returns its width."""
    wide = fonts.width("caption", keys) + 9
    frame = QRectF(right - wide + 0.5, middle - 7.5, wide - 1, 15)
    painter.setPen(QPen(colour("line2"), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(frame, 4, 4)
    painter.setPen(colour("fg2"))
    painter.setFont(fonts.font("caption"))
    painter.drawText(frame, Qt.AlignmentFlag.AlignCenter, keys)
    return wide


class Key(QWidget):
    """A key in its frame, as a hint."""

    def __init__(self, keys: str) -> None:
        super().__init__()
        self._keys = keys
        self.setFixedSize(round(fonts.width("caption", keys) + 9), 16)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        _paint_key(painter, self.width(), self.height() / 2, self._keys)


class PaletteSheet(QDialog):
    """Opens over the window's top; closes itself when something was chosen."""

    def __init__(self, parent: QWidget, entries: Sequence[Entry], text: str = "") -> None:
        super().__init__(parent, Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self.setObjectName("palette")
        self.setAccessibleName(tr("Search or run a command"))
        self.setWindowTitle(tr("Search or run a command"))
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._all = list(entries)
        self._high_max = HIGH_MAX
        self.field = QLineEdit()
        self.field.setObjectName("palette.field")
        self.field.setProperty("bare", True)
        self.field.setAccessibleName(tr("Command, task, checkpoint or file"))
        self.field.setPlaceholderText(tr("Search or run a command"))
        self.field.setFont(fonts.font("heading_light"))
        self.count = SafeLabel("", font="small", role="fg2")
        self.count.setObjectName("palette.count")
        self._entries = _Entries()
        self.list = QListView()
        self.list.setObjectName("palette.list")
        self.list.setAccessibleName(tr("Results"))
        self.list.setModel(self._entries)
        self.list.setItemDelegate(_EntryDelegate(self.list, self._entries))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.nothing = SafeLabel(tr("Nothing is called so. ? shows what can be searched."))
        self.nothing.set_role("fg2")
        self.nothing.setContentsMargins(18, 10, 18, 10)
        self._build()
        self.field.textChanged.connect(self._filter)
        self.field.installEventFilter(self)
        self.list.clicked.connect(lambda _: self._run())
        self.field.setText(text)
        self._filter(text)

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        head = Ground("bg1", "b")
        head.setFixedHeight(_FIELD)
        row = QHBoxLayout(head)
        row.setContentsMargins(18, 0, 18, 0)
        row.setSpacing(10)
        row.addWidget(Icon("search", "fg2"))
        row.addWidget(self.field, 1)
        row.addWidget(self.count)
        column.addWidget(head)
        column.addWidget(self.list, 1)
        column.addWidget(self.nothing)
        column.addWidget(self._foot())

    @staticmethod
    def _foot() -> QWidget:
        foot = Ground("bg0", "t")
        foot.setFixedHeight(_FOOT)
        row = QHBoxLayout(foot)
        row.setContentsMargins(18, 0, 18, 0)
        row.setSpacing(6)
        for keys, what in (("↑", ""), ("↓", tr("move")), ("Enter", tr("run"))):
            row.addWidget(Key(keys))
            if what:
                row.addWidget(SafeLabel(what, font="small", role="fg1"))
                row.addSpacing(8)
        row.addStretch(1)
        for sign, what in (
            (">", tr("commands")),
            ("@", tr("tasks")),
            ("#", tr("checkpoints")),
            ("/", tr("files")),
            ("?", tr("help")),
        ):
            row.addWidget(SafeLabel(sign, font="chip"))
            row.addWidget(SafeLabel(what, font="small", role="fg1"))
            row.addSpacing(4)
        return foot

    def add(self, entries: Sequence[Entry]) -> None:
        """More to search, which took a moment to be read."""
        self._all += entries
        self._filter(self.field.text())

    def _filter(self, text: str) -> None:
        fits = found(self._all, text)
        self._entries.show_rows(with_headings(fits), parse(text)[1])
        self.count.show_text(counted(len(fits), "{count} result", "{count} results"))
        self.nothing.setVisible(not fits)
        self.list.setVisible(bool(fits))
        if fits:
            self.list.setCurrentIndex(self._entries.index(1))
        self._mind_height()

    def _mind_height(self) -> None:
        """As high as its rows, at most what the window has room for."""
        rows = self._entries.rows
        high = sum(_HEADING if isinstance(row, str) else _ROW for row in rows) or 42
        self.resize(self.width(), min(self._high_max, _FIELD + high + _FOOT + 10))

    def _step(self, step: int) -> None:
        """The next row that can be chosen, round the ends."""
        place, count = self.list.currentIndex().row(), self._entries.count
        for _ in range(count):
            place = (place + step) % count
            if not isinstance(self._entries.rows[place], str):
                self.list.setCurrentIndex(self._entries.index(place))
                return

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            key = event.key()
            if key in {Qt.Key.Key_Down, Qt.Key.Key_Up}:
                self._step(1 if key == Qt.Key.Key_Down else -1)
                return True
            if key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
                self._run()
                return True
        return False

    def _run(self) -> None:
        entry = self.list.currentIndex().data(ROW_ROLE)
        if not isinstance(entry, Entry) or entry.why_not:
            return
        if entry.goes_to:
            self.field.setText(entry.goes_to)
            return
        self.accept()
        entry.run()

    def appear(self) -> None:
        parent = self.parentWidget()
        assert parent is not None
        frame = parent.window().geometry()
        wide = min(WIDE, frame.width() - 44)
        self._high_max = min(HIGH_MAX, frame.height() - 120)
        self.resize(wide, self._high_max)
        self._mind_height()
        self.move(frame.x() + (frame.width() - wide) // 2, frame.y() + 76)
        self.open()
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), colour("bg1"))
        painter.setPen(QPen(colour("pop-ln"), 1))
        painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
