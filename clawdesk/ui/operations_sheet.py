"""What ClawDesk did, with the time and the way back where there is one."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from clawdesk.ui.badge import Icon
from clawdesk.ui.button import Button
from clawdesk.ui.clock import Clock
from clawdesk.ui.pane import Ground
from clawdesk.ui.safe_text import SafeLabel, clean_line
from clawdesk.ui.sheet import Sheet
from clawdesk.ui.words import marked, tr
from clawdesk.viewmodels.operations import OperationRow

_WAYS = {
    "restore": marked("Go back…"),
    "merge": marked("Undo merge…"),
    "policy": marked("Policy…"),
    "images": marked("Your rules…"),
}


class OperationsSheet(Sheet):
    """`undo_wanted` carries the row whose way back a person wants; it is asked about there."""

    undo_wanted = Signal(object)

    def __init__(self, parent: QWidget, clock: Clock, rows: Sequence[OperationRow]) -> None:
        super().__init__("operations", parent, clock, icon="clock", role="fg1")
        self.show_title(tr("What ClawDesk did"))
        area = QScrollArea()
        area.setObjectName("operations.scroll")
        area.setAccessibleName(tr("What ClawDesk did"))
        area.setWidgetResizable(True)
        inner = Ground("bg1")
        column = QVBoxLayout(inner)
        column.setContentsMargins(20, 0, 20, 12)
        column.setSpacing(0)
        for place, row in enumerate(rows):
            column.addWidget(self._row(place, row, last=place == len(rows) - 1))
        if not rows:
            words = tr("Nothing yet: merges, roll-backs, clean-ups and trust are listed here.")
            column.addWidget(SafeLabel(words, role="fg2", wrap=True))
        column.addStretch(1)
        area.setWidget(inner)
        self.body.addWidget(area, 1)
        note = tr("Kept with each task in Git; approvals and answers stand in its log.")
        self.foot.addWidget(SafeLabel(note, font="small", role="fg2", elide=True), 1)
        done = Button(tr("Close"), "operations.done", key="Esc")
        done.clicked.connect(self.reject)
        self.foot.addWidget(done)

    def _row(self, place: int, view: OperationRow, *, last: bool) -> QWidget:
        line = Ground("bg1", "" if last else "b")
        line.setObjectName(f"operations.{place}")
        parts = (view.when, view.text, view.project, view.detail)
        line.setAccessibleName(clean_line(", ".join(part for part in parts if part), 400))
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 8, 0, 8)
        row.setSpacing(10)
        when = SafeLabel(view.when, font="small", role="fg2")
        when.setFixedWidth(64)
        row.addWidget(when)
        row.addWidget(Icon(view.icon, "fg1"))
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(SafeLabel(view.text, elide=True))
        detail = " · ".join(part for part in (view.project, view.detail) if part)
        words.addWidget(SafeLabel(detail, font="small", role="fg2", elide=True))
        row.addLayout(words, 1)
        if view.undo:
            text = tr(_WAYS[view.undo])
            spoken = f"{text} {view.text}"
            undo = Button(text, f"operations.undo.{place}", size="sm", spoken=spoken)
            undo.clicked.connect(lambda: self._undo(view))
            row.addWidget(undo, 0, Qt.AlignmentFlag.AlignVCenter)
        return line

    def _undo(self, view: OperationRow) -> None:
        self.accept()
        self.undo_wanted.emit(view)

    def sizeHint(self) -> QSize:
        return QSize(720, 560)
