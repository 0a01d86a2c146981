"""The page of a task's conversation: what it used so far, a search, the list, its foot."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QStackedLayout, QVBoxLayout

from clawdesk.runtime.api import LogLine
from clawdesk.ui import fonts
from clawdesk.ui.button import Button
from clawdesk.ui.conversation_view import ConversationView
from clawdesk.ui.following_list import FollowFoot
from clawdesk.ui.pane import Ground
from clawdesk.ui.safe_text import SafeLabel
from clawdesk.ui.words import counted, tr
from clawdesk.viewmodels.conversation_rows import Hit

_SEARCH_CHARS_MAX = 200


class ConversationPage(Ground):
    """Lines that come while it is not seen are read when it is."""

    def __init__(self) -> None:
        super().__init__("bg1")
        self.setObjectName("conversation.page")
        self.view = ConversationView()
        self.foot = FollowFoot(self.view, "conversation.follow")
        self._unread: list[LogLine] = []
        self._acp = False
        self._hits: list[Hit] = []
        self._at = -1
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head())
        self._stack = QStackedLayout()
        self._stack.addWidget(self.view)
        self._empty = SafeLabel("", role="fg2", wrap=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setObjectName("conversation.empty")
        self._empty.show_text(
            tr("Nothing was said yet. Messages, calls of tools and output appear here.")
        )
        self._stack.addWidget(self._empty)
        column.addLayout(self._stack, 1)
        self._copy = Button(
            tr("Copy all"), "conversation.copy", kind="ghost", icon="copy", size="sm"
        )
        self._copy.clicked.connect(self._copy_all)
        self.foot.row.addWidget(self._copy)
        column.addWidget(self.foot)
        self._show_state()

    def _head(self) -> Ground:
        head = Ground("bg1", "b")
        head.setFixedHeight(36)
        row = QHBoxLayout(head)
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(6)
        self.spent = SafeLabel("", font="small", role="fg1", elide=True)
        self.spent.setObjectName("conversation.spent")
        self.search = QLineEdit()
        self.search.setObjectName("conversation.search")
        self.search.setAccessibleName(tr("Find in the conversation"))
        self.search.setPlaceholderText(tr("Find in the conversation"))
        self.search.setMaxLength(_SEARCH_CHARS_MAX)
        self.search.setFixedWidth(190)
        self.search.setFont(fonts.font("small"))
        self.search.textChanged.connect(lambda _: self._find())
        self.search.installEventFilter(self)
        self._found = SafeLabel("", font="small", role="fg2")
        self._found.setObjectName("conversation.found")
        steps = ((-1, "back", "cl", tr("Find the one before")), (1, "next", "cr", tr("Find next")))
        row.addWidget(self.spent, 1)
        row.addWidget(self._found)
        row.addWidget(self.search)
        for step, name, icon, spoken in steps:
            button = Button(
                "", f"conversation.{name}", kind="ghost", icon=icon, size="sm", spoken=spoken
            )
            button.clicked.connect(lambda _=False, step=step: self.go(step))
            row.addWidget(button)
        return head

    # -- what it shows --------------------------------------------------------------------
    def show_spent(self, words: str, *, acp: bool) -> None:
        """What the task's model calls used so far; whether its agent tells itself what it says."""
        self.spent.show_text(words or tr("No model call yet."))
        self._acp = acp

    def clear(self) -> None:
        self._unread.clear()
        self._hits, self._at = [], -1
        self.view.clear(acp=self._acp)
        self._show_state()

    def append(self, lines: Sequence[LogLine]) -> None:
        """Lines of the task's log, as they come."""
        self._unread += lines
        if self.isVisible():
            self._read()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._read()

    def _read(self) -> None:
        if self._unread:
            lines, self._unread = self._unread, []
            self.view.append(lines)
            self._show_state()

    def _show_state(self) -> None:
        count = len(self.view.rows.made.entries)
        self._stack.setCurrentIndex(0 if count else 1)
        self._copy.setEnabled(bool(count))
        text = counted(count, "{count} entry", "{count} entries") if count else ""
        self.foot.size_label.show_text(text)

    def _copy_all(self) -> None:
        QGuiApplication.clipboard().setText(self.view.rows.made.whole())

    # -- the search -----------------------------------------------------------------------
    def begin_search(self) -> None:
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def _find(self) -> None:
        """The newest hit first: that is where a person looks."""
        self._hits = self.view.rows.made.hits(self.search.text())
        self._at = len(self._hits) - 1
        self._show_hit()

    def go(self, step: int) -> None:
        """To the next hit, or with -1 to the one before; what came meanwhile is searched too."""
        before = self._hits[self._at] if self._hits else None
        self._hits = self.view.rows.made.hits(self.search.text())
        if not self._hits:
            self._at = -1
        elif before in self._hits:
            self._at = (self._hits.index(before) + step) % len(self._hits)
        else:
            self._at = len(self._hits) - 1
        self._show_hit()

    def _show_hit(self) -> None:
        wanted, count = bool(self.search.text()), len(self._hits)
        place = tr("{place} of {count}", place=self._at + 1, count=count)
        self._found.show_text("" if not wanted else place if count else tr("not found"))
        self.view.stand_at_hit(self._hits[self._at] if count else None)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.search and isinstance(event, QKeyEvent):
            if event.type() != QEvent.Type.KeyPress:
                return False
            if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
                back = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
                self.go(-1 if back else 1)
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.search.clear()
                self.view.list.setFocus(Qt.FocusReason.ShortcutFocusReason)
                return True
        return super().eventFilter(watched, event)
