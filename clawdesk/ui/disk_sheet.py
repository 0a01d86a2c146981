"""What machine files occupy, and a clean-up that says what it takes before it does."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from clawdesk.ui.button import Button
from clawdesk.ui.clock import Clock
from clawdesk.ui.pane import Ground, empty
from clawdesk.ui.safe_text import SafeLabel
from clawdesk.ui.segments import Segments
from clawdesk.ui.sheet import Sheet
from clawdesk.ui.words import tr
from clawdesk.viewmodels.disk import AGES, DiskRow, DiskView, ImageRow

ROW, SIZE = 30, 80


class _Row(Ground):
    """What it is, cells with their widths, its size, and whether it would go."""

    def __init__(
        self, title: str, cells: Sequence[tuple[str, int]], size: str, *, goes: bool
    ) -> None:
        super().__init__("bg1", "b")
        self.setFixedHeight(ROW)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(12)
        row.addWidget(SafeLabel(title, elide=True), 1)
        for text, wide in cells:
            row.addWidget(_cell(text, wide, "fg2"))
        row.addWidget(_cell(size, SIZE, "fg0"))
        mark = SafeLabel(tr("goes") if goes else "", font="small", role="bad")
        mark.setFixedWidth(34)
        row.addWidget(mark)
        told = ", ".join((title, *(text for text, _ in cells if text), size))
        self.setAccessibleName(told + (tr(", would be removed") if goes else ""))


def _cell(text: str, wide: int, role: str) -> SafeLabel:
    label = SafeLabel(text, font="small", role=role, elide=True)
    label.setFixedWidth(wide)
    label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return label


def _task_row(view: DiskRow) -> _Row:
    cells = ((view.state, 112), (view.count, 112), (view.shared, 110))
    return _Row(view.title, cells, view.own, goes=view.goes)


def _image_row(view: ImageRow) -> _Row:
    return _Row(view.title, ((view.stands, 330),), view.size, goes=view.goes)


def _head(text: str) -> SafeLabel:
    label = SafeLabel(text, font="group", role="fg2")
    label.setContentsMargins(16, 12, 16, 4)
    return label


class DiskSheet(Sheet):
    """`age_chosen` asks for another view; `prune_wanted` carries the days to keep."""

    age_chosen = Signal(float)
    stop_wanted = Signal()
    prune_wanted = Signal(float)
    images_wanted = Signal(object)  # tuple of ids, those that were shown as going

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
        self._totals.setColumnStretch(3, 1)
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
        column.addWidget(self._image_line())
        self.body.addLayout(column, 1)
        self._build_foot()

    def _image_line(self) -> QWidget:
        """What removing old guest images does, and the button that does it."""
        self.images = Ground("bg1", "t")
        line = QHBoxLayout(self.images)
        line.setContentsMargins(16, 10, 16, 12)
        line.setSpacing(12)
        self.images_says = SafeLabel("", role="fg1", wrap=True)
        self.images_says.setObjectName("disk.images_says")
        self.images_go = Button(
            tr("Remove old images"), "disk.images_go", kind="danger", icon="release"
        )
        self.images_go.clicked.connect(self._remove_images)
        line.addWidget(self.images_says, 1)
        line.addWidget(self.images_go, 0, Qt.AlignmentFlag.AlignTop)
        self.images.hide()
        return self.images

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

    def _remove_images(self) -> None:
        if self._view is not None and self.images_go.isEnabled():
            self.images_wanted.emit(self._view.spare)

    def mind_buttons(self) -> None:
        if hasattr(self, "go"):
            free = not self._sending and not self.guard.up
            self.go.setEnabled(self._can and free)
            self.images_go.setEnabled(free)

    def show_removing_images(self, removing: bool) -> None:
        """Nothing else is begun meanwhile; it takes a moment and cannot be stopped."""
        self._sending = removing
        self.mind_buttons()

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

    def show_unread(self, why: str) -> None:
        """Nothing is known of what is occupied."""
        self.says.show_text("" if self._view is None else self.says.text())
        self.show_notice(why, "bad")

    def show_view(self, view: DiskView) -> None:
        """Rebuilt only when something differs."""
        if view == self._view:
            return
        self._view = view
        empty(self._totals)
        # Two columns, so that the list below keeps its room; the last says where, on its own line.
        half = len(view.totals) // 2
        for place, (key, value) in enumerate(view.totals):
            across, down = divmod(place, half)
            if place == len(view.totals) - 1:
                across, down = 0, half
            self._totals.addWidget(SafeLabel(key, font="small", role="fg2"), down, 2 * across)
            span = 3 if down == half else 1
            self._totals.addWidget(SafeLabel(value, elide=True), down, 2 * across + 1, 1, span)
        inner = Ground("bg1", "t")
        rows = QVBoxLayout(inner)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        if view.images:
            rows.addWidget(_head(tr("Guest images of older versions")))
            for image in view.images:
                rows.addWidget(_image_row(image))
            rows.addWidget(_head(tr("Snapshots by task")))
        for row in view.rows:
            rows.addWidget(_task_row(row))
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
        self.images_says.show_text(view.images_removed)
        self.images.setVisible(bool(view.images_removed))
        self.mind_buttons()

    def sizeHint(self) -> QSize:
        return QSize(760, 600)
