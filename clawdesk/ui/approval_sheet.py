"""Approve a checkpoint by looking at its diff.

You approve exactly what is shown: the answer carries the digest on screen. Approve waits until the
diff is loaded, and 700 ms after it appears or changes; Enter never approves; Esc is "later"; a
rejection needs a note. Answered elsewhere, the sheet stays readable and says by whom.
"""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from clawdesk.ports.repository import Diff
from clawdesk.ui import fonts
from clawdesk.ui.badge import Icon
from clawdesk.ui.button import Button
from clawdesk.ui.clock import Clock
from clawdesk.ui.diff_view import DiffView
from clawdesk.ui.file_list import FileList
from clawdesk.ui.pane import Ground
from clawdesk.ui.safe_text import SafeLabel
from clawdesk.ui.segments import Segments
from clawdesk.ui.sheet import Sheet
from clawdesk.viewmodels.inbox import CheckpointView
from clawdesk.viewmodels.words import plural


class ApprovalSheet(Sheet):
    """Shows a CheckpointView; tells what a person decided about it."""

    approved = Signal(str, int, str, str)  # task, ordinal, digest on screen, note
    rejected_with = Signal(str, int, str, str)
    restore_wanted = Signal(str, int)
    step_wanted = Signal(int)
    note_changed = Signal(str, str)  # request, text

    def __init__(self, parent: QWidget, clock: Clock) -> None:
        super().__init__("approval", parent, clock, icon="need", role="need")
        self.view: CheckpointView | None = None
        self._shown: tuple[str, Diff | None] = ("", None)
        self._sending = False
        self._build_head()
        self._build_middle()
        self._build_note()
        self._build_foot()

    def _build_head(self) -> None:
        self._waiting = SafeLabel("", font="small", role="fg2")
        self._back = Button(
            "", "approval.previous", kind="ghost", icon="cl", size="sm", spoken="Previous request"
        )
        self._on = Button(
            "", "approval.next", kind="ghost", icon="cr", size="sm", spoken="Next request"
        )
        self._place = SafeLabel("", font="small", role="fg1")
        self._back.clicked.connect(lambda: self.step_wanted.emit(-1))
        self._on.clicked.connect(lambda: self.step_wanted.emit(1))
        for place, widget in enumerate((self._waiting, self._back, self._place, self._on)):
            self.head.insertWidget(2 + place, widget)
        words = QVBoxLayout()
        words.setContentsMargins(44, 0, 16, 14)
        words.setSpacing(3)
        self._message = SafeLabel("", wrap=True, selectable=True)
        self._message.setObjectName("approval.message")
        self._why = SafeLabel("", font="small", role="fg2", wrap=True)
        words.addWidget(self._message)
        words.addWidget(self._why)
        self.body.addLayout(words)

    def _build_middle(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(self._build_files())
        right = QVBoxLayout()
        right.setSpacing(0)
        bar = Ground("bg1", "tb")
        bar.setFixedHeight(37)
        line = QHBoxLayout(bar)
        line.setContentsMargins(12, 0, 12, 0)
        line.setSpacing(8)
        self._compared = SafeLabel("", font="small", role="fg2", elide=True)
        self.mode = Segments("approval.mode", [("unified", "Unified"), ("split", "Split")])
        line.addWidget(self._compared, 1)
        line.addWidget(self.mode)
        self.diff = DiffView("approval.diff")
        self.mode.chosen.connect(lambda mode: self.diff.show_split(mode == "split"))
        self.files.chosen.connect(self.diff.show_file)
        self.diff.at_file.connect(self.files.mark)
        right.addWidget(bar)
        right.addWidget(self.diff, 1)
        row.addLayout(right, 1)
        self.body.addLayout(row, 1)

    def _build_files(self) -> QWidget:
        side = Ground("bg1", "tr")
        side.setFixedWidth(272)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 1, 1, 0)
        column.setSpacing(0)
        self._count = SafeLabel("", font="label")
        self._added = SafeLabel("", font="chip", role="ok")
        self._removed = SafeLabel("", font="chip", role="bad")
        head = QHBoxLayout()
        head.setContentsMargins(12, 0, 12, 0)
        head.addWidget(self._count, 1)
        head.addWidget(self._added)
        head.addWidget(self._removed)
        box = QWidget()
        box.setFixedHeight(36)
        box.setLayout(head)
        column.addWidget(box)
        self.files = FileList("approval.files")
        column.addWidget(self.files, 1)
        self._machine = self._section(column, "Machine")
        self._own = self._section(column, "Your own edits")
        return side

    @staticmethod
    def _section(column: QVBoxLayout, title: str) -> SafeLabel:
        box = Ground("bg1", "t")
        inner = QVBoxLayout(box)
        inner.setContentsMargins(12, 10, 12, 12)
        inner.setSpacing(3)
        inner.addWidget(SafeLabel(title, font="label"))
        value = SafeLabel("", font="small", role="fg1", wrap=True)
        inner.addWidget(value)
        column.addWidget(box)
        return value

    def _build_note(self) -> None:
        bar = Ground("bg1", "t")
        bar.setFixedHeight(48)
        row = QHBoxLayout(bar)
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(12)
        self.note = QLineEdit()
        self.note.setObjectName("approval.note")
        self.note.setAccessibleName("Note to the agent")
        self.note.setPlaceholderText("Optional to approve, needed to reject: what should change?")
        self.note.setMaxLength(8_000)
        self.note.setFont(fonts.font("body"))
        self.note.textChanged.connect(self._note_edited)
        label = SafeLabel("Note to the agent", role="fg1")
        label.setBuddy(self.note)
        row.addWidget(label)
        row.addWidget(self.note, 1)
        row.addWidget(SafeLabel("sent with your answer", font="small", role="fg2"))
        self.body.addWidget(bar)

    def _build_foot(self) -> None:
        self.back = Button("Roll back…", "approval.restore", icon="restore")
        self.back.clicked.connect(self._restore)
        self._says = SafeLabel("", font="small", role="fg2", elide=True)
        self._says.setObjectName("approval.digest")
        self._says.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.later = Button("Later", "approval.later", icon="snooze", key="Esc")
        self.no = Button("Reject", "approval.reject", kind="no", icon="x", key="Alt R")
        self.yes = Button("Approve", "approval.approve", kind="yes", icon="check", key="Ctrl Enter")
        self.later.clicked.connect(self.reject)
        self.no.clicked.connect(self._reject)
        self.yes.clicked.connect(self._approve)
        self.foot.addWidget(self.back)
        self.foot.addWidget(self._says, 1)
        for button in (self.later, self.no, self.yes):
            self.foot.addWidget(button)
        self._shortcuts = [
            QShortcut(QKeySequence(keys), self, act)
            for keys, act in (
                ("Ctrl+Return", self._approve),
                ("Ctrl+Enter", self._approve),
                ("Alt+R", self._reject),
            )
        ]
        self._mark: Icon = self.icon

    def render_view(self, view: CheckpointView, place: tuple[int, int] = (1, 1)) -> None:
        """Make the sheet look like `view`. Idempotent; a new digest or diff raises the guard."""
        new_request = self.view is None or self.view.request != view.request
        new_diff = view.diff is not self._shown[1]
        self.view = view
        self.show_title(view.title)
        self._waiting.show_text(view.waiting if not view.closed else "")
        self._place.show_text(f"{place[0]} of {place[1]}")
        for widget in (self._back, self._place, self._on):
            widget.setVisible(place[1] > 1)
        self._message.show_text(f"“{view.message}”" if view.message else "No message was given.")
        self._why.show_text(f"Why you are asked: {view.why}")
        self._count.show_text(plural(view.stat.files, "file"))
        self._added.show_text(f"+{view.stat.added}")
        self._removed.show_text(f"−{view.stat.removed}")  # noqa: RUF001
        self._added.setVisible(view.stat.added > 0)
        self._removed.setVisible(view.stat.removed > 0)
        self._compared.show_text(
            "compared with the checkpoint before it" if view.diff else "loading the diff…"
        )
        self._machine.show_text(view.machine or "no checkpoint of the machine")
        self._own.show_text(
            "kept, not part of this: " + ", ".join(view.own_edits[:6]) if view.own_edits else "none"
        )
        self.files.show_diff(view.diff)
        self.diff.show_diff(view.diff)
        if view.diff and new_diff:
            self.files.mark(0)
            self.diff.list.setFocus(Qt.FocusReason.OtherFocusReason)
        self.back.setVisible(view.older is not None and not view.closed)
        if view.older is not None:
            self.back.show_text(f"Roll back to {view.older}…")
        if view.closed:
            self.show_notice(view.closed, "ok" if view.closed.startswith("Approved") else "fg1")
        elif new_request:
            self.show_notice("")
        if (view.digest, view.diff) != self._shown:
            self._shown = (view.digest, view.diff)
            self.guard.raise_now()
        self.mind_buttons()

    def mind_buttons(self) -> None:
        view = self.view
        if view is None:
            return
        ready = view.can_approve and not self.guard.up and not self._sending
        note = self.note.text().strip()
        self.yes.setEnabled(ready)
        self.no.setEnabled(ready and bool(note))
        open_ = not view.closed
        self.note.setReadOnly(not open_)
        for button in (self.yes, self.no):
            button.setVisible(open_)
        self.later.show_text("Later" if open_ else "Close")
        self.later.set_icon_name("snooze" if open_ else "")
        if not open_:
            says = "Nothing more can be decided here."
        elif view.diff is None:
            says = "The diff is being loaded."
        elif self._sending:
            says = "Sending your answer…"
        elif not note:
            says = f"You answer exactly what is shown, {view.digest_short}. Reject needs a note."
        else:
            says = f"You answer exactly what is shown, {view.digest_short}. Enter does nothing."
        self._says.show_text(says)

    def show_sending(self, sending: bool) -> None:
        self._sending = sending
        self.mind_buttons()

    def _note_edited(self, text: str) -> None:
        if self.view is not None:
            self.note_changed.emit(self.view.request, text)
        self.mind_buttons()

    def _approve(self) -> None:
        if self.view is not None and self.yes.isEnabled() and self.yes.isVisible():
            view = self.view
            self.approved.emit(view.task, view.ordinal, view.digest, self.note.text().strip())

    def _reject(self) -> None:
        view = self.view
        if view is None or self.guard.up or not view.can_approve or self._sending:
            return
        if not self.note.text().strip():
            self.note.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self.show_notice("Say what should change: a rejection needs a note.")
            return
        self.rejected_with.emit(view.task, view.ordinal, view.digest, self.note.text().strip())

    def _restore(self) -> None:
        if self.view is not None and self.view.older is not None and not self.guard.up:
            self.restore_wanted.emit(self.view.task, self.view.older)

    def sizeHint(self) -> QSize:
        return QSize(1220, 812)
