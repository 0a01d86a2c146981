"""All shortcuts by group, from the registry: what stands here is what the keys do."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from clawdesk.ui.actions import Act
from clawdesk.ui.button import Button
from clawdesk.ui.clock import Clock
from clawdesk.ui.palette_sheet import Key
from clawdesk.ui.pane import Ground
from clawdesk.ui.safe_text import SafeLabel
from clawdesk.ui.sheet import Sheet
from clawdesk.ui.words import tr


def _in_sheets() -> list[tuple[str, str]]:
    """Keys of the dialogs, which are theirs and in no registry."""
    return [
        ("Ctrl Enter", tr("Approve what is shown")),
        ("Alt R", tr("Reject, with a note")),
        ("Esc", tr("Close and decide later")),
        ("1 … 9", tr("Choose an answer")),
        ("Alt B", tr("Ask back, in your own words")),
    ]


class HelpSheet(Sheet):
    """Two columns of groups; nothing can be changed here."""

    def __init__(self, parent: QWidget, clock: Clock, acts: Sequence[Act]) -> None:
        super().__init__("help", parent, clock, icon="keys", role="fg1")
        self.show_title(tr("Shortcuts"))
        groups: dict[str, list[tuple[str, str]]] = {}
        for act in acts:
            if act.keys:
                groups.setdefault(act.group, []).append((act.key_words, act.text.rstrip("…")))
        groups[tr("In a dialog")] = _in_sheets()
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setObjectName("help.scroll")
        area.setAccessibleName(tr("Shortcuts"))
        page = Ground("bg1")
        page.setObjectName("help.page")
        columns = QHBoxLayout(page)
        columns.setContentsMargins(20, 4, 20, 16)
        columns.setSpacing(32)
        halves = [QVBoxLayout(), QVBoxLayout()]
        filled = [0, 0]
        for title, rows in groups.items():
            side = filled.index(min(filled))
            filled[side] += len(rows) + 2
            halves[side].addLayout(self._group(title, rows))
        for half in halves:
            half.setSpacing(18)
            half.addStretch(1)
            columns.addLayout(half, 1)
        area.setWidget(page)
        self.body.addWidget(area)
        self.foot.addWidget(
            SafeLabel(tr("Every act stands in the palette as well."), font="small", role="fg2")
        )
        self.foot.addStretch(1)
        done = Button(tr("Close"), "help.done", key="Esc")
        done.clicked.connect(self.reject)
        self.foot.addWidget(done)

    @staticmethod
    def _group(title: str, rows: Sequence[tuple[str, str]]) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(6)
        column.addWidget(SafeLabel(title, font="group", role="fg2"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(0, 1)
        for place, (keys, what) in enumerate(rows):
            grid.addWidget(SafeLabel(what, wrap=True), place, 0)
            key = Key(keys)
            key.setAccessibleName(f"{what}: {keys}")
            grid.addWidget(key, place, 1, Qt.AlignmentFlag.AlignRight)
        column.addLayout(grid)
        return column

    def sizeHint(self) -> QSize:
        return QSize(900, 780)  # as far as the window has room
