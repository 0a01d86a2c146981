"""The lower half of the middle: the chosen task's log, changes and checkpoints, and its acts."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from clawdesk.ports.repository import Diff
from clawdesk.runtime.api import LogLine
from clawdesk.ui import fonts, tokens
from clawdesk.ui.badge import Icon
from clawdesk.ui.button import Button
from clawdesk.ui.checkpoint_list import CheckpointList
from clawdesk.ui.conversation_page import ConversationPage
from clawdesk.ui.diff_view import DiffView
from clawdesk.ui.following_list import FollowFoot
from clawdesk.ui.log_filter import LogFilter
from clawdesk.ui.log_view import LogView
from clawdesk.ui.pane import Ground
from clawdesk.ui.safe_text import SafeLabel, set_tip
from clawdesk.ui.segments import Segments
from clawdesk.ui.tabs import Tabs
from clawdesk.ui.words import counted, tr
from clawdesk.viewmodels.inspector import InspectorView

PLACES = ("log", "changes", "checkpoints", "conversation")
REFS = "refs/clawdesk/tasks/"
FACTS_FROM = 720
"""The width in px from which facts stand beside the log, and tabs have their words."""


class Facts(QScrollArea):
    """Words about the task, key and value; what has no room, a long reason say, is scrolled to."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("inspector.facts")
        self.setAccessibleName(tr("About the task"))
        self.setFixedWidth(272)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.verticalScrollBar().rangeChanged.connect(self._mind_keyboard)
        inner = Ground("bg1", "l")
        self.setWidget(inner)
        self._grid = QGridLayout(inner)
        self._grid.setContentsMargins(16, 12, 12, 12)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(8)
        self._grid.setColumnStretch(1, 1)
        self._grid.setColumnMinimumWidth(0, 60)
        self._labels: list[tuple[SafeLabel, SafeLabel]] = []

    def _mind_keyboard(self, _least: int, most: int) -> None:
        scrolls = Qt.FocusPolicy.StrongFocus if most else Qt.FocusPolicy.NoFocus
        self.setFocusPolicy(scrolls)

    def show_facts(self, facts: Sequence[tuple[str, str]]) -> None:
        while len(self._labels) < len(facts):
            place = len(self._labels)
            key = SafeLabel("", font="small", role="fg2")
            value = SafeLabel("", font="small", wrap=True, selectable=True)
            self._grid.addWidget(key, place, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(value, place, 1, Qt.AlignmentFlag.AlignTop)
            self._labels.append((key, value))
            self._grid.setRowStretch(place, 0)
            self._grid.setRowStretch(place + 1, 1)
        for place, (key, value) in enumerate(self._labels):
            shown = place < len(facts)
            key.setVisible(shown)
            value.setVisible(shown)
            if shown:
                key.show_text(facts[place][0])
                words = facts[place][1]
                task = words.removeprefix(REFS)
                is_ref = task != words
                value.setFont(fonts.font("code_small" if is_ref else "small"))
                # A ref has no spaces; it may break before the task's id, never inside it.
                value.setMinimumWidth(ceil(fonts.width("code_small", task)) + 2 if is_ref else 0)
                value.show_text(f"{REFS} {task}" if is_ref else words)


class Inspector(QWidget):
    """Tells what a person wants of the chosen task; loads nothing itself."""

    place_changed = Signal(str)
    act_wanted = Signal(str)  # review | answer | merge | cancel
    reach_chosen = Signal()  # one checkpoint, or all since the start
    checkpoint_wanted = Signal(str, int)  # changes | compare | fork | restore, and the ordinal

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("inspector")
        self.place = "log"
        self._view: InspectorView | None = None
        self.log = LogView()
        self.log_filter = LogFilter(self.log)
        self.diff = DiffView("changes.diff")
        self.checkpoints = CheckpointList()
        self.conversation = ConversationPage()
        self.facts = Facts()
        self.checkpoints.wanted.connect(self.checkpoint_wanted)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self._head())
        self.why = SafeLabel("", font="small", role="fg1", wrap=True, selectable=True)
        self.why.setObjectName("inspector.why")
        self.why.setContentsMargins(12, 8, 12, 8)
        whole.addWidget(self.why)
        self._stack = QStackedLayout()
        pages = (self._log_page(), self._changes_page(), self.checkpoints, self.conversation)
        for page in (*pages, self._nothing()):
            self._stack.addWidget(page)
        whole.addLayout(self._stack, 1)
        self.show_task(None)

    def _head(self) -> QWidget:
        head = Ground("bg1", "tb")
        head.setFixedHeight(tokens.TABS + 1)
        row = QHBoxLayout(head)
        row.setContentsMargins(12, 1, 8, 0)
        row.setSpacing(8)
        self._icon = Icon("play", "run", 14)
        self._title = SafeLabel("", font="label", elide=True)
        self._title.setMaximumWidth(220)
        self._state = SafeLabel("", role="fg2", elide=True)
        self._state.setObjectName("inspector.state")
        self.tabs = Tabs(
            "inspector.tabs",
            [
                ("log", tr("Log"), "log"),
                ("changes", tr("Changes"), "diff"),
                ("checkpoints", tr("Checkpoints"), "ckpt"),
                ("conversation", tr("Conversation"), "note"),
            ],
        )
        self.tabs.chosen.connect(self.choose_place)
        self.act = Button("", "inspector.act", size="sm")
        self.cancel = Button(
            tr("Cancel…"),
            "inspector.cancel",
            kind="ghost",
            icon="stop",
            size="sm",
            spoken=tr("Cancel the task"),
        )
        self.act.clicked.connect(lambda: self.act_wanted.emit(self._view.act if self._view else ""))
        self.cancel.clicked.connect(lambda: self.act_wanted.emit("cancel"))
        row.addWidget(self._icon)
        row.addWidget(self._title)
        row.addWidget(self.tabs)
        row.addWidget(self._state, 1)
        row.addStretch(0)  # takes what is left over where the state has no room
        row.addWidget(self.cancel)
        row.addWidget(self.act)
        return head

    def _log_page(self) -> QWidget:
        page = Ground("bg1")
        row = QHBoxLayout(page)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        left = QVBoxLayout()
        left.setSpacing(0)
        left.setContentsMargins(0, 0, 0, 0)
        left.addWidget(self.log_filter)
        left.addWidget(self.log, 1)
        foot = self._foot = FollowFoot(self.log, "log.follow")
        self.terminal = Button(
            tr("Terminal"),
            "inspector.terminal",
            kind="ghost",
            icon="term",
            size="sm",
            spoken=tr("Open a terminal in the machine"),
        )
        foot.row.addWidget(self.terminal)
        self.report = Button(
            tr("Report…"),
            "inspector.report",
            kind="ghost",
            icon="file",
            size="sm",
            spoken=tr("Export a report of the task"),
        )
        foot.row.addWidget(self.report)
        left.addWidget(foot)
        row.addLayout(left, 1)
        row.addWidget(self.facts)
        return page

    def _changes_page(self) -> QWidget:
        page = Ground("bg1")
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = Ground("bg1", "b")
        head.setFixedHeight(36)
        row = QHBoxLayout(head)
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(8)
        self.changes_title = SafeLabel("", font="small", role="fg2", elide=True)
        self.changes_title.setObjectName("changes.title")
        reaches = [("one", tr("This checkpoint")), ("whole", tr("Since the start"))]
        self.reach = Segments("changes.reach", reaches)
        self.reach.chosen.connect(lambda _: self.reach_chosen.emit())
        modes = [("unified", tr("Unified")), ("split", tr("Split"))]
        self._mode = Segments("changes.mode", modes)
        self._mode.chosen.connect(lambda mode: self.diff.show_split(mode == "split"))
        row.addWidget(self.changes_title, 1)
        row.addWidget(self.reach)
        row.addWidget(self._mode)
        column.addWidget(head)
        column.addWidget(self.diff, 1)
        return page

    @staticmethod
    def _nothing() -> QWidget:
        page = Ground("bg1")
        column = QVBoxLayout(page)
        hint = SafeLabel(tr("Choose a task to see its log, changes and checkpoints."), role="fg2")
        hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(hint)
        return page

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.facts.setVisible(self.width() >= FACTS_FROM)
        self.tabs.show_compact(self.width() < FACTS_FROM)
        self._state.setVisible(self._view is not None and self.width() >= 640)
        self._mind_why()

    def _mind_why(self) -> None:
        """Why it waits or failed is read in full, also where the facts have no room."""
        why = self._view.why if self._view is not None else ""
        self.why.show_text(why)
        self.why.setVisible(bool(why) and self.width() < FACTS_FROM)

    def sizeHint(self) -> QSize:
        return QSize(920, 330)

    def show_task(self, view: InspectorView | None) -> None:
        """Show the words about a task; None = none is chosen."""
        self._view = view
        for widget in (self._icon, self._title, self.tabs):
            widget.setVisible(view is not None)
        self._state.setVisible(view is not None and self.width() >= 640)
        self.cancel.setVisible(view is not None and view.can_cancel)
        self._show_terminal(view.why_no_shell if view is not None else "")
        self.act.setVisible(view is not None and bool(view.act))
        self._mind_why()
        if view is None:
            self._stack.setCurrentIndex(len(PLACES))
            return
        self._icon.show_icon(view.icon, view.family.value)
        self._title.show_text(view.title)
        self._state.show_text(view.state)
        self._state.set_role(view.family.value)
        if self.act.words != view.act_text:
            self.act.show_text(view.act_text)
        self.act.set_kind("need" if view.act in {"review", "answer", "trust"} else "plain")
        self.facts.show_facts(view.facts[1:])
        self.checkpoints.show_rows(view.checkpoints)
        self.conversation.show_spent(view.spent, acp=view.acp)
        self.tabs.show_count("changes", view.files)
        self.tabs.show_count("checkpoints", len(view.checkpoints))
        self._stack.setCurrentIndex(PLACES.index(self.place))

    def _show_terminal(self, why_not: str) -> None:
        self.terminal.setEnabled(not why_not)
        why = tr("No terminal: the task {why}.", why=why_not) if why_not else ""
        set_tip(self.terminal, why or tr("Ctrl+T; what you change stands in the next checkpoint"))

    def choose_place(self, place: str) -> None:
        """Show one of the tabs: log, changes, checkpoints, conversation."""
        self.place = place
        self.tabs.choose(place)
        self.tabs.update()
        if self._view is not None:
            self._stack.setCurrentIndex(PLACES.index(place))
        self.place_changed.emit(place)

    def find_said(self) -> None:
        """Show the conversation, ready to search it; while it is searched, the next hit."""
        if self.conversation.search.hasFocus():
            self.conversation.go(1)
            return
        self.choose_place("conversation")
        self.conversation.begin_search()

    def filter_log(self) -> None:
        """Show the log, ready to type what its lines shall hold."""
        self.choose_place("log")
        self.log_filter.begin()

    def clear_log(self) -> None:
        self.log.clear()
        self.conversation.clear()
        self._show_size()

    def show_now(self, now_ms: int, offset_ms: int) -> None:
        """Whose day it is, for the times of lines."""
        self.log.show_now(now_ms, offset_ms)
        self.conversation.view.show_now(now_ms, offset_ms)

    def append_log(self, lines: Sequence[LogLine]) -> None:
        self.log.append(lines)
        self.conversation.append(lines)
        self._show_size()

    def _show_size(self) -> None:
        count = len(self.log.rows.lines)
        self._foot.size_label.show_text(
            counted(count, "{count:,} line", "{count:,} lines") if count else tr("no output yet")
        )

    @property
    def whole(self) -> bool:
        """Whether the changes are all since the start, not those of one checkpoint."""
        return self.reach.picked == "whole"

    def show_changes(self, title: str, diff: Diff | None) -> None:
        self.changes_title.show_text(title)
        self.diff.show_diff(diff)
