"""Edits one changed file before it is approved; takes the place of the diff until it is left."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from clawdesk.ui.announce import announce
from clawdesk.ui.badge import Icon
from clawdesk.ui.button import Button
from clawdesk.ui.code_editor import CodeEditor
from clawdesk.ui.pane import Ground
from clawdesk.ui.safe_text import SafeLabel
from clawdesk.ui.words import tr
from clawdesk.viewmodels.editing import Editable


class _Editor(CodeEditor):
    """Esc belongs to the pane, not to the sheet."""

    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if (
            event.type() is QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape}
        ):
            event.accept()
            return True
        return super().event(event)


class EditPane(Ground):
    """`saved` carries path and text (the file's own line ends), None = as the task made it."""

    saved = Signal(str, object)
    typed = Signal(str, str)
    left = Signal()
    refused = Signal(str)

    def __init__(self, name: str) -> None:
        super().__init__("bg1")
        self.why_not_save: Callable[[str], str] = lambda text: ""
        self._path = self._same = ""
        self._editable = Editable()
        self._made = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = Ground("bg1", "b")
        head.setFixedHeight(44)
        row = QHBoxLayout(head)
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(8)
        self._title = SafeLabel("", font="button", elide=True)
        self._state = SafeLabel("", font="small", role="fg2", elide=True)
        self._state.setObjectName(f"{name}.state")
        self.undo = Button(tr("Undo"), f"{name}.undo", kind="ghost", key="Ctrl Z")
        self.reset = Button(
            tr("Reset"),
            f"{name}.reset",
            kind="ghost",
            icon="restore",
            spoken=tr("As the agent made it"),
        )
        self._cancel = Button(tr("Cancel"), f"{name}.cancel", key="Esc")
        self.save = Button(
            tr("Save"), f"{name}.save", icon="check", key="Ctrl S", spoken=tr("Save my version")
        )
        row.addWidget(Icon("edit", "fg1", 16))
        names = QVBoxLayout()
        names.setSpacing(0)
        names.addStretch(1)
        names.addWidget(self._title)
        names.addWidget(self._state)
        names.addStretch(1)
        row.addLayout(names, 1)
        for button in (self.undo, self.reset, self._cancel, self.save):
            row.addWidget(button)
        column.addWidget(head)
        self.editor = _Editor(name)
        self.editor.setAccessibleName(tr("Your version of the file"))
        column.addWidget(self.editor, 1)
        self.undo.clicked.connect(self.editor.undo)
        self.reset.clicked.connect(self._reset)
        self._cancel.clicked.connect(self.give_up)
        self.save.clicked.connect(self._save)
        self.editor.left.connect(self.give_up)
        self.editor.undoAvailable.connect(self.undo.setEnabled)
        self.editor.textChanged.connect(self._typed)
        self._keys = QShortcut(QKeySequence("Ctrl+S"), self, self._save)
        self._keys.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self._open = self._asked = False
        self._begun = ""

    @property
    def editing(self) -> bool:
        """Whether a file is open."""
        return self._open

    @property
    def unsaved(self) -> tuple[str, str]:
        """The file that is open and what stands there; "" twice where nothing was typed."""
        text = self.editor.text_now()
        return (self._path, text) if self._open and text != self._begun else ("", "")

    def begin(
        self,
        path: str,
        editable: Editable,
        made: str,
        text: str,
        line: int = 1,
        *,
        same: str = "",
        typed: str | None = None,
    ) -> bool:
        """Open a file.

        Args:
            made: as the task made it, with line feeds only.
            text: what to begin with.
            line: where the cursor stands, counted from 1.
            same: what `made` is, where it is not the agent's.
            typed: what was written before and not saved, instead of `text`.

        Returns False where the editor could not give the text back unchanged.
        """
        self._open = False
        self.editor.setPlainText(made)
        if self.editor.text_now() != made:
            self.editor.clear()
            return False
        self.editor.setPlainText(text)
        self._begun = self.editor.text_now()
        if typed is not None:
            self.editor.setPlainText(typed)
        self._path, self._editable, self._made = path, editable, made
        self._same = same
        self.reset.setVisible(not same)
        self._open = True
        self._title.show_text(path)
        self.undo.setEnabled(False)
        self._mind()
        self.editor.stand_on(line)
        self.editor.setFocus(Qt.FocusReason.OtherFocusReason)
        return True

    def _mind(self) -> None:
        self._asked = False
        self._cancel.show_text(tr("Cancel"))
        self._state.set_role("fg2")
        same = self.editor.text_now() == self._made
        self.reset.setEnabled(not same)
        self._state.show_text(
            (self._same or tr("as the agent made it")) if same else tr("edited by you, not saved")
        )

    def _typed(self) -> None:
        if self._open:
            self._mind()
            self.typed.emit(self._path, self.editor.text_now())

    def _reset(self) -> None:
        cursor = self.editor.textCursor()
        # One undoable step, so that a press too many loses nothing.
        cursor.select(cursor.SelectionType.Document)
        cursor.insertText(self._made)
        self.editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def _save(self) -> None:
        if not self._open:
            return
        text = self.editor.text_now()
        why_not = self.why_not_save(text)
        if why_not:
            self.refused.emit(why_not)
            return
        self._open = False
        whole = None if text == self._made else self._editable.with_ends(text)
        self.saved.emit(self._path, whole)

    def give_up(self) -> None:
        """Close it, at once where nothing was typed: one key too many loses no words."""
        if not self._open or self._asked or self.editor.text_now() == self._begun:
            self.leave()
            return
        self._asked = True
        self._cancel.show_text(tr("Discard"))
        self._state.set_role("need")
        self._state.show_text(tr("not saved: Esc again discards it"))
        announce(self, self._state.text())

    def leave(self) -> None:
        """Close without a change."""
        if self._open:
            self._open = False
            self.left.emit()
