"""The line above a log: which lines of it are shown, and how many those are."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit

from clawdesk.ui import fonts
from clawdesk.ui.button import Button
from clawdesk.ui.form_sheet import Choice
from clawdesk.ui.log_view import LogView
from clawdesk.ui.pane import Ground
from clawdesk.ui.safe_text import SafeLabel, set_tip
from clawdesk.ui.words import tr
from clawdesk.viewmodels.log_filter import Kind, count_words, kind_words, wanted

FILTER_CHARS_MAX = 200
_DOWN = {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Down}


class LogFilter(Ground):
    """Filters as one types; Escape, in it or in the list, shows every line again."""

    def __init__(self, of: LogView) -> None:
        super().__init__("bg1", "b")
        self.setFixedHeight(36)
        self._of = of
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(8)
        self.kind = Choice()
        self.kind.setObjectName("log.kind")
        self.kind.setAccessibleName(tr("Kind of line"))
        for kind, words in kind_words():
            self.kind.addItem(words, kind)
        self.field = QLineEdit()
        self.field.setObjectName("log.filter")
        self.field.setAccessibleName(tr("Filter the log"))
        self.field.setPlaceholderText(tr("Only lines with these words"))
        self.field.setMaxLength(FILTER_CHARS_MAX)
        set_tip(self.field, tr("Ctrl+L; every word must stand in the line; Esc shows all again"))
        for part in (self.kind, self.field):
            part.setFont(fonts.font("small"))
            part.setFixedHeight(26)
            part.installEventFilter(self)
        of.list.installEventFilter(self)
        self.found = SafeLabel("", font="small", role="fg2")
        self.found.setObjectName("log.found")
        spoken = tr("Show every line of the log")
        self.all = Button("", "log.all", kind="ghost", icon="x", size="sm", spoken=spoken)
        self.all.clicked.connect(self._leave)
        row.addWidget(self.kind)
        row.addWidget(self.field, 1)
        row.addWidget(self.found)
        row.addWidget(self.all)
        self.kind.currentIndexChanged.connect(lambda _: self._ask())
        self.field.textChanged.connect(lambda _: self._ask())
        of.filtered.connect(self._show_found)
        self._show_found()

    def begin(self) -> None:
        """Ready to type."""
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def _ask(self) -> None:
        self._of.show_only(wanted(Kind(self.kind.currentData()), self.field.text()))

    def _leave(self) -> None:
        with QSignalBlocker(self.kind), QSignalBlocker(self.field):
            self.kind.setCurrentIndex(0)
            self.field.clear()
        self._ask()
        self._of.list.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _show_found(self) -> None:
        rows = self._of.rows
        filters = rows.search is not None
        text = count_words(rows.count, len(rows.lines), over=not rows.searching) if filters else ""
        self.found.show_text(text)
        self.found.set_role("fg2" if rows.count else "need")
        self.field.setAccessibleDescription(text)
        self.all.setVisible(filters)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Escape and self._of.rows.search is not None:
                self._leave()
                return True
            if watched is self.field and event.key() in _DOWN:
                self._of.list.setFocus(Qt.FocusReason.TabFocusReason)
                return True
        return super().eventFilter(watched, event)
