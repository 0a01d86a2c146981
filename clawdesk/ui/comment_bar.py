"""Where a comment on one line of a diff is written: below the diff, so that no line is covered."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout

from clawdesk.ui import fonts
from clawdesk.ui.announce import announce
from clawdesk.ui.button import Button
from clawdesk.ui.pane import Ground
from clawdesk.ui.safe_text import SafeLabel
from clawdesk.ui.words import tr
from clawdesk.viewmodels.review import COMMENT_CHARS_MAX, LineComment
from clawdesk.viewmodels.words import short_path

_KEYS = {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape}


class CommentField(QPlainTextEdit):
    """Enter keeps the comment, Shift+Enter begins a line, Esc gives it up."""

    kept = Signal()
    given_up = Signal()

    def event(self, event: QEvent) -> bool:
        # These keys mean something else to the sheet around; while one writes they are ours.
        if (
            event.type() is QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() in _KEYS
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.given_up.emit()
        elif event.key() in _KEYS and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.kept.emit()
        else:
            super().keyPressEvent(event)


class CommentBar(Ground):
    """`kept` carries the comment as written (an empty one removes it), `typed` each change."""

    kept = Signal(object)
    typed = Signal(object)  # LineComment, or None when it was given up

    def __init__(self, name: str) -> None:
        super().__init__("bg2", "t")
        self._on: LineComment | None = None
        self._place = self._begun = ""
        self._asked = False
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 10)
        column.setSpacing(6)
        self._where = SafeLabel("", font="small", role="fg1", elide=True)
        self._where.setObjectName(f"{name}.where")
        column.addWidget(self._where)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.text = CommentField()
        self.text.setObjectName("field")
        self.text.setAccessibleIdentifier(f"{name}.text")
        self.text.setAccessibleName(tr("Comment on this line"))
        self.text.setPlaceholderText(tr("What should be different here? Enter keeps it."))
        self.text.setFont(fonts.font("body"))
        self.text.setFixedHeight(52)
        self.text.setTabChangesFocus(True)
        self.text.textChanged.connect(self._typed)
        self.text.kept.connect(self._keep)
        self.text.given_up.connect(self._give_up)
        self._cancel = Button(tr("Cancel"), f"{name}.cancel", key="Esc")
        self.keep = Button(tr("Comment"), f"{name}.keep", icon="check", key="Enter")
        self._cancel.clicked.connect(self._give_up)
        self.keep.clicked.connect(self._keep)
        row.addWidget(self.text, 1)
        row.addWidget(self._cancel)
        row.addWidget(self.keep)
        column.addLayout(row)
        self.hide()

    @property
    def writing(self) -> bool:
        """Whether a comment is being written."""
        return self._on is not None

    def begin(self, comment: LineComment, *, focus: bool = True) -> None:
        """Write on a line; `comment.text` is what is there already."""
        self._on = None
        self.text.setPlainText(comment.text)
        self.text.moveCursor(self.text.textCursor().MoveOperation.End)
        self._on = comment
        # What comes back from a draft was not kept yet.
        self._begun = self.text.toPlainText() if focus else ""
        removed = tr(", removed") if comment.side == "old" else ""
        self._place = tr(
            "Comment on {path}:{line}{removed}   {quote}",
            path=short_path(comment.path),
            line=comment.line,
            removed=removed,
            quote=comment.quote.strip(),
        )
        self._mind()
        self.show()
        if focus:
            self.text.setFocus(Qt.FocusReason.OtherFocusReason)
        self.typed.emit(comment)

    def end(self) -> None:
        """Close without a word."""
        self._on = None
        self.hide()

    def _written(self) -> LineComment | None:
        on = self._on
        text = self.text.toPlainText()
        return LineComment(on.path, on.line, on.side, on.quote, text) if on is not None else None

    def _typed(self) -> None:
        text = self.text.toPlainText()
        if len(text) > COMMENT_CHARS_MAX:
            self.text.setPlainText(text[:COMMENT_CHARS_MAX])
            return
        self._mind()
        if self._on is not None:
            self.typed.emit(self._written())

    def _keep(self) -> None:
        written = self._written()
        self.end()
        if written is not None:
            self.kept.emit(written)

    def _mind(self) -> None:
        self._asked = False
        self._cancel.show_text(tr("Cancel"))
        self._where.set_role("fg1")
        self._where.show_text(self._place)

    def _give_up(self) -> None:
        if not self._asked and self.text.toPlainText() not in {"", self._begun}:
            # One key too many loses no words: the next one does what it says.
            self._asked = True
            self._cancel.show_text(tr("Discard"))
            self._where.set_role("need")
            self._where.show_text(tr("Not kept yet: Esc again discards it"))
            announce(self, self._where.text())
            return
        self.end()
        self.typed.emit(None)
