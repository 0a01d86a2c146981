"""The middle of the window: filters, zoom, time axis and the list of tasks with their lanes."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QStackedLayout, QVBoxLayout, QWidget

from clawdesk.ui import fonts
from clawdesk.ui.button import Button
from clawdesk.ui.clock import Clock
from clawdesk.ui.empty_tasks import EmptyTasks
from clawdesk.ui.lanes import Lanes
from clawdesk.ui.no_tasks import NoTasks
from clawdesk.ui.pane import PaneHead
from clawdesk.ui.safe_text import SafeLabel
from clawdesk.ui.segments import Segments
from clawdesk.ui.words import marked, tr
from clawdesk.viewmodels.phases import Group
from clawdesk.viewmodels.tasks import TaskRow, found
from clawdesk.viewmodels.words import duration

ALL = marked("All")
ARCHIVE = marked("Archive")


class TasksPane(QWidget):
    """Shows rows; tells which task was chosen or opened."""

    picked = Signal(str)
    opened = Signal(str)
    mark_wanted = Signal(str, str, int)  # what is wanted of a checkpoint's mark: act, task, ordinal

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.setObjectName("tasks")
        self._rows: tuple[TaskRow, ...] = ()
        self._found = self._is_empty = False
        self._filter, self._offered = ALL, {ALL}
        self._archived: frozenset[str] = frozenset()
        self.lanes = Lanes(clock, "tasks.list")
        self.list = self.lanes.list
        self.empty = EmptyTasks()
        self.none = NoTasks()
        self._build()
        self.list.picked.connect(self.picked)
        self.list.opened.connect(self.opened)
        self.list.mark_wanted.connect(self.mark_wanted)
        self.list.resized.connect(self._mind_head)
        self.lanes.span_changed.connect(lambda ms: self.span_label.show_text(duration(ms)))

    def _build(self) -> None:
        head = PaneHead(tr("Tasks"))
        groups = [(name, tr(name)) for name in (ALL, *(g.value for g in Group), ARCHIVE)]
        self.filters = Segments("tasks.filter", groups, framed=False)
        self.filters.chosen.connect(self.choose_filter)
        head.row.addWidget(self.filters)
        head.row.addStretch(1)
        self.search = QLineEdit()
        self.search.setObjectName("tasks.search")
        self.search.setAccessibleName(tr("Find tasks"))
        self.search.setPlaceholderText(tr("Find tasks"))
        self.search.setMaxLength(200)
        self.search.setFixedWidth(140)
        self.search.setFont(fonts.font("small"))
        self.search.textChanged.connect(lambda _: self._show())
        self.search.editingFinished.connect(self._end_search)
        self.search.installEventFilter(self)
        self.none.all_wanted.connect(self._show_all)
        self.search.hide()
        self.find_button = Button(
            "", "tasks.find", kind="ghost", icon="search", size="sm", spoken=tr("Find tasks")
        )
        self.find_button.clicked.connect(self.begin_search)
        head.row.addWidget(self.search)
        head.row.addWidget(self.find_button)
        self._closer = closer = Button(
            "", "tasks.zoom_in", kind="ghost", icon="plus", size="sm", spoken=tr("Zoom in")
        )
        self._wider = wider = Button(
            "", "tasks.zoom_out", kind="ghost", icon="minus", size="sm", spoken=tr("Zoom out")
        )
        self.span_label = SafeLabel("", font="small", role="fg2")
        self.span_label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.span_label.setMinimumWidth(36)
        self.fit_button = Button(tr("Fit"), "tasks.fit", key="0", size="sm")
        self.now_button = Button(tr("Now"), "tasks.now", key="N", size="sm")
        closer.clicked.connect(lambda: self.lanes.zoom(False))
        wider.clicked.connect(lambda: self.lanes.zoom(True))
        self.fit_button.clicked.connect(self.lanes.fit)
        self.now_button.clicked.connect(self.lanes.show_now)
        for widget in (wider, self.span_label, closer, self.fit_button, self.now_button):
            head.row.addWidget(widget)
        self.head = head
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(head)
        self._stack = QStackedLayout()
        self._stack.addWidget(self.lanes)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.none)
        whole.addLayout(self._stack, 1)

    def sizeHint(self) -> QSize:
        return QSize(920, 480)

    def show_rows(self, rows: Sequence[TaskRow], archived: frozenset[str] = frozenset()) -> None:
        """Show all tasks; filter and search pick from them, and the archive has its own filter."""
        self._rows, self._archived = tuple(rows), archived
        self._show()

    def begin_search(self) -> None:
        """Open the search field; it stays while it holds words."""
        self.search.setVisible(True)
        self._mind_head()
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def _end_search(self) -> None:
        self.search.setVisible(bool(self.search.text()))
        self._mind_head()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Escape ends the search, as it does that of the log."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() is QEvent.Type.KeyPress
            and event.key() == Qt.Key.Key_Escape
        ):
            self.search.clear()
            self.list.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self._end_search()
            return True
        return super().eventFilter(watched, event)

    def _show_all(self) -> None:
        """What is shown where nothing is: every task, or the archive if all are there."""
        self.search.clear()
        here = any(row.id not in self._archived for row in self._rows)
        self.choose_filter(ALL if here else ARCHIVE)
        self._end_search()
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_empty(self, empty: bool) -> None:
        """The page for "no tasks yet" instead of the list."""
        self._is_empty = empty
        self._mind_page()
        self._mind_head()

    def _mind_page(self) -> None:
        none = bool(self._rows) and not self._found
        if none:
            words = " ".join(self.search.text().split())
            among = "" if self._filter == ALL else tr(self._filter)
            archived = all(row.id in self._archived for row in self._rows)
            self.none.show_why(words, among, archived=archived)
        self._stack.setCurrentIndex(1 if self._is_empty else 2 if none else 0)

    def _mind_head(self) -> None:
        """Zoom gives way to the filters where both do not fit; its keys still work.

        Where filters and the search field do not fit either, the chosen one stays to be seen.
        """
        empty = self._is_empty
        searching = not empty and (bool(self.search.text()) or not self.search.isHidden())
        taken = 254 if searching else 130
        self.filters.show_only(self._offered)
        self.filters.show_within(self.width() - taken)
        room = self.width() - self.filters.sizeHint().width() - taken
        if searching and room < -40:
            self.filters.show_only({self._filter})
            self.filters.show_within(self.width() - taken)
        self.filters.setVisible(not empty)
        self.search.setVisible(searching)
        self.find_button.setVisible(not empty and not searching)
        for button in (self.fit_button, self.now_button):
            button.setVisible(not empty and room >= 140)
        for part in (self._wider, self.span_label, self._closer):
            part.setVisible(not empty and room >= 270)

    def choose_filter(self, name: str) -> None:
        self._filter = name
        self.filters.choose(name)
        self._show()

    def _show(self) -> None:
        here = [r for r in self._rows if r.id not in self._archived]
        count = dict.fromkeys(Group, 0)
        for row in here:
            count[row.group] += 1
        hidden = len(self._rows) - len(here)
        self.filters.show_count(ALL, len(here))
        self.filters.show_count(ARCHIVE, hidden)
        for group, number in count.items():
            self.filters.show_count(group.value, number)
        self._offered = {ALL, self._filter} | {g.value for g, n in count.items() if n}
        self._offered |= {ARCHIVE} if hidden else set()
        if self._filter == ARCHIVE:
            rows = [r for r in self._rows if r.id in self._archived]
        else:
            rows = [r for r in here if self._filter in {ALL, r.group.value}]
        rows = found(rows, self.search.text())
        self._found = bool(rows)
        self.lanes.show_rows(rows)
        self._mind_page()
        self._mind_head()  # counts have another width now
