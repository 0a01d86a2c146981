"""The right side of a review: the diff with its acts, a comment or a file being written."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from clawdesk.ports.repository import Diff, DiffFile
from clawdesk.ui.button import Button
from clawdesk.ui.comment_bar import CommentBar
from clawdesk.ui.diff_view import DiffView
from clawdesk.ui.edit_pane import EditPane
from clawdesk.ui.pane import Ground
from clawdesk.ui.safe_text import SafeLabel, set_tip
from clawdesk.ui.segments import Segments
from clawdesk.ui.words import tr
from clawdesk.viewmodels.diffs import RowKind, file_title
from clawdesk.viewmodels.editing import Editable
from clawdesk.viewmodels.review import COMMENTS_MAX, QUOTE_CHARS_MAX, Draft, LineComment

BRANCH_CHARS_MAX = 18
NARROW = 760
"""Below this width the acts have short words; their accessible names stay whole."""


class DiffPane(QWidget):
    """Tells what a person wants; the sheet around it holds the draft."""

    hunk_wanted = Signal(str, int)  # path, hunk
    file_wanted = Signal(str, bool)  # path, take it
    edit_wanted = Signal(str)  # path
    compare_wanted = Signal(str)  # asked | branch
    refused = Signal(str)  # why something cannot be done here

    def __init__(self, name: str) -> None:
        super().__init__()
        self.locked = False
        self._draft = Draft()
        self._diff: Diff | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.bar = self._build_bar(name)
        column.addWidget(self.bar)
        self.diff = DiffView(f"{name}.diff")
        self.diff.review = True
        self.edit = EditPane(f"{name}.editor")
        self.stack = QStackedWidget()
        self.stack.addWidget(self.diff)
        self.stack.addWidget(self.edit)
        column.addWidget(self.stack, 1)
        self.comment = CommentBar(f"{name}.comment")
        column.addWidget(self.comment)
        self.acts = self._build_acts(name)
        column.addWidget(self.acts)
        self.mode.chosen.connect(lambda mode: self.diff.show_split(mode == "split"))
        self.compare.chosen.connect(self.compare_wanted)
        self.diff.moved.connect(self._mind_acts)
        self.diff.comment_wanted.connect(self.begin_comment)
        self.diff.hunk_wanted.connect(self._hunk_clicked)
        self.diff.list.resized.connect(self._keep_line_in_sight)

    def _build_bar(self, name: str) -> QWidget:
        bar = Ground("bg1", "tb")
        bar.setFixedHeight(37)
        line = QHBoxLayout(bar)
        line.setContentsMargins(12, 0, 12, 0)
        line.setSpacing(8)
        self._says = SafeLabel("", font="small", role="fg2", elide=True)
        self._says.setObjectName(f"{name}.compared")
        self.compare = Segments(
            f"{name}.compare", [("asked", tr("Before")), ("branch", tr("Your branch"))]
        )
        self.mode = Segments(f"{name}.mode", [("unified", tr("Unified")), ("split", tr("Split"))])
        line.addWidget(self._says, 1)
        line.addWidget(SafeLabel(tr("Compare with"), font="small", role="fg2"))
        line.addWidget(self.compare)
        line.addWidget(self.mode)
        return bar

    def _build_acts(self, name: str) -> QWidget:
        bar = Ground("bg1", "t")
        bar.setFixedHeight(36)
        line = QHBoxLayout(bar)
        line.setContentsMargins(12, 0, 12, 0)
        line.setSpacing(4)
        self._where = SafeLabel("", font="small", role="fg1", elide=True)
        self._where.setObjectName(f"{name}.where")
        line.addWidget(self._where, 1)
        self.before = Button(
            "",
            f"{name}.change.before",
            kind="ghost",
            icon="cl",
            size="sm",
            spoken=tr("Change before (P)"),
        )
        self.after = Button(
            "",
            f"{name}.change.next",
            kind="ghost",
            icon="cr",
            size="sm",
            spoken=tr("Next change (N)"),
        )
        self.say = Button(
            tr("Comment"), f"{name}.say", kind="ghost", icon="note", size="sm", key="C"
        )
        self.hunk = Button(
            tr("Leave out hunk"), f"{name}.hunk", kind="ghost", icon="x", size="sm", key="X"
        )
        self.file = Button(
            tr("Leave out file"), f"{name}.file", kind="ghost", icon="minus", size="sm", key="T"
        )
        self.edit_button = Button(
            tr("Edit file"), f"{name}.edit", kind="ghost", icon="edit", size="sm", key="E"
        )
        self.before.clicked.connect(lambda: self.step(-1))
        self.after.clicked.connect(lambda: self.step(1))
        self.say.clicked.connect(self.begin_comment)
        self.hunk.clicked.connect(self.toggle_hunk)
        self.file.clicked.connect(self.toggle_file)
        self.edit_button.clicked.connect(self.want_edit)
        acts = (self.say, self.hunk, self.file, self.edit_button)
        for button in (self.before, self.after, *acts):
            line.addWidget(button)
        return bar

    # -- what is shown -----------------------------------------------
    def show_diff(self, diff: Diff | None, draft: Draft, *, locked: bool) -> None:
        """The diff, and what was decided of it so far; locked = to read only."""
        self.locked = locked
        self._diff, self._draft = diff, draft
        self.diff.show_draft(draft)
        self.diff.show_diff(diff)
        self._mind_acts()

    def show_compared(self, chosen: str, before: str, branch: str, says: str) -> None:
        """Name the two things it can be compared with, and say what is on screen."""
        self.compare.rename("asked", before)
        cut = branch[: BRANCH_CHARS_MAX - 1] + "…" if len(branch) > BRANCH_CHARS_MAX else branch
        self.compare.rename("branch", cut or "HEAD")
        self.compare.choose(chosen)
        self.diff.review = chosen == "asked"
        self._says.show_text(says)

    @property
    def unfinished(self) -> str:
        """What has to be ended before an answer, "" = nothing."""
        if self.edit.editing:
            return tr("Save or cancel your edit first.")
        return tr("Keep or cancel your comment first.") if self.comment.writing else ""

    def file_now(self) -> DiffFile | None:
        """The file of the current row, else of the first row on screen."""
        row = self.diff.current_row()
        if row is None and self.diff.rows.count:
            row = self.diff.rows.rows[0]
        return self.diff.files[row.file] if row is not None else None

    def _mind_acts(self) -> None:
        row, file = self.diff.current_row(), self.file_now()
        reading = self.locked or not self.diff.review or self._diff is None
        reviewing = not reading and not self.edit.editing
        self.acts.setVisible(not self.edit.editing)
        self.bar.setVisible(not self.edit.editing)
        for button in (self.say, self.hunk, self.file, self.edit_button):
            button.setVisible(not reading)
        self.say.setEnabled(reviewing and self.diff.current_place() is not None)
        in_hunk = row is not None and row.hunk >= 0
        self.hunk.setEnabled(reviewing and in_hunk)
        off = row is not None and in_hunk and self.diff.is_off(row)
        self._name(self.hunk, tr("Take hunk again") if off else tr("Leave out hunk"), tr("Hunk"))
        self.edit_button.setEnabled(reviewing and file is not None)
        self.file.setEnabled(reviewing and file is not None)
        out = file is not None and file.path in self._draft.left_out
        self._name(self.file, tr("Take file again") if out else tr("Leave out file"), tr("File"))
        self._name(self.edit_button, tr("Edit file"), tr("Edit"))
        if file is None:
            self._where.show_text("")
            return
        hunk = (
            tr("   hunk {number} of {total}", number=row.hunk + 1, total=len(file.hunks))
            if row and in_hunk
            else ""
        )
        place = self.diff.current_place()
        line = f":{place[1]}" if place is not None else ""
        self._where.show_text(f"{file_title(file)}{line}{hunk}")

    def _name(self, button: Button, words: str, short: str) -> None:
        button.show_text(short if self.width() < NARROW else words)
        button.setAccessibleName(words)
        set_tip(button, words if self.width() < NARROW else "")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._mind_acts()

    # -- acts --------------------------------------------------------
    def step(self, direction: int) -> None:
        """The next or previous change."""
        if not self.edit.editing and not self.diff.step(direction):
            self.refused.emit(tr("There is no further change in that direction."))

    def begin_comment(self) -> None:
        """Write on the current line, or go on with what is written there."""
        place = self.diff.current_place()
        if not self.diff.review or self.locked or self.edit.editing:
            return
        if place is None:
            self.refused.emit(tr("Stand on a line to comment on it."))
            return
        known = self._draft.comment_on(*place)
        if known is None and len(self._draft.comments) >= COMMENTS_MAX:
            self.refused.emit(
                tr(
                    "There are {most} comments; an answer holds no more.",
                    most=COMMENTS_MAX,
                )
            )
            return
        quote = self.diff.current_quote()[:QUOTE_CHARS_MAX]
        self.comment.begin(known or LineComment(*place, quote, ""))

    def _keep_line_in_sight(self) -> None:
        """The field for a comment takes its room from the diff; the line stays readable."""
        index = self.diff.list.currentIndex()
        if self.comment.writing and index.isValid():
            self.diff.list.scrollTo(index)

    def change_comment(self, comment: LineComment) -> None:
        """Go to a comment's line and open it."""
        if not self.locked and not self.edit.editing:
            self.diff.show_line(comment.path, comment.line, comment.side)
            self.comment.begin(comment)

    def toggle_hunk(self) -> None:
        """Take the current hunk, or leave it out."""
        row = self.diff.current_row()
        if row is not None and row.hunk >= 0:
            self._hunk_clicked(row.file, row.hunk)

    def _hunk_clicked(self, file: int, hunk: int) -> None:
        if self.diff.review and not self.locked and not self.edit.editing:
            self.hunk_wanted.emit(self.diff.files[file].path, hunk)

    def toggle_file(self) -> None:
        """Take the current file, or leave it out."""
        file = self.file_now()
        if file is not None and self.diff.review and not self.locked and not self.edit.editing:
            self.file_wanted.emit(file.path, file.path in self._draft.left_out)

    def want_edit(self) -> None:
        """Edit the current file."""
        file = self.file_now()
        if file is not None and self.diff.review and not self.locked and not self.edit.editing:
            self.edit_wanted.emit(file.path)

    def begin_edit(
        self, path: str, editable: Editable, made: str, text: str, typed: str | None = None
    ) -> None:
        """Open a file in the place of the diff; `typed` is what was not saved before."""
        place = self.diff.current_place()
        line = place[1] if place is not None and place[0] == path else 1
        if not self.edit.begin(path, editable, made, text, line, typed=typed):
            self.refused.emit(
                tr("{path} cannot be edited here: an editor would change its line ends.", path=path)
            )
            return
        self.stack.setCurrentWidget(self.edit)
        self._mind_acts()

    def end_edit(self) -> None:
        """Back to the diff."""
        self.stack.setCurrentWidget(self.diff)
        self._mind_acts()
        self.diff.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def first_row(self) -> None:
        """Stand on the first line, so that the keyboard begins somewhere."""
        rows = self.diff.rows.rows
        place = next((n for n, row in enumerate(rows) if row.kind is RowKind.LINE), -1)
        if place >= 0 and self.diff.current_row() is None:
            self.diff.list.setCurrentIndex(self.diff.rows.index(place))
        self.diff.list.setFocus(Qt.FocusReason.OtherFocusReason)
