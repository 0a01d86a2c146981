"""The files of a diff beside it: path, lines added and removed, and a flag for what runs here."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from clawdesk.ports.repository import Diff, DiffFile
from clawdesk.ui import fonts, icons, tokens
from clawdesk.ui.code_list import Index, RowModel
from clawdesk.ui.safe_text import clean_line
from clawdesk.ui.tokens import colour
from clawdesk.viewmodels.diffs import file_title, file_words

ROW_ROLE = int(Qt.ItemDataRole.UserRole)
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class _Files(RowModel):
    def __init__(self) -> None:
        super().__init__()
        self.files: tuple[DiffFile, ...] = ()

    def show_files(self, files: tuple[DiffFile, ...]) -> None:
        self.beginResetModel()
        self.files, self.count = files, len(files)
        self.endResetModel()

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= self.count:
            return None
        file = self.files[index.row()]
        if role == ROW_ROLE:
            return file
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            words = [file_title(file), file_words(file), f"+{file.added} -{file.removed}"]
            return clean_line(" ".join(w for w in words if w))
        if role == Qt.ItemDataRole.ToolTipRole:
            return None
        return None


class _FileDelegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(100, tokens.FILE_ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        file: DiffFile = index.data(ROW_ROLE)
        box = QRectF(option.rect)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.fillRect(box, colour("sel" if chosen else "bg1"))
        painter.setFont(fonts.font("small"))
        right = box.right() - 12
        for text, role in (
            (f"−{file.removed}" if file.removed else "", "bad"),  # noqa: RUF001
            (f"+{file.added}" if file.added else "", "ok"),
        ):
            if text:
                wide = fonts.width("small", text)
                painter.setPen(colour(role))
                painter.drawText(
                    QRectF(right - wide, box.top(), wide + 1, box.height()), _LEFT, text
                )
                right -= wide + 8
        x = box.left() + 12
        if file.runs_on_host:
            icons.draw(painter, x, box.center().y() - 7, "warn", "need", size=14)
            x += 20
        painter.setFont(fonts.font("body"))
        painter.setPen(colour("fg0" if file.status != "deleted" else "fg2"))
        # The end of a path tells more than its beginning.
        shown = fonts.metrics("body").elidedText(
            clean_line(file_title(file), 400), Qt.TextElideMode.ElideLeft, right - x - 4
        )
        painter.drawText(QRectF(x, box.top(), right - x, box.height()), _LEFT, shown)


class FileList(QListView):
    """`chosen` tells the place of the file a person wants to see."""

    chosen = Signal(int)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName("Changed files")
        self._files = _Files()
        self.setModel(self._files)
        self.setItemDelegate(_FileDelegate(self))
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.clicked.connect(lambda index: self.chosen.emit(index.row()))
        self.activated.connect(lambda index: self.chosen.emit(index.row()))

    def show_diff(self, diff: Diff | None) -> None:
        files = diff.files if diff is not None else ()
        if files != self._files.files:
            self._files.show_files(files)

    def mark(self, place: int) -> None:
        """Show which file is on screen."""
        index = self._files.index(place)
        if index.isValid() and index != self.currentIndex():
            self.setCurrentIndex(index)
