"""The files of a diff beside it: a box to tick, path, lines added and removed, flags.

Space or a click on the box takes a file or leaves it out; Enter or a click beside it shows it.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QItemSelection, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from clawdesk.ports.repository import Diff, DiffFile
from clawdesk.ui import fonts, icons, tokens
from clawdesk.ui.code_list import Index, RowModel
from clawdesk.ui.safe_text import clean_line
from clawdesk.ui.tick_box import BOX, paint_tick
from clawdesk.ui.tokens import colour
from clawdesk.ui.words import tr
from clawdesk.viewmodels.diffs import file_title, file_words
from clawdesk.viewmodels.review import Draft

ROW_ROLE = int(Qt.ItemDataRole.UserRole)
STATE_ROLE = ROW_ROLE + 1
LEFT = 12
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class _Files(RowModel):
    """`locked`: nothing can be ticked any more; without `boxes` nothing ever can."""

    ticked = Signal(str, bool)

    def __init__(self, *, boxes: bool) -> None:
        super().__init__()
        self.boxes = boxes
        self.files: tuple[DiffFile, ...] = ()
        self.draft = Draft()
        self.locked = False

    def show_files(self, files: tuple[DiffFile, ...]) -> None:
        self.files = files
        self.all_new(len(files))

    def show_draft(self, draft: Draft, *, locked: bool) -> None:
        if (draft, locked) != (self.draft, self.locked):
            self.draft, self.locked = draft, locked
            if self.count:
                self.dataChanged.emit(self.index(0), self.index(self.count - 1))

    def state_of(self, file: DiffFile) -> Qt.CheckState:
        if file.path in self.draft.left_out:
            return Qt.CheckState.Unchecked
        some = bool(self.draft.hunks_off(file.path))
        return Qt.CheckState.PartiallyChecked if some else Qt.CheckState.Checked

    def words_of(self, file: DiffFile) -> str:
        """What was done to it in this review."""
        if file.path in self.draft.left_out:
            return tr("left out")
        if self.draft.edit_of(file.path) is not None:
            return tr("edited by you")
        return tr("in part") if self.draft.hunks_off(file.path) else ""

    def flags(self, index: Index) -> Qt.ItemFlag:
        found = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled
        still = self.locked or not self.boxes
        return found if still else found | Qt.ItemFlag.ItemIsUserCheckable

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= self.count:
            return None
        file = self.files[index.row()]
        if role == ROW_ROLE:
            return file
        if role == STATE_ROLE or (self.boxes and role == Qt.ItemDataRole.CheckStateRole):
            return self.state_of(file)
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            counts = f"+{file.added} -{file.removed}"
            runs = tr("would run on your machine") if file.runs_on_host else ""
            words = [file_title(file), file_words(file), counts, runs, self.words_of(file)]
            return clean_line(" ".join(w for w in words if w))
        return None

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        still = self.locked or not self.boxes or not index.isValid()
        if role != Qt.ItemDataRole.CheckStateRole or still:
            return False
        file = self.files[index.row()]
        # Whoever toggles a partly ticked file (a screen reader does) wants all of it.
        taken = self.state_of(file) is not Qt.CheckState.Checked
        self.ticked.emit(file.path, taken)
        return True


class _FileDelegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(100, tokens.FILE_ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        assert isinstance(model, _Files)
        file: DiffFile = index.data(ROW_ROLE)
        state: Qt.CheckState = index.data(STATE_ROLE)
        box = QRectF(option.rect)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.fillRect(box, colour("sel" if chosen else "bg1"))
        x = box.left() + LEFT
        if model.boxes:
            top = box.center().y() - BOX / 2
            paint_tick(painter, x, top, state, enabled=not model.locked)
            x += BOX + 8
        out = state is Qt.CheckState.Unchecked
        right = self._counts(painter, box, file, model.words_of(file))
        if file.runs_on_host:
            icons.draw(painter, x, box.center().y() - 7, "warn", "need", size=14)
            x += 18
        painter.setFont(fonts.font("body"))
        painter.setPen(colour("fg2" if out or file.status == "deleted" else "fg0"))
        # The end of a path tells more than its beginning.
        shown = fonts.metrics("body").elidedText(
            clean_line(file_title(file), 400), Qt.TextElideMode.ElideLeft, right - x - 4
        )
        painter.drawText(QRectF(x, box.top(), right - x, box.height()), _LEFT, shown)

    @staticmethod
    def _counts(painter: QPainter, box: QRectF, file: DiffFile, words: str) -> float:
        """What stands at the right end; returns where it begins."""
        painter.setFont(fonts.font("small"))
        right = box.right() - 12
        for text, role in (
            (f"−{file.removed}" if file.removed else "", "bad"),  # noqa: RUF001
            (f"+{file.added}" if file.added else "", "ok"),
            # No count of lines tells these; a new name stands in the title.
            (file_words(file) if file.status in {"deleted", "mode"} else "", "fg2"),
            (words, "acc" if words == tr("edited by you") else "fg2"),
        ):
            if text:
                wide = fonts.width("small", text)
                painter.setPen(colour(role))
                painter.drawText(
                    QRectF(right - wide, box.top(), wide + 1, box.height()), _LEFT, text
                )
                right -= wide + 8
        return right

    def editorEvent(
        self, event: QEvent, model: object, option: QStyleOptionViewItem, index: Index
    ) -> bool:
        """A click on the box ticks; one beside it is left to the list."""
        assert isinstance(model, _Files)
        if event.type() is QEvent.Type.MouseButtonRelease and isinstance(event, QMouseEvent):
            rect = QRect(option.rect)
            rect.setWidth(LEFT + BOX + 6)
            if rect.contains(event.position().toPoint()):
                return model.setData(index, None, Qt.ItemDataRole.CheckStateRole)
        return False


class FileList(QListView):
    """`chosen` tells the place of the file a person wants to see, `ticked` a path and its box."""

    chosen = Signal(int)
    ticked = Signal(str, bool)

    def __init__(self, name: str, *, boxes: bool = True) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(tr("Changed files. Space ticks.") if boxes else tr("Changed files"))
        self._files = _Files(boxes=boxes)
        self.setModel(self._files)
        self.setItemDelegate(_FileDelegate(self))
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._marking = False
        self.clicked.connect(lambda index: self.chosen.emit(index.row()))
        self.activated.connect(lambda index: self.chosen.emit(index.row()))
        self._files.ticked.connect(self.ticked)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and self.currentIndex().isValid():
            self._files.setData(self.currentIndex(), None, Qt.ItemDataRole.CheckStateRole)
            return
        super().keyPressEvent(event)

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        if current.isValid() and not self._marking:
            self.chosen.emit(current.row())

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        """A screen reader selects without moving; what is selected is what one looks at."""
        super().selectionChanged(selected, deselected)
        indexes = selected.indexes()
        if not indexes or self._marking:
            return
        if indexes[0] != self.currentIndex():
            self.setCurrentIndex(indexes[0])
        else:
            self.chosen.emit(indexes[0].row())

    def show_diff(self, diff: Diff | None) -> None:
        files = diff.files if diff is not None else ()
        if files != self._files.files:
            place = self.currentIndex().row()
            self._files.show_files(files)
            self.mark(max(0, place))

    def show_draft(self, draft: Draft, *, locked: bool) -> None:
        """Show what is ticked."""
        self._files.show_draft(draft, locked=locked)

    def mark(self, place: int) -> None:
        """Show which file is on screen."""
        index = self._files.index(place)
        if index.isValid() and index != self.currentIndex():
            self._marking = True
            self.setCurrentIndex(index)
            self._marking = False
