"""The checkpoints of a task, newest first, each with what it holds and a way back to it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from clawdesk.ui import marks
from clawdesk.ui.button import Button
from clawdesk.ui.pane import Ground
from clawdesk.ui.safe_text import SafeLabel, set_tip
from clawdesk.viewmodels.checkpoints import CheckpointRow


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


class _Row(Ground):
    def __init__(self, view: CheckpointRow) -> None:
        super().__init__("bg1", "b")
        self.setObjectName(f"checkpoint.{view.ordinal}")
        self.setFixedHeight(44)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(10)
        row.addWidget(_Sign(view.kind))
        names = QVBoxLayout()
        names.setSpacing(0)
        names.addStretch(1)
        title = view.title + (" · present state" if view.current else "")
        names.addWidget(SafeLabel(title, font="button", elide=True))
        names.addWidget(SafeLabel(view.detail, font="caption", role="fg2", elide=True))
        names.addStretch(1)
        row.addLayout(names, 1)
        row.addWidget(SafeLabel(view.commit, font="code_small", role="fg2"))
        row.addWidget(SafeLabel(view.at, font="small", role="fg2"))
        self.changes = Button(
            "Changes",
            f"checkpoint.{view.ordinal}.changes",
            kind="ghost",
            size="sm",
            spoken=f"Show the changes of checkpoint {view.ordinal}",
        )
        self.restore = Button(
            "Restore…",
            f"checkpoint.{view.ordinal}.restore",
            size="sm",
            spoken=f"Restore checkpoint {view.ordinal}",
        )
        self.restore.setEnabled(not view.why_not)
        set_tip(self.restore, view.why_not)
        row.addWidget(self.changes)
        row.addWidget(self.restore)
        self.setAccessibleName(f"{view.title}, {view.detail}")


class CheckpointList(QScrollArea):
    """Tells which checkpoint to show or to go back to."""

    restore_wanted = Signal(int)
    changes_wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("checkpoints")
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._shown: tuple[CheckpointRow, ...] | None = None
        self.show_rows(())

    def show_rows(self, rows: Sequence[CheckpointRow]) -> None:
        """Rebuilds only when something differs."""
        if tuple(rows) == self._shown:
            return
        self._shown = tuple(rows)
        inner = Ground("bg1")
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for view in rows:
            line = _Row(view)
            ordinal = view.ordinal
            line.restore.clicked.connect(lambda _=False, o=ordinal: self.restore_wanted.emit(o))
            line.changes.clicked.connect(lambda _=False, o=ordinal: self.changes_wanted.emit(o))
            column.addWidget(line)
        if not rows:
            text = "No checkpoint yet. Each step ends in one; you can go back to any."
            hint = SafeLabel(text, role="fg2")
            hint.setContentsMargins(12, 16, 12, 12)
            column.addWidget(hint)
        column.addStretch(1)
        self.setWidget(inner)
