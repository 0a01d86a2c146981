"""What machine files occupy, and a clean-up that says what it takes before it does."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from clawdesk.ui.button import Button
from clawdesk.ui.clock import Clock
from clawdesk.ui.pane import Ground, empty
from clawdesk.ui.safe_text import SafeLabel
from clawdesk.ui.segments import Segments
from clawdesk.ui.sheet import Sheet
from clawdesk.ui.words import tr
from clawdesk.viewmodels.disk import AGES, DiskRow, DiskView

ROW = 30


class _Row(Ground):
    def __init__(self, view: DiskRow) -> None:
        super().__init__("bg1", "b")
        self.setFixedHeight(ROW)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(12)
        row.addWidget(SafeLabel(view.title, elide=True), 1)
        for text, wide in (
            (view.state, 112),
            (view.count, 112),
            (view.shared, 110),
            (view.own, 80),
        ):
            label = SafeLabel(text, font="small", role="fg2" if text != view.own else "fg0")
            label.setFixedWidth(wide)
            label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            row.addWidget(label)
        mark = SafeLabel(tr("goes") if view.goes else "", font="small", role="bad")
        mark.setFixedWidth(34)
        row.addWidget(mark)
        going = tr(", would be removed") if view.goes else ""
        self.setAccessibleName(f"{view.title}, {view.state}, {view.count}, {view.own}{going}")


class DiskSheet(Sheet):
    """`age_chosen` asks for another view; `prune_wanted` carries the days to keep."""

    age_chosen = Signal(float)
    stop_wanted = Signal()
    prune_wanted = Signal(float)

    def __init__(self, parent: QWidget, clock: Clock) -> None:
        super().__init__("disk", parent, clock, icon="disk", role="acc")
        self.show_title(tr("Disk use of machine files"))
        self.days = AGES[2][0]
        self._can = self._sending = False
        self._view: DiskView | None = None
        column = QVBoxLayout()
        column.setContentsMargins(0, 2, 0, 0)
        column.setSpacing(8)
        self._totals = QGridLayout()
        self._totals.setContentsMargins(44, 0, 20, 4)
        self._totals.setHorizontalSpacing(16)
        self._totals.setVerticalSpacing(4)
        self._totals.setColumnStretch(1, 1)
        column.addLayout(self._totals)
        self.area = QScrollArea()
        self.area.setObjectName("disk.tasks")
        self.area.setAccessibleName(tr("Snapshots by task"))
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column.addWidget(self.area, 1)
        row = QHBoxLayout()
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(10)
        row.addWidget(SafeLabel(tr("Take those of tasks that ended"), role="fg1"))
        ages = Segments("disk.age", [(str(days), tr(words)) for days, words in AGES])
        ages.choose(str(self.days))
        ages.chosen.connect(self._choose_age)
        row.addWidget(ages)
        row.addStretch(1)
        column.addLayout(row)
        self.says = SafeLabel(tr("Reading…"), role="fg1", wrap=True)
        self.says.setObjectName("disk.says")
        self.says.setContentsMargins(16, 0, 16, 10)
        column.addWidget(self.says)
        self.body.addLayout(column, 1)
        self._build_foot()

    def _build_foot(self) -> None:
        self.foot.addStretch(1)
        later = Button(tr("Close"), "disk.stay", key="Esc")
        later.clicked.connect(self.reject)
        self.go = Button(tr("Remove these snapshots"), "disk.go", kind="danger", icon="release")
        self.go.clicked.connect(self._prune)
        self.stop = Button(tr("Stop"), "disk.stop", icon="stop")
        self.stop.clicked.connect(self._stop)
        self.stop.hide()
        self.foot.addWidget(later)
        self.foot.addWidget(self.stop)
        self.foot.addWidget(self.go)
        later.setFocus(Qt.FocusReason.OtherFocusReason)

    def _choose_age(self, days: str) -> None:
        self.days = float(days)
        self.age_chosen.emit(self.days)

    def _prune(self) -> None:
        if self.go.isEnabled():
            self.prune_wanted.emit(self.days)

    def mind_buttons(self) -> None:
        if hasattr(self, "go"):
            self.go.setEnabled(self._can and not self._sending and not self.guard.up)

    def _stop(self) -> None:
        self.stop.setEnabled(False)
        self.says.show_text(tr("Stopping after the task it is at…"))
        self.stop_wanted.emit()

    def show_sending(self, sending: bool) -> None:
        self._sending = sending
        self.stop.setVisible(sending)
        self.stop.setEnabled(sending)
        self.go.setVisible(not sending)
        self.mind_buttons()
        if not sending:
            self._view = None  # the words gave way to how far it was

    def show_progress(self, done: int, total: int) -> None:
        """How many of the tasks are cleaned up; what was asked to stop says so instead."""
        if self._sending and self.stop.isEnabled():
            text = tr("Removing: {done} of {total} tasks done.", done=done, total=total)
            self.says.show_text(text)

    def show_view(self, view: DiskView) -> None:
        """Rebuilt only when something differs."""
        if view == self._view:
            return
        self._view = view
        empty(self._totals)
        for place, (key, value) in enumerate(view.totals):
            self._totals.addWidget(SafeLabel(key, font="small", role="fg2"), place, 0)
            self._totals.addWidget(SafeLabel(value, elide=True), place, 1)
        inner = Ground("bg1", "t")
        rows = QVBoxLayout(inner)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        for row in view.rows:
            rows.addWidget(_Row(row))
        hint = view.more if view.rows else tr("No snapshot is kept.")
        if hint:
            label = SafeLabel(hint, font="small", role="fg2")
            label.setContentsMargins(16, 8, 16, 8)
            rows.addWidget(label)
        rows.addStretch(1)
        self.area.setWidget(inner)
        self.says.show_text(
            view.removes or tr("Nothing to remove: {why_not}.", why_not=view.why_not)
        )
        self._can = bool(view.removes)
        self.mind_buttons()

    def sizeHint(self) -> QSize:
        return QSize(760, 560)
