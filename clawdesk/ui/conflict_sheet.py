"""Settles the conflicts of a merge, file by file, before anything is merged.

Each file is taken as the branch has it, as the task left it, or edited; a choice can be changed
until the merge. Nothing is a default, and closing decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListView,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from clawdesk.ports.repository import EDITED, OURS, THEIRS, ConflictFile, Conflicts, Settled
from clawdesk.ui import fonts, icons
from clawdesk.ui.button import Button
from clawdesk.ui.clock import Clock
from clawdesk.ui.code_list import Index, RowModel
from clawdesk.ui.conflict_view import ConflictView, column_width
from clawdesk.ui.edit_pane import EditPane
from clawdesk.ui.pane import Ground
from clawdesk.ui.safe_text import SafeLabel, clean_line
from clawdesk.ui.sheet import Sheet
from clawdesk.ui.tokens import colour
from clawdesk.ui.words import counted, tr
from clawdesk.viewmodels import conflicts as view
from clawdesk.viewmodels.editing import ANSWER_BYTES_MAX

FILES = 272
FILE = 44
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class _Files(RowModel):
    """The conflicting files and how far each is settled."""

    def __init__(self, files: tuple[ConflictFile, ...]) -> None:
        super().__init__()
        self.files = files
        self.all_new(len(files))
        self.decided: dict[str, Settled] = {}

    def decide(self, place: int, one: Settled) -> None:
        self.decided[one.path] = one
        self.dataChanged.emit(self.index(place), self.index(place))

    def words_of(self, place: int) -> str:
        return view.settled_words(self.decided.get(self.files[place].path))

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            path = clean_line(self.files[index.row()].path)
            return f"{path}, {self.words_of(index.row())}"
        return None


class _FileDelegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(100, FILE)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        assert isinstance(model, _Files)
        file, box = model.files[index.row()], QRectF(option.rect)
        done = file.path in model.decided
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.fillRect(box, colour("sel" if chosen else "bg1"))
        icon, role = ("okc", "ok") if done else ("need", "need")
        icons.draw(painter, box.left() + 12, box.top() + 7, icon, role, size=14)
        room = QRectF(box.left() + 34, box.top() + 4, box.width() - 42, 18)
        painter.setFont(fonts.font("body"))
        painter.setPen(colour("fg0"))
        path = clean_line(file.path, 400)
        shown = fonts.metrics("body").elidedText(path, Qt.TextElideMode.ElideLeft, room.width())
        painter.drawText(room, _LEFT, shown)
        painter.setFont(fonts.font("small"))
        painter.setPen(colour("fg2" if done else "need"))
        painter.drawText(room.translated(0, 18), _LEFT, model.words_of(index.row()))
        painter.restore()


class ConflictSheet(Sheet):
    """`settled` carries the Settlement; `again` asks for a run from the branch as it is now."""

    settled = Signal(object)
    again = Signal()

    def __init__(
        self,
        parent: QWidget,
        clock: Clock,
        conflicts: Conflicts,
        title: str,
        decided: Iterable[Settled] = (),
    ) -> None:
        super().__init__("conflict", parent, clock, icon="merge", role="need")
        self._conflicts = conflicts
        self._views = [view.file_view(file, conflicts.branch) for file in conflicts.files]
        self.typed = ("", "")  # a file and what was typed there when another sheet came
        self._place = 0
        self._sending = False
        self.show_title(
            counted(
                len(conflicts.files),
                "{branch} and {title} changed {count} file differently",
                "{branch} and {title} changed {count} files differently",
                branch=conflicts.branch,
                title=title,
            )
        )
        self.files = _Files(conflicts.files)
        self.files.decided.update((one.path, one) for one in decided)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(self._left())
        row.addWidget(self._right(), 1)
        self.body.addLayout(row, 1)
        self._build_foot()
        self.list.setCurrentIndex(self.files.index(0))
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    # -- parts ---------------------------------------------------------
    def _left(self) -> QWidget:
        left = Ground("bg1", "r")
        left.setFixedWidth(FILES)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 8, 1, 0)
        column.setSpacing(0)
        words = SafeLabel(
            tr(
                "Nothing is merged yet. Settle each file; you can change your mind until you merge."
            ),
            font="small",
            role="fg1",
            wrap=True,
        )
        words.setContentsMargins(12, 0, 12, 8)
        column.addWidget(words)
        self.list = QListView()
        self.list.setObjectName("conflict.files")
        self.list.setAccessibleName(tr("Files in conflict"))
        self.list.setModel(self.files)
        self.list.setItemDelegate(_FileDelegate(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.selectionModel().currentChanged.connect(lambda now, _: self._show(now.row()))
        column.addWidget(self.list, 1)
        return left

    def _right(self) -> QWidget:
        right = Ground("bg1")
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._head = self._file_head()
        column.addWidget(self._head)
        self._note = SafeLabel("", font="small", role="need", wrap=True)
        self._note.setContentsMargins(12, 8, 12, 8)
        self._note.setObjectName("conflict.note")
        column.addWidget(self._note)
        sides = QWidget()
        whole = QVBoxLayout(sides)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self._heads())
        self.sides = ConflictView("conflict.sides")
        whole.addWidget(self.sides, 1)
        self.edit = EditPane("conflict.editor")
        self.edit.saved.connect(self._edited)
        self.edit.left.connect(lambda: self._show(self._place))
        self.edit.refused.connect(self.show_notice)
        self.edit.typed.connect(lambda *_: self.show_notice(""))
        self.edit.why_not_save = self._why_not_save
        self._stack = QStackedWidget()
        for page in (sides, self.edit, Ground("bg1")):
            self._stack.addWidget(page)
        column.addWidget(self._stack, 1)
        return right

    def _file_head(self) -> QWidget:
        head = Ground("bg1", "b")
        head.setFixedHeight(44)
        row = QHBoxLayout(head)
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(8)
        self._path = SafeLabel("", font="button", elide=True)
        row.addWidget(self._path, 1)
        self.ours = Button("", "conflict.ours", size="sm")
        self.theirs = Button("", "conflict.theirs", size="sm")
        self.change = Button(tr("Edit…"), "conflict.edit", icon="edit", size="sm")
        self.ours.clicked.connect(partial(self._take, OURS))
        self.theirs.clicked.connect(partial(self._take, THEIRS))
        self.change.clicked.connect(self._edit)
        for button in (self.ours, self.theirs, self.change):
            row.addWidget(button)
        return head

    def _heads(self) -> QWidget:
        head = Ground("bg2", "b")
        head.setFixedHeight(26)
        self._titles = []
        for text in (tr("As both began"), self._conflicts.branch, tr("The task")):
            label = SafeLabel(text, font="group", role="fg1", elide=True)
            label.setParent(head)
            self._titles.append(label)
        return head

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = column_width(self.width() - FILES - 2)
        for place, label in enumerate(self._titles):
            label.setGeometry(place * wide + 12, 0, wide - 20, 25)

    def _build_foot(self) -> None:
        self._progress = SafeLabel("", font="small", role="fg2", elide=True)
        self._progress.setObjectName("conflict.progress")
        self.rerun = Button(
            tr("Run it again instead…"),
            "conflict.again",
            kind="ghost",
            icon="restore",
            spoken=tr(
                "Run the task again from {branch} as it is now", branch=self._conflicts.branch
            ),
        )
        self.later = Button(tr("Later"), "conflict.later", icon="snooze", key="Esc")
        self.go = Button(tr("Merge with these"), "conflict.go", kind="yes", icon="merge")
        self.rerun.clicked.connect(self.again)
        self.later.clicked.connect(self.reject)
        self.go.clicked.connect(self._send)
        self.foot.addWidget(self.rerun)
        self.foot.addWidget(self._progress, 1)
        self.foot.addWidget(self.later)
        self.foot.addWidget(self.go)

    # -- what is shown -------------------------------------------------
    def _show(self, place: int) -> None:
        if self.edit.editing and place != self._place:
            # What was typed is not lost by a click on another file.
            self.list.setCurrentIndex(self.files.index(self._place))
            self.show_notice(tr("Save or cancel your edit first."))
            return
        if self.edit.editing or place < 0:
            return
        self._place = place
        self._head.show()
        shown, file = self._views[place], self._conflicts.files[place]
        branch = self._conflicts.branch
        self._path.show_text(shown.path)
        self.ours.show_text(view.choice_words(file, OURS, branch))
        self.theirs.show_text(view.choice_words(file, THEIRS, branch))
        note = shown.note
        if not note and shown.conflicts:
            note = counted(
                shown.conflicts,
                "{count} place was changed by both; the rest is merged by itself when you edit.",
                "{count} places were changed by both; the rest is merged by itself when you edit.",
            )
        self._note.show_text(note)
        self._note.setVisible(bool(note))
        self.sides.show_rows(view.rows_of(shown.found))
        self._stack.setCurrentIndex(0 if shown.found else 2)
        self.mind_buttons()

    def mind_buttons(self) -> None:
        if not hasattr(self, "go"):
            return
        free = not self.guard.up and not self._sending and not self.edit.editing
        decided = self.files.decided
        self.ours.setEnabled(free)
        self.theirs.setEnabled(free)
        self.change.setEnabled(free and not self._views[self._place].edit.why_not)
        self.rerun.setEnabled(free)
        self.go.setEnabled(free and view.settlement(self._conflicts, decided) is not None)
        self._progress.show_text(view.progress_words(self._conflicts, decided))

    def show_sending(self, sending: bool) -> None:
        self._sending = sending
        self.mind_buttons()

    # -- what a person does ----------------------------------------------
    def _take(self, take: str) -> None:
        self._decide(Settled(self._views[self._place].path, take))

    def _decide(self, one: Settled) -> None:
        self.show_notice("")
        self.files.decide(self._place, one)
        following = [*range(self._place + 1, self.files.count), *range(self._place)]
        undone = [n for n in following if self.files.files[n].path not in self.files.decided]
        if undone:
            self.list.setCurrentIndex(self.files.index(undone[0]))
        self.mind_buttons()

    def resume(self, path: str, text: str) -> None:
        """Go on with what was typed and not saved."""
        places = {file.path: place for place, file in enumerate(self._conflicts.files)}
        if path in places:
            self.list.setCurrentIndex(self.files.index(places[path]))
            self._open_editor(text)

    def _edit(self) -> None:
        self._open_editor()

    def _open_editor(self, typed: str | None = None) -> None:
        shown = self._views[self._place]
        known = self.files.decided.get(shown.path)
        text = shown.edit.text
        if known is not None and known.take == EDITED:
            text = known.content.decode().replace("\r\n", "\n")
        same = tr("merged as far as it goes")
        made = shown.edit.text
        if not self.edit.begin(shown.path, shown.edit, made, text, same=same, typed=typed):
            self.show_notice(tr("An editor would change its line ends: take one side as a whole."))
            return
        self.show_notice("")
        self._stack.setCurrentIndex(1)
        self._head.hide()
        self._note.hide()
        self.mind_buttons()

    def _edited(self, path: str, text: str | None) -> None:
        edit = self._views[self._place].edit
        whole = edit.with_ends(edit.text) if text is None else text
        self._stack.setCurrentIndex(0)
        self._decide(Settled(path, EDITED, whole.encode()))
        self._show(self.list.currentIndex().row())

    def _why_not_save(self, text: str) -> str:
        left = view.marks_left(text)
        if left:
            return counted(
                left,
                "{count} conflict is still marked: write what shall stand there, without marks.",
                "{count} conflicts are still marked: write what shall stand there, without marks.",
            )
        here = self._views[self._place].path
        others = sum(len(d.content) for path, d in self.files.decided.items() if path != here)
        if others + len(text.encode()) > ANSWER_BYTES_MAX:
            size = ANSWER_BYTES_MAX // 1024
            return tr("The files you edited have more than {size} KiB together.", size=size)
        return ""

    def _send(self) -> None:
        answer = view.settlement(self._conflicts, self.files.decided)
        if answer is not None and self.go.isEnabled():
            self.settled.emit(answer)

    def reject(self) -> None:
        if self.edit.editing:
            self.edit.give_up()
            return
        super().reject()

    def give_way(self) -> None:
        """Another sheet comes: it closes, also while a file is edited; what was typed is kept."""
        self.typed = self.edit.unsaved
        self.edit.leave()
        super().reject()

    def sizeHint(self) -> QSize:
        return QSize(1220, 812)
