"""The comments of a review: where each is, what it says; Enter changes, Delete removes one."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from clawdesk.ui import fonts
from clawdesk.ui.button import Button
from clawdesk.ui.code_list import Index, RowModel
from clawdesk.ui.safe_text import SafeLabel, clean_line
from clawdesk.ui.tokens import colour
from clawdesk.ui.words import tr
from clawdesk.viewmodels.review import LineComment
from clawdesk.viewmodels.words import first_line

ROW = 40
ROWS_SHOWN_MAX = 4
_ROW_ROLE = int(Qt.ItemDataRole.UserRole)
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class _Comments(RowModel):
    def __init__(self) -> None:
        super().__init__()
        self.comments: tuple[LineComment, ...] = ()

    def show_comments(self, comments: tuple[LineComment, ...]) -> None:
        self.comments = comments
        self.all_new(len(comments))

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= self.count:
            return None
        comment = self.comments[index.row()]
        if role == _ROW_ROLE:
            return comment
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return clean_line(f"{comment.path}:{comment.line} {comment.text}")
        return None


class _Delegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(100, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        comment: LineComment = index.data(_ROW_ROLE)
        box = QRectF(option.rect)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.fillRect(box, colour("sel" if chosen else "bg1"))
        wide = box.width() - 24
        where = clean_line(f"{comment.path}:{comment.line}", 400)
        for text, font, role, top, mode in (
            (first_line(comment.text), "small", "fg0", 3, Qt.TextElideMode.ElideRight),
            (where, "caption", "fg2", 20, Qt.TextElideMode.ElideLeft),
        ):
            painter.setFont(fonts.font(font))
            painter.setPen(colour(role))
            shown = fonts.metrics(font).elidedText(clean_line(text, 400), mode, wide)
            painter.drawText(QRectF(box.left() + 12, box.top() + top, wide, 16), _LEFT, shown)


class _List(QListView):
    wanted = Signal()
    removed = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.wanted.emit()
        elif event.key() == Qt.Key.Key_Delete:
            self.removed.emit()
        else:
            super().keyPressEvent(event)


class CommentList(QWidget):
    """`chosen` tells a comment to look at, `change_wanted` to change, `remove_wanted` to remove."""

    chosen = Signal(object)
    change_wanted = Signal(object)
    remove_wanted = Signal(object)

    def __init__(self, name: str) -> None:
        super().__init__()
        self._comments = _Comments()
        self._locked = False
        self.list = _List()
        self.list.setObjectName(name)
        self.list.setAccessibleName(tr("Your comments. Enter changes, Delete removes."))
        self.list.setModel(self._comments)
        self.list.setItemDelegate(_Delegate(self))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._none = SafeLabel("", font="small", role="fg2", wrap=True)
        self._none.setContentsMargins(12, 0, 12, 0)
        self.change = Button(tr("Change"), f"{name}.change", kind="ghost", size="sm")
        self.remove = Button(tr("Remove"), f"{name}.remove", kind="ghost", size="sm")
        self.change.clicked.connect(lambda: self._tell(self.change_wanted))
        self.remove.clicked.connect(lambda: self._tell(self.remove_wanted))
        self.list.wanted.connect(lambda: self._tell(self.change_wanted))
        self.list.removed.connect(lambda: self._tell(self.remove_wanted))
        self.list.doubleClicked.connect(lambda _: self._tell(self.change_wanted))
        self.list.clicked.connect(lambda _: self._tell(self.chosen))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self._none)
        column.addWidget(self.list)
        row = QHBoxLayout()
        row.setContentsMargins(6, 0, 6, 0)
        row.addWidget(self.change)
        row.addWidget(self.remove)
        row.addStretch(1)
        column.addLayout(row)

    def _tell(self, signal: object) -> None:
        row = self.list.currentIndex().row()
        if 0 <= row < self._comments.count and (signal is self.chosen or not self._locked):
            signal.emit(self._comments.comments[row])  # type: ignore[attr-defined]

    def show_comments(self, comments: tuple[LineComment, ...], *, locked: bool) -> None:
        """Show them; with none, how to make one."""
        self._locked = locked
        if comments != self._comments.comments:
            place = self.list.currentIndex().row()
            self._comments.show_comments(comments)
            shown = min(len(comments), ROWS_SHOWN_MAX)
            self.list.setFixedHeight(ROW * shown + 2 if shown else 0)
            if comments:
                last = min(max(place, 0), len(comments) - 1)
                self.list.setCurrentIndex(self._comments.index(last))
        self.list.setVisible(bool(comments))
        self.change.setVisible(bool(comments) and not locked)
        self.remove.setVisible(bool(comments) and not locked)
        self._none.setVisible(not comments)
        self._none.show_text(tr("none") if locked else tr("none. Press C on a line to write one."))
