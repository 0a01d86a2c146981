"""The main window: tool bar, three regions and the always-visible bar. Lays out and paints, only.

What a person wants leaves as signals of the parts; `Desk` connects them to the plane.
"""

from __future__ import annotations

import os
from enum import StrEnum

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QLineEdit,
    QMainWindow,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import Shiboken

from clawdesk.ports.errors import PortError
from clawdesk.ui.banner import Banner, Notice
from clawdesk.ui.clock import Clock
from clawdesk.ui.compare_page import ComparePage
from clawdesk.ui.home_page import HomePage
from clawdesk.ui.inbox_pane import InboxPane
from clawdesk.ui.inspector import Inspector
from clawdesk.ui.machine_panel import MachinePanel
from clawdesk.ui.memory import Memory
from clawdesk.ui.models_page import ModelsPage
from clawdesk.ui.ours import first_focus
from clawdesk.ui.projects_pane import ProjectsPane
from clawdesk.ui.settings_page import SettingsPage
from clawdesk.ui.sheet import Scrim
from clawdesk.ui.split import split
from clawdesk.ui.status_bar import StatusBar
from clawdesk.ui.tasks_pane import TasksPane
from clawdesk.ui.tool_bar import ToolBar
from clawdesk.ui.words import tr
from clawdesk.viewmodels.told import told

SIZE = QSize(1440, 900)
SIZE_MIN = QSize(1024, 640)


class Page(StrEnum):
    """In the order in which the window holds them."""

    HOME = "home"
    TASKS = "tasks"
    MODELS = "models"
    SETTINGS = "settings"
    COMPARE = "compare"


class MainWindow(QMainWindow):
    """`closing` asks whether the window may close; the answer comes by `let_go`."""

    closing = Signal()
    painted = Signal()  # once, when it is on screen for the first time
    dropped = Signal(str)

    def __init__(self, clock: Clock, memory: Memory) -> None:
        super().__init__()
        self.setObjectName("main")
        self.setWindowTitle(tr("ClawDesk"))
        self.setMinimumSize(SIZE_MIN)
        # A smaller screen gets a smaller window, never one with its edge cut off.
        self.resize(SIZE.boundedTo(self.screen().availableSize()))
        self.setAcceptDrops(True)
        self._memory = memory
        self._may_close = self._was_painted = False
        self._folded: set[str] = set()
        self._inspects = True
        self.tool_bar = ToolBar()
        self.banner = Banner()
        self.projects = ProjectsPane()
        self.tasks = TasksPane(clock)
        self.inspector = Inspector()
        self.inbox = InboxPane()
        self.machine = MachinePanel()
        self.status = StatusBar()
        self.home = HomePage()
        self.models = ModelsPage()
        self.settings = SettingsPage()
        self.compare = ComparePage(clock)
        self._build()
        self.scrim = Scrim(self)
        self._held: QWidget | None = None  # the part that last had the keyboard
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._mind_focus)
        self.compare.left.remember(memory)
        memory.restore_layout(self, self.splitters)
        self._size_first = self.size()
        for name in memory.hidden_panes():
            self.fold(name, True)

    def _build(self) -> None:
        middle = split("split.middle", Qt.Orientation.Vertical)
        middle.addWidget(self.tasks)
        middle.addWidget(self.inspector)
        middle.setStretchFactor(0, 3)
        middle.setStretchFactor(1, 2)
        middle.setSizes([490, 338])
        self.tasks.setMinimumHeight(160)
        self.inspector.setMinimumHeight(180)
        right = split("split.right", Qt.Orientation.Vertical)
        right.addWidget(self.inbox)
        right.addWidget(self.machine)
        right.setSizes([388, 440])
        self.inbox.setMinimumHeight(140)
        self.machine.setMinimumHeight(120)
        across = split("split.across", Qt.Orientation.Horizontal)
        for widget in (self.projects, middle, right):
            across.addWidget(widget)
        self.projects.setMinimumWidth(168)
        middle.setMinimumWidth(560)
        right.setMinimumWidth(264)
        across.setStretchFactor(1, 1)
        across.setSizes([208, 920, 312])
        self._panes = {"projects": self.projects, "inspector": self.inspector, "inbox": right}
        self.splitters = {
            "across": across,
            "middle": middle,
            "right": right,
            "models": self.models.split,
            "compare": self.compare.split,
        }
        self.pages = QStackedWidget()
        self.pages.setObjectName("pages")
        self.pages.addWidget(self.home)
        self.pages.addWidget(across)
        self.pages.addWidget(self.models)
        self.pages.addWidget(self.settings)
        self.pages.addWidget(self.compare)
        whole = QWidget()
        whole.setObjectName("whole")
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.tool_bar)
        column.addWidget(self.banner)
        column.addWidget(self.pages, 1)
        column.addWidget(self.status)
        self.setCentralWidget(whole)

    def show_page(self, page: Page) -> None:
        """One page at a time fills the middle."""
        if page is not self.page:
            focus = self.focusWidget()
            if focus is not None and self.pages.isAncestorOf(focus):
                focus.clearFocus()  # else Qt tabs on from it as it hides, and a ring shows
            self.pages.setCurrentIndex(list(Page).index(page))
            self._mind_main()
            self.begin_soon()

    def _mind_main(self) -> None:
        """One filled button at a time: a page that has its own leaves the bar's plain."""
        own = self.page is Page.HOME or (self.page is Page.TASKS and not self._inspects)
        self.tool_bar.new.set_kind("plain" if own else "main")

    def show_starting(self, starting: bool) -> None:
        """Before the plane is there: the window is up, its parts wait."""
        for part in (self.tool_bar, self.pages, self.status):
            part.setEnabled(not starting)
        self.begin_soon()
        self.home.checks.show_text(tr("Starting: looking at this machine and at unfinished tasks…"))

    def show_lost(self, lost: bool) -> None:
        """Between two planes: all but the inbox, which still takes answers, is greyed."""
        panes = (self.projects, self.tasks, self.inspector, self.machine)
        pages = (self.home, self.models, self.settings, self.compare)
        for part in (self.tool_bar, *panes, *pages, self.status):
            part.setEnabled(not lost)
        self.banner.hide()
        if lost:
            self.say_lost()

    def say_lost(self, unsent: str = "", act: tuple[str, str, str] = ("", "", "")) -> None:
        """Why all is grey; `unsent` says which answers wait, and `act` is what may be done.

        A failure since, such as that there will be no plane, stays on screen.
        """
        if self.banner.fails:
            return
        what = tr("Reconnecting. Tasks keep running; this is the last that was known.")
        step = unsent or tr("Answers that you give now are kept, and sent by themselves later.")
        self.banner.show_notice(Notice("need", what, step, act=act))

    def show_failed(self, error: PortError) -> None:
        """There will be no plane: why, and what to do."""
        details = f"{error.what}\n{error.mend}\n({error.code})"
        self.banner.show_notice(Notice("bad", told(error.what), told(error.mend), details))
        self.home.checks.show_text(tr("ClawDesk could not start; the reason stands above."))

    def fold(self, name: str, away: bool) -> None:
        """Fold a pane away or bring it back: projects, inspector or inbox."""
        (self._folded.add if away else self._folded.discard)(name)
        self._mind_panes()

    def folded(self, name: str) -> bool:
        """Whether the user folded that pane away."""
        return name in self._folded

    def show_inspector(self, useful: bool) -> None:
        """There is a task to inspect, or none."""
        if useful != self._inspects:
            self.begin_soon()
        self._inspects = useful
        self._mind_panes()
        self._mind_main()

    def _mind_panes(self) -> None:
        for name, pane in self._panes.items():
            shown = name not in self._folded and (name != "inspector" or self._inspects)
            pane.setVisible(shown)

    @property
    def page(self) -> Page:
        """What fills the middle now."""
        return list(Page)[self.pages.currentIndex()]

    def begin_soon(self) -> None:
        """Put the keyboard where the page begins, once what is painted now is on screen."""
        QTimer.singleShot(0, self, self.take_keyboard)

    def take_keyboard(self) -> None:
        """On what a person came for: never at the first button of the bar, and without a ring.

        A ring is for who uses the keyboard, and no key was pressed yet.
        """
        first_focus(self._begins()).setFocus(Qt.FocusReason.ActiveWindowFocusReason)

    def _mind_focus(self, _old: QWidget | None, new: QWidget | None) -> None:
        """Qt tabs on from a button that goes away, to the next of the whole window: not here."""
        if new is None or new.window() is not self:
            return
        held, self._held = self._held, new
        if held is not None and held is not new:
            # Only after this is known whether the part that was left is still to be seen.
            pane = self._pane_of(held) if Shiboken.isValid(held) else None
            QTimer.singleShot(0, self, lambda: self._mind_gone(held, pane, new))

    def _pane_of(self, part: QWidget) -> QWidget | None:
        panes = (*self._panes.values(), self.tasks, self.machine, self.banner)
        return next((p for p in panes if p.isAncestorOf(part)), None)

    def _mind_gone(self, held: QWidget, pane: QWidget | None, new: QWidget) -> None:
        """A button that went takes the keyboard to the tasks; to a field one goes on purpose."""
        if not Shiboken.isValid(new) or self.focusWidget() is not new:
            return
        gone = not Shiboken.isValid(held) or not held.isVisible() or not held.isEnabled()
        pressed = isinstance(held, QAbstractButton) and not isinstance(new, QLineEdit)
        if gone and (pressed or self._pane_of(new) is not pane) and self.tasks.isEnabled():
            self.take_keyboard()

    def _begins(self) -> QWidget:
        if self.page is Page.HOME:
            return self.home.open
        if self.page is Page.MODELS:
            return self.models.models
        if self.page is Page.SETTINGS:
            return self.settings
        if self.page is Page.COMPARE:
            return self.compare.lanes.list
        return self.tasks.list if self.tasks.list.isVisible() else self.tasks.empty

    def regions(self) -> list[QWidget]:
        """What F6 goes round."""
        if self.page is Page.SETTINGS:
            return [self.settings, self.status.need]
        if self.page is Page.MODELS:
            return [*self.models.regions(), self.status.need]
        if self.page is Page.COMPARE:
            return [*self.compare.regions(), self.status.need]
        if self.page is Page.HOME:
            return [self.home.open, self.status.need]
        around = [self.projects, self.tasks.list, self.inspector.tabs, self.inbox, self.status.need]
        return [w for w in around if w.isVisible()]

    def sizeHint(self) -> QSize:
        return SIZE

    def let_go(self) -> None:
        """Close without asking again."""
        self._may_close = True
        self.close()

    def come_forward(self, token: str = "") -> None:
        """The user asked for the window: show it above the others and take the keyboard.

        Args:
            token: the desktop's permission; without one Wayland only marks the window.
        """
        if token:
            os.environ["XDG_ACTIVATION_TOKEN"] = token  # where Qt looks for it
        if self.isMinimized():
            self.showNormal()
        self.show()
        self.raise_()
        self.activateWindow()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._was_painted:
            self._was_painted = True
            self.begin_soon()
            self._leave_room_for_frame()
            self.painted.emit()

    def _leave_room_for_frame(self) -> None:
        """The frame that the desktop draws is known only now; it needs room on the screen too."""
        if self.size() == self._size_first and not self.isMaximized():
            frame = self.frameGeometry().size() - self.size()
            self.resize(self.size().boundedTo(self.screen().availableSize() - frame))

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._may_close:
            self._memory.keep_layout(self, self.splitters, sorted(self._folded))
            self._memory.flush()
            event.accept()
            return
        # The answer may need a question, and nothing may block the loop: ask, and stay until then.
        event.ignore()
        self.closing.emit()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        for url in event.mimeData().urls():
            if url.isLocalFile():
                self.dropped.emit(url.toLocalFile())
        event.acceptProposedAction()
