"""The first-run page: how to begin on the left, what this machine has and lacks on the right."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from clawdesk.ui import fonts
from clawdesk.ui.badge import Icon
from clawdesk.ui.button import Button
from clawdesk.ui.check_list import CheckList
from clawdesk.ui.nav_row import NavRow
from clawdesk.ui.pane import Ground, empty, key_inside
from clawdesk.ui.safe_text import SafeLabel, set_tip
from clawdesk.ui.tokens import colour
from clawdesk.ui.words import tr
from clawdesk.viewmodels.doctor import DoctorView
from clawdesk.viewmodels.projects import Recent, no_project


def _steps() -> tuple[tuple[str, str], ...]:
    return (
        (tr("You choose a task"), tr("ClawDesk starts a machine without a network card")),
        (tr("It works in steps"), tr("each ends in a checkpoint you can go back to")),
        (tr("You decide"), tr("approve, reject with a reason, or answer a question")),
    )


class _DropZone(QWidget):
    """Says that a folder may be dropped; the window takes the drop."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(88)
        self.setAccessibleName(tr("or drop a folder here"))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(colour("ctl"), 1)
        pen.setDashPattern([4, 3])
        painter.setPen(pen)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        painter.setFont(fonts.font("body"))
        painter.setPen(colour("fg1"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, tr("or drop a folder here"))


class _Number(QWidget):
    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number
        self.setFixedSize(20, 20)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("bg4"))
        painter.drawEllipse(self.rect())
        painter.setPen(colour("fg1"))
        painter.setFont(fonts.font("group"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, str(self._number))


class _Begin(QScrollArea):
    """The left side. Scrolls up and down only: it is never narrower than what is in it."""

    def __init__(self, side: QWidget) -> None:
        super().__init__()
        self.setObjectName("home.begin")
        self.setProperty("chrome", True)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMaximumWidth(480)
        self.setWidget(side)

    def minimumSizeHint(self) -> QSize:
        inner, bar = self.widget(), self.verticalScrollBar().sizeHint().width()
        wide = inner.minimumSizeHint().width() if inner is not None else 0
        return QSize(max(360, wide + bar), 200)


class HomePage(QWidget):
    """Shown while no project is open, and on demand."""

    open_wanted = Signal()
    recent_wanted = Signal(str)
    forget_wanted = Signal(str)
    check_wanted = Signal()
    back_wanted = Signal()
    sample_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("home")
        self._view: DoctorView | None = None
        self._recent: tuple[Recent, ...] = ()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self._left(), 3)
        row.addWidget(self._right(), 7)

    def _left(self) -> QWidget:
        side = Ground("bg0", "r")
        column = QVBoxLayout(side)
        column.setContentsMargins(40, 40, 32, 24)
        column.setSpacing(8)
        self._title = SafeLabel(no_project().title, font="title", wrap=True)
        column.addWidget(self._title)
        column.addWidget(SafeLabel(no_project().text, role="fg1", wrap=True))
        column.addSpacing(12)
        self._buttons(column)
        column.addSpacing(8)
        column.addWidget(_DropZone())
        column.addSpacing(20)
        self._recent_title = SafeLabel(tr("Recent"), font="group", role="fg2")
        column.addWidget(self._recent_title)
        self._recent_rows = QVBoxLayout()
        self._recent_rows.setSpacing(2)
        column.addLayout(self._recent_rows)
        column.addSpacing(20)
        column.addWidget(SafeLabel(tr("What happens next"), font="group", role="fg2"))
        column.addSpacing(4)
        for number, (what, how) in enumerate(_steps(), 1):
            line = QHBoxLayout()
            line.setSpacing(12)
            line.addWidget(_Number(number), 0, Qt.AlignmentFlag.AlignTop)
            words = QVBoxLayout()
            words.setSpacing(1)
            words.addWidget(SafeLabel(what, font="button"))
            words.addWidget(SafeLabel(how, font="small", role="fg2", wrap=True))
            line.addLayout(words, 1)
            column.addLayout(line)
            column.addSpacing(6)
        column.addStretch(1)
        self.show_recent(())
        return _Begin(side)

    def _buttons(self, column: QVBoxLayout) -> None:
        buttons = QHBoxLayout()
        self.open = Button(
            tr("Open folder…"), "home.open", kind="main", icon="folder", key="Ctrl O", size="lg"
        )
        self.open.clicked.connect(self.open_wanted)
        buttons.addWidget(self.open)
        self.sample = Button(tr("Try the sample"), "home.sample", icon="play", size="lg")
        self.sample.clicked.connect(self.sample_wanted)
        buttons.addWidget(self.sample)
        buttons.addStretch(1)
        column.addLayout(buttons)
        # In a line of its own: beside the other there is no room for its words.
        self.back = Button(tr("Back to the tasks"), "home.back", icon="cl", size="lg", key="Esc")
        self.back.clicked.connect(self.back_wanted)
        column.addWidget(self.back)
        key_inside(self, "Esc", lambda: self.back.click() if self.back.isVisible() else None)

    def _right(self) -> QWidget:
        area = QScrollArea()
        area.setObjectName("home.scroll")
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        page = Ground("bg1")
        column = QVBoxLayout(page)
        column.setContentsMargins(56, 40, 56, 32)
        column.setSpacing(8)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(SafeLabel(tr("This machine"), font="title"), 1)
        self._tallies = QHBoxLayout()
        self._tallies.setSpacing(6)
        copy = Button(tr("Copy report"), "home.copy", icon="copy")
        copy.clicked.connect(self._copy)
        self.again = Button(tr("Check all again"), "home.check", icon="restore", key="F5")
        self.again.clicked.connect(self.check_wanted)
        head.addWidget(copy, 0, Qt.AlignmentFlag.AlignBottom)
        head.addWidget(self.again, 0, Qt.AlignmentFlag.AlignBottom)
        column.addLayout(head)
        column.addLayout(self._tallies)
        column.addSpacing(8)
        self.checks = CheckList()
        self.checks.check_wanted.connect(self.check_wanted)
        column.addWidget(self.checks)
        column.addStretch(1)
        area.setWidget(page)
        return area

    def _copy(self) -> None:
        if self._view is not None:
            QGuiApplication.clipboard().setText(self._view.report)

    def show_recent(self, recent: Sequence[Recent], open_projects: int = 0) -> None:
        """Recent projects; `open_projects` decides whether there is a way back."""
        self.back.setVisible(open_projects > 0)
        self.sample.setVisible(open_projects == 0)
        if tuple(recent) == self._recent and self._recent_rows.count():
            return
        self._recent = tuple(recent)
        empty(self._recent_rows)
        for one in recent[:6]:
            line = NavRow(
                f"home.recent.{one.path}",
                one.name,
                icon="folder",
                below=one.place,
                aside=one.opened,
            )
            set_tip(line, one.path)
            line.clicked.connect(lambda _=False, path=one.path: self.recent_wanted.emit(path))
            line.add_act(tr("Remove from this list"), partial(self.forget_wanted.emit, one.path))
            self._recent_rows.addWidget(line)
        self._recent_title.setVisible(bool(recent))

    def show_checking(self, checking: bool) -> None:
        if not checking and self._view is None:
            self.checks.show_text(tr("It could not be looked at; the reason stands above."))
        self.again.setEnabled(not checking)
        self.again.show_text(tr("Checking…") if checking else tr("Check all again"))

    def show_doctor(self, view: DoctorView) -> None:
        """Show what the doctor found."""
        if view == self._view:
            return
        self._view = view
        empty(self._tallies)
        for icon, text, family in view.tallies:
            self._tallies.addWidget(Icon(icon, family.value, 14))
            self._tallies.addWidget(SafeLabel(text, role=family.value))
            self._tallies.addSpacing(10)
        self._tallies.addStretch(1)
        self.checks.show_groups(view.groups)
