"""Approve a checkpoint by looking at its diff: all of it, a part, or a version of one's own.

You approve exactly what is shown: the answer carries the digest on screen. Approve waits until the
diff is loaded, and 700 ms after it appears or changes; Enter never approves; Esc is "later"; a
rejection needs words. Answered elsewhere, the sheet stays readable and says by whom.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from clawdesk.ports.repository import Diff
from clawdesk.ui import fonts
from clawdesk.ui.badge import Icon
from clawdesk.ui.button import Button
from clawdesk.ui.clock import Clock
from clawdesk.ui.diff_pane import DiffPane
from clawdesk.ui.pane import Ground
from clawdesk.ui.review_side import ReviewSide
from clawdesk.ui.safe_text import SafeLabel
from clawdesk.ui.sheet import Sheet
from clawdesk.ui.short_area import ShortArea
from clawdesk.ui.words import tr
from clawdesk.viewmodels.editing import Editable
from clawdesk.viewmodels.inbox import CheckpointView
from clawdesk.viewmodels.review import (
    NOTE_CHARS_MAX,
    Answer,
    Draft,
    LineComment,
    approve_words,
    consequences,
    message,
    only_paths,
    too_long,
    why_not_approve,
)

SAID_MAX, WHY_MAX = 104, 50  # px: six lines of the agent's words, three of the reason


class ApprovalSheet(Sheet):
    """Shows a CheckpointView; tells what a person decided about it."""

    approved = Signal(object)  # Answer
    rejected_with = Signal(object)  # Answer
    restore_wanted = Signal(str, int)
    step_wanted = Signal(int)
    newer_wanted = Signal()
    draft_changed = Signal(str, object)  # request, Draft
    edit_wanted = Signal(str)  # path
    edit_saved = Signal(str, object)  # path, text or None = as it was made
    compare_wanted = Signal(str)  # asked | branch

    def __init__(self, parent: QWidget, clock: Clock) -> None:
        super().__init__("approval", parent, clock, icon="need", role="need")
        self.view: CheckpointView | None = None
        self.draft = Draft()
        self._shown: tuple[str, Diff | None] = ("", None)
        self._sending = ""
        self._build_head()
        self._build_middle()
        self._build_note()
        self._build_foot()

    def _build_head(self) -> None:
        self._waiting = SafeLabel("", font="small", role="fg2")
        self._back = Button(
            "",
            "approval.previous",
            kind="ghost",
            icon="cl",
            size="sm",
            spoken=tr("Previous request"),
        )
        self._on = Button(
            "", "approval.next", kind="ghost", icon="cr", size="sm", spoken=tr("Next request")
        )
        self._place = SafeLabel("", font="small", role="fg1")
        self._back.clicked.connect(lambda: self.step_wanted.emit(-1))
        self._on.clicked.connect(lambda: self.step_wanted.emit(1))
        for place, widget in enumerate((self._waiting, self._back, self._place, self._on)):
            self.head.insertWidget(2 + place, widget)
        self._message = SafeLabel("", wrap=True, selectable=True)
        self._message.setObjectName("approval.message")
        self._why = SafeLabel("", font="small", role="fg2", wrap=True)
        self._why.setObjectName("approval.why")
        # An agent writes as much as it likes; the diff and the buttons stay on the screen.
        self.said = _bounded("said", tr("What the agent says"), self._message, SAID_MAX)
        self.asked = _bounded("asked", tr("Why you are asked"), self._why, WHY_MAX)
        self.body.addWidget(self.said)
        self.body.addSpacing(3)
        self.body.addWidget(self.asked)
        self.body.addSpacing(14)

    def _build_middle(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(0)
        self.side = ReviewSide("approval")
        self.pane = DiffPane("approval")
        self.diff, self.files = self.pane.diff, self.side.files
        row.addWidget(self.side)
        row.addWidget(self.pane, 1)
        self.body.addLayout(row, 1)
        self.side.ticked.connect(lambda path, on: self._change(self.draft.tick(path, on)))
        self.side.all_ticked.connect(self._tick_all)
        self.files.chosen.connect(self.diff.show_file)
        self.diff.at_file.connect(self.files.mark)
        self.diff.moved.connect(self._mark_file)
        pane = self.pane
        pane.file_wanted.connect(lambda path, on: self._change(self.draft.tick(path, on)))
        pane.hunk_wanted.connect(self._toggle_hunk)
        pane.refused.connect(self.show_notice)
        pane.edit_wanted.connect(self.edit_wanted)
        pane.compare_wanted.connect(self.compare_wanted)
        pane.comment.kept.connect(self._comment_kept)
        pane.comment.typed.connect(self._comment_typed)
        pane.edit.saved.connect(self._edit_saved)
        pane.edit.typed.connect(self._edit_typed)
        pane.edit.left.connect(self._edit_left)
        comments = self.side.comments
        comments.chosen.connect(lambda c: self.diff.show_line(c.path, c.line, c.side))
        comments.change_wanted.connect(pane.change_comment)
        comments.remove_wanted.connect(
            lambda c: self._change(self.draft.comment(replace(c, text="")))
        )

    def _build_note(self) -> None:
        self._will = Ground("need-bg", "t")
        line = QHBoxLayout(self._will)
        line.setContentsMargins(16, 7, 16, 7)
        line.setSpacing(8)
        self.will = SafeLabel("", font="small", role="need", wrap=True)
        self.will.setObjectName("approval.will")
        line.addWidget(Icon("warn", "need", 14), 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self.will, 1)
        self.body.addWidget(self._will)
        bar = Ground("bg1", "t")
        bar.setFixedHeight(48)
        row = QHBoxLayout(bar)
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(12)
        self.note = QLineEdit()
        self.note.setObjectName("approval.note")
        self.note.setAccessibleName(tr("Note to the agent"))
        self.note.setPlaceholderText(tr("The agent reads this. What should change?"))
        self.note.setMaxLength(NOTE_CHARS_MAX)
        self.note.setFont(fonts.font("body"))
        self.note.textChanged.connect(lambda text: self._change(replace(self.draft, note=text)))
        label = SafeLabel(tr("Note to the agent"), role="fg1")
        label.setBuddy(self.note)
        self._told = SafeLabel("", font="small", role="fg2")
        row.addWidget(label)
        row.addWidget(self.note, 1)
        row.addWidget(self._told)
        self.body.addWidget(bar)

    def _build_foot(self) -> None:
        self.back = Button(tr("Roll back…"), "approval.restore", icon="restore")
        self.back.clicked.connect(self._restore)
        self._says = SafeLabel("", font="small", role="fg2", wrap=True)
        self._says.setObjectName("approval.digest")
        self._says.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.newer = Button(tr("Show what waits now"), "approval.newer", kind="need", icon="cr")
        self.later = Button(tr("Later"), "approval.later", icon="snooze", key="Esc")
        self.no = Button(tr("Reject"), "approval.reject", kind="no", icon="x", key="Alt R")
        self.yes = Button(
            tr("Approve"), "approval.approve", kind="yes", icon="check", key="Ctrl Enter"
        )
        self.newer.clicked.connect(self.newer_wanted)
        self.later.clicked.connect(self.reject)
        self.no.clicked.connect(self._reject)
        self.yes.clicked.connect(self._approve)
        self.foot.addWidget(self.back)
        self.foot.addWidget(self._says, 1)
        for button in (self.newer, self.later, self.no, self.yes):
            self.foot.addWidget(button)
        pane = self.pane
        acts: tuple[tuple[str, Callable[[], None]], ...] = (
            ("Ctrl+Return", self._approve),
            ("Ctrl+Enter", self._approve),
            ("Alt+R", self._reject),
            ("C", pane.begin_comment),
            ("X", pane.toggle_hunk),
            ("T", pane.toggle_file),
            ("E", pane.want_edit),
            ("N", lambda: pane.step(1)),
            ("P", lambda: pane.step(-1)),
            ("Alt+Down", lambda: pane.step(1)),
            ("Alt+Up", lambda: pane.step(-1)),
        )
        self._shortcuts = [QShortcut(QKeySequence(keys), self, act) for keys, act in acts]
        for shortcut in self._shortcuts:
            shortcut.setAutoRepeat(False)  # a key that is still held answers nothing more

    # -- what is shown -----------------------------------------------
    def load_draft(self, draft: Draft) -> None:
        """Begin with what was kept; call it before the first view is shown."""
        self.draft = draft
        self.note.setText(draft.note)
        self._show_draft()

    def resume_typing(self) -> None:
        """Open again what was being written when the sheet was left."""
        if self.draft.typing is not None and not self.pane.comment.writing:
            self.pane.comment.begin(self.draft.typing, focus=False)
            self.mind_buttons()

    def render_view(self, view: CheckpointView, place: tuple[int, int] = (1, 1)) -> None:
        """Make the sheet look like `view`. Idempotent; a new digest or diff raises the guard."""
        new_request = self.view is None or self.view.request != view.request
        new_diff = view.diff is not self._shown[1]
        self.view = view
        self.show_title(view.title)
        self._waiting.show_text(view.waiting if not view.closed else "")
        self._place.show_text(tr("{number} of {total}", number=place[0], total=place[1]))
        for widget in (self._back, self._place, self._on):
            widget.setVisible(place[1] > 1)
        self._message.show_text(
            tr("“{message}”", message=view.message) if view.message else view.step
        )
        why = tr("Why you are asked: {why}", why=view.why)
        self._why.show_text(f"{why} {view.rejected}".rstrip())
        first = self._shown[1] is None
        self._show_draft()
        if view.diff and new_diff and first:
            self.files.mark(0)
            self.pane.first_row()
        self.back.setVisible(view.older is not None and not view.closed)
        if view.older is not None:
            self.back.show_text(tr("Roll back to {older}…", older=view.older))
        if view.closed:
            self.pane.comment.end()
            self.pane.edit.leave()
            self.show_notice(view.closed, "ok" if view.approved else "need")
        elif new_request:
            self.show_notice("")
        if (view.digest, view.diff) != self._shown:
            self._shown = (view.digest, view.diff)
            self.guard.raise_now()
        self.mind_buttons()

    def show_compared(self, chosen: str, other: Diff | None, branch: str) -> None:
        """Show the diff against the user's branch instead; None = it is being read."""
        view = self.view
        if view is None:
            return
        if chosen == "branch":
            says = tr(
                "{branch} as you committed it → this checkpoint, to read only",
                branch=branch or "HEAD",
            )
        else:
            says = tr("what you are asked about: all since {before}", before=_lower(view.before))
            says = says if view.diff else tr("loading the diff…")
        self.pane.show_compared(chosen, view.before, branch, says)
        shown = other if chosen == "branch" else view.diff
        self.pane.show_diff(shown, self.draft, locked=bool(view.closed))

    def _show_draft(self) -> None:
        view = self.view
        if view is None:
            return
        self.side.show_view(view, self.draft)
        if self.pane.diff.review:
            self.pane.show_diff(view.diff, self.draft, locked=bool(view.closed))
        will = consequences(view.diff, self.draft) if not view.closed else ()
        self.will.show_text(" ".join(will))
        self._will.setVisible(bool(will))
        self.yes.show_text(approve_words(view.diff, self.draft))

    def mind_buttons(self) -> None:
        view = self.view
        if view is None:
            return
        unfinished = self.pane.unfinished
        ready = view.can_approve and not self.guard.up and not self._sending and not unfinished
        says = message(view.diff, self.draft)
        why_not = why_not_approve(view.diff, self.draft)
        self.yes.setEnabled(ready and not why_not)
        self.no.setEnabled(ready and self._has_words() and not too_long(says))
        open_ = not view.closed
        self.note.setReadOnly(not open_)
        for button in (self.yes, self.no):
            button.setVisible(open_)
        self.newer.setVisible(bool(view.closed) and view.newer)
        self.later.show_text(tr("Later") if open_ else tr("Close"))
        self.later.set_icon_name("snooze" if open_ else "")
        self._told.show_text(tr("read by the agent") if open_ else "")
        if not open_:
            words = tr("Nothing more can be decided here.")
        elif self._sending or unfinished or why_not:
            words = self._sending or unfinished or why_not
        elif view.diff is None:
            words = tr("The diff is being loaded.")
        elif not self._has_words():
            words = tr(
                "Reject needs words. You answer exactly what is shown, {digest}.",
                digest=view.digest_short,
            )
        else:
            words = tr(
                "Enter does nothing. You answer exactly what is shown, {digest}.",
                digest=view.digest_short,
            )
        self._says.show_text(words)

    def _has_words(self) -> bool:
        return bool(self.note.text().strip() or self.draft.comments)

    def show_sending(self, words: str) -> None:
        """What is under way, "" = nothing; nothing can be decided meanwhile."""
        self._sending = words
        self.mind_buttons()

    # -- what a person does ------------------------------------------
    def _change(self, draft: Draft) -> None:
        view = self.view
        if draft == self.draft or (view is not None and view.closed):
            return
        self.draft = draft
        self.show_notice("")
        if view is not None:
            self.draft_changed.emit(view.request, draft)
        self._show_draft()
        self.mind_buttons()

    def _mark_file(self) -> None:
        row = self.diff.current_row()
        if row is not None and self.diff.review:
            self.files.mark(row.file)

    def _tick_all(self, on: bool) -> None:
        if self.view is None or self.view.diff is None:
            return
        draft = self.draft
        for file in self.view.diff.files:
            draft = draft.tick(file.path, on)
        self._change(draft)

    def _toggle_hunk(self, path: str, number: int) -> None:
        diff = self.view.diff if self.view is not None else None
        file = next((f for f in diff.files if f.path == path), None) if diff is not None else None
        if file is not None:
            self._change(self.draft.toggle_hunk(file, number))

    def _comment_kept(self, comment: LineComment) -> None:
        self._change(replace(self.draft.comment(comment), typing=None))
        self.mind_buttons()
        self.diff.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def _comment_typed(self, comment: LineComment | None) -> None:
        self._change(replace(self.draft, typing=comment))
        self.mind_buttons()
        if comment is None:
            self.diff.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def begin_edit(self, path: str, editable: Editable, made: str, text: str) -> None:
        """Open a file that may be edited; what was typed before and not saved is there again."""
        typed = self.draft.editing
        again = typed[1] if typed is not None and typed[0] == path else None
        self.pane.begin_edit(path, editable, made, text, again)
        self.mind_buttons()

    def _edit_typed(self, path: str, text: str) -> None:
        self._change(replace(self.draft, editing=(path, text)))

    def _edit_left(self) -> None:
        self._change(replace(self.draft, editing=None))
        self.pane.end_edit()
        self.mind_buttons()

    def _edit_saved(self, path: str, text: str | None) -> None:
        self._change(replace(self.draft.edit(path, text), editing=None))
        self.pane.end_edit()
        self.edit_saved.emit(path, text)

    def _answer(self) -> Answer:
        view = self.view
        assert view is not None
        return Answer(
            view.task,
            view.ordinal,
            view.digest,
            message(view.diff, self.draft),
            self.draft,
            only_paths(view.diff, self.draft) if view.diff is not None else None,
        )

    def _approve(self) -> None:
        if self.view is not None and self.yes.isEnabled() and self.yes.isVisible():
            self.approved.emit(self._answer())

    def _reject(self) -> None:
        view = self.view
        if view is None or self.guard.up or not view.can_approve or self._sending:
            return
        if self.pane.unfinished:
            self.show_notice(self.pane.unfinished)
        elif not self._has_words():
            self.note.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self.show_notice(tr("Say what should change: a rejection needs a note or a comment."))
        elif self.no.isEnabled():
            self.rejected_with.emit(self._answer())

    def _restore(self) -> None:
        if self.view is not None and self.view.older is not None and not self.guard.up:
            self.restore_wanted.emit(self.view.task, self.view.older)

    def sizeHint(self) -> QSize:
        return QSize(1220, 812)


def _bounded(name: str, spoken: str, label: SafeLabel, most: int) -> ShortArea:
    inner = Ground("bg1")
    column = QVBoxLayout(inner)
    column.setContentsMargins(44, 0, 16, 0)
    column.addWidget(label)
    return ShortArea(f"approval.{name}", spoken, inner, most)


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]
