"""The checkpoints of a task, newest first, each with what it holds and a way back to it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from clawdesk.ui import marks
from clawdesk.ui.button import Button
from clawdesk.ui.pane import Ground
from clawdesk.ui.safe_text import SafeLabel, set_tip
from clawdesk.ui.words import tr
from clawdesk.viewmodels.checkpoints import CheckpointRow

ROWS_MAX = 100
"""Each row is a handful of widgets; older checkpoints are reached from the timeline."""
_LOW, _BELOW = 44, 12
"""Height of a row, and what a line under its acts adds, in px."""


class _Sign(QWidget):
    """The checkpoint's mark as on the timeline."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self._kind = kind
        self.setFixedSize(16, 16)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._kind == "star":
            marks.paint_star(painter, 8, 8)
        elif self._kind == "ring":
            marks.paint_ring(painter, 8, 8, "bg1")
        else:
            marks.paint_disc(painter, 8, 8)


class CheckpointLine(Ground):
    """One checkpoint: what it is, what it holds, and the acts on it."""

    def __init__(self, view: CheckpointRow) -> None:
        super().__init__("bg1", "b")
        self.setObjectName(f"checkpoint.{view.ordinal}")
        whole = self._whole = QVBoxLayout(self)
        whole.setSpacing(0)
        row = QHBoxLayout()
        row.setSpacing(10)
        whole.addLayout(row, 1)
        row.addWidget(_Sign(view.kind))
        names = QVBoxLayout()
        names.setSpacing(0)
        names.addStretch(1)
        title = view.title + (tr(" · present state") if view.current else "")
        names.addWidget(SafeLabel(title, font="button", elide=True))
        self._detail = SafeLabel(view.detail, font="caption", role="fg2", elide=True)
        self._below = SafeLabel(view.detail, font="caption", role="fg2", elide=True)
        under = QHBoxLayout()
        under.setContentsMargins(26, 0, 0, 0)
        under.addWidget(self._below, 1, Qt.AlignmentFlag.AlignTop)
        whole.addLayout(under)
        names.addWidget(self._detail)
        names.addStretch(1)
        row.addLayout(names, 1)
        self._commit = SafeLabel(view.commit, font="code_small", role="fg2")
        self._at = SafeLabel(view.at, font="small", role="fg2")
        row.addWidget(self._commit)
        row.addWidget(self._at)
        self.changes = Button(
            tr("Changes"),
            f"checkpoint.{view.ordinal}.changes",
            kind="ghost",
            size="sm",
            spoken=tr("Show the changes of checkpoint {ordinal}", ordinal=view.ordinal),
        )
        self.compare = Button(
            tr("Compare…"),
            f"checkpoint.{view.ordinal}.compare",
            kind="ghost",
            size="sm",
            spoken=tr("Compare checkpoint {ordinal}", ordinal=view.ordinal),
        )
        self.fork = Button(
            tr("Fork…"),
            f"checkpoint.{view.ordinal}.fork",
            kind="ghost",
            size="sm",
            spoken=tr("Fork from checkpoint {ordinal}", ordinal=view.ordinal),
        )
        self.restore = Button(
            tr("Undo restore") if view.undoes else tr("Restore…"),
            f"checkpoint.{view.ordinal}.restore",
            size="sm",
            spoken=tr("Undo the restore: back to checkpoint {ordinal}", ordinal=view.ordinal)
            if view.undoes
            else tr("Restore checkpoint {ordinal}", ordinal=view.ordinal),
        )
        self.restore.setEnabled(not view.why_not)
        set_tip(self.restore, view.why_not)
        for button in (self.changes, self.compare, self.fork, self.restore):
            row.addWidget(button)
        self.setAccessibleName(f"{view.title}, {view.detail}")
        self._place_detail(below=False)

    def _place_detail(self, *, below: bool) -> None:
        """Beside the acts, or on a line of its own under them."""
        self._detail.setVisible(not below)
        self._below.setVisible(below)
        self._whole.setContentsMargins(12, 4 if below else 0, 12, 10 if below else 0)
        self.setFixedHeight(_LOW + _BELOW if below else _LOW)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow pane the words go before the acts, and looking before what is on the sign."""
        super().resizeEvent(event)
        self._commit.setVisible(self.width() >= 760)
        self._at.setVisible(self.width() >= 660)
        self.changes.setVisible(self.width() >= 600)
        beside = (self._commit, self._at, self.changes, self.compare, self.fork, self.restore)
        taken = sum(part.sizeHint().width() + 10 for part in beside if not part.isHidden())
        room = self.width() - 50 - taken
        self._place_detail(below=self._detail.sizeHint().width() > room)


class CheckpointList(QScrollArea):
    """`wanted` tells the act (changes, compare, fork, restore) and the checkpoint."""

    wanted = Signal(str, int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("checkpoints")
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._shown: tuple[CheckpointRow, ...] | None = None
        self.show_rows(())

    def _pressed(self, act: str, ordinal: int, _on: bool = False) -> None:
        self.wanted.emit(act, ordinal)

    def show_rows(self, rows: Sequence[CheckpointRow]) -> None:
        """Rebuilds only when something differs."""
        if tuple(rows) == self._shown:
            return
        self._shown = tuple(rows)
        inner = Ground("bg1")
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for view in rows[:ROWS_MAX]:
            line = CheckpointLine(view)
            ordinal = view.ordinal
            for act in ("changes", "compare", "fork", "restore"):
                button: Button = getattr(line, act)
                button.clicked.connect(partial(self._pressed, act, ordinal))
            column.addWidget(line)
        text = (
            "" if rows else tr("No checkpoint yet. Each step ends in one; you can go back to any.")
        )
        if rows[ROWS_MAX:]:
            text = tr(
                "{count} older ones: right-click their marks on the timeline.",
                count=len(rows) - ROWS_MAX,
            )
        if text:
            hint = SafeLabel(text, role="fg2")
            hint.setContentsMargins(12, 16, 12, 12)
            column.addWidget(hint)
        column.addStretch(1)
        self.setWidget(inner)
